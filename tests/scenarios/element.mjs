// The element at the hands of a page: before it is defined, while it changes, and when it goes.

import assert from 'node:assert/strict';
import { EAGER_TRAIN } from '../browser/pages.mjs';
import { overlay } from '../browser/site.mjs';

/** What a page does to an overlay within one of its events. */
const WITHIN_AN_EVENT = {
  'another player': (overlay) => overlay.attachPlayer({ playhead: () => (window.second = true, null) }),
  'no player': (overlay) => overlay.attachPlayer(null),
  'another token': (overlay) => {
    overlay.setToken('no.such.token');
    overlay.removeAttribute('token');
  },
  'another room and back': (overlay) => {
    const { room } = overlay;
    overlay.setAttribute('room', 'none');
    overlay.setAttribute('room', room);
  },
  'a removal': (overlay) => overlay.remove(),
  'a removal and a return': (overlay) => {
    overlay.remove();
    document.body.append(overlay);
  },
};

export const ELEMENT = {
  async 'a player that is set before the element is defined is asked'(visitor) {
    const room = await visitor.staff.openRoom();
    const early = `<script>overlay().player = { playhead: () => (window.asked = true, null) };</script>`;
    await visitor.open(overlay(visitor.server, room) + early);
    await visitor.run(() => until(() => window.asked));

    assert.deepEqual(await visitor.faults(), []);
  },

  async 'an attribute that is set as a property before the element is defined counts'(visitor) {
    const { server, staff } = visitor;
    const room = await staff.openRoom();
    await visitor.open(`<parlor-overlay></parlor-overlay><script>
      Object.assign(overlay(), { server: '${server.url}', room: '${room.id}', placement: 'source' });
    </script>`);
    await visitor.run(() => untilLive());
    await staff.donate(room.id, { message: 'heard' });
    await visitor.run(() => untilShown('heard'));

    assert.equal(await visitor.run(() => overlay().getAttribute('placement')), 'source');
    assert.deepEqual(await visitor.faults(), []);
  },

  async 'a page that enforces trusted types shows the overlay'(visitor) {
    const { staff } = visitor;
    const room = await staff.openRoom({ hypeTrainProgram: EAGER_TRAIN });
    await staff.donate(room.id, { amount: 300 });
    for (const policies of ['', "; trusted-types 'none'"]) {
      const headers = { 'content-security-policy': `require-trusted-types-for 'script'${policies}` };
      await visitor.follow(room, { headers });
      await visitor.run(() => untilLevel('1'));

      assert.deepEqual(await visitor.faults(), []);
    }
  },

  async 'custom properties are followed within a frame, whenever they change'(visitor) {
    const { staff } = visitor;
    const room = await staff.openRoom({ hypeTrainProgram: EAGER_TRAIN });
    await staff.donate(room.id, { amount: 300 });
    const around = (markup) => `<div style="position: relative; width: 960px; height: 540px">${markup}</div>`;
    await visitor.follow(room, { attributes: 'placement="source" widgets="train"', around });
    await visitor.run(() => untilLevel('1'));
    /** Sets properties, of the overlay or the page, and tells the colours that are seen then. */
    const look = (own, page = {}) =>
      visitor.run(async ({ own, page }) => {
        for (const [name, value] of Object.entries(own)) overlay().style.setProperty(name, value);
        for (const [name, value] of Object.entries(page)) document.documentElement.style.setProperty(name, value);
        await twoFrames();
        const color = (part, property) => getComputedStyle(overlay().shadowRoot.querySelector(part))[property].replace(/\s/g, '');
        return [color('.fill', 'backgroundColor'), color('.sign', 'backgroundColor'), color('.sign .goal', 'color')];
      }, { own, page });

    const [, , onDark] = await look({});
    const [accent, plate, onBright] = await look({ '--parlor-accent': 'rgb(80 220 255)', '--parlor-surface': 'rgb(250 250 250)' });
    assert.deepEqual([accent, plate], ['rgb(80,220,255)', 'rgb(250,250,250)']);
    assert.notEqual(onBright, onDark);
    // What an editor adds to the page counts, and so does what goes by a name of the page's own.
    await visitor.run(() => {
      const style = document.createElement('style');
      style.textContent = 'parlor-overlay { --mine: rgb(255 160 0); --parlor-accent: var(--mine) !important }';
      document.head.append(style);
    });
    assert.equal((await look({}))[0], 'rgb(255,160,0)');
    assert.equal((await look({ '--mine': 'rgb(90 200 90)' }))[0], 'rgb(90,200,90)');
    // A scheme changes what a colour means, though no property has another value.
    await look({ '--mine': 'light-dark(rgb(255 160 0), rgb(90 200 90))' });
    assert.equal((await look({}, { 'color-scheme': 'light' }))[0], 'rgb(255,160,0)');
    assert.equal((await look({}, { 'color-scheme': 'dark' }))[0], 'rgb(90,200,90)');
    // A value with lines of its own is one value all the same.
    assert.equal((await look({ '--parlor-motion': 'a\nb', '--mine': 'rgb(90 210 120)' }))[0], 'rgb(90,210,120)');
    // What is no colour is no wish.
    const fallen = await look({ '--mine': 'bananas', '--parlor-surface': 'bananas' });
    assert.equal(fallen[0], 'rgb(255,200,31)');
    assert.match(fallen[1], /^rgba\(12,19,32,0\.8[67]/);
    assert.deepEqual(await visitor.faults(), []);
  },

  async 'an element that is taken out, changed and put back in one go follows the new room'(visitor) {
    const { staff } = visitor;
    const [first, second] = await Promise.all([staff.openRoom(), staff.openRoom()]);
    await visitor.follow(first);
    await visitor.run((room) => {
      const one = overlay();
      one.remove();
      one.setAttribute('room', room);
      document.body.append(one);
      return until(() => seen.states.filter((state) => state === 'live').length === 2);
    }, second.id);
    await staff.donate(second.id, { message: 'in the new room' });
    await visitor.run(() => untilShown('in the new room'));

    await visitor.run(() => until(() => openSockets() === 1));
    assert.deepEqual(await visitor.faults(), []);
  },

  async 'an element that is moved keeps its connection'(visitor) {
    const { staff } = visitor;
    const room = await staff.openRoom();
    await visitor.follow(room, { around: (markup) => `<main></main>${markup}` });
    await visitor.run(() => document.querySelector('main').append(overlay()));
    await staff.donate(room.id, { message: 'still here' });
    await visitor.run(() => untilShown('still here'));

    assert.equal(await visitor.run(() => seen.sockets.length), 1);
  },

  ...Object.fromEntries(Object.entries(WITHIN_AN_EVENT).map(([what, act]) => [
    `${what} within an event of its own does no harm`,
    async (visitor) => {
      const { staff } = visitor;
      const room = await staff.openRoom({ hypeTrainProgram: EAGER_TRAIN });
      await visitor.follow(room, { attributes: '' });
      await visitor.run((act) => {
        const one = (window.one = overlay());
        one.attachPlayer({ playhead: () => ({ positionMs: Date.now() - 300, playing: true }) });
        one.addEventListener('parlor-event', () => {
          new Function(`return ${act}`)()(one);
          window.acted = true;
        }, { once: true });
        // Frames alone, so that the event comes from within the overlay's question to the player.
        window.setTimeout = () => 0;
      }, String(act));
      await staff.donate(room.id, { message: 'go' });
      await visitor.run(async () => {
        await until(() => window.acted);
        // Whatever broke within the event shows with the frames after it.
        await twoFrames();
      });
      assert.deepEqual(await visitor.faults(), []);

      await visitor.run(() => {
        window.one.remove();
        return until(() => openSockets() === 0);
      });
      assert.deepEqual(await visitor.faults(), []);
    },
  ])),

  async 'a page that is left has no connection, and has it again when one comes back to it'(visitor) {
    const { staff } = visitor;
    const room = await staff.openRoom();
    await visitor.follow(room);
    // What a browser says of a page that it keeps, and of one that it brings back.
    const turn = (type) => visitor.run((type) => dispatchEvent(new PageTransitionEvent(type, { persisted: true })), type);
    await turn('pagehide');
    await visitor.run(() => until(() => openSockets() === 0));
    await staff.donate(room.id, { message: 'meanwhile' });
    await turn('pageshow');
    await visitor.run(() => untilShown('meanwhile'));

    assert.deepEqual(await visitor.faults(), []);
  },

  async 'an element whose own code throws is told of it, and the overlay goes on'(visitor) {
    const { staff } = visitor;
    const room = await staff.openRoom({ hypeTrainProgram: EAGER_TRAIN });
    await visitor.follow(room);
    await visitor.run(() => { overlay().dispatchEvent = () => { throw new Error('odd'); }; });
    for (const [amount, reached] of [[300, '1'], [900, '2']]) {
      await staff.donate(room.id, { amount });
      await visitor.run((reached) => untilLevel(reached), reached);
    }

    // It can still be freed: nothing holds it.
    await visitor.run(() => {
      overlay().remove();
      return until(() => openSockets() === 0);
    });
    const faults = await visitor.faults();
    assert.ok(faults.length > 1 && faults.every((fault) => /^([\w ]+: )*odd$/.test(fault)), faults.join());
  },

  async 'what somebody has taken out of the overlay is not drawn, and the rest is'(visitor) {
    const { staff } = visitor;
    const room = await staff.openRoom({ hypeTrainProgram: EAGER_TRAIN });
    await visitor.follow(room);
    // The only one, one of several, and one that others are made of.
    await visitor.run(() => {
      for (const name of ['track', 'car', 'seat']) part(name).remove();
    });
    for (const [amount, reached] of [[300, '1'], [900, '2']]) {
      await staff.donate(room.id, { amount, message: `to ${reached}` });
      await visitor.run(async (reached) => {
        await untilLevel(reached);
        await untilShown(`to ${reached}`);
      }, reached);
    }

    await visitor.run(() => {
      overlay().remove();
      return until(() => openSockets() === 0);
    });
    assert.deepEqual(await visitor.faults(), []);
  },

  async 'a browser that is too old is told so, and shows nothing broken'(visitor) {
    const room = await visitor.staff.openRoom();
    // What Chromium 103 answers, which older OBS carry.
    const old = `<script>
      const supports = CSS.supports.bind(CSS);
      CSS.supports = (...asked) => !/cqw|color-mix|^\\(mask/.test(asked.join()) && supports(...asked);
    </script>`;
    await visitor.open(old + overlay(visitor.server, room));
    await visitor.run(async () => {
      await until(() => customElements.get('parlor-overlay'));
      await twoFrames();
    });

    const [what, ...more] = await visitor.faults();
    assert.match(what, /^parlor-overlay needs Chrome or Edge \d+, Firefox \d+, Safari [\d.]+ or OBS [\d.]+/);
    assert.deepEqual(more, []);
    assert.deepEqual(await visitor.run(() => [overlay().shadowRoot, seen.sockets.length]), [null, 0]);
  },
};
