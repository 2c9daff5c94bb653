// The element at the hands of a page: before it is defined, while it changes, and when it goes.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { Server, Staff } from '../harness.mjs';
import { EAGER_TRAIN, launch, level, untilLive, untilShown } from './pages.mjs';
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

/** What the site's page does to its one overlay. */
const onOverlay = (page, act, argument) =>
  page.evaluate(
    ([act, argument]) => new Function('overlay', 'argument', act)(document.querySelector('parlor-overlay'), argument),
    [act, argument],
  );

/** How many sockets of the page are open, once it has had a frame to close some. */
const openSockets = (sockets) => sockets.filter((socket) => !socket.isClosed()).length;

const untilSockets = async (page, sockets, count) => {
  while (openSockets(sockets) !== count) {
    await Promise.race([
      page.waitForEvent('websocket'),
      ...sockets.filter((socket) => !socket.isClosed()).map((socket) => socket.waitForEvent('close')),
    ]);
  }
};

test('a player that is set before the element is defined is asked', { timeout }, async () => {
  const room = await staff.openRoom();
  const early = `<script>
    document.querySelector('parlor-overlay').player = { playhead: () => (window.asked = true, null) };
  </script>`;

  const { page, troubles } = await site.visit(browser, overlay(server, room) + early + script(server));
  await page.waitForFunction(() => window.asked);

  assert.deepEqual(troubles, []);
});

test('an attribute that is set as a property before the element is defined counts', { timeout }, async () => {
  const room = await staff.openRoom();
  const early = `<parlor-overlay></parlor-overlay><script>
    Object.assign(document.querySelector('parlor-overlay'),
      { server: '${server.url}', room: '${room.id}', placement: 'source' });
  </script>`;

  const { page, troubles } = await site.visit(browser, early + script(server));
  await untilLive(page);
  await staff.donate(room.id, { message: 'heard' });

  assert.equal((await untilShown(page, 'heard')).placement, 'source');
  assert.deepEqual(troubles, []);
});

test('a page that enforces trusted types shows the overlay', { timeout }, async () => {
  const room = await staff.openRoom({ hypeTrainProgram: EAGER_TRAIN });
  for (const policies of ['', "; trusted-types 'none'"]) {
    const headers = { 'content-security-policy': `require-trusted-types-for 'script'${policies}` };
    const body = overlay(server, room, 'placement="source"') + script(server);
    const { page, troubles, said } = await site.visit(browser, body, { headers });
    await untilLive(page);
    await staff.donate(room.id, { amount: 300 });
    await level(page).getByText('1', { exact: true }).waitFor();

    assert.deepEqual([troubles, said], [[], []]);
  }
});

test('custom properties are followed within a frame, whenever they change', { timeout }, async () => {
  const room = await staff.openRoom({ hypeTrainProgram: EAGER_TRAIN });
  const body = `<div style="position: relative; width: 960px; height: 540px">
    ${overlay(server, room, 'placement="source" widgets="train"')}</div>${script(server)}`;
  const { page, troubles } = await site.visit(browser, body);
  await untilLive(page);
  await staff.donate(room.id, { amount: 300 });
  await level(page).getByText('1', { exact: true }).waitFor();
  const look = (change) =>
    page.evaluate(async (change) => {
      const host = document.querySelector('parlor-overlay');
      new Function('host', change)(host);
      // The first frame's callback may come before the overlay's own.
      for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
      const color = (part, property) =>
        getComputedStyle(host.shadowRoot.querySelector(part))[property].replace(/\s/g, '');
      return [
        color('.fill', 'backgroundColor'),
        color('.sign', 'backgroundColor'),
        color('.sign .goal', 'color'),
      ];
    }, change);

  const [, , onDark] = await look('');
  const [accent, plate, onBright] = await look(`
    host.style.setProperty('--parlor-accent', 'rgb(80 220 255)');
    host.style.setProperty('--parlor-surface', 'rgb(250 250 250)');`);
  assert.deepEqual([accent, plate], ['rgb(80,220,255)', 'rgb(250,250,250)']);
  assert.notEqual(onBright, onDark);
  // What an editor adds to the page counts, and so does what goes by a name of the page's own.
  const sheet = `const style = document.createElement('style');
    style.textContent = 'parlor-overlay { --mine: rgb(255 160 0); --parlor-accent: var(--mine) !important }';
    document.head.append(style);`;
  assert.equal((await look(sheet))[0], 'rgb(255,160,0)');
  assert.equal((await look("host.style.setProperty('--mine', 'rgb(90 200 90)')"))[0], 'rgb(90,200,90)');
  // A scheme changes what a colour means, though no property has another value.
  await look("host.style.setProperty('--mine', 'light-dark(rgb(255 160 0), rgb(90 200 90))')");
  assert.equal((await look("document.documentElement.style.colorScheme = 'light'"))[0], 'rgb(255,160,0)');
  assert.equal((await look("document.documentElement.style.colorScheme = 'dark'"))[0], 'rgb(90,200,90)');
  // A value with lines of its own is one value all the same.
  const lines = `host.style.setProperty('--parlor-motion', 'a\\nb'); host.style.setProperty('--mine', 'rgb(90 210 120)')`;
  assert.equal((await look(lines))[0], 'rgb(90,210,120)');
  // What is no colour is no wish.
  const fallen = await look(`host.style.setProperty('--mine', 'bananas');
    host.style.setProperty('--parlor-surface', 'bananas')`);
  assert.deepEqual(fallen.slice(0, 2), ['rgb(255,200,31)', 'rgba(12,19,32,0.87)']);
  assert.deepEqual(troubles, []);
});

test('an element that is taken out, changed and put back in one go follows the new room', { timeout }, async () => {
  const [first, second] = await Promise.all([staff.openRoom(), staff.openRoom()]);
  const body = overlay(server, first, 'placement="source"') + script(server);
  const { page, sockets, troubles } = await site.visit(browser, body);
  await untilLive(page);

  await onOverlay(page, `overlay.remove(); overlay.setAttribute('room', argument); document.body.append(overlay);`, second.id);
  await page.waitForFunction(() => window.connections.filter((state) => state === 'live').length === 2);
  await staff.donate(second.id, { message: 'in the new room' });
  await untilShown(page, 'in the new room');

  await untilSockets(page, sockets, 1);
  assert.deepEqual(troubles, []);
});

test('an element that is moved keeps its connection', { timeout }, async () => {
  const room = await staff.openRoom();
  const body = `<main></main>${overlay(server, room, 'placement="source"')}${script(server)}`;
  const { page, sockets } = await site.visit(browser, body);
  await untilLive(page);

  await onOverlay(page, `document.querySelector('main').append(overlay)`);
  await staff.donate(room.id, { message: 'still here' });
  await untilShown(page, 'still here');

  assert.equal(sockets.length, 1);
});

for (const [what, act] of [
  ['another player', `overlay.attachPlayer({ playhead: () => (window.second = true, null) })`],
  ['no player', `overlay.attachPlayer(null)`],
  ['another token', `overlay.setToken('no.such.token'); overlay.removeAttribute('token')`],
  ['another room and back', `const { room } = overlay; overlay.setAttribute('room', 'none'); overlay.setAttribute('room', room)`],
  ['a removal', `overlay.remove()`],
  ['a removal and a return', `overlay.remove(); document.body.append(overlay)`],
]) {
  test(`${what} within an event of its own does no harm`, { timeout }, async () => {
    const room = await staff.openRoom({ hypeTrainProgram: EAGER_TRAIN });
    const { page, sockets, troubles } = await site.visit(browser, overlay(server, room) + script(server));
    await onOverlay(page, `overlay.attachPlayer({ playhead: () => ({ positionMs: Date.now() - 1000, playing: true }) })`);
    await untilLive(page);
    await onOverlay(
      page,
      `overlay.addEventListener('parlor-event', () => { ${act}; window.acted = true; }, { once: true });
       window.overlay = overlay;
       // Frames alone, so that the event comes from within the overlay's question to the player.
       window.setTimeout = () => 0;`,
    );
    await staff.donate(room.id, { message: 'go' });
    await page.waitForFunction(() => window.acted);
    // Whatever broke within the event shows with the frames after it.
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    assert.deepEqual(troubles, []);

    await page.evaluate(() => window.overlay.remove());
    await untilSockets(page, sockets, 0);
    assert.deepEqual(troubles, []);
  });
}

test('a player that throws, or says what is no number, does not know where it is', { timeout }, async () => {
  const room = await staff.openRoom({ hypeTrainProgram: EAGER_TRAIN });
  const { page, troubles } = await site.visit(browser, overlay(server, room) + script(server));
  await untilLive(page);
  await onOverlay(page, `
    const odd = [
      () => { throw new Error('odd'); },
      () => 5,
      () => ({}),
      () => ({ positionMs: NaN, playing: true }),
      () => ({ positionMs: '12', playing: true }),
      () => ({ positionMs: Infinity, playing: true }),
      () => ({ get positionMs() { throw new Error('odd'); } }),
      () => ({ positionMs: 1, get playing() { throw new Error('odd'); } }),
      () => ({ positionMs: Date.now(), playing: true, rate: 'fast' }),
      () => { overlay.attachPlayer(player); return null; },
    ];
    let asked = 0;
    const player = { playhead: () => {
      const ask = odd[asked++];
      if (ask) return ask();
      window.through = true;
      return { positionMs: Date.now(), playing: true };
    } };
    overlay.attachPlayer(player);`);
  await page.waitForFunction(() => window.through);
  await staff.donate(room.id, { message: 'goes on' });
  await untilShown(page, 'goes on');

  assert.deepEqual(troubles, []);
});

test('a player that is taken away after it lost its place leaves the delay, not a picture that stands for ever', { timeout }, async () => {
  const room = await staff.openRoom();
  const { page, troubles } = await site.visit(browser, overlay(server, room) + script(server));
  await untilLive(page);
  await onOverlay(page, `
    window.answer = () => ({ positionMs: Date.now(), playing: true });
    overlay.attachPlayer({ playhead: () => (window.asked = (window.asked ?? 0) + 1, window.answer()) });`);
  await page.waitForFunction(() => window.asked > 2);
  await onOverlay(page, `window.answer = () => null; window.asked = 0;`);
  await page.waitForFunction(() => window.asked > 2);
  await onOverlay(page, `overlay.player = null`);
  await staff.donate(room.id, { message: 'goes on' });
  await untilShown(page, 'goes on');

  assert.deepEqual(troubles, []);
});

for (const [what, say] of [
  ['no number', `NaN`],
  ['infinity', `Infinity`],
  ['thousands of years', `1e15`],
  ['an hour ahead', `clock() + 3_600_000`],
  ['nothing', `undefined`],
  ['an exception', `(() => { throw new Error('odd'); })()`],
]) {
  test(`a clock that says ${what} once in a while stops nothing, and shows nothing early`, { timeout }, async () => {
    const delayMs = 2_000;
    const room = await staff.openRoom({ delayMs });
    const before = new Function(`
      const clock = performance.now.bind(performance);
      let looks = 0;
      performance.now = () => (looks++ % 10 === 3 ? ${say} : clock());`);
    const { page, troubles } = await site.visit(browser, overlay(server, room, 'placement="companion"') + script(server), { before });
    await untilLive(page);
    await onOverlay(page, `
      window.late = [];
      overlay.addEventListener('parlor-event', ({ detail }) => detail.contribution && window.late.push(Date.now() - detail.occurredAt));`);
    for (const message of ['one', 'two']) {
      await staff.donate(room.id, { message });
      await untilShown(page, message);
    }

    const late = await page.evaluate(() => window.late);
    // Clocks are read in whole milliseconds, and the server's is known to a few.
    assert.ok(late.every((lateMs) => lateMs > delayMs - 50), late.join());
    assert.deepEqual(troubles, []);
  });
}

test('another document that adopts the element shows it with its looks, its typeface and its frames', { timeout }, async () => {
  const room = await staff.openRoom({ hypeTrainProgram: EAGER_TRAIN });
  const body = `${overlay(server, room, 'placement="source" widgets="train"')}
    <iframe style="width: 960px; height: 540px" srcdoc="<!doctype html><body></body>"></iframe>${script(server)}`;
  const { page, sockets, troubles } = await site.visit(browser, body);
  await untilLive(page);
  await staff.donate(room.id, { amount: 300 });
  await level(page).getByText('1', { exact: true }).waitFor();

  await onOverlay(page, `document.querySelector('iframe').contentDocument.body.append(overlay);
    // As in a window that is popped out: the one that it came from gets no frames any more.
    window.requestAnimationFrame = () => 0;`);
  const frame = page.frameLocator('iframe');
  await staff.donate(room.id, { amount: 900 });
  await frame.locator('[part="level"]').first().getByText('2', { exact: true }).waitFor();
  const { position, typefaces } = await frame.locator('parlor-overlay').evaluate((overlay) => ({
    position: getComputedStyle(overlay.shadowRoot.querySelector('.stage')).position,
    typefaces: [...overlay.ownerDocument.fonts].map(({ family }) => family.replaceAll('"', '')),
  }));
  assert.equal(position, 'absolute');
  assert.ok(typefaces.includes('Parlor Archivo'), typefaces.join());
  assert.equal(sockets.length, 1);

  await page.evaluate(() => document.querySelector('iframe').remove());
  await untilSockets(page, sockets, 0);
  assert.deepEqual(troubles, []);
});

test('a page that is left has no connection, and has it again when one comes back to it', { timeout }, async () => {
  const room = await staff.openRoom();
  const { page, sockets, troubles } = await site.visit(browser, overlay(server, room, 'placement="source"') + script(server));
  await untilLive(page);

  // What a browser says of a page that it keeps, and of one that it brings back.
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })));
  await untilSockets(page, sockets, 0);
  await staff.donate(room.id, { message: 'meanwhile' });
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
  await untilShown(page, 'meanwhile');

  assert.deepEqual(troubles, []);
});

test('without frames, a picture that stands still is not run ahead of', { timeout }, async () => {
  const room = await staff.openRoom({ hypeTrainProgram: EAGER_TRAIN });
  const before = () => {
    const frames = window.requestAnimationFrame;
    window.requestAnimationFrame = (callback) => (window.isHidden ? 0 : frames.call(window, callback));
  };
  const { page, troubles } = await site.visit(browser, overlay(server, room) + script(server), { before });
  await onOverlay(page, `
    window.latency = 3000;
    overlay.attachPlayer({ playhead: () => window.stoodAt
      ? { positionMs: window.stoodAt, playing: false }
      : { positionMs: Date.now() - window.latency, playing: true } });`);
  await untilLive(page);
  await staff.donate(room.id, { message: 'seen' });
  await untilShown(page, 'seen');

  // A tab that is hidden: no frames any more, and then the browser pauses the video.
  await staff.donate(room.id, { message: 'not yet' });
  const { at } = await page.evaluate(async () => {
    window.isHidden = true;
    await new Promise((done) => setTimeout(done, 100));
    window.stoodAt = Date.now() - window.latency;
    return { at: Date.now() };
  });
  await page.waitForFunction((until) => Date.now() > until, at + 5_000, { polling: 100 });

  const seen = await page.evaluate(() => window.shown.map((event) => event.contribution?.message).filter(Boolean));
  assert.ok(!seen.includes('not yet'), seen.join());
  assert.deepEqual(troubles, []);
});

test('without frames, what is due is told at its moment, also after the picture has stood', { timeout }, async () => {
  const room = await staff.openRoom();
  const { page, troubles } = await site.visit(browser, overlay(server, room) + script(server));
  await untilLive(page);
  await onOverlay(page, `
    window.requestAnimationFrame = () => 0;
    window.latency = 7000;
    window.player = { playhead: () => window.stoodAt
      ? { positionMs: window.stoodAt, playing: false }
      : { positionMs: Date.now() - window.latency, playing: true } };
    window.player.subscribe = (listener) => (window.change = listener, () => (window.change = null));
    overlay.attachPlayer(window.player);`);
  await staff.donate(room.id, { message: 'on its way' });
  const first = await untilShown(page, 'on its way', { polling: 100 });
  const late = first.shownAt - first.occurredAt - 7_000;
  assert.ok(Math.abs(late) < 1_000, `${late} ms late`);

  await onOverlay(page, `window.stoodAt = Date.now() - window.latency; window.change();`);
  await staff.donate(room.id, { message: 'for later' });
  const latency = await page.evaluate(async () => {
    await new Promise((done) => setTimeout(done, 3_000));
    window.latency = Date.now() - window.stoodAt;
    window.stoodAt = 0;
    window.change();
    return window.latency;
  });
  const second = await untilShown(page, 'for later', { polling: 100 });
  const later = second.shownAt - second.occurredAt - latency;
  assert.ok(Math.abs(later) < 1_000, `${later} ms late`);

  await onOverlay(page, 'overlay.remove()');
  assert.equal(await page.evaluate(() => window.change), null);
  assert.deepEqual(troubles, []);
});

test('an element whose own code throws is told of it, and the overlay goes on', { timeout }, async () => {
  const room = await staff.openRoom({ hypeTrainProgram: EAGER_TRAIN });
  const { page, sockets, troubles } = await site.visit(browser, overlay(server, room, 'placement="source"') + script(server));
  await untilLive(page);
  await onOverlay(page, `overlay.dispatchEvent = () => { throw new Error('odd'); }`);
  for (const [amount, reached] of [[300, '1'], [900, '2']]) {
    await staff.donate(room.id, { amount });
    await level(page).getByText(reached, { exact: true }).waitFor();
  }

  assert.ok(troubles.length > 1 && troubles.every((trouble) => trouble === 'odd'), troubles.join());
  // It can still be freed: nothing holds it.
  await onOverlay(page, 'overlay.remove()');
  await untilSockets(page, sockets, 0);
  assert.ok(troubles.every((trouble) => trouble === 'odd'), troubles.join());
});

test('what somebody has taken out of the overlay is not drawn, and the rest is', { timeout }, async () => {
  const room = await staff.openRoom({ hypeTrainProgram: EAGER_TRAIN });
  const { page, sockets, troubles } = await site.visit(browser, overlay(server, room, 'placement="source"') + script(server));
  await untilLive(page);
  // The only one, one of several, and one that others are made of.
  await onOverlay(page, `
    for (const part of ['track', 'car', 'seat']) overlay.shadowRoot.querySelector('[part=' + part + ']').remove();`);
  for (const [amount, reached] of [[300, '1'], [900, '2']]) {
    await staff.donate(room.id, { amount, message: `to ${reached}` });
    await level(page).getByText(reached, { exact: true }).waitFor();
    await untilShown(page, `to ${reached}`);
  }

  await onOverlay(page, 'overlay.remove()');
  await untilSockets(page, sockets, 0);
  assert.deepEqual(troubles, []);
});

test('a player whose subscribing fails is asked all the same', { timeout }, async () => {
  const room = await staff.openRoom();
  const { page, said, troubles } = await site.visit(browser, overlay(server, room) + script(server));
  await untilLive(page);
  await onOverlay(page, `
    const odd = [() => { throw new Error('odd'); }, () => 5, () => () => { throw new Error('odd'); }];
    for (const subscribe of odd) overlay.attachPlayer({ subscribe, playhead: () => null });
    overlay.attachPlayer({ subscribe: 5, playhead: () => (window.asked = true, null) });`);
  await page.waitForFunction(() => window.asked);

  assert.equal(said.filter((text) => text.includes('does not tell of its changes')).length, 4, said.join('\n'));
  assert.deepEqual(troubles, []);
});

test('a browser that is too old is told so, and shows nothing broken', { timeout }, async () => {
  const room = await staff.openRoom();
  // What Chromium 103 answers, which older OBS carry.
  const before = () => {
    const supports = CSS.supports.bind(CSS);
    CSS.supports = (...asked) => !/cqw|color-mix|^\(mask/.test(asked.join()) && supports(...asked);
  };
  const { page, said, sockets, troubles } = await site.visit(browser, overlay(server, room) + script(server), { before });
  await page.waitForFunction(() => customElements.get('parlor-overlay'));
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

  assert.equal(said.length, 1, said.join('\n'));
  assert.match(said[0], /^error: parlor-overlay needs Chrome or Edge \d+, Firefox \d+, Safari [\d.]+ or OBS [\d.]+/);
  assert.equal(await onOverlay(page, 'return overlay.shadowRoot'), null);
  assert.equal(sockets.length, 0);
  assert.deepEqual(troubles, []);
});
