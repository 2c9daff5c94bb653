// Elements that come and go, as in a page that is never loaded anew: nothing of them stays.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Server, Staff } from '../harness.mjs';
import { EAGER_TRAIN, launch } from './pages.mjs';
import { Site, script } from './site.mjs';

/** An upper bound on any one test, in milliseconds. */
const timeout = 120_000;

/** Elements that come and go before what is there is counted: by then whatever is made once is made. */
const WARM_UP = 40;
const COUNTED = 200;
/** Elements on the page at a time. */
const AT_A_TIME = 10;

/** What the page's own heap may be larger by, in bytes, for what the counts of nodes and listeners leave out. */
const HEAP_GROWTH_MAX = 500_000;

/**
 * What the module's memory may be larger by, in bytes: one page, which its allocator may come to need for
 * where the pieces happen to lie. An element that stays takes some 12 KB.
 */
const MODULE_GROWTH_MAX = 65_536;

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

after(async () => {
  await browser?.close();
  await server?.stop();
  site?.stop();
});

/** Keeps hold of the memory of the module that the page loads. */
function keepMemory() {
  WebAssembly.Instance = class extends WebAssembly.Instance {
    constructor(...args) {
      super(...args);
      window.moduleMemory = this.exports.memory;
    }
  };
}

test('after 200 elements no socket, no listener and no memory stays', { timeout }, async () => {
  const room = await staff.openRoom({ hypeTrainProgram: EAGER_TRAIN });
  await staff.donate(room.id, { amount: 300 });
  const { page, sockets, troubles } = await site.visit(browser, script(server), { before: keepMemory });
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable');

  const comeAndGo = (count) =>
    page.evaluate(async ({ count, atATime, server, room }) => {
      const { fromVideo } = await import(`${server}/players.js`);
      const video = (window.video ??= document.createElement('video'));
      for (let made = 0; made < count; made += atATime) {
        const elements = Array.from({ length: atATime }, () => document.createElement('parlor-overlay'));
        await Promise.all(elements.map((element) => new Promise((live) => {
          element.addEventListener('parlor-connection', ({ detail }) => detail.state === 'live' && live());
          Object.assign(element, { server, room, placement: 'source', player: fromVideo(video) });
          document.body.append(element);
        })));
        // A frame in which they are drawn.
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        for (const element of elements) element.remove();
      }
      window.connections = [];
      window.shown = [];
    }, { count, atATime: AT_A_TIME, server: server.url, room: room.id });
  const count = async () => {
    await Promise.all(sockets.filter((socket) => !socket.isClosed()).map((socket) => socket.waitForEvent('close')));
    await devtools.send('HeapProfiler.collectGarbage');
    await devtools.send('HeapProfiler.collectGarbage');
    const { metrics } = await devtools.send('Performance.getMetrics');
    const { JSEventListeners, Nodes, JSHeapUsedSize } = Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
    // The module's own memory never shrinks.
    const moduleBytes = await page.evaluate(() => window.moduleMemory.buffer.byteLength);
    return { JSEventListeners, Nodes, JSHeapUsedSize, moduleBytes };
  };

  await comeAndGo(WARM_UP);
  const before = await count();
  await comeAndGo(COUNTED);
  const after = await count();

  const grown = (name) => after[name] - before[name];
  assert.ok(grown('JSEventListeners') <= 0, `${grown('JSEventListeners')} listeners more`);
  assert.ok(grown('Nodes') <= 0, `${grown('Nodes')} nodes more`);
  assert.ok(grown('moduleBytes') <= MODULE_GROWTH_MAX, `${grown('moduleBytes')} bytes of the module's more`);
  assert.ok(grown('JSHeapUsedSize') < HEAP_GROWTH_MAX, `${grown('JSHeapUsedSize')} bytes more`);
  assert.deepEqual(troubles, []);
});
