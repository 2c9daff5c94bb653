import type { Player } from "./parlor-overlay.js";

/** Any `<video>` whose browser reads the stream's dates itself: Safari, for HLS. */
export declare function fromVideo(video: HTMLVideoElement): Player;

/** hls.js, with the `<video>` that it is attached to. */
export declare function fromHls(hls: { playingDate: Date | null }, video: HTMLVideoElement): Player;
