//! The core under a lock, with the clock that it is told the time by.

use parlor_sdk_core::{self as core, Instant};
use parlor_sdk_events::room;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

/// The core, for the driver to drive and the handle to look at.
pub(crate) struct Machine {
    core: Mutex<core::Client>,
    started_at: std::time::Instant,
}

impl Machine {
    pub(crate) fn new(config: core::Config, seed: u64) -> Self {
        Self {
            core: Mutex::new(core::Client::new(
                config,
                room::can_read,
                seed,
                Instant::from_millis(0),
            )),
            started_at: read_clock(),
        }
    }

    pub(crate) fn now(&self) -> Instant {
        let elapsed_ms = read_clock().duration_since(self.started_at).as_millis();

        Instant::from_millis(i64::try_from(elapsed_ms).unwrap_or(i64::MAX))
    }

    /// Never held across a wait.
    pub(crate) fn core(&self) -> MutexGuard<'_, core::Client> {
        // A panic in the core is a bug, and has been reported as one.
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The core, unless it is at work.
    pub(crate) fn idle_core(&self) -> Option<MutexGuard<'_, core::Client>> {
        match self.core.try_lock() {
            Ok(core) => Some(core),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// When the core wants to be looked after.
    pub(crate) fn deadline(&self) -> Option<tokio::time::Instant> {
        let at_ms = self.core().poll_timeout()?.as_millis();
        let after = Duration::from_millis(u64::try_from(at_ms).unwrap_or(0));

        self.started_at.checked_add(after).map(Into::into)
    }
}

/// What the system's clock says, which may be wrong, and outlives the process.
#[expect(
    clippy::disallowed_methods,
    reason = "a driver is where the time comes from"
)]
pub(crate) fn unix_millis() -> i64 {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);

    since_1970.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}

/// The one place where this library reads the clock that it lives by.
#[expect(
    clippy::disallowed_methods,
    reason = "a driver is where `now` comes from"
)]
fn read_clock() -> std::time::Instant {
    std::time::Instant::now()
}
