// Written by `cargo xtask codegen` from schema.graphql and live_room.graphql.

/** Milliseconds since 1970. */
export type UnixMillis = number;

/** What was given. `UNKNOWN` is what is newer than this version. */
export type ContributionKind = "DONATION" | "MEMBERSHIP" | "GIFTED_MEMBERSHIPS" | "UNKNOWN";

/**
 * Where an event sits when a client reads it: at once, or when the viewer's picture gets there. What is newer than this
 * version is read as `PICTURE`.
 */
export type EventTiming = "LIVE" | "PICTURE";

/** Where a hype train stands. `UNKNOWN` is what is newer than this version. */
export type HypeTrainPhase = "APPROACHING" | "RUNNING" | "ENDED" | "UNKNOWN";

/**
 * Authority over a room. What it allows is in `capabilities`, never to be inferred from here. `UNKNOWN` is what is
 * newer than this version.
 */
export type ParticipantRole = "MEMBER" | "MODERATOR" | "OWNER" | "UNKNOWN";

/** Whether a room is open. `UNKNOWN` is what is newer than this version. */
export type RoomState = "DRAFT" | "OPEN" | "ARCHIVED" | "UNKNOWN";

/**
 * A participant's place. Whoever is on the stage while no session is live is backstage. `UNKNOWN` is what is newer than
 * this version.
 */
export type StageRole = "AUDIENCE" | "REQUESTED" | "INVITED" | "SPEAKER" | "HOST" | "UNKNOWN";

/** What somebody tells everyone in a room. */
export interface Announcement {
  /** As typed: text, never markup. */
  text: string;
}

/** What the whole room sees of a contribution. */
export interface ContributionAlert {
  id: string;
  /** What was given. */
  kind: ContributionKind;
  /** Who gave it, as typed: text, never markup. Null for an anonymous one. */
  name: string | null;
  /** In minor units of `currency`. */
  amount: number | null;
  currency: string | null;
  /** 1 to 3, for memberships. */
  tier: number | null;
  /** How many memberships were gifted; 1 for everything else. */
  quantity: number;
  /** What the giver wrote: text, never markup. */
  message: string | null;
  /** What it adds to a hype train. */
  hype: number;
}

/** A hype train, whole. */
export interface HypeTrain {
  id: string;
  /** Whether it gathers, runs or has ended. */
  phase: HypeTrainPhase;
  /** The level being worked on; the first is 1. 0 if the kickoff lapsed. */
  level: number;
  /** Hype gathered towards `goal` within this level. */
  progress: number;
  /** Hype that completes this level. */
  goal: number;
  /** All hype of this train: the sum of its settled contributions. The level follows from it. */
  total: number;
  /** Kickoff: contributions and distinct viewers still missing. Zero once running. */
  kickoffEventsNeeded: number;
  kickoffViewersNeeded: number;
  /** When it began to gather; of a train that runs or ran, when it started. */
  startedAt: UnixMillis;
  /** When the train (or its kickoff window) ends if nothing more comes. */
  expiresAt: UnixMillis;
  endedAt: UnixMillis | null;
  /** Until when no other train starts. */
  cooldownEndsAt: UnixMillis | null;
  /** The reward of the level last completed. */
  lastReward: string | null;
  /** The reward of the level being worked on. */
  nextReward: string | null;
  /** How many contributed: viewers once each, and each anonymous gift. */
  contributorCount: number;
  /** Who contributed most. */
  topContributor: HypeTrainContributor | null;
  /** Newest first, each contributor once, at most 8. */
  recentContributors: readonly HypeTrainContributor[];
  /** Whether it has more than every other train of the room, of what was not taken back. */
  isRecord: boolean;
}

/** Somebody who contributed to a hype train. */
export interface HypeTrainContributor {
  /** As typed: text, never markup. Null for an anonymous one. */
  name: string | null;
  /** All their hype in this train. */
  hype: number;
  /** The hype of their last contribution. */
  lastHype: number;
}

/** What everyone who may read a room sees of a participant. */
export interface ParticipantProfile {
  id: string;
  /** As typed: text, never markup. */
  name: string;
  /** Authority, for a badge. What it allows is asked of `roomAccess`, never to be inferred from here. */
  role: ParticipantRole;
  stageRole: StageRole;
  /** Of those who have asked for the stage: the place in the queue, lowest first. */
  requestedSeq: number | null;
  /**
   * Whether the room goes on showing them by name. If not, the part of this event is empty after it: they left, or went
   * back among an audience that is told by count.
   */
  isListed: boolean;
  /** Whether they follow the room now, by any of their devices. */
  isOnline: boolean;
  /** Counts changes of the participant; give it back to whatever changes them. */
  version: number;
  /** When they last joined. */
  joinedAt: UnixMillis;
}

/** What the whole room sees of a redemption, as it was made. */
export interface RedemptionAlert {
  id: string;
  rewardId: string;
  /** Who redeemed it. */
  participantId: string;
  /** What they are called, as typed: text, never markup. */
  name: string;
  /** What the reward was called, as typed: text, never markup. */
  title: string;
  /** In points. */
  cost: number;
  /** The reward's, `#rrggbb`. */
  color: string | null;
  /** The reward's: one character, such as an emoji. */
  icon: string | null;
  /** What they said, as typed: text, never markup; null unless the reward has `showsInput`. */
  input: string | null;
}

/** What everyone who may read a room sees of it. */
export interface RoomProfile {
  id: string;
  /** Name within its tenant, as in addresses. */
  slug: string;
  /** As typed by its owner: text, never markup. */
  title: string;
  state: RoomState;
  /** How much later an instant appears on the stream's own timeline than it happened. */
  ingestOffsetMs: number;
  /** Counts changes of the room. */
  version: number;
}

/** One live run of a room's stream. */
export interface Session {
  id: string;
  startedAt: UnixMillis;
  /** Since when the stream is away, if it is. */
  interruptedAt: UnixMillis | null;
  /** Null while it is live. */
  endedAt: UnixMillis | null;
  /** The stream's delay. */
  delayMs: number;
}

/** What events are about. */
interface Subjects {
  room: RoomProfile;
  session: Session;
  participant: ParticipantProfile;
  contribution: ContributionAlert;
  announcement: Announcement;
  redemption: RedemptionAlert;
  train: HypeTrain;
  typeName: string;
}

/** Events of type `Type`, about `Subject` and nothing else: `event.train?.level` can be asked of any. */
type Kind<Type extends string, Subject extends keyof Subjects> = { type: Type } & Pick<Subjects, Subject> & {
    [Other in Exclude<keyof Subjects, Subject>]?: undefined;
  };

/** A fact in the room's log. `type` is its kind's name in the GraphQL schema, and tells what else it has. */
export type RoomEvent = {
  seq: number;
  occurredAt: UnixMillis;
  /** `occurredAt` plus the session's stream delay at that time. */
  displayAt: UnixMillis;
  timing: EventTiming;
  /** The part of the room's state that this event carries whole; null for a moment. */
  part: string | null;
} & (
  /** The room's profile changed; this is the new one. */
  | Kind<"RoomUpdated", "room">
  /** A live run of the room's stream began. */
  | Kind<"SessionStarted", "session">
  /** The stream went away. It may come back within the room's `interruptionGraceMs`. */
  | Kind<"SessionInterrupted", "session">
  /** The stream is back, in the same session. */
  | Kind<"SessionResumed", "session">
  /** One that was interrupted and did not come back ended when it was interrupted. */
  | Kind<"SessionEnded", "session">
  /** Of a room's audience, only a small room tells by name who comes and goes. */
  | Kind<"ParticipantJoined", "participant">
  /** They went. */
  | Kind<"ParticipantLeft", "participant">
  /** They were put out of the room. */
  | Kind<"ParticipantRemoved", "participant">
  /** The name changed, or what the participant may do. */
  | Kind<"ParticipantUpdated", "participant">
  /** They have another role. */
  | Kind<"ParticipantRoleChanged", "participant">
  /** They have another place. */
  | Kind<"ParticipantStageChanged", "participant">
  /** Somebody whom the room shows by name came online or went offline. That is no change of theirs: `version` stays. */
  | Kind<"ParticipantPresenceChanged", "participant">
  /** Somebody gave something: a moment, shown once. */
  | Kind<"ContributionReceived", "contribution">
  /** Somebody who may told everyone something: a moment, shown once. */
  | Kind<"AnnouncementMade", "announcement">
  /** Somebody redeemed a reward that is announced: a moment, shown once. What becomes of the redemption is not told. */
  | Kind<"RewardRedeemed", "redemption">
  /** A contribution counted towards kickoff. */
  | Kind<"HypeTrainApproached", "train">
  /** The train set off. */
  | Kind<"HypeTrainStarted", "train">
  /** Hype was added within a level. */
  | Kind<"HypeTrainProgressed", "train">
  /** A level was completed. */
  | Kind<"HypeTrainLeveledUp", "train">
  /** A reversal lowered the train's total. */
  | Kind<"HypeTrainCorrected", "train">
  /** The train ran out of time, or its kickoff lapsed (`level` is 0 then). */
  | Kind<"HypeTrainEnded", "train">
  /** Something of a kind that is newer than this version, or whose content it cannot read. */
  | Kind<"Unknown", "typeName">
);

/** An event at the moment that it is shown. */
export type ShownEvent = RoomEvent & {
  /** How long ago its moment was. */
  lateByMs: number;
};
