//! The last events of each part of a room's state, whatever parts there are: the very last one, and the last
//! one that the host can read. What is newer than the host, or broken, takes nothing from it that it knows.
//!
//! What a part is, and whether an event replaces one, is the server's to say: nothing here knows what
//! is in them.

use crate::event::RoomEvent;
use alloc::vec::Vec;

/// Parts of the picture held at once. A server has a handful, and a newer one perhaps some dozens. This bounds
/// memory whatever a server says, and no live part takes the place of the picture's.
pub(crate) const PICTURE_PARTS_MAX: usize = 256;

/// Live parts held at once. A server names at most some 350 people, each a part: 200 who wait for the stage, 50
/// on it, 100 of a small room or with a role. The rest is as many as the picture may have, and room for more.
/// Either bounds parts, each of which has two events at most.
pub(crate) const LIVE_PARTS_MAX: usize = 1_000;

/// Parts in order of the `seq` of the last event of each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Parts {
    parts: Vec<Part>,
    /// The position of the last event that emptied a live part: what is older says nothing new of any that is
    /// not here. Those of the picture come in order.
    emptied_through: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    last: RoomEvent,
    /// The last one that can be read, if `last` cannot.
    readable_before: Option<RoomEvent>,
}

/// What an event did to the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// It came before, or is older than what is known.
    Old,
    /// It is taken in.
    News,
    /// It is news, and there was no place for its part.
    NoPlace,
}

impl Parts {
    pub(crate) const fn new() -> Self {
        Self {
            parts: Vec::new(),
            emptied_through: 0,
        }
    }

    /// Returns the last event of each part that can be read.
    pub(crate) fn readable(&self) -> impl Iterator<Item = &RoomEvent> {
        self.parts.iter().filter_map(Part::readable)
    }

    /// Returns the last event of each part whose last event cannot be read.
    pub(crate) fn unreadable(&self) -> impl Iterator<Item = &RoomEvent> {
        let last = self.parts.iter().map(|part| &part.last);

        last.filter(|event| !event.is_readable)
    }

    /// Returns all events, in order of `seq`.
    pub(crate) fn into_events(self) -> impl Iterator<Item = RoomEvent> {
        let mut events: Vec<RoomEvent> = Vec::new();
        for part in self.parts {
            for event in part.readable_before.into_iter().chain([part.last]) {
                // What sorts weighs 3 KB in a browser.
                let place = events.partition_point(|other| other.seq <= event.seq);
                events.insert(place, event);
            }
        }

        events.into_iter()
    }

    /// Takes in an event, and says what it did. An older one never replaces a newer, and a moment
    /// replaces nothing.
    pub(crate) fn take_in(&mut self, event: &RoomEvent) -> Entry {
        if event.part.is_none() {
            return Entry::News;
        }
        let place = self.place_of(event);
        let known_seq = match place {
            Some(place) => self.parts[place].last.seq,
            None if event.is_live() => self.emptied_through,
            None => i64::MIN,
        };
        if event.seq <= known_seq {
            return Entry::Old;
        }

        let known = place.map(|place| self.parts.remove(place));
        if event.empties_part {
            if event.is_live() {
                self.emptied_through = self.emptied_through.max(event.seq);
            }
            return Entry::News;
        }
        let parts_max = if event.is_live() {
            LIVE_PARTS_MAX
        } else {
            PICTURE_PARTS_MAX
        };
        let alike = |part: &&Part| part.last.is_live() == event.is_live();
        if self.parts.iter().filter(alike).count() >= parts_max {
            return Entry::NoPlace;
        }
        let readable_before = match known {
            Some(known) if !event.is_readable => known.into_readable(),
            _ => None,
        };
        self.insert(Part {
            last: event.clone(),
            readable_before,
        });

        Entry::News
    }

    /// Replaces what is not live by `picture`.
    pub(crate) fn replace_picture(&mut self, picture: &Self) {
        self.keep(RoomEvent::is_live);
        for part in &picture.parts {
            for event in part.readable_before.iter().chain([&part.last]) {
                self.take_in(event);
            }
        }
    }

    /// Forgets what is live, and that it ever was.
    pub(crate) fn forget_live(&mut self) {
        self.keep(|event| !event.is_live());
        self.emptied_through = 0;
    }

    /// Forgets all but the events that `is_kept` is true of: a part may have some of either timing.
    fn keep(&mut self, is_kept: impl Fn(&RoomEvent) -> bool) {
        for part in core::mem::take(&mut self.parts) {
            if let Some(part) = part.keep(&is_kept) {
                self.insert(part);
            }
        }
    }

    fn insert(&mut self, part: Part) {
        let is_before = |other: &Part| other.last.seq < part.last.seq;
        let place = self.parts.partition_point(is_before);
        self.parts.insert(place, part);
    }

    fn place_of(&self, event: &RoomEvent) -> Option<usize> {
        self.parts
            .iter()
            .position(|part| part.last.part == event.part)
    }
}

impl Part {
    fn keep(mut self, is_kept: impl Fn(&RoomEvent) -> bool) -> Option<Self> {
        self.readable_before = self.readable_before.filter(&is_kept);
        if !is_kept(&self.last) {
            self.last = self.readable_before.take()?;
        }

        Some(self)
    }

    fn readable(&self) -> Option<&RoomEvent> {
        if self.last.is_readable {
            Some(&self.last)
        } else {
            self.readable_before.as_ref()
        }
    }

    fn into_readable(self) -> Option<RoomEvent> {
        if self.last.is_readable {
            Some(self.last)
        } else {
            self.readable_before
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, LIVE_PARTS_MAX, Parts};
    use crate::event::{EventTiming, Payload, RoomEvent};
    use crate::time::ServerTime;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn event(part: &str, seq: i64, timing: EventTiming) -> RoomEvent {
        RoomEvent {
            seq,
            occurred_at: ServerTime::from_unix_millis(0),
            display_at: ServerTime::from_unix_millis(0),
            timing,
            part: Some(part.to_owned()),
            empties_part: false,
            type_name: "New".to_owned(),
            payload: Payload::new(Payload::NOTHING),
            is_readable: true,
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
        for seq in 1..=1_001 {
            let entry = parts.take_in(&event(&format!("{seq}"), seq, EventTiming::Live));
            assert_eq!(entry == Entry::News, seq <= 1_000, "{seq}");
        }

        let train = event("train", 1_000, EventTiming::Picture);
        assert_eq!(parts.take_in(&train), Entry::News);
    }

    fn emptied(part: &str, seq: i64) -> RoomEvent {
        RoomEvent {
            empties_part: true,
            ..event(part, seq, EventTiming::Live)
        }
    }

    fn names(parts: &Parts) -> Vec<&str> {
        parts
            .readable()
            .filter_map(|it| it.part.as_deref())
            .collect()
    }

    #[test]
    fn a_part_that_was_emptied_is_forgotten_and_stays_so() {
        let live = |part, seq| event(part, seq, EventTiming::Live);
        let mut parts = Parts::new();
        parts.take_in(&live("a", 5));

        assert_eq!(parts.take_in(&emptied("a", 6)), Entry::News);
        assert_eq!(parts.take_in(&live("a", 5)), Entry::Old);
        assert_eq!(parts.take_in(&emptied("a", 6)), Entry::Old);
        assert_eq!(names(&parts), [""; 0]);
        let shown_late = event("train", 3, EventTiming::Picture);
        assert_eq!(
            parts.take_in(&shown_late),
            Entry::News,
            "the picture is behind"
        );

        assert_eq!(parts.take_in(&live("a", 7)), Entry::News);
        assert_eq!(names(&parts), ["train", "a"]);
    }

    #[test]
    fn more_live_parts_than_a_server_has_are_left_out_and_told() {
        let mut parts = Parts::new();
        let mut seq = 0;
        let mut next = |name: &str| {
            seq += 1;
            event(name, seq, EventTiming::Live)
        };
        for index in 0..LIVE_PARTS_MAX {
            assert_eq!(parts.take_in(&next(&index.to_string())), Entry::News);
        }

        assert_eq!(parts.take_in(&next("more")), Entry::NoPlace);
        assert_eq!(parts.take_in(&next("7")), Entry::News, "7 is here");
        let gone = RoomEvent {
            empties_part: true,
            ..next("7")
        };
        parts.take_in(&gone);
        assert_eq!(parts.take_in(&next("more")), Entry::News);
    }

    fn unreadable(part: &str, seq: i64, timing: EventTiming) -> RoomEvent {
        RoomEvent {
            is_readable: false,
            ..event(part, seq, timing)
        }
    }

    fn seqs<'a>(events: impl Iterator<Item = &'a RoomEvent>) -> Vec<i64> {
        events.map(|event| event.seq).collect()
    }

    #[test]
    fn what_cannot_be_read_stands_beside_what_could_however_often_it_comes() {
        for timing in [EventTiming::Live, EventTiming::Picture] {
            let mut parts = Parts::new();
            parts.take_in(&unreadable("new", 1, timing));
            parts.take_in(&event("a", 2, timing));
            for seq in 3..9 {
                assert_eq!(parts.take_in(&unreadable("a", seq, timing)), Entry::News);
            }
            assert_eq!(parts.take_in(&event("a", 7, timing)), Entry::Old);
            assert_eq!(seqs(parts.readable()), [2]);
            assert_eq!(seqs(parts.unreadable()), [1, 8]);

            let mut picture = Parts::new();
            picture.replace_picture(&parts);
            assert_eq!(picture, parts, "a seek");
            let mut entered = Parts::new();
            for event in parts.clone().into_events() {
                entered.take_in(&event);
            }
            assert_eq!(entered, parts, "a snapshot");

            parts.take_in(&event("a", 9, timing));
            assert_eq!(seqs(parts.readable()), [9]);
            assert_eq!(seqs(parts.unreadable()), [1]);
        }
    }

    /// What is newer than this build may be timed otherwise than what it knows of the part.
    #[test]
    fn what_goes_by_the_other_clock_takes_nothing_with_it() {
        use EventTiming::{Live, Newer, Picture};
        for newer in [Picture, Newer] {
            let mut parts = Parts::new();
            parts.take_in(&event("other", 1, Live));
            parts.take_in(&event("session", 2, Live));
            parts.take_in(&unreadable("session", 3, newer));
            parts.replace_picture(&Parts::new());
            assert_eq!(seqs(parts.readable()), [1, 2], "a seek");
            assert_eq!(seqs(parts.unreadable()), [0; 0]);
        }

        let mut parts = Parts::new();
        parts.take_in(&event("train", 2, Picture));
        parts.take_in(&unreadable("train", 3, Live));
        let mut before = Parts::new();
        before.take_in(&event("train", 1, Picture));
        let mut cut = parts.clone();
        parts.replace_picture(&before);
        assert_eq!(seqs(parts.unreadable()), [3]);
        assert!(seqs(parts.readable()) != [2], "a seek back");
        cut.forget_live();
        assert_eq!(seqs(cut.readable()), [2], "a cut");
    }

    #[test]
    fn nothing_is_known_of_a_part_that_was_emptied_whatever_comes_next() {
        let mut parts = Parts::new();
        parts.take_in(&event("a", 5, EventTiming::Live));
        let gone = RoomEvent {
            is_readable: false,
            ..emptied("a", 6)
        };
        parts.take_in(&gone);
        parts.take_in(&unreadable("a", 7, EventTiming::Live));

        assert_eq!(seqs(parts.readable()), [0; 0]);
        assert_eq!(seqs(parts.unreadable()), [7]);
    }

    proptest! {
        /// The model keeps the newest of each.
        #[test]
        fn whatever_comes_again_or_late_the_newest_of_each_stays(
            log in prop::collection::vec((0..6_u8, any::<bool>()), 1..60),
            replays in prop::collection::vec((0..60_usize, 1..20_usize), 0..6),
        ) {
            let events: Vec<RoomEvent> = log
                .iter()
                .zip(1..)
                .map(|((part, is_emptied), seq)| RoomEvent {
                    empties_part: *is_emptied,
                    ..event(&part.to_string(), seq, EventTiming::Live)
                })
                .collect();
            let mut newest = BTreeMap::new();
            for event in &events {
                newest.insert(event.part.clone(), event);
            }
            let mut expected: Vec<&RoomEvent> = newest
                .into_values()
                .filter(|event| !event.empties_part)
                .collect();
            expected.sort_by_key(|event| event.seq);

            let mut parts = Parts::new();
            for (index, event) in events.iter().enumerate() {
                parts.take_in(event);
                for (_, length) in replays.iter().filter(|(at, _)| *at == index) {
                    for event in &events[index.saturating_sub(*length)..=index] {
                        prop_assert_eq!(parts.take_in(event), Entry::Old);
                    }
                }
            }
            prop_assert_eq!(parts.readable().collect::<Vec<_>>(), expected);
        }
    }
}
