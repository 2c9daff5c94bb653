// WebKit, as GTK has it, over WebDriver. It wants a display: one of its own, that nobody sees.

import { Program } from '../program.mjs';
import { freePort } from './free_port.mjs';
import { launch } from './launch.mjs';

/** How long the driver may take to end its session, in milliseconds. It is killed after that. */
const CLOSE_TIMEOUT_MS = 10_000;

export class WebKit {
  static engine = 'WebKit';
  #display;
  #driver;
  #address;
  #session;

  static launch(timeoutMs) {
    return launch(new WebKit(), timeoutMs);
  }

  async start() {
    this.#display = new Program('Xvfb', ['-displayfd', '2', '-screen', '0', '1280x1024x24', '-nolisten', 'tcp']);
    const display = await this.#display.says(/^(\d+)$/);
    const port = await freePort();
    this.#driver = new Program('WebKitWebDriver', [`--port=${port}`], {
      DISPLAY: `:${display}`,
      GDK_BACKEND: 'x11',
      LIBGL_ALWAYS_SOFTWARE: '1',
      WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
    });
    this.#address = `http://127.0.0.1:${port}`;
    await this.#listening();
    const { sessionId } = await this.#ask('POST', '/session', { body: { capabilities: { alwaysMatch: {} } } });
    this.#session = `/session/${sessionId}`;
    await this.#ask('POST', `${this.#session}/timeouts`, { body: { script: 300_000 } });
  }

  async goto(url) {
    await this.#ask('POST', `${this.#session}/url`, { body: { url } });
  }

  /** Calls `act` in the page with `argument`, and returns what comes of it. Both are JSON. */
  async evaluate(act, argument = null) {
    const script = `const [text, done] = arguments;
      (async () => (${act})(JSON.parse(text)))().then(
        (value) => done(JSON.stringify({ value: value ?? null })),
        (error) => done(JSON.stringify({ error: String(error) })));`;
    const answer = JSON.parse(await this.#ask('POST', `${this.#session}/execute/async`, { body: { script, args: [JSON.stringify(argument)] } }));
    if (answer.error) throw new Error(answer.error);
    return answer.value;
  }

  /** Clicks on what `selector` finds, as whoever looks at the page does: what it sets off may open windows. */
  async click(selector) {
    const found = await this.#ask('POST', `${this.#session}/element`, { body: { using: 'css selector', value: selector } });
    await this.#ask('POST', `${this.#session}/element/${Object.values(found)[0]}/click`, { body: {} });
  }

  async close() {
    const session = this.#session;
    this.#session = undefined;
    if (session) await this.#ask('DELETE', session, { signal: AbortSignal.timeout(CLOSE_TIMEOUT_MS) }).catch(() => {});
    await this.#driver?.end();
    await this.#display?.end();
  }

  /** The driver does not say when it is there. */
  async #listening() {
    for (;;) {
      try {
        return await this.#ask('GET', '/status');
      } catch {
        this.#driver.throwIfEnded();
        await new Promise((done) => setTimeout(done, 50));
      }
    }
  }

  async #ask(method, path, { body, signal } = {}) {
    const response = await fetch(this.#address + path, { method, body: body && JSON.stringify(body), signal });
    const { value } = await response.json();
    if (!response.ok) throw new Error(`${value.error}: ${value.message}`);
    return value;
  }
}
