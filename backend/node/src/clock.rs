//! The only reader of the system's clocks.
//!
//! Everything else takes `now` as a parameter or asks the clock it was given, so that a test can
//! hold time still and move it.

mod trust;

use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use parlor_domain::time::ServerTime;
use tokio::sync::watch;
use tokio::time::Instant;

pub use trust::{ClockTrust, Distrust};

/// How long a wait trusts the monotonic clock before it asks the wall clock again, which may have
/// been set meanwhile.
const RECHECK: Duration = Duration::from_secs(1);

/// For tests only: names a file with the milliseconds that this process's wall clock is ahead of the
/// machine's, or behind it when negative. It is read each time, so that a test steps the clock of a
/// process that runs by putting another file in its place.
pub const TEST_OFFSET_FILE: &str = "PARLOR_TEST_CLOCK_OFFSET_FILE";

/// Tells the time, and waits for one.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's.
    System,
    /// Moved by hand.
    Test(TestClock),
}

/// A clock that stands still until it is moved. Clones show the same time.
#[derive(Debug, Clone)]
pub struct TestClock(watch::Sender<ServerTime>);

/// Measures how long something takes, by a clock that nobody sets.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts to measure.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// How long it has been, in whole milliseconds.
    pub fn millis(self) -> i64 {
        i64::try_from(self.0.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    /// How long it has been, in seconds.
    pub fn seconds(self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}

impl Clock {
    /// The time now.
    pub fn now(&self) -> ServerTime {
        match self {
            Self::System => system_now(),
            Self::Test(clock) => *clock.0.borrow(),
        }
    }

    /// Returns once it is `at` or later.
    pub async fn sleep_until(&self, at: ServerTime) {
        match self {
            Self::System => sleep_until_on_wall_clock(at).await,
            Self::Test(clock) => {
                let mut now = clock.0.subscribe();
                now.wait_for(|now| *now >= at)
                    .await
                    .expect("this clock holds the sender");
            }
        }
    }

    /// Returns after `millis`, by this clock.
    pub async fn sleep_millis(&self, millis: i64) {
        self.sleep_until(self.now().plus_millis(millis)).await;
    }
}

impl TestClock {
    /// A clock that shows `now`.
    pub fn new(now: ServerTime) -> Self {
        Self(watch::Sender::new(now))
    }

    /// Moves the clock forward, and wakes what waits for the times passed.
    pub fn advance_millis(&self, millis: i64) {
        self.0.send_modify(|now| *now = now.plus_millis(millis));
    }

    /// Sets the clock.
    pub fn set(&self, now: ServerTime) {
        self.0.send_replace(now);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the wall clock"
)]
fn system_now() -> ServerTime {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();

    ServerTime::from_unix_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
        .plus_millis(test_offset_ms())
}

fn test_offset_ms() -> i64 {
    static FILE: LazyLock<Option<PathBuf>> =
        LazyLock::new(|| std::env::var_os(TEST_OFFSET_FILE).map(PathBuf::from));

    FILE.as_deref().map_or(0, |file| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        text.trim()
            .parse()
            .unwrap_or_else(|_| panic!("`{}` must hold milliseconds", file.display()))
    })
}

async fn sleep_until_on_wall_clock(at: ServerTime) {
    loop {
        let left_ms = at.unix_millis().saturating_sub(system_now().unix_millis());
        let Ok(left_ms @ 1..) = u64::try_from(left_ms) else {
            return;
        };

        tokio::time::sleep_until(Instant::now() + Duration::from_millis(left_ms).min(RECHECK))
            .await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_test_clock_wakes_a_sleeper_when_its_time_has_come() {
        let test_clock = TestClock::new(ServerTime::from_unix_millis(1_000));
        let clock = Clock::Test(test_clock.clone());
        let sleeper = tokio::spawn(async move { clock.sleep_millis(500).await });

        tokio::task::yield_now().await;
        test_clock.advance_millis(499);
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());

        test_clock.advance_millis(1);
        sleeper.await.unwrap();
    }
}
