// The least that an engine must do: follow a room behind the live edge, and draw train and alert in step with the
// picture.

import assert from 'node:assert/strict';
import { EAGER_TRAIN } from '../browser/pages.mjs';

/** How far the picture is behind in what is measured against it, in milliseconds. */
const LATENCY_MS = 4_000;

/** Fails unless the train moves and the alert comes when the picture gets there. */
export async function assertInStep(browser, server, staff) {
  const room = await staff.openRoom({ hypeTrainProgram: EAGER_TRAIN });
  await browser.goto(`${server.url}/overlay/`);
  await browser.evaluate(async ({ room, latencyMs }) => {
    window.faults = [];
    addEventListener('error', ({ message }) => window.faults.push(message));
    addEventListener('unhandledrejection', ({ reason }) => window.faults.push(String(reason)));
    await customElements.whenDefined('parlor-overlay');
    const overlay = (window.overlay = document.createElement('parlor-overlay'));
    overlay.room = room;
    overlay.player = { playhead: () => ({ positionMs: Date.now() - latencyMs, playing: true }) };
    window.shown = new Promise((done) => {
      overlay.addEventListener('parlor-event', ({ detail }) => detail.contribution && done(Date.now()));
    });
    const live = new Promise((done) => {
      overlay.addEventListener('parlor-connection', ({ detail }) => detail.state === 'live' && done());
    });
    document.body.append(overlay);
    await live;
  }, { room: room.id, latencyMs: LATENCY_MS });
  const { occurredAt } = await staff.donate(room.id, { amount: 700, viewer: 'Ada', message: 'in step' });
  const seen = await browser.evaluate(async () => {
    const shownAt = await window.shown;
    const part = (name) => window.overlay.shadowRoot.querySelector(`[part="${name}"]`);
    const isSeen = (name) => part(name)?.checkVisibility({ opacityProperty: true });
    while (!(isSeen('train') && isSeen('alert-name'))) await new Promise(requestAnimationFrame);
    const texts = ['level', 'alert-name', 'alert-message'].map((name) => part(name).textContent);
    const { trainLevel, trainProgress } = part('stage').dataset;
    return { shownAt, texts, trainLevel, trainProgress, position: getComputedStyle(part('stage')).position, faults: window.faults };
  });

  const late = seen.shownAt - Date.parse(occurredAt) - LATENCY_MS;
  assert.ok(Math.abs(late) < 1_000, `${late} ms late`);
  assert.deepEqual(seen.texts, ['1', 'Ada', 'in step']);
  assert.deepEqual([seen.trainLevel, seen.trainProgress], ['1', '700']);
  assert.equal(seen.position, 'absolute', 'the style sheet holds');
  assert.deepEqual(seen.faults, []);
}
