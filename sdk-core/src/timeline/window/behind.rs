//! What follows the window and is not held: when it is due, as far as the feed has told.
//!
//! An event is due with the earliest of those behind it, so what is held needs to know of one that is not.
//! Kept are those events that are stamped earlier than all that follow them: the first is the earliest of
//! all, and when the window has passed it, the second is.

use crate::due::{Due, Schedule};
use crate::event::RoomEvent;
use crate::time::ServerTime;
use alloc::collections::VecDeque;

/// Stamps that are kept. Of more, the last ones are left out: what is before those is then due later than
/// it might be, until the window has got there, and never early.
const CAPACITY: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Behind {
    stamps: VecDeque<Stamps>,
}

#[derive(Debug, Clone, Copy)]
struct Stamps {
    seq: i64,
    occurred_at: ServerTime,
    display_at: ServerTime,
}

impl Behind {
    pub(super) const fn new() -> Self {
        Self {
            stamps: VecDeque::new(),
        }
    }

    /// Takes in the next event of the feed.
    pub(super) fn push(&mut self, event: &RoomEvent) {
        let is_later = |it: &Stamps| it.display_at >= event.display_at;
        while self.stamps.back().is_some_and(is_later) {
            self.stamps.pop_back();
        }
        if self.stamps.len() < CAPACITY {
            self.stamps.push_back(Stamps::of(event));
        }
    }

    /// Takes in an event that all of this follows.
    pub(super) fn push_before(&mut self, event: &RoomEvent) {
        let is_earliest = |it: &Stamps| event.display_at < it.display_at;
        if self.stamps.front().is_none_or(is_earliest) {
            self.stamps.push_front(Stamps::of(event));
            self.stamps.truncate(CAPACITY);
        }
    }

    /// Notes that the window reaches through `seq`.
    pub(super) fn pass(&mut self, seq: i64) {
        while self.stamps.front().is_some_and(|it| it.seq <= seq) {
            self.stamps.pop_front();
        }
    }

    /// Returns when the earliest of it is due.
    pub(super) fn due(&self, schedule: &Schedule) -> Option<Due> {
        let earliest = self.stamps.front()?;

        Some(schedule.due_of(earliest.occurred_at, earliest.display_at))
    }
}

impl Stamps {
    const fn of(event: &RoomEvent) -> Self {
        Self {
            seq: event.seq,
            occurred_at: event.occurred_at,
            display_at: event.display_at,
        }
    }
}
