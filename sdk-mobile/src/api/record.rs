//! What goes into calls and comes out of them. Times are Unix milliseconds.

pub(crate) mod audit;
pub(crate) mod people;
pub(crate) mod points;

use crate::record::{ContributionKind, HypeTrainPhase, RoomState, Session};
use serde::{Deserialize, Serialize};

/// A room, as those who may read it see it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct RoomDetails {
    /// Global id.
    pub id: String,
    /// Name within its tenant, as in addresses.
    pub slug: String,
    /// Title as typed by its owner: text, never markup.
    pub title: String,
    /// The stream it belongs to, by the platform's own id.
    pub stream_id: Option<String>,
    /// Whether it is open.
    pub state: RoomState,
    /// Counts changes of the room.
    pub version: i64,
    /// The delay that a session takes when it is started without one.
    pub delay_ms: i64,
    /// How much later an instant appears on the stream's own timeline than it happened.
    pub ingest_offset_ms: i64,
    /// Whether anyone may read it without a token.
    pub anonymous_read: bool,
    /// Who may join it by themselves.
    pub admission: Admission,
    /// How many people the stage has places for.
    pub stage_size: i64,
    /// For how long the stream may be away within one session.
    pub interruption_grace_ms: i64,
    /// How many people are in the room, whether they are shown by name or not.
    pub participant_count: i64,
    /// How many of them follow it now.
    pub online_count: i64,
    /// The live session.
    pub session: Option<Session>,
    /// The present hype train: approaching, running, or the last one.
    pub train: Option<HypeTrainSummary>,
    /// When it was made.
    pub created_at_unix_millis: i64,
    /// When it was last changed.
    pub updated_at_unix_millis: i64,
}

/// Who may join a room by themselves. Staff lets anybody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, uniffi::Enum)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Admission {
    /// Whoever may read it and has a token of their own.
    Everyone,
    /// Those who have been in it.
    Known,
    /// A rule that this version has never heard of.
    #[serde(other)]
    Unknown,
}

/// A hype train, in figures.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct HypeTrainSummary {
    /// Global id.
    pub id: String,
    /// Whether it gathers, runs or has ended.
    pub phase: HypeTrainPhase,
    /// The level being worked on; the first is 1.
    pub level: i64,
    /// Hype gathered towards `goal` within this level.
    pub progress: i64,
    /// Hype that completes this level.
    pub goal: i64,
    /// All hype of this train.
    pub total: i64,
    /// When it began to gather.
    pub started_at_unix_millis: i64,
    /// When it ends if nothing more comes.
    pub expires_at_unix_millis: i64,
    /// When it ended.
    pub ended_at_unix_millis: Option<i64>,
    /// How many people contributed.
    pub contributor_count: i64,
    /// Whether this is the room's highest train so far.
    pub is_record: bool,
}

/// A room to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq, uniffi::Record)]
pub struct NewRoom {
    /// Name within its tenant, as in addresses.
    pub slug: String,
    /// Title: text, never markup.
    pub title: String,
    /// The stream it belongs to, by the platform's own id.
    #[uniffi(default = None)]
    pub stream_id: Option<String>,
    /// Draft unless given. Archived is refused.
    #[uniffi(default = None)]
    pub state: Option<RoomState>,
    /// The delay that a session takes when it is started without one. 0 unless given.
    #[uniffi(default = None)]
    pub delay_ms: Option<u32>,
    /// How much later an instant appears on the stream's own timeline than it happened. 0 unless
    /// given.
    #[uniffi(default = None)]
    pub ingest_offset_ms: Option<u32>,
    /// Whether anyone may read it without a token. False unless given.
    #[uniffi(default = None)]
    pub anonymous_read: Option<bool>,
    /// Who may join it by themselves: everyone unless given.
    #[uniffi(default = None)]
    pub admission: Option<Admission>,
    /// How many people the stage has places for: 1 to 50, 10 unless given.
    #[uniffi(default = None)]
    pub stage_size: Option<u32>,
    /// For how long the stream may be away within one session: up to an hour, ten minutes unless
    /// given.
    #[uniffi(default = None)]
    pub interruption_grace_ms: Option<u32>,
    /// What its hype trains run by. The server's own unless given.
    #[uniffi(default = None)]
    pub hype_train_program: Option<HypeTrainProgram>,
}

/// What hype trains run by.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct HypeTrainProgram {
    /// How many contributions start a train.
    pub kickoff_events: u32,
    /// From how many distinct viewers.
    pub kickoff_viewers: u32,
    /// Within how long.
    pub kickoff_window_ms: u32,
    /// The levels in order. The last repeats.
    pub levels: Vec<HypeTrainLevel>,
    /// How long a level lasts.
    pub seconds_per_level: u32,
    /// How long after a train no other starts.
    pub cooldown_ms: u32,
    /// As how many of the viewers anonymous gifts count; together as one, unless said otherwise.
    #[uniffi(default = None)]
    pub kickoff_anonymous: Option<AnonymousGifts>,
}

/// As how many viewers of a kickoff anonymous gifts count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, uniffi::Enum)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AnonymousGifts {
    /// As one, however many they are.
    Together,
    /// As nobody.
    Nobody,
    /// As one each.
    Each,
    /// A rule that this version has never heard of.
    #[serde(other)]
    Unknown,
}

/// One level of a hype train.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct HypeTrainLevel {
    /// Hype that completes it.
    pub goal: i64,
    /// What completing it brings.
    #[uniffi(default = None)]
    pub reward: Option<String>,
}

/// A room that was made.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct RoomSummary {
    /// Global id.
    pub id: String,
    /// Name within its tenant, as in addresses.
    pub slug: String,
    /// Title: text, never markup.
    pub title: String,
    /// Whether it is open.
    pub state: RoomState,
    /// Counts changes of the room.
    pub version: i64,
}

/// A contribution to be recorded.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ContributionReport {
    /// The room it was made in, by global id.
    pub room_id: String,
    /// The id of this message in the provider's own scope: the same one for every try.
    pub idempotency_key: String,
    /// What was given.
    pub kind: ContributionKind,
    /// Who reports the money, such as `stripe`. `staff` unless given.
    #[uniffi(default = None)]
    pub provider: Option<String>,
    /// Which contribution this message is about. The idempotency key unless given.
    #[uniffi(default = None)]
    pub contribution_ref: Option<String>,
    /// Settled unless given.
    #[uniffi(default = None)]
    pub status: Option<ContributionStatus>,
    /// In minor units of `currency`. Required, and positive, for a donation.
    #[uniffi(default = None)]
    pub amount: Option<i64>,
    /// An ISO 4217 code.
    #[uniffi(default = None)]
    pub currency: Option<String>,
    /// 1 to 3; required for memberships.
    #[uniffi(default = None)]
    pub tier: Option<u32>,
    /// How many memberships were gifted. 1 unless given.
    #[uniffi(default = None)]
    pub quantity: Option<u32>,
    /// Who gave it, by immutable id.
    #[uniffi(default = None)]
    pub viewer_id: Option<String>,
    /// Their name.
    #[uniffi(default = None)]
    pub viewer_name: Option<String>,
    /// What they wrote.
    #[uniffi(default = None)]
    pub message: Option<String>,
    /// When the provider says it happened. Now unless given.
    #[uniffi(default = None)]
    pub occurred_at_unix_millis: Option<i64>,
}

/// A contribution that was recorded.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Contribution {
    /// Global id.
    pub id: String,
    /// Which contribution it is, in the provider's words.
    pub contribution_ref: String,
    /// Where its money stands.
    pub status: ContributionStatus,
    /// What it adds to a hype train once settled.
    pub hype: i64,
    /// When it happened.
    pub occurred_at_unix_millis: i64,
}

/// Where a contribution's money stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum ContributionStatus {
    /// Promised.
    Pending,
    /// Paid: it counts.
    Settled,
    /// Taken back.
    Reversed,
    /// Something that this version has never heard of. Not to be reported.
    Unknown,
}
