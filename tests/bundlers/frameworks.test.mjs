// The element in applications of frameworks, as a server has rendered them and a browser takes them over.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { Server, Staff } from '../harness.mjs';
import { EAGER_TRAIN, launch, level, open } from '../browser/pages.mjs';
import { FRAMEWORKS, build } from './frameworks.mjs';
import { StaticSite } from './static_site.mjs';

/** An upper bound on any one test, in milliseconds. */
const timeout = 90_000;

let site;
let server;
let staff;
let browser;

before(async () => {
  site = await StaticSite.start();
  server = await Server.start({ PARLOR_ALLOWED_ORIGIN: site.origin });
  site.allow(server);
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

const openRoom = async (amount) => {
  const room = await staff.openRoom({ hypeTrainProgram: EAGER_TRAIN, delayMs: 0 });
  await staff.donate(room.id, { amount });
  return room.id;
};

for (const framework of FRAMEWORKS) {
  test(`an application of ${framework} is rendered by a server, and shows the overlay in a browser`, { timeout }, async () => {
    assert.equal(globalThis.HTMLElement, undefined, 'there are no elements where a server renders');
    const rooms = [await openRoom(300), await openRoom(1_200)];
    const { folder, html } = await build(framework, { server: server.url, rooms });
    assert.ok(html.includes('<parlor-overlay '), html);
    for (const attribute of [`room="${rooms[0]}"`, `server="${server.url}"`, 'placement="companion"']) {
      assert.ok(html.includes(attribute), html);
    }
    assert.ok(!html.includes('player'), html);

    site.folder = folder;
    const url = new URL(site.origin);
    for (const of of [server.url, ...rooms]) url.searchParams.append('of', of);
    const { page, troubles } = await open(browser, 'about:blank');
    const said = [];
    const sockets = [];
    page.on('console', (message) => said.push(message.text()));
    page.on('websocket', (socket) => sockets.push(socket));
    const openSockets = () => sockets.filter((socket) => !socket.isClosed());
    await page.addInitScript(() => addEventListener('parlor-event', ({ target }) => (window.first ??= target), true));
    await page.goto(url.href);

    // The element is the server's own, and hears the framework's listener and player.
    await level(page).getByText('1', { exact: true }).waitFor();
    await page.locator('output').getByText('live', { exact: true }).waitFor();
    await page.waitForFunction(() => document.querySelector('parlor-overlay').player);
    assert.equal(sockets.length, 1);

    await page.click('#other');
    await level(page).getByText('2', { exact: true }).waitFor();
    assert.equal(await page.evaluate(() => document.querySelector('parlor-overlay').getAttribute('room')), rooms[1]);
    await page.locator('output').getByText('live', { exact: true }).waitFor();

    const closing = openSockets().map((socket) => socket.waitForEvent('close'));
    await page.click('#toggle');
    await page.waitForFunction(() => !document.querySelector('parlor-overlay'));
    await Promise.all(closing);
    await page.click('#toggle');
    await level(page).getByText('2', { exact: true }).waitFor();
    await page.waitForFunction(() => document.querySelector('parlor-overlay').player);
    assert.equal(openSockets().length, 1);
    assert.deepEqual([said, troubles], [[], []]);
  });
}
