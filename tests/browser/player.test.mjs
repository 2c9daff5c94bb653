// The player page: a synthetic live picture with its own clock under the overlay, beside the same
// room as OBS shows it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EAGER_TRAIN, PATIENCE_MS, level, open, shown, untilLive, untilShown } from './pages.mjs';
import { browser, server, staff, setUp } from './world.mjs';

/** An upper bound on any one test, in milliseconds. */
const timeout = 150_000;

setUp();

/** Opens the page at a latency, and waits until both overlays follow the room. */
async function openPlayer(room, latencyS) {
  const { page, troubles } = await open(browser, `${server.url}/player/#room=${encodeURIComponent(room.id)}`);
  await page.locator('#latency').fill(String(latencyS));
  await untilLive(page);
  const source = page.frames().find((frame) => frame !== page.mainFrame());
  await source.waitForFunction(() => window.connections?.at(-1) === 'live', null, { timeout: PATIENCE_MS });
  return { page, source, troubles };
}

/** How far the drawn clock was from the moment at which the event happened, in milliseconds. */
async function apart(page, what) {
  const row = page.locator('#log tr', { hasText: 'player' }).filter({ hasText: what }).first();
  return Number.parseInt(await row.locator('td').last().innerText(), 10);
}

test('the train moves when the picture gets there, 2, 8 and 30 s behind, and at once in OBS', { timeout }, async () => {
  const room = await staff.openRoom({ hypeTrainProgram: EAGER_TRAIN, delayMs: 8_000 });
  const latencies = [2, 8, 30];
  const players = await Promise.all(latencies.map((latency) => openPlayer(room, latency)));

  await staff.donate(room.id, { amount: 700, message: 'in step' });

  await Promise.all(
    players.map(async ({ page, source, troubles }, index) => {
      const latencyMs = latencies[index] * 1_000;
      const live = await untilShown(source, 'in step');
      assert.ok(live.shownAt - live.occurredAt < 2_000, `OBS: ${live.shownAt - live.occurredAt} ms later`);

      const delayed = await untilShown(page, 'in step');
      const behind = delayed.shownAt - delayed.occurredAt;
      assert.ok(Math.abs(behind - latencyMs) < 1_000, `shown ${behind} ms later, ${latencyMs} ms behind`);
      const clock = await apart(page, 'level 1, 700 of 1000');
      // Up to half a frame early, so that it is shown with the nearest frame.
      assert.ok(clock >= -20 && clock < 1_000, `the drawn clock was ${clock} ms past it`);
      await level(page).getByText('1', { exact: true }).waitFor();
      assert.deepEqual(troubles, []);
    }),
  );
});

test('after a seek back the earlier level shows', { timeout }, async () => {
  const room = await staff.openRoom({ hypeTrainProgram: EAGER_TRAIN });
  const { page } = await openPlayer(room, 2);
  const first = await staff.donate(room.id, { amount: 600, message: 'to level one' });
  await untilShown(page, 'to level one');
  await page.waitForFunction((until) => Date.now() > until, Date.parse(first.occurredAt) + 5_000);
  const second = await staff.donate(room.id, { amount: 900, message: 'to level two' });
  await untilShown(page, 'to level two');
  await level(page).getByText('2', { exact: true }).waitFor();

  await page.locator('#play').click();
  const between = (Date.parse(first.occurredAt) + Date.parse(second.occurredAt)) / 2;
  await page.evaluate((to) => {
    const scrubber = document.querySelector('#scrubber');
    scrubber.value = String((to - Date.now()) / 1_000);
    scrubber.dispatchEvent(new Event('input', { bubbles: true }));
  }, between);
  await level(page).getByText('1', { exact: true }).waitFor();

  await page.locator('#live').click();
  await level(page).getByText('2', { exact: true }).waitFor();
});

test('a killed server in the middle of a train costs neither page anything', { timeout }, async () => {
  const room = await staff.openRoom({ hypeTrainProgram: EAGER_TRAIN });
  const { page, source } = await openPlayer(room, 2);
  await staff.donate(room.id, { amount: 100, message: 'before' });
  await untilShown(source, 'before');

  await server.kill();
  await source.waitForFunction(() => window.connections.at(-1) !== 'live');
  await server.restart();
  await staff.donate(room.id, { amount: 100, message: 'while away' });
  await staff.donate(room.id, { amount: 900, message: 'afterwards' });

  for (const place of [page, source]) {
    await untilShown(place, 'afterwards');
    await place.waitForFunction(() => window.shown.at(-1).train?.level === 2);
    const events = await shown(place);
    const notes = events.filter((event) => event.contribution).map((event) => event.contribution.message);
    assert.deepEqual(notes, ['before', 'while away', 'afterwards']);
    const seqs = events.map((event) => event.seq);
    assert.deepEqual(seqs, Array.from(seqs, (_, index) => seqs[0] + index), 'every seq once, in order');
    assert.equal(events.at(-1).train.total, 1_100);
  }
});

test('who comes late is shown nothing that their picture has not reached', { timeout }, async () => {
  const room = await staff.openRoom({ hypeTrainProgram: EAGER_TRAIN });
  await staff.donate(room.id, { amount: 700, message: 'on its way' });

  const { page, source } = await openPlayer(room, 8);
  const event = await untilShown(page, 'on its way');

  const behind = event.shownAt - event.occurredAt;
  assert.ok(Math.abs(behind - 8_000) < 1_000, `shown ${behind} ms later, 8 s behind`);
  await level(page).getByText('1', { exact: true }).waitFor();
  // OBS has no past to wait for: the train is there, its alert is over.
  await source.locator('[part="level"]').getByText('1', { exact: true }).waitFor();
  assert.deepEqual(await shown(source), []);
});
