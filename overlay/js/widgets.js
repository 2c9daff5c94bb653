/**
 * A streamer's own widgets: ES modules, named by their addresses beside the overlay's own, that draw into
 * shadow roots of their own. What one of them does wrong is said once in the console; nothing else stops.
 */

/** How long a widget may take to be there before that is said, in milliseconds. */
const LOAD_SAID_AFTER_MS = 10_000;

/** The first and the longest wait before a module that could not be had is asked for again, in milliseconds. */
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 30_000;

/** Which of the `widgets` that were asked for are addresses. */
export function addresses(widgets) {
  return widgets.split(/[\s,]+/).filter((word) => word.includes("/"));
}

/** The widgets of one overlay. */
export class OwnWidgets {
  #widgets;
  #host;
  #room = null;

  constructor(addresses, host) {
    this.#host = host;
    this.#widgets = addresses.map((address) => new OwnWidget(address, host));
    host.addEventListener("parlor-event", this);
  }

  /** An event whose moment is now; not to be called by anyone else. */
  handleEvent({ detail }) {
    for (const widget of this.#widgets) {
      if (this.#room) widget.update(this.#room);
      // A copy for each: what one does to it is no other's.
      widget.call("show", structuredClone(detail));
    }
  }

  /** A frame of the overlay, with `room` if it is another than in the last one. */
  frame(time, pictureTime, room) {
    this.#room = room ?? this.#room;
    for (const widget of this.#widgets) {
      if (this.#room) widget.update(this.#room);
      widget.call("frame", { time, pictureTime });
    }
  }

  /** The host has been adopted by another document. */
  moveDocument() {
    for (const widget of this.#widgets) widget.moveDocument();
  }

  remove() {
    this.#host.removeEventListener("parlor-event", this);
    for (const widget of this.#widgets) widget.remove();
  }
}

class OwnWidget {
  #address;
  #element;
  #root = null;
  /** The sheets that the widget has, as it was last seen with them, and the document that they hold for. */
  #sheets = [];
  #document = null;
  #calls = null;
  #room = null;
  /** Says that the module does not come. */
  #lateness;
  #isFaulty = false;
  #isRemoved = false;

  constructor(address, host) {
    this.#address = address;
    this.#element = host.ownerDocument.createElement("div");
    this.#element.className = "own";
    this.#element.setAttribute("part", "widget");
    this.#load(host);
  }

  async #load(host) {
    this.#lateness = setTimeout(() => this.#say(`is not there after ${LOAD_SAID_AFTER_MS} ms`), LOAD_SAID_AFTER_MS);
    try {
      const url = new URL(this.#address, document.baseURI);
      if (!/^https?:$/.test(url.protocol)) throw new TypeError("only http and https lead to widgets");
      const { default: start } = await this.#module(url);
      if (this.#isRemoved) return;
      host.shadowRoot.querySelector(".stage").append(this.#element);
      const root = this.#element.attachShadow({ mode: "open" });
      this.#document = root.ownerDocument;
      this.#root = root;
      const calls = await start({ root, theme: new Theme(this.#element) });
      this.#noteSheets();
      if (this.#isRemoved) calls?.remove?.();
      else this.#calls = calls ?? {};
    } catch (error) {
      this.#fault("does not start:", error);
      this.#element.remove();
    } finally {
      clearTimeout(this.#lateness);
    }
  }

  /** The module at `url`, asked for until it is there: a source of OBS may be there before the network is. */
  async #module({ href, hash }) {
    for (let attempt = 0; ; attempt += 1) {
      // What has failed under one address fails under it for good, in some browsers.
      const address = attempt ? `${href}${hash ? "" : "#"}~${attempt}` : href;
      try {
        return await import(/* @vite-ignore */ /* webpackIgnore: true */ address);
      } catch (error) {
        // What cannot be had is a TypeError everywhere; anything else is the module's own fault, and stays.
        if (!(error instanceof TypeError)) throw error;
        if (!attempt) this.#say("cannot be had, and is asked for again:", error);
        clearTimeout(this.#lateness);
      }
      await new Promise((done) => setTimeout(done, Math.min(RETRY_FIRST_MS * 2 ** attempt, RETRY_MAX_MS)));
      if (this.#isRemoved) return {};
    }
  }

  /** Takes along what holds for the document that the widget was in, and no other. */
  moveDocument() {
    const document = this.#root?.ownerDocument;
    if (!document || document === this.#document) return;
    this.#document = document;
    const { CSSStyleSheet } = document.defaultView;
    this.#root.adoptedStyleSheets = this.#sheets.map((sheet) => {
      const copy = new CSSStyleSheet({ media: sheet.media.mediaText, disabled: sheet.disabled });
      copy.replaceSync(Array.from(sheet.cssRules, ({ cssText }) => cssText).join("\n"));
      return copy;
    });
    this.#noteSheets();
  }

  /** An adoption takes the sheets away before anybody hears of it. */
  #noteSheets() {
    if (this.#root?.ownerDocument === this.#document) this.#sheets = [...this.#root.adoptedStyleSheets];
  }

  /** Calls what the widget has under `name`, if it does. It may throw, or return what never comes to an end. */
  call(name, argument) {
    try {
      const done = this.#calls?.[name]?.(argument);
      if (typeof done?.then === "function") done.then(undefined, (error) => this.#fault("failed:", error));
    } catch (error) {
      this.#fault("failed:", error);
    }
    if (this.#calls) this.#noteSheets();
  }

  /** Hands over `room`, unless the widget has it. */
  update(room) {
    if (!this.#calls || this.#room === room) return;
    this.#room = room;
    this.call("update", structuredClone(room));
  }

  remove() {
    this.#isRemoved = true;
    this.call("remove");
    this.#calls = null;
    this.#element.remove();
  }

  /** Once for each widget: one that fails with every frame would fill the console. */
  #fault(...what) {
    if (this.#isFaulty) return;
    this.#isFaulty = true;
    this.#say(...what);
  }

  #say(...what) {
    console.error("parlor-overlay: the widget", this.#address, ...what);
  }
}

/** The overlay's theme as it is at the moment, made readable. In style sheets it is `var(--accent)` and so on. */
class Theme {
  #element;

  constructor(element) {
    this.#element = element;
  }

  get accent() {
    return this.#read("--accent");
  }

  get onAccent() {
    return this.#read("--on-accent");
  }

  get surface() {
    return this.#read("--surface");
  }

  get text() {
    return this.#read("--text");
  }

  get muted() {
    return this.#read("--muted");
  }

  /** How many pixels a unit is: one at 1440 by 1080. */
  get unitPx() {
    return Number.parseFloat(this.#read("font-size")) / 24;
  }

  /** Whether nothing may move, and changes only fade. */
  get isStill() {
    return this.#read("--parlor-motion") === "none" || matchMedia("(prefers-reduced-motion: reduce)").matches;
  }

  #read(name) {
    return getComputedStyle(this.#element).getPropertyValue(name).trim();
  }
}
