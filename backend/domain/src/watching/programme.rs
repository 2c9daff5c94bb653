//! What watching earns.

use serde::{Deserialize, Serialize};

use super::multiplied::{MULTIPLIER_BP_MAX, Multiplied, ONE_BP};
use super::varint::{self, Garbled, Reader};
use crate::books::TRANSFER_POINTS_MAX;
use crate::contribution::TIER_MAX;
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

/// How many tiers of membership there are.
const TIERS: usize = 3;

const _: () = assert!(TIER_MAX == 3, "`TIERS` is as many");
const _: () = assert!(BONUS_POINTS_MAX * MULTIPLIER_BP_MAX / ONE_BP <= TRANSFER_POINTS_MAX);

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
    #[serde(default)]
    pub multipliers: Multipliers,
}

/// What paid memberships multiply `points` by, in basis points, from the lowest tier to the highest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Multipliers(pub [i64; TIERS]);

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
    pub multipliers: Option<Multipliers>,
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
            multipliers: Multipliers::default(),
        }
    }
}

impl Default for Multipliers {
    fn default() -> Self {
        Self([ONE_BP; TIERS])
    }
}

impl Multipliers {
    /// What the membership of a tier multiplies by.
    pub fn of_tier(self, tier: u8) -> i64 {
        let place = usize::from(tier).checked_sub(1);

        place
            .and_then(|place| self.0.get(place))
            .copied()
            .unwrap_or(ONE_BP)
    }

    /// Whether memberships make a difference.
    pub fn is_any(self) -> bool {
        self != Self::default()
    }

    fn check(self) -> Result<(), Invalid> {
        // Whoever pays more has no less.
        let mut lowest = ONE_BP;
        for multiplier_bp in self.0 {
            check_range(
                "membershipMultipliersBp",
                multiplier_bp,
                lowest,
                MULTIPLIER_BP_MAX,
            )?;
            lowest = multiplier_bp;
        }

        Ok(())
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
            multipliers: change.multipliers.unwrap_or(self.multipliers),
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

        self.multipliers.check()?;
        self.stamp_card.map_or(Ok(()), StampCard::check)
    }

    /// The most points that a slot may bring.
    pub(crate) fn slot_points_max(&self) -> i64 {
        let card = self.stamp_card.map_or(0, |card| card.points);
        let [.., highest_bp] = self.multipliers.0;
        // A remainder that is kept may make one more of it.
        self.points * highest_bp / ONE_BP + 1 + self.first_watch_bonus + card
    }

    /// The rules of what a slot brings, as they stand in the journal beside what they brought, with whom they were
    /// multiplied for. Which slots count is no part of them.
    pub(super) fn encode(&self, multiplied: &Multiplied) -> Vec<u8> {
        let mut bytes = Vec::new();
        for number in [self.points, self.slots, self.first_watch_bonus] {
            varint::put_count(&mut bytes, number);
        }
        if let Some(card) = self.stamp_card {
            for number in [card.points, card.stamps, card.sessions, card.slots] {
                varint::put_count(&mut bytes, number);
            }
        }
        if !multiplied.is_empty() {
            // No stamp card brings nothing, by which it is told that none begins here.
            varint::put(&mut bytes, 0);
            multiplied.encode(&mut bytes);
        }

        bytes
    }

    /// The rules of that version, by which something was credited, with whom they were multiplied for.
    pub(super) fn decode(version: i32, bytes: &[u8]) -> Result<(Self, Multiplied), Garbled> {
        let mut reader = Reader::new(bytes);
        let mut programme = Self {
            version,
            is_enabled: true,
            is_observed_only: false,
            points: reader.take()?,
            slots: reader.take()?,
            first_watch_bonus: reader.take()?,
            stamp_card: None,
            // What they are for each tier does not matter any more.
            multipliers: Multipliers::default(),
        };
        let mut multiplied = Multiplied::default();
        while !reader.is_at_end() {
            match reader.take()? {
                0 if multiplied.is_empty() => multiplied = Multiplied::decode(&mut reader)?,
                points if programme.stamp_card.is_none() && multiplied.is_empty() => {
                    programme.stamp_card = Some(StampCard {
                        points,
                        stamps: reader.take()?,
                        sessions: reader.take()?,
                        slots: reader.take()?,
                    });
                }
                _ => return Err(Garbled),
            }
        }
        if programme.check().is_err() {
            return Err(Garbled);
        }

        Ok((programme, multiplied))
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
