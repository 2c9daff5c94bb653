// Somebody who looks at pages of another site with overlays in them, by whatever browser.

import { readFileSync } from 'node:fs';
import { Site, overlay, script } from '../browser/site.mjs';
import { Server, Staff } from '../harness.mjs';

const PRELUDE = readFileSync(new URL('prelude.js', import.meta.url), 'utf8');

export class Visitor {
  #site;

  /**
   * `browser` has `goto(url)`, `evaluate(act, argument)`, which calls `act` in the page, and `click(selector)`, as
   * whoever looks at the page does.
   */
  static async start(browser) {
    const visitor = new Visitor();
    visitor.browser = browser;
    visitor.#site = await Site.start();
    visitor.server = await Server.start({ PARLOR_ALLOWED_ORIGIN: visitor.#site.origin });
    visitor.staff = new Staff(visitor.server);
    return visitor;
  }

  async stop() {
    this.#site?.stop();
    await this.server?.stop();
  }

  /** Opens a page of the site with this body, and the script that defines the element. */
  async open(body, headers) {
    this.#site.serve(`<script>${PRELUDE}</script>${body}${script(this.server)}`, headers);
    await this.browser.goto(this.#site.origin);
  }

  /** Opens a page with one overlay, and waits until it follows `room`. */
  async follow(room, { attributes = 'placement="source"', around = (markup) => markup, headers, at = this.server } = {}) {
    await this.open(around(overlay(at, room, attributes)), headers);
    await this.run(() => untilLive());
  }

  /** Calls `act` in the page, and returns what comes of it. */
  run(act, argument) {
    return this.browser.evaluate(act, argument);
  }

  click(selector) {
    return this.browser.click(selector);
  }

  /** What went wrong in the page, and what its console was told. */
  faults() {
    return this.run(() => [...seen.faults, ...seen.said]);
  }
}
