// A Chromium of the years that OBS carries, as Qt brings it, over its DevTools protocol. `cargo xtask` fetches it.

import { mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { freePort } from '../engines/free_port.mjs';
import { launch } from '../engines/launch.mjs';
import { Program } from '../program.mjs';

const WINDOW = fileURLToPath(new URL('window.py', import.meta.url));

export class OldChromium {
  /** Errors and warnings of the page's console, and what it threw, since it was opened. */
  said = [];
  #profile = mkdtempSync(join(tmpdir(), 'parlor-old-chromium-'));
  #program;
  #socket;
  #asked = 0;
  #waiting = new Map();
  #loaded = () => {};
  #removeProfile = () => rmSync(this.#profile, { recursive: true, force: true });

  static launch(timeoutMs) {
    return launch(new OldChromium(), timeoutMs);
  }

  async start() {
    process.once('exit', this.#removeProfile);
    const address = `127.0.0.1:${await freePort()}`;
    this.#program = new Program('python3', [WINDOW], {
      PYTHONPATH: process.env.PARLOR_OLD_CHROMIUM,
      PYTHONDONTWRITEBYTECODE: '1',
      HOME: this.#profile,
      // Nobody sees it, and it draws with the processor alone.
      QT_QPA_PLATFORM: 'offscreen',
      QT_QUICK_BACKEND: 'software',
      QTWEBENGINE_CHROMIUM_FLAGS: '--disable-gpu',
      QTWEBENGINE_DISABLE_SANDBOX: '1',
      QTWEBENGINE_REMOTE_DEBUGGING: address,
    });
    await this.#program.says(/(DevTools listening on|Remote debugging server started)/);
    const pages = await (await fetch(`http://${address}/json/list`)).json();
    this.#socket = new WebSocket(pages[0].webSocketDebuggerUrl, { maxPayload: 64 << 20 });
    await once(this.#socket, 'open');
    this.#socket.on('message', (text) => this.#hear(JSON.parse(text)));
    this.#socket.on('error', (error) => this.#lose(error));
    this.#socket.on('close', () => this.#lose(new Error('the old Chromium has closed its socket')));
    await this.#ask('Page.enable');
    await this.#ask('Runtime.enable');
  }

  /** Opens `url`, once the page has run `before` with `argument`. */
  async goto(url, before, argument = null) {
    this.said = [];
    const source = before && `(${before})(${JSON.stringify(argument)})`;
    const script = source && (await this.#ask('Page.addScriptToEvaluateOnNewDocument', { source }));
    const loaded = new Promise((done) => (this.#loaded = done));
    const { errorText } = await this.#ask('Page.navigate', { url });
    if (errorText) throw new Error(`${url}: ${errorText}`);
    await loaded;
    if (script) await this.#ask('Page.removeScriptToEvaluateOnNewDocument', script);
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

  /** Nothing that was asked will be answered. */
  #lose(error) {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #hear({ id, result, error, method, params }) {
    if (method === 'Page.loadEventFired') this.#loaded();
    if (method === 'Runtime.exceptionThrown') this.said.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
    if (method === 'Runtime.consoleAPICalled' && ['error', 'warning'].includes(params.type)) {
      this.said.push(params.args.map(({ value, description }) => value ?? description).join(' '));
    }
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) waiting?.reject(new Error(error.message));
    else waiting?.resolve(result);
  }
}
