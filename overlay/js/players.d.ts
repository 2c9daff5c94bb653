import type { Player } from "./parlor-overlay.js";

export interface VideoOptions {
  /**
   * The programme date-time at a place in the media, which is in seconds as `currentTime` is: best that of
   * the segment that holds it, for dates jump at gaps. Nothing where it is not known. Unless given, the
   * browser is asked for the date that the stream starts with.
   */
  dateAt?(time: number): Date | number | null | undefined;
}

/** Any `<video>`: with `dateAt`, or one whose browser reads the stream's dates itself, as Safari does for HLS. */
export declare function fromVideo(video: HTMLVideoElement, options?: VideoOptions): Player;

/** hls.js, with the `<video>` that it is attached to. */
export declare function fromHls(
  hls: {
    readonly playingDate: Date | null;
    readonly currentLevel: number;
    /** So that its own seeks, over holes in what is loaded, are not taken for the viewer's. */
    on?(event: string, listener: (event: any, data: any) => void): unknown;
    readonly levels: readonly { details?: { fragments: readonly { start: number; duration: number; programDateTime: number | null }[] } }[];
  },
  video: HTMLVideoElement,
): Player;
