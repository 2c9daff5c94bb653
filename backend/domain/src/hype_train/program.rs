//! What a hype train runs by.

use serde::{Deserialize, Serialize};

use crate::contribution::{ContributionKind, Gift, NotCounted};
use crate::invalid::{Invalid, check_range, check_words};

/// The most contributions a kickoff may ask for.
pub const KICKOFF_EVENTS_MAX: i64 = 100;
/// How many contributions an approaching train remembers: twice as many as start any, so that what somebody gives all by
/// themselves for a day, which starts none, stays cheap to keep.
pub(super) const KICKOFF_KEPT_MAX: usize = 200;
/// The longest kickoff window and cooldown: a day.
pub const SPAN_MS_MAX: i64 = 86_400_000;
/// The most levels a program may list; the last repeats, so more say nothing.
pub const LEVELS_MAX: usize = 100;
/// The last level, which is the largest number that GraphQL has an `Int` for.
pub const LEVEL_MAX: u32 = i32::MAX.unsigned_abs();
/// The largest goal. A sum of goals and contributions stays far inside 64 bits.
pub const GOAL_MAX: i64 = 1_000_000_000_000;
/// The longest time for a level, in seconds: an hour.
pub const SECONDS_PER_LEVEL_MAX: i64 = 3_600;
/// The most that donations may weigh, in basis points: a hundredfold, which makes euros of cents.
pub const DONATION_BP_MAX: i64 = 1_000_000;
/// The most that one membership may weigh. As many as can be gifted at once stay below the largest goal.
pub const MEMBERSHIP_HYPE_MAX: i64 = 1_000_000;
/// The longest reward text, in bytes: one line on screen.
pub const REWARD_BYTES_MAX: usize = 120;

/// The rules a train runs by. A running train keeps those it started with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    pub version: i32,
    /// How many contributions start a train.
    pub kickoff_events: u32,
    /// From how many distinct viewers.
    pub kickoff_viewers: u32,
    #[serde(default)]
    pub kickoff_anonymous: AnonymousGifts,
    pub kickoff_window_ms: i64,
    /// The last level repeats.
    pub levels: Vec<Level>,
    /// A level up gives this much time from then on.
    pub seconds_per_level: i64,
    pub cooldown_ms: i64,
    pub weights: Weights,
}

/// As how many viewers of a kickoff anonymous gifts count, which one person may have given or many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnonymousGifts {
    /// As one, however many they are: somebody has given them, and nobody starts a train alone.
    #[default]
    Together,
    Nobody,
    /// As one each.
    Each,
}

/// One level's goal, and what reaching it brings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    pub goal: i64,
    pub reward: Option<String>,
}

/// What contributions weigh, in hype.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weights {
    /// Hype for one minor unit of the room's reference currency, in basis points.
    #[serde(rename = "donation", alias = "donation_default_bp")]
    pub donation_bp: i64,
    /// Hype for one membership of tier 1, 2 and 3.
    pub membership: [i64; 3],
    /// The same for one that is gifted.
    #[serde(default = "membership_default")]
    pub gifted_membership: [i64; 3],
}

/// Basis points of one.
const ONE_BP: i64 = 10_000;

impl Default for Program {
    fn default() -> Self {
        let level = |goal| Level { goal, reward: None };

        Self {
            version: 1,
            kickoff_events: 3,
            kickoff_viewers: 2,
            kickoff_anonymous: AnonymousGifts::default(),
            kickoff_window_ms: 5 * 60_000,
            levels: [1_600, 1_800, 2_100, 2_300, 3_000].map(level).into(),
            seconds_per_level: 300,
            cooldown_ms: 60 * 60_000,
            weights: Weights::default(),
        }
    }
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            donation_bp: ONE_BP,
            membership: membership_default(),
            gifted_membership: membership_default(),
        }
    }
}

fn membership_default() -> [i64; 3] {
    [500, 1_000, 2_500]
}

impl Weights {
    /// What a donation of that worth, in minor units, adds to a train: rounded down.
    pub fn donation(&self, worth: i64) -> Result<i64, NotCounted> {
        if self.donation_bp == 0 {
            return Err(NotCounted::Weightless);
        }
        let hype = i128::from(worth) * i128::from(self.donation_bp) / i128::from(ONE_BP);

        match i64::try_from(hype).map_or(GOAL_MAX, |hype| hype.min(GOAL_MAX)) {
            0 => Err(NotCounted::TooSmall),
            hype => Ok(hype),
        }
    }

    /// What memberships add to a train, by their tier.
    pub fn memberships(&self, gift: &Gift) -> Result<i64, NotCounted> {
        let weights = match gift.kind {
            ContributionKind::GiftedMemberships => &self.gifted_membership,
            ContributionKind::Membership | ContributionKind::Donation => &self.membership,
        };
        let tier = usize::from(gift.tier.unwrap_or(1).clamp(1, 3)) - 1;

        match weights[tier].saturating_mul(gift.quantity).min(GOAL_MAX) {
            0 => Err(NotCounted::Weightless),
            hype => Ok(hype),
        }
    }

    fn check(&self) -> Result<(), Invalid> {
        let field = "weights.donationBasisPoints";
        check_range(field, self.donation_bp, 0, DONATION_BP_MAX)?;
        for hype in self.membership {
            check_range("weights.membership", hype, 0, MEMBERSHIP_HYPE_MAX)?;
        }
        for hype in self.gifted_membership {
            check_range("weights.giftedMembership", hype, 0, MEMBERSHIP_HYPE_MAX)?;
        }

        Ok(())
    }
}

impl Program {
    /// The level numbered `number`, from 1.
    pub fn level(&self, number: u32) -> &Level {
        let index = usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
        let last = self.levels.last().expect("a checked program has a level");

        self.levels.get(index).unwrap_or(last)
    }

    /// The level that a total has climbed to, from 1, and how far it is beyond that level's beginning. The bar of the
    /// last level there is stays full.
    pub(crate) fn climbed(&self, total: i64) -> (u32, i64) {
        let mut level = 1;
        let mut progress = total;
        for listed in &self.levels[..self.levels.len() - 1] {
            if progress < listed.goal {
                return (level, progress);
            }
            progress -= listed.goal;
            level += 1;
        }
        // The last level repeats, so however many of it are done in one step.
        let goal = self.level(level).goal;
        let repeats = u32::try_from(progress / goal).unwrap_or(LEVEL_MAX);
        if repeats > LEVEL_MAX - level {
            return (LEVEL_MAX, goal);
        }

        (level + repeats, progress % goal)
    }

    /// Checks every limit.
    pub fn check(&self) -> Result<(), Invalid> {
        check_range(
            "kickoffEvents",
            self.kickoff_events.into(),
            1,
            KICKOFF_EVENTS_MAX,
        )?;
        let viewers_max = self.kickoff_events.into();
        check_range(
            "kickoffViewers",
            self.kickoff_viewers.into(),
            1,
            viewers_max,
        )?;
        check_range(
            "kickoffWindowMs",
            self.kickoff_window_ms,
            1_000,
            SPAN_MS_MAX,
        )?;
        let levels = i64::try_from(self.levels.len()).unwrap_or(i64::MAX);
        check_range(
            "levels",
            levels,
            1,
            i64::try_from(LEVELS_MAX).unwrap_or(i64::MAX),
        )?;
        for level in &self.levels {
            check_range("levels.goal", level.goal, 1, GOAL_MAX)?;
            if let Some(reward) = &level.reward {
                check_words("levels.reward", reward, 1, REWARD_BYTES_MAX)?;
            }
        }
        check_range(
            "secondsPerLevel",
            self.seconds_per_level,
            5,
            SECONDS_PER_LEVEL_MAX,
        )?;
        check_range("cooldownMs", self.cooldown_ms, 0, SPAN_MS_MAX)?;
        self.weights.check()
    }
}
