//! The hype train as clients see it.

use async_graphql::{Enum, ID, SimpleObject};
use parlor_domain::hype_train;

use super::global_id::IdKind;
use super::scalar::{Int64, Time, int};

/// Where a hype train stands.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "hype_train::Phase")]
pub(crate) enum HypeTrainPhase {
    /// Contributions count towards kickoff.
    Approaching,
    /// It runs.
    Running,
    /// It has ended.
    Ended,
}

/// A hype train, whole.
#[derive(SimpleObject)]
pub(crate) struct HypeTrain {
    id: ID,
    /// Whether it gathers, runs or has ended.
    phase: HypeTrainPhase,
    /// The level being worked on; the first is 1. 0 if the kickoff lapsed.
    level: i32,
    /// Hype gathered towards `goal` within this level.
    progress: Int64,
    /// Hype that completes this level.
    goal: Int64,
    /// All hype of this train: the sum of its settled contributions. The level follows from it.
    total: Int64,
    /// Kickoff: contributions and distinct viewers still missing. Zero once running.
    kickoff_events_needed: i32,
    kickoff_viewers_needed: i32,
    /// When it began to gather; of a train that runs or ran, when it started.
    started_at: Time,
    /// When the train (or its kickoff window) ends if nothing more comes.
    expires_at: Time,
    ended_at: Option<Time>,
    /// Until when no other train starts.
    cooldown_ends_at: Option<Time>,
    /// The reward of the level last completed.
    last_reward: Option<String>,
    /// The reward of the level being worked on.
    next_reward: Option<String>,
    /// How many contributed: viewers once each, and each anonymous gift.
    contributor_count: i32,
    /// Who contributed most.
    top_contributor: Option<HypeTrainContributor>,
    /// Newest first, each contributor once, at most 8.
    recent_contributors: Vec<HypeTrainContributor>,
    /// Whether it has more than every other train of the room, of what was not taken back.
    is_record: bool,
}

/// Somebody who contributed to a hype train.
#[derive(SimpleObject)]
pub(crate) struct HypeTrainContributor {
    /// As typed: text, never markup. Null for an anonymous one.
    name: Option<String>,
    /// All their hype in this train.
    hype: Int64,
    /// The hype of their last contribution.
    last_hype: Int64,
}

impl From<&hype_train::HypeTrain> for HypeTrain {
    fn from(train: &hype_train::HypeTrain) -> Self {
        let recent = train
            .recent_contributors
            .iter()
            .map(HypeTrainContributor::from);

        Self {
            id: IdKind::HypeTrain.id(train.id.0),
            phase: train.phase.into(),
            level: int(train.level),
            progress: train.progress.into(),
            goal: train.goal.into(),
            total: train.total.into(),
            kickoff_events_needed: int(train.kickoff_events_needed),
            kickoff_viewers_needed: int(train.kickoff_viewers_needed),
            started_at: train.started_at.into(),
            expires_at: train.expires_at.into(),
            ended_at: train.ended_at.map(Time),
            cooldown_ends_at: train.cooldown_ends_at.map(Time),
            last_reward: train.last_reward.clone(),
            next_reward: train.next_reward.clone(),
            contributor_count: int(train.contributor_count),
            top_contributor: train
                .top_contributor
                .as_ref()
                .map(HypeTrainContributor::from),
            recent_contributors: recent.collect(),
            is_record: train.is_record,
        }
    }
}

impl From<&hype_train::Contributor> for HypeTrainContributor {
    fn from(contributor: &hype_train::Contributor) -> Self {
        Self {
            name: contributor.name.clone(),
            hype: contributor.hype.into(),
            last_hype: contributor.last_hype.into(),
        }
    }
}
