//! A draw: entries are taken for a while, and lots decide which of them win.
//!
//! Anyone can do it again. The digest of a secret seed is told while entries are taken, and the seed when they are
//! drawn: of each entry a ticket is computed from the seed and the entry's id, and the lowest tickets win.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Redemption, Reward, Terms};
use crate::books::Digest;
use crate::id::{DrawId, IdSource, RedemptionId, RewardId, SessionId};
use crate::invalid::{Invalid, check_range};
use crate::time::ServerTime;

/// The shortest that entries are taken: less is won by whoever has the better line again.
pub(crate) const WINDOW_MS_MIN: i64 = 5_000;
/// The longest: an hour, for what is entered is held all the while.
pub(crate) const WINDOW_MS_MAX: i64 = 3_600_000;
/// The most winners, each of whom the room may be told of at once.
pub(crate) const WINNERS_MAX: i64 = 100;
/// The most entries of a draw. All of them are decided in one commit, under the room's lock, which holds up what else
/// the room does meanwhile.
pub const ENTRIES_MAX: i64 = 2_000;
/// The most entries of all of a room's open draws together: two that are full. Whatever was due while no server ran is
/// decided in one commit, which takes about a second with so many of them, and may take eight.
pub const ROOM_ENTRIES_MAX: i64 = 4_000;

/// How a reward is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrawRules {
    /// For how long entries are taken, in milliseconds.
    pub window_ms: i64,
    /// How many of them win, if there are so many, and so many places.
    pub winners: i64,
}

/// Entries of one window, and what becomes of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draw {
    pub id: DrawId,
    pub reward_id: RewardId,
    /// What the reward was as the first entry was made, by which all are held and drawn.
    pub terms: Terms,
    /// The session that its winners are counted in.
    pub session_id: Option<SessionId>,
    /// Whether no session was live as it was opened.
    pub made_offline: bool,
    pub opened_at: ServerTime,
    /// No entry is taken from then on.
    pub closes_at: ServerTime,
    pub seed: Seed,
    /// How many entries it has, those that were canceled left out.
    pub entries: i64,
    pub outcome: Option<Outcome>,
}

/// What was drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub drawn_at: ServerTime,
    /// How many could win: those that the rules say, or as many as places were left.
    pub places: i64,
    /// The lowest ticket first.
    pub winners: Vec<RedemptionId>,
}

/// What tickets are computed from: a secret until the draw.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Seed(pub [u8; 32]);

/// Which limit keeps an entry out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryLimit {
    #[error("the draw has {ENTRIES_MAX} entries, and takes no more")]
    OfDraw,
    #[error(
        "the room's open draws have {ROOM_ENTRIES_MAX} entries together, and take no more until one is drawn"
    )]
    OfRoom,
}

impl DrawRules {
    /// Checks what staff gave.
    pub(super) fn check(self) -> Result<(), Invalid> {
        let (least, most) = (WINDOW_MS_MIN, WINDOW_MS_MAX);
        check_range("draw.windowMs", self.window_ms, least, most)?;
        check_range("draw.winners", self.winners, 1, WINNERS_MAX)
    }
}

impl Draw {
    /// The reward as it is offered while entries are taken: on the terms of the first one, and only where it may be
    /// had at all by now.
    #[must_use]
    pub fn offered(&self, reward: &Reward) -> Reward {
        let now = &reward.terms;
        let terms = Terms {
            is_enabled: now.is_enabled,
            is_paused: now.is_paused,
            redeemable_offline: now.redeemable_offline,
            availability: now.availability.clone(),
            ..self.terms.clone()
        };

        Reward {
            terms,
            ..reward.clone()
        }
    }

    /// Whether an entry is taken at `at`.
    pub fn is_open(&self, at: ServerTime) -> bool {
        self.outcome.is_none() && at < self.closes_at
    }

    /// Whether it is to be drawn by `at`, and was not.
    pub fn is_due(&self, at: ServerTime) -> bool {
        self.outcome.is_none() && self.closes_at <= at
    }

    /// How many win, if there are so many entries, and so many places.
    pub fn winners_max(&self) -> i64 {
        self.terms.draw.map_or(0, |rules| rules.winners)
    }

    /// Those of `entries` that win if so many can, the lowest ticket first.
    pub fn winners_of(
        &self,
        entries: impl IntoIterator<Item = RedemptionId>,
        places: i64,
    ) -> Vec<RedemptionId> {
        let tickets = entries.into_iter().map(|id| (self.seed.ticket(id).0, id));
        let mut tickets: Vec<_> = tickets.collect();
        tickets.sort_unstable();
        tickets.truncate(usize::try_from(places).unwrap_or(0));

        tickets.into_iter().map(|(_, id)| id).collect()
    }
}

impl Seed {
    /// Makes one of ids, each of which holds 74 bits that nobody can foresee.
    pub(crate) fn next(ids: &mut impl IdSource) -> Self {
        let mut hasher = Sha256::new();
        hasher.update("parlor draw");
        for _ in 0..4 {
            hasher.update(ids.next_id());
        }

        Self(hasher.finalize().into())
    }

    /// What is told of it before the draw: the SHA-256 of its 32 bytes.
    pub fn commitment(self) -> Digest {
        Digest(Sha256::digest(self.0).into())
    }

    /// The ticket of an entry: the SHA-256 of the seed's 32 bytes and the 16 of the entry's UUID behind them.
    pub fn ticket(self, id: RedemptionId) -> Digest {
        let mut hasher = Sha256::new();
        hasher.update(self.0);
        hasher.update(id.0);

        Digest(hasher.finalize().into())
    }
}

/// It is in no log before it is told.
impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(…)")
    }
}

impl Redemption {
    /// Since when it holds what it costs for itself: when it was made or, if it was drawn, since then.
    pub(crate) fn won_at(&self) -> ServerTime {
        self.drawn_at.unwrap_or(self.redeemed_at)
    }
}
