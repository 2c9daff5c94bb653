// How far the overlay is from the picture: a real encoder's live HLS, played by hls.js in Chromium, and
// moments of a real server. Prints, as JSON, the errors in milliseconds at each rate of frames.
//
// The error of a moment is how far the frame that was on screen when the overlay showed it is from the
// moment's own place in the stream. A player that shows each with the nearest frame is off by half a frame
// at most.

import { readFileSync } from 'node:fs';
import { Server, Staff } from '../harness.mjs';
import { launch, open, untilLive } from '../browser/pages.mjs';
import { BITS, LiveHls, SQUARE_PX } from './live_hls.mjs';

/** Moments at each rate: enough for fifteen beyond the 95th percentile. */
const MOMENTS = 300;

/** The longest that one contribution comes after another, in milliseconds. */
const SPACING_MAX_MS = 250;

const read = (path) => readFileSync(new URL(path, import.meta.url));
const PAGES = {
  'sync.html': read('sync.html'),
  'sync_page.js': read('sync_page.js'),
  'hls.js': read('../node_modules/hls.js/dist/hls.min.js'),
};

/** The program of this commit, and that of another one if there is one to measure by turns. */
const PROGRAMS = [process.env.PARLOR_BIN, process.env.PARLOR_BIN_BESIDE].filter(Boolean);

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

async function measure(browser, fps, program) {
  const stream = await LiveHls.start(fps, PAGES);
  let server;
  try {
    server = await Server.start({ PARLOR_ALLOWED_ORIGIN: stream.origin }, program);
    const staff = new Staff(server);
    const room = await staff.openRoom();
    const query = new URLSearchParams({ server: server.url, room: room.id, bits: BITS, squarePx: SQUARE_PX });
    const { page, troubles } = await open(browser, `${stream.origin}/sync.html?${query}`);
    await untilLive(page);
    await page.waitForFunction(() => window.anchor() && document.querySelector('video').currentTime > 2);

    for (let count = 0; count < MOMENTS; count += 1) {
      await staff.donate(room.id, { amount: 100 });
      await pause(Math.random() * SPACING_MAX_MS);
    }
    await page.waitForFunction((count) => window.moments.length >= count, MOMENTS);
    const { moments, anchor, dropped, total } = await page.evaluate(() => {
      const { droppedVideoFrames, totalVideoFrames } = document.querySelector('video').getVideoPlaybackQuality();
      return { moments: window.moments, anchor: window.anchor(), dropped: droppedVideoFrames, total: totalVideoFrames };
    });
    if (troubles.length) throw new Error(troubles.join('\n'));
    await page.context().close();

    // A fragment is a second, and fragments are counted from 0 as frames are.
    const startedAt = anchor.date - anchor.sn * 1_000;
    const errors = moments.map(({ occurredAt, frame }) => startedAt + (frame * 1_000) / fps - occurredAt);
    return { fps, isBeside: program !== PROGRAMS[0], errors, dropped, total };
  } finally {
    await server?.stop();
    await stream.stop();
  }
}

const browser = await launch(['--autoplay-policy=no-user-gesture-required']);
try {
  const runs = [];
  for (const fps of [60, 30]) for (const program of PROGRAMS) runs.push(await measure(browser, fps, program));
  console.log(JSON.stringify(runs));
} finally {
  await browser.close();
}
