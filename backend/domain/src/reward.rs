//! What points buy, and the purchases.

mod alert;
mod availability;
mod draw;
mod draw_check;
mod input;
mod redemption;
mod restores;
mod terms;

pub use alert::RedemptionAlert;
pub use availability::{Availability, RoomFacts, UnmetRule};
pub use draw::{Draw, DrawRules, ENTRIES_MAX, EntryLimit, Outcome, ROOM_ENTRIES_MAX, Seed};
pub use draw_check::{Entry, WrongDraw};
pub use input::RewardInput;
pub use redemption::{METADATA_BYTES_MAX, Redemption, RedemptionStatus, check_metadata};
pub use restores::Restores;
pub use terms::{EXPIRES_AFTER_MS_DEFAULT, EXPIRES_AFTER_MS_MIN, Limits, Terms, TermsChange};

use serde::{Deserialize, Serialize};

use crate::id::{RewardId, SessionId};
use crate::time::ServerTime;

/// The most rewards of a room that can be redeemed at once: as many as a viewer looks through.
pub const ENABLED_REWARDS_MAX: i64 = 50;
/// The most rewards that a room keeps, those that were disabled included, so that a list of them is one
/// answer.
pub const REWARDS_MAX: i64 = 200;

/// What a room sells for points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reward {
    pub id: RewardId,
    /// Counts changes, so that one made against an older state is refused.
    pub version: i32,
    pub terms: Terms,
    pub created_at: ServerTime,
    pub updated_at: ServerTime,
    pub deleted_at: Option<ServerTime>,
    pub uses: Uses,
}

/// How often something was redeemed in a session, and when last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Uses {
    /// The session that is counted in. Redemptions while no session is live are counted on in the last one.
    pub session_id: Option<SessionId>,
    pub count: i64,
    pub last_at: Option<ServerTime>,
}

impl Reward {
    /// Whether anybody may redeem it, as far as its own switches go.
    pub fn is_enabled(&self) -> bool {
        self.terms.is_enabled && self.deleted_at.is_none()
    }
}

impl Uses {
    /// How often, in that session.
    pub fn in_session(&self, session_id: Option<SessionId>) -> i64 {
        if self.session_id == session_id {
            self.count
        } else {
            0
        }
    }

    /// One more.
    pub(crate) fn and_one(self, session_id: Option<SessionId>, at: ServerTime) -> Self {
        Self {
            session_id,
            count: self.in_session(session_id) + 1,
            last_at: Some(at),
        }
    }

    /// One less, which gives the place back and not the time.
    pub(crate) fn less_one(self, session_id: Option<SessionId>) -> Self {
        Self {
            count: (self.in_session(session_id) - 1).max(0),
            ..self
        }
    }

    /// As if what was redeemed at `at` had not begun a cooldown. One that was begun since goes on. The one before
    /// was over by then, and does not begin anew where cooldowns have become longer.
    pub(crate) fn without_cooldown_of(self, at: ServerTime) -> Self {
        Self {
            last_at: self.last_at.filter(|last_at| *last_at != at),
            ..self
        }
    }

    /// Until when `cooldown_ms` since the last one last, if they do at `at`. What is stamped later than that was
    /// stamped by a clock that has been put right since, and keeps nobody waiting.
    pub fn cools_until(&self, cooldown_ms: Option<i64>, at: ServerTime) -> Option<ServerTime> {
        let last_at = self.last_at.filter(|last_at| *last_at <= at)?;
        let until = last_at.plus_millis(cooldown_ms?);
        (at < until).then_some(until)
    }
}
