/** `<parlor-overlay server room token placement widgets>`: see parlor-overlay.d.ts. */

const FONTS = [
  ["parlor-archivo-latin.woff2", "U+0000-00FF, U+0131, U+0152-0153, U+02C6, U+02DA, U+02DC, U+2000-206F, U+20AC, U+2122, U+2190-2193, U+2212"],
  ["parlor-archivo-latin-ext.woff2", "U+0100-0130, U+0132-0151, U+0154-017F, U+0218-021B, U+1E9E, U+20A0-20AB, U+20AD-20C0"],
];
const RETRY_MAX_MS = 15_000;

/** Loads the module and goes on trying: an OBS source may be there before the server is. */
async function load() {
  for (let attempt = 0; ; attempt += 1) {
    try {
      // A failed import is remembered by its address, so another try needs another one.
      const module = await import(`./parlor_overlay.js${attempt ? `?retry=${attempt}` : ""}`);
      await module.default({ module_or_path: new URL("./parlor_overlay_bg.wasm", import.meta.url) });
      return module;
    } catch (error) {
      console.warn("parlor-overlay is not loaded yet:", error);
      await new Promise((done) => setTimeout(done, Math.min(500 * 2 ** attempt, RETRY_MAX_MS)));
    }
  }
}

function addFonts() {
  for (const [file, unicodeRange] of FONTS) {
    const url = new URL(`./fonts/${file}`, import.meta.url);
    document.fonts.add(new FontFace("Parlor Archivo", `url(${url})`, { weight: "500 800", unicodeRange }));
  }
}

let loading;

export class ParlorOverlay extends HTMLElement {
  static observedAttributes = ["server", "room", "token", "placement", "widgets"];

  #overlay;
  #player;
  #settling = false;

  connectedCallback() {
    if (!this.#overlay) this.#restart();
  }

  disconnectedCallback() {
    // A move takes the element out and puts it back before this runs.
    queueMicrotask(() => this.isConnected || this.#stop());
  }

  attributeChangedCallback(name, before, now) {
    if (before === now || !this.isConnected) return;
    if (name === "token" && now && this.#overlay) this.#overlay.setToken(now);
    else this.#restart();
  }

  attachPlayer(player) {
    this.#player = player ?? undefined;
    this.#overlay?.attachPlayer(this.#player);
  }

  setToken(token) {
    this.setAttribute("token", token);
  }

  async #restart() {
    if (this.#settling) return;
    this.#settling = true;
    const { Overlay } = await (loading ??= (addFonts(), load()));
    this.#settling = false;
    this.#stop();
    if (!this.isConnected || !this.getAttribute("room")) return;
    this.#overlay = new Overlay(
      this,
      this.#socketUrl(),
      this.getAttribute("room"),
      this.getAttribute("token") || undefined,
      this.getAttribute("placement") || "player",
      this.getAttribute("widgets") || "",
    );
    this.#overlay.attachPlayer(this.#player);
  }

  #stop() {
    this.#overlay?.free();
    this.#overlay = undefined;
  }

  #socketUrl() {
    const url = new URL("/graphql/ws", new URL(this.getAttribute("server") || import.meta.url, document.baseURI));
    url.protocol = url.protocol.replace("http", "ws");
    return url.href;
  }
}

if (!customElements.get("parlor-overlay")) customElements.define("parlor-overlay", ParlorOverlay);
