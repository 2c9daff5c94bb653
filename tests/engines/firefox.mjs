// Firefox, over WebDriver BiDi, which it speaks by itself.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { Program } from '../program.mjs';
import { launch } from './launch.mjs';

const PREFERENCES = {
  'browser.shell.checkDefaultBrowser': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'app.update.disabledForTesting': true,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,#remote-settings-dummy/v1',
  'toolkit.telemetry.reportingpolicy.firstRun': false,
  // Videos without sound play by themselves in any page; what the tests play has none.
  'media.autoplay.default': 0,
};

export class Firefox {
  static engine = 'Firefox';
  #profile = mkdtempSync(join(tmpdir(), 'parlor-firefox-'));
  #program;
  #socket;
  #context;
  #asked = 0;
  #waiting = new Map();
  #removeProfile = () => rmSync(this.#profile, { recursive: true, force: true });

  static launch(timeoutMs) {
    return launch(new Firefox(), timeoutMs);
  }

  async start() {
    process.once('exit', this.#removeProfile);
    const lines = Object.entries(PREFERENCES).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`);
    writeFileSync(join(this.#profile, 'user.js'), lines.join('\n'));
    const args = ['--headless', '--no-remote', '--remote-debugging-port=0', '--profile', this.#profile, 'about:blank'];
    this.#program = new Program('firefox-esr', args, { MOZ_DISABLE_CONTENT_SANDBOX: '1', HOME: this.#profile });
    const address = await this.#program.says(/WebDriver BiDi listening on (ws:\/\/\S+)/);
    this.#socket = new WebSocket(`${address}/session`, { maxPayload: 64 << 20 });
    await once(this.#socket, 'open');
    this.#socket.on('message', (text) => this.#hear(JSON.parse(text)));
    this.#socket.on('error', (error) => this.#lose(error));
    this.#socket.on('close', () => this.#lose(new Error('Firefox has closed its socket')));
    await this.#ask('session.new', { capabilities: {} });
    const { contexts } = await this.#ask('browsingContext.getTree', {});
    this.#context = contexts[0].context;
  }

  async goto(url) {
    await this.#ask('browsingContext.navigate', { context: this.#context, url, wait: 'complete' });
  }

  /** Calls `act` in the page with `argument`, and returns what comes of it. Both are JSON. */
  async evaluate(act, argument = null) {
    const { type, result, exceptionDetails } = await this.#ask('script.callFunction', {
      functionDeclaration: `async (text) => JSON.stringify((await (${act})(JSON.parse(text))) ?? null)`,
      arguments: [{ type: 'string', value: JSON.stringify(argument) }],
      target: { context: this.#context },
      awaitPromise: true,
    });
    if (type !== 'success') throw new Error(exceptionDetails.text);
    return JSON.parse(result.value);
  }

  /** Clicks on what `selector` finds, as whoever looks at the page does: what it sets off may open windows. */
  async click(selector) {
    const { type, exceptionDetails } = await this.#ask('script.callFunction', {
      functionDeclaration: '(selector) => document.querySelector(selector).click()',
      arguments: [{ type: 'string', value: selector }],
      target: { context: this.#context },
      awaitPromise: true,
      userActivation: true,
    });
    if (type !== 'success') throw new Error(exceptionDetails.text);
  }

  async close() {
    this.#socket?.terminate();
    await this.#program?.end();
    process.off('exit', this.#removeProfile);
    this.#removeProfile();
  }

  #ask(method, params) {
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

  #hear({ id, type, result, message }) {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (type === 'error') waiting?.reject(new Error(message));
    else waiting?.resolve(result);
  }
}
