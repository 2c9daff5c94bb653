/**
 * A streamer's own widgets: ES modules, named by their addresses beside the overlay's own, that draw into
 * shadow roots of their own. What one of them does wrong is said once in the console; nothing else stops.
 */

/** How long a widget may take to be there before that is said, in milliseconds. */
const LOAD_SAID_AFTER_MS = 10_000;

/**
 * The first and the longest wait before a module that could not be had is asked for again, in milliseconds, less
 * a random part: after an outage all viewers would ask at once.
 */
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 300_000;

/** How long an answer may take, in milliseconds: what hangs is asked anew. */
const ANSWER_MAX_MS = 30_000;

/** What may be otherwise soon: too early, too often, and a server or a proxy in trouble. */
const isPassing = (status) => status === 408 || status === 425 || status === 429 || status >= 500;

/** The types that browsers run: https://mimesniff.spec.whatwg.org/#javascript-mime-type. */
const RUNNABLE = /^(text|application)\/(x-)?(java|ecma|j|live)script/i;

/** How old the last frame may be, in milliseconds, for the next to be on its way: a hidden page has none. */
const FRAMES_APART_MS = 250;

/** Which of the `widgets` that were asked for are addresses. */
export function addresses(widgets) {
  return widgets.split(/[\s,]+/).filter((word) => word.includes("/"));
}

/** The widgets of one overlay. */
export class OwnWidgets {
  #widgets;
  #host;
  #readRoom;
  #room = null;
  /** When the last frame was, by `performance.now()`. */
  #framedAt = -Infinity;

  /** `readRoom` returns the room as it is now. */
  constructor(addresses, host, readRoom) {
    this.#host = host;
    this.#readRoom = readRoom;
    this.#widgets = addresses.map((address) => new OwnWidget(address, host));
    host.addEventListener("parlor-event", this);
  }

  /** An event whose moment is now; not to be called by anyone else. */
  handleEvent({ detail }) {
    // With each event of a burst it would cost too much where frames bring it.
    if (performance.now() - this.#framedAt > FRAMES_APART_MS) this.#room = this.#readRoom();
    for (const widget of this.#widgets) {
      widget.update(this.#room);
      // A copy for each: what one does to it is no other's.
      widget.call("show", structuredClone(detail));
    }
  }

  /** A frame of the overlay; `isChanged` if the room is another than in the last one. */
  frame(time, pictureTime, isChanged) {
    this.#framedAt = performance.now();
    if (isChanged || !this.#room) this.#room = this.#readRoom();
    for (const widget of this.#widgets) {
      widget.update(this.#room);
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
  /** Ends the wait before the module is asked for again. */
  #wait;
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

  /**
   * The module at `url`, which need not be there yet: a source of OBS may be there before the network is. What
   * cannot be had is a TypeError everywhere, and so may be what the module throws. Running that again would do
   * again whatever it did before it threw, so that it is imported once more and only when it can be had.
   */
  async #module({ href, hash }) {
    try {
      return await import(/* @vite-ignore */ /* webpackIgnore: true */ href);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      await this.#untilThere(href, error);
    }
    // What has failed under one address fails under it for good, in some browsers.
    return this.#isRemoved ? {} : import(/* @vite-ignore */ /* webpackIgnore: true */ `${href}${hash ? "" : "#"}~`);
  }

  /** Asks for what is at `href`, which could not be imported because of `error`, until it is a module. */
  async #untilThere(href, error) {
    for (let attempt = 0; !this.#isRemoved; attempt += 1) {
      const { isThere, isFinal, why = error } = await ask(href);
      if (isThere || this.#isRemoved) return;
      clearTimeout(this.#lateness);
      if (!attempt) this.#say("cannot be had, and is asked for again:", why);
      const longestMs = isFinal ? RETRY_MAX_MS : Math.min(RETRY_FIRST_MS * 2 ** attempt, RETRY_MAX_MS);
      const waitMs = longestMs * (1 - Math.random() / 2);
      await new Promise((done) => (this.#wait = setTimeout(done, waitMs)));
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
    clearTimeout(this.#lateness);
    clearTimeout(this.#wait);
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

/**
 * Whether a module is at `href`. If not, whether that is the server's last word for now, and why, if it is said: what
 * does not answer, or not to this page, is not told from what is away.
 */
async function ask(href) {
  try {
    // What comes is what an import takes from the cache.
    const response = await fetch(href, { cache: "reload", signal: AbortSignal.timeout(ANSWER_MAX_MS) });
    const { ok, status } = response;
    const type = response.headers.get("content-type") ?? "of no type";
    await response.arrayBuffer();
    if (!ok) return { isFinal: !isPassing(status), why: `the answer is ${status}` };
    return RUNNABLE.test(type) ? { isThere: true } : { isFinal: true, why: `it is no JavaScript but ${type}` };
  } catch {
    return {};
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
