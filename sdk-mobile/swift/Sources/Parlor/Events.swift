// Written by `cargo xtask codegen` from schema.graphql and live_room.graphql.

import ParlorNative

/// What happened.
public typealias EventKind = ParlorNative.EventKind

/// What was given.
public typealias ContributionKind = ParlorNative.ContributionKind

/// Where a hype train stands.
public typealias HypeTrainPhase = ParlorNative.HypeTrainPhase

/// Authority over a room. What it allows is in `capabilities`, never to be inferred from here.
public typealias ParticipantRole = ParlorNative.ParticipantRole

/// Whether a room is open.
public typealias RoomState = ParlorNative.RoomState

/// A participant's place. Whoever is on the stage while no session is live is backstage.
public typealias StageRole = ParlorNative.StageRole

/// What somebody tells everyone in a room.
public typealias Announcement = ParlorNative.Announcement

/// What the whole room sees of a contribution.
public typealias ContributionAlert = ParlorNative.ContributionAlert

/// A hype train, whole.
public typealias HypeTrain = ParlorNative.HypeTrain

/// Somebody who contributed to a hype train.
public typealias HypeTrainContributor = ParlorNative.HypeTrainContributor

/// What everyone who may read a room sees of a participant.
public typealias ParticipantProfile = ParlorNative.ParticipantProfile

/// What the whole room sees of a redemption, as it was made.
public typealias RedemptionAlert = ParlorNative.RedemptionAlert

/// What everyone who may read a room sees of it.
public typealias RoomProfile = ParlorNative.RoomProfile

/// One live run of a room's stream.
public typealias Session = ParlorNative.Session

/// How a `Session` changed.
public typealias SessionChange = ParlorNative.SessionChange

/// How a `ParticipantProfile` changed.
public typealias ParticipantChange = ParlorNative.ParticipantChange

/// How a `HypeTrain` changed.
public typealias HypeTrainChange = ParlorNative.HypeTrainChange
