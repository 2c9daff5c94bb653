// What viewers redeem, drawn as an alert by the page that a streamer pastes into OBS: in a real Chromium against a
// real server.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open, untilLive } from './pages.mjs';
import { browser, server, staff, setUp } from './world.mjs';

/** An upper bound on any one test, in milliseconds. */
const timeout = 90_000;

setUp();

/** Does something as whoever `token` is of, and refuses to be refused. */
async function act(token, mutation, type, input, fields = '') {
  const query = `mutation ($input: ${type}!) { done: ${mutation}(input: $input) { __typename ... on Error { message } ${fields} } }`;
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables: { input } }),
  });
  const { data, errors } = await response.json();
  assert.equal(errors, undefined);
  assert.equal(data.done.message, undefined);
  return data.done;
}

/** A room that sells, with the page of its overlay. */
async function openShop() {
  const { id: roomId } = await staff.openRoom();
  const { browserSourceUrl } = await staff.createOverlayToken(roomId);
  const { page, troubles } = await open(browser, browserSourceUrl, { viewport: { width: 800, height: 600 } });
  await untilLive(page);
  let keys = 0;

  return {
    roomId,
    page,
    troubles,
    alert: (part) => page.locator(`[part="alert-${part}"]`),
    make: (reward) => {
      const input = { roomId, idempotencyKey: reward.title, cost: '300', ...reward };
      return act(staff.token, 'createReward', 'CreateRewardInput', input, '... on Reward { id }');
    },
    /** Lets somebody in who has more points than all of it costs. */
    enter: async (name) => {
      const who = { roomId, viewerId: name, name };
      const { id } = await act(staff.token, 'joinRoom', 'JoinRoomInput', who, '... on Participant { id }');
      const points = { roomId, participantId: id, idempotencyKey: name, points: '100000', reason: 'to begin' };
      await act(staff.token, 'grantPoints', 'PointsInput', points);
      return server.viewerToken(staff.tenantId, name);
    },
    redeem: (token, reward, input) => {
      const order = { roomId, rewardId: reward.id, idempotencyKey: `order ${keys++}`, input };
      return act(token, 'redeemReward', 'RedeemRewardInput', order);
    },
  };
}

test('a redemption says what was redeemed, by whom and for how much', { timeout }, async () => {
  const { page, troubles, alert, make, enter, redeem } = await openShop();
  const color = '#113355';
  const song = await make({ title: 'Play <b>a song</b>', icon: '🎵', color, input: { text: {} }, showsInput: true });
  const secret = await make({ title: 'Guess', input: { text: {} } });
  const quiet = await make({ title: 'In silence', isAnnounced: false });
  const maria = await enter('מריה');

  await redeem(maria, quiet);
  await redeem(maria, song, 'Ode to <i>Joy</i>');
  await alert('name').getByText('🎵 Play <b>a song</b>', { exact: true }).waitFor();
  assert.equal(await alert('what').textContent(), 'redeemed by \u2068מריה\u2069');
  assert.equal(await alert('message').textContent(), 'Ode to <i>Joy</i>');
  assert.equal(await alert('amount').textContent(), '300 points');
  const stub = () => alert('amount').evaluate((element) => getComputedStyle(element).backgroundColor);
  assert.equal(await stub(), 'rgb(17, 51, 85)');

  // What was said stays with staff, unless the reward shows it; the stub is the theme's again.
  await redeem(maria, secret, 'my address');
  await alert('name').getByText('Guess', { exact: true }).waitFor();
  assert.equal(await alert('message').textContent(), '');
  assert.notEqual(await stub(), 'rgb(17, 51, 85)');
  const said = await page.evaluate(() => JSON.stringify(window.shown));
  assert.ok(!said.includes('my address') && !said.includes('In silence'), said);
  assert.deepEqual(troubles, []);
});

test('however much is redeemed, a gift is next, and the rest is counted', { timeout }, async () => {
  const { roomId, page, troubles, alert, make, enter, redeem } = await openShop();
  const cheap = await make({ title: 'Hydrate', cost: '1' });
  const [ana, ben] = [await enter('ana'), await enter('ben')];

  const orders = Array.from({ length: 40 }, (_, count) => redeem(count % 2 ? ana : ben, cheap));
  await Promise.all(orders);
  await alert('name').getByText('Hydrate', { exact: true }).waitFor();
  await staff.donate(roomId, { viewer: 'Ada', message: 'for the train' });
  await page.waitForFunction(() => window.shown.some((event) => event.contribution));
  // The one on stage stays its time, and no other comes before the gift.
  const before = await alert('what').textContent();
  await page.waitForFunction((before) => {
    const root = document.querySelector('parlor-overlay').shadowRoot;
    return root.querySelector('[part="alert-what"]').textContent !== before;
  }, before);
  assert.equal(await alert('name').textContent(), 'Ada');

  // However fast they came, it is one alert that says how many it stands for, at a point each.
  const together = alert('name').getByText(/^\d+ rewards redeemed$/);
  await together.waitFor();
  const count = Number.parseInt(await together.textContent(), 10);
  assert.ok(count > 20 && count < 40, `${count} together`);
  assert.equal(await alert('amount').textContent(), `${count} points`);
  assert.deepEqual((await alert('what').textContent()).split(', ').sort(), ['ana', 'ben']);
  assert.deepEqual(troubles, []);
});
