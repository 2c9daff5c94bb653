// A Chromium of the years that OBS carries, as Qt brings it, over its DevTools protocol. `cargo xtask` fetches it.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DevTools } from '../devtools.mjs';
import { freePort } from '../engines/free_port.mjs';
import { launch } from '../engines/launch.mjs';
import { Program } from '../program.mjs';

const WINDOW = fileURLToPath(new URL('window.py', import.meta.url));

export class OldChromium {
  /** Errors and warnings of the page's console, and what it threw, since it was opened. */
  said = [];
  #profile = mkdtempSync(join(tmpdir(), 'parlor-old-chromium-'));
  #program;
  #page;
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
    this.#page = await DevTools.open(pages[0].webSocketDebuggerUrl, 'the old Chromium', (method, params) => this.#hear(method, params));
    await this.#page.ask('Runtime.enable');
  }

  /** Opens `url`, once the page has run `before` with `argument`. */
  async goto(url, before, argument = null) {
    this.said = [];
    const source = before && `(${before})(${JSON.stringify(argument)})`;
    const script = source && (await this.#page.ask('Page.addScriptToEvaluateOnNewDocument', { source }));
    const loaded = new Promise((done) => (this.#loaded = done));
    await this.#page.navigate(url);
    await loaded;
    if (script) await this.#page.ask('Page.removeScriptToEvaluateOnNewDocument', script);
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

  #hear(method, params) {
    if (method === 'Page.loadEventFired') this.#loaded();
    if (method === 'Runtime.exceptionThrown') this.said.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
    if (method === 'Runtime.consoleAPICalled' && ['error', 'warning'].includes(params.type)) {
      this.said.push(params.args.map(({ value, description }) => value ?? description).join(' '));
    }
  }
}
