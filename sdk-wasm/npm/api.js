// Operations over HTTP. A refusal is a value, a fault is a `ParlorError`.

/** Something went wrong that no answer of the API's own describes. */
export class ParlorError extends Error {
  /**
   * `code` is the API's; or for what never reached it `NETWORK`, `TOKEN_UNAVAILABLE`, `TOKEN_REPLACED`, `VIEWER_CHANGED`
   * or `MODULE_UNAVAILABLE`.
   */
  constructor(code, message, options) {
    super(message, options);
    this.name = "ParlorError";
    this.code = code;
  }
}

export class Api {
  #url;
  #tokens;

  constructor(server, tokens) {
    this.#url = new URL("/graphql", server).href;
    this.#tokens = tokens;
  }

  /** Runs an operation and returns its `data`, unless `signal` is aborted before. */
  async run(query, variables, signal) {
    return (await this.ask(query, variables, signal)).data;
  }

  /** As `run`, and returns the token as well with which it was answered. */
  async ask(query, variables, signal) {
    let token = this.#tokens.current;
    let response = await this.#post(query, variables, token, signal);
    // Whoever is refused at the door has done nothing yet, so that trying again is safe.
    if (response.status === 401 && this.#tokens.isRenewable) {
      token = await this.#replace(token);
      response = await this.#post(query, variables, token, signal);
    }
    return { data: await this.#read(response, signal), token };
  }

  /**
   * Runs what only whom `token` is of may have meant. If it is refused and there is another by now, that may be of
   * somebody else: then it fails with `TOKEN_REPLACED`, and nothing was done. With `keepalive` also of a page that goes
   * away.
   */
  async runAs(token, query, variables, signal, keepalive = false) {
    const response = await this.#post(query, variables, token, signal, keepalive);
    if (response.status === 401) {
      if (this.#tokens.isRenewable) await this.#replace(token);
      if (this.#tokens.current !== token) throw new ParlorError("TOKEN_REPLACED", "the token was refused, and there is another by now");
    }
    return this.#read(response, signal);
  }

  /** Runs an operation with `token`, and with no other. */
  async runWith(token, query, variables) {
    return this.#read(await this.#post(query, variables, token));
  }

  async #replace(token) {
    try {
      return await this.#tokens.refused(token);
    } catch (cause) {
      throw new ParlorError("TOKEN_UNAVAILABLE", "no other token could be had", { cause });
    }
  }

  async #read(response, signal) {
    const body = await response.json().catch(() => null);
    signal?.throwIfAborted();
    const fault = body?.errors?.[0];
    if (fault) throw new ParlorError(fault.extensions?.code ?? "INTERNAL", fault.message);
    if (!body?.data) throw new ParlorError("INTERNAL", `the server answered ${response.status} without data`);
    return body.data;
  }

  async #post(query, variables, token, signal, keepalive = false) {
    const headers = { "content-type": "application/json", accept: "application/json" };
    if (token) headers.authorization = `Bearer ${token}`;
    try {
      return await fetch(this.#url, { method: "POST", headers, body: JSON.stringify({ query, variables }), signal, keepalive });
    } catch (cause) {
      signal?.throwIfAborted();
      throw new ParlorError("NETWORK", "the server could not be reached", { cause });
    }
  }
}
