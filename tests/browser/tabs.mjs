// A Chromium whose tabs are as a viewer's: one that another lies in front of is hidden, and a page that is left is
// kept for the way back. Over its DevTools protocol, for what drives pages in other tests has them all be seen, and
// none kept.

import { mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { launch } from '../engines/launch.mjs';
import { Program } from '../program.mjs';

export class Tabs {
  #profile = mkdtempSync(join(tmpdir(), 'parlor-tabs-'));
  #program;
  #address;
  #tab;
  #inFront;
  #socket;
  #asked = 0;
  #waiting = new Map();
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
    this.#socket = new WebSocket(this.#tab.webSocketDebuggerUrl, { maxPayload: 64 << 20 });
    await once(this.#socket, 'open');
    this.#socket.on('message', (text) => this.#hear(JSON.parse(text)));
    this.#socket.on('error', (error) => this.#lose(error));
    this.#socket.on('close', () => this.#lose(new Error('Chromium has closed its socket')));
    await this.#ask('Page.enable');
  }

  async goto(url) {
    const loaded = this.#event('Page.loadEventFired');
    const { errorText } = await this.#ask('Page.navigate', { url });
    if (errorText) throw new Error(`${url}: ${errorText}`);
    await loaded;
  }

  /** Goes back by one page, and tells how the browser got there: `BackForwardCacheRestore` to one that it had kept. */
  async goBack() {
    const arrived = this.#event('Page.frameNavigated');
    const { currentIndex, entries } = await this.#ask('Page.getNavigationHistory');
    await this.#ask('Page.navigateToHistoryEntry', { entryId: entries[currentIndex - 1].id });
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

  /** Calls `act` in the page with `argument`, and returns what comes of it. Both are JSON. */
  async evaluate(act, argument = null) {
    const { result, exceptionDetails } = await this.#ask('Runtime.evaluate', {
      expression: `(async () => JSON.stringify((await (${act})(${JSON.stringify(argument)})) ?? null))()`,
      awaitPromise: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return JSON.parse(result.value);
  }

  async close() {
    this.#socket?.terminate();
    await this.#program?.end();
    process.off('exit', this.#removeProfile);
    this.#removeProfile();
  }

  #ask(method, params = {}) {
    const id = (this.#asked += 1);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, params }), (error) => error && reject(error));
    });
  }

  /** The next event of this name. */
  #event(method) {
    return new Promise((done) => this.#ears.set(method, done));
  }

  /** Nothing that was asked will be answered. */
  #lose(error) {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #hear({ id, result, error, method, params }) {
    this.#ears.get(method)?.(params);
    this.#ears.delete(method);
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) waiting?.reject(new Error(error.message));
    else waiting?.resolve(result);
  }
}
