// Firefox, over WebDriver BiDi, which it speaks by itself.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { Program } from './program.mjs';

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

  static async launch() {
    const firefox = new Firefox();
    const lines = Object.entries(PREFERENCES).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`);
    writeFileSync(join(firefox.#profile, 'user.js'), lines.join('\n'));
    const args = ['--headless', '--no-remote', '--remote-debugging-port=0', '--profile', firefox.#profile, 'about:blank'];
    firefox.#program = new Program('firefox-esr', args, { MOZ_DISABLE_CONTENT_SANDBOX: '1', HOME: firefox.#profile });
    const address = await firefox.#program.says(/WebDriver BiDi listening on (ws:\/\/\S+)/);
    firefox.#socket = new WebSocket(`${address}/session`, { maxPayload: 64 << 20 });
    await once(firefox.#socket, 'open');
    firefox.#socket.on('message', (text) => firefox.#hear(JSON.parse(text)));
    await firefox.#ask('session.new', { capabilities: {} });
    const { contexts } = await firefox.#ask('browsingContext.getTree', {});
    firefox.#context = contexts[0].context;
    return firefox;
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

  async close() {
    this.#socket?.terminate();
    await this.#program.end();
    rmSync(this.#profile, { recursive: true, force: true });
  }

  #ask(method, params) {
    const id = (this.#asked += 1);
    this.#socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #hear({ id, type, result, message }) {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (type === 'error') waiting?.reject(new Error(message));
    else waiting?.resolve(result);
  }
}
