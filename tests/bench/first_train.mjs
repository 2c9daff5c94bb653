// How long it takes from the overlay's script to the first train on screen, with a warm cache. Prints milliseconds,
// the median of some loads.

import { Server, Staff } from '../harness.mjs';
import { EAGER_TRAIN, launch, open } from '../browser/pages.mjs';

/** Loads that count. The first, which fills the cache, does not. */
const LOADS = 11;

const server = await Server.start();
const browser = await launch();
try {
  const staff = new Staff(server);
  const room = await staff.openRoom({ hypeTrainProgram: EAGER_TRAIN, delayMs: 0 });
  await staff.donate(room.id, { amount: 300 });
  const { page } = await open(browser, `${server.url}/overlay/#room=${encodeURIComponent(room.id)}`);

  const firstTrainMs = () =>
    page.evaluate(async () => {
      const isSeen = () => document.querySelector('parlor-overlay')?.shadowRoot?.querySelector('.train')?.checkVisibility({ opacityProperty: true });
      let at;
      do at = await new Promise(requestAnimationFrame);
      while (!isSeen());
      const [script] = performance.getEntriesByName(new URL('/parlor-overlay.js', location).href);
      return at - script.startTime;
    });
  await firstTrainMs();
  const loads = [];
  for (let load = 0; load < LOADS; load += 1) {
    await page.reload();
    loads.push(await firstTrainMs());
  }
  loads.sort((one, other) => one - other);
  console.log(Math.round(loads[(LOADS - 1) / 2]));
} finally {
  await browser.close();
  await server.stop();
}
