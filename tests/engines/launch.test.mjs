// A browser that does not start: the reason is told, and nothing of it stays, which would keep the tests from ending.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { WebSocketServer } from 'ws';
import { Firefox } from './firefox.mjs';
import { WebKit } from './webkit.mjs';

/** An upper bound on any one test, in milliseconds: less than a launch may take, so that its limit ends none. */
const timeout = 20_000;

/** A limit for a browser that never comes, in milliseconds. */
const NEVER_MS = 500;

const { PATH } = process.env;
let folder;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parlor-launch-'));
  process.env.TMPDIR = folder;
  process.env.PATH = `${folder}:${PATH}`;
});

afterEach(() => {
  delete process.env.TMPDIR;
  process.env.PATH = PATH;
  rmSync(folder, { recursive: true, force: true });
});

/** Puts a program of this name before the real one. */
function pretend(name, script) {
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

async function assertNothingStays() {
  // Node lets go of a program that has ended at the end of the loop's turn, and the second of these is in the next.
  for (let turn = 0; turn < 2; turn += 1) await setImmediate();
  assert.ok(!process.getActiveResourcesInfo().includes('ProcessWrap'), 'a program runs');
  assert.deepEqual(readdirSync(folder).filter((name) => name.startsWith('parlor-')), []);
}

test('a Firefox that never says where it listens', { timeout }, async () => {
  pretend('firefox-esr', 'exec sleep 60');

  await assert.rejects(Firefox.launch(NEVER_MS), /not there in 500 ms/);

  await assertNothingStays();
});

test('a Firefox that ends at once tells its last words', { timeout }, async () => {
  pretend('firefox-esr', 'echo no display >&2; sleep 1');

  await assert.rejects(Firefox.launch(), /firefox-esr has ended\nno display/);

  await assertNothingStays();
});

const answers = {
  'refuses a session': [(socket, { id }) => socket.send(JSON.stringify({ id, type: 'error', message: 'no more sessions' })), /no more sessions/],
  'closes its socket': [(socket) => socket.close(), /has closed its socket/],
};
for (const [what, [answer, reason]] of Object.entries(answers)) {
  test(`a Firefox that ${what}`, { timeout }, async () => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    server.on('connection', (socket) => socket.on('message', (text) => answer(socket, JSON.parse(text))));
    await once(server, 'listening');
    pretend('firefox-esr', `echo WebDriver BiDi listening on ws://127.0.0.1:${server.address().port} >&2; exec sleep 60`);

    await assert.rejects(Firefox.launch(), reason);

    server.close();
    await assertNothingStays();
  });
}

for (const Browser of [Firefox, WebKit]) {
  test(`no ${Browser.engine} at all`, { timeout }, async () => {
    process.env.PATH = folder;

    await assert.rejects(Browser.launch(), /ENOENT/);

    await assertNothingStays();
  });
}

test('a WebKit whose driver ends at once', { timeout }, async () => {
  pretend('Xvfb', 'echo 7 >&2; exec sleep 60');
  pretend('WebKitWebDriver', 'exit 1');

  await assert.rejects(WebKit.launch(), /WebKitWebDriver has ended/);

  await assertNothingStays();
});

test('a WebKit whose driver never answers', { timeout }, async () => {
  pretend('Xvfb', 'echo 7 >&2; exec sleep 60');
  pretend('WebKitWebDriver', 'exec sleep 60');

  await assert.rejects(WebKit.launch(NEVER_MS), /not there in 500 ms/);

  await assertNothingStays();
});

test('a WebKit that refuses a session', { timeout }, async () => {
  const driver = `
    const [, port] = process.argv.at(-1).split('=');
    require('http').createServer(({ url }, response) => {
      response.statusCode = url === '/status' ? 200 : 500;
      response.end(JSON.stringify({ value: { error: 'session not created', message: 'no browser' } }));
    }).listen(port, '127.0.0.1');`;
  writeFileSync(join(folder, 'driver.cjs'), driver);
  pretend('Xvfb', 'echo 7 >&2; exec sleep 60');
  pretend('WebKitWebDriver', `exec '${process.execPath}' '${join(folder, 'driver.cjs')}' "$@"`);

  await assert.rejects(WebKit.launch(), /session not created: no browser/);

  await assertNothingStays();
});
