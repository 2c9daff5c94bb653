// WebKit, as GTK has it, over WebDriver. It wants a display: one of its own, that nobody sees.

import { once } from 'node:events';
import { createServer } from 'node:net';
import { Program } from './program.mjs';

/** How long the driver may take to be there, in milliseconds. */
const START_TIMEOUT_MS = 60_000;

/** The driver takes no port that it would choose by itself. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

export class WebKit {
  static engine = 'WebKit';
  #display;
  #driver;
  #address;
  #session;

  static async launch() {
    const webkit = new WebKit();
    webkit.#display = new Program('Xvfb', ['-displayfd', '2', '-screen', '0', '1280x1024x24', '-nolisten', 'tcp']);
    const display = await webkit.#display.says(/^(\d+)$/);
    const port = await freePort();
    webkit.#driver = new Program('WebKitWebDriver', [`--port=${port}`], {
      DISPLAY: `:${display}`,
      GDK_BACKEND: 'x11',
      LIBGL_ALWAYS_SOFTWARE: '1',
      WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
    });
    webkit.#address = `http://127.0.0.1:${port}`;
    await webkit.#listening();
    const { sessionId } = await webkit.#ask('POST', '/session', { capabilities: { alwaysMatch: {} } });
    webkit.#session = `/session/${sessionId}`;
    await webkit.#ask('POST', `${webkit.#session}/timeouts`, { script: 300_000 });
    return webkit;
  }

  async goto(url) {
    await this.#ask('POST', `${this.#session}/url`, { url });
  }

  /** Calls `act` in the page with `argument`, and returns what comes of it. Both are JSON. */
  async evaluate(act, argument = null) {
    const script = `const [text, done] = arguments;
      (async () => (${act})(JSON.parse(text)))().then(
        (value) => done(JSON.stringify({ value: value ?? null })),
        (error) => done(JSON.stringify({ error: String(error) })));`;
    const answer = JSON.parse(await this.#ask('POST', `${this.#session}/execute/async`, { script, args: [JSON.stringify(argument)] }));
    if (answer.error) throw new Error(answer.error);
    return answer.value;
  }

  async close() {
    if (this.#session) await this.#ask('DELETE', this.#session).catch(() => {});
    await this.#driver?.end();
    await this.#display.end();
  }

  /** The driver does not say when it is there. */
  async #listening() {
    const until = Date.now() + START_TIMEOUT_MS;
    for (;;) {
      try {
        return await this.#ask('GET', '/status');
      } catch (error) {
        if (Date.now() > until) throw error;
        await new Promise((done) => setTimeout(done, 50));
      }
    }
  }

  async #ask(method, path, body) {
    const response = await fetch(this.#address + path, { method, body: body && JSON.stringify(body) });
    const { value } = await response.json();
    if (!response.ok) throw new Error(`${value.error}: ${value.message}`);
    return value;
  }
}
