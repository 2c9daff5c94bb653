//! Follows one room's log: where it stands, and whether a message carries on from there.

use crate::time::MediaTime;
use crate::wire::{Feed, Start};

/// The operation, and the position that it has reached.
#[derive(Debug)]
pub(crate) struct Subscription {
    id: u32,
    position: Option<Position>,
    /// How the operation began, until its first message has come.
    awaiting: Option<Start>,
    /// Whether the server still has the operation.
    running: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Position {
    epoch: String,
    seq: i64,
}

/// What a message is to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It replaces all state.
    Replaces {
        /// From where on the stream's timeline the picture is known; `None` for the head.
        covers_from: Option<MediaTime>,
        /// Whether positions mean the same as before.
        same_log: bool,
    },
    /// It carries on; events up to and with `after_seq` have come before.
    Follows { after_seq: i64 },
    /// All of it has come before.
    Duplicate,
    /// Something is missing before it.
    Gap,
    /// The server contradicts itself.
    Broken,
}

impl Subscription {
    pub(crate) const fn new() -> Self {
        Self {
            id: 0,
            position: None,
            awaiting: None,
            running: false,
        }
    }

    /// Returns where to carry on, or `None` if no message has ever come.
    pub(crate) fn resume(&self) -> Option<Start> {
        let Position { epoch, seq } = self.position.as_ref()?;

        Some(Start::After {
            epoch: epoch.clone(),
            seq: *seq,
        })
    }

    /// Returns whether the operation called `id` is the present one.
    pub(crate) const fn is(&self, id: u32) -> bool {
        self.running && self.id == id
    }

    /// Returns the operation that the server has, if any.
    pub(crate) fn running(&self) -> Option<u32> {
        self.running.then_some(self.id)
    }

    pub(crate) const fn is_awaiting(&self) -> bool {
        self.awaiting.is_some()
    }

    /// Begins an operation, of which the id is returned. Messages of earlier ones are void.
    pub(crate) fn begin(&mut self, start: Start) -> u32 {
        self.id = self.id.wrapping_add(1);
        self.awaiting = Some(start);
        self.running = true;

        self.id
    }

    /// Notes that the server has ended the operation, or its socket is gone.
    pub(crate) fn end(&mut self) {
        self.awaiting = None;
        self.running = false;
    }

    /// Forgets a position that the server does not accept. Returns false if it was not at fault.
    pub(crate) fn forget_position(&mut self) -> bool {
        let resumed = matches!(self.awaiting, Some(Start::After { .. }));
        if resumed {
            self.position = None;
        }

        resumed
    }

    /// Judges a message of the present operation, and moves on if it is good.
    pub(crate) fn take_in(&mut self, feed: &Feed) -> Verdict {
        let first = self.awaiting.take();
        if feed.snapshot.is_some() {
            return self.replace(feed, first.as_ref());
        }
        let Some(position) = &mut self.position else {
            return Verdict::Broken;
        };
        if feed.epoch != position.epoch || (first.is_some() && !feed.recovered) {
            return Verdict::Broken;
        }

        let after_seq = position.seq;
        if feed.after_seq > after_seq {
            return if first.is_some() {
                Verdict::Broken
            } else {
                Verdict::Gap
            };
        }
        if feed.through_seq <= after_seq && first.is_none() {
            return Verdict::Duplicate;
        }
        position.seq = feed.through_seq.max(after_seq);

        Verdict::Follows { after_seq }
    }

    fn replace(&mut self, feed: &Feed, first: Option<&Start>) -> Verdict {
        let same_log = self
            .position
            .as_ref()
            .is_some_and(|position| position.epoch == feed.epoch);
        self.position = Some(Position {
            epoch: feed.epoch.clone(),
            seq: feed.through_seq,
        });

        Verdict::Replaces {
            covers_from: match first {
                Some(Start::At(position)) => Some(*position),
                Some(Start::Head | Start::After { .. }) | None => None,
            },
            same_log,
        }
    }
}
