//! What a timeline gives up when it has too much. Nothing is ever shown early to make room.

use super::{CAPACITY, HISTORY_CAPACITY, Timeline};
use crate::due::Due;
use crate::event::{EventKind, RoomEvent};

impl Timeline {
    /// Brings the timeline within its limits. Where the viewer cannot seek, nothing that has been
    /// shown is of use any more.
    pub(crate) fn enforce_limits(&mut self, may_seek: bool) {
        let history_capacity = if may_seek { HISTORY_CAPACITY } else { 0 };
        while self.is_settled() && self.shown > history_capacity {
            self.forget_oldest_shown();
        }

        if self.entries.len() - self.shown > CAPACITY {
            self.coalesce_state();
        }
        let excess = (self.entries.len() - self.shown).saturating_sub(CAPACITY);
        if excess > 0 {
            self.shed_moments(excess);
        }
    }

    fn forget_oldest_shown(&mut self) {
        let Some(entry) = self.entries.pop_front() else {
            return;
        };
        self.shown -= 1;
        self.forgotten_seq = entry.event.seq;
        if let Due::Media(due) = entry.due {
            self.covers_from = self.covers_from.max(Some(due));
        }
        if let EventKind::HypeTrain(_, train) = entry.event.kind {
            self.base = Some(train);
        }
    }

    /// Of the states held, keeps the last.
    fn coalesce_state(&mut self) {
        let Some(last) = self
            .entries
            .iter()
            .rposition(|entry| entry.event.kind.train().is_some())
        else {
            return;
        };
        let before = self.entries.len();
        let shown = self.shown;
        let mut index = 0;
        self.entries.retain(|entry| {
            let keep = index < shown || index == last || entry.event.kind.train().is_none();
            index += 1;
            keep
        });

        self.coalesced += lost(before, self.entries.len());
    }

    /// Gives up `excess` moments: the least important, and of those the oldest.
    fn shed_moments(&mut self, excess: usize) {
        let mut moments: Vec<(i64, i64)> = self
            .entries
            .iter()
            .skip(self.shown)
            .filter_map(|entry| Some((importance(&entry.event)?, entry.event.seq)))
            .collect();
        moments.sort_unstable();
        moments.truncate(excess);
        let Some(most_important) = moments.last().copied() else {
            return;
        };

        let before = self.entries.len();
        let shown = self.shown;
        let mut index = 0;
        self.entries.retain(|entry| {
            let keep = index < shown
                || importance(&entry.event)
                    .is_none_or(|importance| (importance, entry.event.seq) > most_important);
            index += 1;
            keep
        });

        self.shed += lost(before, self.entries.len());
    }
}

/// Returns how much a moment is worth, or `None` for state, which is never shed.
fn importance(event: &RoomEvent) -> Option<i64> {
    match &event.kind {
        EventKind::ContributionReceived(contribution) => Some(contribution.hype),
        EventKind::RoomUpdated(_)
        | EventKind::SessionStarted(_)
        | EventKind::SessionEnded(_)
        | EventKind::HypeTrain(..) => None,
    }
}

fn lost(before: usize, after: usize) -> u32 {
    u32::try_from(before - after).unwrap_or(u32::MAX)
}
