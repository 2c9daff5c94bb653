// What the WebAssembly build shows, and when, for sessions that were recorded: the same, byte for
// byte, as on every other platform.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { readFileSync, readdirSync } from 'node:fs';

const PLANS = new URL('../../fixtures/plans/', import.meta.url);
const PACKAGE = new URL('../../target/npm/', import.meta.url);

const recordings = readdirSync(PLANS).filter((name) => name.endsWith('.json'));
let rehearse;

before(async () => {
  const sdk = await import(new URL('parlor_sdk_wasm.js', PACKAGE));
  sdk.initSync({ module: readFileSync(new URL('parlor_sdk_wasm_bg.wasm', PACKAGE)) });
  rehearse = sdk.rehearse;
});

test('there are recordings to rehearse', () => {
  assert.ok(recordings.length >= 5, `${recordings.length} recordings`);
});

for (const recording of recordings) {
  test(`${recording} is shown as everywhere else`, () => {
    const expected = readFileSync(new URL(recording.replace(/json$/, 'plan'), PLANS), 'utf8');

    assert.equal(rehearse(readFileSync(new URL(recording, PLANS), 'utf8')), expected);
  });
}

test('what is no recording is an error, not a crash', () => {
  assert.throws(() => rehearse('{'), /malformed/);
});
