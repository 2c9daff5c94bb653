// What the WebAssembly build shows in a browser, and when, for sessions that were recorded: the same,
// byte for byte, as on every other platform.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { launch } from '../browser/pages.mjs';

const PLANS = new URL('../../fixtures/plans/', import.meta.url);
const PACKAGE = new URL('../../target/npm/', import.meta.url);

/** What the page loads, by its type. Everything else is the page, which is empty. */
const FILES = {
  '/parlor_sdk_wasm.js': 'text/javascript',
  '/parlor_sdk_wasm_bg.wasm': 'application/wasm',
};

const recordings = readdirSync(PLANS).filter((name) => name.endsWith('.json'));
let site;
let browser;
let page;

before(async () => {
  site = createServer((request, response) => {
    const type = FILES[request.url];
    response.setHeader('content-type', type ?? 'text/html');
    response.end(type ? readFileSync(new URL(request.url.slice(1), PACKAGE)) : '<!doctype html>');
  });
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  browser = await launch();
  page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${site.address().port}/`);
  await page.evaluate(async () => {
    const sdk = await import('/parlor_sdk_wasm.js');
    await sdk.default({ module_or_path: '/parlor_sdk_wasm_bg.wasm' });
    window.rehearse = sdk.rehearse;
  });
});

after(async () => {
  await browser?.close();
  site?.closeAllConnections();
  site?.close();
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
