// Several overlays and clients on one page: one connection for the same server and token.

import assert from 'node:assert/strict';
import { overlay } from '../browser/site.mjs';

/** Opens a page with overlays of these attributes, and waits until each follows its room. */
async function openWith(visitor, room, overlays) {
  await visitor.open(overlays.map((attributes) => overlay(visitor.server, room, `placement="source" ${attributes}`)).join(''));
  await visitor.run((count) => {
    window.notes = [];
    addEventListener('parlor-event', ({ target, detail }) => {
      if (detail.contribution) window.notes.push(`${target.id}: ${detail.contribution.message}`);
    }, true);
    window.live = () => [...document.querySelectorAll('parlor-overlay')].filter(({ isLive }) => isLive).length;
    return until(() => window.live() === count);
  }, overlays.length);
}

/** Follows the room with the npm client as well, as `window.client`. */
const alsoConnect = (visitor, room) =>
  visitor.run(async ({ url, room }) => {
    const { connect } = await import(`${url}/sdk/index.js`);
    window.client = await connect({ server: url, room, placement: 'source' });
    window.client.addEventListener('event', ({ detail }) => {
      if (detail.contribution) window.notes.push(`client: ${detail.contribution.message}`);
    });
    await until(() => window.client.connection.state === 'live');
  }, { url: visitor.server.url, room: room.id });

/** Waits until so many have told of something, and returns what all have told, by name. */
const notes = (visitor, count) =>
  visitor.run(async (count) => {
    await until(() => window.notes.length >= count);
    return window.notes.sort();
  }, count);

const sockets = (visitor) => visitor.run(() => [seen.sockets.length, openSockets()]);

export const SHARING = {
  async 'two overlays and a client share one connection, and each hears everything once'(visitor) {
    const { staff } = visitor;
    const room = await staff.openRoom();
    await openWith(visitor, room, ['id="one"', 'id="two"']);
    await alsoConnect(visitor, room);
    assert.deepEqual(await sockets(visitor), [1, 1]);

    await staff.donate(room.id, { message: 'to all' });
    assert.deepEqual(await notes(visitor, 3), ['client: to all', 'one: to all', 'two: to all']);

    await visitor.run(() => document.querySelector('#one').remove());
    await staff.donate(room.id, { message: 'to those who stay' });
    assert.deepEqual((await notes(visitor, 5)).filter((note) => note.endsWith('stay')), ['client: to those who stay', 'two: to those who stay']);

    await visitor.run(() => {
      document.body.insertAdjacentHTML('beforeend', overlay().outerHTML.replace(/id="\w+"/, 'id="three"'));
      return until(() => document.querySelector('#three').isLive);
    });
    assert.deepEqual(await sockets(visitor), [1, 1]);

    await visitor.run(() => {
      window.client.close();
      for (const one of document.querySelectorAll('parlor-overlay')) one.remove();
      return until(() => openSockets() === 0);
    });
    assert.deepEqual(await visitor.faults(), []);
  },

  async 'who has another token has another connection'(visitor) {
    const room = await visitor.staff.openRoom();
    const { secret } = await visitor.staff.createOverlayToken(room.id);
    await openWith(visitor, room, ['id="one"', `id="two" token="${secret}"`, `id="three" token="${secret}"`]);

    assert.deepEqual(await sockets(visitor), [2, 2]);
    assert.deepEqual(await visitor.faults(), []);
  },

  async 'more than one connection can carry have another'(visitor) {
    const { staff } = visitor;
    const room = await staff.openRoom();
    await openWith(visitor, room, Array.from({ length: 20 }, (_, index) => `id="o${index}" widgets="alerts"`));
    await staff.donate(room.id, { message: 'hi' });

    assert.equal((await notes(visitor, 20)).length, 20);
    assert.deepEqual(await sockets(visitor), [2, 2]);
    assert.deepEqual(await visitor.faults(), []);
  },

  async 'all of them come back over one connection, and nothing is missing or twice'(visitor) {
    const { server, staff } = visitor;
    const room = await staff.openRoom();
    await openWith(visitor, room, ['id="one"', 'id="two"']);
    await server.kill();
    await visitor.run(() => until(() => window.live() === 0));
    await server.restart();
    await staff.donate(room.id, { message: 'while away' });
    await visitor.run(() => until(() => window.live() === 2));

    assert.deepEqual(await notes(visitor, 2), ['one: while away', 'two: while away']);
    assert.equal((await sockets(visitor))[1], 1);
    assert.deepEqual(await visitor.run(() => seen.faults), []);
  },

  async 'who wants another connection does not get the same one, and the others keep theirs'(visitor) {
    const { staff } = visitor;
    const room = await staff.openRoom();
    await openWith(visitor, room, ['id="one"']);
    await alsoConnect(visitor, room);

    await visitor.run(() => {
      window.client.reconnect();
      return until(() => window.client.connection.state === 'live');
    });
    await staff.donate(room.id, { message: 'hi' });

    assert.deepEqual(await notes(visitor, 2), ['client: hi', 'one: hi']);
    assert.deepEqual(await sockets(visitor), [2, 2]);
    assert.deepEqual(await visitor.faults(), []);
  },
};
