// A network that goes and comes back under a page, as the browser tells it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open, shown, untilLive, untilShown } from './pages.mjs';
import { browser, server, staff, setUp } from './world.mjs';

/** An upper bound on any one test, in milliseconds. */
const timeout = 90_000;

/** The server by a name that a network would lead to; on loopback there is none to lose. */
const NAME = 'parlor.test';

setUp({ args: [`--host-resolver-rules=MAP ${NAME} 127.0.0.1`] });

async function openSource(room, name = NAME) {
  const url = new URL('/overlay/', server.url.replace('127.0.0.1', name));
  url.hash = new URLSearchParams({ room: room.id });
  const opened = await open(browser, url.href);
  await untilLive(opened.page);
  return opened;
}

const connections = (page) => page.evaluate(() => window.connections);

/** Tells the page that there is no network, and waits until it knows. */
async function goOffline(page) {
  await page.context().setOffline(true);
  await page.waitForFunction(() => !navigator.onLine);
}

test('a wait ends when the network is back, whatever the timers say', { timeout }, async () => {
  const room = await staff.openRoom();
  const { page } = await openSource(room);
  await goOffline(page);
  await server.kill();
  await page.waitForFunction(() => window.connections.at(-1) === 'waiting');
  // From here on no timer fires, so that only the browser's word can end the wait.
  await page.clock.install();
  await page.clock.pauseAt(Date.now() + 60_000);
  await server.restart();

  await page.context().setOffline(false);
  await untilLive(page);
  // An attempt that the clock's last jump set off may have failed before.
  assert.deepEqual((await connections(page)).slice(-2), ['connecting', 'live']);
});

test('going offline cuts nothing, and what is sent meanwhile is not missed', { timeout }, async () => {
  const room = await staff.openRoom();
  const { page } = await openSource(room);

  await goOffline(page);
  await staff.donate(room.id, { message: 'while offline' });
  assert.deepEqual((await connections(page)).filter((state) => state !== 'connecting'), ['live']);

  await page.context().setOffline(false);
  await untilShown(page, 'while offline');
  await staff.donate(room.id, { message: 'back again' });
  await untilShown(page, 'back again');
  const notes = (await shown(page)).map((event) => event.contribution?.message).filter(Boolean);
  assert.deepEqual(notes, ['while offline', 'back again']);
});

test('a socket to this machine is left alone', { timeout }, async () => {
  const room = await staff.openRoom();
  const { page } = await openSource(room, '127.0.0.1');
  const before = await connections(page);

  await goOffline(page);
  await page.context().setOffline(false);
  await page.waitForFunction(() => navigator.onLine);
  await staff.donate(room.id, { message: 'undisturbed' });
  await untilShown(page, 'undisturbed');

  assert.deepEqual(await connections(page), before);
});
