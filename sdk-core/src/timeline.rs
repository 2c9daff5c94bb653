//! Holds picture events back until the viewer's picture catches up with them, and remembers those
//! that it has shown, for the viewer may seek back.
//!
//! It is one sequence in order of `seq`, which is the order of the moments too. A stamp may run back
//! between neighbours, for a delay in the wrong unit is put right: an event is then due with the
//! earliest of those behind it, so that one that is stamped too late holds up nothing. `shown` says how
//! far the picture has got. Playing moves that mark forward event by event; a seek puts it somewhere else.

use crate::due::{Due, Reached, Schedule};
use crate::event::RoomEvent;
use crate::exchange::ShownEvent;
use crate::parts::Parts;
use crate::time::MediaTime;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

mod overflow;

/// Events held at once. Bounds memory when a player is paused in a busy room.
pub(crate) const CAPACITY: usize = 10_000;

/// Shown events remembered for seeking back without asking the server: at one a second, half an
/// hour.
pub(crate) const HISTORY_CAPACITY: usize = 2_000;

/// How long a moment stays on screen. A seek that lands within it shows the moment again.
pub(crate) const SHOWING_TIME_MS: i64 = 7_000;

/// The picture events of a room, shown and held.
#[derive(Debug)]
pub(crate) struct Timeline {
    entries: VecDeque<Entry>,
    shown: usize,
    /// The picture's state before the first entry.
    base: Parts,
    /// From where on the stream's timeline the entries are all there; `None` if from the head.
    covers_from: Option<MediaTime>,
    phase: Phase,
    skipped: u32,
    coalesced: u32,
    shed: u32,
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
            covers_from: None,
            phase: Phase::Empty,
            skipped: 0,
            coalesced: 0,
            shed: 0,
        }
    }

    /// Forgets everything, for a snapshot comes in. Moments that were shown are not shown again,
    /// unless the picture had jumped anyway; in another log `seq` cannot tell them, so none are.
    pub(crate) fn reset(&mut self, covers_from: Option<MediaTime>, same_log: bool) {
        let shown_before = match self.phase {
            Phase::Empty => i64::MIN,
            Phase::Unsettled { shown_before } if same_log => shown_before,
            Phase::Settled if same_log => self.last_shown_seq(),
            Phase::Unsettled { .. } | Phase::Settled => i64::MAX,
        };
        self.phase = Phase::Unsettled { shown_before };
        self.entries.clear();
        self.shown = 0;
        self.base = Parts::new();
        self.covers_from = covers_from;
    }

    /// Takes in the next picture event of the log.
    pub(crate) fn enter(&mut self, event: RoomEvent, schedule: &Schedule) {
        debug_assert!(
            self.entries
                .back()
                .is_none_or(|last| last.event.seq < event.seq),
            "messages are in order, and so are the events of each"
        );

        let due = schedule.due(&event);
        for entry in self.entries.iter_mut().rev() {
            if !due.is_before(entry.due) {
                break;
            }
            entry.due = due;
        }
        self.entries.push_back(Entry {
            due,
            stamped_due: due,
            event,
        });
    }

    /// Dates everything anew. What has been shown stays shown.
    pub(crate) fn reschedule(&mut self, schedule: &Schedule) {
        for entry in &mut self.entries {
            entry.stamped_due = schedule.due(&entry.event);
        }
        self.put_in_order();
    }

    /// Notes that what is known does not reach back to any place on the stream's timeline.
    pub(crate) fn forget_coverage(&mut self) {
        self.covers_from = None;
    }

    /// Returns whether the state at `position` can be told.
    pub(crate) fn covers(&self, position: MediaTime) -> bool {
        self.covers_from
            .is_some_and(|covers_from| covers_from <= position)
    }

    /// Returns whether something is on screen that the picture has not reached at `position`. Many
    /// steps back, each too small for a seek, come to that.
    pub(crate) fn is_ahead_of(&self, position: MediaTime) -> bool {
        let reached = Reached {
            server: None,
            media: Some(position),
        };

        match self.shown.checked_sub(1) {
            Some(last) => self.entries[last].due.late_by_ms(reached).is_none(),
            None => !self.covers(position),
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

    /// Returns moments skipped by seeks, states coalesced and moments shed.
    pub(crate) const fn losses(&self) -> (u32, u32, u32) {
        (self.skipped, self.coalesced, self.shed)
    }

    /// Works out when each entry is due from what they are stamped with.
    fn put_in_order(&mut self) {
        let mut earliest: Option<Due> = None;
        for entry in self.entries.iter_mut().rev() {
            let due = earliest
                .filter(|earliest| earliest.is_before(entry.stamped_due))
                .unwrap_or(entry.stamped_due);
            entry.due = due;
            earliest = Some(due);
        }
    }

    /// Returns the picture's state where it is. From the newest back, so that of each part only the
    /// one that counts is copied.
    fn shown_parts(&self) -> Parts {
        let mut parts = Parts::new();
        let shown = self.entries.range(..self.shown).rev();
        for event in shown.map(|entry| &entry.event).chain(self.base.iter()) {
            parts.take_in(event);
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
