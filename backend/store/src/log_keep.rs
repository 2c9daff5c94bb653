//! How much of each room's log is kept.

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// How much of each room's log is kept. What goes is what either would have go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogKeep {
    /// Everything younger is kept, as far as its number allows.
    pub age_ms: i64,
    /// So many of the last events are kept, as far as their age allows.
    pub events: i64,
}

impl LogKeep {
    /// Two months, which is longer than platforms keep most recordings, for viewers seek in those.
    pub const DAYS_DEFAULT: u32 = 60;
    /// Each is about a kilobyte with its indexes, so a room takes a gigabyte at most.
    pub const EVENTS_DEFAULT: u32 = 1_000_000;

    /// So many days, and so many events.
    pub fn new(days: u32, events: u32) -> Self {
        Self {
            age_ms: i64::from(days) * DAY_MS,
            events: events.into(),
        }
    }
}

impl Default for LogKeep {
    fn default() -> Self {
        Self::new(Self::DAYS_DEFAULT, Self::EVENTS_DEFAULT)
    }
}
