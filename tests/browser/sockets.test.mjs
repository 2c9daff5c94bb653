// What one socket carries for several clients, on a socket that the test holds.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { isOnLoopback } from '../../sdk-wasm/npm/page.js';
import { openSocket } from '../../sdk-wasm/npm/sockets.js';

/** What is told of, and a text among it. */
const OPENED = 2;
const RECEIVED = 3;
const CLOSED = 4;

let socket;
let count = 0;

class HeldSocket extends EventTarget {
  sent = [];
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  close() {}
}

beforeEach(() => {
  globalThis.WebSocket = class {
    constructor() {
      return (socket = new HeldSocket());
    }
  };
  count += 1;
});

/** Two who share a socket that is open, with an operation of the first under way. */
function subscribed() {
  const heard = [];
  const tell = (kind, text) => kind === RECEIVED && heard.push(JSON.parse(text));
  const open = (tell) => openSocket(`ws://127.0.0.1/${count}`, 'graphql-transport-ws', undefined, tell);
  const [one, other] = [open(tell), open(() => {})];
  socket.dispatchEvent(new Event('open'));
  one.send('{"type":"subscribe","id":"7","payload":{}}');
  const say = (text) => socket.dispatchEvent(new MessageEvent('message', { data: text.replace('ID', socket.sent[0].id) }));
  return { one, other, heard, say };
}

const completed = () => socket.sent.filter(({ type }) => type === 'complete').length;

for (const last of [
  '{"id":"ID","type":"complete"}',
  '{"type":"complete","id":"ID"}',
  '{"type":"error","id":"ID","payload":[{"message":"no"}]}',
  '{"id":"ID","type":"error","payload":[{"message":"no"}]}',
]) {
  test(`an operation that the server has ended by ${last} is over`, () => {
    const { one, heard, say } = subscribed();
    say(last);
    assert.equal(heard[0].id, '7');
    assert.equal(one.running.size, 0);
    one.close();
    assert.equal(completed(), 0);
  });
}

for (const next of [
  '{"type":"next","id":"ID","payload":{"data":{"type":"complete"}}}',
  '{"id":"ID","type":"next","payload":{"data":{"text":"\\"type\\":\\"error\\""}}}',
]) {
  test(`an operation that goes on with ${next} is ended by who leaves`, () => {
    const { one, other, heard, say } = subscribed();
    say(next);
    assert.equal(heard.length, 1);
    one.close();
    assert.equal(completed(), 1);
    other.close();
  });
}

test('what one throws is reported, and keeps no other from hearing', async (t) => {
  const reported = [];
  globalThis.reportError = (error) => reported.push(error.message);
  t.after(() => delete globalThis.reportError);
  const heard = [];
  const open = (tell) => openSocket(`ws://127.0.0.1/${count}`, 'graphql-transport-ws', undefined, tell);
  const odd = open((kind) => { throw new Error(`odd ${kind}`); });
  open((kind, value) => heard.push([kind, value]));

  socket.dispatchEvent(new Event('open'));
  socket.dispatchEvent(new MessageEvent('message', { data: '{"type":"connection_ack"}' }));
  socket.dispatchEvent(Object.assign(new Event('close'), { code: 4400 }));
  await null;
  assert.deepEqual(heard, [[OPENED, undefined], [RECEIVED, '{"type":"connection_ack"}'], [CLOSED, 4400]]);
  assert.deepEqual(reported, [OPENED, RECEIVED, CLOSED].map((kind) => `odd ${kind}`));

  // Nobody is a member any more, and so nobody speaks.
  odd.send('{"type":"subscribe","id":"1","payload":{}}');
  assert.deepEqual(socket.sent, []);
});

test('what a socket throws at who speaks is reported', async (t) => {
  const reported = [];
  globalThis.reportError = (error) => reported.push(error.message);
  t.after(() => delete globalThis.reportError);
  const { one } = subscribed();
  socket.send = () => { throw new Error('odd'); };

  one.send('{"type":"subscribe","id":"8","payload":{}}');
  await null;
  assert.deepEqual(reported, ['odd']);
});

for (const [url, expected] of [
  ['ws://127.0.0.1:8080/graphql/ws', true],
  ['ws://localhost/graphql/ws', true],
  ['ws://parlor.localhost:8080/graphql/ws', true],
  ['ws://[::1]:8080/graphql/ws', true],
  ['wss://parlor.example.com/graphql/ws', false],
  ['ws://192.168.0.127:8080/graphql/ws', false],
  ['wss://127.example.com/graphql/ws', false],
  ['wss://localhost.example.com/graphql/ws', false],
  ['wss://example.com/localhost', false],
]) {
  test(`${expected ? 'no' : 'a'} network leads to ${url}`, () => assert.equal(isOnLoopback(url), expected));
}
