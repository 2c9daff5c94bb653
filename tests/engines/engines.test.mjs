// What browsers of other engines show: the same plans byte for byte, a train that moves with the picture, nothing of
// elements that came and went, and all that is tried in every engine.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readFileSync, readdirSync } from 'node:fs';
import { REHEARSAL, serveFolder } from '../folder_site.mjs';
import { Server, Staff } from '../harness.mjs';
import { EAGER_TRAIN } from '../browser/pages.mjs';
import { SCENARIOS } from '../scenarios/all.mjs';
import { Visitor } from '../scenarios/visitor.mjs';
import { Firefox } from './firefox.mjs';
import { assertInStep } from './in_step.mjs';
import { WebKit } from './webkit.mjs';

/** An upper bound on any one test and on what comes before it, in milliseconds. */
const timeout = 120_000;

/** Elements that come and go before what is there is counted: by then whatever is made once is made. */
const WARM_UP = 40;
const COUNTED = 200;
/** Elements on the page at a time. */
const AT_A_TIME = 10;

/** One page of the module's memory, which its allocator may come to need for where the pieces lie. */
const MODULE_GROWTH_MAX = 65_536;

const PLANS = new URL('../../fixtures/plans/', import.meta.url);

let server;
let staff;
let rehearsal;

before(async () => {
  rehearsal = await serveFolder(REHEARSAL);
  server = await Server.start();
  staff = new Staff(server);
}, { timeout });

after(async () => {
  rehearsal?.close();
  await server?.stop();
});

for (const Browser of [Firefox, WebKit]) {
  describe(Browser.engine, () => {
    let browser;
    let visitor;

    before(async () => {
      browser = await Browser.launch();
      visitor = await Visitor.start(browser);
    }, { timeout });

    after(async () => {
      await browser?.close();
      await visitor?.stop();
    });

    for (const [name, act] of SCENARIOS) test(name, { timeout }, () => act(visitor));

    test('recorded sessions are shown as everywhere else, byte for byte', { timeout }, async () => {
      const names = readdirSync(PLANS).filter((name) => name.endsWith('.json'));
      const read = (name) => readFileSync(new URL(name, PLANS), 'utf8');
      await browser.goto(rehearsal.url);
      const plans = await browser.evaluate(async (recordings) => {
        const { default: load, rehearse } = await import('/parlor_rehearsal.js');
        await load({ module_or_path: '/parlor_rehearsal_bg.wasm' });
        return recordings.map((recording) => rehearse(recording));
      }, names.map(read));

      assert.ok(names.length >= 5, `${names.length} recordings`);
      for (const [index, name] of names.entries()) assert.equal(plans[index], read(name.replace(/json$/, 'plan')), name);
    });

    test('the train moves and the alert comes when the picture gets there', { timeout }, async () => {
      await assertInStep(browser, server, staff);
    });

    test('after 200 elements no socket, no listener and no memory stays', { timeout }, async () => {
      const room = await staff.openRoom({ hypeTrainProgram: EAGER_TRAIN });
      await staff.donate(room.id, { amount: 300 });
      await browser.goto(`${server.url}/overlay/`);
      await browser.evaluate(watchPage);
      const comeAndGo = (count) => browser.evaluate(makeElements, { count, atATime: AT_A_TIME, room: room.id });

      const before = await comeAndGo(WARM_UP);
      const after = await comeAndGo(COUNTED);

      assert.equal(after.openSockets, 0);
      assert.equal(after.listeners, before.listeners);
      assert.equal(after.nodes, before.nodes);
      assert.ok(after.moduleBytes - before.moduleBytes <= MODULE_GROWTH_MAX, `${before.moduleBytes} to ${after.moduleBytes} bytes`);
      assert.deepEqual(after.faults, []);
    });
  });
}

/** Counts in the page what no engine tells: sockets, and who listens to what is there for as long as the page is. */
function watchPage() {
  window.faults = [];
  addEventListener('error', ({ message }) => window.faults.push(message));
  window.video = document.createElement('video');

  const listening = new Map([window, document, window.video].map((target) => [target, new Set()]));
  window.listeners = () => [...listening.values()].reduce((sum, { size }) => sum + size, 0);
  const { addEventListener: add, removeEventListener: remove } = EventTarget.prototype;
  const numbers = new WeakMap();
  const key = (type, listener) => {
    if (!numbers.has(listener)) numbers.set(listener, Math.random());
    return `${type} ${numbers.get(listener)}`;
  };
  EventTarget.prototype.addEventListener = function (type, listener, options) {
    listening.get(this ?? window)?.add(key(type, listener));
    return add.call(this ?? window, type, listener, options);
  };
  EventTarget.prototype.removeEventListener = function (type, listener, options) {
    listening.get(this ?? window)?.delete(key(type, listener));
    return remove.call(this ?? window, type, listener, options);
  };

  const sockets = [];
  window.openSockets = () => sockets.filter(({ readyState }) => readyState !== WebSocket.CLOSED);
  const Native = WebSocket;
  window.WebSocket = class extends Native {
    constructor(...args) {
      super(...args);
      sockets.push(this);
    }
  };

  WebAssembly.Instance = class extends WebAssembly.Instance {
    constructor(...args) {
      super(...args);
      window.moduleMemory = this.exports.memory;
    }
  };
}

/** Has `count` elements come and go in the page, and tells what is there afterwards. */
async function makeElements({ count, atATime, room }) {
  const { fromVideo } = await import('/players.js');
  for (let made = 0; made < count; made += atATime) {
    const elements = Array.from({ length: atATime }, () => document.createElement('parlor-overlay'));
    await Promise.all(elements.map((element) => new Promise((live) => {
      element.addEventListener('parlor-connection', ({ detail }) => detail.state === 'live' && live());
      Object.assign(element, { room, placement: 'source', player: fromVideo(window.video) });
      document.body.append(element);
    })));
    // A frame in which they are drawn.
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    for (const element of elements) element.remove();
  }
  await Promise.resolve();
  const closing = window.openSockets().map((socket) => new Promise((done) => (socket.onclose = done)));
  await Promise.all(closing);
  return {
    openSockets: window.openSockets().length,
    listeners: window.listeners(),
    nodes: document.querySelectorAll('*').length,
    moduleBytes: window.moduleMemory.buffer.byteLength,
    faults: window.faults,
  };
}
