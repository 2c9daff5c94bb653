//! Holds picture events back until the viewer's picture catches up with them, and remembers those
//! that it has shown, for the viewer may seek back.
//!
//! It is one sequence in order of `seq`, which is the order of the moments too. A stamp may run back
//! between neighbours, for a delay in the wrong unit is put right: an event is then due with the
//! earliest of those behind it, so that one that is stamped too late holds up nothing. `shown` says how
//! far the picture has got. Playing moves that mark forward event by event; a seek puts it somewhere else.
//! Of the log it holds a window around the picture, and not all of it.

use crate::due::{Due, Reached, Schedule};
use crate::event::RoomEvent;
use crate::exchange::ShownEvent;
use crate::parts::Parts;
use crate::time::MediaTime;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

mod window;

use window::Window;
pub(crate) use window::{AHEAD_MS, Stretch};

/// How long a moment stays on screen. A seek that lands within it shows the moment again.
pub(crate) const SHOWING_TIME_MS: i64 = 7_000;

/// The picture events of a room, shown and held.
#[derive(Debug)]
pub(crate) struct Timeline {
    entries: VecDeque<Entry>,
    shown: usize,
    /// The picture's state before the first entry.
    base: Parts,
    window: Window,
    phase: Phase,
    skipped: u32,
}

#[derive(Debug)]
struct Entry {
    /// The earliest `stamped_due` of this and all entries behind it.
    due: Due,
    stamped_due: Due,
    event: RoomEvent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing has been loaded.
    Empty,
    /// The picture is somewhere else than `shown` says, or not known. Moments up to and with
    /// `shown_before` have been shown, and are not to be shown again.
    Unsettled { shown_before: i64 },
    /// The picture is where `shown` says.
    Settled,
}

/// What is on screen after the picture has jumped.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) parts: Parts,
    /// Moments that the picture landed in.
    pub(crate) moments: Vec<ShownEvent>,
}

impl Timeline {
    pub(crate) const fn new() -> Self {
        Self {
            entries: VecDeque::new(),
            shown: 0,
            base: Parts::new(),
            window: Window::new(),
            phase: Phase::Empty,
            skipped: 0,
        }
    }

    /// Forgets everything, for a snapshot comes in. Moments that were shown are not shown again,
    /// unless the picture had jumped anyway; in another log `seq` cannot tell them, so none are.
    pub(crate) fn reset(&mut self, same_log: bool) {
        let shown_before = match self.phase {
            Phase::Empty => i64::MIN,
            Phase::Unsettled { shown_before } if same_log => shown_before,
            Phase::Settled if same_log => self.last_shown_seq(),
            Phase::Unsettled { .. } | Phase::Settled => i64::MAX,
        };
        self.clear();
        self.phase = Phase::Unsettled { shown_before };
    }

    /// Forgets everything, for what comes next is of another place altogether.
    pub(crate) fn clear(&mut self) {
        *self = Self {
            skipped: self.skipped,
            ..Self::new()
        };
    }

    /// Dates everything anew. What has been shown stays shown.
    pub(crate) fn reschedule(&mut self, schedule: &Schedule) {
        for entry in &mut self.entries {
            entry.stamped_due = schedule.due(&entry.event);
        }
        self.put_in_order(schedule);
    }

    /// Returns whether something is on screen that the picture has not reached at `position`. Many
    /// steps back, each too small for a seek, come to that.
    pub(crate) fn is_ahead_of(&self, position: MediaTime, schedule: &Schedule) -> bool {
        let reached = Reached {
            server: None,
            media: Some(position),
        };

        match self.shown.checked_sub(1) {
            Some(last) => self.entries[last].due.late_by_ms(reached).is_none(),
            None => !self.begins_by(position.happened_at(schedule.ingest_offset_ms)),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.phase == Phase::Empty
    }

    pub(crate) fn is_settled(&self) -> bool {
        self.phase == Phase::Settled
    }

    /// Notes that the viewer's picture has jumped to another place. Returns up to where moments have been
    /// shown, should it turn out that it has not.
    pub(crate) fn jump(&mut self) -> i64 {
        let shown_before = match self.phase {
            Phase::Empty => return i64::MIN,
            Phase::Unsettled { shown_before } => shown_before,
            Phase::Settled => self.last_shown_seq(),
        };
        self.phase = Phase::Unsettled {
            shown_before: i64::MIN,
        };

        shown_before
    }

    /// Notes that the picture has not jumped after all.
    pub(crate) fn come_back(&mut self, shown_before: i64) {
        if self.phase != Phase::Empty {
            self.phase = Phase::Unsettled { shown_before };
        }
    }

    /// Notes that the clock was only now found out. What has been shown is not shown again.
    pub(crate) fn doubt(&mut self) {
        if self.is_settled() && self.shown < self.entries.len() {
            self.phase = Phase::Unsettled {
                shown_before: self.last_shown_seq(),
            };
        }
    }

    /// Notes that what follows the window is gone: where the picture is has to be told anew.
    pub(crate) fn lose(&mut self) {
        if self.is_settled() {
            self.phase = Phase::Unsettled {
                shown_before: self.last_shown_seq(),
            };
        }
        self.forget_coverage();
    }

    /// Puts the picture where the clocks are. Only sensible when they are known.
    pub(crate) fn settle(&mut self, reached: Reached) -> Settled {
        let Phase::Unsettled { shown_before } = self.phase else {
            unreachable!("only what is unsettled gets settled");
        };
        let before = self.shown;
        self.shown = 0;
        self.phase = Phase::Settled;

        let mut moments = Vec::new();
        for (index, entry) in self.entries.iter().enumerate() {
            let Some(late_by_ms) = entry.due.late_by_ms(reached) else {
                break;
            };
            self.shown += 1;
            let is_new = entry.event.part.is_none() && entry.event.seq > shown_before;
            if is_new && late_by_ms < SHOWING_TIME_MS {
                moments.push(ShownEvent {
                    event: entry.event.clone(),
                    late_by_ms,
                });
            } else if is_new && index >= before {
                self.skipped += 1;
            }
        }

        Settled {
            parts: self.shown_parts(),
            moments,
        }
    }

    /// Returns the next event that is due, and counts it as shown.
    pub(crate) fn release(&mut self, reached: Reached) -> Option<ShownEvent> {
        if !self.is_settled() {
            return None;
        }
        let entry = self.entries.get(self.shown)?;
        let late_by_ms = entry.due.late_by_ms(reached)?;
        self.shown += 1;

        Some(ShownEvent {
            event: entry.event.clone(),
            late_by_ms,
        })
    }

    /// Returns when the next event is due.
    pub(crate) fn next_due(&self) -> Option<Due> {
        if !self.is_settled() {
            return None;
        }

        Some(self.entries.get(self.shown)?.due)
    }

    /// Returns how many moments seeks have skipped.
    pub(crate) const fn skipped(&self) -> u32 {
        self.skipped
    }

    /// Returns the picture's state where it is.
    fn shown_parts(&self) -> Parts {
        let mut parts = self.base.clone();
        for entry in self.entries.range(..self.shown) {
            parts.take_in(&entry.event);
        }

        parts
    }

    fn last_shown_seq(&self) -> i64 {
        match self.shown.checked_sub(1) {
            Some(last) => self.entries[last].event.seq,
            None => i64::MIN,
        }
    }
}
