//! The hype train.

use parlor_sdk_core as core;

/// A hype train, whole.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
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
    pub started_at_unix_millis: i64,
    /// When it ends if nothing more comes.
    pub expires_at_unix_millis: i64,
    /// When it ended.
    pub ended_at_unix_millis: Option<i64>,
    /// Until when no other train starts.
    pub cooldown_ends_at_unix_millis: Option<i64>,
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

/// How a hype train changed.
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
    /// A reversal lowered the total.
    Corrected,
    /// The train, or its kickoff, ran out of time.
    Ended,
}

/// Where a hype train stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum HypeTrainPhase {
    /// Contributions count towards kickoff.
    Approaching,
    /// It runs.
    Running,
    /// It has ended.
    Ended,
    /// A phase that this version has never heard of.
    Unknown,
}

/// Somebody who contributed to a hype train.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct HypeTrainContributor {
    /// As typed: text, never markup. Nothing if anonymous.
    pub name: Option<String>,
    /// All their hype in this train.
    pub hype: i64,
    /// The hype of their last contribution.
    pub last_hype: i64,
}

impl From<core::HypeTrain> for HypeTrain {
    fn from(train: core::HypeTrain) -> Self {
        Self {
            id: train.id,
            phase: match train.phase {
                core::HypeTrainPhase::Approaching => HypeTrainPhase::Approaching,
                core::HypeTrainPhase::Running => HypeTrainPhase::Running,
                core::HypeTrainPhase::Ended => HypeTrainPhase::Ended,
                core::HypeTrainPhase::Unknown => HypeTrainPhase::Unknown,
            },
            level: train.level,
            progress: train.progress,
            goal: train.goal,
            total: train.total,
            kickoff_events_needed: train.kickoff_events_needed,
            kickoff_viewers_needed: train.kickoff_viewers_needed,
            started_at_unix_millis: train.started_at.unix_millis(),
            expires_at_unix_millis: train.expires_at.unix_millis(),
            ended_at_unix_millis: train.ended_at.map(core::ServerTime::unix_millis),
            cooldown_ends_at_unix_millis: train.cooldown_ends_at.map(core::ServerTime::unix_millis),
            last_reward: train.last_reward,
            next_reward: train.next_reward,
            contributor_count: train.contributor_count,
            top_contributor: train.top_contributor.map(Into::into),
            recent_contributors: train
                .recent_contributors
                .into_iter()
                .map(Into::into)
                .collect(),
            is_record: train.is_record,
        }
    }
}

impl From<core::HypeTrainChange> for HypeTrainChange {
    fn from(change: core::HypeTrainChange) -> Self {
        match change {
            core::HypeTrainChange::Approached => Self::Approached,
            core::HypeTrainChange::Started => Self::Started,
            core::HypeTrainChange::Progressed => Self::Progressed,
            core::HypeTrainChange::LeveledUp => Self::LeveledUp,
            core::HypeTrainChange::Corrected => Self::Corrected,
            core::HypeTrainChange::Ended => Self::Ended,
        }
    }
}

impl From<core::HypeTrainContributor> for HypeTrainContributor {
    fn from(contributor: core::HypeTrainContributor) -> Self {
        Self {
            name: contributor.name,
            hype: contributor.hype,
            last_hype: contributor.last_hype,
        }
    }
}
