// Players, as a page makes them and as it has them, and where they say that their picture is.

import assert from 'node:assert/strict';
import { EAGER_TRAIN } from '../browser/pages.mjs';

/** Whether what was shown so far from its place in the picture was not early, nor later than a busy machine is. */
export const isInPlace = (offMs) => offMs > -250 && offMs < 1_500;

export const PLAYERS = {
  async 'a player that throws, or says what is no number, does not know where it is'(visitor) {
    const { staff } = visitor;
    const room = await staff.openRoom({ hypeTrainProgram: EAGER_TRAIN });
    await visitor.follow(room, { attributes: '' });
    await visitor.run(() => {
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
        () => { overlay().attachPlayer(player); return null; },
      ];
      let asked = 0;
      const player = {
        playhead() {
          const ask = odd[asked++];
          if (ask) return ask();
          window.through = true;
          return { positionMs: Date.now(), playing: true };
        },
      };
      overlay().attachPlayer(player);
      return until(() => window.through);
    });
    await staff.donate(room.id, { message: 'goes on' });
    await visitor.run(() => untilShown('goes on'));

    // Before and after it was attached once more.
    assert.equal((await visitor.run(() => seen.said)).length, 1);
    assert.deepEqual(await visitor.run(() => seen.faults), []);
  },

  async 'a player that is taken away after it lost its place leaves the delay, not a picture that stands for ever'(visitor) {
    const { staff } = visitor;
    const room = await staff.openRoom();
    await visitor.follow(room, { attributes: '' });
    await visitor.run(async () => {
      window.answer = () => ({ positionMs: Date.now(), playing: true });
      overlay().attachPlayer({ playhead: () => window.answer() });
      await until(() => overlay().syncSource === 'playhead');
      window.answer = () => null;
      await until(() => overlay().syncSource === 'playhead-lost');
      overlay().player = null;
    });
    await staff.donate(room.id, { message: 'goes on' });
    await visitor.run(() => untilShown('goes on'));

    assert.deepEqual(await visitor.faults(), []);
  },

  async 'a player whose subscribing fails is asked all the same'(visitor) {
    await visitor.follow(await visitor.staff.openRoom(), { attributes: '' });
    await visitor.run(() => {
      const odd = [() => { throw new Error('odd'); }, () => 5, () => () => { throw new Error('odd'); }];
      for (const subscribe of odd) overlay().attachPlayer({ subscribe, playhead: () => null });
      overlay().attachPlayer({ subscribe: 5, playhead: () => (window.asked = true, null) });
      return until(() => window.asked);
    });

    const faults = await visitor.faults();
    assert.equal(faults.filter((text) => text.includes('does not tell of its changes')).length, 4, faults.join('\n'));
    assert.equal(faults.length, 4);
  },

  async 'an element tells what its picture is timed by, whenever that is something else'(visitor) {
    const room = await visitor.staff.openRoom();
    await visitor.follow(room, { attributes: '' });
    const told = await visitor.run(async () => {
      const told = [];
      const one = overlay();
      await until(() => one.syncSource === 'awaited');
      one.addEventListener('parlor-sync', ({ detail }) => told.push([detail.source, one.syncSource]));
      const untilSource = (source) => until(() => one.syncSource === source);
      for (const [where, source] of [
        [() => Date.now() - 1_000, 'playhead'],
        [() => Date.now() + 7_200_000, 'playhead-refused'],
        [() => Date.now() - 1_000, 'playhead'],
      ]) {
        one.player = { playhead: () => ({ positionMs: where(), playing: true }) };
        await untilSource(source);
      }
      one.player.playhead = () => null;
      await untilSource('playhead-lost');
      one.player = null;
      await untilSource('delay');
      one.removeAttribute('room');
      await untilSource(null);
      return told;
    });

    const sources = ['playhead', 'playhead-refused', 'playhead', 'playhead-lost', 'delay'];
    assert.deepEqual(told, sources.map((source) => [source, source]));
    const faults = await visitor.faults();
    assert.match(faults[0], /^parlor: the player says what cannot be/);
    assert.equal(faults.length, 1, faults.join('\n'));
  },

  async 'a date of any window or library is a time to the element, and what is none is refused'(visitor) {
    await visitor.follow(await visitor.staff.openRoom(), { attributes: '', around: (markup) => `<iframe></iframe>${markup}` });
    const taken = await visitor.run(async () => {
      const another = document.querySelector('iframe').contentWindow;
      const times = [
        (at) => at,
        (at) => new Date(at),
        (at) => new another.Date(at),
        (at) => ({ valueOf: () => at }),
        (at) => BigInt(Math.trunc(at)),
        (at) => new Date(at).toISOString(),
        (at) => String(at),
        () => new Date(NaN),
        () => null,
        () => true,
        (at) => [at],
        () => Symbol('odd'),
      ];
      const taken = [];
      for (const [index, time] of times.entries()) {
        let asked = 0;
        overlay().player = { playhead: () => ((asked += 1), { positionMs: time(Date.now() - 1_000), playing: true }) };
        await until(() => asked > 2);
        if (overlay().syncSource === 'playhead') taken.push(index);
      }
      return taken;
    });

    assert.deepEqual(taken, [0, 1, 2, 3, 4]);
  },

  async 'a real video is followed as it plays, stands, and is sent back'(visitor) {
    const { staff } = visitor;
    const room = await staff.openRoom({ hypeTrainProgram: EAGER_TRAIN });
    await visitor.follow(room, { attributes: '' });
    await visitor.run(makeVideo, visitor.server.url);
    await staff.donate(room.id, { amount: 600, message: 'first' });
    const first = await visitor.run(() => untilShown('first'));
    const off = await visitor.run(() => window.off);
    assert.ok(isInPlace(off), `${off} ms from its place in the picture`);

    // It stands: nothing is shown that it has not got to.
    const { stoodAt, quality } = await visitor.run(async () => {
      window.video.pause();
      await until(() => !window.player.playhead().playing);
      const { positionMs, quality } = window.player.playhead();
      return { stoodAt: positionMs, quality };
    });
    const second = await staff.donate(room.id, { amount: 900, message: 'second' });
    await visitor.run((at) => until(() => Date.now() > at), Date.parse(second.occurredAt) + 1_500);
    assert.deepEqual(await visitor.run(() => seen.shown.map(({ contribution }) => contribution?.message).filter(Boolean)), ['first']);
    assert.equal(await visitor.run(() => window.player.playhead().positionMs), stoodAt);
    assert.equal(quality, 'clock', 'it has no frames');

    const seeks = await visitor.run(async () => {
      await window.video.play();
      window.sendTo(Date.now() - 500);
      await untilShown('second');
      await untilLevel('2');
      return window.player.playhead().seeks;
    });
    assert.equal(seeks, 1);
    await visitor.run(async (at) => {
      window.sendTo(at);
      await untilLevel('1');
    }, first.occurredAt + 100);
    assert.equal(await visitor.run(() => window.player.playhead().seeks), 2);
    assert.deepEqual(await visitor.faults(), []);
  },
};

/** Plays silence of a minute in a video, whose first instant was half a minute ago, a second behind what happens. */
async function makeVideo(server) {
  const { fromVideo } = await import(`${server}/players.js`);
  const SAMPLES = 60 * 8_000;
  const bytes = new DataView(new ArrayBuffer(44 + SAMPLES));
  const text = (at, letters) => [...letters].forEach((letter, index) => bytes.setUint8(at + index, letter.charCodeAt(0)));
  text(0, 'RIFF');
  bytes.setUint32(4, 36 + SAMPLES, true);
  text(8, 'WAVEfmt ');
  // Plain samples, one channel, 8,000 a second, of a byte each.
  for (const [at, value] of [[16, 16], [24, 8_000], [28, 8_000], [40, SAMPLES]]) bytes.setUint32(at, value, true);
  for (const [at, value] of [[20, 1], [22, 1], [32, 1], [34, 8]]) bytes.setUint16(at, value, true);
  text(36, 'data');
  new Uint8Array(bytes.buffer).fill(128, 44);

  const video = (window.video = document.createElement('video'));
  video.muted = true;
  video.src = URL.createObjectURL(new Blob([bytes.buffer], { type: 'audio/wav' }));
  document.body.append(video);
  await new Promise((done) => (video.oncanplay = done));
  const startedAt = Date.now() - 31_000;
  window.sendTo = (at) => (video.currentTime = (at - startedAt) / 1_000);
  video.currentTime = 30;
  await new Promise((done) => (video.onseeked = done));
  await video.play();
  window.player = fromVideo(video, { dateAt: (time) => startedAt + time * 1_000 });
  overlay().addEventListener('parlor-event', ({ detail }) => {
    window.off = Math.round(window.player.playhead().positionMs - detail.occurredAt);
  });
  overlay().player = window.player;
  await until(() => overlay().syncSource === 'playhead');
}
