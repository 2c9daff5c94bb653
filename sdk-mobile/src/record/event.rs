//! Events and what they carry.

use super::{HypeTrain, HypeTrainChange, ParticipantChange, ParticipantProfile};
use parlor_sdk_core as core;

/// A fact in a room's log.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct RoomEvent {
    /// Its position in the log; unique within the log's epoch.
    pub seq: i64,
    /// When it happened.
    pub occurred_at_unix_millis: i64,
    /// When it happened, plus the stream's delay at that time.
    pub display_at_unix_millis: i64,
    /// Whether it applies on arrival or waits for the viewer's picture.
    pub timing: EventTiming,
    /// The part of the room's state that it replaces, such as `train`; nothing for a moment, which is
    /// shown once.
    pub part: Option<String>,
    /// What happened.
    pub kind: EventKind,
}

/// Whether an event applies on arrival or waits for the viewer's picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum EventTiming {
    /// It applies on arrival.
    Live,
    /// It waits for the viewer's picture.
    Picture,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum EventKind {
    /// The room's profile changed.
    RoomUpdated {
        /// The new one.
        profile: RoomProfile,
    },
    /// A live run of the room's stream began.
    SessionStarted {
        /// The run.
        session: Session,
    },
    /// The stream went away. It may come back within the same run.
    SessionInterrupted {
        /// The run.
        session: Session,
    },
    /// The stream is back.
    SessionResumed {
        /// The run.
        session: Session,
    },
    /// The live run ended; one whose stream did not come back, when that went away.
    SessionEnded {
        /// The run.
        session: Session,
    },
    /// Somebody whom the room shows by name came, went or changed.
    ParticipantChanged {
        /// How.
        change: ParticipantChange,
        /// The participant as they are now, whole.
        participant: ParticipantProfile,
    },
    /// Somebody gave something: a moment, shown once.
    ContributionReceived {
        /// What, and who.
        contribution: ContributionAlert,
    },
    /// The hype train changed.
    HypeTrainChanged {
        /// How.
        change: HypeTrainChange,
        /// The train as it is now, whole.
        train: HypeTrain,
    },
    /// Something of a kind that this version has never heard of, or whose content it cannot read.
    Unknown {
        /// The kind's name in the schema, such as `PollOpened`.
        type_name: String,
    },
}

/// What everyone who may read a room sees of it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum RoomState {
    /// Not yet open.
    Draft,
    /// Open.
    Open,
    /// Closed for good.
    Archived,
    /// A state that this version has never heard of.
    Unknown,
}

/// One live run of a room's stream.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Session {
    /// Global id.
    pub id: String,
    /// When it began.
    pub started_at_unix_millis: i64,
    /// Since when the stream is away, if it is.
    pub interrupted_at_unix_millis: Option<i64>,
    /// When it ended; nothing while it is live.
    pub ended_at_unix_millis: Option<i64>,
    /// The stream's delay.
    pub delay_ms: i64,
}

/// What the whole room sees of a contribution.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ContributionAlert {
    /// Global id.
    pub id: String,
    /// What was given.
    pub kind: ContributionKind,
    /// Who gave it, as typed: text, never markup. Nothing if anonymous.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum ContributionKind {
    /// Money.
    Donation,
    /// A paid membership.
    Membership,
    /// Paid memberships for others.
    GiftedMemberships,
    /// Something that this version has never heard of. Not to be reported.
    Unknown,
}

impl From<core::RoomEvent> for RoomEvent {
    fn from(event: core::RoomEvent) -> Self {
        Self {
            seq: event.seq,
            occurred_at_unix_millis: event.occurred_at.unix_millis(),
            display_at_unix_millis: event.display_at.unix_millis(),
            timing: match event.timing {
                core::EventTiming::Live => EventTiming::Live,
                core::EventTiming::Picture => EventTiming::Picture,
            },
            part: event.part,
            kind: event.kind.into(),
        }
    }
}

impl From<core::EventKind> for EventKind {
    fn from(kind: core::EventKind) -> Self {
        match kind {
            core::EventKind::RoomUpdated(profile) => Self::RoomUpdated {
                profile: profile.into(),
            },
            core::EventKind::Session(change, session) => {
                let session = session.into();
                match change {
                    core::SessionChange::Started => Self::SessionStarted { session },
                    core::SessionChange::Interrupted => Self::SessionInterrupted { session },
                    core::SessionChange::Resumed => Self::SessionResumed { session },
                    core::SessionChange::Ended => Self::SessionEnded { session },
                }
            }
            core::EventKind::Participant(change, participant) => Self::ParticipantChanged {
                change: change.into(),
                participant: participant.into(),
            },
            core::EventKind::ContributionReceived(contribution) => Self::ContributionReceived {
                contribution: contribution.into(),
            },
            core::EventKind::HypeTrain(change, train) => Self::HypeTrainChanged {
                change: change.into(),
                train: train.into(),
            },
            core::EventKind::Unknown { type_name } => Self::Unknown { type_name },
        }
    }
}

impl From<core::RoomProfile> for RoomProfile {
    fn from(profile: core::RoomProfile) -> Self {
        Self {
            id: profile.id,
            slug: profile.slug,
            title: profile.title,
            state: match profile.state {
                core::RoomState::Draft => RoomState::Draft,
                core::RoomState::Open => RoomState::Open,
                core::RoomState::Archived => RoomState::Archived,
                core::RoomState::Unknown => RoomState::Unknown,
            },
            ingest_offset_ms: profile.ingest_offset_ms,
            version: profile.version,
        }
    }
}

impl From<core::Session> for Session {
    fn from(session: core::Session) -> Self {
        Self {
            id: session.id,
            started_at_unix_millis: session.started_at.unix_millis(),
            interrupted_at_unix_millis: session.interrupted_at.map(core::ServerTime::unix_millis),
            ended_at_unix_millis: session.ended_at.map(core::ServerTime::unix_millis),
            delay_ms: session.delay_ms,
        }
    }
}

impl From<ContributionAlert> for core::ContributionAlert {
    fn from(contribution: ContributionAlert) -> Self {
        Self {
            id: contribution.id,
            kind: match contribution.kind {
                ContributionKind::Donation => core::ContributionKind::Donation,
                ContributionKind::Membership => core::ContributionKind::Membership,
                ContributionKind::GiftedMemberships => core::ContributionKind::GiftedMemberships,
                ContributionKind::Unknown => core::ContributionKind::Unknown,
            },
            name: contribution.name,
            amount: contribution.amount,
            currency: contribution.currency,
            tier: contribution.tier,
            quantity: contribution.quantity,
            message: contribution.message,
            hype: contribution.hype,
        }
    }
}

impl From<core::ContributionAlert> for ContributionAlert {
    fn from(contribution: core::ContributionAlert) -> Self {
        Self {
            id: contribution.id,
            kind: match contribution.kind {
                core::ContributionKind::Donation => ContributionKind::Donation,
                core::ContributionKind::Membership => ContributionKind::Membership,
                core::ContributionKind::GiftedMemberships => ContributionKind::GiftedMemberships,
                core::ContributionKind::Unknown => ContributionKind::Unknown,
            },
            name: contribution.name,
            amount: contribution.amount,
            currency: contribution.currency,
            tier: contribution.tier,
            quantity: contribution.quantity,
            message: contribution.message,
            hype: contribution.hype,
        }
    }
}
