// What events are about, as a page reads it from what came.

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { canRead, readEvent } from '../../sdk-wasm/npm/events.js';
import { readRoom } from '../../sdk-wasm/npm/room.js';

const STAMPS = { seq: 7, occurredAt: 1_000, displayAt: 9_000, timing: 'PICTURE' };

const GIFT = {
  id: 'c', kind: 'DONATION', name: '2026-01-02T03:04:05.678Z', amount: '-250', currency: 'EUR', tier: null,
  quantity: 1, message: null, hype: '9007199254740993',
};
const TRAIN = {
  id: 't', phase: 'RUNNING', level: 3, progress: '5', goal: '1500', total: '2505', kickoffEventsNeeded: 0,
  kickoffViewersNeeded: 0, startedAt: '1970-01-01T00:00:00.000Z', expiresAt: '1970-01-01T00:05:00.000Z', endedAt: null,
  cooldownEndsAt: null, lastReward: null, nextReward: 'A hat', contributorCount: 2, topContributor: null,
  recentContributors: [{ name: null, hype: '505', lastHype: '5' }], isRecord: true,
};

const person = (id, stageRole, joinedAt, more = {}) => ({
  id, name: id, role: 'MEMBER', stageRole, requestedSeq: null, isListed: true, isOnline: true, version: 1,
  joinedAt: new Date(joinedAt).toISOString(), ...more,
});

const came = (type, subject, about, part = null) =>
  ({ type, json: JSON.stringify({ __typename: type, [subject]: about }), ...STAMPS, part });

const gift = (more) => readEvent(came('ContributionReceived', 'contribution', { ...GIFT, ...more }));
const train = (more) => readEvent(came('HypeTrainStarted', 'train', { ...TRAIN, ...more }, 'train'));

test('an event has its stamps, and what it is about by the types of the schema', () => {
  assert.deepEqual(gift(), {
    type: 'ContributionReceived', ...STAMPS, part: null,
    contribution: { ...GIFT, amount: -250, hype: Number('9007199254740993') },
  });
  const { train: read } = train();
  assert.deepEqual([read.total, read.startedAt, read.expiresAt, read.endedAt], [2_505, 0, 300_000, null]);
  assert.deepEqual(read.recentContributors, [{ name: null, hype: 505, lastHype: 5 }]);
});

test('what is not asked for is not there, and what is not there is nothing', () => {
  assert.ok(!('mood' in gift({ mood: 'high' }).contribution));
  assert.equal(gift({ message: undefined }).contribution.message, null);
});

test('a value that is not known is an unknown one', () => {
  assert.equal(gift({ kind: 'SUPER_WAVE' }).contribution.kind, 'UNKNOWN');
  assert.equal(train({ phase: 'toString' }).train.phase, 'UNKNOWN');
});

test('what cannot be read is unknown, with its stamps and its part', () => {
  for (const more of [
    { total: 'many' }, { total: 2_505 }, { level: 0.5 }, { level: 2 ** 31 }, { startedAt: 'soon' }, { endedAt: '1970' },
    { startedAt: '2026-02-30T00:00:00.000Z' }, { isRecord: 1 }, { recentContributors: [7] }, { phase: null },
    { recentContributors: [{ name: 7, hype: '1', lastHype: '1' }] }, { topContributor: [] }, { id: undefined },
  ]) {
    const expected = { type: 'Unknown', typeName: 'HypeTrainStarted', ...STAMPS, part: 'train' };
    assert.deepEqual(train(more), expected, JSON.stringify(more));
  }
});

test('no name of a kind is taken for one that there is', () => {
  for (const type of ['PollOpened', 'constructor', '__proto__', 'toString', '']) {
    assert.deepEqual(readEvent(came(type, 'poll', {})), { type: 'Unknown', typeName: type, ...STAMPS, part: null });
  }
  assert.equal(readEvent({ ...came('HypeTrainStarted', 'train', TRAIN), json: '{}' }).type, 'Unknown');
});

test('a room is what its parts say, with everybody in their place', () => {
  const joined = (one) => came('ParticipantJoined', 'participant', one, `participant:${one.id}`);
  const room = readRoom({
    parts: [
      came('RoomUpdated', 'room', { id: 'r', slug: 'r', title: 'R', state: 'OPEN', ingestOffsetMs: 3, version: 7 }, 'room'),
      came('SessionEnded', 'session', { id: 's', startedAt: TRAIN.startedAt, interruptedAt: null, endedAt: TRAIN.expiresAt, delayMs: 8 }, 'session'),
      ...[
        person('b', 'SPEAKER', 2), person('a', 'SPEAKER', 2), person('c', 'HOST', 1), person('d', 'REQUESTED', 3, { requestedSeq: '41' }),
        person('e', 'REQUESTED', 4, { requestedSeq: '31' }), person('f', 'INVITED', 5), person('g', 'FLYING', 6),
      ].map(joined),
      came('HypeTrainStarted', 'train', TRAIN, 'train'),
    ],
    unknownParts: [
      came('ParticipantMuted', 'muted', {}, 'participant:c'), came('SessionInterrupted', 'session', { delayMs: 8, interruptedAt: 'soon' }, 'session'),
      came('HypeTrainDerailed', 'wagon', {}, 'train'), came('PollOpened', 'poll', {}, 'poll'),
    ],
    onlineCount: 5,
  });
  const ids = (people) => people.map(({ id }) => id).join('');

  assert.equal(ids(room.participants), 'cabdefg');
  assert.deepEqual([room.stage.host.id, ids(room.stage.speakers), ids(room.stage.invited), ids(room.stage.queue)], ['c', 'ab', 'f', 'ed']);
  assert.deepEqual([room.profile.version, room.session.delayMs, room.stage.isLive, room.onlineCount], [7, 8, false, 5]);
  assert.equal(room.train.total, 2_505);
  assert.deepEqual(room.unknownParts.map(({ part, typeName }) => [part, typeName]), [
    ['participant:c', 'ParticipantMuted'], ['session', 'SessionInterrupted'], ['train', 'HypeTrainDerailed'], ['poll', 'PollOpened'],
  ]);
  assert.deepEqual(readRoom({ parts: [], unknownParts: [], onlineCount: null }), {
    profile: null, session: null, participants: [], onlineCount: null, train: null, unknownParts: [],
    stage: { isLive: false, host: null, speakers: [], invited: [], queue: [] },
  });
});

test('what the module is told can be read is what is read, and so nothing known gives way to the rest', () => {
  const session = { id: 's', startedAt: TRAIN.startedAt, interruptedAt: null, endedAt: null, delayMs: 8_000 };
  for (const [can, type, subject, about] of [
    [true, 'ParticipantJoined', 'participant', person('p', 'AUDIENCE', 1)],
    [false, 'ParticipantMuted', 'participant', person('p', 'AUDIENCE', 1)],
    [false, 'ParticipantRoleChanged', 'participant', person('p', 'AUDIENCE', 1, { version: null })],
    [true, 'SessionStarted', 'session', session],
    [false, 'SessionInterrupted', 'session', { ...session, delayMs: 8, interruptedAt: 'soon' }],
    [true, 'HypeTrainStarted', 'train', TRAIN],
    [false, 'HypeTrainDerailed', 'train', TRAIN],
    [false, 'HypeTrainEnded', 'train', { ...TRAIN, total: 2_505 }],
    [true, 'ContributionReceived', 'contribution', GIFT],
    [false, 'ContributionReversed', 'contribution', GIFT],
    [false, 'ContributionReceived', 'contribution', { ...GIFT, quantity: null }],
    [false, 'ContributionReceived', 'contribution', { ...GIFT, amount: 'many' }],
    [false, 'ContributionReceived', 'contribution', { ...GIFT, amount: 2.5 }],
    [true, 'ContributionReceived', 'contribution', { ...GIFT, amount: '9223372036854775807' }],
    [false, 'ContributionReceived', 'contribution', { ...GIFT, amount: '9223372036854775808' }],
    [true, 'ContributionReceived', 'contribution', { ...GIFT, amount: '-9223372036854775808' }],
    [false, 'ContributionReceived', 'contribution', { ...GIFT, amount: '-9223372036854775809' }],
  ]) {
    const event = came(type, subject, about);
    assert.equal(canRead(event.type, event.json), can, event.json);
    assert.equal(readEvent(event).type !== 'Unknown', can, event.json);
  }
});

test('a number that is written with a fraction or an exponent is no integer, as for the core', () => {
  const message = 'a "quote", \\, 1.0 and 1e3';
  const { json } = came('ContributionReceived', 'contribution', { ...GIFT, message, mood: 7 });
  const written = (quantity, mood) =>
    json.replace('"quantity":1', `"quantity":${quantity}`).replace('"mood":7', `"mood":${mood}`);

  for (const quantity of ['1', '-1', '1000', '0']) {
    for (const mood of ['0.5', '1.0', '-2e-3', '[1.0, 1E+3]']) {
      const event = { type: 'ContributionReceived', json: written(quantity, mood), ...STAMPS };
      assert.ok(canRead(event.type, event.json), event.json);
      const { contribution } = readEvent(event);
      assert.deepEqual([contribution.quantity, contribution.message], [Number(quantity), message]);
    }
  }
  for (const quantity of ['1.0', '-1.0', '1e3', '1E3', '1.5e+3', '10e-1', '0.0', '-0e0']) {
    assert.equal(canRead('ContributionReceived', written(quantity, 0)), false, quantity);
  }
});

test('what throws as it is read cannot be read, and is reported', async (t) => {
  const reported = [];
  globalThis.reportError = (error) => reported.push(error);
  t.after(() => delete globalThis.reportError);
  for (const json of ['', '{', 'null']) {
    assert.equal(canRead('ContributionReceived', json), false);
    assert.equal(readEvent({ type: 'ContributionReceived', json, ...STAMPS }).type, 'Unknown');
  }
  await null;
  assert.equal(reported.length, 6);
});
