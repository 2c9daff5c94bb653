//! Looks at the database each second: whether it answers, whether it can be written, and what time it is
//! there.

use std::sync::Arc;
use std::time::Duration;

use parlor_store::{Store, StoreError};
use tokio::time::MissedTickBehavior;

use super::{Breaker, Health, Pulse};
use crate::clock::{Clock, ClockTrust, Stopwatch};

/// How often the database is looked at. A node learns of its return this late.
const CHECK_EVERY: Duration = Duration::from_secs(1);
/// How long it may take to answer. One that is slower than that serves nobody.
const ANSWER_MAX: Duration = Duration::from_secs(2);
/// Looks in a row that may fail before the database is taken for being away: a single connection may have
/// been cut, or an answer been late.
const FAILED_MAX: u32 = 1;

const READ_ONLY: &str = "the database can only be read";

/// What is looked at, and who is told.
#[derive(Clone)]
pub struct DatabaseWatch {
    /// Apart from the one that is used, which may be busy.
    pub store: Store,
    pub clock: Clock,
    pub trust: ClockTrust,
    pub health: Health,
    pub breaker: Breaker,
}

impl DatabaseWatch {
    /// Looks again and again.
    pub async fn run(self, pulse: Arc<Pulse>) {
        let mut ticks = tokio::time::interval(CHECK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failed = 0;
        loop {
            pulse.rest();
            ticks.tick().await;
            pulse.beat();
            self.look(&mut failed).await;
        }
    }

    /// Looks once. `failed` counts the looks in a row that found it away.
    pub async fn look(&self, failed: &mut u32) {
        let looked = tokio::time::timeout(ANSWER_MAX, async {
            self.compare_clocks().await?;
            self.store.check_writable().await
        });
        let looked = looked.await;
        let is_late = looked.is_err();
        // What is found, and whether one failure is enough, for it cannot pass by itself.
        let finding = match looked {
            Ok(Ok(())) => None,
            Ok(Err(StoreError::Unwritable(unwritable))) => Some((unwritable.to_string(), true)),
            Ok(Err(error)) if error.is_read_only() => Some((READ_ONLY.to_owned(), true)),
            Ok(Err(_)) | Err(_) if self.store.is_read_only() => Some((READ_ONLY.to_owned(), true)),
            Ok(Err(error)) => Some((format!("the database does not answer: {error}"), false)),
            Err(_) => Some(("the database does not answer in time".to_owned(), false)),
        };
        match finding {
            None => {
                *failed = 0;
                self.breaker.close();
                self.health.find("the database", None);
            }
            Some((finding, is_certain)) => {
                *failed += 1;
                if is_certain || *failed > FAILED_MAX {
                    // A file that is late is busy: it has one place for those who write.
                    if !is_late || self.store.has_own_clock() {
                        self.breaker.open();
                    }
                    self.health.find("the database", Some(finding));
                }
            }
        }

        let deviation = self.trust.distrust(self.clock.now());
        let finding = deviation.map(|deviation| deviation.to_string());
        self.health.find("the clock", finding);
    }

    /// Takes the database's time, as of the middle of the question. A clock that a test moves is not
    /// compared with anything.
    async fn compare_clocks(&self) -> Result<(), StoreError> {
        let (Clock::System, true) = (&self.clock, self.store.has_own_clock()) else {
            return Ok(());
        };
        let asked = Stopwatch::start();
        let shared = self.store.shared_time(self.clock.now()).await?;
        self.trust.compare(shared, asked);
        Ok(())
    }
}
