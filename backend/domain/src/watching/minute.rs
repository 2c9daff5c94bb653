//! The length of a slot.

use serde::{Deserialize, Serialize};

use super::LATE_MAX_MS;
use crate::time::ServerTime;

const MINUTE_MS: i64 = 60_000;

/// A whole minute of the server's, counted since 1970.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Minute(pub i64);

impl Minute {
    /// The minute that `at` lies in.
    pub fn of(at: ServerTime) -> Self {
        Self(at.unix_millis().div_euclid(MINUTE_MS))
    }

    /// The first minute that begins at `at` or later.
    pub(super) fn from(at: ServerTime) -> Self {
        Self::of(at.plus_millis(MINUTE_MS - 1))
    }

    /// Whether it may be credited at `at`: from when it begins until [`LATE_MAX_MS`] after it has ended.
    pub(crate) fn is_creditable(self, at: ServerTime) -> bool {
        self.starts_at() <= at && !self.is_too_late(at)
    }

    /// Whether it may not be credited any more at `at`.
    pub fn is_too_late(self, at: ServerTime) -> bool {
        at > self.ends_at().plus_millis(LATE_MAX_MS)
    }

    /// Its first instant.
    pub fn starts_at(self) -> ServerTime {
        ServerTime::from_unix_millis(self.0.saturating_mul(MINUTE_MS))
    }

    /// The first instant behind it.
    pub fn ends_at(self) -> ServerTime {
        self.starts_at().plus_millis(MINUTE_MS)
    }
}
