//! What the host's own life does to the connection: background and foreground, changes of network,
//! and a wish to try again at once.

use super::{CLOSE_NORMAL, Connection, Phase};
use crate::exchange::{Failure, Output};
use crate::time::Instant;
use alloc::collections::VecDeque;

impl Connection {
    pub(crate) const fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// Lets go of the socket, and tries nothing until [`Self::resume`].
    pub(crate) fn pause(&mut self, out: &mut VecDeque<Output>) {
        if self.is_paused {
            return;
        }
        let was_idle = self.phase == Phase::Idle;
        self.is_paused = true;
        self.rest(out);
        if was_idle {
            self.enter(Phase::Idle, out);
        }
    }

    /// Connects at once. A refusal stands as long as there is no other token.
    pub(crate) fn resume(&mut self, out: &mut VecDeque<Output>, now: Instant) {
        if !self.is_paused {
            return;
        }
        self.is_paused = false;
        self.backoff.reset();

        match self.phase {
            Phase::Idle => self.open_at(now, out, now),
            Phase::Failed(Failure::SignInRequired) if !self.token.is_used() => {
                self.open_at(now, out, now);
            }
            Phase::Opening { .. }
            | Phase::Joining { .. }
            | Phase::Joined { .. }
            | Phase::Waiting { .. }
            | Phase::Failed(_)
            | Phase::Disconnected => {}
        }
    }

    /// Takes in that there is no network any more, or that there is one: again, or another.
    pub(crate) fn handle_network(
        &mut self,
        online: bool,
        out: &mut VecDeque<Output>,
        now: Instant,
    ) {
        self.path.set_online(online);
        if !online {
            self.leave(now);
            return self.rest(out);
        }
        if self.is_paused {
            return;
        }

        match self.phase {
            Phase::Idle | Phase::Waiting { .. } => {
                let at = self.path.follow(now);
                self.open_at(at, out, now);
            }
            Phase::Opening { .. } | Phase::Joining { .. } | Phase::Joined { .. } => {
                let at = self.path.follow(now);
                self.path.doubt_until(at);
                // It is heard of soon if it is alive.
                self.ping_at = now;
            }
            Phase::Failed(_) | Phase::Disconnected => {}
        }
    }

    /// Connects anew at once, whatever was being waited for. Not while paused, nor after a refusal
    /// that is final.
    pub(crate) fn reconnect(&mut self, out: &mut VecDeque<Output>, now: Instant) {
        if self.is_paused {
            return;
        }

        match self.phase {
            Phase::Idle | Phase::Waiting { .. } | Phase::Failed(Failure::SignInRequired) => {
                self.open(out, now);
            }
            Phase::Opening { .. } | Phase::Joining { .. } | Phase::Joined { .. } => {
                self.replace(out, now);
            }
            Phase::Failed(Failure::RoomNotFound | Failure::Protocol { .. })
            | Phase::Disconnected => {}
        }
    }

    /// Connects at `at`, if the host has not said that it would be of no use.
    pub(super) fn open_at(&mut self, at: Instant, out: &mut VecDeque<Output>, now: Instant) {
        let phase = self.try_at(at);
        if phase == Phase::Idle || now < at {
            self.enter(phase, out);
        } else {
            self.open(out, now);
        }
    }

    /// Drops the socket for a new one.
    pub(super) fn replace(&mut self, out: &mut VecDeque<Output>, now: Instant) {
        out.push_back(Output::CloseSocket { code: CLOSE_NORMAL });
        self.open(out, now);
    }

    /// Returns what to do about a try at `retry_at`: to wait for it, or for the host.
    pub(super) const fn try_at(&self, retry_at: Instant) -> Phase {
        if self.is_paused || !self.path.is_online() {
            Phase::Idle
        } else {
            Phase::Waiting { retry_at }
        }
    }

    /// Lets go of the socket, or of the wait for one.
    fn rest(&mut self, out: &mut VecDeque<Output>) {
        match self.phase {
            Phase::Opening { .. } | Phase::Joining { .. } | Phase::Joined { .. } => {
                out.push_back(Output::CloseSocket { code: CLOSE_NORMAL });
                self.enter(Phase::Idle, out);
            }
            Phase::Waiting { .. } => self.enter(Phase::Idle, out),
            Phase::Idle | Phase::Failed(_) | Phase::Disconnected => {}
        }
    }
}
