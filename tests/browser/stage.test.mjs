// Two people on the example's stage page, and the widgets that everybody else sees of them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open, untilLive } from './pages.mjs';
import { browser, server, staff, setUp } from './world.mjs';

/** An upper bound on any one test, in milliseconds. */
const timeout = 90_000;

setUp();

/** Opens the stage page as `subject`. */
async function openStage(room, subject) {
  const url = new URL('/stage/', server.url);
  url.hash = new URLSearchParams({ room: room.id, token: server.viewerToken(staff.tenantId, subject) });
  const opened = await open(browser, url.href, { viewport: { width: 480, height: 800 } });
  await opened.page.locator('#connection[data-state="live"]').waitFor();
  return opened;
}

/** Opens the OBS page with `widgets`. */
async function openWidgets(room, widgets) {
  const { browserSourceUrl } = await staff.createOverlayToken(room.id);
  const url = new URL(browserSourceUrl);
  url.hash += `&${new URLSearchParams({ widgets })}`;
  const opened = await open(browser, url.href);
  await untilLive(opened.page);
  return opened;
}

/** Comes into the room by the page's form. */
async function join(page, name) {
  await page.locator('#name').fill(name);
  await page.getByRole('button', { name: 'Join the room' }).click();
  await standing(page, 'You are in the audience.');
}

const standing = (page, text) => page.locator('#standing').getByText(text, { exact: true }).waitFor();
const row = (page, list, name) => page.locator(`#${list} li`).filter({ has: page.getByText(name, { exact: true }) });
const click = (within, name) => within.getByRole('button', { name, exact: true }).click();
const seats = (page) => page.locator('parlor-overlay [part="seat"]:visible [part="seat-name"]');
/** What stands above the seats once the overlay has drawn that somebody's place is `stageRole`. */
async function headingAfter(page, stageRole) {
  await page.waitForFunction((role) => window.shown.some(({ participant }) => participant?.stageRole === role), stageRole);
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  return (await page.locator('[part="lineup-heading"]').innerText()).trim();
}

const online = (page) => page.locator('#online');

test('a viewer asks, a host invites, and both pages and the overlay show it', { timeout }, async () => {
  const room = await staff.openRoom();
  await staff.makeOwner(room.id, 'mira', 'Mira');
  const host = await openStage(room, 'mira');
  const guest = await openStage(room, 'ben');
  const air = await openWidgets(room, 'stage presence');
  const desk = await openWidgets(room, 'queue');

  await standing(host.page, 'You are in the audience.');
  await click(host.page.locator('#mine'), 'Take the stage');
  await standing(host.page, 'You are on the stage.');
  await join(guest.page, 'Ben');
  for (const { page } of [host, guest]) await online(page).getByText('2 here', { exact: true }).waitFor();
  await air.page.locator('[part="visit"]:visible').getByText('Ben', { exact: true }).waitFor();

  await click(guest.page, 'Ask for the stage');
  await standing(guest.page, 'You are asking for the stage, number 1 in the queue.');
  await desk.page.locator('[part="lineup-heading"]').getByText('1 asking', { exact: true }).waitFor();
  assert.equal(await headingAfter(air.page, 'REQUESTED'), 'On stage');
  await click(row(host.page, 'queue', 'Ben'), 'Invite');
  await standing(guest.page, 'You are invited to the stage.');
  await desk.page.locator('[part="lineup-heading"]').getByText('1 invited', { exact: true }).waitFor();

  await click(guest.page, 'Take the stage');
  await standing(guest.page, 'You are on the stage.');
  for (const { page } of [host, guest]) {
    await row(page, 'stage', 'Ben').waitFor();
    assert.equal(await page.locator('#queue li').count(), 0);
  }
  await seats(air.page).getByText('Ben', { exact: true }).waitFor();
  assert.deepEqual(await seats(air.page).allTextContents(), ['Mira', 'Ben']);

  await click(row(host.page, 'stage', 'Ben'), 'Make host');
  await standing(guest.page, 'You are the host.');
  await air.page.locator('[part="seat-host"]:visible').waitFor();
  assert.deepEqual([host, guest, air, desk].flatMap(({ troubles }) => troubles), []);
});

test('who closes the page is gone from the count, and dimmed on the stage', { timeout }, async () => {
  const room = await staff.openRoom();
  await staff.makeOwner(room.id, 'mira', 'Mira');
  const host = await openStage(room, 'mira');
  const air = await openWidgets(room, 'stage presence');
  await click(host.page, 'Take the stage');
  const seat = air.page.locator('[part="seat"]:visible').filter({ hasText: 'Mira' });
  await seat.and(air.page.locator(':not(.away)')).waitFor();
  await air.page.locator('[part="presence-count"]').getByText('1', { exact: true }).waitFor();

  await host.page.close();

  await seat.and(air.page.locator('.away')).waitFor();
  await air.page.locator('[part="presence-count"]').waitFor({ state: 'hidden' });
  // Who lost their connection has not left the stage.
  assert.equal(await air.page.locator('[part="visit"]:visible').count(), 0);
  assert.deepEqual(air.troubles, []);
});

test('a name is text on every page, whatever it looks like', { timeout }, async () => {
  const room = await staff.openRoom();
  const name = '<img src=x onerror="window.pwned=true">';
  await staff.makeOwner(room.id, 'mira', name);
  const host = await openStage(room, 'mira');
  const air = await openWidgets(room, 'stage presence');
  await click(host.page, 'Take the stage');

  await seats(air.page).getByText(name, { exact: true }).waitFor();
  await row(host.page, 'stage', name).waitFor();
  for (const { page, troubles } of [host, air]) {
    assert.equal(await page.evaluate(() => window.pwned), undefined);
    assert.deepEqual(troubles, []);
  }
});

test('what a widget was not asked for is not drawn', { timeout }, async () => {
  const room = await staff.openRoom();
  await staff.makeOwner(room.id, 'mira', 'Mira');
  const host = await openStage(room, 'mira');
  const plain = await openWidgets(room, '');
  const air = await openWidgets(room, 'stage');
  await click(host.page, 'Take the stage');
  await seats(air.page).getByText('Mira', { exact: true }).waitFor();
  await plain.page.waitForFunction(() => window.shown.some(({ type }) => type === 'ParticipantStageChanged'));

  assert.equal(await seats(plain.page).count(), 0);
  assert.equal(await plain.page.locator('[part="presence-count"]').isVisible(), false);
  assert.equal(await air.page.locator('[part="presence-count"]').isVisible(), false);
});

test('for whoever asks for less motion, people fade in where they will sit', { timeout }, async () => {
  const room = await staff.openRoom();
  await staff.makeOwner(room.id, 'mira', 'Mira');
  const host = await openStage(room, 'mira');
  const { page } = await openWidgets(room, 'stage');
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.evaluate(() => {
    window.moves = [];
    const seats = (records) => records.map(({ target }) => target).filter((target) => target.matches('.seat'));
    new MutationObserver((records) => window.moves.push(...seats(records).map((seat) => seat.style.transform)))
      .observe(document.querySelector('parlor-overlay').shadowRoot, { subtree: true, attributeFilter: ['style'] });
  });

  await click(host.page, 'Take the stage');
  await page.locator('[part="seat"]:visible').filter({ hasText: 'Mira' }).waitFor();
  await page.waitForFunction(() =>
    [...document.querySelector('parlor-overlay').shadowRoot.querySelectorAll('.seat')].some((seat) => seat.style.opacity === '1'));

  const moves = await page.evaluate(() => window.moves);
  const aside = moves.map((move) => move.match(/translateX\(calc\(var\(--d\)\s*\*\s*(-?\d+)/)?.[1]);
  assert.ok(moves.length > 0);
  assert.deepEqual(aside.filter((units) => units !== '0'), []);
});
