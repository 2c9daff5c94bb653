/**
 * Players that know where on the stream's timeline their picture is. Each function returns an object
 * for the overlay's `player`. See players.d.ts.
 */

/** How far the last frame may be from the player's own time, in seconds, to be the one that is shown. */
const FRAME_LAG_MAX_S = 0.25;

/** How long a display shows one frame, in seconds. */
const DISPLAY_FRAME_S = 1 / 60;

/** What the step from frame to frame may seem to grow by with each: a frame that is lost makes it no longer. */
const STEP_GROWTH = 1.05;

/** What a video tells of its picture that its frames do not. */
const CHANGES = ["playing", "pause", "waiting", "seeking", "seeked", "ratechange"];

/** What hls.js calls the seeks that are its own: over holes in what is loaded, and to start a picture that stalls. */
const OWN_SEEKS = ["bufferSeekOverHole", "bufferNudgeOnStall"];

/** Any `<video>`. Without `dateAt`, one whose browser reads the stream's dates itself: Safari, for HLS. */
export function fromVideo(video, { dateAt = (time) => startDate(video) + time * 1000 } = {}) {
  const { frames, seeks } = watch(video);
  /** What was told last, and of what it was: while a seek is under way that is still seen. */
  let told = NaN;
  let quality = "clock";

  return {
    playhead() {
      const count = seeks.count();
      let positionMs = video.seeking ? told : NaN;
      try {
        if (Number.isNaN(positionMs)) {
          const { time, isFrame } = frames.shown();
          const date = dateAt(time) ?? NaN;
          // A text is for whoever asks to refuse, and to say so.
          positionMs = typeof date === "string" ? date : Number(date);
          quality = isFrame ? "frame" : "clock";
        }
      } catch {
        // A player that has been taken down does not know.
      }
      told = positionMs;
      if (typeof positionMs === "number" && !Number.isFinite(positionMs)) return null;
      // `readyState` below 3 is a picture that waits for data.
      const playing = !video.paused && !video.seeking && video.readyState > 2;
      return { positionMs, playing, rate: video.playbackRate, seeks: count, quality };
    },

    subscribe(listener) {
      for (const type of CHANGES) video.addEventListener(type, listener);
      return () => {
        for (const type of CHANGES) video.removeEventListener(type, listener);
      };
    },
  };
}

/** hls.js, with the `<video>` that it is attached to. */
export function fromHls(hls, video) {
  const { seeks, heard } = watch(video);
  if (!heard.has(hls)) {
    heard.add(hls);
    // It says so right after it has set the video's time.
    hls.on?.("hlsError", (_event, { details }) => {
      if (OWN_SEEKS.includes(details)) seeks.disown();
    });
  }
  return fromVideo(video, { dateAt: (time) => fragmentDate(hls, time) ?? hls.playingDate });
}

/**
 * The date of the timeline's zero. Asked each time: what a browser tells is the present date less the
 * present time, so that it is another one past a gap.
 */
function startDate(video) {
  const start = video.getStartDate?.().getTime();
  // Without dates in the stream some say 1970.
  return start > 0 ? start : NaN;
}

/** By the fragment that holds `time`. hls.js's own `playingDate` is up to 100 ms late, and stands while seeking. */
function fragmentDate(hls, time) {
  const details = hls.levels?.[hls.currentLevel]?.details;
  const fragment = details?.fragments.find(({ start, duration }) => start <= time && time < start + duration);
  const date = fragment?.programDateTime;
  return Number.isFinite(date) ? date + (time - fragment.start) * 1000 : undefined;
}

/** What is known of each video, and which hls.js is listened to about it: once for however many players of it. */
const watched = new WeakMap();

function watch(video) {
  if (!watched.has(video)) watched.set(video, { frames: new Frames(video), seeks: new Seeks(video), heard: new WeakSet() });
  return watched.get(video);
}

/** How often a video has sought, also when it is asked before the event of that has come. */
class Seeks {
  #video;
  #count = 0;
  #isSeeking = false;
  /** Whether the seek under way was counted before its event. */
  #isAhead = false;

  constructor(video) {
    this.#video = video;
    this.#await();
  }

  count() {
    this.#await();
    if (!this.#video.seeking) this.#isSeeking = false;
    else if (!this.#isSeeking) {
      this.#begin();
      this.#isAhead = true;
    }
    return this.#count;
  }

  /** The video's, when a seek begins. */
  handleEvent() {
    // The number has changed since it was asked for, or this is what has changed it.
    if (this.#isAhead) this.#await();
    else this.#begin();
    this.#isAhead = false;
  }

  /** The seek that has just begun is not the viewer's: neither its event nor whoever asks counts it. */
  disown() {
    if (!this.#video.seeking) return;
    // Heard in any case, or it would be taken for heard still when the viewer seeks.
    this.#await();
    this.#isSeeking = true;
    this.#isAhead = true;
  }

  /** Only for the next one that nobody has heard of: nobody asks about a video that is gone. */
  #await() {
    this.#video.addEventListener("seeking", this, { once: true });
  }

  #begin() {
    this.#count += 1;
    this.#isSeeking = true;
  }
}

/** Which frame of a video is seen, where the browser tells. */
class Frames {
  #video;
  #isAwaited = false;
  /** The frame's place in the media, in seconds, and the page's time at which it is seen. */
  #seen = null;
  /** From one frame to the next, in seconds of the media. */
  #step = Infinity;
  /**
   * How long what is drawn takes until it is seen, in milliseconds: as long as a frame of the video that is told
   * of at once. Of some the browser tells late, when they are seen already.
   */
  #delayMs = 0;

  constructor(video) {
    this.#video = video;
  }

  /** The place in the media that is seen when what is drawn now is, in seconds, and whether a frame tells it. */
  shown() {
    this.#await();
    const { currentTime, paused, readyState, playbackRate } = this.#video;
    if (!this.#seen) return { time: currentTime, isFrame: false };
    const stands = paused || readyState < 3;
    const age = stands ? 0 : (performance.now() + this.#delayMs - this.#seen.at) / 1000;
    const time = this.#seen.time + age * playbackRate - this.#patience(playbackRate);
    const isFrame = Math.abs(time - currentTime) < FRAME_LAG_MAX_S;
    return { time: isFrame ? time : currentTime, isFrame };
  }

  /**
   * How much later than at its beginning a frame is taken for shown, in seconds of the media, so that what is due
   * comes with the nearest one: the overlay's own lead is right for frames that change as the display's do, and
   * too much for those that stay longer.
   */
  #patience(rate) {
    return Number.isFinite(this.#step) ? Math.max(0, (this.#step - DISPLAY_FRAME_S * rate) / 2) : 0;
  }

  /** Only for the next one: nobody asks about a video that is gone. */
  #await() {
    if (this.#isAwaited || !this.#video.requestVideoFrameCallback) return;
    this.#isAwaited = true;
    this.#video.requestVideoFrameCallback((now, { mediaTime, expectedDisplayTime }) => {
      this.#isAwaited = false;
      const step = mediaTime - this.#seen?.time;
      if (step > 0 && step < FRAME_LAG_MAX_S) this.#step = Math.min(step, this.#step * STEP_GROWTH);
      const delayMs = Math.min(expectedDisplayTime - now, DISPLAY_FRAME_S * 1000);
      this.#delayMs = Math.max(this.#delayMs, delayMs);
      this.#seen = { time: mediaTime, at: expectedDisplayTime };
    });
  }
}
