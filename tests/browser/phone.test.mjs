// The overlay on a player as small as a phone's: what is written there can be read.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Server, Staff } from '../harness.mjs';
import { EAGER_TRAIN, launch, open, untilLive } from './pages.mjs';

/** An upper bound on any one test, in milliseconds. */
const timeout = 90_000;

const PHONE = { width: 340, height: 191 };
const TEXT_MIN_PX = 11;

let server;
let staff;
let browser;

before(async () => {
  server = await Server.start();
  staff = new Staff(server);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

/** Opens an overlay of `widgets` on a phone's player. */
async function openPhone(room, widgets, settings = {}) {
  const url = new URL('/overlay/', server.url);
  url.hash = new URLSearchParams({ room: room.id, widgets, placement: 'companion', ...settings });
  const { page } = await open(browser, url.href, { viewport: PHONE });
  await untilLive(page);
  return page;
}

/** Has somebody come into the room and take its stage. */
async function takeStage(room, viewerId, name) {
  const owner = await staff.makeOwner(room.id, viewerId, name);
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${server.viewerToken(staff.tenantId, viewerId)}` },
    body: JSON.stringify({
      query: 'mutation($input: ParticipantInput!) { result: joinStage(input: $input) { __typename } }',
      variables: { input: { roomId: room.id, participantId: owner.id, version: owner.version } },
    }),
  });
  const { result } = (await response.json()).data;
  assert.equal(result.__typename, 'Participant');
}

/** Hands the stage to one of those on it. */
async function makeHost(room, viewerId) {
  const { participantsConnection } = await staff.graphql(
    'query($id: ID!) { participantsConnection(roomId: $id) { nodes { id version private { viewerId } } } }',
    { id: room.id },
  );
  const { id, version } = participantsConnection.nodes.find((node) => node.private?.viewerId === viewerId);
  const { result } = await staff.graphql(
    'mutation($input: HandOverHostInput!) { result: handOverHost(input: $input) { __typename ... on Error { message } } }',
    { input: { roomId: room.id, participantId: id, version, fromParticipantId: null } },
  );
  assert.equal(result.__typename, 'Participant', result.message);
}

/** The texts that are seen, each with the size of its type and with how far it goes beyond the player. */
function texts(page) {
  return page.evaluate(() => {
    const root = document.querySelector('parlor-overlay').shadowRoot;
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) {
      const text = walker.currentNode.data.trim();
      const element = walker.currentNode.parentElement;
      if (!text || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
      const { left, right, top, bottom } = element.getBoundingClientRect();
      const beyond = Math.max(-left, right - innerWidth, -top, bottom - innerHeight);
      found.push({ text, px: Number.parseFloat(getComputedStyle(element).fontSize), beyond });
    }
    return found;
  });
}

/** Waits until all of `parts` are seen, then sees that everything can be read and nothing is cut off. */
async function read(page, parts, { keep = false } = {}) {
  for (const part of parts) await page.locator(`parlor-overlay [part="${part}"]`).filter({ hasText: /./ }).first().waitFor();
  // Whatever comes in has come in: for some frames nothing has moved.
  await page.waitForFunction((frames) => {
    const parts = [...document.querySelector('parlor-overlay').shadowRoot.querySelectorAll('[part]')];
    const places = JSON.stringify(parts.map((part) => [part.getBoundingClientRect(), getComputedStyle(part).opacity]));
    window.still = places === window.places ? window.still + 1 : 0;
    window.places = places;
    return window.still >= frames;
  }, 4);
  const seen = await texts(page);

  assert.ok(seen.length > 0);
  for (const { text, px, beyond } of seen) {
    assert.ok(px >= TEXT_MIN_PX, `“${text}” is written with ${px} px`);
    assert.ok(beyond <= 0.5, `“${text}” is cut off by ${beyond} px`);
  }
  if (process.env.SCREENSHOTS) {
    await page.evaluate(() => { document.body.style.background = 'repeating-linear-gradient(45deg, #3d7a55 0 20px, #cfe3d0 0 40px, #20304a 0 60px)'; });
    await page.screenshot({ path: `${process.env.SCREENSHOTS}/phone-${parts.join('-')}.png` });
  }
  if (!keep) await page.context().close();
}

test('a running train and an alert can be read', { timeout }, async () => {
  const room = await staff.openRoom({ hypeTrainProgram: EAGER_TRAIN, delayMs: 0 });
  const page = await openPhone(room, 'train alerts');
  const donations = [['Ada Lovelace', 600], ['Grace Hopper', 250]];
  for (const [viewer, amount] of donations) await staff.donate(room.id, { viewer, amount, message: 'Good luck with the last level, all of you!' });

  await page.locator('parlor-overlay [data-train-total="850"]').waitFor({ state: 'attached' });
  await read(page, ['level', 'time', 'alert-name', 'alert-amount']);
});

test('a train that is yet to come can be read', { timeout }, async () => {
  const room = await staff.openRoom({ hypeTrainProgram: { ...EAGER_TRAIN, kickoffEvents: 3 }, delayMs: 0 });
  const page = await openPhone(room, 'train');
  await staff.donate(room.id, { amount: 300 });

  await page.locator('parlor-overlay [data-train-phase="approaching"]').waitFor({ state: 'attached' });
  await read(page, ['words', 'level']);
});

test('a level that is reached, and how far a train got, can be read', { timeout }, async () => {
  const program = { ...EAGER_TRAIN, secondsPerLevel: 10 };
  const room = await staff.openRoom({ hypeTrainProgram: program, delayMs: 0 });
  const page = await openPhone(room, 'train');
  for (const amount of [400, 800]) await staff.donate(room.id, { viewer: 'Ada Lovelace', amount });

  await read(page, ['celebration'], { keep: true });
  await page.locator('parlor-overlay [data-train-phase="ended"]').waitFor({ state: 'attached' });
  await read(page, ['summary']);
});

test('who is on the stage, and how many are here, can be read', { timeout }, async () => {
  const room = await staff.openRoom({ title: 'A show' });
  const people = ['Ada Lovelace', 'Grace Hopper', 'Margaret Hamilton', 'Barbara Liskov', 'Frances Allen', 'Radia Perlman'];
  for (const [index, name] of people.entries()) await takeStage(room, `viewer-${index}`, name);
  await makeHost(room, 'viewer-0');
  // One of them is here by this very page.
  const token = server.viewerToken(staff.tenantId, 'viewer-0');
  const page = await openPhone(room, 'stage queue presence', { token });

  await page.locator('parlor-overlay [part="seat"]:visible').nth(people.length - 1).waitFor();
  await read(page, ['seat-name', 'lineup-heading', 'seat-host', 'presence-count', 'presence-face']);
});
