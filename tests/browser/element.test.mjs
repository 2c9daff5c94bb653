// The element where a browser gives it no frames, and where the page's clock says what cannot be.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { Server, Staff } from '../harness.mjs';
import { launch, untilLive, untilShown } from './pages.mjs';
import { Site, overlay, script } from './site.mjs';

/** An upper bound on any one test, in milliseconds. */
const timeout = 90_000;

let server;
let site;
let staff;
let browser;

before(async () => {
  site = await Site.start();
  server = await Server.start({ PARLOR_ALLOWED_ORIGIN: site.origin });
  staff = new Staff(server);
  browser = await launch();
});

afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
});

after(async () => {
  await browser?.close();
  await server?.stop();
  site?.stop();
});

/** What the site's page does to its one overlay. */
const onOverlay = (page, act, argument) =>
  page.evaluate(
    ([act, argument]) => new Function('overlay', 'argument', act)(document.querySelector('parlor-overlay'), argument),
    [act, argument],
  );

for (const [what, say] of [
  ['no number', `NaN`],
  ['infinity', `Infinity`],
  ['thousands of years', `1e15`],
  ['an hour ahead', `clock() + 3_600_000`],
  ['nothing', `undefined`],
  ['an exception', `(() => { throw new Error('odd'); })()`],
]) {
  test(`a clock that says ${what} once in a while stops nothing, and shows nothing early`, { timeout }, async () => {
    const delayMs = 2_000;
    const room = await staff.openRoom({ delayMs });
    const before = new Function(`
      const clock = performance.now.bind(performance);
      let looks = 0;
      performance.now = () => (looks++ % 10 === 3 ? ${say} : clock());`);
    const { page, troubles } = await site.visit(browser, overlay(server, room, 'placement="companion"') + script(server), { before });
    await untilLive(page);
    await onOverlay(page, `
      window.late = [];
      overlay.addEventListener('parlor-event', ({ detail }) => detail.contribution && window.late.push(Date.now() - detail.occurredAt));`);
    for (const message of ['one', 'two']) {
      await staff.donate(room.id, { message });
      await untilShown(page, message);
    }

    const late = await page.evaluate(() => window.late);
    // Clocks are read in whole milliseconds, and the server's is known to a few.
    assert.ok(late.every((lateMs) => lateMs > delayMs - 50), late.join());
    assert.deepEqual(troubles, []);
  });
}

test('without frames, what is due is told at its moment, also after the picture has stood', { timeout }, async () => {
  const room = await staff.openRoom();
  const { page, troubles } = await site.visit(browser, overlay(server, room) + script(server));
  await untilLive(page);
  await onOverlay(page, `
    window.requestAnimationFrame = () => 0;
    window.latency = 7000;
    window.player = { playhead: () => window.stoodAt
      ? { positionMs: window.stoodAt, playing: false }
      : { positionMs: Date.now() - window.latency, playing: true } };
    window.player.subscribe = (listener) => (window.change = listener, () => (window.change = null));
    overlay.attachPlayer(window.player);`);
  await staff.donate(room.id, { message: 'on its way' });
  const first = await untilShown(page, 'on its way', { polling: 100 });
  const late = first.shownAt - first.occurredAt - 7_000;
  assert.ok(Math.abs(late) < 1_000, `${late} ms late`);

  await onOverlay(page, `window.stoodAt = Date.now() - window.latency; window.change();`);
  await staff.donate(room.id, { message: 'for later' });
  const latency = await page.evaluate(async () => {
    await new Promise((done) => setTimeout(done, 3_000));
    window.latency = Date.now() - window.stoodAt;
    window.stoodAt = 0;
    window.change();
    return window.latency;
  });
  const second = await untilShown(page, 'for later', { polling: 100 });
  const later = second.shownAt - second.occurredAt - latency;
  assert.ok(Math.abs(later) < 1_000, `${later} ms late`);

  await onOverlay(page, 'overlay.remove()');
  assert.equal(await page.evaluate(() => window.change), null);
  assert.deepEqual(troubles, []);
});
