/**
 * A streamer's own widgets: ES modules, named by their addresses beside the overlay's own, that draw into
 * shadow roots of their own. What one of them does wrong is said once in the console; nothing else stops.
 */

/** How long a widget may take to be there before that is said, in milliseconds. */
const LOAD_SAID_AFTER_MS = 10_000;

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

  remove() {
    this.#host.removeEventListener("parlor-event", this);
    for (const widget of this.#widgets) widget.remove();
  }
}

class OwnWidget {
  #address;
  #element;
  #calls = null;
  #room = null;
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
    const timer = setTimeout(() => {
      // No fault of its own yet: what is wrong when it comes is said as well.
      console.error("parlor-overlay: the widget", this.#address, `is not there after ${LOAD_SAID_AFTER_MS} ms`);
    }, LOAD_SAID_AFTER_MS);
    try {
      const url = new URL(this.#address, document.baseURI);
      if (!/^https?:$/.test(url.protocol)) throw new TypeError("only http and https lead to widgets");
      const { default: start } = await import(/* @vite-ignore */ /* webpackIgnore: true */ url.href);
      if (this.#isRemoved) return;
      host.shadowRoot.querySelector(".stage").append(this.#element);
      const root = this.#element.attachShadow({ mode: "open" });
      const calls = await start({ root, theme: new Theme(this.#element) });
      if (this.#isRemoved) calls?.remove?.();
      else this.#calls = calls ?? {};
    } catch (error) {
      this.#fault("does not start:", error);
      this.#element.remove();
    } finally {
      clearTimeout(timer);
    }
  }

  /** Calls what the widget has under `name`, if it does. It may throw, or return what never comes to an end. */
  call(name, argument) {
    try {
      const done = this.#calls?.[name]?.(argument);
      if (typeof done?.then === "function") done.then(undefined, (error) => this.#fault("failed:", error));
    } catch (error) {
      this.#fault("failed:", error);
    }
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
