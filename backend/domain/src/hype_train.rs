//! The hype train: a fold over settled contributions.
//!
//! A train approaches while contributions gather within the kickoff window, runs through levels
//! while they keep coming, and ends when its time runs out. A level never goes down.

pub mod program;
mod recent;
mod train;

use serde::{Deserialize, Serialize};

pub use program::{AnonymousGifts, Level, Program, Weights};
pub use train::{KickoffEntry, Train, TrainRow};

use crate::id::{HypeTrainId, ViewerId};
use crate::time::ServerTime;

/// How many contributors an event names. As many cars as fit the picture.
pub const RECENT_CONTRIBUTORS_MAX: usize = 8;

/// What the room sees of a train; an event carries it whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HypeTrain {
    pub id: HypeTrainId,
    pub phase: Phase,
    /// The level being worked on, from 1; 0 while approaching.
    pub level: u32,
    /// Hype gathered towards `goal` within this level.
    pub progress: i64,
    pub goal: i64,
    /// All hype: the sum of the train's settled contributions.
    pub total: i64,
    pub kickoff_events_needed: u32,
    pub kickoff_viewers_needed: u32,
    pub started_at: ServerTime,
    pub expires_at: ServerTime,
    pub ended_at: Option<ServerTime>,
    pub cooldown_ends_at: Option<ServerTime>,
    pub last_reward: Option<String>,
    pub next_reward: Option<String>,
    pub contributor_count: u32,
    pub top_contributor: Option<Contributor>,
    /// Newest first, each person once.
    pub recent_contributors: Vec<Contributor>,
    pub is_record: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Approaching,
    Running,
    Ended,
}

/// A person (or an anonymous gift) aboard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contributor {
    /// Not shown; tells people of one name apart. `None` for an anonymous gift.
    pub viewer_id: Option<ViewerId>,
    pub name: Option<String>,
    /// All their hype in this train.
    pub hype: i64,
    /// What they last added.
    pub last_hype: i64,
    /// When `hype` became what it is, among the train's changes: of equals, who had theirs first leads. No part of what
    /// is shown.
    #[serde(skip)]
    pub turn: i64,
}

impl Contributor {
    /// As a train shows them.
    fn shown(&self) -> Self {
        Self {
            turn: 0,
            ..self.clone()
        }
    }
}
