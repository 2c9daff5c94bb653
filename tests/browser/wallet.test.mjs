// What a viewer has, and what they redeem, in pages of the npm package against a running server.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open } from './pages.mjs';
import { admit, createReward, fulfill, grant, redemptions, updateReward } from './points.mjs';
import { browser, server, staff, setUp } from './world.mjs';

/** An upper bound on any one test, in milliseconds. */
const timeout = 60_000;

setUp();

const tokenOf = (viewer) => server.viewerToken(staff.tenantId, viewer);

/** Connects in `page`, whose client is `window.client`; `window.told` collects its events. */
async function connect(page, room, token, options = {}) {
  await page.evaluate(async ({ room, token, options }) => {
    const { connect } = await import('/sdk/index.js');
    window.told = [];
    window.client = await connect({ server: location.origin, room, token, ...options });
    for (const type of ['wallet', 'redemption', 'fault']) {
      window.client.addEventListener(type, ({ detail }) => window.told.push({ type, detail: detail?.code ?? detail }));
    }
  }, { room: room.id, token, options });
}

async function openPage(room, token, options) {
  const opened = await open(browser, `${server.url}/stage/`);
  opened.sockets = [];
  opened.page.on('websocket', (socket) => opened.sockets.push(socket));
  opened.asked = [];
  opened.page.on('request', (request) => opened.asked.push(request));
  await connect(opened.page, room, token, options);
  return opened;
}

/** Another page of the same browser profile, as a tab beside the first. */
async function openTab({ page }, room, token, options) {
  const tab = await page.context().newPage();
  await tab.goto(`${server.url}/stage/`);
  await connect(tab, room, token, options);
  return tab;
}

const until = (page, balance, available = balance) =>
  page.waitForFunction(([balance, available]) => window.client.wallet?.balance === balance && window.client.wallet.available === available, [balance, available]);
const told = (page, type) => page.evaluate((type) => window.told.filter((one) => one.type === type).map(({ detail }) => detail), type);
const redeem = (page, title, options) => page.evaluate(async ({ title, options }) => {
  const reward = (await window.client.rewards()).find((one) => one.title === title);
  return window.client.redeem(reward, options).catch(({ code, message }) => ({ code, message }));
}, { title, options });

test('two tabs of one viewer have the same wallet, and follow what becomes of a redemption', { timeout }, async () => {
  const room = await staff.openRoom();
  const ada = await admit(staff, room, 'ada', 100);
  await createReward(staff, room, { title: 'A song', cost: '30', input: { text: {} } });
  const first = await openPage(room, tokenOf('ada'), { wallet: true });
  const tab = await openTab(first, room, tokenOf('ada'), { wallet: true });
  await Promise.all([until(first.page, 100), until(tab, 100)]);

  const { ok, redemption } = await redeem(first.page, 'A song', { input: 'Ode to joy' });
  assert.equal(ok, true);
  assert.deepEqual([redemption.title, redemption.cost, redemption.input, redemption.status], ['A song', 30, 'Ode to joy', 'UNFULFILLED']);
  await Promise.all([until(first.page, 100, 70), until(tab, 100, 70)]);
  assert.equal(await tab.evaluate(() => window.client.wallet.held), 30);

  await fulfill(staff, room, redemption.id);
  await Promise.all([until(first.page, 70), until(tab, 70)]);
  const [read] = await tab.evaluate(() => window.client.wallet.redemptions);
  assert.deepEqual([read.id, read.status, typeof read.redeemedAt, typeof read.settledAt], [redemption.id, 'FULFILLED', 'number', 'number']);

  await grant(staff, room, ada, 5);
  await Promise.all([until(first.page, 75), until(tab, 75)]);
  assert.equal(first.sockets.length, 1, 'it is on the connection of the room');
  assert.deepEqual(await told(tab, 'redemption'), [], 'it was not this tab that asked');
  assert.deepEqual(first.troubles, []);
});

test('a page that asks for no points subscribes to none, and loads nothing of them', { timeout }, async () => {
  const room = await staff.openRoom();
  await admit(staff, room, 'ada', 100);
  const opened = await open(browser, `${server.url}/stage/`);
  const sent = [];
  const asked = [];
  opened.page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => sent.push(payload)));
  opened.page.on('request', (request) => asked.push(request.url()));
  await connect(opened.page, room, tokenOf('ada'));
  await opened.page.waitForFunction(() => window.client.connection.state === 'live' && window.client.me);
  const isOfPoints = (text) => /liveViewer|wallet|points/.test(text);
  assert.deepEqual([sent.filter(isOfPoints), asked.filter(isOfPoints)], [[], []]);
  assert.equal(await opened.page.evaluate(() => window.client.wallet), null);

  await opened.page.evaluate(() => window.client.followWallet());
  await until(opened.page, 100);
  assert.equal(sent.filter(isOfPoints).length, 1);
  await opened.page.evaluate(() => window.client.followWallet(false));
  await opened.page.waitForFunction(() => window.client.wallet === null);
});

test('whoever is nobody in particular, or has not joined, has no wallet until they have', { timeout }, async () => {
  const room = await staff.openRoom();
  const { page, troubles } = await openPage(room, undefined, { wallet: true });
  await page.waitForFunction(() => window.client.connection.state === 'live');
  assert.deepEqual(await page.evaluate(() => window.client.redeem({ id: 'x', cost: 1 })), {
    ok: false,
    refusal: { type: 'AuthError', code: 'NOT_JOINED', message: 'whoever is not in the room has no points', field: null, constraint: null },
  });
  await page.evaluate((token) => window.client.setToken(token), tokenOf('zoe'));
  await page.waitForFunction(() => window.told.some(({ type }) => type === 'wallet'));
  assert.deepEqual(await told(page, 'wallet'), [null]);
  await page.evaluate(() => window.client.join({ name: 'Zoe' }));
  await until(page, 0);
  assert.deepEqual(troubles, []);
});

test('after another viewer has signed in nothing of the last one is seen', { timeout }, async () => {
  const room = await staff.openRoom();
  await admit(staff, room, 'ada', 100);
  await admit(staff, room, 'ben', 7);
  const { page } = await openPage(room, tokenOf('ada'), { wallet: true });
  await until(page, 100);

  const atOnce = await page.evaluate((token) => {
    window.client.setToken(token);
    return window.client.wallet;
  }, tokenOf('ben'));
  assert.equal(atOnce, null);
  await until(page, 7);
  assert.deepEqual((await told(page, 'wallet')).map((wallet) => wallet?.balance ?? null), [100, null, 7]);
});

test('the wallet is told anew by the same server after it was killed, and what was known stays meanwhile', { timeout }, async () => {
  const room = await staff.openRoom();
  const ada = await admit(staff, room, 'ada', 100);
  const { page } = await openPage(room, tokenOf('ada'), { wallet: true });
  await until(page, 100);
  await server.kill();
  await page.waitForFunction(() => window.client.connection.state === 'waiting');
  assert.equal(await page.evaluate(() => window.client.wallet.balance), 100);
  await server.restart();
  await grant(staff, room, ada, 1);
  await until(page, 101);
});

test('rewards say how they stand, and a refusal is told by its code', { timeout }, async () => {
  const room = await staff.openRoom();
  await admit(staff, room, 'ada', 20);
  await createReward(staff, room, { title: 'Dear', cost: '30', input: { none: true } });
  await createReward(staff, room, { title: 'Dice', cost: '5', input: { number: { min: '1', max: '6' } }, limits: { perViewerAndSession: '1' } });
  const changing = await createReward(staff, room, { title: 'Changing', cost: '5', input: { choice: ['red', 'blue'] } });
  const { page } = await openPage(room, tokenOf('ada'));
  const rewards = await page.evaluate(() => window.client.rewards());
  const [dear, dice] = ['Dear', 'Dice'].map((title) => rewards.find((one) => one.title === title));
  assert.deepEqual([dear.cost, dear.standing.canRedeem, dear.standing.refusal.code], [30, false, 'INSUFFICIENT_POINTS']);
  assert.deepEqual([dice.input.kind, dice.input.min, dice.input.max, dice.standing.placesLeft], ['NUMBER', 1, 6, 1]);

  const refusal = async (...args) => (await redeem(page, ...args)).refusal;
  assert.equal((await refusal('Dear')).code, 'INSUFFICIENT_POINTS');
  const { type, code, field } = await refusal('Dice', { input: 7 });
  assert.deepEqual([type, code, field], ['ValidationError', 'VALIDATION', 'input']);
  assert.equal((await redeem(page, 'Dice', { input: 6 })).ok, true);
  assert.equal((await refusal('Dice', { input: 6 })).code, 'VIEWER_LIMIT');
  await updateReward(staff, room, changing, { cost: '6' });
  const late = await page.evaluate(async (id) => (await window.client.redeem({ id, cost: 5 }, { input: 'red' })).refusal.code, changing.id);
  assert.equal(late, 'COST_CHANGED');
  assert.equal(await page.evaluate(() => localStorage.length), 0, 'what is answered is not kept');
  await assert.rejects(page.evaluate(() => window.client.redeem(undefined)), /TypeError|undefined/);
});

/** Has the next redemption of `page` committed, and its answer lost with the page. */
async function loseAnswer(page) {
  let committed;
  const answer = new Promise((resolve) => (committed = resolve));
  await page.route('**/graphql', async (route) => {
    if (!route.request().postData().includes('redeemReward')) return route.continue();
    const response = await route.fetch();
    committed((await response.json()).data.redeemReward);
    await route.abort();
  });
  return { answer };
}

test('a page that dies before the answer has paid once, and the next one tells what came of it', { timeout }, async () => {
  const room = await staff.openRoom();
  await admit(staff, room, 'ada', 100);
  await createReward(staff, room, { title: 'A song', cost: '30', input: { text: {} } });
  const { page } = await openPage(room, tokenOf('ada'), { wallet: true });
  await until(page, 100);
  const lost = await loseAnswer(page);
  await page.evaluate(async () => {
    const [song] = await window.client.rewards();
    window.client.redeem(song, { input: 'Ode to joy' }).catch(() => {});
  });
  const { id } = await lost.answer;
  await page.unroute('**/graphql');
  await page.reload();
  await connect(page, room, tokenOf('ada'), { wallet: true });
  await page.waitForFunction(() => window.told.some(({ type }) => type === 'redemption'));

  const [answer] = await told(page, 'redemption');
  assert.deepEqual([answer.ok, answer.redemption.id, answer.redemption.input], [true, id, 'Ode to joy']);
  await until(page, 100, 70);
  assert.equal((await redemptions(staff, room)).length, 1);
  assert.equal(await page.evaluate(() => localStorage.length), 0);
  // Meant anew, it is another one.
  assert.equal((await redeem(page, 'A song', { input: 'Ode to joy' })).ok, true);
  await until(page, 100, 40);
});
