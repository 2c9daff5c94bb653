//! What happens in a room, as an application sees it.

use crate::participant::{ParticipantChange, ParticipantProfile};
use crate::time::ServerTime;
use alloc::string::String;
use alloc::vec::Vec;

/// A fact in a room's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomEvent {
    /// Its position in the log; unique within the log's epoch.
    pub seq: i64,
    /// When it happened.
    pub occurred_at: ServerTime,
    /// `occurred_at` plus the stream's delay at that time.
    pub display_at: ServerTime,
    /// Whether it applies on arrival or waits for the viewer's picture.
    pub timing: EventTiming,
    /// The part of the room's state that it replaces, such as `train`; `None` for a moment, which is
    /// shown once.
    pub part: Option<String>,
    /// What happened.
    pub kind: EventKind,
}

/// Whether an event applies on arrival or waits for the viewer's picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventTiming {
    /// It applies on arrival.
    Live,
    /// It waits for the viewer's picture.
    Picture,
}

/// What happened. When it is shown, and what it replaces, is told by the event's timing and part
/// alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKind {
    /// The room's profile changed; this is the new one.
    RoomUpdated(RoomProfile),
    /// The live run of the room's stream changed; it is carried whole.
    Session(SessionChange, Session),
    /// Somebody gave something: a moment, shown once.
    ContributionReceived(ContributionAlert),
    /// Somebody whom the room shows by name changed; they are carried whole.
    Participant(ParticipantChange, ParticipantProfile),
    /// The hype train changed; it is carried whole.
    HypeTrain(HypeTrainChange, HypeTrain),
    /// Something of a kind that this build has never heard of, or whose content it cannot read.
    Unknown {
        /// The kind's name in the schema, such as `PollOpened`.
        type_name: String,
    },
}

/// How the live run of a room's stream changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionChange {
    /// It began.
    Started,
    /// The stream went away. It may come back within the same run.
    Interrupted,
    /// The stream is back.
    Resumed,
    /// It ended; one whose stream did not come back, when that went away.
    Ended,
}

/// How the hype train changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HypeTrainChange {
    /// A contribution counted towards kickoff.
    Approached,
    /// The train set off.
    Started,
    /// Hype was added within a level.
    Progressed,
    /// A level was completed.
    LeveledUp,
    /// A reversal lowered the total.
    Corrected,
    /// The train, or its kickoff, ran out of time.
    Ended,
}

/// What everyone who may read a room sees of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomProfile {
    /// Global id.
    pub id: String,
    /// Name within its tenant, as in addresses.
    pub slug: String,
    /// Title as typed by its owner: text, never markup.
    pub title: String,
    /// Whether it is open.
    pub state: RoomState,
    /// How much later an instant appears on the stream's own timeline than it happened.
    pub ingest_offset_ms: i64,
    /// Counts changes of the room.
    pub version: i32,
}

/// Whether a room is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoomState {
    /// Not yet open.
    Draft,
    /// Open.
    Open,
    /// Closed for good.
    Archived,
    /// A state that this build has never heard of.
    Unknown,
}

/// One live run of a room's stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Global id.
    pub id: String,
    /// When it began.
    pub started_at: ServerTime,
    /// Since when the stream is away, if it is.
    pub interrupted_at: Option<ServerTime>,
    /// When it ended; `None` while it is live.
    pub ended_at: Option<ServerTime>,
    /// The stream's delay.
    pub delay_ms: i64,
}

/// What the whole room sees of a contribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContributionAlert {
    /// Global id.
    pub id: String,
    /// What was given.
    pub kind: ContributionKind,
    /// Who gave it, as typed: text, never markup. `None` if anonymous.
    pub name: Option<String>,
    /// In minor units of `currency`.
    pub amount: Option<i64>,
    /// An ISO 4217 code.
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

/// What was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContributionKind {
    /// Money.
    Donation,
    /// A paid membership.
    Membership,
    /// Paid memberships for others.
    GiftedMemberships,
    /// Something that this build has never heard of.
    Unknown,
}

/// A hype train, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HypeTrain {
    /// Global id.
    pub id: String,
    /// Whether it gathers, runs or has ended.
    pub phase: HypeTrainPhase,
    /// The level being worked on; the first is 1. 0 if the kickoff lapsed.
    pub level: i32,
    /// Hype gathered towards `goal` within this level.
    pub progress: i64,
    /// Hype that completes this level.
    pub goal: i64,
    /// All hype of this train.
    pub total: i64,
    /// Contributions still missing for kickoff.
    pub kickoff_events_needed: i32,
    /// Distinct contributors still missing for kickoff.
    pub kickoff_viewers_needed: i32,
    /// When it began to gather.
    pub started_at: ServerTime,
    /// When it ends if nothing more comes.
    pub expires_at: ServerTime,
    /// When it ended.
    pub ended_at: Option<ServerTime>,
    /// Until when no other train starts.
    pub cooldown_ends_at: Option<ServerTime>,
    /// The reward of the level last completed.
    pub last_reward: Option<String>,
    /// The reward of the level being worked on.
    pub next_reward: Option<String>,
    /// How many people contributed.
    pub contributor_count: i32,
    /// Who contributed most.
    pub top_contributor: Option<HypeTrainContributor>,
    /// Newest first, each contributor once, at most 8.
    pub recent_contributors: Vec<HypeTrainContributor>,
    /// Whether this is the room's highest train so far.
    pub is_record: bool,
}

/// Where a hype train stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HypeTrainPhase {
    /// Contributions count towards kickoff.
    Approaching,
    /// It runs.
    Running,
    /// It has ended.
    Ended,
    /// A phase that this build has never heard of.
    Unknown,
}

/// Somebody who contributed to a hype train.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HypeTrainContributor {
    /// As typed: text, never markup. `None` if anonymous.
    pub name: Option<String>,
    /// All their hype in this train.
    pub hype: i64,
    /// The hype of their last contribution.
    pub last_hype: i64,
}

impl RoomEvent {
    /// Returns whether it applies on arrival, rather than when the viewer's picture gets there.
    pub const fn is_live(&self) -> bool {
        matches!(self.timing, EventTiming::Live)
    }
}

impl EventKind {
    /// Returns the kind's name in the schema, such as `HypeTrainLeveledUp`.
    pub const fn name(&self) -> &str {
        match self {
            Self::RoomUpdated(_) => "RoomUpdated",
            Self::Session(change, _) => change.name(),
            Self::ContributionReceived(_) => "ContributionReceived",
            Self::Participant(change, _) => change.name(),
            Self::HypeTrain(change, _) => change.name(),
            Self::Unknown { type_name } => type_name.as_str(),
        }
    }

    /// Returns the train that it carries, if it carries one.
    pub const fn train(&self) -> Option<&HypeTrain> {
        match self {
            Self::HypeTrain(_, train) => Some(train),
            Self::RoomUpdated(_)
            | Self::Session(..)
            | Self::Participant(..)
            | Self::ContributionReceived(_)
            | Self::Unknown { .. } => None,
        }
    }
}

impl SessionChange {
    /// Returns the name of the event in the schema, such as `SessionStarted`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Started => "SessionStarted",
            Self::Interrupted => "SessionInterrupted",
            Self::Resumed => "SessionResumed",
            Self::Ended => "SessionEnded",
        }
    }
}

impl HypeTrainChange {
    /// Returns the name of the event in the schema, such as `HypeTrainLeveledUp`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approached => "HypeTrainApproached",
            Self::Started => "HypeTrainStarted",
            Self::Progressed => "HypeTrainProgressed",
            Self::LeveledUp => "HypeTrainLeveledUp",
            Self::Corrected => "HypeTrainCorrected",
            Self::Ended => "HypeTrainEnded",
        }
    }
}

impl Session {
    /// Returns whether it has not ended. The stream may be away.
    pub const fn is_live(&self) -> bool {
        self.ended_at.is_none()
    }
}
