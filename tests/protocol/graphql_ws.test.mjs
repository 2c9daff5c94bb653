// The client that most browsers use for this protocol, against a real server.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { Server, Staff } from '../harness.mjs';

const LIVE_ROOM = `subscription($roomId: ID!, $after: LogPosition) {
  liveRoom(roomId: $roomId, after: $after) {
    epoch afterSeq throughSeq recovered
    snapshot { __typename seq part }
    events { __typename id seq ... on ContributionReceived { contribution { message } } }
  }
}`;

/** An upper bound on any one test, in milliseconds. */
const timeout = 20_000;

let server;
let staff;
let clients = [];

before(async () => {
  server = await Server.start();
  staff = new Staff(server);
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.dispose()));
  clients = [];
});

after(() => server?.stop());

/** Follows a room. Each reconnection asks for what came after the last message. */
class Follower {
  messages = [];
  #waiting = [];

  constructor(client, roomId) {
    const variables = { roomId };
    // graphql-ws writes the payload anew whenever it subscribes again, so what is changed here is
    // what the next connection asks for.
    this.unsubscribe = client.subscribe(
      { query: LIVE_ROOM, variables },
      {
        next: ({ data, errors }) => {
          if (errors) return this.#fail(errors);
          const feed = data.liveRoom;
          variables.after = { epoch: feed.epoch, seq: feed.throughSeq };
          this.messages.push(feed);
          this.#settle();
        },
        error: (error) => this.#fail(error),
        complete: () => this.#fail(new Error('the server completed the subscription')),
      },
    );
    this.failed = new Promise((_, reject) => (this.#fail = reject));
    this.failed.catch(() => {});
  }

  #fail = () => {};

  get events() {
    return this.messages.flatMap((feed) => feed.events);
  }

  /** What donors wrote, in the order in which it arrived. */
  get notes() {
    return this.events.filter((event) => event.contribution).map((event) => event.contribution.message);
  }

  /** Waits until `holds(this)`. */
  until(holds) {
    const held = new Promise((resolve) => {
      this.#waiting.push({ holds, resolve });
      this.#settle();
    });
    return Promise.race([held, this.failed]);
  }

  #settle() {
    this.#waiting = this.#waiting.filter(({ holds, resolve }) => {
      if (!holds(this)) return true;
      resolve();
      return false;
    });
  }
}

/** A client that tries again as soon as the server is back. */
function connect(options = {}) {
  const client = createClient({
    url: server.socketUrl,
    webSocketImpl: WebSocket,
    connectionParams: { Authorization: `Bearer ${staff.token}` },
    retryAttempts: 3,
    ...options,
  });
  clients.push(client);
  return client;
}

function assertGapless(messages) {
  for (const [index, feed] of messages.entries()) {
    const seqs = feed.events.map((event) => Number(event.seq));
    const covered = Array.from(
      { length: Number(feed.throughSeq) - Number(feed.afterSeq) },
      (_, offset) => Number(feed.afterSeq) + 1 + offset,
    );
    assert.deepEqual(seqs, covered, `message ${index} holds every event of its range`);
    if (index > 0) {
      assert.equal(feed.afterSeq, messages[index - 1].throughSeq, `message ${index} follows on`);
      assert.equal(feed.snapshot, null, `message ${index} replaces nothing`);
      assert.equal(feed.recovered, true, `message ${index} is complete`);
    }
  }
}

for (const [name, end] of [
  ['a drained server', () => server.drain()],
  ['a killed server', () => server.kill()],
]) {
  test(`a subscription goes on after ${name} is back, with nothing twice and nothing missing`, { timeout }, async () => {
    const room = await staff.openRoom();
    let back;
    const isBack = new Promise((resolve) => (back = resolve));
    const closings = [];
    const client = connect({
      retryWait: () => isBack,
      on: { closed: ({ code }) => closings.push(code) },
    });
    const follower = new Follower(client, room.id);
    await follower.until(({ messages }) => messages.length === 1);
    assert.equal(follower.messages[0].recovered, false);
    assert.ok(follower.messages[0].snapshot.some((event) => event.part === 'session'));

    await staff.donate(room.id, { message: 'first' });
    await follower.until(({ notes }) => notes.includes('first'));
    await end();
    await server.restart();
    await staff.donate(room.id, { message: 'while away' });
    back();
    await follower.until(({ notes }) => notes.includes('while away'));
    await staff.donate(room.id, { message: 'afterwards' });
    await follower.until(({ notes }) => notes.includes('afterwards'));

    assert.deepEqual(follower.notes, ['first', 'while away', 'afterwards']);
    assertGapless(follower.messages);
    assert.equal(new Set(follower.events.map((event) => event.id)).size, follower.events.length);
    assert.equal(closings[0], name === 'a drained server' ? 1012 : 1006);
  });
}

test('a room that is not there is an error of its subscription alone', { timeout }, async () => {
  const room = await staff.openRoom();
  const client = connect({ retryAttempts: 0 });
  const follower = new Follower(client, room.id);
  await follower.until(({ messages }) => messages.length === 1);

  const unknown = Buffer.from('Room:00000000-0000-7000-8000-000000000000').toString('base64');
  const lost = new Follower(client, unknown);
  const errors = await lost.failed.catch((errors) => errors);
  assert.equal(errors[0].extensions.code, 'NOT_FOUND');

  await staff.donate(room.id, { message: 'still here' });
  await follower.until(({ notes }) => notes.includes('still here'));
});

test('a room of another tenant answers like one that is not there', { timeout }, async () => {
  const room = await new Staff(server).openRoom({ anonymousRead: false });
  const client = connect({ retryAttempts: 0 });

  const errors = await new Follower(client, room.id).failed.catch((errors) => errors);

  assert.equal(errors[0].extensions.code, 'NOT_FOUND');
});

test('a token that nobody signed closes the socket as forbidden', { timeout }, async () => {
  const room = await staff.openRoom();
  const client = connect({
    retryAttempts: 0,
    connectionParams: { Authorization: `Bearer ${staff.token.slice(0, -4)}AAAA` },
  });

  const closed = await new Follower(client, room.id).failed.catch((event) => event);

  assert.equal(closed.code, 4403);
});

test('a client that completes gets no more, and its socket serves the next', { timeout }, async () => {
  const room = await staff.openRoom();
  let sockets = 0;
  const client = connect({ lazy: false, onNonLazyError: () => {}, on: { opened: () => (sockets += 1) } });
  const first = new Follower(client, room.id);
  await first.until(({ messages }) => messages.length === 1);
  first.unsubscribe();

  const second = new Follower(client, room.id);
  await second.until(({ messages }) => messages.length === 1);
  await staff.donate(room.id, { message: 'for the second' });
  await second.until(({ notes }) => notes.includes('for the second'));

  assert.deepEqual(first.notes, []);
  assert.equal(sockets, 1);
});

test('a ping of the client is answered', { timeout }, async () => {
  let pong;
  const answered = new Promise((resolve) => (pong = resolve));
  connect({
    lazy: false,
    keepAlive: 20,
    onNonLazyError: () => {},
    on: { pong: (received) => received && pong() },
  });

  await answered;
});
