// The token that the socket and the operations share, and how another one is come by.

/**
 * The least time between two tokens that were asked for because one was refused, in milliseconds. A
 * source that goes on giving bad ones must not have the client knock without end.
 */
const REFUSED_SPACING_MS = 5_000;

export class TokenKeeper {
  #source;
  #current;
  #followers = [];
  #asking = null;
  #refusedAt = -Infinity;

  /** `source` is a token, a function that gets one, or nothing. */
  constructor(source) {
    if (typeof source === "function") this.#source = source;
    else this.#current = source;
  }

  get current() {
    return this.#current;
  }

  set current(token) {
    if (token === this.#current) return;
    this.#current = token;
    for (const follower of this.#followers) follower(token);
  }

  /** Calls `follower` with every token that takes the place of the present one, whoever asked for it. */
  follow(follower) {
    this.#followers.push(follower);
  }

  get isRenewable() {
    return this.#source !== undefined;
  }

  /** Gets the first token, if there is a source to get it from. */
  async start() {
    if (this.#source && this.#current === undefined) await this.#ask("start");
    return this.#current;
  }

  /** Gets another token than `expiring`, which is about to expire and may be replaced already. */
  async expiring(expiring) {
    return this.#current === expiring ? this.#ask("expiring") : this.#current;
  }

  /**
   * Gets another token than `refused`. Who comes with one that is already replaced gets the present
   * one, so that the socket and ten operations that are refused at once ask once.
   */
  async refused(refused) {
    if (this.#current !== refused) return this.#current;
    const wait = this.#refusedAt + REFUSED_SPACING_MS - performance.now();
    if (this.#asking === null && wait > 0) await new Promise((done) => setTimeout(done, wait));
    if (this.#current !== refused) return this.#current;
    return this.#ask("refused");
  }

  #ask(reason) {
    this.#asking ??= (async () => {
      try {
        if (reason === "refused") this.#refusedAt = performance.now();
        const token = await this.#source(reason);
        if (typeof token !== "string" || token === "") throw new TypeError("the token source gave no token");
        this.current = token;
        return token;
      } finally {
        this.#asking = null;
      }
    })();
    return this.#asking;
  }
}
