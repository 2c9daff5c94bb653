// Written by `cargo xtask codegen` from schema.graphql and live_room.graphql.

/** What each kind is about: a field, and the record that is in it. */
export const KINDS = {
  RoomUpdated: ["room", "RoomProfile"],
  SessionStarted: ["session", "Session"],
  SessionInterrupted: ["session", "Session"],
  SessionResumed: ["session", "Session"],
  SessionEnded: ["session", "Session"],
  ParticipantJoined: ["participant", "ParticipantProfile"],
  ParticipantLeft: ["participant", "ParticipantProfile"],
  ParticipantRemoved: ["participant", "ParticipantProfile"],
  ParticipantUpdated: ["participant", "ParticipantProfile"],
  ParticipantRoleChanged: ["participant", "ParticipantProfile"],
  ParticipantStageChanged: ["participant", "ParticipantProfile"],
  ParticipantPresenceChanged: ["participant", "ParticipantProfile"],
  ContributionReceived: ["contribution", "ContributionAlert"],
  AnnouncementMade: ["announcement", "Announcement"],
  HypeTrainApproached: ["train", "HypeTrain"],
  HypeTrainStarted: ["train", "HypeTrain"],
  HypeTrainProgressed: ["train", "HypeTrain"],
  HypeTrainLeveledUp: ["train", "HypeTrain"],
  HypeTrainCorrected: ["train", "HypeTrain"],
  HypeTrainEnded: ["train", "HypeTrain"],
};

/** What records hold; with `?`, what may be absent, and with `[]`, lists. */
export const RECORDS = {
  Announcement: {
    text: "text",
  },
  ContributionAlert: {
    id: "text",
    kind: "ContributionKind",
    name: "text?",
    amount: "whole?",
    currency: "text?",
    tier: "small?",
    quantity: "small",
    message: "text?",
    hype: "whole",
  },
  HypeTrain: {
    id: "text",
    phase: "HypeTrainPhase",
    level: "small",
    progress: "whole",
    goal: "whole",
    total: "whole",
    kickoffEventsNeeded: "small",
    kickoffViewersNeeded: "small",
    startedAt: "time",
    expiresAt: "time",
    endedAt: "time?",
    cooldownEndsAt: "time?",
    lastReward: "text?",
    nextReward: "text?",
    contributorCount: "small",
    topContributor: "HypeTrainContributor?",
    recentContributors: "HypeTrainContributor[]",
    isRecord: "truth",
  },
  HypeTrainContributor: {
    name: "text?",
    hype: "whole",
    lastHype: "whole",
  },
  ParticipantProfile: {
    id: "text",
    name: "text",
    role: "ParticipantRole",
    stageRole: "StageRole",
    requestedSeq: "whole?",
    isListed: "truth",
    isOnline: "truth",
    version: "small",
    joinedAt: "time",
  },
  RoomProfile: {
    id: "text",
    slug: "text",
    title: "text",
    state: "RoomState",
    ingestOffsetMs: "small",
    version: "small",
  },
  Session: {
    id: "text",
    startedAt: "time",
    interruptedAt: "time?",
    endedAt: "time?",
    delayMs: "small",
  },
};

/** Sets of names. */
export const ENUMERATIONS = {
  ContributionKind: ["DONATION", "MEMBERSHIP", "GIFTED_MEMBERSHIPS"],
  HypeTrainPhase: ["APPROACHING", "RUNNING", "ENDED"],
  ParticipantRole: ["MEMBER", "MODERATOR", "OWNER"],
  RoomState: ["DRAFT", "OPEN", "ARCHIVED"],
  StageRole: ["AUDIENCE", "REQUESTED", "INVITED", "SPEAKER", "HOST"],
};
