import type {
  ContributionAlert,
  HypeTrain,
  ParticipantProfile,
  ParticipantRole,
  RoomEvent,
  RoomProfile,
  Session,
  ShownEvent,
  StageRole,
  UnixMillis,
} from "./events.js";

export * from "./events.js";

export type Membership = "JOINED" | "LEFT" | "REMOVED";
export type Capability =
  | "STAGE_SPEAK"
  | "STAGE_INVITE"
  | "STAGE_MODERATE"
  | "STAGE_HOST"
  | "PARTICIPANT_RENAME"
  | "PARTICIPANT_REMOVE"
  | "AUDIT_READ"
  | "ROOM_UPDATE"
  | "SESSION_MANAGE"
  | "ROLE_ASSIGN"
  | "CAPABILITY_GRANT"
  | "POINTS_READ"
  | "POINTS_ADJUST"
  | "REWARD_MANAGE"
  | "REDEMPTION_MANAGE"
  | "EARNING_MANAGE"
  | "ROOM_TELL";

export interface Participant extends ParticipantProfile {
  membership: Membership;
  leftAt: UnixMillis | null;
  /** By the tenant's own id. Null unless it is the caller, or the caller may know. */
  viewerId: string | null;
  /** All that they may do now. Null unless it is the caller, or the caller may know. */
  capabilities: readonly Capability[] | null;
}

/** Who speaks, and who waits to. */
export interface Stage {
  /** Whether a session is live. If not, who is on the stage is backstage. */
  isLive: boolean;
  host: ParticipantProfile | null;
  speakers: readonly ParticipantProfile[];
  invited: readonly ParticipantProfile[];
  /** Who asked for the stage, in the order in which the server saw it. */
  queue: readonly ParticipantProfile[];
}

export interface ConnectionState {
  state: "connecting" | "live" | "waiting" | "waiting-for-network" | "paused" | "failed" | "disconnected";
  /** Beside `failed`. */
  reason: "sign-in-required" | "room-not-found" | "protocol" | null;
}

/** An expected "no". `code` names the rule, such as `STAGE_FULL`; `message` is for developers. */
export interface Refusal {
  type: "ValidationError" | "NotFoundError" | "AuthError" | "ConflictError";
  code: string;
  message: string;
  /** Of a `ValidationError`: the input field at fault. */
  field: string | null;
  /** Of a `ValidationError`: the rule it breaks. */
  constraint: string | null;
}

/** What came of an operation: the participant as they are now, or why nothing happened. */
export type Outcome = { ok: true; participant: Participant } | { ok: false; refusal: Refusal };

/**
 * Whom an operation is about: an id, for whom the version that the room shows now is used, or a
 * participant as they were seen, whose version is used. If they have changed since, the operation is
 * refused with `STALE_VERSION`.
 */
export type Who = string | { id: string; version: number };

/** The terms of a grant or a denial. */
export interface Terms {
  /** When it ends by itself; never unless given. */
  expiresAt?: UnixMillis | Date;
  /** For the audit trail. */
  reason?: string;
}

/**
 * Why a token is wanted: to begin with, because the present one expires within the minute, or because
 * it was refused.
 */
export type TokenReason = "start" | "expiring" | "refused";

/**
 * Gets a token, such as from your own backend. Never called twice at a time. One that fails is asked again, after
 * a wait that grows.
 */
export type TokenSource = (reason: TokenReason) => string | Promise<string>;

export interface ConnectOptions {
  /** The server's address, such as `https://parlor.example.com`. */
  server: string | URL;
  /** The room's global id. */
  room: string;
  /**
   * A token, or what gets one: then the socket and the operations are never without a good one. None to
   * read as anyone may.
   */
  token?: string | TokenSource;
  /**
   * Where what is shown will be seen: beside the stream (`companion`, unless said otherwise), on a
   * viewer's `player`, or in the `source` itself. Decides when trains and alerts are due.
   */
  placement?: "companion" | "player" | "source";
  /** Begins with the picture at this place of the stream's own timeline: a `position` that was kept. */
  startAt?: UnixMillis | Date | null;
  /**
   * Whether the viewer earns points by watching: yes, unless said otherwise, for a `player` whose viewer has joined. The
   * client tells the server each half minute what was played, and keeps what it could not tell.
   */
  reportsWatching?: boolean;
  /** Whether `wallet` is followed from the start. It is not, unless said otherwise. */
  wallet?: boolean;
  /** Where redemptions are kept until they are answered: `localStorage`, unless said otherwise. */
  store?: RedeemStore;
  /** Ends the waiting, and then the client. */
  signal?: AbortSignal;
}

/** What a queue of alerts does with more than can be shown. */
export interface AlertOptions {
  /**
   * Contributions that wait one by one, 4 unless said otherwise and 1,000 at most: of more, those that matter least
   * become one. As many redemptions wait, and of more those become one. Anything else waits by itself.
   */
  waitingMax?: number;
  /**
   * How long after its moment an alert may come on stage, 60,000 unless said otherwise; `Infinity` for any age. One
   * that is older when its turn comes is counted instead. Time for which the picture or the queue stands is none.
   */
  ageMaxMs?: number;
  /**
   * How much an event's alert matters, 0 unless said otherwise: those that matter more go before others that wait. Of
   * those that matter the same, redemptions come last.
   */
  priority?: (event: RoomEvent) => number;
}

/** Contributions, or redemptions, that came too close together to be shown one by one: never some of both. */
export interface AlertBurst {
  /** How many. */
  count: number;
  /** What they add to a hype train. */
  hype: number;
  /** How many people gave or redeemed them, as far as they can be told apart. */
  peopleCount: number;
  /** Whether they are more than that. */
  hasMorePeople: boolean;
  /** Those who gave a name, at most 200, in the order in which they came. Text, never markup. */
  names: string[];
  /** Their sum in minor units of `currency`. Null if they are not all in one. */
  amount: number | null;
  currency: string | null;
  /** What they cost together, of redemptions. Null of contributions. */
  points: number | null;
}

/**
 * The alert on stage: one contribution, another event that is shown once, such as an announcement or a redemption, or
 * a burst of contributions or of redemptions.
 */
export type AlertOnStage = (
  | { event: RoomEvent; contribution: ContributionAlert; burst: null }
  | { event: RoomEvent; contribution: null; burst: null }
  | { event: null; contribution: null; burst: AlertBurst }
) & {
  /** Counts alerts; another number is another alert. */
  number: number;
  /** How long it has been on stage, in time of the picture. */
  ageMs: number;
  /** How long it stays, by how much there is to read. Then it leaves, within `leaveMs`. */
  stayMs: number;
  leaveMs: number;
  /** How long after its moment it came on stage; after that of the newest, for a burst. */
  lateByMs: number;
};

/** What there is of alerts now. Once their client is closed it stays as it was. */
export interface AlertsNow {
  onStage: AlertOnStage | null;
  /** In how many milliseconds of the picture an alert comes on stage or has left it, if nothing else happens. */
  nextChangeInMs: number | null;
  isPaused: boolean;
  /** How many alerts wait, each of a burst counted. With the next three, they are all that were taken in. */
  backlog: number;
  /** Came on stage, alone or in a burst. */
  shown: number;
  /** Were too old when their turn came, or the oldest of a thousand that are neither. */
  expired: number;
  /** Waited when the state was replaced, as by a seek. */
  cleared: number;
}

/**
 * Alerts one at a time. It takes in by itself the client's contributions and whatever else is shown once, and moves
 * with the picture: while that stands, an alert stays where it is.
 */
export interface AlertQueue {
  /** Tells what there is now. Call it when you draw. */
  look(): AlertsNow;
  /** Lets nothing more on stage. What is there stays for the rest of its time, and what waits grows no older. */
  pause(): void;
  /** Goes on with what waits. */
  resume(): void;
  /** Has the alert on stage leave now. Returns whether there was one. */
  skip(): boolean;
  /** Lets go of it at once, rather than when nobody has it any more. */
  free(): void;
}

/** What a playhead was read from: the frame that is seen, or the player's clock. */
export type PlayheadQuality = "frame" | "clock";

/**
 * What picture events are timed by: their arrival (in a `source`), the stream's delay, or the playhead.
 * `awaited`: the player's first report is waited for. `playhead-lost`: the picture stands where it was
 * when the player stopped saying where it is. `playhead-refused`: the player says what cannot be, such
 * as an hour ahead of the stream; the picture stands if the playhead was known, and the delay is used
 * if it never was.
 */
export type SyncSource =
  | "arrival"
  | "delay"
  | "awaited"
  | "playhead"
  | "playhead-lost"
  | "playhead-refused";

/** What a client has counted since it began. */
export interface Stats {
  /** Connections lost or not made, other than by the page's wish. */
  disconnects: number;
  /** Messages that could not be read. */
  badFrames: number;
  /** Events that do not even say when they happened, and as what. Those of unknown kinds are shown. */
  malformedEvents: number;
  /** Events that had come before. */
  duplicates: number;
  /** Messages that did not follow on the one before. */
  gaps: number;
  shown: number;
  /** Moments that a seek jumped across. */
  skipped: number;
  /** Picture events held now, shown and yet to be shown. */
  held: number;
  /** Times that more of the log was asked for, because the picture came near the end of what is held. */
  asked: number;
  /** Reports of a playhead that cannot be, such as one an hour ahead of the stream. */
  playheadsRefused: number;
  /** Readings of `performance.now()` that cannot be, such as none, or one that the next belied. */
  clockReadingsRefused: number;
  /** Times that somebody, or another part of the room's state, was left out: there are more than a client holds. */
  crowdedOut: number;
}

/**
 * Something went wrong that is no refusal. `code` is that of the API (such as `UNAUTHENTICATED`,
 * `OVERLOADED`, `INTERNAL`), `NETWORK`, `TOKEN_UNAVAILABLE` or, of `connect`, `MODULE_UNAVAILABLE`; of `redeem` also
 * `TOKEN_REPLACED` (tokens are refused one after another) and `VIEWER_CHANGED` (somebody else is signed in by now).
 */
export declare class ParlorError extends Error {
  readonly code: string;
}

/** Why a minute did not count, or that it did. */
export type SlotOutcome =
  | "COUNTED"
  | "ALREADY_COUNTED"
  | "NOT_A_MEMBER"
  | "REMOVED"
  | "TOO_LATE"
  | "IN_THE_FUTURE"
  | "OTHER_SESSION"
  | "INTERRUPTED"
  | "PROGRAMME_OFF"
  | "TOO_SHORT"
  | "STOOD_STILL"
  | "NO_LEASE"
  | "NOT_OBSERVED"
  | "OTHER_ROOMS";

/** How it stands with a minute that the viewer has watched. */
export interface WatchedMinute {
  /** When it began. */
  minute: UnixMillis;
  /** How many of its seconds were played, as far as the viewer's devices have told. It takes 25 to count. */
  playedSeconds: number;
  /** Null until it is decided: some forty seconds from its end. A newer server may know others. */
  outcome: SlotOutcome | (string & {}) | null;
  /** What it brought. Most minutes bring nothing yet. */
  points: number;
}

/** What became of a redemption so far. A newer server may know others. */
export type RedemptionStatus = "UNFULFILLED" | "FULFILLED" | "CANCELED" | "EXPIRED" | "ENTERED" | "NOT_DRAWN";

/** A purchase of a reward, with what the reward was called and cost then. */
export interface Redemption {
  id: string;
  rewardId: string;
  title: string;
  cost: number;
  /** What the viewer said: text, never markup. */
  input: string | null;
  status: RedemptionStatus | (string & {});
  redeemedAt: UnixMillis;
  /** When it was fulfilled or canceled, or expired, or was not drawn. */
  settledAt: UnixMillis | null;
  /** How many of the points were given back since it was fulfilled. */
  refunded: number;
  /** When it expires if nobody sees to it; null while the session is live that it was made in. */
  expiresAt: UnixMillis | null;
  /** When it was drawn, if lots have decided for it. */
  drawnAt: UnixMillis | null;
}

/** What the viewer has in the room. */
export interface Wallet {
  participantId: string;
  /** All points that they have, what is held included. */
  balance: number;
  /** What is reserved for redemptions that nobody has seen to, or that are in a draw. */
  held: number;
  /** What can be spent: `balance` without `held`. */
  available: number;
  /** What they owe. Whatever comes to them pays it first, so that nothing is `available` meanwhile. */
  debt: number;
  /** The newest 20, and of those before at most 50 that hold points; the newest first. */
  redemptions: readonly Redemption[];
  /** The minute of theirs that was decided last, on whatever device. `points` is null where the server has not seen that. */
  lastMinute: { minute: UnixMillis; outcome: SlotOutcome | (string & {}); points: number | null } | null;
  /** How far they are on the way to what watching brings next. Null where it brings nothing, for the programme is off. */
  watching: WatchingProgress | null;
}

/** How far a viewer is on the way to what watching brings, by the programme of the present session or the last. */
export interface WatchingProgress {
  /** Minutes on the way to the next points. */
  slots: number;
  /** How many minutes bring them. */
  slotsWanted: number;
  /** Whether a minute of theirs ever counted here: with the first they had its bonus, where there was one. */
  hasWatched: boolean;
  /** How full their stamp card is: so many of `stampsWanted` among the last `sessions`. Null where there is none. */
  stampCard: { stamps: number; stampsWanted: number; sessions: number } | null;
}

/** What a reward asks of whoever redeems it. */
export interface RewardAsk {
  kind: "NONE" | "TEXT" | "NUMBER" | "CHOICE" | (string & {});
  /** Of a text: the regular expression that the whole of it has to fit. */
  pattern: string | null;
  /** Of a number. */
  min: number | null;
  max: number | null;
  /** Of a choice. */
  choices: readonly string[] | null;
}

/** Something that the room's points buy. */
export interface Reward {
  id: string;
  title: string;
  prompt: string | null;
  cost: number;
  /** `#rrggbb`. */
  color: string | null;
  /** One character, such as an emoji. */
  icon: string | null;
  isEnabled: boolean;
  isPaused: boolean;
  /** Whether it is fulfilled as it is redeemed. */
  autoFulfills: boolean;
  redeemableOffline: boolean;
  /** The tier of a paid membership that it takes at least, 1 for any; null if it is for everybody. */
  membershipTierMin: number | null;
  /** Whether everyone in the room is told when somebody redeems it. */
  isAnnounced: boolean;
  /** Whether they are told what was put in as well. */
  showsInput: boolean;
  input: RewardAsk;
  /** What has to go on in the room. */
  availability: { titleContains: string | null; trainLevelMin: number | null; onlineMin: number | null };
  /** How it is drawn among those who enter; null if it goes to whoever redeems it. */
  draw: { windowMs: number; winners: number } | null;
  /** The draw that takes entries: what is redeemed now is `ENTERED`, and lots decide at `closesAt`. */
  openDraw: { id: string; closesAt: UnixMillis; entryCount: number } | null;
  /** How it stands to the viewer. Null for whoever is nobody in particular. */
  standing: {
    canRedeem: boolean;
    /** How often they may redeem it yet in this session; null if nothing limits that. */
    placesLeft: number | null;
    cooldownEndsAt: UnixMillis | null;
    /** Why not: by the code that `redeem` would be refused with. `rule` is that of `availability` which is not met. */
    refusal: { code: string; message: string; rule: "TITLE_CONTAINS" | "TRAIN_LEVEL_MIN" | "ONLINE_MIN" | (string & {}) | null } | null;
  } | null;
}

/** What came of redeeming a reward: the redemption, or why nothing happened. */
export type RedeemOutcome = { ok: true; redemption: Redemption } | { ok: false; refusal: Refusal };

/** Where is kept what was asked for and not answered: `localStorage`, or anything with these of its methods. */
export type RedeemStore = Pick<Storage, "length" | "key" | "getItem" | "setItem" | "removeItem">;

export interface ParlorClientEventMap {
  /** Something that can be read of the client is another now. Told once for all that came together. */
  change: CustomEvent<undefined>;
  /** An event has its moment. */
  event: CustomEvent<ShownEvent>;
  /** The whole state was replaced, without anything having happened: a start, a seek, a loss. */
  replaced: CustomEvent<undefined>;
  connection: CustomEvent<ConnectionState>;
  /** Another token is needed. Call `setToken`, unless the client was given a source of tokens. */
  "token-needed": CustomEvent<TokenReason>;
  /** The server said how it stands with these minutes, which `watched` has as well. */
  watched: CustomEvent<WatchedMinute[]>;
  /** `wallet` is another. */
  wallet: CustomEvent<Wallet | null>;
  /**
   * The server has answered a redemption: of this page's own `redeem`, or of a page before it that ended without being
   * told. `key` is the redemption's idempotency key.
   */
  redemption: CustomEvent<{ key: string; rewardId: string } & RedeemOutcome>;
  /** What the client did by itself went wrong: a token was not to be had, or what was watched not be told. */
  fault: CustomEvent<unknown>;
}

/**
 * A live subscription to one room. What it reads of the room is as new as the last `change`; arrays are
 * replaced, never changed in place.
 *
 * Operations resolve to an `Outcome`. They throw a `ParlorError` if the server could not be asked, or
 * if it is not known what came of it (`OUTCOME_UNKNOWN`).
 */
export declare class ParlorClient {
  private constructor();

  readonly connection: ConnectionState;
  /** When that happened which the viewer's picture now shows: count down to a train's `expiresAt` from here. */
  readonly pictureTime: UnixMillis | null;
  /** Where the viewer's picture is on the stream's own timeline. Keep it, and give it as `startAt`. */
  readonly position: UnixMillis | null;
  /** How far the server's clock may be from where the client believes it. Null until it is known. */
  readonly clockErrorMs: number | null;
  /** What picture events are timed by. Null once the client is closed. */
  readonly syncSource: SyncSource | null;
  /** What the last reading of the playhead was of; `null` where picture events are not timed by one. */
  readonly playheadQuality: PlayheadQuality | null;
  readonly stats: Stats;
  readonly profile: RoomProfile | null;
  /** The live session, or else the last one. */
  readonly session: Session | null;
  /**
   * Whom the room shows by name, in the order in which they joined: everyone in a small room; in a
   * large one who is on the stage or on the way there, moderators and owners.
   */
  readonly participants: readonly ParticipantProfile[];
  readonly stage: Stage;
  /** How many participants are here, by name or not. Null until it is known. */
  readonly onlineCount: number | null;
  /** The hype train at the viewer's picture. */
  readonly train: HypeTrain | null;
  /** The last event of each part of the room's state whose last event this version cannot read. */
  readonly unknownParts: readonly RoomEvent[];
  /** The caller as a participant, if they ever joined: see `membership`. */
  readonly me: Participant | null;
  /** All that the caller may do now. */
  readonly capabilities: readonly Capability[];
  /** How it stands with the minutes of the last quarter of an hour that the viewer watched here, in their order. */
  readonly watched: readonly WatchedMinute[];

  /**
   * What the viewer has in the room, once that is followed (`connect({ wallet: true })` or `followWallet`) and known.
   * Null while they have not joined it, and for whoever is nobody in particular.
   */
  readonly wallet: Wallet | null;

  /** Has `wallet` kept as it is on the server, on the connection that there is, or not any more. */
  followWallet(follows?: boolean): void;
  /** Reads what there is to redeem, with how each stands to the viewer now. */
  rewards(options?: { signal?: AbortSignal }): Promise<Reward[]>;
  /**
   * Redeems a reward at the cost that `reward` has; if it costs something else by now it is refused with `COST_CHANGED`.
   *
   * It happens once: what was asked for is kept in `store` until it is answered, and asked for again by the same key,
   * also by the next page of the same viewer, for ten minutes. The same reward with the same input, redeemed once more
   * before that, is the same redemption; give a `key` of your own, up to 200 bytes, to decide that yourself. It throws a
   * `ParlorError` if it is not known what came of it; the event `redemption` tells that later.
   */
  redeem(reward: Pick<Reward, "id"> & Partial<Pick<Reward, "cost">>, options?: { input?: string | number | null; key?: string }): Promise<RedeemOutcome>;

  /** Comes into the room. Whoever is in it stays as they are. `me` and `capabilities` have followed when it is done. */
  join(as: { name: string }): Promise<Outcome>;
  /** Leaves the room, keeps the role and gives up the place on the stage. `capabilities` have followed when it is done. */
  leave(): Promise<Outcome>;
  /** Gives somebody another name; oneself unless said otherwise. */
  rename(name: string, who?: Who): Promise<Outcome>;

  /** Asks for the stage. */
  requestStage(): Promise<Outcome>;
  /** Takes one's own request back. */
  withdraw(): Promise<Outcome>;
  /** Invites somebody of the audience, whether they asked or not. */
  invite(who: Who): Promise<Outcome>;
  /** Turns one's own invitation down or, as somebody who invites, another's request or invitation. */
  decline(who?: Who): Promise<Outcome>;
  /** Takes the stage: invited, or as somebody who invites. */
  joinStage(): Promise<Outcome>;
  /** Goes back to the audience. */
  leaveStage(): Promise<Outcome>;
  /** Moves somebody from the stage to the audience. */
  moveToAudience(who: Who): Promise<Outcome>;
  /** Makes a speaker, or oneself, the host in place of `stage.host`. */
  handOverHost(who: Who): Promise<Outcome>;

  /** Puts somebody out of the room, until they are readmitted. */
  remove(who: Who, options?: { reason?: string }): Promise<Outcome>;
  readmit(who: Who): Promise<Outcome>;
  assignRole(who: Who, role: Exclude<ParticipantRole, "UNKNOWN">): Promise<Outcome>;
  grant(who: Who, capability: Capability, terms?: Terms): Promise<Outcome>;
  deny(who: Who, capability: Capability, terms?: Terms): Promise<Outcome>;
  clearGrant(who: Who, capability: Capability): Promise<Outcome>;
  clearDenial(who: Who, capability: Capability): Promise<Outcome>;

  /** Reads one participant, whom the room need not show by name. Null if there is none. */
  participant(id: string, options?: { signal?: AbortSignal }): Promise<Participant | null>;
  /** Reads a page of everyone, in the order in which they joined. `next` is what to read on `after`. */
  listParticipants(options?: {
    first?: number;
    after?: string;
    role?: ParticipantRole;
    stageRole?: StageRole;
    signal?: AbortSignal;
  }): Promise<{ participants: Participant[]; totalCount: number; next: string | null }>;

  /**
   * Reports where the player's picture is: with every frame, or on play, pause, seek and each second.
   * With what is no number, the picture stands until a better report comes. `seeks` counts how often the
   * viewer has sought, with each `seeking` of the player: the picture then goes where it is said to be at
   * once. Without it a position that steps counts as a date that does, until it has stayed for 8 s. `atMs` is
   * when the picture was there, by `performance.now()`: now, unless it is said. `quality` says what was read,
   * the frame that is seen or the player's clock, which `playheadQuality` gives back. What is refused is counted in
   * `stats`, told by `syncSource`, and written to the console the first time.
   */
  setPlayhead(playhead: {
    positionMs: UnixMillis | Date;
    playing: boolean;
    rate?: number;
    seeks?: number;
    atMs?: number;
    quality?: PlayheadQuality;
  }): void;
  /** Returns an empty queue of alerts, which takes in what is shown from now on. Null once the client is closed. */
  alerts(options?: AlertOptions): AlertQueue | null;
  /** Reports that the player cannot tell where it is, and never will: the stream's delay is used. */
  setNoPlayhead(): void;
  /**
   * Tells the server now what was watched, as the client does each half minute. Done when it has answered, or could not
   * be asked.
   */
  reportWatched(): Promise<void>;
  /** Lets go of the connection, for as long as nobody looks. What is known stays; nothing is told. */
  pause(): void;
  /** Connects again, and goes on where it stopped. */
  resume(): void;
  /** Hands over a new token. The connection goes on by position. */
  setToken(token: string): void;
  /**
   * Reads `me` and `capabilities` anew. They follow by themselves, but for a first joining on another
   * device, of which a page that has not joined hears nothing.
   */
  refresh(): void;
  /** Connects anew at once, whatever is being waited for. */
  reconnect(): void;
  /** Ends the client for good. */
  close(): void;

  addEventListener<K extends keyof ParlorClientEventMap>(
    type: K,
    listener: (this: ParlorClient, event: ParlorClientEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<K extends keyof ParlorClientEventMap>(
    type: K,
    listener: (this: ParlorClient, event: ParlorClientEventMap[K]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
}

/**
 * Loads the client, gets the first token, and begins to follow the room. What cannot be had is tried for some
 * seconds; then it rejects with a `ParlorError`, and may be called again.
 */
export declare function connect(options: ConnectOptions): Promise<ParlorClient>;
