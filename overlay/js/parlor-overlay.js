/** `<parlor-overlay server room token placement widgets>`: see parlor-overlay.d.ts. */

import { Overlay, initSync } from "./parlor_overlay.js";
import { answers } from "./asking.js";
import { caught } from "./caught.js";
import { REFUSED } from "./dates.js";
import { readEvent } from "./events.js";
import { readRoom } from "./room.js";
import { OwnWidgets, addresses } from "./widgets.js";

// Each address is written out where it is made: that is how bundlers see the file.
const FONTS = [
  [
    new URL("./fonts/parlor-archivo-latin.woff2", import.meta.url),
    "U+0000-00FF, U+0131, U+0152-0153, U+02C6, U+02DA, U+02DC, U+2000-206F, U+20AC, U+2122, U+2190-2193, U+2212",
  ],
  [
    new URL("./fonts/parlor-archivo-latin-ext.woff2", import.meta.url),
    "U+0100-0130, U+0132-0151, U+0154-017F, U+0218-021B, U+1E9E, U+20A0-20AB, U+20AD-20C0",
  ],
];
/** Where the server is, unless it is said: some bundlers write their own disk's address here. */
const HOME = /^https?:/.test(import.meta.url) ? import.meta.url : "/";
const RETRY_MAX_MS = 15_000;

/** What the style sheet cannot do without. README.md names the first browsers that have all of it. */
const STYLES_NEEDED = ["(width: 1cqw)", "(color: color-mix(in srgb, red, red))", "(mask: none top / 100% 70% no-repeat)"];
const TOO_OLD =
  "parlor-overlay needs Chrome or Edge 120, Firefox 113, Safari 16.4 or OBS 31, or what is newer: it shows nothing in this browser";

/** Loads the module and goes on trying: an OBS source may be there before the server is. */
async function load() {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const response = await fetch(new URL("./parlor_overlay_bg.wasm", import.meta.url));
      if (!response.ok) throw new Error(`the answer is ${response.status}`);
      return initSync({ module: await WebAssembly.compile(await response.arrayBuffer()) });
    } catch (error) {
      console.warn("parlor-overlay is not loaded yet:", error);
      await new Promise((done) => setTimeout(done, Math.min(500 * 2 ** attempt, RETRY_MAX_MS)));
    }
  }
}

let loading;

/** The module, or nothing where it could not show anything right. */
async function module() {
  const hasStyles = STYLES_NEEDED.every((style) => CSS.supports(style)) && "replaceSync" in CSSStyleSheet.prototype;
  if (hasStyles && globalThis.WebAssembly) return load();
  console.error(TOO_OLD);
}

/** Does what is in a player's hands, which may be anybody's code. */
function attempt(act) {
  try {
    act();
  } catch (error) {
    console.error("parlor-overlay: the player does not tell of its changes:", error);
  }
}

const withFonts = new WeakSet();

function addFonts(document) {
  if (withFonts.has(document)) return;
  withFonts.add(document);
  const { FontFace } = document.defaultView;
  for (const [url, unicodeRange] of FONTS) {
    document.fonts.add(new FontFace("Parlor Archivo", `url(${url})`, { weight: "500 800", unicodeRange }));
  }
}

// Where there are no elements, as on a server that renders pages, there is nothing to define.
export class ParlorOverlay extends (globalThis.HTMLElement ?? Object) {
  static observedAttributes = ["server", "room", "token", "placement", "widgets"];

  #overlay;
  /** The streamer's own widgets, if any are asked for. */
  #own;
  /** The points button, if it is asked for and there is somebody whose points they are. */
  #points;
  /** What the overlay was started with, but for the token. */
  #started;
  #token;
  #player;
  /** What the picture is timed by, once the overlay has told. */
  #source;
  /** Whether it has been said that what the player says is refused. */
  #isRefusalSaid = false;
  /** Ends that the player tells of its changes. */
  #unsubscribe;
  #settling = false;
  /** The window whose comings and goings are followed. */
  #window;
  /** The animation frame that is asked for next. */
  #frame;

  constructor() {
    super();
    // What a page sets before the element is defined hides what is defined here.
    for (const name of PROPERTIES) {
      if (!Object.hasOwn(this, name)) continue;
      const value = this[name];
      delete this[name];
      this[name] = value;
    }
  }

  get player() {
    return this.#player ?? null;
  }

  set player(player) {
    this.#player = player ?? undefined;
    this.#isRefusalSaid = false;
    this.#attach();
  }

  get syncSource() {
    return this.#source ?? null;
  }

  attachPlayer(player) {
    this.player = player;
  }

  setToken(token) {
    this.token = token;
  }

  connectedCallback() {
    this.#settle();
  }

  disconnectedCallback() {
    this.#settle();
  }

  attributeChangedCallback() {
    this.#settle();
  }

  /** The window's, whenever the page is left or comes back; not to be called by anyone else. */
  handleEvent({ type }) {
    if (type === "pagehide") {
      this.#points?.report();
      this.#overlay?.pause();
    } else this.#overlay?.resume();
  }

  /**
   * Brings the overlay in line with the element as it is once the present task has done what it does:
   * elements are taken out and put back, and attributes set one by one.
   */
  async #settle() {
    if (this.#settling) return;
    this.#settling = true;
    await null;
    const wanted = this.#wanted();
    const loaded = wanted && (await (loading ??= module()));
    this.#settling = false;
    if (wanted && this.#wanted() !== wanted) this.#settle();
    else this.#become(loaded, wanted);
  }

  /** What to start the overlay with, as text; empty if there is to be none. */
  #wanted() {
    const room = this.getAttribute("room");
    if (!this.isConnected || !room || !this.ownerDocument.defaultView) return "";
    return JSON.stringify([
      this.#socketUrl(),
      room,
      this.getAttribute("placement") || "player",
      this.getAttribute("widgets") || "",
    ]);
  }

  #become(isLoaded, wanted) {
    const token = this.getAttribute("token") || undefined;
    // A connection without a token is another one than with.
    if (wanted !== this.#started || !token !== !this.#token) {
      this.#own?.remove();
      this.#own = undefined;
      this.#points?.remove();
      this.#points = undefined;
      this.#window?.cancelAnimationFrame(this.#frame);
      this.#overlay?.free();
      this.#overlay = undefined;
      this.#started = undefined;
      this.#source = undefined;
      this.#attach();
    }
    this.#follow(isLoaded ? this.ownerDocument.defaultView : undefined);
    if (!isLoaded) return;
    if (!this.#overlay) {
      const [url, room, placement, widgets] = JSON.parse(wanted);
      const overlay = new Overlay(this, url, room, token, placement, widgets, {
        tell: caught((kind, detail) => this.#tell(kind, detail)),
        drawn: caught((time, pictureTime, isChanged) => this.#own?.frame(time, pictureTime ?? null, isChanged)),
      });
      this.#overlay = overlay;
      const own = addresses(widgets);
      if (own.length) this.#own = new OwnWidgets(own, this, () => readRoom(overlay.room()));
      if (token && placement === "player" && widgets.split(/[\s,]+/).includes("points")) this.#addPoints(overlay, url, room);
      this.#attach();
      this.#awaitFrame();
    } else if (token !== this.#token) {
      this.#overlay.setToken(token);
      this.#token = token;
      this.#points?.handleToken();
    }
    this.#started = wanted;
    this.#token = token;
  }

  /** Loads what only viewers who are signed in need. */
  async #addPoints(overlay, url, room) {
    try {
      const { PointsButton } = await import("./points.js");
      if (this.#overlay !== overlay) return;
      const server = url.replace("ws", "http");
      this.#points = new PointsButton({ host: this, overlay, server, room, token: () => this.#token });
    } catch (error) {
      console.error("parlor-overlay: the points button cannot be had:", error);
    }
  }

  #tell(kind, detail) {
    if (kind === "wallet") return this.#points?.update();
    if (kind === "event") detail = readEvent(detail);
    if (kind === "sync") {
      this.#noteRefusal(detail);
      if (detail === this.#source) return;
      this.#source = detail;
      detail = { source: detail };
    }
    this.dispatchEvent(new CustomEvent(`parlor-${kind}`, { detail }));
  }

  /** Says it once of each player: one that counts in seconds would be refused with every frame. */
  #noteRefusal(source) {
    if (source !== "playhead-refused" || this.#isRefusalSaid) return;
    this.#isRefusalSaid = true;
    console.warn(REFUSED, answers.get(this.#player));
  }

  /** Has the overlay, if there is one, go by the player. */
  #attach() {
    const unsubscribe = this.#unsubscribe;
    this.#unsubscribe = undefined;
    this.#overlay?.attachPlayer(this.#player);
    attempt(() => unsubscribe?.());
    if (this.#overlay) attempt(() => (this.#unsubscribe = this.#player?.subscribe?.(() => this.#overlay?.look())));
  }

  /** Draws with the next frame, and all after it: hidden pages and hidden OBS sources get none. */
  #awaitFrame() {
    this.#frame = this.#window.requestAnimationFrame(() => {
      this.#overlay.frame();
      this.#awaitFrame();
    });
  }

  /** Goes by `window`, which shows the element now. */
  #follow(window) {
    if (window === this.#window) return;
    this.#window?.cancelAnimationFrame(this.#frame);
    for (const type of ["pagehide", "pageshow"]) {
      this.#window?.removeEventListener(type, this);
      window?.addEventListener(type, this);
    }
    this.#window = window;
    if (!window) return;
    addFonts(this.ownerDocument);
    if (this.#overlay) {
      this.#overlay.moveDocument();
      this.#awaitFrame();
    }
    this.#own?.moveDocument();
    this.#points?.moveDocument();
    this.#overlay?.resume();
  }

  #socketUrl() {
    const url = new URL("/graphql/ws", new URL(this.getAttribute("server") || HOME, document.baseURI));
    url.protocol = url.protocol.replace("http", "ws");
    return url.href;
  }
}

/** Attributes that are properties as well, as frameworks set them. */
const ATTRIBUTES = [...ParlorOverlay.observedAttributes, "edge"];
const PROPERTIES = ["player", ...ATTRIBUTES];

for (const name of ATTRIBUTES) {
  Object.defineProperty(ParlorOverlay.prototype, name, {
    configurable: true,
    enumerable: true,
    get() {
      return this.getAttribute(name) ?? "";
    },
    set(value) {
      if (value === null || value === undefined) this.removeAttribute(name);
      else this.setAttribute(name, value);
    },
  });
}

if (globalThis.customElements && !customElements.get("parlor-overlay")) customElements.define("parlor-overlay", ParlorOverlay);
