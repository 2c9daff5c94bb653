//! What publishers and audience know of each other: how much was published, how much has arrived.
//!
//! Publishers wait here, so that a server that cannot keep up is given events at the pace of its
//! deliveries instead of a backlog without end.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Result, bail};

use crate::clock;

/// Events on their way at once, for small audiences: enough to keep a server busy, few enough that
/// no queue of a server's runs over.
const EVENTS_MAX: u64 = 32;
/// Deliveries on their way at once, which limits how long a slow server takes to finish.
const DELIVERIES_MAX: u64 = 60_000;
/// A server needs the next event before the last one has reached everybody.
const EVENTS_MIN: u64 = 2;
/// Nothing has arrived for so long: it never will.
const SILENCE_MAX: Duration = Duration::from_secs(20);

#[derive(Debug)]
pub(crate) struct Gate {
    sockets: u64,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    /// Processes of the audience whose sockets are all subscribed.
    subscribed: usize,
    /// By process: sockets that have received anything, and all deliveries since the start.
    arrived: Vec<(u64, u64)>,
    last_arrival_at: Duration,
    /// Since the start, without those that sockets joined with.
    published: u64,
    fault: Option<String>,
}

/// What a publisher finds at the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// Publish one event.
    Open,
    /// The phase is over.
    Closed,
}

impl Gate {
    pub(crate) fn new(sockets: u64, processes: usize) -> Self {
        Self {
            sockets,
            state: Mutex::new(State {
                subscribed: 0,
                arrived: vec![(0, 0); processes],
                last_arrival_at: clock::now(),
                published: 0,
                fault: None,
            }),
            changed: Condvar::new(),
        }
    }

    pub(crate) fn subscribed(&self) {
        self.change(|state| state.subscribed += 1);
    }

    pub(crate) fn arrived(&self, process: usize, joined: u64, delivered: u64) {
        self.change(|state| {
            state.arrived[process] = (joined, delivered);
            state.last_arrival_at = clock::now();
        });
    }

    /// Stops everybody. The first reason stands.
    pub(crate) fn fail(&self, fault: String) {
        self.change(|state| {
            state.fault.get_or_insert(fault);
        });
    }

    /// Waits until it is time for the next event and until it may be published, and counts it.
    pub(crate) fn pass(&self, due_at: Duration, ends_at: Duration) -> Result<Admission> {
        let ahead = (DELIVERIES_MAX / self.sockets.max(1)).clamp(EVENTS_MIN, EVENTS_MAX);
        let mut state = self.lock();
        loop {
            let now = clock::now();
            state.check()?;
            if now >= ends_at || due_at >= ends_at {
                return Ok(Admission::Closed);
            }
            let on_their_way = state.published * self.sockets - state.delivered();
            if now >= due_at && on_their_way <= (ahead - 1) * self.sockets {
                state.published += 1;
                return Ok(Admission::Open);
            }
            let until = if now < due_at { due_at } else { ends_at };
            state = self.wait(state, until.saturating_sub(now));
        }
    }

    /// Waits until every process has subscribed.
    pub(crate) fn wait_subscribed(&self, at_most: Duration) -> Result<bool> {
        self.wait_for(at_most, |state| state.subscribed == state.arrived.len())
    }

    /// Waits until every socket has received something.
    pub(crate) fn wait_joined(&self, at_most: Duration) -> Result<bool> {
        self.wait_for(at_most, |state| {
            state.arrived.iter().map(|(joined, _)| joined).sum::<u64>() == self.sockets
        })
    }

    /// Waits until everything that was published has arrived everywhere. Returns when the last of
    /// it did.
    pub(crate) fn wait_drained(&self) -> Result<Duration> {
        let began_at = clock::now();
        let mut state = self.lock();
        loop {
            state.check()?;
            let (delivered, expected) = (state.delivered(), state.published * self.sockets);
            if delivered == expected {
                return Ok(state.last_arrival_at);
            }
            let given_up_at = state.last_arrival_at.max(began_at) + SILENCE_MAX;
            let Some(left) = given_up_at.checked_sub(clock::now()) else {
                bail!("{delivered} of {expected} deliveries came, and then nothing more");
            };
            state = self.wait(state, left);
        }
    }

    fn wait_for(&self, at_most: Duration, is_done: impl Fn(&State) -> bool) -> Result<bool> {
        let ends_at = clock::now() + at_most;
        let mut state = self.lock();
        loop {
            state.check()?;
            if is_done(&state) {
                return Ok(true);
            }
            let Some(left) = ends_at.checked_sub(clock::now()) else {
                return Ok(false);
            };
            state = self.wait(state, left);
        }
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, at_most: Duration) -> MutexGuard<'a, State> {
        let (state, _) = self
            .changed
            .wait_timeout(state, at_most)
            .unwrap_or_else(PoisonError::into_inner);

        state
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn delivered(&self) -> u64 {
        self.arrived.iter().map(|(_, delivered)| delivered).sum()
    }

    fn check(&self) -> Result<()> {
        match &self.fault {
            Some(fault) => bail!("{fault}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_hours(1);

    fn pass(gate: &Gate) -> Admission {
        let now = clock::now();
        // Due at once, and over at once if it has to wait.
        gate.pass(now, now + Duration::from_millis(5)).unwrap()
    }

    #[test]
    fn publishers_wait_for_a_large_audience() {
        let gate = Gate::new(30_000, 2);

        assert_eq!(pass(&gate), Admission::Open);
        assert_eq!(pass(&gate), Admission::Open);
        assert_eq!(pass(&gate), Admission::Closed, "two are on their way");

        gate.arrived(0, 0, 15_000);
        assert_eq!(pass(&gate), Admission::Closed, "half an audience is none");
        gate.arrived(1, 0, 15_000);
        assert_eq!(pass(&gate), Admission::Open);
    }

    #[test]
    fn what_was_published_drains_once_it_is_everywhere() {
        let gate = Gate::new(2, 1);
        let now = clock::now();
        gate.pass(now, now + LONG).unwrap();

        gate.arrived(0, 2, 2);

        assert!(gate.wait_joined(LONG).unwrap());
        assert!(gate.wait_drained().unwrap() >= now);
    }

    #[test]
    fn a_fault_ends_every_wait_and_the_first_one_stands() {
        let gate = Gate::new(2, 1);
        gate.fail("the server closed a socket".to_owned());
        gate.fail("and another".to_owned());
        let now = clock::now();

        for error in [
            gate.pass(now, now + LONG).unwrap_err(),
            gate.wait_subscribed(LONG).unwrap_err(),
            gate.wait_drained().unwrap_err(),
        ] {
            assert_eq!(error.to_string(), "the server closed a socket");
        }
    }
}
