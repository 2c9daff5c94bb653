// The element on its way between documents: frames and windows that are popped out.

import assert from 'node:assert/strict';
import { EAGER_TRAIN } from '../browser/pages.mjs';

/** How the element looks where it is now, and what its document has for that. */
export const looks = () => {
  const { document: inside } = window.place;
  const one = inside.querySelector('parlor-overlay');
  const of = (part) => inside.defaultView.getComputedStyle(one.shadowRoot.querySelector(part));
  return {
    position: of('.stage').position,
    plate: of('.sign').backgroundColor.replace(/\s/g, ''),
    family: of('[part="level"]').fontFamily.includes('Parlor Archivo'),
    faces: [...inside.fonts].filter(({ family }) => family.replaceAll('"', '') === 'Parlor Archivo').length,
    width: Math.round(one.getBoundingClientRect().width),
  };
};

/** Puts the element, which is `window.one`, where `window.place` is, and sees that it lives there. */
export async function moveThere(visitor, room, { amount, reached }) {
  const { staff } = visitor;
  await visitor.run(() => {
    window.place.document.body.style.margin = '0';
    window.place.document.body.append(window.one);
  });
  await staff.donate(room.id, { amount });
  await visitor.run((reached) => untilLevel(reached, window.one), reached);
}

export const LOOKS = { position: 'absolute', plate: 'rgb(1,2,3)', family: true, faces: 2, width: 960 };

/** A train that is at its first level, in an element that is taken away by a click on the button `out`. */
export async function followTrain(visitor, room, out) {
  const style = '--parlor-surface: rgb(1 2 3); display: block; width: 960px; height: 540px';
  const around = (markup) => `<button id="out">Out</button><script>document.querySelector('#out').onclick = ${out}</script>${markup}`;
  await visitor.staff.donate(room.id, { amount: 300 });
  await visitor.follow(room, { attributes: `placement="source" widgets="train" style="${style}"`, around });
  await visitor.run(async () => {
    await untilLevel('1');
    window.one = overlay();
  });
}

/** Closes the window, whose page brings the element back, and sees that it lives there. */
export async function comeBack(visitor, room, { amount, reached }) {
  await visitor.run(() => {
    window.place.addEventListener('pagehide', () => document.body.append(window.one));
    window.place.close();
    return until(() => window.one.ownerDocument === document && window.one.isConnected);
  });
  await visitor.staff.donate(room.id, { amount });
  await visitor.run((reached) => untilLevel(reached), reached);
}

export const THREE_LEVELS = { ...EAGER_TRAIN, levels: ['1000', '2000', '3000'].map((goal) => ({ goal, reward: null })) };

export const WINDOWS = {
  async 'another document that adopts the element shows it with its looks, its typeface and its frames'(visitor) {
    const { staff } = visitor;
    const room = await staff.openRoom({ hypeTrainProgram: EAGER_TRAIN });
    await staff.donate(room.id, { amount: 300 });
    const around = (markup) => `${markup}<iframe style="width: 960px; height: 540px" srcdoc="<!doctype html><body></body>"></iframe>`;
    await visitor.follow(room, { attributes: 'placement="source" widgets="train" style="display: block; width: 960px; height: 540px"', around });
    await visitor.run(async () => {
      await untilLevel('1');
      window.one = overlay();
      window.place = document.querySelector('iframe').contentWindow;
      // As in a window that is popped out: the one that it came from gets no frames any more.
      window.requestAnimationFrame = () => 0;
    });
    await moveThere(visitor, room, { amount: 900, reached: '2' });

    const { position, family, faces } = await visitor.run(looks);
    assert.deepEqual({ position, family, faces }, { position: 'absolute', family: true, faces: 2 });
    await visitor.run(() => {
      document.querySelector('iframe').remove();
      return until(() => openSockets() === 0);
    });
    assert.equal(await visitor.run(() => seen.sockets.length), 1);
    assert.deepEqual(await visitor.faults(), []);
  },

  async 'a window that is popped out has the element as it was, and gives it back'(visitor) {
    const room = await visitor.staff.openRoom({ hypeTrainProgram: THREE_LEVELS });
    await followTrain(visitor, room, () => { window.place = window.open('', '', 'width=1000,height=600'); });
    await visitor.click('#out');
    await visitor.run(() => until(() => window.place?.document.body));
    await moveThere(visitor, room, { amount: 900, reached: '2' });
    assert.deepEqual(await visitor.run(looks), LOOKS);

    await comeBack(visitor, room, { amount: 1_900, reached: '3' });
    assert.equal(await visitor.run(() => openSockets()), 1);
    assert.deepEqual(await visitor.faults(), []);
  },

  async 'a window that is closed with the element in it takes its connection along'(visitor) {
    const room = await visitor.staff.openRoom({ hypeTrainProgram: THREE_LEVELS });
    await followTrain(visitor, room, () => { window.place = window.open('', '', 'width=1000,height=600'); });
    await visitor.click('#out');
    await visitor.run(() => until(() => window.place?.document.body));
    await moveThere(visitor, room, { amount: 900, reached: '2' });
    await visitor.run(() => {
      window.place.close();
      return until(() => openSockets() === 0);
    });
    assert.deepEqual(await visitor.faults(), []);
  },
};
