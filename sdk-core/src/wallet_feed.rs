//! Follows what the viewer has in the room, once the host wants it.
//!
//! An operation of its own on the room's socket. Each of its messages is whole, so that there is no position: whoever
//! comes back is told anew. What goes wrong with it is no reason to let go of the room.

use crate::backoff::Backoff;
use crate::time::Instant;
use crate::wallet::Wallet;
use crate::wire::{Refusal, ViewerMessage};

/// Its operations are numbered from here, and the room's below.
const FIRST_ID: u32 = 1 << 31;

/// How long the first message may take: as long as the room's.
const ANSWER_TIMEOUT_MS: i64 = 30_000;

/// How long after a message a refusal counts as the first one again, as for connections.
const PROVEN_AFTER_MS: i64 = 1_000;

/// The operation, and what is known by it.
#[derive(Debug)]
pub(crate) struct WalletFeed {
    is_wanted: bool,
    /// The last operation's id.
    id: u32,
    stands: Stands,
    backoff: Backoff,
    known: Option<ViewerMessage>,
}

/// Where the operation stands, on the present socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    /// Nothing is under way.
    Idle,
    /// The server has it.
    Running {
        /// Until when the first message has to be there; none once it is.
        answer_by: Option<Instant>,
        /// When the first message came.
        since: Option<Instant>,
    },
    /// It went wrong, and may pass.
    Waiting { retry_at: Instant },
    /// The server will not have it of this caller.
    Refused,
}

impl WalletFeed {
    pub(crate) const fn new(seed: u64) -> Self {
        Self {
            is_wanted: false,
            id: FIRST_ID,
            stands: Stands::Idle,
            backoff: Backoff::new(seed),
            known: None,
        }
    }

    /// Says whether it is to be followed. Returns whether that is another than before.
    pub(crate) fn want(&mut self, is_wanted: bool) -> bool {
        let was_wanted = core::mem::replace(&mut self.is_wanted, is_wanted);

        was_wanted != is_wanted
    }

    pub(crate) fn wallet(&self) -> Option<&Wallet> {
        self.known.as_ref()?.wallet.as_ref()
    }

    /// Returns whether the operation called `id` is the present one.
    pub(crate) fn is(&self, id: u32) -> bool {
        self.running() == Some(id)
    }

    /// Returns the operation that the server has, if any.
    pub(crate) const fn running(&self) -> Option<u32> {
        match self.stands {
            Stands::Running { .. } => Some(self.id),
            Stands::Idle | Stands::Waiting { .. } | Stands::Refused => None,
        }
    }

    /// Begins an operation if there is to be one now. Returns its id.
    pub(crate) fn begin(&mut self, now: Instant) -> Option<u32> {
        let is_due = match self.stands {
            Stands::Idle => true,
            Stands::Waiting { retry_at } => retry_at <= now,
            Stands::Running { .. } | Stands::Refused => false,
        };
        if !self.is_wanted || !is_due {
            return None;
        }
        self.id = self.id.wrapping_add(1).max(FIRST_ID);
        self.stands = Stands::Running {
            answer_by: Some(now.plus_millis(ANSWER_TIMEOUT_MS)),
            since: None,
        };

        Some(self.id)
    }

    /// Notes that the operation is over, as with its socket. What is known stays. Another socket may be another server's,
    /// and is asked whatever the last one said.
    pub(crate) const fn end(&mut self) {
        self.stands = Stands::Idle;
    }

    /// Takes in a message of the present operation. Returns whether anything is another than before.
    pub(crate) fn take_in(&mut self, message: ViewerMessage, now: Instant) -> bool {
        if let Stands::Running { answer_by, since } = &mut self.stands {
            *answer_by = None;
            since.get_or_insert(now);
        }
        let is_old = self
            .known
            .as_ref()
            .is_some_and(|known| known.epoch == message.epoch && message.version < known.version);
        if is_old {
            return false;
        }
        let is_news = self.wallet() != message.wallet.as_ref() || self.known.is_none();
        self.known = Some(message);

        is_news
    }

    /// Takes in that the server has ended the present operation.
    pub(crate) fn handle_refusal(&mut self, reason: Refusal, now: Instant) {
        let since = match self.stands {
            Stands::Running { since, .. } => since,
            Stands::Idle | Stands::Waiting { .. } | Stands::Refused => None,
        };
        self.stands = match reason {
            Refusal::NotFound | Refusal::SignIn | Refusal::Invalid => Stands::Refused,
            Refusal::Passing => {
                if since.is_some_and(|since| now.millis_since(since) >= PROVEN_AFTER_MS) {
                    self.backoff.reset();
                }
                let retry_at = now.plus_millis(self.backoff.next_wait_ms());
                Stands::Waiting { retry_at }
            }
        };
    }

    /// Returns whether the first message should have come by `now`.
    pub(crate) fn is_late(&self, now: Instant) -> bool {
        matches!(self.stands, Stands::Running { answer_by: Some(at), .. } if at <= now)
    }

    /// Forgets what is known, for the viewer is another. Returns whether anything was.
    pub(crate) fn forget(&mut self) -> bool {
        self.known.take().is_some()
    }

    /// Returns when something is due, if ever.
    pub(crate) const fn poll_timeout(&self) -> Option<Instant> {
        match self.stands {
            Stands::Running { answer_by, .. } => answer_by,
            Stands::Waiting { retry_at } => Some(retry_at),
            Stands::Idle | Stands::Refused => None,
        }
    }
}

#[cfg(test)]
mod tests;
