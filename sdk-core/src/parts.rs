//! The last event of each part of a room's state, whatever parts there are.
//!
//! What a part is, and whether an event replaces one, is the server's to say: nothing here knows what
//! is in them.

use crate::event::RoomEvent;
use crate::participant::Entry;
use alloc::vec::Vec;

/// Parts of one timing held at once, people aside. A server has a handful, and a newer one perhaps some
/// dozens. This bounds memory whatever a server says, and no live part takes the place of the picture's.
pub(crate) const PARTS_MAX: usize = 256;

/// Events in order of `seq`, of each part the last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Parts(Vec<RoomEvent>);

impl Parts {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &RoomEvent> {
        self.0.iter()
    }

    pub(crate) fn into_events(self) -> impl Iterator<Item = RoomEvent> {
        self.0.into_iter()
    }

    /// Takes in an event, and says what it did. An older one never replaces a newer, and a moment
    /// replaces nothing.
    pub(crate) fn take_in(&mut self, event: &RoomEvent) -> Entry {
        if event.part.is_none() {
            return Entry::News;
        }
        let is_known = |other: &RoomEvent| other.part == event.part && event.seq <= other.seq;
        if self.0.iter().any(is_known) {
            return Entry::Old;
        }

        self.forget(event);
        let alike = self
            .0
            .iter()
            .filter(|other| other.is_live() == event.is_live());
        if alike.count() >= PARTS_MAX {
            return Entry::NoPlace;
        }
        let place = self.0.partition_point(|other| other.seq < event.seq);
        self.0.insert(place, event.clone());

        Entry::News
    }

    /// Forgets what is known of the part that `event` replaces.
    pub(crate) fn forget(&mut self, event: &RoomEvent) {
        self.keep(|other| other.part != event.part);
    }

    pub(crate) fn keep(&mut self, wanted: impl Fn(&RoomEvent) -> bool) {
        self.0.retain(wanted);
    }
}

#[cfg(test)]
mod tests {
    use super::{PARTS_MAX, Parts};
    use crate::event::{EventKind, EventTiming, RoomEvent};
    use crate::participant::Entry;
    use crate::time::ServerTime;
    use alloc::borrow::ToOwned;
    use alloc::format;

    fn event(part: &str, seq: i64, timing: EventTiming) -> RoomEvent {
        RoomEvent {
            seq,
            occurred_at: ServerTime::from_unix_millis(0),
            display_at: ServerTime::from_unix_millis(0),
            timing,
            part: Some(part.to_owned()),
            kind: EventKind::Unknown {
                type_name: "New".to_owned(),
            },
        }
    }

    /// As after a failover, which gives a position to another event.
    #[test]
    fn parts_may_have_one_position_in_two_logs() {
        let mut parts = Parts::new();
        for (part, seq, entry) in [
            ("train", 50, Entry::News),
            ("mood", 50, Entry::News),
            ("mood", 50, Entry::Old),
            ("mood", 49, Entry::Old),
            ("mood", 51, Entry::News),
        ] {
            let event = event(part, seq, EventTiming::Picture);
            assert_eq!(parts.take_in(&event), entry, "{part} {seq}");
        }
    }

    #[test]
    fn live_parts_take_no_place_of_the_pictures() {
        let mut parts = Parts::new();
        for seq in 0..=i64::try_from(PARTS_MAX).unwrap() {
            let entry = parts.take_in(&event(&format!("{seq}"), seq, EventTiming::Live));
            assert_eq!(entry == Entry::News, seq < 256, "{seq}");
        }

        let train = event("train", 1_000, EventTiming::Picture);
        assert_eq!(parts.take_in(&train), Entry::News);
    }
}
