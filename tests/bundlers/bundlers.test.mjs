// The packages in an application that each bundler builds, under a strict content security policy.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { Server, Staff } from '../harness.mjs';
import { EAGER_TRAIN, launch, level, open, untilLive } from '../browser/pages.mjs';
import { BUNDLERS, develop } from './bundle.mjs';
import { StaticSite } from './static_site.mjs';

/** An upper bound on any one test, in milliseconds. */
const timeout = 90_000;

let site;
let server;
let staff;
let browser;

before(async () => {
  site = await StaticSite.start();
  // The site's own origin, and that of the development server.
  server = await Server.start({ PARLOR_ALLOWED_ORIGIN: '*' });
  site.allow(server);
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

/** Opens the application that is served at `at`, and sees both packages work there. */
async function see(at) {
  const room = await staff.openRoom({ hypeTrainProgram: EAGER_TRAIN, delayMs: 0 });
  const url = new URL('/', at);
  for (const of of [server.url, room.id]) url.searchParams.append('of', of);
  const { page, troubles } = await open(browser, 'about:blank');
  const sockets = [];
  page.on('websocket', (socket) => socket.url().startsWith(server.socketUrl) && sockets.push(socket));
  await page.addInitScript(() => {
    window.violations = [];
    addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
      window.violations.push(`${violatedDirective}: ${blockedURI}`));
  });
  await page.goto(url.href);

  await untilLive(page);
  await page.waitForFunction(() => window.client?.connection.state === 'live');
  await staff.donate(room.id, { amount: 1_200 });
  await level(page).getByText('2', { exact: true }).waitFor();
  await page.waitForFunction(() => window.client.train?.level === 2);
  await page.waitForFunction(() => [...document.fonts].some((font) => font.status === 'loaded'));

  assert.equal(sockets.length, 1, 'both share one connection');
  assert.deepEqual(await page.evaluate(() => window.violations), []);
  assert.deepEqual(troubles, []);
}

for (const [name, build] of Object.entries(BUNDLERS)) {
  test(`an application built by ${name} shows the overlay and follows the room`, { timeout }, async () => {
    site.folder = await build();
    await see(site.origin);
  });
}

test("so does one on Vite's development server", { timeout }, async () => {
  const development = await develop();
  try {
    await see(development.resolvedUrls.local[0]);
  } finally {
    await development.close();
  }
});
