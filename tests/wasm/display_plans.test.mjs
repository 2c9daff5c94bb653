// What the core shows as WebAssembly in a browser, and when, for sessions that were recorded: the same,
// byte for byte, as on every other platform.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readFileSync, readdirSync } from 'node:fs';
import { REHEARSAL } from '../folder_site.mjs';
import { openPackagePage } from './package_page.mjs';

const PLANS = new URL('../../fixtures/plans/', import.meta.url);

const recordings = readdirSync(PLANS).filter((name) => name.endsWith('.json'));
let opened;
let page;

before(async () => {
  opened = await openPackagePage(REHEARSAL);
  page = opened.page;
  await page.evaluate(async () => {
    const rehearsal = await import('/parlor_rehearsal.js');
    await rehearsal.default({ module_or_path: '/parlor_rehearsal_bg.wasm' });
    window.rehearse = rehearsal.rehearse;
  });
});

after(async () => {
  await opened?.close();
});

const rehearse = (recording) => page.evaluate((text) => window.rehearse(text), recording);

test('there are recordings to rehearse', () => {
  assert.ok(recordings.length >= 5, `${recordings.length} recordings`);
});

for (const recording of recordings) {
  test(`${recording} is shown as everywhere else`, async () => {
    const expected = readFileSync(new URL(recording.replace(/json$/, 'plan'), PLANS), 'utf8');

    assert.equal(await rehearse(readFileSync(new URL(recording, PLANS), 'utf8')), expected);
  });
}

test('what is no recording is an error, not a crash', async () => {
  await assert.rejects(rehearse('{'), /malformed/);
});
