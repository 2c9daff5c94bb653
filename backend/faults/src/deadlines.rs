//! Watches, all along, that whatever runs out of time is ended in time.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use crate::database::{Deadline, Truth};

/// How late an end may be while nothing is wrong: the promise.
pub const LATE_MS_MAX: i64 = 2_000;
/// How late while a node is dead, and another lives: the promise.
pub const LATE_AFTER_A_DEATH_MS_MAX: i64 = 15_000;
/// How long after a fault is over the ends that it held up may take: the time to recover.
pub const RECOVERY_MS_MAX: i64 = 5_000;
/// How often the database is asked. An end is then late by this much at most unnoticed.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Looks over which the machine's own standing still is summed up: those of the time within which an
/// end has to come.
const LOOKS: usize = 10;

/// What is known to disturb the servers now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    /// Nothing since this time.
    Calm { since_ms: i64 },
    /// Something, while there is a node that it does not touch.
    Disturbed { since_ms: i64 },
    /// Something that leaves no node which could end anything.
    Down,
}

/// The watch. Dropped, it ends.
pub struct DeadlineWatch {
    noted: Arc<Mutex<Noted>>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Noted {
    weather: Weather,
    pending: BTreeMap<(String, String), i64>,
    /// By how much the last looks came late. A machine that is too busy to look is too busy to end
    /// anything, and what it owes begins when it goes on.
    stalls_ms: VecDeque<i64>,
    looked_ms: Option<i64>,
    /// How many came due and were ended.
    ended: u64,
    latest_ms: i64,
    fault: Option<String>,
}

impl DeadlineWatch {
    /// Watches from now on, by the database's clock.
    pub fn start(mut truth: Truth, now_ms: i64) -> Self {
        let noted = Arc::new(Mutex::new(Noted {
            weather: Weather::Calm { since_ms: now_ms },
            pending: BTreeMap::new(),
            stalls_ms: VecDeque::new(),
            looked_ms: None,
            ended: 0,
            latest_ms: 0,
            fault: None,
        }));
        let kept = Arc::clone(&noted);
        let task = tokio::spawn(async move {
            let mut looks = interval(LOOK_EVERY);
            looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                looks.tick().await;
                let looked = look(&mut truth).await;
                let mut noted = lock(&kept);
                match looked {
                    Ok((now_ms, deadlines)) => noted.take(now_ms, &deadlines),
                    Err(error) => noted.blame(format!("{error:#}")),
                }
            }
        });

        Self { noted, task }
    }

    /// Notes what disturbs the servers from now on.
    pub fn set_weather(&self, weather: Weather) {
        lock(&self.noted).weather = weather;
    }

    /// The first end that was late, if any.
    pub fn fault(&self) -> Option<String> {
        lock(&self.noted).fault.clone()
    }

    /// How many ends came due and were ended, and by how much the latest was late.
    pub fn report(&self) -> (u64, i64) {
        let noted = lock(&self.noted);

        (noted.ended, noted.latest_ms)
    }
}

impl Drop for DeadlineWatch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Noted {
    fn take(&mut self, now_ms: i64, deadlines: &[Deadline]) {
        let due_ms = LOOK_EVERY.as_millis().try_into().unwrap_or(i64::MAX);
        let stall_ms = self
            .looked_ms
            .map_or(0, |before_ms| now_ms - before_ms - due_ms);
        self.looked_ms = Some(now_ms);
        self.stalls_ms.push_back(stall_ms.max(0));
        if self.stalls_ms.len() > LOOKS {
            self.stalls_ms.pop_front();
        }

        let now: BTreeMap<(String, String), i64> = deadlines
            .iter()
            .map(|deadline| {
                let key = (deadline.room.clone(), deadline.what.clone());
                (key, deadline.at_ms)
            })
            .collect();
        for (key, at_ms) in &self.pending {
            if now.get(key) != Some(at_ms) && *at_ms <= now_ms {
                self.ended += 1;
            }
        }
        self.pending = now;

        for deadline in deadlines {
            let late_ms = now_ms - deadline.at_ms;
            self.latest_ms = self.latest_ms.max(late_ms);
            let stalled_ms: i64 = self.stalls_ms.iter().sum();
            if late_ms - stalled_ms > self.allowed_ms(deadline.at_ms) {
                let weather = self.weather;
                self.blame(format!(
                    "{} in {} is overdue by {late_ms} ms, with {weather:?} at {now_ms}",
                    deadline.what, deadline.room
                ));
            }
        }
    }

    /// How late an end may be that was due at `due_ms`.
    fn allowed_ms(&self, due_ms: i64) -> i64 {
        match self.weather {
            Weather::Calm { since_ms } => LATE_MS_MAX.max(since_ms + RECOVERY_MS_MAX - due_ms),
            Weather::Disturbed { since_ms } => {
                (since_ms - due_ms).max(0) + LATE_AFTER_A_DEATH_MS_MAX
            }
            Weather::Down => i64::MAX,
        }
    }

    fn blame(&mut self, fault: String) {
        self.fault.get_or_insert(fault);
    }
}

async fn look(truth: &mut Truth) -> Result<(i64, Vec<Deadline>)> {
    // The time first: what is ended meanwhile is then not late.
    let now_ms = truth.now_ms().await?;

    Ok((now_ms, truth.deadlines().await?))
}

fn lock<T>(kept: &Mutex<T>) -> MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(weather: Weather) -> Noted {
        Noted {
            weather,
            pending: BTreeMap::new(),
            stalls_ms: VecDeque::new(),
            looked_ms: None,
            ended: 0,
            latest_ms: 0,
            fault: None,
        }
    }

    #[test]
    fn how_late_an_end_may_be_depends_on_what_is_wrong() {
        let (calm, disturbed) = (
            Weather::Calm { since_ms: 10_000 },
            Weather::Disturbed { since_ms: 10_000 },
        );
        for (weather, due_ms, in_time_ms) in [
            (calm, 14_000, 16_000),
            (calm, 11_000, 15_000),
            (calm, 9_000, 15_000),
            (disturbed, 11_000, 26_000),
            (disturbed, 9_000, 25_000),
        ] {
            let deadline = [Deadline {
                room: "a".to_owned(),
                what: "a train".to_owned(),
                at_ms: due_ms,
            }];
            let mut noted = noted(weather);
            noted.take(in_time_ms, &deadline);
            assert_eq!(noted.fault, None, "{weather:?}");
            noted.take(in_time_ms + 1, &deadline);
            assert!(noted.fault.is_some(), "{weather:?}");
            noted.take(in_time_ms + 2, &[]);
            assert_eq!(noted.ended, 1);
        }
    }

    #[test]
    fn a_machine_that_stood_still_owes_nothing_for_that_time() {
        let deadline = [Deadline {
            room: "a".to_owned(),
            what: "a train".to_owned(),
            at_ms: 20_000,
        }];
        let mut noted = noted(Weather::Calm { since_ms: 0 });
        noted.take(20_000, &deadline);
        noted.take(23_000, &deadline);
        assert_eq!(noted.fault, None);

        for now_ms in (23_200..=24_800).step_by(200) {
            noted.take(now_ms, &deadline);
        }
        assert_eq!(noted.fault, None);
        noted.take(25_000, &deadline);
        assert!(noted.fault.is_some());
    }
}
