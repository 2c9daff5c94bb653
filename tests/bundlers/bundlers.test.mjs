// The packages in an application that each bundler builds, under a strict content security policy.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { Server, Staff } from '../harness.mjs';
import { EAGER_TRAIN, launch, level, open, untilLive } from '../browser/pages.mjs';
import { BUNDLERS, develop } from './bundle.mjs';

/** An upper bound on any one test, in milliseconds. */
const timeout = 90_000;

const TYPES = {
  '.html': 'text/html',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
};

/** Nothing inline, and nothing from elsewhere but what goes over the API. */
const policy = (parlor) =>
  [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    `connect-src 'self' ${parlor} ${parlor.replace('http', 'ws')}`,
    "font-src 'self'",
    "img-src 'self' data:",
    "style-src 'self'",
    "require-trusted-types-for 'script'",
  ].join('; ');

let site;
let folder;
let server;
let staff;
let browser;

before(async () => {
  site = createServer((request, response) => {
    const name = new URL(request.url, origin()).pathname;
    const file = join(folder, name.endsWith('/') ? `${name}index.html` : name);
    if (!existsSync(file)) return response.writeHead(404).end();
    response.writeHead(200, {
      'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
      'content-security-policy': policy(server.url),
    });
    return response.end(readFileSync(file));
  });
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  // The site's own origin, and that of the development server.
  server = await Server.start({ PARLOR_ALLOWED_ORIGIN: '*' });
  staff = new Staff(server);
  browser = await launch();
});

afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
});

after(async () => {
  await browser?.close();
  await server?.stop();
  site?.close();
  site?.closeAllConnections();
});

function origin() {
  return `http://127.0.0.1:${site.address().port}`;
}

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
    folder = await build();
    await see(origin());
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
