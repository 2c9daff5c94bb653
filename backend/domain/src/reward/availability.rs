//! When a reward can be redeemed, by what goes on in the room.

use serde::{Deserialize, Serialize};

use crate::invalid::{Invalid, check_range, check_words};

/// The longest part of a title that is asked for, in bytes: a game's name, or a show's.
pub(crate) const TITLE_PART_BYTES_MAX: usize = 100;
/// The highest level that is asked for: beyond what the longest trains have reached anywhere.
pub(crate) const TRAIN_LEVEL_MAX: i64 = 1_000;
/// The most people that are asked for: beyond any audience.
pub(crate) const ONLINE_MAX: i64 = 10_000_000;

/// What has to be so for a reward to be redeemed. What is not set asks for nothing; whether a session has to be
/// live is a switch of the terms.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Availability {
    /// The room's title holds this, whether in capitals or not.
    pub title_contains: Option<String>,
    /// A hype train runs, at this level at least.
    pub train_level_min: Option<u32>,
    /// So many participants are online at least.
    pub online_min: Option<i64>,
}

/// What goes on in the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomFacts<'a> {
    pub title: &'a str,
    /// The level of the train that runs.
    pub train_level: Option<u32>,
    /// How many participants are online.
    pub online: i64,
}

/// What is not as a reward asks for it, in the order checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnmetRule {
    #[error("the room's title does not hold `{0}`")]
    TitleContains(String),
    #[error("it takes a hype train at level {least}")]
    TrainLevelMin { least: u32 },
    #[error("it takes {least} participants online, and {online} are")]
    OnlineMin { least: i64, online: i64 },
}

impl Availability {
    /// Checks what staff gave.
    pub(super) fn check(&self) -> Result<(), Invalid> {
        if let Some(part) = &self.title_contains {
            check_words("availability.titleContains", part, 1, TITLE_PART_BYTES_MAX)?;
        }
        if let Some(level) = self.train_level_min {
            check_range(
                "availability.trainLevelMin",
                level.into(),
                1,
                TRAIN_LEVEL_MAX,
            )?;
        }
        if let Some(online) = self.online_min {
            check_range("availability.onlineMin", online, 1, ONLINE_MAX)?;
        }

        Ok(())
    }

    /// The first rule that the facts do not meet.
    pub(crate) fn unmet(&self, facts: RoomFacts<'_>) -> Option<UnmetRule> {
        if let Some(part) = &self.title_contains
            && !facts.title.to_lowercase().contains(&part.to_lowercase())
        {
            return Some(UnmetRule::TitleContains(part.clone()));
        }
        if let Some(least) = self.train_level_min
            && facts.train_level.is_none_or(|level| level < least)
        {
            return Some(UnmetRule::TrainLevelMin { least });
        }
        let online = facts.online;
        self.online_min
            .filter(|least| online < *least)
            .map(|least| UnmetRule::OnlineMin { least, online })
    }
}
