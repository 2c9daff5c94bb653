// Widgets of a streamer's own: modules that the page names.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { Server, Staff } from '../harness.mjs';
import { EAGER_TRAIN, launch, level, open, untilLive, untilShown } from './pages.mjs';

/** An upper bound on any one test, in milliseconds. */
const timeout = 90_000;

/** What the streamer's own site serves. Each widget notes on the page what it is told. */
const MODULES = {
  '/whole.js': `
    export default function start({ root, theme }) {
      const line = root.appendChild(document.createElement('p'));
      const told = (window.told ??= { updates: 0, frames: 0, shown: [] });
      return {
        update(room) { told.updates += 1; told.room = room; },
        show({ contribution }) { if (contribution) told.shown.push((line.textContent = contribution.message)); },
        frame(scene) { told.frames += 1; told.scene = scene; told.theme = { accent: theme.accent, unitPx: theme.unitPx, isStill: theme.isStill }; },
        remove() { told.isRemoved = true; },
      };
    }`,
  '/spoils.js': `
    export default () => ({
      update(room) { room.profile = null; room.participants.length = 0; },
      show(event) { event.contribution = null; },
    });`,
  '/throws.js': `
    export default () => ({
      update() { throw new Error('thrown in update'); },
      show() { throw new Error('thrown in show'); },
      frame() { throw new Error('thrown in frame'); },
      remove() { throw new Error('thrown in remove'); },
    });`,
  '/rejects.js': "export default () => ({ async frame() { throw new Error('rejected in frame'); } });",
  '/endless.js': 'export default () => new Promise(() => {});',
  '/never.js': 'await new Promise(() => {}); export default () => {};',
  '/start.js': "export default () => { throw new Error('thrown at start'); };",
  '/none.js': 'export const nothing = 1;',
  '/bad.js': 'export default function (',
  // As what cannot be had is, but it has done something before.
  '/type.js': "window.runs = (window.runs ?? 0) + 1; throw new TypeError('thrown at the top');",
  '/words.txt': 'export default () => {};',
};

/** A widget in a style sheet of its own, as anybody would make it. */
MODULES['/dressed.js'] = `
  export default function start({ root }) {
    const line = root.appendChild(document.createElement('p'));
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('p { color: rgb(1, 2, 3) } @media (min-width: 1px) { p { opacity: 0.5 } }');
    root.adoptedStyleSheets = [sheet];
    return { show({ contribution }) { if (contribution) line.textContent = contribution.message; } };
  }`;
MODULES['/late.js'] = MODULES['/whole.js'];

/** One that notes in which order it is told what. */
MODULES['/order.js'] = `
  const told = (window.told = []);
  export default () => ({
    update: ({ train }) => told.push(['update', train?.total ?? 0]),
    show: ({ contribution, train }) => told.push(contribution ? ['show', contribution.message] : ['train', train?.total ?? 0]),
  });`;

/** How often each is refused before it is served: as by a proxy whose server is away. */
const refusals = { '/late.js': 2 };

/** What was asked of the site, in order. */
const asked = [];

const RIGHT = ['/whole.js', '/spoils.js', '/dressed.js', '/late.js', '/order.js'];
const FAULTY = Object.keys(MODULES).filter((name) => !RIGHT.includes(name));

let site;
let server;
let staff;
let browser;

before(async () => {
  site = createServer((request, response) => {
    asked.push(request.url);
    const [path] = request.url.split('?');
    const isRefused = refusals[path] > 0;
    if (isRefused) refusals[path] -= 1;
    const module = isRefused ? undefined : MODULES[path];
    const type = path.endsWith('.txt') ? 'text/plain' : 'text/javascript';
    response.writeHead(isRefused ? 503 : module ? 200 : 404, { 'content-type': type, 'access-control-allow-origin': '*' });
    response.end(module);
  });
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  server = await Server.start({ PARLOR_WIDGET_ORIGIN: origin() });
  staff = new Staff(server);
  browser = await launch();
});

afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
});

after(async () => {
  await browser?.close();
  await server?.stop();
  site?.close();
  site?.closeAllConnections();
});

function origin() {
  return `http://127.0.0.1:${site.address().port}`;
}

/** Opens the page for OBS with `widgets`, once it has run `before`, and keeps what stands in its console. */
async function openSource(room, widgets, { at = server, before = () => {} } = {}) {
  const url = new URL('/overlay/', at.url);
  url.hash = new URLSearchParams({ room: room.id, widgets: widgets.join(' ') });
  const opened = await open(browser, 'about:blank');
  const said = [];
  opened.page.on('console', (message) => message.type() === 'error' && said.push(message.text()));
  await opened.page.addInitScript(before);
  await opened.page.goto(url.href);
  // Not with each frame: there need not be any.
  await untilLive(opened.page, { polling: 100 });
  return { ...opened, said };
}

/** What the overlay has said of its widgets. */
const ofWidgets = (said) => said.filter((text) => text.startsWith('parlor-overlay: the widget'));

const openRoom = () => staff.openRoom({ hypeTrainProgram: EAGER_TRAIN, delayMs: 0 });

test('a widget has the room, moments when they are due, the time and the theme', { timeout }, async () => {
  const room = await openRoom();
  // The one before it would spoil what it is told, if both were told the same.
  const { page, said, troubles } = await openSource(room, ['/spoils.js', '/whole.js'].map((name) => origin() + name));
  await page.waitForFunction(() => window.told?.room?.profile && window.told.frames > 0);

  await staff.donate(room.id, { amount: 1_200, message: 'to the widget' });
  await page.locator('parlor-overlay [part="widget"] p').getByText('to the widget').waitFor();
  await page.waitForFunction(() => window.told.room.train?.level === 2);
  const { scene, theme, shown } = await page.evaluate(() => window.told);

  assert.deepEqual(shown, ['to the widget']);
  assert.equal(typeof scene.time, 'number');
  assert.ok(Math.abs(scene.pictureTime - Date.now()) < 60_000);
  assert.match(theme.accent, /^(rgb|#|color)/);
  assert.ok(theme.unitPx > 0.5);
  assert.equal(theme.isStill, false);
  assert.equal(await page.locator('parlor-overlay [part="train"]').isVisible(), false, 'only what was asked for');

  // Two frames without anything new bring no room again.
  const updates = await page.evaluate(() => window.told.updates);
  const { frames } = await page.evaluate(() => window.told);
  await page.waitForFunction((frames) => window.told.frames > frames + 2, frames);
  assert.equal(await page.evaluate(() => window.told.updates), updates);

  await page.evaluate(() => document.querySelector('parlor-overlay').setAttribute('widgets', 'train'));
  await page.waitForFunction(() => window.told.isRemoved);
  assert.equal(await page.locator('parlor-overlay [part="widget"]').count(), 0);
  assert.deepEqual(said, []);
  assert.deepEqual(troubles, []);
});

test('whatever a widget does wrong is said once, and the others go on', { timeout }, async () => {
  const room = await openRoom();
  const faulty = [...FAULTY, '/missing.js'].map((name) => origin() + name);
  const odd = ['data:text/javascript/', 'javascript:/'];
  const { page, said, troubles } = await openSource(room, ['train', 'alerts', ...faulty, ...odd, `${origin()}/whole.js`]);
  await page.waitForFunction(() => window.told?.frames > 30);

  await staff.donate(room.id, { amount: 1_200, message: 'in spite of all' });
  await untilShown(page, 'in spite of all');
  await level(page).getByText('2', { exact: true }).waitFor();
  await page.locator('parlor-overlay [part="alert-name"]').waitFor();
  await page.locator('parlor-overlay [part="widget"] p').getByText('in spite of all').waitFor();

  const silent = ['/endless.js', '/never.js'].map((name) => origin() + name);
  const ours = () => ofWidgets(said);
  // What never comes is said after ten seconds.
  while (ours().length < faulty.length + odd.length) await page.waitForEvent('console');
  for (const address of [...faulty, ...odd]) {
    const about = ours().filter((text) => text.startsWith(`parlor-overlay: the widget ${address} `));
    assert.equal(about.length, 1, `${address}: ${about}`);
    assert.equal(about[0].includes('is not there after'), silent.includes(address), about[0]);
  }
  assert.ok(await page.evaluate(() => window.runs) <= 2, 'what throws is not run again and again');
  assert.deepEqual(troubles, []);
});

test('what a server has said for good is said, and asked again only after minutes, not by all at once', { timeout }, async () => {
  const room = await openRoom();
  const before = () => {
    const { setTimeout } = window;
    window.waits = [];
    window.setTimeout = (act, ms) => (window.waits.push(ms), setTimeout(act, ms));
  };
  const waits = new Set();
  for (const [name, why] of [['/gone.js', 'the answer is 404'], ['/words.txt?', 'it is no JavaScript but text/plain']]) {
    asked.length = 0;
    const { page, said } = await openSource(room, [origin() + name], { before });
    await page.waitForFunction(() => window.waits.some((ms) => ms > 60_000));

    assert.equal(ofWidgets(said).length, 1, ofWidgets(said).join('\n'));
    assert.ok(ofWidgets(said)[0].endsWith(`cannot be had, and is asked for again: ${why}`), ofWidgets(said)[0]);
    assert.equal(asked.length, 2, asked.join());
    waits.add(await page.evaluate(() => window.waits.find((ms) => ms > 60_000)));
  }
  assert.equal(waits.size, 2);
});

test('of a widget that is taken away before it is there, nothing is said', { timeout }, async () => {
  const room = await openRoom();
  const [first, second] = [1, 2].map((number) => `${origin()}/never.js?${number}`);
  const { page, said } = await openSource(room, [first]);
  await page.evaluate((widgets) => document.querySelector('parlor-overlay').setAttribute('widgets', widgets), second);
  // The first one's time is over before that of the second.
  while (!ofWidgets(said).some((text) => text.includes(second))) await page.waitForEvent('console');

  assert.equal(ofWidgets(said).length, 1, ofWidgets(said).join('\n'));
});

test('without frames, as on a hidden page, a widget has the room of each moment before it', { timeout }, async () => {
  const room = await openRoom();
  const before = () => (window.requestAnimationFrame = () => 0);
  const { page, troubles } = await openSource(room, [`${origin()}/order.js`], { before });
  const untilTold = (kind, what) =>
    page.waitForFunction(([kind, what]) => window.told?.some((one) => one[0] === kind && one[1] === what), [kind, what], { polling: 100 });
  await page.waitForFunction(() => window.told, undefined, { polling: 100 });

  for (const [message, amount, total] of [['in the dark', 500, 500], ['darker still', 700, 1_200]]) {
    await staff.donate(room.id, { amount, message });
    await untilTold('show', message);
    await untilTold('train', total);
  }
  const told = await page.evaluate(() => window.told);
  assert.equal(told[0][0], 'update', JSON.stringify(told));
  for (const [index, [kind, total]] of told.entries()) {
    if (kind === 'train') assert.deepEqual(told[index - 1], ['update', total], JSON.stringify(told));
  }
  assert.deepEqual(troubles, []);
});

test('a widget whose server is away at first comes with it, and that is said once', { timeout }, async () => {
  const room = await openRoom();
  const { page, said, troubles } = await openSource(room, [`${origin()}/late.js`]);
  await page.waitForFunction(() => window.told?.room?.profile && window.told.frames > 0);
  await staff.donate(room.id, { message: 'better late' });
  await page.locator('parlor-overlay [part="widget"] p').getByText('better late').waitFor();

  assert.equal(refusals['/late.js'], 0);
  const ours = said.filter((text) => text.startsWith('parlor-overlay'));
  assert.equal(ours.length, 1, ours.join('\n'));
  assert.ok(ours[0].endsWith('the answer is 503'), ours[0]);
  assert.deepEqual(troubles, []);
});

test('a widget keeps its looks in another document, and on its way back', { timeout }, async () => {
  const room = await openRoom();
  const { page, said, troubles } = await openSource(room, [`${origin()}/dressed.js`]);
  await staff.donate(room.id, { message: 'well dressed' });
  await page.locator('parlor-overlay [part="widget"] p').getByText('well dressed').waitFor();
  await page.evaluate(() => document.body.append(document.createElement('iframe')));

  const frame = page.frameLocator('iframe');
  for (const [into, place] of [['iframe', frame], ['page', page], ['iframe', frame]]) {
    await page.evaluate((into) => {
      const inside = document.querySelector('iframe').contentDocument;
      const overlay = document.querySelector('parlor-overlay') ?? inside.querySelector('parlor-overlay');
      (into === 'page' ? document : inside).body.append(overlay);
    }, into);
    const looks = await place.locator('parlor-overlay [part="widget"] p').evaluate((line) => {
      const { color, opacity } = line.ownerDocument.defaultView.getComputedStyle(line);
      return [color, opacity];
    });
    assert.deepEqual(looks, ['rgb(1, 2, 3)', '0.5'], into);
  }
  assert.deepEqual([said, troubles], [[], []]);
});

test("the server's page for OBS runs widgets of its own and of origins that are named, and of no other", { timeout }, async () => {
  const room = await openRoom();
  const own = await openSource(room, ['/widget/goal.js']);
  await staff.donate(room.id, { viewer: 'Ada', amount: 1_200 });
  await own.page.locator('parlor-overlay [part="widget"] span').getByText('Ada · €12').waitFor();
  assert.deepEqual(own.said, []);

  const strict = await Server.start();
  try {
    const other = await new Staff(strict).openRoom();
    const { page, said } = await openSource(other, ['alerts', `${origin()}/whole.js`], { at: strict });
    // It can be had, and is not to be run.
    while (!said.some((text) => text.includes('does not start'))) await page.waitForEvent('console');
    assert.equal(await page.evaluate(() => window.told), undefined);
    const response = await fetch(`${server.url}/player/`);
    assert.ok(!response.headers.get('content-security-policy').includes(origin()), 'on no other page');
  } finally {
    await strict.stop();
  }
});
