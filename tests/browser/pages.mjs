// A real Chromium, and what the tests ask of a page with an overlay in it.

import { chromium } from 'playwright-core';
import { inflateSync } from 'node:zlib';

/** How long anything on a page may take, in milliseconds. The longest wait is 30 s behind. */
export const PATIENCE_MS = 45_000;

/** A train that starts with the first contribution, so that a test need not bring an audience. */
export const EAGER_TRAIN = {
  kickoffEvents: 1,
  kickoffViewers: 1,
  kickoffWindowMs: 60_000,
  levels: [{ goal: '1000', reward: 'a hat' }, { goal: '2000', reward: null }],
  secondsPerLevel: 300,
  cooldownMs: 0,
};

/** Starts a browser, with `args` beside what all tests want. */
export async function launch(args = []) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM_BIN ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // Several pages are watched at once; none may be slowed down for being in the background.
      '--disable-background-timer-throttling',
      '--disable-backgrounding-occluded-windows',
      '--disable-renderer-backgrounding',
      ...args,
    ],
  });
}

/** Opens `url` in a page that writes down what its overlays show. */
export async function open(browser, url, { viewport = { width: 1280, height: 720 } } = {}) {
  const context = await browser.newContext({ viewport });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const troubles = [];
  page.on('pageerror', (error) => troubles.push(error.message));
  await page.addInitScript(() => {
    window.shown = [];
    window.connections = [];
    // The events do not bubble, but they can be captured on their way down.
    addEventListener('parlor-event', ({ target, detail }) => {
      const placement = target.getAttribute('placement');
      window.shown.push({ ...detail, placement, shownAt: Date.now() });
    }, true);
    addEventListener('parlor-connection', ({ detail }) => window.connections.push(detail.state), true);
  });
  await page.goto(url);
  return { page, troubles };
}

/** Waits until the page's overlay follows its room. */
export async function untilLive(page, options) {
  await page.waitForFunction(() => window.connections.at(-1) === 'live', undefined, options);
}

/** Waits until a contribution with this message has been shown, and returns it. Looks with every frame, unless told. */
export async function untilShown(page, message, options) {
  const handle = await page.waitForFunction(
    (message) => window.shown.find((event) => event.contribution?.message === message),
    message,
    options,
  );
  return handle.jsonValue();
}

/** Everything that the page has shown, in order. */
export async function shown(page) {
  return page.evaluate(() => window.shown);
}

/** Waits until the overlay of `page` has the train at `level`, with `progress` towards its goal. */
export async function stage(page, { level, progress }) {
  const there = `[data-train-level="${level}"][data-train-progress="${progress}"]`;
  await page.locator(`parlor-overlay [part="stage"]${there}`).waitFor({ state: 'attached' });
}

/** What the train's engine says: the level, as a viewer reads it. */
export function level(page) {
  return page.locator('parlor-overlay [part="level"]').first();
}

/** The opacity of a screenshot's first pixel, from 0 to 255. */
export function cornerOpacity(png) {
  const parts = [];
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(png.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  // After the row's filter byte: red, green, blue, alpha. A first pixel has nothing to differ from.
  return inflateSync(Buffer.concat(parts))[4];
}
