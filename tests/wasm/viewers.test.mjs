// Who is signed in changes while something is under way: nothing of one viewer is asked, kept or said as another.

import assert from 'node:assert/strict';
import { register } from 'node:module';
import { afterEach, beforeEach, test } from 'node:test';
import { openSocket } from '../../sdk-wasm/npm/sockets.js';
import { TokenKeeper } from '../../sdk-wasm/npm/token.js';

/** The module of the client, with nothing behind it: what is tested here is asked over HTTP. */
const MODULE = `export class RoomClient {
  setToken() {}
  positionMs() {}
  stats() {}
  free() {}
  room() {
    return { parts: [], onlineCount: 0, unknownParts: [] };
  }
}`;
const data = (text) => `data:text/javascript,${encodeURIComponent(text)}`;
register(data(`export const resolve = (name, context, next) =>
  name === './parlor_sdk_wasm.js' ? { url: ${JSON.stringify(data(MODULE))}, shortCircuit: true } : next(name, context);`));
const { ParlorClient } = await import('../../sdk-wasm/npm/client.js');
const { Watching } = await import('../../sdk-wasm/npm/watching.js');
const { Api } = await import('../../sdk-wasm/npm/api.js');

const REDEMPTION = {
  __typename: 'Redemption', id: 'r', rewardId: 'song', title: 'A song', cost: '30', input: null, status: 'UNFULFILLED',
  redeemedAt: '2026-01-02T03:04:05.000Z', settledAt: null, refunded: '0', expiresAt: null,
};
const person = (id) => ({
  __typename: 'Participant', id, name: id, role: 'MEMBER', membership: 'JOINED', stageRole: 'NONE', requestedSeq: null, isListed: false,
  isOnline: true, version: 1, joinedAt: '2026-01-02T03:04:05.678Z', leftAt: null, private: { viewerId: id, capabilities: [] },
});
const ANSWERS = {
  roomAccess: (viewer) => ({ participant: person(viewer), capabilities: [`of ${viewer}`] }),
  joinRoom: person,
  redeemReward: () => REDEMPTION,
  reportWatching: () => ({ __typename: 'WatchReport', minutes: [], lease: null }),
};

/** What was asked, with which token, in order. Tokens are names of viewers. */
let asked;
/** What is done before an operation is answered, by its name; it may return a response of its own. */
let before;
let client;

beforeEach(() => {
  asked = [];
  before = {};
  globalThis.fetch = async (url, { headers, body }) => {
    const { query } = JSON.parse(body);
    const operation = Object.keys(ANSWERS).find((name) => query.includes(name));
    const viewer = headers.authorization.slice('Bearer '.length);
    asked.push(`${operation} ${viewer}`);
    const own = await before[operation]?.(viewer);
    return own ?? Response.json({ data: { [operation]: ANSWERS[operation](viewer) } });
  };
});

afterEach(() => {
  client?.close();
  client = undefined;
});

function connect(token, current) {
  const tokens = new TokenKeeper(token);
  if (current) tokens.current = current;
  const options = { server: 'https://parlor.example.com', room: 'room', placement: 'companion', store: undefined };
  client = new ParlorClient(options, tokens);
  client.redemptions = [];
  client.addEventListener('redemption', ({ detail }) => client.redemptions.push(detail));
  return client;
}

/** Holds the next `operation` back: resolves once it is asked, to what lets it be answered. */
function hold(operation) {
  return new Promise((isAsked) => {
    before[operation] = () => {
      delete before[operation];
      return new Promise((release) => isAsked(() => release()));
    };
  });
}

const settled = async () => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
};
const refusal = () => Response.json({ errors: [{ message: 'no', extensions: { code: 'UNAUTHENTICATED' } }] }, { status: 401 });
const ofKind = (operation) => asked.filter((line) => line.startsWith(operation));

test('what one viewer redeems is never asked for with the token of another who is given for a refused one', async () => {
  connect(async () => 'ben', 'ada');
  before.redeemReward = (viewer) => (viewer === 'ada' ? refusal() : undefined);
  await assert.rejects(client.redeem({ id: 'song', cost: 30 }), { code: 'VIEWER_CHANGED' });
  assert.deepEqual(ofKind('redeemReward'), ['redeemReward ada']);
});

test('what one viewer does is not done by another whose token comes for a refused one', async () => {
  let current = 'ada';
  connect(async () => (current = 'ben'), 'ada');
  await settled();
  assert.equal(client.me.id, 'ada');
  before.joinRoom = (viewer) => (viewer === 'ada' ? refusal() : undefined);
  await assert.rejects(client.join({ name: 'Ada' }), { code: 'VIEWER_CHANGED' });
  assert.deepEqual([current, ofKind('joinRoom')], ['ben', ['joinRoom ada']]);
  assert.equal((await client.join({ name: 'Ben' })).participant.id, 'ben', 'what is meant now is done');
});

test('whoever was nobody yet joins as whom the next token is of', async () => {
  ANSWERS.roomAccess = () => ({ participant: null, capabilities: [] });
  try {
    connect(async () => 'ben', 'ada');
    await settled();
    before.joinRoom = (viewer) => (viewer === 'ada' ? refusal() : undefined);
    assert.equal((await client.join({ name: 'Ben' })).participant.id, 'ben');
    assert.deepEqual(ofKind('joinRoom'), ['joinRoom ada', 'joinRoom ben']);
  } finally {
    ANSWERS.roomAccess = (viewer) => ({ participant: person(viewer), capabilities: [`of ${viewer}`] });
  }
});

test('what one viewer has watched is told with no token of another', async () => {
  const span = new Float64Array([0, 1_000, 0, 1_000, 10_000]);
  const watched = { reports: () => [['s', null, span]], wantsLease: () => false, forget() {}, free() {} };
  const tokens = new TokenKeeper(async () => 'ben');
  tokens.current = 'ada';
  const faults = [];
  const whoIs = { ada: 'ada', ben: 'ben' };
  const whoIsIt = async () => ({ id: whoIs[tokens.current], token: tokens.current });
  const watching = new Watching('room', new Api('https://parlor.example.com', tokens), watched, whoIsIt, () => {}, (...told) => faults.push(told));
  try {
    watching.handleViewer('ada');
    before.reportWatching = () => refusal();
    await watching.report();
    assert.deepEqual([ofKind('reportWatching'), tokens.current], [['reportWatching ada'], 'ben']);
    await watching.report();
    assert.deepEqual(ofKind('reportWatching'), ['reportWatching ada'], 'ada is not known to be back');
    assert.deepEqual(faults, []);
    whoIs.ben = 'ada';
    await watching.report();
    assert.deepEqual(ofKind('reportWatching'), ['reportWatching ada', 'reportWatching ben'], 'the same viewer\'s next token');
  } finally {
    watching.stop();
  }
});

/** Time that passes by looks of three seconds, or as seldom as a page may look that nobody sees. */
function mockedTime(t) {
  t.mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });
  let now = 0;
  let slowness = 1;
  t.mock.method(performance, 'now', () => now);
  return {
    hide: () => (slowness = 20),
    within(ms) {
      for (let passed = 0; passed < ms; passed += 3_000 * slowness) {
        now += 3_000 * slowness;
        t.mock.timers.tick(3_000);
      }
    },
  };
}

test('a page that nobody sees tells at each of its few looks what was watched', (t) => {
  const time = mockedTime(t);
  const watched = { reports: () => [], wantsLease: () => false, answered() {}, forget() {}, free() {} };
  let reports = 0;
  const watching = new Watching('room', null, watched, null, () => (reports += 1), () => {});
  try {
    time.within(60_000);
    assert.equal(reports, 2);
    time.hide();
    time.within(600_000);
    assert.equal(reports, 12);
  } finally {
    watching.stop();
  }
});

test('a room that is not found is told of again, less and less often, and a picture that begins at once', async (t) => {
  const { within: pass } = mockedTime(t);
  const span = new Float64Array([0, 1_000, 0, 1_000, 10_000]);
  let wantsLease = false;
  const answered = [];
  const watched = { reports: () => [['s', null, span]], wantsLease: () => wantsLease, answered: (...said) => answered.push(said), forget() {}, free() {} };
  let reports = 0;
  const whoIsIt = async () => ({ id: 'ada', token: 'ada' });
  const api = new Api('https://parlor.example.com', new TokenKeeper('ada'));
  const watching = new Watching('room', api, watched, whoIsIt, () => (reports += 1), () => {});
  const within = (ms) => {
    const before = reports;
    pass(ms);
    return reports - before;
  };
  try {
    watching.handleViewer('ada');
    assert.equal(within(60_000), 2);
    wantsLease = true;
    assert.equal(within(3_000), 1);
    wantsLease = false;
    assert.equal(within(57_000), 2);
    const absent = { __typename: 'NotFoundError', message: 'no room', code: 'NOT_FOUND' };
    before.reportWatching = () => Response.json({ data: { reportWatching: absent } });
    for (const expected of [4, 2, 1, 1]) {
      await watching.report();
      assert.equal(within(240_000), expected);
    }
    delete before.reportWatching;
    await watching.report();
    assert.equal(answered.length, 1);
    assert.equal(within(240_000), 8);
  } finally {
    watching.stop();
  }
});

test('what somebody watches who never joined is not told as of the member before', () => {
  let forgotten = 0;
  const watching = new Watching('room', null, { forget: () => (forgotten += 1), free() {} }, null, () => {}, () => {});
  const seen = [null, 'ada', 'ada', null, null, 'ada'].map((id) => {
    watching.handleViewer(id);
    return forgotten;
  });
  watching.stop();
  assert.deepEqual(seen, [0, 0, 0, 1, 1, 2], 'only what was watched before the first joined is of whoever joins');
});

test('a refused token that is replaced by the same viewer\'s redeems once, and one that is not says why', async () => {
  ANSWERS.roomAccess = () => ({ participant: person('ada'), capabilities: [] });
  try {
    connect(async () => 'ada2', 'ada');
    before.redeemReward = (token) => (token === 'ada' ? refusal() : undefined);
    assert.equal((await client.redeem({ id: 'song', cost: 30 })).ok, true);
    assert.deepEqual(ofKind('redeemReward'), ['redeemReward ada', 'redeemReward ada2']);
    client.close();
    connect('ada');
    await assert.rejects(client.redeem({ id: 'song', cost: 30 }), { code: 'UNAUTHENTICATED' });
  } finally {
    ANSWERS.roomAccess = (viewer) => ({ participant: person(viewer), capabilities: [`of ${viewer}`] });
  }
});

test('who was signed in when it was asked who is, is not taken for who is by now', async () => {
  const isHeld = hold('roomAccess');
  connect('ada');
  const release = await isHeld;
  client.setToken('ben');
  const redeeming = client.redeem({ id: 'song', cost: 30 });
  const isHeldAgain = hold('roomAccess');
  release();
  const releaseAgain = await isHeldAgain;
  assert.equal(client.me, null, 'nothing of ada is told');
  releaseAgain();
  assert.equal((await redeeming).ok, true);
  assert.deepEqual([client.me.id, client.capabilities, ofKind('redeemReward')], ['ben', ['of ben'], ['redeemReward ben']]);
});

test('a late answer to one viewer\'s joining makes nobody else them', async () => {
  connect('ada');
  await settled();
  const isHeld = hold('joinRoom');
  const joining = client.join({ name: 'Ada' });
  const release = await isHeld;
  client.setToken('ben');
  await settled();
  const seen = [];
  client.addEventListener('change', () => seen.push(client.me.id));
  release();
  assert.equal((await joining).participant.id, 'ada');
  await settled();
  assert.deepEqual([client.me.id, seen.includes('ada')], ['ben', false]);
});

test('what was not answered is asked for again when its viewer is signed in again', async () => {
  connect('ada');
  before.redeemReward = () => {
    client.setToken('ben');
    throw new TypeError('cut off');
  };
  await assert.rejects(client.redeem({ id: 'song', cost: 30 }), { code: 'VIEWER_CHANGED' });
  delete before.redeemReward;
  await settled();
  assert.deepEqual([client.redemptions, ofKind('redeemReward')], [[], ['redeemReward ada']]);
  client.setToken('ada');
  await settled();
  assert.deepEqual(client.redemptions.map(({ ok, redemption }) => [ok, redemption.id]), [[true, 'r']]);
  assert.deepEqual(ofKind('redeemReward'), ['redeemReward ada', 'redeemReward ada']);
});

test('nobody is on the socket that somebody else was introduced on', async () => {
  const sockets = [];
  globalThis.WebSocket = class extends EventTarget {
    sent = [];
    constructor() {
      super();
      sockets.push(this);
    }
    send(text) {
      this.sent.push(text);
    }
    close() {}
  };
  const init = (token) => JSON.stringify({ type: 'connection_init', payload: { Authorization: `Bearer ${token}` } });
  const told = [];
  const open = (name) => openSocket('ws://127.0.0.1/viewers', 'graphql-transport-ws', 'ada', (...what) => told.push([name, ...what]));
  const [changed, stays, alike] = [open('changed'), open('stays'), open('alike')];
  assert.equal(sockets.length, 1);
  sockets[0].dispatchEvent(new Event('open'));
  changed.send(init('ben'));
  stays.send(init('ada'));
  alike.send(init('ben'));
  open('late');
  assert.equal(sockets.length, 2, 'it is not to be had for ada any more');
  told.length = 0;
  await null;
  assert.deepEqual(told, [['stays', 4, 1006]]);
  stays.send('{"type":"subscribe","id":"1","payload":{}}');
  assert.deepEqual(sockets[0].sent, [init('ben')]);
});
