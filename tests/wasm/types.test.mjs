// The types of the npm packages: they compile as their users write, and say what the schema says.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { buildSchema, isEnumType, isListType, isNonNullType } from 'graphql';

const root = new URL('../../', import.meta.url);
const file = (path) => fileURLToPath(new URL(path, root));
const schema = buildSchema(readFileSync(file('schema.graphql'), 'utf8'));

const OPTIONS = {
  strict: true,
  noEmit: true,
  noUnusedLocals: true,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ES2022,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
  types: [],
  paths: {
    'parlor-sdk': [file('sdk-wasm/npm/index.d.ts')],
    '@parlor/overlay': [file('overlay/js/parlor-overlay.d.ts')],
    '@parlor/overlay/players': [file('overlay/js/players.d.ts')],
  },
};

/** Compiles files, and returns what is wrong with them. */
function complaints(files) {
  const program = ts.createProgram(files, OPTIONS);
  return ts.getPreEmitDiagnostics(program).map((diagnostic) => {
    const line = diagnostic.file?.getLineAndCharacterOfPosition(diagnostic.start).line + 1;
    return `${diagnostic.file?.fileName}:${line}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n')}`;
  });
}

/** What events carry: an unknown value of these, where a server is newer, has one name. */
const IN_EVENTS = ['ContributionKind', 'HypeTrainPhase', 'ParticipantRole', 'RoomState', 'StageRole'];

/** Of a reward: what is an object of its own, and what staff alone goes by. */
const NOT_IN_REWARDS = [
  'input', 'availability', 'standing', 'version', 'limits', 'refundRestores', 'expiresAfterMs', 'lastRedeemedAt', 'createdAt', 'updatedAt',
  'draw', 'openDraw', 'lastDraw',
];

/** The names of an enumeration. */
function variants(name) {
  const names = schema.getType(name).getValues().map((value) => value.name);
  return union(IN_EVENTS.includes(name) ? [...names, 'UNKNOWN'] : names);
}

const union = (names) => names.map((name) => JSON.stringify(name)).join(' | ');

/** A type of the schema as the packages carry it: times and 64-bit numbers are numbers. */
function typescript(type) {
  if (!isNonNullType(type)) return `${nonNull(type)} | null`;
  return nonNull(type.ofType);
}

function nonNull(type) {
  if (isListType(type)) return `readonly (${typescript(type.ofType)})[]`;
  if (isEnumType(type)) return variants(type.name);
  const scalars = { ID: 'string', String: 'string', Int: 'number', Int64: 'number', Time: 'number', Boolean: 'boolean', Currency: 'string' };
  assert.ok(scalars[type.name], `a type for ${type.name}`);
  return scalars[type.name];
}

/** The fields of an object of the schema, but for some. */
function fields(name, without = []) {
  const all = Object.values(schema.getType(name).getFields()).filter((field) => !without.includes(field.name));
  return `{ ${all.map((field) => `${field.name}: ${typescript(field.type)}`).join('; ')} }`;
}

test('pages compile as their developers write them', () => {
  assert.deepEqual(complaints([file('tests/wasm/usage.ts')]), []);
});

test('the types say what the schema says', () => {
  const enums = [...IN_EVENTS, 'EventTiming', 'Membership', 'Capability', 'RedemptionStatus', 'SlotOutcome'];
  const events = schema.getPossibleTypes(schema.getType('RoomEvent')).map(({ name }) => name);
  const refusals = schema.getType('JoinStageResult').getTypes().filter(({ name }) => name !== 'Participant');
  const text = `
    import type * as sdk from 'parlor-sdk';
    import type * as overlay from '@parlor/overlay';
    type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
    const same = <_ extends true>() => {};
    ${enums.map((name) => `same<Same<sdk.${name}, ${variants(name)}>>();`).join('\n    ')}
    same<Same<sdk.ParticipantProfile, ${fields('ParticipantProfile')}>>();
    same<Same<overlay.ParticipantProfile, sdk.ParticipantProfile>>();
    same<Same<overlay.ShownEvent, sdk.ShownEvent>>();
    same<Same<sdk.RoomEvent['type'], ${union([...events, 'Unknown'])}>>();
    same<Same<Pick<sdk.RoomEvent, 'seq' | 'occurredAt' | 'displayAt' | 'timing' | 'part'>,
      ${fields('RoomEvent', ['id'])}>>();
    same<Same<overlay.ConnectionState, sdk.ConnectionState>>();
    same<Same<sdk.RoomProfile, ${fields('RoomProfile')}>>();
    same<Same<sdk.Session, ${fields('Session')}>>();
    same<Same<sdk.ContributionAlert, ${fields('ContributionAlert')}>>();
    same<Same<sdk.HypeTrainContributor, ${fields('HypeTrainContributor')}>>();
    same<Same<
      Omit<sdk.Participant, 'viewerId' | 'capabilities'>, ${fields('Participant', ['private'])}
    >>();
    same<Same<Pick<sdk.Participant, 'viewerId'>, { viewerId: string | null }>>();
    same<Same<Omit<sdk.Redemption, 'status'>, ${fields('Redemption', ['status', 'participantId', 'settledBy', 'metadata', 'drawId'])}>>();
    same<Same<Omit<sdk.Wallet, 'redemptions' | 'lastMinute' | 'watching'>, ${fields('Wallet', ['redemptions', 'lastMinute', 'watching'])}>>();
    same<Same<Omit<sdk.WatchingProgress, 'stampCard'>, ${fields('WatchingProgress', ['stampCard'])}>>();
    same<Same<NonNullable<sdk.WatchingProgress['stampCard']>, ${fields('StampCardProgress')}>>();
    same<Same<Omit<sdk.Reward, 'input' | 'availability' | 'draw' | 'openDraw' | 'standing'>, ${fields('Reward', NOT_IN_REWARDS)}>>();
    same<Same<Omit<sdk.RewardAsk, 'kind' | 'choices'>, ${fields('RewardAsk', ['kind', 'choices'])}>>();
    same<Same<sdk.Reward['availability'], ${fields('RewardAvailability')}>>();
    same<Same<NonNullable<sdk.Reward['draw']>, ${fields('RewardDraw')}>>();
    same<Same<NonNullable<sdk.Reward['openDraw']>, Pick<${fields('Draw')}, 'id' | 'closesAt' | 'entryCount'>>>();
    same<Same<Omit<NonNullable<sdk.Reward['standing']>, 'refusal'>, ${fields('RewardStanding', ['refusal'])}>>();
    same<Same<sdk.Refusal['type'], ${refusals.map(({ name }) => JSON.stringify(name)).join(' | ')}>>();
  `;
  const folder = mkdtempSync(join(tmpdir(), 'parlor-types-'));
  try {
    const generated = join(folder, 'schema.ts');
    writeFileSync(generated, text);
    assert.deepEqual(complaints([generated]), []);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
