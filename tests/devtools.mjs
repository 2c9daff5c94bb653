// A page of a Chromium, over its DevTools protocol.

import { once } from 'node:events';
import { WebSocket } from 'ws';

export class DevTools {
  #socket;
  #asked = 0;
  #waiting = new Map();
  #hear;

  /** Speaks to the page at `url`. `hear` is told of each event; `who` is named when it falls silent. */
  static async open(url, who, hear) {
    const page = new DevTools();
    page.#hear = hear;
    page.#socket = new WebSocket(url, { maxPayload: 64 << 20 });
    await once(page.#socket, 'open');
    page.#socket.on('message', (text) => page.#take(JSON.parse(text)));
    page.#socket.on('error', (error) => page.#lose(error));
    page.#socket.on('close', () => page.#lose(new Error(`${who} has closed its socket`)));
    await page.ask('Page.enable');
    return page;
  }

  ask(method, params = {}) {
    const id = (this.#asked += 1);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, params }), (error) => error && reject(error));
    });
  }

  /** Goes to `url`; its loading is an event. */
  async navigate(url) {
    const { errorText } = await this.ask('Page.navigate', { url });
    if (errorText) throw new Error(`${url}: ${errorText}`);
  }

  /** Calls `act` in the page with `argument`, and returns what comes of it. Both are JSON. */
  async evaluate(act, argument = null) {
    const { result, exceptionDetails } = await this.ask('Runtime.evaluate', {
      expression: `(async () => JSON.stringify((await (${act})(${JSON.stringify(argument)})) ?? null))()`,
      awaitPromise: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return JSON.parse(result.value);
  }

  close() {
    this.#socket.terminate();
  }

  /** Nothing that was asked will be answered. */
  #lose(error) {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #take({ id, result, error, method, params }) {
    if (method) return this.#hear(method, params);
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) waiting?.reject(new Error(error.message));
    else waiting?.resolve(result);
  }
}
