//! What watching earns.

use serde::{Deserialize, Serialize};

use super::varint::{self, Garbled, Reader};
use crate::books::TRANSFER_POINTS_MAX;
use crate::invalid::{Invalid, check_range};

/// The most slots that one credit may ask for: a day of watching.
pub const CREDIT_SLOTS_MAX: i64 = 1_440;
/// The most points that one slot may bring by a rule. A thousand members that are each given all three are
/// far inside of what the room's totals hold.
pub const BONUS_POINTS_MAX: i64 = 1_000_000;
/// How many sessions a stamp card may look back on: as many as a member's mask of sessions has places for.
pub const STAMP_SESSIONS_MAX: i64 = 32;
/// The most slots that a stamp may ask for: as long as a session may reasonably be.
pub const STAMP_SLOTS_MAX: i64 = 1_440;

const _: () = assert!(BONUS_POINTS_MAX <= TRANSFER_POINTS_MAX);

/// The rules that a room's viewers earn points by. A session keeps those that it started with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarningProgramme {
    /// Counts changes, so that one made against an older state is refused.
    pub version: i32,
    pub is_enabled: bool,
    /// Whether only what the tenant's server saw counts, and no word of a viewer's own devices.
    #[serde(default)]
    pub is_observed_only: bool,
    /// How many points `slots` bring.
    pub points: i64,
    pub slots: i64,
    /// What the first slot ever in the room brings beside; 0 for nothing.
    pub first_watch_bonus: i64,
    pub stamp_card: Option<StampCard>,
}

/// Points for coming back: for so many of the last so many sessions, whichever, so that one that was missed
/// wipes nothing out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StampCard {
    /// What a full card brings, which then begins anew.
    pub points: i64,
    /// How many stamps make it full.
    pub stamps: i64,
    /// Among how many sessions.
    pub sessions: i64,
    /// How many slots of a session are a stamp.
    pub slots: i64,
}

/// What is changed of a programme; `None` leaves it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EarningChange {
    pub is_enabled: Option<bool>,
    pub is_observed_only: Option<bool>,
    pub points: Option<i64>,
    pub slots: Option<i64>,
    pub first_watch_bonus: Option<i64>,
    pub stamp_card: Option<Option<StampCard>>,
}

impl Default for EarningProgramme {
    fn default() -> Self {
        Self {
            version: 1,
            is_enabled: true,
            is_observed_only: false,
            points: 10,
            slots: 5,
            first_watch_bonus: 0,
            stamp_card: None,
        }
    }
}

impl EarningProgramme {
    /// The programme with `change` made to it, at the next version, or what is wrong with that.
    pub(crate) fn changed(&self, change: &EarningChange) -> Result<Self, Invalid> {
        let changed = Self {
            version: self.version + 1,
            is_enabled: change.is_enabled.unwrap_or(self.is_enabled),
            is_observed_only: change.is_observed_only.unwrap_or(self.is_observed_only),
            points: change.points.unwrap_or(self.points),
            slots: change.slots.unwrap_or(self.slots),
            first_watch_bonus: change.first_watch_bonus.unwrap_or(self.first_watch_bonus),
            stamp_card: change.stamp_card.unwrap_or(self.stamp_card),
        };
        changed.check()?;

        Ok(changed)
    }

    fn check(&self) -> Result<(), Invalid> {
        check_range("points", self.points, 0, BONUS_POINTS_MAX)?;
        check_range("slots", self.slots, 1, CREDIT_SLOTS_MAX)?;
        check_range(
            "firstWatchBonus",
            self.first_watch_bonus,
            0,
            BONUS_POINTS_MAX,
        )?;

        self.stamp_card.map_or(Ok(()), StampCard::check)
    }

    /// The most points that a slot may bring.
    pub(crate) fn slot_points_max(&self) -> i64 {
        let card = self.stamp_card.map_or(0, |card| card.points);
        // A remainder that is kept may make one more of it.
        self.points + 1 + self.first_watch_bonus + card
    }

    /// The rules of what a slot brings, as they stand in the journal beside what they brought. Which slots count is no
    /// part of them.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for number in [self.points, self.slots, self.first_watch_bonus] {
            varint::put_count(&mut bytes, number);
        }
        if let Some(card) = self.stamp_card {
            for number in [card.points, card.stamps, card.sessions, card.slots] {
                varint::put_count(&mut bytes, number);
            }
        }

        bytes
    }

    /// The rules of that version, by which something was credited.
    pub(super) fn decode(version: i32, bytes: &[u8]) -> Result<Self, Garbled> {
        let mut reader = Reader::new(bytes);
        let mut programme = Self {
            version,
            is_enabled: true,
            is_observed_only: false,
            points: reader.take()?,
            slots: reader.take()?,
            first_watch_bonus: reader.take()?,
            stamp_card: None,
        };
        if !reader.is_at_end() {
            programme.stamp_card = Some(StampCard {
                points: reader.take()?,
                stamps: reader.take()?,
                sessions: reader.take()?,
                slots: reader.take()?,
            });
        }
        if !reader.is_at_end() || programme.check().is_err() {
            return Err(Garbled);
        }

        Ok(programme)
    }
}

impl StampCard {
    fn check(self) -> Result<(), Invalid> {
        check_range("stampCard.points", self.points, 1, BONUS_POINTS_MAX)?;
        check_range("stampCard.sessions", self.sessions, 1, STAMP_SESSIONS_MAX)?;
        check_range("stampCard.stamps", self.stamps, 1, self.sessions)?;
        check_range("stampCard.slots", self.slots, 1, STAMP_SLOTS_MAX)
    }
}
