// A Chromium whose tabs are as a viewer's: one that another lies in front of is hidden, and a page that is left is
// kept for the way back. Over its DevTools protocol, for what drives pages in other tests has them all be seen, and
// none kept.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DevTools } from '../devtools.mjs';
import { launch } from '../engines/launch.mjs';
import { Program } from '../program.mjs';

export class Tabs {
  #profile = mkdtempSync(join(tmpdir(), 'parlor-tabs-'));
  #program;
  #address;
  #tab;
  #inFront;
  #page;
  #ears = new Map();
  #removeProfile = () => rmSync(this.#profile, { recursive: true, force: true });

  static launch() {
    return launch(new Tabs());
  }

  async start() {
    process.once('exit', this.#removeProfile);
    this.#program = new Program(process.env.CHROMIUM_BIN ?? '/usr/bin/chromium', [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--remote-debugging-port=0',
      `--user-data-dir=${this.#profile}`,
      'about:blank',
    ]);
    this.#address = await this.#program.says(/listening on ws:\/\/([^/]+)/);
    const tabs = await (await fetch(`http://${this.#address}/json/list`)).json();
    this.#tab = tabs.find(({ type }) => type === 'page');
    this.#page = await DevTools.open(this.#tab.webSocketDebuggerUrl, 'Chromium', (method, params) => {
      this.#ears.get(method)?.(params);
      this.#ears.delete(method);
    });
  }

  async goto(url) {
    const loaded = this.#event('Page.loadEventFired');
    await this.#page.navigate(url);
    await loaded;
  }

  /** Goes back by one page, and tells how the browser got there: `BackForwardCacheRestore` to one that it had kept. */
  async goBack() {
    const arrived = this.#event('Page.frameNavigated');
    const { currentIndex, entries } = await this.#page.ask('Page.getNavigationHistory');
    await this.#page.ask('Page.navigateToHistoryEntry', { entryId: entries[currentIndex - 1].id });
    return (await arrived).type;
  }

  /** Has another tab lie in front of the page. */
  async hide() {
    this.#inFront ??= await (await fetch(`http://${this.#address}/json/new?about:blank`, { method: 'PUT' })).json();
    await fetch(`http://${this.#address}/json/activate/${this.#inFront.id}`);
  }

  /** Has the page be the tab in front again. */
  async show() {
    await fetch(`http://${this.#address}/json/activate/${this.#tab.id}`);
  }

  /** As of the page. */
  evaluate(act, argument) {
    return this.#page.evaluate(act, argument);
  }

  async close() {
    this.#page?.close();
    await this.#program?.end();
    process.off('exit', this.#removeProfile);
    this.#removeProfile();
  }

  /** The next event of this name. */
  #event(method) {
    return new Promise((done) => this.#ears.set(method, done));
  }
}
