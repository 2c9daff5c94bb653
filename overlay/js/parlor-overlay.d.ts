import type { HypeTrain, ParticipantProfile, RoomEvent, RoomProfile, Session, ShownEvent } from "./events.js";

export * from "./events.js";

/** Where a player's picture is. */
export interface Playhead {
  /** The program date-time of the picture shown: a date, or milliseconds since 1970. */
  positionMs: number | Date;
  /** Whether the picture moves: false while paused, seeking or waiting for data. */
  playing: boolean;
  /** Speed; 1 is normal. */
  rate?: number;
  /**
   * How often the viewer has sought: count it up with each `seeking`. The picture then goes where it is said
   * to be at once. Without it a position that steps counts as a date that does, until it has stayed for 8 s.
   */
  seeks?: number;
  /** When the picture was, or will be, there, by `performance.now()`; unless it is said, when it is asked. */
  atMs?: number;
  /** What was read: the frame that is seen, or the player's clock, which is taken unless it is said. */
  quality?: "frame" | "clock";
}

/** Asked once per frame. */
export interface Player {
  /** Returns `null` while the player does not know. */
  playhead(): Playhead | null;
  /**
   * Calls `listener` whenever the picture starts, stops, seeks or takes another rate, until what this returns
   * is called. Without it a page that is hidden, and has no frames, asks at the moment of what comes next
   * and whenever the server says something.
   */
  subscribe?(listener: () => void): () => void;
}

/** The detail of `parlor-connection`. */
export interface ConnectionState {
  state:
    | "connecting"
    | "live"
    | "waiting"
    | "waiting-for-network"
    | "paused"
    | "failed"
    | "disconnected";
  /** Beside `failed`. */
  reason: "sign-in-required" | "room-not-found" | "protocol" | null;
}

/**
 * What picture events are timed by: their arrival (in a `source`), the stream's delay, or the playhead.
 * `awaited`: the player's first report is waited for. `playhead-lost`: the picture stands where it was
 * when the player stopped saying where it is. `playhead-refused`: the player says what cannot be, such
 * as an hour ahead of the stream; the picture stands if the playhead was known, and the delay is used
 * if it never was.
 */
export type SyncSource = "arrival" | "delay" | "awaited" | "playhead" | "playhead-lost" | "playhead-refused";

/** The detail of `parlor-sync`. */
export interface SyncState {
  source: SyncSource;
}

export interface ParlorOverlayEventMap extends HTMLElementEventMap {
  /** An event has its moment. */
  "parlor-event": CustomEvent<ShownEvent>;
  "parlor-connection": CustomEvent<ConnectionState>;
  /**
   * The picture is timed by something else now. That a player is refused is written to the console as well, once for
   * each player, with what it said.
   */
  "parlor-sync": CustomEvent<SyncState>;
  /** The token expires at this time, in milliseconds since 1970: call `setToken` with a fresh one. */
  "parlor-token-expiring": CustomEvent<number>;
}

/** What a widget of a streamer's own sees of its room. Times are milliseconds since 1970. */
export interface WidgetRoom {
  readonly profile: RoomProfile | null;
  readonly session: Session | null;
  readonly participants: readonly ParticipantProfile[];
  readonly stage: {
    readonly isLive: boolean;
    readonly host: ParticipantProfile | null;
    readonly speakers: readonly ParticipantProfile[];
    readonly invited: readonly ParticipantProfile[];
    readonly queue: readonly ParticipantProfile[];
  };
  readonly onlineCount: number | null;
  /** The hype train at the viewer's picture. */
  readonly train: HypeTrain | null;
  /** The last event of each part of the room's state whose last event this version cannot read. */
  readonly unknownParts: readonly RoomEvent[];
}

/**
 * The overlay's theme at the moment, made readable. In the widget's style sheet the colours are
 * `var(--accent)`, `var(--on-accent)`, `var(--surface)`, `var(--text)` and `var(--muted)`, the radius of
 * corners is `var(--r)`, and a unit `var(--d)`.
 */
export interface WidgetTheme {
  readonly accent: string;
  readonly onAccent: string;
  readonly surface: string;
  readonly text: string;
  readonly muted: string;
  /** Pixels in a unit: one at 1440 by 1080. */
  readonly unitPx: number;
  /** Whether nothing may move, and changes only fade. */
  readonly isStill: boolean;
}

/** What a widget does, all of it if it likes. */
export interface Widget {
  /** The room is another now. Called first with the whole of it. */
  update?(room: WidgetRoom): void;
  /** An event's moment has come. */
  show?(event: ShownEvent): void;
  /** A frame. `time` is the scene's in milliseconds, which stands while the picture stands, `pictureTime` when that happened which the picture shows. */
  frame?(scene: { readonly time: number; readonly pictureTime: number | null }): void;
  /** The widget goes. */
  remove?(): void;
}

/** The default export of a widget's module. `root` is the widget's own, and lies over the whole stage. */
export type StartWidget = (start: { root: ShadowRoot; theme: WidgetTheme }) => Widget | void | Promise<Widget | void>;

/**
 * `<parlor-overlay>`. Attributes: `room` (a global id), `server` (defaults to where this script comes
 * from), `token`, `placement` (`player` unless said otherwise, `source` or `companion`), `widgets`
 * (any of `train`, `alerts`, `stage`, `queue`, `presence` and, for a signed-in viewer on a `player`, `points`, and
 * addresses of modules that export a `StartWidget`; the first two unless said otherwise),
 * `edge` (`top`, or `bottom` for the train).
 */
export declare class ParlorOverlay extends HTMLElement {
  /**
   * The player whose picture the overlay lies on; `null` for none. Counts at any time, also when it is
   * set before the element is defined.
   */
  player: Player | null;
  /** What the last `parlor-sync` told; `null` before the first. */
  readonly syncSource: SyncSource | null;
  /** The attribute of this name, as are the next. `null` takes it away. */
  get room(): string;
  set room(value: string | null);
  get server(): string;
  set server(value: string | null);
  get token(): string;
  set token(value: string | null);
  get placement(): string;
  set placement(value: string | null);
  get widgets(): string;
  set widgets(value: string | null);
  get edge(): string;
  set edge(value: string | null);

  /** Sets `player`. */
  attachPlayer(player: Player | null): void;
  /** Hands over a new token without reconnecting. */
  setToken(token: string): void;
  addEventListener<K extends keyof ParlorOverlayEventMap>(
    type: K,
    listener: (this: ParlorOverlay, event: ParlorOverlayEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

declare global {
  interface HTMLElementTagNameMap {
    "parlor-overlay": ParlorOverlay;
  }
}
