/**
 * What the overlay's module draws with: the elements of its markup, each found when it is first written to, and
 * written to only when something changed. The module names them by numbers, for it draws with every frame.
 */

import { harden } from "./caught.js";

const HTML = "http://www.w3.org/1999/xhtml";
const SVG = "http://www.w3.org/2000/svg";

/** A tag of the markup, with the text behind it. */
const TAG = /<(\/?)(\w+)([^>]*?)(\/?)>([^<]*)/g;
/** An attribute, which may be a word without a value. */
const ATTRIBUTE = /([\w-]+)(?:="([^"]*)")?/g;

/** A part's number is that of its selector, and of which one it is where there are several. */
const SELECTORS_MAX = 256;

export class Pen {
  #host;
  #root;
  #style;
  #selectors;
  #wishes;
  #places;
  #seen;
  #parts = [];

  /**
   * Builds the markup in `host`, or takes over what an earlier one built there. `style` is the sheet, and
   * `selectors` are those of the parts, the stage's first, and of the elements that stand for a wish of the page's.
   */
  constructor(host, markup, style, selectors, wishes) {
    this.#host = host;
    this.#style = style;
    this.#selectors = selectors.split("\n");
    this.#wishes = wishes;
    this.#root = host.shadowRoot ?? build(host, markup);
    this.enter();
  }

  /**
   * Begins to draw in the document that the host is in now. An adopted sheet passes a content security policy that
   * forbids inline styles; it holds for documents of the window that it was made in, and no other.
   */
  enter() {
    const window = this.#host.ownerDocument.defaultView;
    const sheet = new window.CSSStyleSheet();
    sheet.replaceSync(this.#style);
    this.#root.adoptedStyleSheets = [sheet];

    const look = (element, name) => {
      const style = window.getComputedStyle(element);
      return () => style.getPropertyValue(name);
    };
    const stage = this.#find(0);
    const motion = look(stage, "--parlor-motion");
    const lessMotion = window.matchMedia("(prefers-reduced-motion: reduce)");
    this.#places = [
      () => this.#host.clientWidth,
      // What the page wrote there may have lines of its own.
      () => lessMotion.matches || motion().trim() === "none",
      look(stage, "font-size"),
      ...[...this.#root.querySelectorAll(this.#wishes)].map((wish) => look(wish, "border-top-color")),
    ];
    this.#seen = undefined;
  }

  /**
   * What decides about the looks, if anything is another than at the last time, a line each: the host's width in
   * pixels, whether the viewer or the page asks for no motion, the size of the type, and the colours.
   */
  look() {
    const seen = this.#places.map((read) => read()).join("\n");
    if (seen === this.#seen) return undefined;
    return (this.#seen = seen);
  }

  text(number, text) {
    const element = this.#changed(number, "text", text);
    if (element) element.textContent = text;
  }

  hide(number, isHidden) {
    const element = this.#changed(number, "hidden", isHidden);
    if (element) element.hidden = isHidden;
  }

  toggle(number, name, isOn) {
    this.#changed(number, name, isOn)?.classList.toggle(name, isOn);
  }

  attribute(number, name, value) {
    this.#changed(number, name, value)?.setAttribute(name, value);
  }

  /** A browser that does not know the property shows the rest. */
  style(number, name, value) {
    this.#changed(number, name, value)?.style.setProperty(name, value);
  }

  /** From 0 to 1. */
  opacity(number, opacity) {
    this.style(number, "opacity", `${share(opacity)}`);
  }

  whole(number, name, value, unit) {
    this.style(number, name, `${value | 0}${unit}`);
  }

  /** Off its place by so many design units. */
  shift(number, x, y) {
    this.#transform(number, `translateX(calc(${units(x)})) translateY(calc(${units(y)}))`);
  }

  /** Along by a share of its own width, so many design units, and a share of the stage's width. */
  drive(number, way, offset, gone) {
    this.#transform(number, `translateX(calc(.01% * ${whole(way, 10_000)} + ${units(offset)} + .1cqw * ${whole(gone, 1_000)}))`);
  }

  /** As much of its width as is given, from 0 to 1. */
  fill(number, part) {
    this.#transform(number, `scaleX(${share(part)})`);
  }

  /** Larger by a share. */
  grow(number, by) {
    this.#transform(number, by ? `scale(${1 + whole(by, 1_000) / 1_000})` : "");
  }

  #transform(number, value) {
    this.style(number, "transform", value);
  }

  /** The element of that number if it does not have `value` yet, which is taken for written then. */
  #changed(number, name, value) {
    const part = (this.#parts[number] ??= { element: this.#find(number), written: {} });
    if (part.written[name] === value) return undefined;
    part.written[name] = value;
    return part.element;
  }

  /**
   * The markup has the first of several; what is missing is made of the one before. In place of what somebody has
   * taken out stands an element that is nowhere: what is written to it is not seen, and the rest is.
   */
  #find(number) {
    const nth = Math.floor(number / SELECTORS_MAX);
    const found = this.#root.querySelectorAll(this.#selectors[number % SELECTORS_MAX]);
    if (found[nth]) return found[nth];
    if (nth === 0) return this.#host.ownerDocument.createElement("i");
    const before = this.#find(number - SELECTORS_MAX);
    const copy = before.cloneNode(true);
    before.after(copy);
    return copy;
  }
}

harden(Pen);

/** How many whole ones of `parts` to a unit a value has. It is of single precision, and so is what it is made. */
function whole(value, parts) {
  return Math.fround(value * parts) | 0;
}

/** Three decimals, for what is not seen is not to be written. */
function share(part) {
  return Math.min(Math.max(whole(part, 1_000), 0), 1_000) / 1_000;
}

/** A length in design units: pixels at 1920 by 1080. */
function units(length) {
  return `var(--d) * ${whole(length, 10)} / 10`;
}

/**
 * Makes the elements one by one: a page that enforces Trusted Types takes no markup as a string, wherever it comes
 * from, and a policy for it would need a name that the page allows. What is read here is our own file, so that only
 * what it uses is understood: tags, quoted attributes, and text without entities, which stands alone in its element.
 */
function build(host, markup) {
  const root = host.attachShadow({ mode: "open" });
  const open = [root];
  for (const [, isEnd, name, attributes, isEmpty, text] of markup.matchAll(TAG)) {
    if (isEnd) {
      open.pop();
      continue;
    }
    const parent = open.at(-1);
    const namespace = name === "svg" || parent.namespaceURI === SVG ? SVG : HTML;
    const element = host.ownerDocument.createElementNS(namespace, name);
    for (const [, attribute, value = ""] of attributes.matchAll(ATTRIBUTE)) element.setAttribute(attribute, value);
    parent.append(element);
    if (!isEmpty) open.push(element);
    if (text.trim()) element.textContent = text;
  }
  return root;
}
