// What the bench of synchrony has the page write down: which frame was on screen when the overlay showed
// a moment, read from the picture itself.

const { server, room, bits, squarePx } = Object.fromEntries(new URLSearchParams(location.search));
const SQUARE_PX = Number(squarePx);
const video = document.querySelector('video');

const canvas = new OffscreenCanvas(SQUARE_PX * bits, SQUARE_PX);
const context = canvas.getContext('2d', { willReadFrequently: true });

/** The number in the picture as it is drawn in the present frame of the page. */
function frameOnScreen() {
  context.drawImage(video, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  const middle = (SQUARE_PX / 2) * canvas.width + SQUARE_PX / 2;
  let number = 0;
  for (let bit = 0; bit < bits; bit += 1) if (data[(middle + bit * SQUARE_PX) * 4] > 127) number += 2 ** bit;
  return number;
}

/** Moments as the overlay has shown them, which the page draws with its next frame. */
window.moments = [];
let shown = [];

/**
 * What is drawn in one frame of the page is on screen together. The picture is read once that frame is over:
 * at its beginning the browser may not have chosen the picture's yet.
 */
const afterFrame = new MessageChannel();
afterFrame.port1.onmessage = ({ data }) => {
  const frame = frameOnScreen();
  for (const occurredAt of data) window.moments.push({ occurredAt, frame });
};

const ask = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = (callback) =>
  ask((now) => {
    callback(now);
    if (shown.length === 0) return;
    afterFrame.port2.postMessage(shown);
    shown = [];
  });

addEventListener('parlor-event', ({ detail }) => detail.contribution && shown.push(detail.occurredAt), true);

/** A fragment whose date is known, as the playlist says it. */
window.anchor = () => {
  const fragment = window.hls.levels[window.hls.currentLevel]?.details?.fragments[0];
  return fragment && { sn: fragment.sn, date: fragment.programDateTime };
};

const [{ fromHls }] = await Promise.all([import(`${server}/players.js`), import(`${server}/parlor-overlay.js`)]);
const hls = (window.hls = new window.Hls({ liveSyncDuration: 3, liveMaxLatencyDuration: 8 }));
hls.loadSource('live.m3u8');
hls.attachMedia(video);
const overlay = document.createElement('parlor-overlay');
overlay.setAttribute('server', server);
overlay.setAttribute('room', room);
overlay.player = fromHls(hls, video);
document.querySelector('main').append(overlay);
