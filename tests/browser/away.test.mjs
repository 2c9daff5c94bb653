// A page that its viewer has turned away from: left for another and come back to, or behind another tab.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { WebSocket } from 'ws';
import { isInPlace } from '../scenarios/players.mjs';
import { Visitor } from '../scenarios/visitor.mjs';
import { Tabs } from './tabs.mjs';

/** An upper bound on any one test, in milliseconds. */
const timeout = 90_000;

/** How long a picture stands in which an overlay that goes by the clock would run ahead, in milliseconds. */
const STANDING_MS = 3_000;

let browser;
let visitor;

before(async () => {
  browser = await Tabs.launch();
  visitor = await Visitor.start(browser);
}, { timeout });

after(async () => {
  await browser?.close();
  await visitor?.stop();
});

test('a page that the browser has kept has lost its connection, and has it again with what was missed', { timeout }, async () => {
  const { staff } = visitor;
  const room = await staff.openRoom();
  await visitor.follow(room);
  await visitor.run(() => {
    addEventListener('pageshow', ({ persisted }) => (window.isKept = persisted));
    // It is gone before the page is: a browser keeps no page with an open one.
    addEventListener('pagehide', () => (window.leftWith = seen.sockets.map(({ readyState }) => readyState)));
  });
  await browser.goto('about:blank');
  await staff.donate(room.id, { message: 'meanwhile' });
  assert.equal(await browser.goBack(), 'BackForwardCacheRestore');
  await visitor.run(() => untilShown('meanwhile'));

  const { isKept, leftWith, open, states } = await visitor.run(() => {
    const { isKept, leftWith } = window;
    return { isKept, leftWith, open: seen.sockets.map(({ readyState }) => readyState), states: seen.states };
  });
  assert.equal(isKept, true);
  assert.deepEqual(leftWith, [WebSocket.CLOSING]);
  assert.deepEqual(open, [WebSocket.CLOSED, WebSocket.OPEN]);
  assert.deepEqual(states, ['connecting', 'live', 'paused', 'connecting', 'live']);
  assert.deepEqual(await visitor.faults(), []);
});

test('behind another tab the browser stops a video, and nothing is shown that its picture has not got to', { timeout }, async () => {
  const { staff } = visitor;
  const room = await staff.openRoom();
  await visitor.follow(room, { attributes: '' });
  await visitor.run(makeFilm, visitor.server.url);
  await staff.donate(room.id, { message: 'seen' });
  await visitor.run(() => untilShown('seen'));

  await browser.hide();
  await visitor.run(() => until(() => document.hidden && window.film.paused));
  const { occurredAt } = await staff.donate(room.id, { message: 'not yet' });
  await visitor.run((at) => until(() => Date.now() > at), Date.parse(occurredAt) + STANDING_MS);
  const hidden = await visitor.run(() => ({
    shown: seen.shown.map(({ contribution }) => contribution?.message).filter(Boolean),
    isHidden: document.hidden,
    isPaused: window.film.paused,
    source: overlay().syncSource,
  }));
  assert.deepEqual(hidden, { shown: ['seen'], isHidden: true, isPaused: true, source: 'playhead' });

  await browser.show();
  await visitor.run(() => untilShown('not yet'));
  const { paused, off } = await visitor.run(() => ({ paused: window.paused, off: window.off }));
  assert.equal(paused, 1, 'by the browser');
  assert.equal(off.length, 2);
  assert.ok(off.every(isInPlace), `${off.join()} ms from its place in the picture`);
  assert.deepEqual(await visitor.faults(), []);
});

/** Plays a film without sound, as browsers stop behind another tab. What happens is in its picture a third of a second later. */
async function makeFilm(server) {
  const FRAMES = 60;
  const FRAME_MS = 100;
  const { fromVideo } = await import(`${server}/players.js`);
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d');
  const recorder = new MediaRecorder(canvas.captureStream(1_000 / FRAME_MS), { mimeType: 'video/webm' });
  const parts = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  recorder.start();
  for (let frame = 0; frame < FRAMES; frame += 1) {
    context.fillStyle = `hsl(${frame * 12} 80% 50%)`;
    context.fillRect(0, 0, canvas.width, canvas.height);
    await new Promise((done) => setTimeout(done, FRAME_MS));
  }
  recorder.stop();
  await new Promise((done) => (recorder.onstop = done));

  const film = (window.film = document.createElement('video'));
  film.muted = true;
  film.src = URL.createObjectURL(new Blob(parts, { type: 'video/webm' }));
  document.body.append(film);
  window.paused = 0;
  film.onpause = () => (window.paused += 1);
  await film.play();
  const startedAt = Date.now() - film.currentTime * 1_000 - 300;
  const player = fromVideo(film, { dateAt: (time) => startedAt + time * 1_000 });
  window.off = [];
  overlay().addEventListener('parlor-event', ({ detail }) => {
    if (detail.contribution) window.off.push(Math.round(player.playhead().positionMs - detail.occurredAt));
  });
  overlay().player = player;
  await until(() => overlay().syncSource === 'playhead');
}
