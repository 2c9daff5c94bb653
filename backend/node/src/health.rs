//! Whether this node's parts move, and whether it can work with what it stands on.
//!
//! A part that works in the background has a [`Pulse`]: it says when it begins something, and when it
//! only waits. One that has been at the same thing for longer than its bound is stuck, and one that
//! went without saying so is gone; either makes the node not ready, by name.

mod breaker;
mod database_watch;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use metrics::counter;
use tokio::task::AbortHandle;
use tokio::time::Instant;

pub use breaker::Breaker;
pub use database_watch::DatabaseWatch;

use crate::clock::Stopwatch;

/// After this long at one thing, a part is stuck. All that they do is a few statements, each of which the
/// store bounds, and commands, which the writer does.
const STUCK_AFTER: Duration = Duration::from_secs(30);
/// How long what has panicked rests before it starts again, so that one that panics at once does not
/// fill the log.
const RESTART_AFTER: Duration = Duration::from_secs(1);

/// How this node is. Clones share what they know.
#[derive(Debug, Clone, Default)]
pub struct Health(Arc<Mutex<Signs>>);

#[derive(Debug, Default)]
struct Signs {
    vitals: BTreeMap<String, Vital>,
    findings: BTreeMap<&'static str, String>,
}

#[derive(Debug, Clone, Copy)]
struct Vital {
    bound: Duration,
    state: State,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Waiting for something to do.
    Resting,
    /// At one thing since then.
    Moving(Stopwatch),
    Gone,
}

/// The sign of life of one part. Dropped, the part is gone.
#[derive(Debug)]
pub struct Pulse {
    health: Health,
    name: String,
}

impl Health {
    /// Adds a part, which is stuck once it has been at one thing for `bound`.
    pub fn add(&self, name: impl Into<String>, bound: Duration) -> Pulse {
        let name = name.into();
        let vital = Vital {
            bound,
            state: State::Moving(Stopwatch::start()),
        };
        self.signs().vitals.insert(name.clone(), vital);

        Pulse {
            health: self.clone(),
            name,
        }
    }

    /// Runs a part in the background, [supervised](Self::supervise). To be called within a runtime.
    pub fn spawn<F, R>(&self, name: &'static str, run: F) -> AbortHandle
    where
        F: FnMut(Arc<Pulse>) -> R + Send + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        let part = self.clone().supervise(name, STUCK_AFTER, run);
        tokio::spawn(part).abort_handle()
    }

    /// Runs a part until it ends. If it panics, that is counted and logged, and it is run again.
    pub async fn supervise<F, R>(self, name: impl Into<String>, bound: Duration, mut run: F)
    where
        F: FnMut(Arc<Pulse>) -> R,
        R: Future<Output = ()>,
    {
        let pulse = Arc::new(self.add(name, bound));
        loop {
            pulse.beat();
            let life = run(Arc::clone(&pulse));
            if AssertUnwindSafe(life).catch_unwind().await.is_ok() {
                return self.remove(&pulse.name);
            }
            counter!("parlor_panics_total").increment(1);
            tracing::error!(part = pulse.name, "it panicked, and starts again");
            pulse.set(State::Gone);
            tokio::time::sleep_until(Instant::now() + RESTART_AFTER).await;
        }
    }

    /// Notes what is wrong with `subject`, or that nothing is any more.
    pub fn find(&self, subject: &'static str, finding: Option<String>) {
        let mut signs = self.signs();
        match finding {
            Some(finding) => {
                if signs.findings.get(subject) != Some(&finding) {
                    tracing::warn!("{finding}");
                }
                signs.findings.insert(subject, finding);
            }
            None => {
                if signs.findings.remove(subject).is_some() {
                    tracing::info!("{subject}: all is well again");
                }
            }
        }
    }

    /// What keeps this node from working, a line each.
    pub fn troubles(&self) -> Vec<String> {
        let signs = self.signs();
        let vitals = signs.vitals.iter().filter_map(|(name, vital)| {
            let trouble = match vital.state {
                State::Gone => format!("{name} is gone"),
                State::Moving(since) if since.seconds() > vital.bound.as_secs_f64() => {
                    format!("{name} has not moved for {:.0} s", since.seconds())
                }
                State::Resting | State::Moving(_) => return None,
            };
            Some(trouble)
        });

        signs.findings.values().cloned().chain(vitals).collect()
    }

    fn remove(&self, name: &str) {
        self.signs().vitals.remove(name);
    }

    fn signs(&self) -> MutexGuard<'_, Signs> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pulse {
    /// Something new has begun.
    pub fn beat(&self) {
        self.set(State::Moving(Stopwatch::start()));
    }

    /// There is nothing to do until something comes.
    pub fn rest(&self) {
        self.set(State::Resting);
    }

    fn set(&self, state: State) {
        if let Some(vital) = self.health.signs().vitals.get_mut(&self.name) {
            vital.state = state;
        }
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        self.set(State::Gone);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn a_part_is_stuck_when_it_does_not_move_and_gone_when_it_went() {
        let health = Health::default();
        let lane = health.add("lane 0", Duration::ZERO);
        let timer = health.add("the timer", Duration::from_hours(1));
        assert_eq!(health.troubles(), ["lane 0 has not moved for 0 s"]);

        lane.rest();
        assert_eq!(health.troubles(), Vec::<String>::new());
        lane.beat();
        assert_eq!(health.troubles().len(), 1);
        lane.rest();
        drop(timer);
        assert_eq!(health.troubles(), ["the timer is gone"]);

        let database = "the database does not answer";
        health.find("the database", Some(database.to_owned()));
        assert_eq!(health.troubles(), [database, "the timer is gone"]);
        health.find("the database", None);
        assert_eq!(health.troubles(), ["the timer is gone"]);
    }

    #[tokio::test]
    async fn what_panics_is_run_again_and_is_no_trouble_when_it_ends() {
        static RUNS: AtomicU32 = AtomicU32::new(0);

        let health = Health::default();
        let part = health
            .clone()
            .supervise("a part", Duration::from_hours(1), |_| async {
                assert!(RUNS.fetch_add(1, Ordering::Relaxed) > 0, "the first time");
            });
        let mut part = std::pin::pin!(part);
        assert!(futures_util::poll!(&mut part).is_pending());
        assert_eq!(health.troubles(), ["a part is gone"]);

        part.await;
        assert_eq!(RUNS.load(Ordering::Relaxed), 2);
        assert_eq!(health.troubles(), Vec::<String>::new());
    }
}
