// What a page is told of how the picture is timed, by the element and by the client, and in which forms both take a
// time.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { Server, Staff } from '../harness.mjs';
import { launch, untilLive } from './pages.mjs';
import { Site, overlay, script } from './site.mjs';

/** An upper bound on any one test, in milliseconds. */
const timeout = 60_000;

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

/** What a player may say of `at`, milliseconds since 1970, and be believed. */
const TIMES = {
  'a number': (at) => at,
  'a date': (at) => new Date(at),
  'a date of another window': (at) => {
    const frame = document.body.appendChild(document.createElement('iframe'));
    return new frame.contentWindow.Date(at);
  },
  "a library's date": (at) => ({ valueOf: () => at }),
  'a bigint': (at) => BigInt(Math.trunc(at)),
};

/** What it may not: a text has a zone that is anybody's guess. */
const NO_TIMES = {
  'a text': (at) => new Date(at).toISOString(),
  'a text of digits': (at) => String(at),
  'no date': () => new Date(NaN),
  'nothing': () => undefined,
  'null': () => null,
  'a truth': () => true,
  'a list': (at) => [at],
  'an object': () => ({}),
  'what throws': () => ({ valueOf: () => { throw new Error('odd'); } }),
  'a symbol': () => Symbol('odd'),
};

/** Opens a page with an overlay whose player says what `window.say` returns, and which notes in `window.told` what it tells. */
async function visit(room, attributes = '') {
  const before = () => {
    window.told = [];
    addEventListener('parlor-sync', ({ target, detail }) => window.told.push([detail.source, target.syncSource]), true);
  };
  const opened = await site.visit(browser, overlay(server, room, attributes) + script(server), { before });
  await untilLive(opened.page);
  return opened;
}

/** Attaches a player that says where its picture is by `say`, a function's text, of where it should be. */
const attach = (page, say) =>
  page.evaluate((say) => {
    const where = new Function(`return ${say}`)();
    window.asked = 0;
    document.querySelector('parlor-overlay').player = {
      playhead: () => ((window.asked += 1), { positionMs: where(Date.now() - 1_000), playing: true }),
    };
  }, String(say));

const untilSource = (page, source) =>
  page.waitForFunction((source) => document.querySelector('parlor-overlay').syncSource === source, source);

test('an element without a player tells so, and one in the source that it needs none', { timeout }, async () => {
  const room = await staff.openRoom();
  for (const [placement, source] of [['source', 'arrival'], ['companion', 'delay'], ['player', 'awaited']]) {
    const { page } = await visit(room, `placement="${placement}"`);
    await untilSource(page, source);
  }
});

test('that a player is refused is said in the console once, with what it said, and again of the next', { timeout }, async () => {
  const room = await staff.openRoom();
  const { page, said, troubles } = await visit(room);
  await attach(page, '() => 4711');
  await page.waitForFunction(() => window.asked > 10);
  // Believed for a while, and refused again.
  await attach(page, '(at) => (window.asked % 4 === 3 ? 4712 : at)');
  await page.waitForFunction(() => window.asked > 20);

  assert.equal(said.length, 2, said.join('\n'));
  for (const [index, what] of ['4711', '4712'].entries()) {
    assert.match(said[index], /^warning: parlor: the player says what cannot be/);
    assert.ok(said[index].includes(`positionMs: ${what}`), said[index]);
  }
  // Nothing is said of one that does not know yet, though the last one was refused.
  await page.evaluate(() => (document.querySelector('parlor-overlay').player = { playhead: () => ((window.asked += 1), null) }));
  await page.waitForFunction(() => window.asked > 30);
  assert.equal(said.length, 2, said.join('\n'));
  await untilSource(page, 'playhead-lost');
  await page.evaluate(() => (document.querySelector('parlor-overlay').player = { playhead() { throw new Error('out of order'); } }));
  await untilSource(page, 'playhead-refused');
  assert.equal(said.length, 3, said.join('\n'));
  assert.ok(said[2].includes('out of order'), said[2]);
  // Two in a row, of which the page hears nothing.
  const { length } = await page.evaluate(() => window.told);
  await attach(page, '() => 4713');
  await page.waitForFunction(() => window.asked > 10);
  assert.equal(said.length, 4, said.join('\n'));
  assert.equal(await page.evaluate(() => window.told.length), length);
  assert.deepEqual(troubles, []);
});

test('what is no time is refused by the element, whatever it is, and said', { timeout }, async () => {
  const room = await staff.openRoom();
  const { page, said, troubles } = await visit(room);
  for (const [index, [what, say]] of Object.entries(NO_TIMES).entries()) {
    await attach(page, '(at) => at');
    await untilSource(page, 'playhead');
    await attach(page, say);
    await untilSource(page, 'playhead-refused');
    assert.equal(said.length, index + 1, `${what}\n${said.join('\n')}`);
  }
  assert.deepEqual(troubles, []);
});

test('a date that a player of a video is given as a text is refused and said, not taken for none', { timeout }, async () => {
  const room = await staff.openRoom();
  const { page, said } = await visit(room);
  await page.evaluate(async (server) => {
    const { fromVideo } = await import(`${server}/players.js`);
    const video = document.createElement('video');
    document.querySelector('parlor-overlay').player = fromVideo(video, { dateAt: () => new Date().toISOString() });
  }, server.url);
  await untilSource(page, 'playhead-refused');

  assert.equal(said.length, 1, said.join('\n'));
});

/** Follows the room as `window.client`. */
async function connect(room, options = {}) {
  const opened = await site.visit(browser, '');
  await opened.page.evaluate(async ({ url, room, options }) => {
    const { connect } = await import(`${url}/sdk/index.js`);
    window.connect = (more) => connect({ server: url, room, ...more });
    window.client = await window.connect(options);
  }, { url: server.url, room: room.id, options: { placement: 'player', ...options } });
  await opened.page.waitForFunction(() => window.client.connection.state === 'live' && window.client.clockErrorMs !== null);
  return opened;
}

test('a client says what its picture is timed by, what was read, and how often it was refused', { timeout }, async () => {
  const room = await staff.openRoom();
  const { page, said, troubles } = await connect(room);
  const seen = await page.evaluate(() => {
    const { client } = window;
    const sight = () => [client.syncSource, client.playheadQuality, client.stats.playheadsRefused];
    const report = (aheadMs, fields) => {
      client.setPlayhead({ positionMs: Date.now() + aheadMs, playing: true, ...fields });
      return sight();
    };
    return {
      atFirst: sight(),
      read: report(-1_000),
      ofFrame: report(-1_000, { quality: 'frame' }),
      ofClock: report(-1_000, { quality: 'clock' }),
      ahead: report(7_200_000, { quality: 'frame' }),
      aheadAgain: report(7_200_000),
      noNumber: report(NaN),
      noRate: report(-1_000, { rate: Infinity }),
      good: report(-1_000),
      none: (client.setNoPlayhead(), sight()),
    };
  });

  assert.deepEqual(seen, {
    atFirst: ['awaited', null, 0],
    read: ['playhead', 'clock', 0],
    ofFrame: ['playhead', 'frame', 0],
    ofClock: ['playhead', 'clock', 0],
    ahead: ['playhead-refused', null, 1],
    aheadAgain: ['playhead-refused', null, 2],
    noNumber: ['playhead-refused', null, 3],
    noRate: ['playhead-refused', null, 4],
    good: ['playhead', 'clock', 4],
    none: ['delay', null, 4],
  });
  assert.equal(said.length, 1, said.join('\n'));
  const closed = await page.evaluate(() => {
    window.client.close();
    return [window.client.syncSource, window.client.playheadQuality, window.client.stats.playheadsRefused];
  });
  assert.deepEqual(closed, [null, null, 4]);
  assert.deepEqual(troubles, []);
});

test('a picture of which nothing is heard any more is lost to the client', { timeout }, async () => {
  const room = await staff.openRoom();
  const { page } = await connect(room);
  await page.evaluate(() => window.client.setPlayhead({ positionMs: Date.now() - 1_000, playing: true }));
  await page.waitForFunction(() => window.client.syncSource === 'playhead-lost');
  assert.equal(await page.evaluate(() => window.client.playheadQuality), null);

  for (const [placement, source] of [['source', 'arrival'], ['companion', 'delay']]) {
    const other = await connect(room, { placement });
    assert.deepEqual(await other.page.evaluate(() => [window.client.syncSource, window.client.playheadQuality]), [source, null]);
  }
});

test('wherever the client takes a time, it takes one in the same forms', { timeout }, async () => {
  const room = await staff.openRoom();
  await staff.makeOwner(room.id, 'mira', 'Mira');
  const { page, troubles } = await connect(room, { token: server.viewerToken(staff.tenantId, 'mira') });
  await page.waitForFunction(() => window.client.me !== null);
  await page.evaluate(async (token) => {
    const guest = await window.connect({ token });
    window.guest = (await guest.join({ name: 'Ben' })).participant;
    guest.close();
  }, server.viewerToken(staff.tenantId, 'ben'));
  /** What comes of a time at each place where one is taken. */
  const give = (say) =>
    page.evaluate(async (say) => {
      const { client } = window;
      const make = new Function(`return ${say}`)();
      client.setPlayhead({ positionMs: make(Date.now() - 1_000), playing: true });
      const started = await window.connect({ startAt: make(Date.now() - 1_000) }).then((other) => (other.close(), 'taken'), String);
      const granted = await client
        .grant(window.guest, 'STAGE_INVITE', { expiresAt: make(Date.now() + 3_600_000) })
        .then(({ ok, participant, refusal }) => (ok ? ((window.guest = participant), 'taken') : refusal.code), String);
      return [client.syncSource, started, granted];
    }, String(say));

  for (const [what, say] of Object.entries(TIMES)) assert.deepEqual(await give(say), ['playhead', 'taken', 'taken'], what);
  const no = (name) => `TypeError: ${name} is no time: give milliseconds since 1970, or a Date`;
  for (const [what, say] of Object.entries(NO_TIMES)) {
    // To say nothing of where to start, or of an end, is to want none.
    const startAt = ['nothing', 'null'].includes(what) ? 'taken' : no('startAt');
    const expiresAt = what === 'nothing' ? 'taken' : no('expiresAt');
    assert.deepEqual(await give(say), ['playhead-refused', startAt, expiresAt], what);
  }
  assert.deepEqual(troubles, []);
});
