// Several overlays and clients on one page: one connection for the same server and token.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { Server, Staff } from '../harness.mjs';
import { launch } from './pages.mjs';
import { Site, overlay, script } from './site.mjs';

/** An upper bound on any one test, in milliseconds. */
const timeout = 90_000;

let server;
let site;
let staff;
let browser;

before(async () => {
  site = await Site.start();
  server = await Server.start({ PARLOR_ALLOWED_ORIGIN: site.origin });
  staff = new Staff(server);
  browser = await launch();
});

afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
});

after(async () => {
  await browser?.close();
  await server?.stop();
  site?.stop();
});

/** Opens a page with overlays of these attributes, and waits until each follows its room. */
async function openWith(room, overlays) {
  const body = overlays.map((attributes) => overlay(server, room, `placement="source" ${attributes}`)).join('') + script(server);
  const before = () => {
    window.live = new Set();
    window.notes = [];
    addEventListener('parlor-connection', ({ target, detail }) => {
      if (detail.state === 'live') window.live.add(target);
      else window.live.delete(target);
    }, true);
    addEventListener('parlor-event', ({ target, detail }) => {
      if (detail.contribution) window.notes.push(`${target.id}: ${detail.contribution.message}`);
    }, true);
  };
  const opened = await site.visit(browser, body, { before });
  await opened.page.waitForFunction((count) => window.live.size === count, overlays.length);
  return opened;
}

/** Follows the room with the npm client as well, as `window.client`. */
async function alsoConnect(page, room) {
  await page.evaluate(async ({ url, room }) => {
    const { connect } = await import(`${url}/sdk/index.js`);
    window.client = await connect({ server: url, room, placement: 'source' });
    window.client.addEventListener('event', ({ detail }) => {
      if (detail.contribution) window.notes.push(`client: ${detail.contribution.message}`);
    });
  }, { url: server.url, room: room.id });
  await page.waitForFunction(() => window.client.connection.state === 'live');
}

/** Waits until so many have told of something, and returns what all have told, by name. */
async function notes(page, count) {
  await page.waitForFunction((count) => window.notes.length >= count, count);
  return page.evaluate(() => window.notes.sort());
}

const openSockets = (sockets) => sockets.filter((socket) => !socket.isClosed());
const closing = (socket) => (socket.isClosed() ? undefined : socket.waitForEvent('close'));

test('two overlays and a client share one connection, and each hears everything once', { timeout }, async () => {
  const room = await staff.openRoom();
  const { page, sockets, troubles } = await openWith(room, ['id="one"', 'id="two"']);
  await alsoConnect(page, room);
  assert.equal(sockets.length, 1);

  await staff.donate(room.id, { message: 'to all' });
  assert.deepEqual(await notes(page, 3), ['client: to all', 'one: to all', 'two: to all']);

  await page.evaluate(() => document.querySelector('#one').remove());
  await staff.donate(room.id, { message: 'to those who stay' });
  assert.deepEqual((await notes(page, 5)).filter((note) => note.endsWith('stay')), ['client: to those who stay', 'two: to those who stay']);

  await page.evaluate(() => document.body.insertAdjacentHTML('beforeend', window.live.values().next().value.outerHTML.replace(/id="\w+"/, 'id="three"')));
  await page.waitForFunction(() => [...window.live].some(({ id }) => id === 'three'));
  assert.equal(sockets.length, 1);

  await page.evaluate(() => {
    window.client.close();
    for (const one of document.querySelectorAll('parlor-overlay')) one.remove();
  });
  await closing(sockets[0]);
  assert.deepEqual(troubles, []);
});

test('who has another token has another connection', { timeout }, async () => {
  const room = await staff.openRoom();
  const { secret } = await staff.createOverlayToken(room.id);
  const { sockets, troubles } = await openWith(room, ['id="one"', `id="two" token="${secret}"`, `id="three" token="${secret}"`]);

  assert.equal(sockets.length, 2);
  assert.deepEqual(troubles, []);
});

test('more than one connection can carry have another', { timeout }, async () => {
  const room = await staff.openRoom();
  const { page, sockets, troubles } = await openWith(room, Array.from({ length: 20 }, (_, index) => `id="o${index}" widgets="alerts"`));
  await staff.donate(room.id, { message: 'hi' });

  assert.equal((await notes(page, 20)).length, 20);
  assert.equal(sockets.length, 2);
  assert.deepEqual(troubles, []);
});

test('all of them come back over one connection, and nothing is missing or twice', { timeout }, async () => {
  const room = await staff.openRoom();
  const { page, sockets, troubles } = await openWith(room, ['id="one"', 'id="two"']);
  await server.kill();
  await page.waitForFunction(() => window.live.size === 0);
  await server.restart();
  await staff.donate(room.id, { message: 'while away' });
  await page.waitForFunction(() => window.live.size === 2);

  assert.deepEqual(await notes(page, 2), ['one: while away', 'two: while away']);
  assert.equal(openSockets(sockets).length, 1);
  assert.deepEqual(troubles, []);
});

test('who wants another connection does not get the same one, and the others keep theirs', { timeout }, async () => {
  const room = await staff.openRoom();
  const { page, sockets, troubles } = await openWith(room, ['id="one"']);
  await alsoConnect(page, room);

  await page.evaluate(() => window.client.reconnect());
  await page.waitForFunction(() => window.client.connection.state === 'live');
  await staff.donate(room.id, { message: 'hi' });

  assert.deepEqual(await notes(page, 2), ['client: hi', 'one: hi']);
  assert.equal(openSockets(sockets).length, 2);
  assert.equal(sockets.length, 2);
  assert.deepEqual(troubles, []);
});
