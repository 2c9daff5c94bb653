// The example's page on which a moderator sees to what was redeemed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open } from './pages.mjs';
import { admit, createReward, fulfill, redeem, redemptions } from './points.mjs';
import { browser, server, staff, setUp } from './world.mjs';

/** An upper bound on any one test, in milliseconds. */
const timeout = 90_000;

let room;

setUp();

/** Opens the page as `subject`, who has the room's redemptions to see to. */
async function openQueue(subject) {
  const url = new URL('/redemptions/', server.url);
  url.hash = new URLSearchParams({ room: room.id, token: server.viewerToken(staff.tenantId, subject) });
  return open(browser, url.href, { viewport: { width: 600, height: 800 } });
}

const live = ({ page }) => page.locator('#connection[data-state="live"]').waitFor();
const row = ({ page }, list, text) => page.locator(`#${list} li`).filter({ hasText: text });

/** A live room with a reward that asks for words, and a viewer who may redeem it. */
async function sell() {
  room = await staff.openRoom();
  await staff.makeOwner(room.id, 'mira', 'Mira');
  await admit(staff, room, 'ana', 1_000);
  return createReward(staff, room, { title: 'Say <b>it</b>', cost: '30', input: { text: {} } });
}

const redeemed = (reward, words) => redeem(staff, room, 'ana', reward, words);

test('what is redeemed comes by itself, and two who see to it are not in each other\'s way', { timeout }, async () => {
  const reward = await sell();
  await redeemed(reward, 'first');
  const mira = await openQueue('mira');
  await live(mira);
  await row(mira, 'open', 'first').waitFor();
  assert.equal(await mira.page.locator('#count').innerText(), '1 waits');
  const shown = await row(mira, 'open', 'first').innerText();
  assert.match(shown, /Say <b>it<\/b>/);
  assert.match(shown, /ana · 30 points/);

  const { id: second } = await redeemed(reward, 'second');
  const { id: third } = await redeemed(reward, 'third');
  await row(mira, 'open', 'third').waitFor();
  assert.equal(await mira.page.title(), '(3) Redemptions');
  await row(mira, 'open', 'first').getByRole('button', { name: 'Fulfill' }).click();
  await row(mira, 'done', 'first').getByText('fulfilled').waitFor();
  await row(mira, 'open', 'second').getByRole('button', { name: 'Give points back' }).click();
  await row(mira, 'done', 'second').getByText('points given back').waitFor();
  // Somebody else was quicker.
  await fulfill(staff, room, third);
  await row(mira, 'done', 'third').waitFor();
  assert.equal(await mira.page.locator('#count').innerText(), '0 wait');
  assert.equal(await mira.page.getByRole('alert').count(), 0, 'nothing went wrong');
  const statuses = (await redemptions(staff, room)).map(({ id, status }) => (id === second ? 'CANCELED' : 'FULFILLED') === status);
  assert.deepEqual(statuses, [true, true, true]);
  assert.deepEqual(mira.troubles, []);
});

test('a queue that was cut off goes on where it was', { timeout }, async () => {
  const reward = await sell();
  const mira = await openQueue('mira');
  await live(mira);
  await redeemed(reward, 'before');
  await row(mira, 'open', 'before').waitFor();

  await server.kill();
  await mira.page.locator('#connection[data-state="connecting"]').waitFor();
  await server.restart();
  await redeemed(reward, 'meanwhile');

  await row(mira, 'open', 'meanwhile').waitFor();
  assert.equal(await row(mira, 'open', 'before').count(), 1);
});

test('whoever may not see to redemptions is told so, and is shown none', { timeout }, async () => {
  const reward = await sell();
  await redeemed(reward, 'a secret');
  const ana = await openQueue('ana');

  await ana.page.locator('#connection[data-state="refused"]').waitFor();
  assert.match(await ana.page.getByRole('alert').innerText(), /REDEMPTION_MANAGE/);
  assert.equal(await ana.page.locator('li').count(), 0);
});
