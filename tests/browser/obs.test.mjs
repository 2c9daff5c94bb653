// The page that a streamer pastes into OBS, in a real Chromium against a real server.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathToFileURL, fileURLToPath } from 'node:url';
import { EAGER_TRAIN, cornerOpacity, level, open, shown, untilLive, untilShown } from './pages.mjs';
import { browser, server, staff, setUp } from './world.mjs';

/** An upper bound on any one test, in milliseconds. */
const timeout = 90_000;

// A page from a disk has the origin `null`, which only `*` lets in.
setUp({ settings: { PARLOR_ALLOWED_ORIGIN: '*' } });

async function openSource(room) {
  const { browserSourceUrl } = await staff.createOverlayToken(room.id);
  return open(browser, browserSourceUrl, { viewport: { width: 800, height: 600 } });
}

test('a contribution moves the train at once, over nothing', { timeout }, async () => {
  const room = await staff.openRoom({ hypeTrainProgram: EAGER_TRAIN, delayMs: 8_000 });
  const { page, troubles } = await openSource(room);
  await untilLive(page);
  assert.equal(cornerOpacity(await page.screenshot({ omitBackground: true })), 0);

  await staff.donate(room.id, { amount: 400, message: 'first' });
  const first = await untilShown(page, 'first');
  // The stream itself adds its delay of 8 s to what OBS shows.
  const after = first.shownAt - first.occurredAt;
  assert.ok(after < 2_000, `shown ${after} ms after it happened`);
  await level(page).getByText('1', { exact: true }).waitFor();

  await staff.donate(room.id, { amount: 800, message: 'second' });
  await level(page).getByText('2', { exact: true }).waitFor();
  assert.deepEqual(
    (await shown(page)).map((event) => event.type),
    ['ContributionReceived', 'HypeTrainStarted', 'ContributionReceived', 'HypeTrainLeveledUp'],
  );
  assert.equal(cornerOpacity(await page.screenshot({ omitBackground: true })), 0);
  assert.deepEqual(troubles, []);
});

test('what a donor wrote is text, whatever it looks like', { timeout }, async () => {
  const room = await staff.openRoom();
  const { page, troubles } = await openSource(room);
  await untilLive(page);
  const message = '<img src=x onerror="window.pwned=true"><b>bold</b>';

  await staff.donate(room.id, { message, viewer: '<script>window.pwned=true</script>' });
  await page.locator('[part="alert-message"]').getByText(message, { exact: true }).waitFor();

  assert.equal(await page.evaluate(() => window.pwned), undefined);
  assert.equal(await page.locator('parlor-overlay [part="alert"] img').count(), 0);
  assert.deepEqual(troubles, []);
});

test('an announcement is an alert by itself, and goes before gifts that wait', { timeout }, async () => {
  const room = await staff.openRoom();
  const { page, troubles } = await openSource(room);
  await untilLive(page);
  const alert = (part) => page.locator(`[part="alert-${part}"]`);
  const text = 'We play until <midnight>';

  for (const viewer of ['Ada', 'Ben', 'Cleo']) await staff.donate(room.id, { viewer });
  await alert('name').getByText('Ada', { exact: true }).waitFor();
  const { announce } = await staff.graphql(
    'mutation ($input: AnnounceInput!) { announce(input: $input) { __typename } }',
    { input: { roomId: room.id, idempotencyKey: 'one', text } },
  );
  assert.equal(announce.__typename, 'AnnouncementMade');

  await alert('message').getByText(text, { exact: true }).waitFor();
  assert.equal(await alert('name').textContent(), 'Announcement');
  assert.equal(await alert('amount').isVisible(), false);
  await alert('name').getByText('Ben', { exact: true }).waitFor();
  assert.equal(await alert('amount').isVisible(), true);
  assert.deepEqual(troubles, []);
});

test('after the server is killed in the middle of a train, nothing is twice and nothing missing', { timeout }, async () => {
  const room = await staff.openRoom({ hypeTrainProgram: EAGER_TRAIN });
  const { page } = await openSource(room);
  await untilLive(page);
  await staff.donate(room.id, { amount: 100, message: 'before' });
  await untilShown(page, 'before');

  await server.kill();
  await page.waitForFunction(() => window.connections.at(-1) !== 'live');
  await server.restart();
  await staff.donate(room.id, { amount: 100, message: 'while away' });
  await untilShown(page, 'while away');
  await staff.donate(room.id, { amount: 900, message: 'afterwards' });
  await untilShown(page, 'afterwards');
  await level(page).getByText('2', { exact: true }).waitFor();

  const events = await shown(page);
  const notes = events.filter((event) => event.contribution).map((event) => event.contribution.message);
  assert.deepEqual(notes, ['before', 'while away', 'afterwards']);
  const seqs = events.map((event) => event.seq);
  assert.deepEqual(seqs, Array.from(seqs, (_, index) => seqs[0] + index), 'every seq once, in order');
});

test('a source that was there before the server comes up by itself', { timeout }, async () => {
  const room = await staff.openRoom();
  const { secret } = await staff.createOverlayToken(room.id);
  const file = pathToFileURL(fileURLToPath(new URL('../../target/web/overlay/index.html', import.meta.url)));
  file.hash = new URLSearchParams({ server: server.url, room: room.id, token: secret });
  await server.drain();

  const { page } = await open(browser, file.href);
  // The page is there, and the server is not.
  assert.equal(await page.locator('parlor-overlay').count(), 1);
  await server.restart();
  await untilLive(page);
  await staff.donate(room.id, { message: 'here we are' });
  await untilShown(page, 'here we are');
});

test('a revoked token shows nothing', { timeout }, async () => {
  const room = await staff.openRoom({ anonymousRead: false });
  const { browserSourceUrl, overlayToken } = await staff.createOverlayToken(room.id);
  await staff.graphql('mutation($id: ID!) { revokeOverlayToken(id: $id) { __typename } }', { id: overlayToken.id });

  const { page } = await open(browser, browserSourceUrl);
  await page.waitForFunction(() => window.connections.at(-1) === 'failed');

  assert.equal(await page.locator('[part="train"]').isVisible(), false);
});
