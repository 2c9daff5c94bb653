// Operations over HTTP. A refusal is a value, a fault is a `ParlorError`.

/** Something went wrong that no answer of the API's own describes. */
export class ParlorError extends Error {
  /** `code` is the API's; or `NETWORK`, `TOKEN_UNAVAILABLE` or `MODULE_UNAVAILABLE` for what never reached it. */
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

  /** Runs an operation and returns its `data`, unless `signal` is aborted before; also of a page that goes away, with `keepalive`. */
  async run(query, variables, signal, keepalive = false) {
    const token = this.#tokens.current;
    let response = await this.#post(query, variables, token, signal, keepalive);
    // Whoever is refused at the door has done nothing yet, so that trying again is safe.
    if (response.status === 401 && this.#tokens.isRenewable) {
      let renewed;
      try {
        renewed = await this.#tokens.refused(token);
      } catch (cause) {
        throw new ParlorError("TOKEN_UNAVAILABLE", "no other token could be had", { cause });
      }
      response = await this.#post(query, variables, renewed, signal, keepalive);
    }

    const body = await response.json().catch(() => null);
    signal?.throwIfAborted();
    const fault = body?.errors?.[0];
    if (fault) throw new ParlorError(fault.extensions?.code ?? "INTERNAL", fault.message);
    if (!body?.data) throw new ParlorError("INTERNAL", `the server answered ${response.status} without data`);
    return body.data;
  }

  async #post(query, variables, token, signal, keepalive) {
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
