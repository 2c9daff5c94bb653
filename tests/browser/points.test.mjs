// The points button on a viewer's player: what is seen, what is said, and how it is operated without a mouse.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open, untilLive } from './pages.mjs';
import { admit, createReward, fulfill, grant, redeem, redemptions, standStill } from './points.mjs';
import { browser, server, staff, setUp } from './world.mjs';

/** An upper bound on any one test, in milliseconds. */
const timeout = 60_000;

const PHONE = { width: 340, height: 191 };
const TEXT_MIN_PX = 11;
/** The least that a finger hits (WCAG 2.2, 2.5.8). */
const TARGET_MIN_PX = 24;

setUp();

/** A player's page of a viewer, with an overlay over all of it and something to focus before and after. */
async function openPlayer(room, viewer, { viewport, widgets = 'train alerts points', placement = 'player' } = {}) {
  const opened = await open(browser, `${server.url}/stage/`, { viewport });
  opened.asked = [];
  opened.page.on('request', (request) => opened.asked.push(request.url()));
  const token = viewer && server.viewerToken(staff.tenantId, viewer);
  await opened.page.evaluate(async ({ room, token, widgets, placement }) => {
    window.keys = [];
    addEventListener('keydown', ({ key }) => window.keys.push(key));
    const player = document.createElement('main');
    player.setAttribute('style', 'position: fixed; inset: 0; background: #35506b');
    const overlay = document.createElement('parlor-overlay');
    Object.entries({ room, widgets, placement, ...(token && { token }) }).forEach(([name, value]) => overlay.setAttribute(name, value));
    const buttons = ['before', 'after'].map((id) => Object.assign(document.createElement('button'), { id, textContent: id }));
    player.append(buttons[0], overlay, buttons[1]);
    document.body.replaceChildren(player);
    await import('/parlor-overlay.js');
  }, { room: room.id, token, widgets, placement });
  await untilLive(opened.page);
  return opened;
}

/** A room with what there is to redeem, and ada with so many points. */
async function openShop(points) {
  const room = await staff.openRoom();
  const ada = await admit(staff, room, 'ada', points);
  await createReward(staff, room, { title: 'Pick the next map', prompt: 'The streamer plays it next.', cost: '300', input: { choice: ['Harbour', 'Old town', 'The ridge'] }, color: '#3fb6a8' });
  await createReward(staff, room, { title: 'Roll the dice', icon: '🎲', cost: '50', input: { number: { min: '1', max: '6' } }, color: '#e2574c' });
  await createReward(staff, room, { title: 'Say a word', prompt: 'Capital letters only.', cost: '20', input: { text: { pattern: '[A-Z]+' } }, showsInput: true, limits: { perViewerAndSession: '1' } });
  await createReward(staff, room, { title: 'Name a character', prompt: 'Until the end of the season.', cost: '25000', input: { text: {} }, color: '#9b7be0' });
  return { room, ada };
}

const button = (page) => page.getByRole('button', { name: /points, rewards$/ });
const panel = (page) => page.getByRole('dialog', { name: 'Rewards' });
const reward = (page, title) => page.getByRole('form', { name: title });
const focused = (page) => page.evaluate(() => {
  let element = document.activeElement;
  while (element.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element.getAttribute('aria-label') ?? element.id ?? element.className;
});
const said = (page) => page.locator('parlor-overlay .said');

test('the balance of who is signed in is on the player, grows with it, and is said', { timeout }, async () => {
  const { room, ada } = await openShop(1_240);
  const { page, troubles } = await openPlayer(room, 'ada');
  await button(page).waitFor();
  assert.equal(await button(page).getAttribute('aria-label'), '1,240 points, rewards');
  await grant(staff, room, ada, 10);
  await page.waitForFunction(() => document.querySelector('parlor-overlay').shadowRoot.querySelector('[part="points"]').shadowRoot.querySelector('b').textContent === '1,250');
  assert.equal(await button(page).getAttribute('aria-label'), '1,250 points, rewards');
  assert.equal(await said(page).textContent(), '10 points more: 1,250 points');
  assert.deepEqual(troubles, []);
});

test('what is for paying members says so, and an icon is seen and not read aloud', { timeout }, async () => {
  const { room } = await openShop(1_240);
  await createReward(staff, room, { title: 'Backstage', icon: '🎟️', cost: '10', membershipTierMin: 2 });
  const { page, troubles } = await openPlayer(room, 'ada');
  await button(page).click();
  const backstage = reward(page, 'Backstage');
  await backstage.waitFor();
  assert.equal(await backstage.locator('.note').textContent(), 'For paying members of tier 2 up');
  assert.equal(await backstage.getByRole('button').getAttribute('aria-disabled'), 'true');
  assert.equal(await backstage.locator('.icon[aria-hidden="true"]').textContent(), '🎟️');
  assert.equal(await reward(page, 'Say a word').locator('.icon').isVisible(), false);
  if (process.env.PARLOR_SHOTS) await page.screenshot({ path: `${process.env.PARLOR_SHOTS}/points-members.png` });
  assert.deepEqual(troubles, []);
});

/** Has the player say that its picture plays, or stands, for so long. */
const play = (page, playing, ms) => page.evaluate(([playing, ms]) => new Promise((done) => {
  const overlay = document.querySelector('parlor-overlay');
  const began = Date.now();
  const positionMs = (at) => (playing ? at : began) - 8_000;
  overlay.player = { playhead: () => ({ positionMs: positionMs(Date.now()), playing, rate: 1, seeks: 0 }) };
  const frame = () => (Date.now() - began < ms ? requestAnimationFrame(frame) : done());
  frame();
}), [playing, ms]);

/** Whether it tells of something, and does not only ask for a lease. */
const isReport = (request) => request.method() === 'POST' && request.postDataJSON().query.includes('reportWatching') && request.postDataJSON().variables.input.spans.length > 0;

test('what plays under it is told as watched, in the name of who is signed in', { timeout }, async () => {
  const { room } = await openShop(1_240);
  const { page, troubles } = await openPlayer(room, 'ada');
  await button(page).waitFor();
  const told = page.waitForResponse((response) => isReport(response.request()));
  await play(page, true, 4_000);
  await page.evaluate(() => document.querySelector('parlor-overlay').remove());

  const response = await told;
  const { spans, roomId } = response.request().postDataJSON().variables.input;
  const { sub } = JSON.parse(Buffer.from(response.request().headers().authorization.split('.')[1], 'base64url'));
  assert.deepEqual([roomId, sub], [room.id, 'ada']);
  const { minutes } = (await response.json()).data.reportWatching;
  const played = minutes.reduce((sum, { playedSeconds }) => sum + playedSeconds, 0);
  assert.ok(played >= 1 && played <= 5, JSON.stringify({ spans, minutes }));
  assert.deepEqual(minutes.map(({ outcome }) => outcome), minutes.map(() => null), 'it is believed');
  assert.deepEqual(troubles, []);
});

test('how far the next points are is said, and why the last minute did not count', { timeout }, async () => {
  const { room } = await openShop(1_240);
  const { page, troubles } = await openPlayer(room, 'ada');
  await button(page).click();
  const way = panel(page).locator('.way');
  await way.waitFor();
  assert.equal(await way.textContent(), '0 of 5 minutes');
  await standStill(staff, room, 'ada');
  await way.filter({ hasText: 'the last did not count: the picture stood still' }).waitFor();
  assert.deepEqual(troubles, []);
});

test('a picture that stands is not told as watched, nor what is left to its stream alone', { timeout }, async () => {
  const { room } = await openShop(1_240);
  const { page } = await openPlayer(room, 'ada');
  await button(page).waitFor();
  const asked = [];
  page.on('request', (request) => isReport(request) && asked.push(request.postDataJSON().variables.input));
  await play(page, false, 3_000);
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide')));
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  assert.deepEqual(asked, []);
});

test('it is operated by the keyboard alone, and the player hears nothing of that', { timeout }, async () => {
  const { room } = await openShop(1_000);
  const { page, troubles } = await openPlayer(room, 'ada');
  await button(page).waitFor();
  await page.focus('#before');
  await page.keyboard.press('Tab');
  assert.equal(await focused(page), '1,000 points, rewards');
  await page.evaluate(() => window.keys.splice(0));
  await page.keyboard.press('Enter');
  await reward(page, 'Roll the dice').waitFor();
  assert.equal(await button(page).getAttribute('aria-expanded'), 'true');
  await page.keyboard.press('Escape');
  assert.equal(await panel(page).isVisible(), false);
  assert.equal(await focused(page), '1,000 points, rewards', 'the focus is back');

  await page.keyboard.press('Space');
  await reward(page, 'Roll the dice').waitFor();
  for (let steps = 0; (await focused(page)) !== 'Redeem Roll the dice for 50 points'; steps += 1) {
    assert.ok(steps < 12, await focused(page));
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.type('7');
  await page.keyboard.press('Enter');
  assert.equal(await said(page).textContent(), 'A whole number from 1 to 6.');
  assert.deepEqual(await redemptions(staff, room), [], 'nothing was asked of the server');
  await page.keyboard.press('Backspace');
  await page.keyboard.type('4');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => /waiting for the streamer/.test(document.querySelector('parlor-overlay').shadowRoot.querySelector('[part="points"]').shadowRoot.querySelector('.said').textContent));

  assert.equal(await said(page).textContent(), 'Roll the dice: Redeemed, waiting for the streamer');
  const [{ id, input }] = await redemptions(staff, room);
  assert.equal(input, '4');
  await fulfill(staff, room, id);
  await reward(page, 'Roll the dice').getByText('Redeemed', { exact: true }).waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Tab');
  assert.equal(await focused(page), 'after');
  assert.deepEqual(await page.evaluate(() => window.keys), []);
  assert.deepEqual(troubles, []);
});

test('whoever does not see is told the same: roles, names, and why something cannot be had', { timeout }, async () => {
  const { room } = await openShop(100);
  const { page } = await openPlayer(room, 'ada');
  await button(page).click();
  await reward(page, 'Name a character').waitFor();
  const tree = await page.locator('parlor-overlay').ariaSnapshot();
  for (const line of [
    '- button "100 points, rewards" [expanded]',
    '- dialog "Rewards":',
    '- heading "Rewards" [level=2]',
    '- button "Close"',
    '- form "Pick the next map":',
    '- combobox "Pick the next map":',
    '- textbox "Roll the dice":',
    '- button "Redeem Roll the dice for 50 points"',
    '- button "Redeem Name a character for 25,000 points" [disabled]',
    '- paragraph: Capital letters only. What you put in is shown on stream.',
    '- paragraph: Until the end of the season.',
  ]) assert.ok(tree.includes(line), `${line} in\n${tree}`);
  const barred = page.getByRole('button', { name: 'Redeem Name a character' });
  assert.equal(await barred.evaluate((element) => element.getRootNode().getElementById(element.getAttribute('aria-describedby')).textContent), 'Not enough points');
  await barred.focus();
  await page.keyboard.press('Enter');
  assert.equal(await said(page).textContent(), 'Name a character: Not enough points');
});

test('what does not fit is said before the server is asked, and what it refuses is said in words', { timeout }, async () => {
  const { room } = await openShop(1_000);
  const { page, asked } = await openPlayer(room, 'ada');
  await button(page).click();
  const word = reward(page, 'Say a word');
  const redeem = word.getByRole('button');
  await word.getByRole('textbox').fill('hello');
  const before = asked.length;
  await redeem.click();
  await word.getByText('That does not have the form that is asked for.').waitFor();
  await reward(page, 'Pick the next map').getByRole('button').click();
  await reward(page, 'Pick the next map').getByText('Choose one.').waitFor();
  assert.equal(asked.length, before);

  await word.getByRole('textbox').fill('HELLO');
  await redeem.click();
  await word.getByText('You have had it this stream · Redeemed, waiting for the streamer').waitFor();
  assert.equal(await redeem.getAttribute('aria-disabled'), 'true');
  await reward(page, 'Pick the next map').getByRole('combobox').selectOption('Old town');
  await reward(page, 'Pick the next map').getByRole('button').click();
  await reward(page, 'Pick the next map').getByText('waiting for the streamer').waitFor();
  assert.deepEqual((await redemptions(staff, room)).map(({ input }) => input), ['HELLO', 'Old town']);
});

test('nobody but a viewer who is signed in has a button, and nothing is loaded for others', { timeout }, async () => {
  const { room } = await openShop(1_000);
  for (const [viewer, options] of [[undefined, {}], ['ada', { placement: 'source' }], ['ada', { widgets: 'train alerts' }]]) {
    const { page, asked } = await openPlayer(room, viewer, options);
    assert.equal(await page.locator('parlor-overlay [part="points"]').count(), 0);
    assert.deepEqual(asked.filter((url) => url.includes('points')), []);
  }
  const { page } = await openPlayer(room, 'zoe');
  await page.locator('parlor-overlay [part="points"]').waitFor({ state: 'attached' });
  assert.equal(await page.locator('parlor-overlay [part="points"]').isVisible(), false, 'who has not joined has no points');
  await admit(staff, room, 'zoe', 3);
  await button(page).waitFor();
});

test('whoever enters a draw is told when it is, and then what came of it', { timeout }, async () => {
  const room = await staff.openRoom();
  await admit(staff, room, 'ada', 100);
  await admit(staff, room, 'ben', 100);
  const poster = await createReward(staff, room, { title: 'A signed poster', cost: '40', draw: { windowMs: '6000', winners: 1 } });
  const { page, troubles } = await openPlayer(room, 'ada');
  await button(page).click();
  const row = reward(page, 'A signed poster');
  await row.getByText('Drawn 6 s after the first enters: one wins').waitFor();
  await page.getByRole('button', { name: 'Enter the draw of A signed poster for 40 points' }).click();
  await row.getByText(/^In the draw · Drawn (in [1-6] s|any moment)$/).waitFor();
  await page.getByText('60 points · 40 held').waitFor();
  await redeem(staff, room, 'ben', poster);

  await row.getByText(/^(Drawn, waiting for the streamer|Not drawn, points given back) · Drawn 6 s after/).waitFor();
  const [adas] = await redemptions(staff, room);
  const [words, balance] = {
    UNFULFILLED: ['Drawn, waiting for the streamer', '60 points · 40 held'],
    NOT_DRAWN: ['Not drawn, points given back', '100 points'],
  }[adas.status];
  await row.getByText(words).waitFor();
  await page.getByText(balance, { exact: true }).waitFor();
  assert.deepEqual(troubles, []);
});

for (const viewport of [PHONE, { width: 1_920, height: 1_080 }]) {
  test(`at ${viewport.width} by ${viewport.height} all of it can be read, hit and reached`, { timeout }, async () => {
    const { room } = await openShop(1_000);
    const { page } = await openPlayer(room, 'ada', { viewport });
    await button(page).click();
    await reward(page, 'Name a character').waitFor();
    const measured = await page.evaluate(() => {
      const root = document.querySelector('parlor-overlay').shadowRoot.querySelector('[part="points"]').shadowRoot;
      const texts = [...root.querySelectorAll('*')].filter((element) => element.checkVisibility() && [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
      const controls = [...root.querySelectorAll('button, input, select')];
      const box = ({ left, top, right, bottom }) => [left, top, right, bottom];
      return {
        texts: texts.map((element) => [element.className || element.localName, parseFloat(getComputedStyle(element).fontSize)]),
        controls: controls.map((element) => [element.className || element.localName, element.getBoundingClientRect().height, element.getBoundingClientRect().width]),
        panel: box(root.querySelector('.panel').getBoundingClientRect()),
        button: box(root.querySelector('.points').getBoundingClientRect()),
      };
    });
    for (const [name, px] of measured.texts) assert.ok(px >= TEXT_MIN_PX, `${name} is of ${px} px`);
    for (const [name, height, width] of measured.controls) assert.ok(Math.min(height, width) >= TARGET_MIN_PX, `${name} is of ${width} by ${height} px`);
    const [left, top, right, bottom] = measured.panel;
    assert.ok(left >= 0 && top >= 0 && right <= viewport.width && bottom <= measured.button[1], `${measured.panel}`);
    assert.ok(measured.button[3] < viewport.height * 0.88 + 0.5, 'the controls of the player stay free');
    const last = page.getByRole('button', { name: 'Redeem Name a character' });
    await last.scrollIntoViewIfNeeded();
    const { y, height } = await last.boundingBox();
    assert.ok(y >= top && y + height <= bottom, 'it can be scrolled to');
    if (process.env.PARLOR_SHOTS) await page.screenshot({ path: `${process.env.PARLOR_SHOTS}/points-${viewport.width}-end.png` });
  });
}
