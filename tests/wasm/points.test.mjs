// Redeeming that happens once, and what is checked before the server is asked.

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { ParlorError } from '../../sdk-wasm/npm/api.js';
import { Points, readWallet } from '../../sdk-wasm/npm/wallet.js';
import { became, drawing, trouble } from '../../overlay/js/reward_row.js';

/** A browser's storage. */
class Store extends Map {
  get length() {
    return this.size;
  }
  key(index) {
    return [...this.keys()][index] ?? null;
  }
  getItem(name) {
    return this.get(name) ?? null;
  }
  setItem(name, text) {
    this.set(name, text);
  }
  removeItem(name) {
    this.delete(name);
  }
}

const REDEMPTION = {
  __typename: 'Redemption', id: 'r', rewardId: 'song', title: 'A song', cost: '30', input: null, status: 'UNFULFILLED',
  redeemedAt: '2026-01-02T03:04:05.000Z', settledAt: null, refunded: '0', expiresAt: null,
};
const REFUSAL = { __typename: 'ConflictError', code: 'COOLDOWN', message: 'not yet' };
const LOST = new ParlorError('NETWORK', 'the server could not be reached');

/** A page of `viewer`, whose server answers one after another, the last for ever: an error, or a result. */
function page(answers, { store = new Store(), viewer = 'ada', room = 'room' } = {}) {
  const opened = { sent: [], told: [], viewer, store };
  const api = {
    async runAs(token, query, { input }) {
      assert.equal(token, `token of ${opened.viewer}`);
      opened.sent.push(input);
      const answer = await (answers.length > 1 ? answers.shift() : answers[0]);
      if (answer instanceof Error) throw answer;
      return { redeemReward: answer };
    },
  };
  opened.points = new Points({
    api,
    server: 'https://parlor.example.com/ignored',
    room,
    store,
    whoIsIt: async () => opened.viewer && { id: opened.viewer, token: `token of ${opened.viewer}` },
    tell: (answer) => opened.told.push(answer),
  });
  return opened;
}

const SONG = { id: 'song', cost: 30 };
const keys = ({ sent }) => [...new Set(sent.map(({ idempotencyKey }) => idempotencyKey))];

/** Has waits pass at once. */
async function hurried(act) {
  mock.timers.enable({ apis: ['setTimeout'] });
  let isDone = false;
  const done = act().finally(() => (isDone = true));
  done.catch(() => {});
  while (!isDone) {
    await new Promise(setImmediate);
    mock.timers.tick(20_000);
  }
  mock.timers.reset();
  return done;
}

test('what is asked for is kept before it is asked, and until it is answered', async () => {
  const opened = page([REDEMPTION]);
  const asking = opened.points.redeem(SONG, { input: 4 });
  await Promise.resolve();
  const keptWhileAsking = [...opened.store.values()].map((text) => JSON.parse(text).input);
  const outcome = await asking;
  assert.deepEqual(keptWhileAsking, ['4']);
  assert.deepEqual([outcome.ok, outcome.redemption.cost, outcome.redemption.redeemedAt], [true, 30, Date.UTC(2026, 0, 2, 3, 4, 5)]);
  assert.equal(opened.store.size, 0);
  assert.deepEqual(opened.sent[0], { idempotencyKey: keys(opened)[0], roomId: 'room', rewardId: 'song', cost: '30', input: '4' });
  assert.deepEqual(opened.told, [{ key: keys(opened)[0], rewardId: 'song', ...outcome }]);
});

test('a lost answer is asked for again by the same key: at once, and by the next page of the same viewer', async () => {
  const first = page([LOST]);
  await assert.rejects(hurried(() => first.points.redeem(SONG)), { code: 'NETWORK' });
  assert.deepEqual([first.sent.length, keys(first).length, first.store.size], [4, 1, 1]);

  for (const other of [{ viewer: 'ben' }, { room: 'another' }]) {
    const page_ = page([REDEMPTION], { store: first.store, ...other });
    await page_.points.settle();
    assert.deepEqual(page_.sent, [], JSON.stringify(other));
  }
  const next = page([REFUSAL], { store: first.store });
  await next.points.settle();
  assert.deepEqual(keys(next), keys(first));
  assert.deepEqual(next.told.map(({ ok, refusal }) => [ok, refusal.code]), [[false, 'COOLDOWN']]);
  assert.equal(first.store.size, 0);
});

test('the same, redeemed again before it is answered, is the same at whatever price, unless a key says otherwise', async () => {
  const opened = page([REDEMPTION]);
  await Promise.all([opened.points.redeem(SONG), opened.points.redeem(SONG), opened.points.redeem({ ...SONG, cost: 31 }), opened.points.redeem(SONG, { key: 'mine' })]);
  assert.deepEqual([opened.sent.length, keys(opened).length], [2, 2]);
  assert.ok(keys(opened).includes('mine'));
  await opened.points.redeem(SONG);
  assert.equal(keys(opened).length, 3, 'answered, it is another one');
});

test('what may have been paid is asked again at the price of then', async () => {
  const first = page([LOST]);
  await assert.rejects(hurried(() => first.points.redeem(SONG, { key: 'mine' })));
  for (const options of [{}, { key: 'mine' }]) {
    const next = page([LOST], { store: first.store });
    await assert.rejects(hurried(() => next.points.redeem({ ...SONG, cost: 31 }, options)));
    assert.deepEqual(next.sent[0], first.sent[0]);
  }
});

test('what one viewer typed is not told to the next, nor what became of it', async () => {
  let answer;
  const opened = page([new Promise((resolve) => (answer = resolve)), REFUSAL]);
  const adas = opened.points.redeem(SONG, { input: 'for ada', key: 'first' });
  while (!opened.sent.length) await new Promise(setImmediate);
  opened.viewer = 'ben';
  const bens = await opened.points.redeem(SONG, { input: 'for ben', key: 'first' });
  answer(REDEMPTION);
  assert.deepEqual([(await adas).ok, bens.ok], [true, false]);
  assert.deepEqual(opened.sent.map(({ input }) => input), ['for ada', 'for ben']);
  assert.deepEqual(opened.told.map(({ ok }) => ok), [false]);
  assert.equal(opened.store.size, 0);
});

test('nobody pays for what another viewer asked for', async () => {
  const opened = page([LOST, REDEMPTION]);
  const asking = hurried(async () => {
    const asked = opened.points.redeem(SONG);
    while (!opened.sent.length) await new Promise(setImmediate);
    opened.viewer = 'ben';
    return asked;
  });
  await assert.rejects(asking, { code: 'VIEWER_CHANGED' });
  assert.deepEqual([opened.sent.length, opened.store.size], [1, 1]);
  opened.viewer = null;
  assert.equal((await opened.points.redeem(SONG)).refusal.code, 'NOT_JOINED');
});

test('what is ten minutes old is not asked for by itself any more, and what others keep there is left alone', async () => {
  const first = page([LOST]);
  first.store.setItem('theirs', 'not json');
  await assert.rejects(hurried(() => first.points.redeem(SONG)));
  const [name] = [...first.store.keys()].filter((name) => name !== 'theirs');
  first.store.setItem(name, JSON.stringify({ ...JSON.parse(first.store.getItem(name)), at: Date.now() - 600_001 }));
  first.store.setItem(`${name}x`, 'nor this');
  const next = page([REDEMPTION], { store: first.store });
  await next.points.settle();
  assert.deepEqual([next.sent, [...first.store.keys()]], [[], ['theirs']]);
});

test('what was suspended for ten minutes, or was answered elsewhere, is not asked for again', async () => {
  for (const meanwhile of [() => mock.timers.tick(11 * 60_000), ({ store }) => store.clear()]) {
    mock.timers.enable({ apis: ['setTimeout', 'Date'] });
    try {
      const opened = page([LOST, REDEMPTION]);
      const asking = opened.points.redeem(SONG);
      asking.catch(() => {});
      while (!opened.sent.length) await new Promise(setImmediate);
      await new Promise(setImmediate);
      meanwhile(opened);
      mock.timers.tick(20_000);
      await assert.rejects(asking, { code: 'NETWORK' });
      assert.equal(opened.sent.length, 1);
    } finally {
      mock.timers.reset();
    }
  }
});

test('what anybody left there is gone after ten minutes, and is not kept for ever by a clock that was wrong', async () => {
  for (const ahead of [-600_001, 600_001]) {
    const [adas, bens] = [page([LOST]), page([LOST], { viewer: 'ben', room: 'another' })];
    for (const opened of [adas, bens]) await assert.rejects(hurried(() => opened.points.redeem(SONG)));
    const store = new Store([['parlor.redeemed', 'theirs'], ...adas.store]);
    for (const [name, text] of bens.store) store.setItem(name, JSON.stringify({ ...JSON.parse(text), at: Date.now() + ahead }));
    page([REDEMPTION], { store });
    assert.deepEqual([...store.keys()], ['parlor.redeemed', ...adas.store.keys()], `${ahead}`);
  }
});

test('a fault that would come again is told at once, and what is wrong with the request is not kept', async () => {
  for (const [code, kept] of [['VALIDATION', 0], ['UNAUTHENTICATED', 1]]) {
    const opened = page([new ParlorError(code, 'no')]);
    await assert.rejects(opened.points.redeem(SONG), { code });
    assert.deepEqual([opened.sent.length, opened.store.size], [1, kept], code);
  }
  await assert.rejects(page([REDEMPTION]).points.redeem({}), TypeError);
});

test('a store that is full keeps nobody from redeeming, once', async () => {
  const store = new Store();
  store.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };
  const opened = page([LOST, REDEMPTION], { store });
  const outcome = await hurried(() => opened.points.redeem(SONG));
  assert.deepEqual([outcome.ok, keys(opened).length], [true, 1]);
});

test('what was kept before a store was full is gone from it once it is answered', async () => {
  const first = page([LOST]);
  await assert.rejects(hurried(() => first.points.redeem(SONG)));
  first.store.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };
  const next = page([LOST], { store: first.store });
  await assert.rejects(hurried(() => next.points.redeem({ id: 'dance' })));
  next.sent.length = 0;
  await hurried(() => next.points.settle());
  assert.deepEqual([...new Set(next.sent.map(({ rewardId }) => rewardId))], ['song', 'dance']);
  const last = page([REDEMPTION], { store: first.store });
  await last.points.redeem({ id: 'dance' });
  await last.points.redeem(SONG);
  assert.deepEqual([first.store.size, keys(last)[1]], [0, keys(first)[0]]);
});

test('a wallet has times and numbers', () => {
  const { balance, debt, redemptions, lastMinute, watching } = readWallet(JSON.stringify({
    participantId: 'p', balance: '100', held: '30', available: '70', debt: '5', redemptions: [REDEMPTION],
    lastMinute: { minute: '2026-01-02T03:04:00.000Z', outcome: 'COUNTED', points: null },
    watching: { slots: 2, slotsWanted: 5, hasWatched: true, stampCard: { stamps: 1, stampsWanted: 3, sessions: 4 } },
  }));
  assert.deepEqual([balance, debt, redemptions[0].cost, redemptions[0].settledAt, lastMinute.points], [100, 5, 30, null, null]);
  assert.equal(lastMinute.minute, Date.UTC(2026, 0, 2, 3, 4));
  assert.deepEqual([watching.slots, watching.slotsWanted, watching.stampCard.stamps], [2, 5, 1]);
});

test('what does not fit a reward is known before the server is asked', () => {
  const ask = (kind, more = {}) => ({ kind, pattern: null, min: null, max: null, choices: null, ...more });
  const dice = ask('NUMBER', { min: -1, max: 6 });
  for (const [of, text, fits] of [
    [dice, '6', true], [dice, ' -1 ', true], [dice, '7', false], [dice, '-2', false], [dice, '1.5', false], [dice, '', false], [dice, '1e0', false],
    [ask('TEXT'), 'x', true], [ask('TEXT'), '  ', false], [ask('TEXT'), 'é'.repeat(250), true], [ask('TEXT'), 'é'.repeat(251), false],
    [ask('TEXT', { pattern: '[A-Z]+|x' }), 'AB', true], [ask('TEXT', { pattern: '[A-Z]+|x' }), 'ABx', false],
    [ask('TEXT', { pattern: '(?i)only the server knows' }), 'x', true],
    [ask('CHOICE', { choices: ['a', 'b'] }), '', false], [ask('CHOICE', { choices: ['a', 'b'] }), 'a', true],
  ]) assert.equal(trouble(of, text) === '', fits, `${JSON.stringify(of)} ${text}`);
});

test('of a draw it is said when it is, and what came of an entry', () => {
  const draw = { windowMs: 60_000, winners: 1 };
  assert.equal(drawing({ draw: null, openDraw: null }), '');
  assert.equal(drawing({ draw, openDraw: null }), 'Drawn 60 s after the first enters: one wins');
  assert.equal(drawing({ draw: { windowMs: 600_000, winners: 20 }, openDraw: null }), 'Drawn 10 min after the first enters: 20 win');
  mock.timers.enable({ apis: ['Date'], now: 1_000_000 });
  try {
    assert.equal(drawing({ draw, openDraw: { closesAt: 1_044_001 } }), 'Drawn in 45 s');
    assert.equal(drawing({ draw: null, openDraw: { closesAt: 1_000_000 } }), 'Drawn any moment');
  } finally {
    mock.timers.reset();
  }
  const drawnAt = 1;
  for (const [redemption, words] of [
    [{ status: 'ENTERED', drawnAt: null }, 'In the draw'],
    [{ status: 'NOT_DRAWN', drawnAt: null }, 'Not drawn, points given back'],
    [{ status: 'UNFULFILLED', drawnAt }, 'Drawn, waiting for the streamer'],
    [{ status: 'FULFILLED', drawnAt }, 'Drawn, and redeemed'],
    [{ status: 'CANCELED', drawnAt }, 'Given back'],
    [{ status: 'FULFILLED', drawnAt: null }, 'Redeemed'],
    [{ status: 'FROZEN', drawnAt }, ''],
  ]) assert.equal(became(redemption), words);
});
