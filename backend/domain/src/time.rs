//! The backend's one kind of time.

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970 in UTC, as stamped by the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServerTime(i64);

impl ServerTime {
    /// The latest time that the API can write: the end of the year 9999.
    pub const MAX: Self = Self(253_402_300_799_999);

    /// Takes milliseconds since 1970.
    pub const fn from_unix_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970.
    pub const fn unix_millis(self) -> i64 {
        self.0
    }

    /// This time and `millis` more.
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }
}

impl From<ServerTime> for i64 {
    fn from(time: ServerTime) -> Self {
        time.0
    }
}
