// Where players say that their picture is.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHls, fromVideo } from '../../overlay/js/players.js';

const START = Date.parse('2026-01-02T03:00:00Z');
const GAP_MS = 60_000;

/** A video that plays, with `fields` of its own. */
const playing = (fields = {}) =>
  Object.assign(new EventTarget(), { paused: false, seeking: false, readyState: 4, playbackRate: 1, currentTime: 0, ...fields });

/** A video that tells of its frames when the test says so. */
function framed(fields) {
  const video = playing(fields);
  let waiting = [];
  video.requestVideoFrameCallback = (callback) => waiting.push(callback);
  video.present = (mediaTime, expectedDisplayTime = performance.now()) => {
    const callbacks = waiting;
    waiting = [];
    for (const callback of callbacks) callback(performance.now(), { mediaTime, expectedDisplayTime });
    return callbacks.length;
  };
  return video;
}

/** Has `video` count who listens to it. */
function listened(video) {
  const listening = new Set();
  const key = (type, listener) => [...listening].find((one) => one.type === type && one.listener === listener);
  const { addEventListener, removeEventListener } = video;
  video.addEventListener = (type, listener, options) => {
    if (!key(type, listener)) listening.add({ type, listener, once: options?.once });
    addEventListener.call(video, type, listener, options);
  };
  video.removeEventListener = (type, listener) => {
    listening.delete(key(type, listener));
    removeEventListener.call(video, type, listener);
  };
  const { dispatchEvent } = video;
  video.dispatchEvent = (event) => {
    for (const one of listening) if (one.once && one.type === event.type) listening.delete(one);
    return dispatchEvent.call(video, event);
  };
  video.listeners = () => listening.size;
  return video;
}

/** Fragments of 4 s, after the 25th of which the stream was away for a minute. */
const fragments = Array.from({ length: 50 }, (_, index) => ({
  start: index * 4,
  duration: 4,
  programDateTime: START + index * 4_000 + (index < 25 ? 0 : GAP_MS),
}));
const hls = (fields = {}) => ({ currentLevel: 0, levels: [{ details: { fragments } }], playingDate: null, ...fields });

const ROWS = [
  // The time in the media, and the date of its picture.
  [10, START + 10_000],
  [99.5, START + 99_500],
  [101, START + 101_000 + GAP_MS],
  [199, START + 199_000 + GAP_MS],
];

test('a gap in the stream is in the date, by the fragment that holds the picture', () => {
  const video = playing();
  const player = fromHls(hls(), video);

  for (const [time, date] of ROWS) {
    video.currentTime = time;
    assert.equal(player.playhead().positionMs, date, `at ${time} s`);
  }
});

test('a gap in the stream is in the date of a video whose browser reads them', () => {
  const video = playing();
  // As WebKit does: the present date less the present time.
  video.getStartDate = () => new Date(START + (video.currentTime < 100 ? 0 : GAP_MS));
  const player = fromVideo(video);

  for (const [time, date] of ROWS) {
    video.currentTime = time;
    assert.equal(player.playhead().positionMs, date, `at ${time} s`);
  }
});

test('a player that knows its segments says their dates', () => {
  const video = playing({ getStartDate: () => new Date(START) });
  const player = fromVideo(video, { dateAt: (time) => new Date(START + time * 1_000 + (time < 100 ? 0 : GAP_MS)) });

  for (const [time, date] of ROWS) {
    video.currentTime = time;
    assert.equal(player.playhead().positionMs, date, `at ${time} s`);
  }
});

test('outside its fragments hls.js itself is asked', () => {
  const player = fromHls(hls({ playingDate: new Date(START) }), playing({ currentTime: 400 }));

  assert.equal(player.playhead().positionMs, START);
});

test('what cannot be a date is none', () => {
  const videos = {
    'no date': playing({ getStartDate: () => new Date(NaN) }),
    'no dates at all': playing(),
    'dates of 1970': playing({ getStartDate: () => new Date(0), currentTime: 12 }),
    'an endless time': playing({ getStartDate: () => new Date(START), currentTime: Infinity }),
  };
  for (const [what, video] of Object.entries(videos)) assert.equal(fromVideo(video).playhead(), null, what);

  const streams = {
    'no levels yet': { playingDate: null },
    'an invalid date': hls({ playingDate: new Date(NaN), levels: [] }),
    'one that is destroyed': { get levels() { throw new TypeError('destroyed'); } },
  };
  for (const [what, stream] of Object.entries(streams)) assert.equal(fromHls(stream, playing()).playhead(), null, what);
});

test('the frame that is seen counts, not the time that the player is at', () => {
  const video = framed({ paused: true, currentTime: 10.03 });
  const player = fromHls(hls(), video);
  player.playhead();
  assert.equal(player.playhead().quality, 'clock');
  video.present(10);

  const { positionMs, quality } = player.playhead();
  assert.deepEqual([positionMs, quality], [START + 10_000, 'frame']);
  // The player has been sent elsewhere, and no frame of that has been seen.
  video.currentTime = 80;
  assert.equal(player.playhead().quality, 'clock');
});

test('while a seek is under way the picture is where it was, and the seek is counted', () => {
  const video = framed({ currentTime: 10 });
  const player = fromHls(hls(), video);
  player.playhead();
  video.present(10);

  Object.assign(video, { seeking: true, currentTime: 150 });
  video.dispatchEvent(new Event('seeking'));
  assert.deepEqual(player.playhead(), { positionMs: START + 10_000, playing: false, rate: 1, seeks: 1, quality: 'clock' });
  video.seeking = false;
  video.paused = true;
  video.present(150);
  assert.equal(player.playhead().positionMs, START + 150_000 + GAP_MS);
});

test('a seek is counted once, whether its event or the question comes first', () => {
  const video = playing({ currentTime: 10 });
  const player = fromVideo(video, { dateAt: (time) => START + time * 1_000 });
  assert.equal(player.playhead().seeks, 0);

  Object.assign(video, { currentTime: 50, seeking: true });
  const asked = player.playhead();
  assert.deepEqual([asked.seeks, asked.positionMs, asked.playing], [1, START + 10_000, false]);
  video.dispatchEvent(new Event('seeking'));
  assert.equal(player.playhead().seeks, 1);
  // The viewer changes their mind while the first is under way.
  video.currentTime = 90;
  video.dispatchEvent(new Event('seeking'));
  assert.equal(player.playhead().seeks, 2);
  video.seeking = false;
  assert.deepEqual([player.playhead().seeks, player.playhead().positionMs], [2, START + 90_000]);

  Object.assign(video, { currentTime: 20, seeking: true });
  video.dispatchEvent(new Event('seeking'));
  assert.equal(player.playhead().seeks, 3);
});

test('a seek of the player itself, over a hole in what is loaded, is none of the viewer', () => {
  for (const details of ['bufferSeekOverHole', 'bufferNudgeOnStall']) {
    for (const isAsked of [false, true]) {
      const video = playing({ currentTime: 10 });
      let report;
      const player = fromHls(hls({ on: (event, listener) => event === 'hlsError' && (report = listener) }), video);
      assert.equal(player.playhead().seeks, 0);

      Object.assign(video, { currentTime: 12, seeking: true });
      report('hlsError', { details });
      if (isAsked) assert.equal(player.playhead().seeks, 0);
      video.dispatchEvent(new Event('seeking'));
      video.seeking = false;
      assert.equal(player.playhead().seeks, 0, details);

      // What it reports of anything else, or without a seek, changes nothing.
      report('hlsError', { details });
      Object.assign(video, { currentTime: 90, seeking: true });
      report('hlsError', { details: 'bufferStalledError' });
      video.dispatchEvent(new Event('seeking'));
      assert.equal(player.playhead().seeks, 1, details);
    }
  }
});

test("the viewer's seek after one of the player itself is counted, also if nobody asks meanwhile", () => {
  const video = playing({ currentTime: 10 });
  let report;
  const player = fromHls(hls({ on: (_event, listener) => (report = listener) }), video);
  const seek = (currentTime, isOwn) => {
    Object.assign(video, { currentTime, seeking: true });
    if (isOwn) report('hlsError', { details: 'bufferSeekOverHole' });
    video.dispatchEvent(new Event('seeking'));
    video.seeking = false;
  };
  seek(50);
  seek(52, true);
  seek(90);

  assert.equal(player.playhead().seeks, 2);
});

test('a picture that waits for data stands at its frame', () => {
  const video = framed({ currentTime: 10.1, readyState: 2 });
  const player = fromHls(hls(), video);
  player.playhead();
  video.present(10, performance.now() - 150);

  assert.equal(player.playhead().positionMs, START + 10_000);
});

test('a frame of long ago is not where a seek begins', () => {
  const video = framed({ currentTime: 10 });
  const player = fromVideo(video, { dateAt: (time) => START + time * 1_000 });
  player.playhead();
  video.present(10);
  assert.equal(Math.round(player.playhead().positionMs / 1_000), START / 1_000 + 10);

  // On a hidden page no frame is told of.
  video.currentTime = 600;
  assert.equal(player.playhead().positionMs, START + 600_000);
  Object.assign(video, { currentTime: 900, seeking: true });
  video.dispatchEvent(new Event('seeking'));
  assert.equal(player.playhead().positionMs, START + 600_000);
});

test('the picture is the one that is seen when what is drawn now is, also where frames are told of late', () => {
  const video = framed({ currentTime: 10 });
  const player = fromVideo(video, { dateAt: (time) => START + time * 1_000 });
  const tell = (time, aheadMs) => {
    player.playhead();
    video.present(time, performance.now() + aheadMs);
    return player.playhead().positionMs - START - time * 1_000;
  };

  // On its way to the display, as what is drawn now is.
  assert.ok(tell(10, 16) >= 0);
  // There already: the next one is on its way.
  assert.ok(tell(10 + 1 / 60, 0) >= 15);
  // No display takes as long: the machine was busy.
  assert.ok(tell(10 + 2 / 60, 100) < -50);
});

test('a frame that stays longer than the display shows one is taken for shown later', () => {
  const late = (times, playbackRate = 1) => {
    const video = framed({ paused: true, currentTime: 10, playbackRate });
    const player = fromVideo(video, { dateAt: (time) => time * 1_000 });
    for (const time of times) {
      player.playhead();
      video.present(time);
    }
    return Math.round(times.at(-1) * 1_000 - player.playhead().positionMs);
  };

  assert.equal(late([10]), 0);
  assert.equal(late([10, 10 + 1 / 60]), 0);
  assert.equal(late([10, 10 + 1 / 120]), 0);
  assert.equal(late([10, 10 + 1 / 30]), 8);
  assert.equal(late([10, 10 + 1 / 25]), 12);
  assert.equal(late([10, 10 + 1 / 30], 2), 0);
  // One that is lost, and a step that is a seek, make frames no longer.
  assert.equal(late([10, 10 + 1 / 60, 10 + 3 / 60]), 0);
  assert.equal(late([10, 10 + 1 / 60, 10.2, 10.1]), 0);
});

test('frames that stay away do not hold the date back', () => {
  const video = framed({ currentTime: 10 });
  const player = fromHls(hls(), video);
  player.playhead();
  video.present(10);

  video.currentTime = 50;
  assert.equal(player.playhead().positionMs, START + 50_000);
});

test('a video that nobody asks about is not listened to, however many have asked', () => {
  const video = listened(framed({ currentTime: 10 }));
  let hlsListeners = 0;
  const stream = hls({ on: () => (hlsListeners += 1) });
  for (let count = 0; count < 200; count += 1) {
    const player = fromHls(stream, video);
    player.playhead();
    player.subscribe(() => {})();
  }

  assert.equal(video.present(10), 1);
  assert.equal(video.present(11), 0);
  assert.equal(hlsListeners, 1);
  assert.ok(video.listeners() <= 1, `${video.listeners()} listeners`);
  video.dispatchEvent(new Event('seeking'));
  assert.equal(video.listeners(), 0);
});

test('a seek is counted though another was told in between, and nobody has asked', () => {
  const video = playing({ currentTime: 10 });
  const player = fromVideo(video, { dateAt: (time) => START + time * 1_000 });
  for (let seeks = 1; seeks < 4; seeks += 1) {
    const before = player.playhead().seeks;
    for (let event = 0; event < seeks; event += 1) video.dispatchEvent(new Event('seeking'));
    assert.notEqual(player.playhead().seeks, before);
  }
});

test('who has subscribed hears that the picture starts, stops and is sent elsewhere, until they end it', () => {
  const video = playing();
  let count = 0;
  const end = fromVideo(video).subscribe(() => (count += 1));
  const types = ['playing', 'pause', 'waiting', 'seeking', 'seeked', 'ratechange'];
  for (const type of types) video.dispatchEvent(new Event(type));
  assert.equal(count, types.length);

  end();
  for (const type of types) video.dispatchEvent(new Event(type));
  assert.equal(count, types.length);
});
