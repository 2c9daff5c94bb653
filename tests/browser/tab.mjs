// One page of a Chromium, with what the browsers of other engines have.

import { PATIENCE_MS, launch } from './pages.mjs';

export class Chromium {
  static engine = 'Chromium';
  #browser;
  #context;

  static async launch() {
    const chromium = new Chromium();
    chromium.#browser = await launch();
    return chromium;
  }

  async goto(url) {
    await this.#context?.close();
    this.#context = await this.#browser.newContext({ viewport: { width: 1280, height: 720 } });
    this.#context.setDefaultTimeout(PATIENCE_MS);
    this.page = await this.#context.newPage();
    await this.page.goto(url);
  }

  /** Calls `act` in the page with `argument`, and returns what comes of it. Both are JSON. */
  async evaluate(act, argument = null) {
    const text = await this.page.evaluate(`(async () => JSON.stringify((await (${act})(${JSON.stringify(argument)})) ?? null))()`);
    return JSON.parse(text);
  }

  /** Clicks on what `selector` finds, as whoever looks at the page does: what it sets off may open windows. */
  async click(selector) {
    await this.page.click(selector);
  }

  async close() {
    await this.#browser.close();
  }
}
