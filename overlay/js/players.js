/**
 * Players that know where on the stream's timeline their picture is. Each function returns an object
 * for `overlay.attachPlayer`.
 */

const position = (video, date) => {
  const positionMs = date?.getTime();
  if (!Number.isFinite(positionMs)) return null;
  // `readyState` below 3 is a picture that waits for data.
  return { positionMs, playing: !video.paused && !video.seeking && video.readyState > 2, rate: video.playbackRate };
};

/** Any `<video>` whose browser reads the stream's dates itself: Safari, for HLS. */
export function fromVideo(video) {
  return {
    playhead() {
      const start = video.getStartDate?.().getTime();
      return position(video, new Date(start + video.currentTime * 1000));
    },
  };
}

/** hls.js, with the `<video>` that it is attached to. */
export function fromHls(hls, video) {
  return { playhead: () => position(video, hls.playingDate) };
}
