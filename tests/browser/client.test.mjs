// The npm package in a page, against a running server: tokens by callback, and what it reads.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { Server, Staff } from '../harness.mjs';
import { launch, open } from './pages.mjs';

/** An upper bound on any one test, in milliseconds. */
const timeout = 60_000;

let server;
let staff;
let browser;

before(async () => {
  server = await Server.start();
  staff = new Staff(server);
  browser = await launch();
});

afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

/**
 * Connects in a page, whose client is `window.client`. `tokens` are given out one after another, the last
 * for ever; `reasons` collects why they were asked for, `used` which the operations went out with.
 */
async function connect(room, tokens) {
  const opened = await open(browser, `${server.url}/stage/`);
  const reasons = [];
  const used = [];
  opened.page.on('request', (request) => {
    if (request.method() === 'POST') used.push(request.headers().authorization?.replace('Bearer ', ''));
  });
  await opened.page.exposeFunction('nextToken', (reason) => tokens[Math.min(reasons.push(reason), tokens.length) - 1]);
  await opened.page.evaluate(async (room) => {
    const { connect } = await import('/sdk/index.js');
    window.given = 0;
    const token = async (reason) => {
      const next = await window.nextToken(reason);
      window.given += 1;
      return next;
    };
    window.client = await connect({ server: location.origin, room, token });
  }, room.id);
  return { ...opened, reasons, used };
}

const untilLive = (page) => page.waitForFunction(() => window.client.connection.state === 'live');
const join = (page, name) => page.evaluate((name) => window.client.join({ name }), name);

test('a token that is about to expire is replaced, for the socket and the operations', { timeout }, async () => {
  const room = await staff.openRoom({ anonymousRead: false });
  const tokens = ['30s', '1h'].map((ttl) => server.viewerToken(staff.tenantId, 'ada', { ttl }));
  const { page, reasons, used, troubles } = await connect(room, tokens);
  await untilLive(page);
  // The server warns at once of a token that has less than a minute.
  await page.waitForFunction(() => window.given === 2);
  await untilLive(page);

  assert.equal((await join(page, 'Ada')).ok, true);
  assert.equal(used.at(-1), tokens[1]);
  assert.deepEqual(reasons, ['start', 'expiring']);
  assert.deepEqual(troubles, []);
});

test('a refused token is replaced, and the page goes on by itself', { timeout }, async () => {
  const room = await staff.openRoom({ anonymousRead: false });
  const tokens = ['no.such.token', server.viewerToken(staff.tenantId, 'ben')];
  const { page, reasons, troubles } = await connect(room, tokens);

  await untilLive(page);
  const outsider = await page.evaluate(() => window.client.capabilities);
  const member = await page.evaluate(async () => (await window.client.join({ name: 'Ben' })).ok && window.client.capabilities);
  await page.waitForFunction(() => window.client.onlineCount === 1);
  const { me, participants } = await page.evaluate(() => {
    const { me, participants } = window.client;
    return { me, participants };
  });

  assert.equal(me.viewerId, 'ben');
  assert.deepEqual(participants.map(({ name, isOnline }) => [name, isOnline]), [['Ben', true]]);
  assert.deepEqual([outsider, member], [[], ['STAGE_SPEAK']]);
  assert.deepEqual(reasons, ['start', 'refused']);
  assert.deepEqual(troubles, []);
});

test('of two who act on one participant at once, the second is refused and told why', { timeout }, async () => {
  const room = await staff.openRoom();
  await staff.makeOwner(room.id, 'mira', 'Mira');
  const [host, guest] = await Promise.all(
    ['mira', 'ben'].map((subject) => connect(room, [server.viewerToken(staff.tenantId, subject)])),
  );
  await join(guest.page, 'Ben');
  await host.page.waitForFunction(() => window.client.participants.length === 2 && window.client.me !== null);

  const outcomes = await host.page.evaluate(async () => {
    const ben = window.client.participants.find(({ name }) => name === 'Ben');
    return [await window.client.rename('Benjamin', ben), await window.client.invite(ben)];
  });

  assert.equal(outcomes[0].participant.name, 'Benjamin');
  assert.equal(outcomes[1].refusal.code, 'STALE_VERSION');
  const ofNobody = await host.page.evaluate(() => window.client.invite(undefined).catch(String));
  assert.equal(ofNobody, 'TypeError: say who is meant: a participant, or their id');
});

test('a client that was closed is quiet and keeps what it knew', { timeout }, async () => {
  const room = await staff.openRoom();
  const { page, troubles } = await connect(room, [server.viewerToken(staff.tenantId, 'ada')]);
  await join(page, 'Ada');
  await page.waitForFunction(() => window.client.participants.length === 1);

  const after = await page.evaluate(async () => {
    let told = 0;
    window.client.addEventListener('change', () => (told += 1));
    window.client.close();
    window.client.close();
    await window.client.rename('Ada L.');
    const { participants, connection } = window.client;
    return { told, names: participants.map(({ name }) => name), state: connection.state };
  });

  const nameless = await page.evaluate(() => window.client.join().catch(String));
  assert.equal(nameless, 'TypeError: say under which name to join: join({ name })');
  assert.deepEqual(after, { told: 0, names: ['Ada'], state: 'disconnected' });
  assert.deepEqual(troubles, []);
});
