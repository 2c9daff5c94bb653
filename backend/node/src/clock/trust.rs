//! Whether this node's clock can be trusted: how far it is from the database's, which all nodes share.
//!
//! The database is asked now and then. In between its time is carried on by the monotonic clock, so
//! that a clock that is set is caught before anything is stamped by it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use parlor_domain::event::CLOCK_DEVIATION_MS_MAX;
use parlor_domain::time::ServerTime;

use super::Stopwatch;

/// A comparison that took longer than twice this says too little, and the one before it holds.
const ERROR_MS_MAX: i64 = 250;

/// What is known of the database's clock. Clones share it. Without any comparison, the clock is trusted.
#[derive(Debug, Clone, Default)]
pub struct ClockTrust(Arc<Mutex<Option<Compared>>>);

/// The database's clock, as it was seen.
#[derive(Debug, Clone, Copy)]
struct Compared {
    shared: ServerTime,
    since: Stopwatch,
    /// How far the time may be off, because nobody knows when within the question it was read.
    error_ms: i64,
}

/// How far the clock is from the database's: further than it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "this node's clock is {ahead_ms} ms ahead of the database's, and may be {CLOCK_DEVIATION_MS_MAX} \
     ms off"
)]
pub struct Distrust {
    /// Negative when it is behind.
    pub ahead_ms: i64,
}

impl ClockTrust {
    /// Takes in what the database's clock showed, between when `asked` was started and now.
    pub fn compare(&self, shared: ServerTime, asked: Stopwatch) {
        let half_ms = asked.millis() / 2;
        if half_ms > ERROR_MS_MAX {
            return;
        }
        *self.compared() = Some(Compared {
            shared: shared.plus_millis(half_ms),
            since: Stopwatch::start(),
            error_ms: half_ms + 1,
        });
    }

    /// Why `own`, this node's time now, cannot be trusted, if it cannot.
    pub fn distrust(&self, own: ServerTime) -> Option<Distrust> {
        let compared = (*self.compared())?;
        compared.distrust(own, compared.since.millis())
    }

    fn compared(&self) -> MutexGuard<'_, Option<Compared>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Compared {
    fn distrust(self, own: ServerTime, since_ms: i64) -> Option<Distrust> {
        let shared = self.shared.plus_millis(since_ms);
        let ahead_ms = own.unix_millis().saturating_sub(shared.unix_millis());
        let is_far = ahead_ms.abs() > CLOCK_DEVIATION_MS_MAX + self.error_ms;

        is_far.then_some(Distrust { ahead_ms })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> ServerTime {
        ServerTime::from_unix_millis(1_800_000_000_000 + millis)
    }

    #[test]
    fn a_clock_is_judged_by_the_databases_as_it_goes_on() {
        let compared = Compared {
            shared: at(0),
            since: Stopwatch::start(),
            error_ms: 51,
        };
        // own time, milliseconds since the comparison, how far ahead
        for (own_ms, since_ms, ahead_ms) in [
            (2_051, 0, None),
            (2_052, 0, Some(2_052)),
            (-2_051, 0, None),
            (-2_052, 0, Some(-2_052)),
            (60_000, 60_000, None),
            (0, 60_000, Some(-60_000)),
        ] {
            let distrust = compared.distrust(at(own_ms), since_ms);
            assert_eq!(distrust.map(|distrust| distrust.ahead_ms), ahead_ms);
        }
    }

    #[test]
    fn a_clock_is_trusted_until_it_was_compared() {
        let trust = ClockTrust::default();
        assert_eq!(trust.distrust(at(0)), None);
        trust.compare(at(0), Stopwatch::start());
        assert_eq!(trust.distrust(at(0)), None);
        assert!(trust.distrust(at(3_600_000)).is_some());
    }
}
