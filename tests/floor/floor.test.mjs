// The oldest browser that the README names, by one that is a little older than what OBS carries: the overlay works
// there, and where something is missing that it needs it says so and shows nothing.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertInStep } from '../engines/in_step.mjs';
import { Server, Staff } from '../harness.mjs';
import { OldChromium } from './old_chromium.mjs';

/** An upper bound on any one test and on what comes before it, in milliseconds. */
const timeout = 60_000;

/** The Chromium of OBS 31, which is the oldest that the README names. */
const OBS = 127;
/** The oldest Chrome that the README names. */
const CHROME = 120;

/** What older browsers do not have, by name. */
const NEEDED = ['cqw', 'color-mix', 'mask', 'replaceSync', 'WebAssembly'];

let browser;
let server;
let staff;

before(async () => {
  browser = await OldChromium.launch();
  server = await Server.start();
  staff = new Staff(server);
}, { timeout });

after(async () => {
  await browser?.close();
  await server?.stop();
});

test('the browser is no newer than the oldest OBS that is named', { timeout }, async () => {
  const agent = await browser.evaluate(() => navigator.userAgent);
  const version = Number(/Chrome\/(\d+)/.exec(agent)?.[1]);

  assert.ok(CHROME <= version && version <= OBS, agent);
});

test('the train moves and the alert comes when the picture gets there', { timeout }, async () => {
  await assertInStep(browser, server, staff);
});

for (const missing of NEEDED) {
  test(`without ${missing} the overlay says what it needs, and shows nothing`, { timeout }, async () => {
    const room = await staff.openRoom();
    await browser.goto(`${server.url}/overlay/?room=${encodeURIComponent(room.id)}`, takeAway, missing);
    const seen = await browser.evaluate(async () => {
      await customElements.whenDefined('parlor-overlay');
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      const overlay = document.querySelector('parlor-overlay');
      return { isThere: Boolean(overlay), hasRoot: Boolean(overlay?.shadowRoot), text: document.body.innerText.trim(), sockets: window.sockets };
    });

    assert.equal(browser.said.length, 1, browser.said.join('\n'));
    assert.match(browser.said[0], /^parlor-overlay needs Chrome or Edge \d+, Firefox \d+, Safari [\d.]+ or OBS [\d.]+/);
    assert.deepEqual(seen, { isThere: true, hasRoot: false, text: '', sockets: 0 });
  });
}

/** Makes the page one of a browser that does not have `missing`, and counts its sockets. */
function takeAway(missing) {
  window.sockets = 0;
  window.WebSocket = class extends WebSocket {
    constructor(...args) {
      super(...args);
      window.sockets += 1;
    }
  };
  const supports = CSS.supports.bind(CSS);
  CSS.supports = (...asked) => !asked.join().includes(missing) && supports(...asked);
  delete CSSStyleSheet.prototype[missing];
  delete window[missing];
}
