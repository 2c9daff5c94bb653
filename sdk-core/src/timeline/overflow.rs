//! What a timeline gives up when it has too much. Nothing is ever shown early to make room.

use super::{CAPACITY, HISTORY_CAPACITY, Timeline};
use crate::due::Due;
use crate::event::{EventKind, RoomEvent};
use crate::parts::Parts;

impl Timeline {
    /// Brings the timeline within its limits. Where the viewer cannot seek, nothing that has been
    /// shown is of use any more.
    pub(crate) fn enforce_limits(&mut self, may_seek: bool) {
        let history_capacity = if may_seek { HISTORY_CAPACITY } else { 0 };
        while self.is_settled() && self.shown > history_capacity {
            self.forget_oldest_shown();
        }

        if self.entries.len() - self.shown <= CAPACITY {
            return;
        }
        self.coalesce_state();
        let excess = (self.entries.len() - self.shown).saturating_sub(CAPACITY);
        if excess > 0 {
            self.shed_moments(excess);
        }
        // Nothing is due early because of something that is not there any more.
        self.put_in_order();
    }

    fn forget_oldest_shown(&mut self) {
        let Some(entry) = self.entries.pop_front() else {
            return;
        };
        self.shown -= 1;
        if let Due::Media(due) = entry.due {
            self.covers_from = self.covers_from.max(Some(due));
        }
        self.base.take_in(&entry.event);
    }

    /// Of the states held, keeps the last of each part, of as many parts as are held anywhere.
    fn coalesce_state(&mut self) {
        let before = self.entries.len();
        let mut last = Parts::new();
        let held = self.entries.range(self.shown..).rev();
        for event in held.map(|entry| &entry.event) {
            last.take_in(event);
        }
        let shown = self.shown;
        let mut index = 0;
        self.entries.retain(|entry| {
            let held = index >= shown;
            index += 1;
            !held || entry.event.part.is_none() || last.has(entry.event.seq)
        });

        self.coalesced += lost(before, self.entries.len());
    }

    /// Gives up `excess` moments: the least important, and of those the oldest.
    fn shed_moments(&mut self, excess: usize) {
        let limit = self.importance_limit(excess);
        let mut spare = excess - self.moments_below(limit);

        let before = self.entries.len();
        let shown = self.shown;
        let mut index = 0;
        self.entries.retain(|entry| {
            let held = index >= shown;
            index += 1;
            match importance(&entry.event) {
                Some(importance) if held && importance < limit => false,
                Some(importance) if held && importance == limit && spare > 0 => {
                    spare -= 1;
                    false
                }
                Some(_) | None => true,
            }
        });

        self.shed += lost(before, self.entries.len());
    }

    /// Returns the greatest importance with at most `excess` moments below it. Found by bisection,
    /// for code that sorts is ten times larger.
    fn importance_limit(&self, excess: usize) -> i64 {
        let (mut low, mut high) = (0, i64::MAX);
        while low < high {
            let span = high - low;
            let middle = low + span / 2 + span % 2;
            if self.moments_below(middle) <= excess {
                low = middle;
            } else {
                high = middle - 1;
            }
        }

        low
    }

    fn moments_below(&self, limit: i64) -> usize {
        self.entries
            .iter()
            .skip(self.shown)
            .filter(|entry| importance(&entry.event).is_some_and(|importance| importance < limit))
            .count()
    }
}

/// Returns how much a moment is worth, or `None` for state, which is never shed.
fn importance(event: &RoomEvent) -> Option<i64> {
    if event.part.is_some() {
        return None;
    }

    Some(match &event.kind {
        EventKind::ContributionReceived(contribution) => contribution.hype.max(0),
        EventKind::RoomUpdated(_)
        | EventKind::Session(..)
        | EventKind::Participant(..)
        | EventKind::HypeTrain(..)
        | EventKind::Unknown { .. } => 0,
    })
}

fn lost(before: usize, after: usize) -> u32 {
    u32::try_from(before - after).unwrap_or(u32::MAX)
}
