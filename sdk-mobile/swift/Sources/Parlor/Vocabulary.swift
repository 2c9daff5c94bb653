// The library's types under this module's name, so that an application imports one module. What
// their fields and cases mean is said where they are generated. What events are about is in Events.swift.

import ParlorNative

/// Where an overlay sits, which decides when its events are due.
public typealias Placement = ParlorNative.Placement

/// Something to show: an event that has its moment, or the whole state.
public typealias Delivery = ParlorNative.Delivery

/// A fact in a room's log.
public typealias RoomEvent = ParlorNative.RoomEvent

/// Whether an event applies on arrival or waits for the viewer's picture.
public typealias EventTiming = ParlorNative.EventTiming

/// The state of a room as the viewer should see it.
public typealias Room = ParlorNative.Room

/// Who speaks, and who waits to.
public typealias Stage = ParlorNative.Stage

/// Alerts one at a time, at the pace of the picture.
public typealias AlertQueue = ParlorNative.AlertQueue

/// What a queue of alerts does with more than can be shown.
public typealias AlertLimits = ParlorNative.AlertLimits

/// What is shown at once.
public typealias Alert = ParlorNative.Alert

/// A sum of money.
public typealias AlertMoney = ParlorNative.AlertMoney

/// The alert on stage.
public typealias AlertOnStage = ParlorNative.AlertOnStage

/// What has become of the contributions that a queue of alerts took in.
public typealias AlertStats = ParlorNative.AlertStats

/// What is known of what the viewer has watched.
public typealias Watched = ParlorNative.Watched

/// How it stands with a minute.
public typealias WatchedMinute = ParlorNative.WatchedMinute

/// What became of a minute, and if it did not count, why.
public typealias WatchOutcome = ParlorNative.WatchOutcome

/// What a viewer has in a room.
public typealias Wallet = ParlorNative.Wallet

/// A reward that the viewer has redeemed, with what it was called and cost then.
public typealias Redemption = ParlorNative.Redemption

/// What became of a redemption.
public typealias RedemptionStatus = ParlorNative.RedemptionStatus

/// What became of a minute that the viewer has watched.
public typealias DecidedMinute = ParlorNative.DecidedMinute

/// What a room sells for points.
public typealias Reward = ParlorNative.Reward

/// What a reward asks of whoever redeems it.
public typealias RewardAsk = ParlorNative.RewardAsk

/// Of what kind it is that a reward asks for.
public typealias RewardAskKind = ParlorNative.RewardAskKind

/// What has to be so for a reward to be redeemed.
public typealias RewardAvailability = ParlorNative.RewardAvailability

/// A rule of a reward's availability.
public typealias AvailabilityRule = ParlorNative.AvailabilityRule

/// Whether the caller may redeem a reward now.
public typealias RewardStanding = ParlorNative.RewardStanding

/// Why a reward cannot be redeemed now.
public typealias StandingRefusal = ParlorNative.StandingRefusal

/// A reward to be redeemed.
public typealias NewRedemption = ParlorNative.NewRedemption

/// Where the connection stands.
public typealias ConnectionState = ParlorNative.ConnectionState

/// Why a client does not try again by itself.
public typealias Failure = ParlorNative.Failure

/// What a client has counted since it began.
public typealias Stats = ParlorNative.Stats

/// What picture events are timed by.
public typealias SyncSource = ParlorNative.SyncSource

/// A room, as those who may read it see it.
public typealias RoomDetails = ParlorNative.RoomDetails

/// A hype train, in figures.
public typealias HypeTrainSummary = ParlorNative.HypeTrainSummary

/// A room to be made.
public typealias NewRoom = ParlorNative.NewRoom

/// What hype trains run by.
public typealias HypeTrainProgram = ParlorNative.HypeTrainProgram

/// One level of a hype train.
public typealias HypeTrainLevel = ParlorNative.HypeTrainLevel

/// A room that was made.
public typealias RoomSummary = ParlorNative.RoomSummary

/// A contribution to be recorded.
public typealias ContributionReport = ParlorNative.ContributionReport

/// A contribution that was recorded.
public typealias Contribution = ParlorNative.Contribution

/// Where a contribution's money stands.
public typealias ContributionStatus = ParlorNative.ContributionStatus

/// A person in a room.
public typealias Participant = ParlorNative.Participant

/// What not everyone sees of a participant.
public typealias ParticipantPrivate = ParlorNative.ParticipantPrivate

/// Whether a person is in the room.
public typealias Membership = ParlorNative.Membership

/// One thing that somebody may do in a room.
public typealias Capability = ParlorNative.Capability

/// A grant or a denial of a capability that somebody has.
public typealias CapabilityTerms = ParlorNative.CapabilityTerms

/// A grant or a denial to be made.
public typealias NewCapabilityTerms = ParlorNative.NewCapabilityTerms

/// Somebody who is to come into a room.
public typealias NewParticipant = ParlorNative.NewParticipant

/// Whom a change is about, as the caller knows them.
public typealias KnownParticipant = ParlorNative.KnownParticipant

/// Which participants are asked for.
public typealias ParticipantsQuestion = ParlorNative.ParticipantsQuestion

/// Some of a room's participants.
public typealias ParticipantsPage = ParlorNative.ParticipantsPage

/// Which part of a room's audit trail is asked for.
public typealias AuditQuestion = ParlorNative.AuditQuestion

/// A part of a room's audit trail.
public typealias AuditPage = ParlorNative.AuditPage

/// One use of authority.
public typealias AuditEntry = ParlorNative.AuditEntry

/// What somebody did by their authority.
public typealias AuditAction = ParlorNative.AuditAction

/// Who may join a room by themselves.
public typealias Admission = ParlorNative.Admission

/// As how many viewers of a kickoff anonymous gifts count.
public typealias AnonymousGifts = ParlorNative.AnonymousGifts

/// Who speaks in a room and who waits to, with how many places there are.
public typealias StageDetails = ParlorNative.StageDetails

/// What the caller is in a room, and may do there.
public typealias RoomAccess = ParlorNative.RoomAccess

/// A client needs another token.
public typealias TokenRequest = ParlorNative.TokenRequest

/// Why a client needs another token.
public typealias TokenRequestReason = ParlorNative.TokenRequestReason
