// The element as another site embeds it: from another origin, over a player of the site's own.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { Server, Staff } from '../harness.mjs';
import { EAGER_TRAIN, launch, level, open, shown, untilLive, untilShown } from './pages.mjs';

/** An upper bound on any one test, in milliseconds. */
const timeout = 90_000;

/** As strict as a site can be: no inline scripts, no foreign code but the overlay's. */
const policy = (parlor) =>
  [
    "default-src 'none'",
    `script-src 'self' 'wasm-unsafe-eval' ${parlor}`,
    `connect-src ${parlor} ${parlor.replace('http', 'ws')}`,
    `font-src ${parlor}`,
    "style-src 'self'",
  ].join('; ');

/** The site's script: a player whose picture lies a settable time behind the server's clock. */
const SCRIPT = `
  let latency = 2_000, pausedAt = null, seeks = 0;
  const player = {
    playhead: () => ({ positionMs: pausedAt ?? Date.now() - latency, playing: pausedAt === null, rate: 1, seeks }),
    pause: () => { pausedAt = Date.now() - latency; },
    play: () => { latency = Date.now() - pausedAt; pausedAt = null; },
    seek: (positionMs) => { seeks += 1; latency = Date.now() - positionMs; },
  };
  window.player = player;
  window.picture = () => player.playhead().positionMs;
  customElements.whenDefined('parlor-overlay').then(() =>
    document.querySelector('parlor-overlay').attachPlayer(player));
`;

const STYLE = 'parlor-overlay { position: absolute; inset: 0; }';

/** What the site serves beside its page, as `[type, text]`. */
const FILES = {
  '/site.js': ['text/javascript', SCRIPT],
  '/site.css': ['text/css', STYLE],
};

let server;
let site;
let staff;
let browser;
let body;

before(async () => {
  site = createServer((request, response) => {
    const [type, text] = FILES[request.url] ?? ['text/html', body];
    response.setHeader('content-type', type);
    response.setHeader('content-security-policy', policy(server.url));
    response.end(text);
  });
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  server = await Server.start({ PARLOR_ALLOWED_ORIGIN: origin() });
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
});

function origin() {
  return `http://127.0.0.1:${site.address().port}`;
}

async function openSite(room) {
  body = `<!doctype html><title>A site</title><link rel="stylesheet" href="/site.css">
    <parlor-overlay server="${server.url}" room="${room.id}" placement="player"></parlor-overlay>
    <script type="module" src="${server.url}/parlor-overlay.js"></script>
    <script type="module" src="/site.js"></script>`;
  const opened = await open(browser, origin());
  await untilLive(opened.page);
  return opened;
}

test('an event waits for the picture, through a pause and a seek forward', { timeout }, async () => {
  const room = await staff.openRoom({ hypeTrainProgram: EAGER_TRAIN, delayMs: 8_000 });
  const { page, troubles } = await openSite(room);

  await staff.donate(room.id, { message: 'in step' });
  const inStep = await untilShown(page, 'in step');
  const behind = inStep.shownAt - inStep.occurredAt;
  assert.ok(behind >= 1_950 && behind < 4_000, `shown ${behind} ms after it happened, 2 s behind`);

  await page.evaluate(() => window.player.pause());
  const { occurredAt } = await staff.donate(room.id, { message: 'held back' });
  // The paused picture lies two seconds before it; a later event that was let through would show.
  await page.waitForFunction((until) => Date.now() > until, Date.parse(occurredAt) + 3_000);
  assert.deepEqual((await shown(page)).filter((event) => event.contribution?.message === 'held back'), []);

  await page.evaluate((to) => { window.player.play(); window.player.seek(to); }, Date.parse(occurredAt) + 100);
  await untilShown(page, 'held back');
  assert.deepEqual(troubles, []);
});

test('while the picture stands an alert stays, and leaves once it goes on', { timeout }, async () => {
  const room = await staff.openRoom({ delayMs: 8_000 });
  const { page, troubles } = await openSite(room);
  const alert = page.locator('parlor-overlay [part="alert"]').getByText('stays');
  const one = await staff.donate(room.id, { message: 'stays' });
  await alert.waitFor();
  await page.evaluate(() => window.player.pause());
  // Twice as long as the longest alert is on stage.
  const longAfter = Date.parse(one.occurredAt) + 16_000;
  await page.waitForFunction((until) => Date.now() > until, longAfter);
  assert.ok(await alert.isVisible());

  await page.evaluate(() => window.player.play());
  await alert.waitFor({ state: 'hidden' });
  assert.deepEqual(troubles, []);
});

test('after a seek back the train is as it was, and comes again', { timeout }, async () => {
  const room = await staff.openRoom({ hypeTrainProgram: EAGER_TRAIN });
  const { page } = await openSite(room);
  const first = await staff.donate(room.id, { amount: 600, message: 'to level one' });
  await untilShown(page, 'to level one');
  await page.waitForFunction(
    (until) => window.picture() > until,
    Date.parse(first.occurredAt) + 2_000,
  );
  const second = await staff.donate(room.id, { amount: 900, message: 'to level two' });
  await untilShown(page, 'to level two');
  await level(page).getByText('2', { exact: true }).waitFor();

  const between = (Date.parse(first.occurredAt) + Date.parse(second.occurredAt)) / 2;
  await page.evaluate((to) => window.player.seek(to), between);
  await level(page).getByText('1', { exact: true }).waitFor();
  assert.ok((await page.evaluate(() => window.picture())) < Date.parse(second.occurredAt));

  await level(page).getByText('2', { exact: true }).waitFor();
  assert.ok((await page.evaluate(() => window.picture())) >= Date.parse(second.occurredAt));
});

test('the client is imported, follows a room and joins it from another origin', { timeout }, async () => {
  const room = await staff.openRoom();
  const { page, troubles } = await openSite(room);

  const outcome = await page.evaluate(
    async ({ url, room, token }) => {
      const { connect } = await import(`${url}/sdk/index.js`);
      const client = await connect({ server: url, room, token });
      const followed = new Promise((done) =>
        client.addEventListener('change', () => client.participants.length === 1 && done(client.participants[0].name)),
      );
      return [(await client.join({ name: 'Ada' })).ok, await followed];
    },
    { url: server.url, room: room.id, token: server.viewerToken(staff.tenantId, 'ada') },
  );

  assert.deepEqual(outcome, [true, 'Ada']);
  assert.deepEqual(troubles, []);
});

test('an origin that is not allowed cannot connect', { timeout }, async () => {
  const room = await staff.openRoom();
  body = `<!doctype html><parlor-overlay server="${server.url}" room="${room.id}"></parlor-overlay>
    <script type="module" src="${server.url}/parlor-overlay.js"></script>`;

  const { page } = await open(browser, origin().replace('127.0.0.1', 'localhost'));
  await page.waitForFunction(() => window.connections.includes('waiting'));

  assert.ok(!(await page.evaluate(() => window.connections)).includes('live'));
});
