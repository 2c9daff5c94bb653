// A window of document picture-in-picture, which Chromium has: the element goes into it, lives there, and comes back.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Visitor } from '../scenarios/visitor.mjs';
import { LOOKS, THREE_LEVELS, comeBack, followTrain, looks, moveThere } from '../scenarios/windows.mjs';
import { Chromium } from './tab.mjs';

/** An upper bound on any one test, in milliseconds. */
const timeout = 60_000;

let browser;
let visitor;

before(async () => {
  browser = await Chromium.launch();
  visitor = await Visitor.start(browser);
}, { timeout });

after(async () => {
  await browser?.close();
  await visitor?.stop();
});

test('a window of picture-in-picture has the element as it was, and gives it back', { timeout }, async () => {
  const room = await visitor.staff.openRoom({ hypeTrainProgram: THREE_LEVELS });
  await followTrain(visitor, room, () => {
    documentPictureInPicture.requestWindow({ width: 960, height: 540 }).then((place) => { window.place = place; });
  });
  const opened = browser.page.context().waitForEvent('page');
  await visitor.click('#out');
  await visitor.run(() => until(() => window.place?.document.body));
  assert.equal(await visitor.run(() => documentPictureInPicture.window === window.place), true);
  await moveThere(visitor, room, { amount: 900, reached: '2' });
  assert.deepEqual(await visitor.run(looks), LOOKS);
  const popped = await opened;
  if (process.env.SCREENSHOTS) await popped.screenshot({ path: `${process.env.SCREENSHOTS}/picture-in-picture.png` });

  await comeBack(visitor, room, { amount: 1_900, reached: '3' });
  assert.equal(await visitor.run(() => documentPictureInPicture.window), null);
  assert.equal(await visitor.run(() => openSockets()), 1);
  assert.deepEqual(await visitor.faults(), []);
});
