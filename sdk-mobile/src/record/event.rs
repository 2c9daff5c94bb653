//! Written by `cargo xtask codegen` from `schema.graphql` and `live_room.graphql`.

use parlor_sdk_core as core;
use parlor_sdk_events as events;
use serde::{Deserialize, Serialize};

/// What was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, uniffi::Enum)]
pub enum ContributionKind {
    /// Money.
    #[serde(rename = "DONATION")]
    Donation,
    /// A paid membership.
    #[serde(rename = "MEMBERSHIP")]
    Membership,
    /// Paid memberships for others.
    #[serde(rename = "GIFTED_MEMBERSHIPS")]
    GiftedMemberships,
    /// What is newer than this version.
    #[serde(rename = "UNKNOWN", other)]
    Unknown,
}

impl From<events::ContributionKind> for ContributionKind {
    fn from(it: events::ContributionKind) -> Self {
        match it {
            events::ContributionKind::Donation => Self::Donation,
            events::ContributionKind::Membership => Self::Membership,
            events::ContributionKind::GiftedMemberships => Self::GiftedMemberships,
            events::ContributionKind::Unknown => Self::Unknown,
        }
    }
}

/// Where a hype train stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, uniffi::Enum)]
pub enum HypeTrainPhase {
    /// Contributions count towards kickoff.
    #[serde(rename = "APPROACHING")]
    Approaching,
    /// It runs.
    #[serde(rename = "RUNNING")]
    Running,
    /// It has ended.
    #[serde(rename = "ENDED")]
    Ended,
    /// What is newer than this version.
    #[serde(rename = "UNKNOWN", other)]
    Unknown,
}

impl From<events::HypeTrainPhase> for HypeTrainPhase {
    fn from(it: events::HypeTrainPhase) -> Self {
        match it {
            events::HypeTrainPhase::Approaching => Self::Approaching,
            events::HypeTrainPhase::Running => Self::Running,
            events::HypeTrainPhase::Ended => Self::Ended,
            events::HypeTrainPhase::Unknown => Self::Unknown,
        }
    }
}

/// Authority over a room. What it allows is in `capabilities`, never to be inferred from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, uniffi::Enum)]
pub enum ParticipantRole {
    /// No more than anyone's.
    #[serde(rename = "MEMBER")]
    Member,
    /// Keeps order.
    #[serde(rename = "MODERATOR")]
    Moderator,
    /// Rules the room.
    #[serde(rename = "OWNER")]
    Owner,
    /// What is newer than this version.
    #[serde(rename = "UNKNOWN", other)]
    Unknown,
}

impl From<events::ParticipantRole> for ParticipantRole {
    fn from(it: events::ParticipantRole) -> Self {
        match it {
            events::ParticipantRole::Member => Self::Member,
            events::ParticipantRole::Moderator => Self::Moderator,
            events::ParticipantRole::Owner => Self::Owner,
            events::ParticipantRole::Unknown => Self::Unknown,
        }
    }
}

/// Whether a room is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, uniffi::Enum)]
pub enum RoomState {
    /// Not yet open.
    #[serde(rename = "DRAFT")]
    Draft,
    #[serde(rename = "OPEN")]
    Open,
    /// Closed for good.
    #[serde(rename = "ARCHIVED")]
    Archived,
    /// What is newer than this version.
    #[serde(rename = "UNKNOWN", other)]
    Unknown,
}

impl From<events::RoomState> for RoomState {
    fn from(it: events::RoomState) -> Self {
        match it {
            events::RoomState::Draft => Self::Draft,
            events::RoomState::Open => Self::Open,
            events::RoomState::Archived => Self::Archived,
            events::RoomState::Unknown => Self::Unknown,
        }
    }
}

/// A participant's place. Whoever is on the stage while no session is live is backstage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, uniffi::Enum)]
pub enum StageRole {
    /// Watches.
    #[serde(rename = "AUDIENCE")]
    Audience,
    /// Has asked for the stage.
    #[serde(rename = "REQUESTED")]
    Requested,
    /// May take the stage.
    #[serde(rename = "INVITED")]
    Invited,
    /// Is on the stage.
    #[serde(rename = "SPEAKER")]
    Speaker,
    /// Is on the stage, and leads.
    #[serde(rename = "HOST")]
    Host,
    /// What is newer than this version.
    #[serde(rename = "UNKNOWN", other)]
    Unknown,
}

impl From<events::StageRole> for StageRole {
    fn from(it: events::StageRole) -> Self {
        match it {
            events::StageRole::Audience => Self::Audience,
            events::StageRole::Requested => Self::Requested,
            events::StageRole::Invited => Self::Invited,
            events::StageRole::Speaker => Self::Speaker,
            events::StageRole::Host => Self::Host,
            events::StageRole::Unknown => Self::Unknown,
        }
    }
}

/// What somebody tells everyone in a room.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Announcement {
    /// As typed: text, never markup.
    pub text: String,
}

impl From<events::Announcement> for Announcement {
    fn from(it: events::Announcement) -> Self {
        Self {
            text: it.text,
        }
    }
}

/// What the whole room sees of a contribution.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ContributionAlert {
    pub id: String,
    /// What was given.
    pub kind: ContributionKind,
    /// Who gave it, as typed: text, never markup. Null for an anonymous one.
    pub name: Option<String>,
    /// In minor units of `currency`.
    pub amount: Option<i64>,
    pub currency: Option<String>,
    /// 1 to 3, for memberships.
    pub tier: Option<i32>,
    /// How many memberships were gifted; 1 for everything else.
    pub quantity: i32,
    /// What the giver wrote: text, never markup.
    pub message: Option<String>,
    /// What it adds to a hype train.
    pub hype: i64,
}

impl From<events::ContributionAlert> for ContributionAlert {
    fn from(it: events::ContributionAlert) -> Self {
        Self {
            id: it.id,
            kind: it.kind.into(),
            name: it.name,
            amount: it.amount,
            currency: it.currency,
            tier: it.tier,
            quantity: it.quantity,
            message: it.message,
            hype: it.hype,
        }
    }
}

/// A hype train, whole.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct HypeTrain {
    pub id: String,
    /// Whether it gathers, runs or has ended.
    pub phase: HypeTrainPhase,
    /// The level being worked on; the first is 1. 0 if the kickoff lapsed.
    pub level: i32,
    /// Hype gathered towards `goal` within this level.
    pub progress: i64,
    /// Hype that completes this level.
    pub goal: i64,
    /// All hype of this train: the sum of its settled contributions. The level follows from it.
    pub total: i64,
    /// Kickoff: contributions and distinct viewers still missing. Zero once running.
    pub kickoff_events_needed: i32,
    pub kickoff_viewers_needed: i32,
    /// When it began to gather; of a train that runs or ran, when it started.
    pub started_at_unix_millis: i64,
    /// When the train (or its kickoff window) ends if nothing more comes.
    pub expires_at_unix_millis: i64,
    pub ended_at_unix_millis: Option<i64>,
    /// Until when no other train starts.
    pub cooldown_ends_at_unix_millis: Option<i64>,
    /// The reward of the level last completed.
    pub last_reward: Option<String>,
    /// The reward of the level being worked on.
    pub next_reward: Option<String>,
    /// How many contributed: viewers once each, and each anonymous gift.
    pub contributor_count: i32,
    /// Who contributed most.
    pub top_contributor: Option<HypeTrainContributor>,
    /// Newest first, each contributor once, at most 8.
    pub recent_contributors: Vec<HypeTrainContributor>,
    /// Whether it has more than every other train of the room, of what was not taken back.
    pub is_record: bool,
}

impl From<events::HypeTrain> for HypeTrain {
    fn from(it: events::HypeTrain) -> Self {
        Self {
            id: it.id,
            phase: it.phase.into(),
            level: it.level,
            progress: it.progress,
            goal: it.goal,
            total: it.total,
            kickoff_events_needed: it.kickoff_events_needed,
            kickoff_viewers_needed: it.kickoff_viewers_needed,
            started_at_unix_millis: it.started_at.unix_millis(),
            expires_at_unix_millis: it.expires_at.unix_millis(),
            ended_at_unix_millis: it.ended_at.map(core::ServerTime::unix_millis),
            cooldown_ends_at_unix_millis: it.cooldown_ends_at.map(core::ServerTime::unix_millis),
            last_reward: it.last_reward,
            next_reward: it.next_reward,
            contributor_count: it.contributor_count,
            top_contributor: it.top_contributor.map(Into::into),
            recent_contributors: it.recent_contributors.into_iter().map(Into::into).collect(),
            is_record: it.is_record,
        }
    }
}

/// Somebody who contributed to a hype train.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct HypeTrainContributor {
    /// As typed: text, never markup. Null for an anonymous one.
    pub name: Option<String>,
    /// All their hype in this train.
    pub hype: i64,
    /// The hype of their last contribution.
    pub last_hype: i64,
}

impl From<events::HypeTrainContributor> for HypeTrainContributor {
    fn from(it: events::HypeTrainContributor) -> Self {
        Self {
            name: it.name,
            hype: it.hype,
            last_hype: it.last_hype,
        }
    }
}

/// What everyone who may read a room sees of a participant.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ParticipantProfile {
    pub id: String,
    /// As typed: text, never markup.
    pub name: String,
    /// Authority, for a badge. What it allows is asked of `roomAccess`, never to be inferred from here.
    pub role: ParticipantRole,
    pub stage_role: StageRole,
    /// Of those who have asked for the stage: the place in the queue, lowest first.
    pub requested_seq: Option<i64>,
    /// Whether the room goes on showing them by name. If not, the part of this event is empty after it: they
    /// left, or went back among an audience that is told by count.
    pub is_listed: bool,
    /// Whether they follow the room now, by any of their devices.
    pub is_online: bool,
    /// Counts changes of the participant; give it back to whatever changes them.
    pub version: i32,
    /// When they last joined.
    pub joined_at_unix_millis: i64,
}

impl From<events::ParticipantProfile> for ParticipantProfile {
    fn from(it: events::ParticipantProfile) -> Self {
        Self {
            id: it.id,
            name: it.name,
            role: it.role.into(),
            stage_role: it.stage_role.into(),
            requested_seq: it.requested_seq,
            is_listed: it.is_listed,
            is_online: it.is_online,
            version: it.version,
            joined_at_unix_millis: it.joined_at.unix_millis(),
        }
    }
}

/// What the whole room sees of a redemption, as it was made.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct RedemptionAlert {
    pub id: String,
    pub reward_id: String,
    /// Who redeemed it.
    pub participant_id: String,
    /// What they are called, as typed: text, never markup.
    pub name: String,
    /// What the reward was called, as typed: text, never markup.
    pub title: String,
    /// In points.
    pub cost: i64,
    /// The reward's, `#rrggbb`.
    pub color: Option<String>,
    /// The reward's: one character, such as an emoji.
    pub icon: Option<String>,
    /// What they said, as typed: text, never markup; null unless the reward has `showsInput`.
    pub input: Option<String>,
}

impl From<events::RedemptionAlert> for RedemptionAlert {
    fn from(it: events::RedemptionAlert) -> Self {
        Self {
            id: it.id,
            reward_id: it.reward_id,
            participant_id: it.participant_id,
            name: it.name,
            title: it.title,
            cost: it.cost,
            color: it.color,
            icon: it.icon,
            input: it.input,
        }
    }
}

/// What everyone who may read a room sees of it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct RoomProfile {
    pub id: String,
    /// Name within its tenant, as in addresses.
    pub slug: String,
    /// As typed by its owner: text, never markup.
    pub title: String,
    pub state: RoomState,
    /// How much later an instant appears on the stream's own timeline than it happened.
    pub ingest_offset_ms: i32,
    /// Counts changes of the room.
    pub version: i32,
}

impl From<events::RoomProfile> for RoomProfile {
    fn from(it: events::RoomProfile) -> Self {
        Self {
            id: it.id,
            slug: it.slug,
            title: it.title,
            state: it.state.into(),
            ingest_offset_ms: it.ingest_offset_ms,
            version: it.version,
        }
    }
}

/// One live run of a room's stream.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Session {
    pub id: String,
    pub started_at_unix_millis: i64,
    /// Since when the stream is away, if it is.
    pub interrupted_at_unix_millis: Option<i64>,
    /// Null while it is live.
    pub ended_at_unix_millis: Option<i64>,
    /// The stream's delay.
    pub delay_ms: i32,
}

impl From<events::Session> for Session {
    fn from(it: events::Session) -> Self {
        Self {
            id: it.id,
            started_at_unix_millis: it.started_at.unix_millis(),
            interrupted_at_unix_millis: it.interrupted_at.map(core::ServerTime::unix_millis),
            ended_at_unix_millis: it.ended_at.map(core::ServerTime::unix_millis),
            delay_ms: it.delay_ms,
        }
    }
}

/// How the `session` of an event changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum SessionChange {
    /// A live run of the room's stream began.
    Started,
    /// The stream went away. It may come back within the room's `interruptionGraceMs`.
    Interrupted,
    /// The stream is back, in the same session.
    Resumed,
    /// One that was interrupted and did not come back ended when it was interrupted.
    Ended,
}

impl From<events::SessionChange> for SessionChange {
    fn from(it: events::SessionChange) -> Self {
        match it {
            events::SessionChange::Started => Self::Started,
            events::SessionChange::Interrupted => Self::Interrupted,
            events::SessionChange::Resumed => Self::Resumed,
            events::SessionChange::Ended => Self::Ended,
        }
    }
}

/// How the `participant` of an event changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum ParticipantChange {
    /// Of a room's audience, only a small room tells by name who comes and goes.
    Joined,
    /// They went.
    Left,
    /// They were put out of the room.
    Removed,
    /// The name changed, or what the participant may do.
    Updated,
    /// They have another role.
    RoleChanged,
    /// They have another place.
    StageChanged,
    /// Somebody whom the room shows by name came online or went offline. That is no change of theirs: `version`
    /// stays.
    PresenceChanged,
}

impl From<events::ParticipantChange> for ParticipantChange {
    fn from(it: events::ParticipantChange) -> Self {
        match it {
            events::ParticipantChange::Joined => Self::Joined,
            events::ParticipantChange::Left => Self::Left,
            events::ParticipantChange::Removed => Self::Removed,
            events::ParticipantChange::Updated => Self::Updated,
            events::ParticipantChange::RoleChanged => Self::RoleChanged,
            events::ParticipantChange::StageChanged => Self::StageChanged,
            events::ParticipantChange::PresenceChanged => Self::PresenceChanged,
        }
    }
}

/// How the `train` of an event changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum HypeTrainChange {
    /// A contribution counted towards kickoff.
    Approached,
    /// The train set off.
    Started,
    /// Hype was added within a level.
    Progressed,
    /// A level was completed.
    LeveledUp,
    /// A reversal lowered the train's total.
    Corrected,
    /// The train ran out of time, or its kickoff lapsed (`level` is 0 then).
    Ended,
}

impl From<events::HypeTrainChange> for HypeTrainChange {
    fn from(it: events::HypeTrainChange) -> Self {
        match it {
            events::HypeTrainChange::Approached => Self::Approached,
            events::HypeTrainChange::Started => Self::Started,
            events::HypeTrainChange::Progressed => Self::Progressed,
            events::HypeTrainChange::LeveledUp => Self::LeveledUp,
            events::HypeTrainChange::Corrected => Self::Corrected,
            events::HypeTrainChange::Ended => Self::Ended,
        }
    }
}

/// What happened. When it is shown, and what it replaces, is told by the event's timing and part alone.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum EventKind {
    /// The room's profile changed; this is the new one.
    RoomUpdated {
        /// As it is now, whole.
        room: RoomProfile,
    },
    /// A `Session` changed.
    SessionChanged {
        /// How.
        change: SessionChange,
        /// As it is now, whole.
        session: Session,
    },
    /// A `ParticipantProfile` changed.
    ParticipantChanged {
        /// How.
        change: ParticipantChange,
        /// As it is now, whole.
        participant: ParticipantProfile,
    },
    /// Somebody gave something: a moment, shown once.
    ContributionReceived {
        /// As it is now, whole.
        contribution: ContributionAlert,
    },
    /// Somebody who may told everyone something: a moment, shown once.
    AnnouncementMade {
        /// As it is now, whole.
        announcement: Announcement,
    },
    /// Somebody redeemed a reward that is announced: a moment, shown once. What becomes of the redemption is not
    /// told.
    RewardRedeemed {
        /// As it is now, whole.
        redemption: RedemptionAlert,
    },
    /// A `HypeTrain` changed.
    HypeTrainChanged {
        /// How.
        change: HypeTrainChange,
        /// As it is now, whole.
        train: HypeTrain,
    },
    /// Something of a kind that is newer than this version, or whose content it cannot read.
    Unknown {
        /// The kind's name in the schema, such as `PollOpened`.
        type_name: String,
    },
}

impl From<&core::RoomEvent> for EventKind {
    fn from(event: &core::RoomEvent) -> Self {
        match events::EventKind::of(event) {
            events::EventKind::RoomUpdated(room) => Self::RoomUpdated {
                room: room.into(),
            },
            events::EventKind::Session(change, session) => Self::SessionChanged {
                change: change.into(),
                session: session.into(),
            },
            events::EventKind::Participant(change, participant) => Self::ParticipantChanged {
                change: change.into(),
                participant: participant.into(),
            },
            events::EventKind::ContributionReceived(contribution) => Self::ContributionReceived {
                contribution: contribution.into(),
            },
            events::EventKind::AnnouncementMade(announcement) => Self::AnnouncementMade {
                announcement: announcement.into(),
            },
            events::EventKind::RewardRedeemed(redemption) => Self::RewardRedeemed {
                redemption: redemption.into(),
            },
            events::EventKind::HypeTrain(change, train) => Self::HypeTrainChanged {
                change: change.into(),
                train: train.into(),
            },
            events::EventKind::Unknown => Self::Unknown {
                type_name: event.type_name.clone(),
            },
        }
    }
}

impl EventKind {
    /// The texts that it has, by what the schema calls them.
    pub(crate) fn texts(&self) -> Vec<(&'static str, Option<&str>)> {
        match self {
            Self::RoomUpdated { room, .. } => vec![("id", Some(room.id.as_str())), ("slug", Some(room.slug.as_str())), ("title", Some(room.title.as_str()))],
            Self::SessionChanged { session, .. } => vec![("id", Some(session.id.as_str()))],
            Self::ParticipantChanged { participant, .. } => vec![("id", Some(participant.id.as_str())), ("name", Some(participant.name.as_str()))],
            Self::ContributionReceived { contribution, .. } => vec![("id", Some(contribution.id.as_str())), ("name", contribution.name.as_deref()), ("currency", contribution.currency.as_deref()), ("message", contribution.message.as_deref())],
            Self::AnnouncementMade { announcement, .. } => vec![("text", Some(announcement.text.as_str()))],
            Self::RewardRedeemed { redemption, .. } => vec![("id", Some(redemption.id.as_str())), ("rewardId", Some(redemption.reward_id.as_str())), ("participantId", Some(redemption.participant_id.as_str())), ("name", Some(redemption.name.as_str())), ("title", Some(redemption.title.as_str())), ("color", redemption.color.as_deref()), ("icon", redemption.icon.as_deref()), ("input", redemption.input.as_deref())],
            Self::HypeTrainChanged { train, .. } => vec![("id", Some(train.id.as_str())), ("lastReward", train.last_reward.as_deref()), ("nextReward", train.next_reward.as_deref())],
            Self::Unknown { .. } => Vec::new(),
        }
    }
}
