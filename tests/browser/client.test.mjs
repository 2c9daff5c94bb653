// The npm package in a page, against a running server: tokens by callback, and what it reads.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open } from './pages.mjs';
import { browser, server, staff, setUp } from './world.mjs';

/** An upper bound on any one test, in milliseconds. */
const timeout = 60_000;

setUp();

/**
 * Connects in a page, whose client is `window.client`. `tokens` are given out one after another, the last
 * for ever, and `null` is a source that fails; `reasons` collects why they were asked for, `used` which the
 * operations went out with, `window.told` what the client told.
 */
async function connect(room, tokens, options = {}) {
  const opened = await open(browser, `${server.url}/stage/`);
  const reasons = [];
  const used = [];
  opened.page.on('request', (request) => {
    if (request.method() === 'POST') used.push(request.headers().authorization?.replace('Bearer ', ''));
  });
  await opened.page.exposeFunction('nextToken', (reason) => tokens[Math.min(reasons.push(reason), tokens.length) - 1]);
  await opened.page.evaluate(async ({ room, options }) => {
    const { connect } = await import('/sdk/index.js');
    window.given = 0;
    window.told = [];
    const token = async (reason) => {
      const next = await window.nextToken(reason);
      if (next === null) throw new Error('no token now');
      window.given += 1;
      return next;
    };
    window.client = await connect({ server: location.origin, room, token, ...options });
    for (const type of ['event', 'replaced', 'fault']) {
      window.client.addEventListener(type, ({ detail }) => window.told.push({ type, detail: detail?.message ?? detail }));
    }
  }, { room: room.id, options });
  return { ...opened, reasons, used };
}

const untilLive = (page) => page.waitForFunction(() => window.client.connection.state === 'live');
const told = (page, type) => page.evaluate((type) => window.told.filter((one) => one.type === type).map(({ detail }) => detail), type);
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

for (const [what, steps] of [
  ['closed', [['close']]],
  ['given another token, told to connect anew and closed', [['setToken', 'no.such.token'], ['reconnect'], ['close']]],
  ['paused, resumed and closed', [['pause'], ['resume'], ['close']]],
]) {
  test(`a client that is ${what} within an event of its own lets go of its socket`, { timeout }, async () => {
    const room = await staff.openRoom();
    const { page, troubles } = await open(browser, `${server.url}/stage/`);
    const sockets = [];
    page.on('websocket', (socket) => sockets.push(socket));
    await page.evaluate(async ({ room, steps }) => {
      const { connect } = await import('/sdk/index.js');
      window.client = await connect({ server: location.origin, room });
      const act = () => steps.forEach(([step, ...given]) => window.client[step](...given));
      // Told while the client is being called, and before the socket that it asks for is made.
      window.again = () => {
        window.client.addEventListener('connection', act, { once: true });
        window.client.reconnect();
      };
    }, { room: room.id, steps });
    await untilLive(page);
    await page.evaluate(() => window.again());
    await page.waitForFunction(() => window.client.connection.state === 'disconnected');
    for (const socket of sockets) if (!socket.isClosed()) await socket.waitForEvent('close');

    assert.deepEqual(troubles, []);
  });
}

test('a source of tokens that fails is asked again, at the start and before the end', { timeout }, async () => {
  const room = await staff.openRoom({ anonymousRead: false });
  const [short, long] = ['30s', '1h'].map((ttl) => server.viewerToken(staff.tenantId, 'ada', { ttl }));
  const { page, reasons, used, troubles } = await connect(room, [null, short, null, null, long]);
  await page.waitForFunction(() => window.given === 2);
  await untilLive(page);

  assert.equal((await join(page, 'Ada')).ok, true);
  assert.equal(used.at(-1), long);
  assert.deepEqual(reasons, ['start', 'start', 'expiring', 'expiring', 'expiring']);
  assert.deepEqual((await told(page, 'fault')), ['no token now', 'no token now']);
  assert.deepEqual(troubles, []);
});

test('a module that could not be loaded is loaded again', { timeout }, async () => {
  const room = await staff.openRoom();
  const { page } = await open(browser, `${server.url}/stage/`);
  const tries = [];
  await page.route('**/sdk/*.wasm', (route) => (tries.push(1) < 3 ? route.abort() : route.continue()));

  await page.evaluate(async (room) => {
    const { connect } = await import('/sdk/index.js');
    window.client = await connect({ server: location.origin, room });
  }, room.id);

  await untilLive(page);
  assert.equal(tries.length, 3);
});

test('a client is waited for until its signal is aborted, and can be connected after that', { timeout }, async () => {
  const room = await staff.openRoom();
  const { page } = await open(browser, `${server.url}/stage/`);
  await page.route('**/sdk/*.wasm', (route) => route.abort());

  const why = await page.evaluate(async (room) => {
    const { connect } = await import('/sdk/index.js');
    window.begin = (signal) => connect({ server: location.origin, room, signal });
    return window.begin(AbortSignal.timeout(200)).catch(({ name }) => name);
  }, room.id);
  await page.unroute('**/sdk/*.wasm');
  await page.evaluate(async () => {
    window.ending = new AbortController();
    window.client = await window.begin(window.ending.signal);
  });
  await untilLive(page);
  const after = await page.evaluate(async () => {
    const reading = new AbortController();
    const read = window.client.listParticipants({ signal: reading.signal }).catch(({ name }) => name);
    reading.abort();
    const end = window.client.connection.state;
    window.ending.abort();
    return [await read, end, window.client.connection.state];
  });

  assert.equal(why, 'TimeoutError');
  assert.deepEqual(after, ['AbortError', 'live', 'disconnected']);
});

test('a seek asks nothing of the server but the picture', { timeout }, async () => {
  const room = await staff.openRoom();
  const { page, used } = await connect(room, [server.viewerToken(staff.tenantId, 'ada')], { placement: 'player' });
  await untilLive(page);
  await page.evaluate(() => window.client.setPlayhead({ positionMs: Date.now() - 2_000, playing: true }));
  assert.equal((await join(page, 'Ada')).ok, true);
  await page.waitForFunction(() => window.client.me !== null);
  const before = used.length;

  // Not further back than a room that has only just begun may be believed to reach.
  for (const behindMs of [50_000, 5_000, 30_000]) {
    const { length } = await told(page, 'replaced');
    await page.evaluate((behindMs) => window.client.setPlayhead({ positionMs: Date.now() - behindMs, playing: true, seeks: behindMs }), behindMs);
    await page.waitForFunction((length) => window.told.filter(({ type }) => type === 'replaced').length > length, length);
  }
  // An operation of its own comes after whatever the seeks have asked.
  await page.evaluate(() => window.client.listParticipants());

  assert.equal(used.length - before, 1);
});

test('a connection that goes on where it was asks for nothing anew', { timeout }, async () => {
  const room = await staff.openRoom();
  const { page, used } = await connect(room, [server.viewerToken(staff.tenantId, 'ada')]);
  await untilLive(page);
  const before = used.length;

  await page.evaluate(() => window.client.pause());
  await page.waitForFunction(() => window.client.connection.state === 'paused');
  await page.evaluate(() => window.client.resume());
  await untilLive(page);

  await page.evaluate(() => window.client.listParticipants());
  assert.equal(used.length - before, 1);
});

test('events carry what they are about, and a client says where it is', { timeout }, async () => {
  const room = await staff.openRoom();
  const { page } = await connect(room, [server.viewerToken(staff.tenantId, 'ada')]);
  await untilLive(page);
  const donation = await staff.donate(room.id, { message: 'hello' });
  await staff.graphql('mutation($id: ID!) { r: updateRoom(id: $id, input: { version: 1, title: "Another" }) { __typename } }', { id: room.id });
  await staff.graphql('mutation($id: ID!) { r: endSession(input: { roomId: $id }) { __typename } }', { id: room.id });
  await page.waitForFunction(() => window.told.some(({ detail }) => detail?.type === 'SessionEnded') && window.told.some(({ detail }) => detail?.contribution));

  const events = await told(page, 'event');
  const of = (type) => events.find((event) => event.type === type);
  assert.equal(of('ContributionReceived').contribution.id, donation.id);
  assert.equal(of('RoomUpdated').room.title, 'Another');
  assert.ok(of('SessionEnded').session.endedAt > 0);
  const { pictureTime, position, clockErrorMs, stats, now } = await page.evaluate(() => {
    const { pictureTime, position, clockErrorMs, stats } = window.client;
    return { pictureTime, position, clockErrorMs, stats, now: Date.now() };
  });
  assert.ok(Math.abs(pictureTime - now) < 5_000, `${pictureTime - now} ms off`);
  assert.ok(position >= pictureTime);
  assert.ok(clockErrorMs >= 0 && clockErrorMs < 1_000, `${clockErrorMs} ms`);
  assert.equal(stats.shown, events.length);
  const kept = await page.evaluate(() => {
    window.client.close();
    return [window.client.position, window.client.stats.shown, window.client.pictureTime];
  });
  assert.deepEqual([kept[0] >= position, kept[1], kept[2]], [true, stats.shown, null]);
});

test('a page goes on where another one was', { timeout }, async () => {
  const room = await staff.openRoom();
  const token = server.viewerToken(staff.tenantId, 'ada');
  const first = await connect(room, [token]);
  await untilLive(first.page);
  // What happens within the clock's error of where a page has got to may be before or after it.
  const startAt = await first.page.evaluate(() => {
    const { clockErrorMs } = window.client;
    window.client.close();
    return window.client.position - clockErrorMs;
  });
  await staff.donate(room.id, { message: 'meanwhile' });

  const second = await connect(room, [token], { startAt });
  await second.page.waitForFunction(() => window.told.some(({ detail }) => detail?.contribution?.message === 'meanwhile'));

  const odd = await second.page.evaluate(async () => {
    const { connect } = await import('/sdk/index.js');
    return connect({ server: location.origin, room: 'x', startAt: NaN }).catch(String);
  });
  assert.equal(odd, 'TypeError: startAt is no time: give milliseconds since 1970, or a Date');
});

/**
 * Has a player's picture play for so long, with a reading at every frame. A client that has just connected still
 * finds out the server's time, and a span that it corrects meanwhile is cut: three seconds have a whole one.
 */
const playFor = (page, ms) => page.evaluate((ms) => new Promise((done) => {
  const began = performance.now();
  const positionMs = Date.now() - 2_000;
  const frame = () => {
    const playedMs = performance.now() - began;
    window.client.setPlayhead({ positionMs: positionMs + playedMs, playing: true });
    if (playedMs < ms) requestAnimationFrame(frame);
    else done();
  };
  frame();
}), ms);

test('what a player has played is told to the server, and kept until it was', { timeout }, async () => {
  const room = await staff.openRoom();
  const { page } = await connect(room, [server.viewerToken(staff.tenantId, 'ada')], { placement: 'player' });
  await untilLive(page);
  await page.waitForFunction(() => window.client.clockErrorMs !== null);
  const reports = [];
  page.on('request', (request) => {
    const { query, variables } = request.method() === 'POST' ? request.postDataJSON() : {};
    if (query?.includes('reportWatching')) reports.push(variables.input);
  });
  await playFor(page, 3_000);
  await page.evaluate(() => window.client.reportWatched());
  assert.equal(reports.length, 0, 'whoever has not joined earns nothing');

  assert.equal((await join(page, 'Ada')).ok, true);
  // Without a network it is kept, and is no fault.
  await page.route('**/graphql', (route) => route.abort());
  await page.evaluate(() => window.client.reportWatched());
  assert.deepEqual(await page.evaluate(() => window.client.watched), []);
  assert.deepEqual(await told(page, 'fault'), []);
  await page.unroute('**/graphql');
  await page.evaluate(() => {
    window.client.addEventListener('watched', ({ detail }) => (window.watched = detail));
    return window.client.reportWatched();
  });
  assert.equal(reports[0].lease, null);
  const [news, known] = await page.evaluate(() => [window.watched, window.client.watched]);
  assert.deepEqual(known, news);
  const seconds = known.map(({ playedSeconds }) => playedSeconds).reduce((sum, one) => sum + one);
  assert.ok(seconds >= 1 && seconds <= 5, JSON.stringify(known));
  for (const { minute, outcome, points } of known) {
    assert.equal(minute % 60_000, 0);
    assert.deepEqual([outcome, points], [null, 0]);
  }

  // With the next report the server sees that it was here before.
  await page.evaluate(() => window.client.reportWatched());
  assert.match(reports.at(-1).lease, /^[\w-]{50,}$/);
});

test('what one viewer has watched is not told as another, and a client that closes tells the rest', { timeout }, async () => {
  const room = await staff.openRoom();
  const [ada, ben] = ['ada', 'ben'].map((name) => server.viewerToken(staff.tenantId, name));
  const { page } = await connect(room, [ada], { placement: 'player' });
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  const reports = [];
  page.on('request', (request) => {
    if (request.method() !== 'POST' || !request.postDataJSON().query.includes('reportWatching')) return;
    reports.push({ token: request.headers().authorization, spans: request.postDataJSON().variables.input.spans.length });
  });
  await untilLive(page);
  await page.waitForFunction(() => window.client.clockErrorMs !== null);
  assert.equal((await join(page, 'Ada')).ok, true);
  await playFor(page, 3_000);
  await page.evaluate(() => window.client.reportWatched());
  assert.equal((await page.evaluate(() => window.client.watched)).length > 0, true);

  await page.evaluate((token) => window.client.setToken(token), ben);
  await page.waitForFunction(() => window.client.me === null);
  assert.equal((await join(page, 'Ben')).ok, true);
  await page.waitForFunction(() => window.client.me?.name === 'Ben');
  await page.evaluate(() => window.client.reportWatched());
  assert.deepEqual(await page.evaluate(() => window.client.watched), []);
  // The first lease is asked for by itself.
  const tellers = () => [...new Set(reports.map(({ token }) => token))];
  assert.deepEqual(tellers(), [`Bearer ${ada}`]);

  await playFor(page, 3_000);
  const last = page.waitForResponse((response) => response.request().postData()?.includes('reportWatching') ?? false);
  await page.evaluate(() => window.client.close());
  await (await last).finished();
  await page.evaluate(() => window.client.reportWatched());
  assert.deepEqual(tellers(), [`Bearer ${ada}`, `Bearer ${ben}`]);
  assert.deepEqual(errors, []);
});

test('a picture that stands, and an app that says so, tell nothing', { timeout }, async () => {
  const room = await staff.openRoom();
  for (const [options, playing] of [[{ reportsWatching: false }, true], [{}, false], [{ placement: 'companion' }, true]]) {
    const { page } = await connect(room, [server.viewerToken(staff.tenantId, 'ben')], { placement: 'player', ...options });
    await untilLive(page);
    await page.waitForFunction(() => window.client.clockErrorMs !== null);
    assert.equal((await join(page, 'Ben')).ok, true);
    let reports = 0;
    page.on('request', (request) => {
      if (request.method() === 'POST' && request.postDataJSON().query.includes('reportWatching')) reports += 1;
    });
    if (playing) await playFor(page, 1_500);
    else for (const positionMs of [0, 0, 0]) await page.evaluate((ms) => window.client.setPlayhead({ positionMs: Date.now() - 2_000 + ms, playing: false }), positionMs);
    await page.evaluate(() => window.client.reportWatched());
    await page.evaluate(() => window.client.close());
    assert.equal(reports, 0, JSON.stringify(options));
    assert.deepEqual(await page.evaluate(() => window.client.watched), []);
  }
});
