// What the module asks of the page, and how it is told what happens there.

import { harden } from "./caught.js";

/** What is told of, as `sdk-wasm/src/page.rs` numbers it. */
const ONLINE = 1;

/**
 * Servers on this machine, as when a streamer runs both OBS and the server. No network lies in between.
 */
const ON_LOOPBACK = /^\w+:\/\/(\[::1\]|([^/?#:]*\.)?localhost|127(\.\d{1,3}){3})([:/?#]|$)/;

export function isOnLoopback(url) {
  return ON_LOOPBACK.test(url);
}

/**
 * What the browser tells of the way to the server at `url`, and what of it is worth acting on.
 *
 * `online` ends every wait: what was tried while there was no network failed for that reason alone. `offline` is not
 * acted on. The browser says so of interfaces, not of paths: a socket may outlive a moment without any, and one that
 * has not says so by its silence. For the same reason the state at the start, `navigator.onLine`, is not asked for.
 */
export class Network {
  #tell;

  constructor(url, tell) {
    this.#tell = tell;
    if (!isOnLoopback(url)) addEventListener("online", this);
  }

  handleEvent() {
    this.#tell(ONLINE);
  }

  leave() {
    removeEventListener("online", this);
  }
}

harden(Network);

/** What the page's clock reads, in milliseconds: no number where a page has put something else in its place. */
export function readClock() {
  try {
    const now = performance.now();
    return typeof now === "number" ? now : NaN;
  } catch {
    return NaN;
  }
}
