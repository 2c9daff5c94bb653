//! The end of a room's log, held in memory for those who follow it.

use std::collections::VecDeque;
use std::sync::Arc;

use parlor_domain::event::Event;
use parlor_domain::id::Epoch;

/// Events held for a room. Followers read them within milliseconds of each other; one that fell
/// further behind reads the store.
pub(super) const EVENTS_MAX: usize = 512;

/// Events with `floor_seq < seq <= head_seq()`, without a gap.
#[derive(Debug)]
pub(super) struct RecentLog {
    pub(super) epoch: Epoch,
    floor_seq: i64,
    events: VecDeque<Arc<Event>>,
}

/// What came of an addition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Added {
    Advanced,
    /// Nothing new in it.
    Known,
    /// It does not join: something between is missing.
    Gap,
    /// It has another event where one is known: the log went back, and goes on as another.
    Diverged,
}

impl RecentLog {
    /// A log of which nothing is held yet, up to `seq`.
    pub(super) fn new(epoch: Epoch, seq: i64) -> Self {
        Self {
            epoch,
            floor_seq: seq,
            events: VecDeque::new(),
        }
    }

    pub(super) fn head_seq(&self) -> i64 {
        self.events.back().map_or(self.floor_seq, |event| event.seq)
    }

    /// Adds events that follow `after_seq` without a gap, as far as they are new.
    pub(super) fn add(&mut self, after_seq: i64, events: Vec<Event>) -> Added {
        let head_seq = self.head_seq();
        if after_seq > head_seq {
            return Added::Gap;
        }
        if events.iter().any(|event| self.contradicts(event)) {
            return Added::Diverged;
        }

        self.events.extend(
            events
                .into_iter()
                .filter(|event| event.seq > head_seq)
                .map(Arc::new),
        );
        while self.events.len() > EVENTS_MAX {
            self.floor_seq = self
                .events
                .pop_front()
                .map_or(self.floor_seq, |event| event.seq);
        }

        if self.head_seq() > head_seq {
            Added::Advanced
        } else {
            Added::Known
        }
    }

    /// Whether another event is held in the place of `event`.
    fn contradicts(&self, event: &Event) -> bool {
        let place = usize::try_from(event.seq - self.floor_seq - 1);
        let held = place.ok().and_then(|place| self.events.get(place));

        held.is_some_and(|held| held.id != event.id)
    }

    /// The position after which to read so that what comes can be held against the last event.
    pub(super) fn rejoin_seq(&self) -> i64 {
        self.floor_seq.max(self.head_seq() - 1)
    }

    /// The events behind `seq`, at most `limit`; `None` if they are not held any more.
    pub(super) fn after(&self, seq: i64, limit: usize) -> Option<Vec<Arc<Event>>> {
        let skipped = usize::try_from(seq - self.floor_seq).ok()?;

        Some(
            self.events
                .iter()
                .skip(skipped)
                .take(limit)
                .cloned()
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use parlor_domain::event::EventBody;
    use parlor_domain::id::{EventId, SessionId};
    use parlor_domain::session::Session;
    use parlor_domain::time::ServerTime;
    use uuid::Uuid;

    use super::*;

    fn events(seqs: std::ops::RangeInclusive<i64>) -> Vec<Event> {
        let at = ServerTime::from_unix_millis(0);
        let id = SessionId(Uuid::nil());
        let session = Session {
            id,
            started_at: at,
            interrupted_at: None,
            ended_at: None,
            delay_ms: 0,
        };

        seqs.map(|seq| Event {
            id: EventId(Uuid::nil()),
            seq,
            occurred_at: at,
            display_at: at,
            body: EventBody::SessionStarted(session.clone()),
        })
        .collect()
    }

    fn seqs(log: &RecentLog, after: i64, limit: usize) -> Option<Vec<i64>> {
        log.after(after, limit)
            .map(|events| events.iter().map(|event| event.seq).collect())
    }

    #[test]
    fn only_what_joins_is_added_and_only_once() {
        let mut log = RecentLog::new(Epoch(Uuid::nil()), 4);
        let cases = [
            (4, events(5..=6), Added::Advanced, 6),
            (4, events(5..=6), Added::Known, 6),
            (7, events(8..=8), Added::Gap, 6),
            (5, events(6..=8), Added::Advanced, 8),
            (2, events(3..=4), Added::Known, 8),
        ];

        for (after_seq, events, expected, head_seq) in cases {
            assert_eq!(log.add(after_seq, events), expected);
            assert_eq!(log.head_seq(), head_seq);
        }
        assert_eq!(seqs(&log, 4, 9), Some(vec![5, 6, 7, 8]));
        assert_eq!(seqs(&log, 6, 1), Some(vec![7]));
        assert_eq!(seqs(&log, 8, 9), Some(vec![]));
        assert_eq!(seqs(&log, 3, 9), None);
    }

    #[test]
    fn another_event_in_the_place_of_one_that_is_held_shows_another_log() {
        let mut log = RecentLog::new(Epoch(Uuid::nil()), 4);
        assert_eq!(log.rejoin_seq(), 4);
        log.add(4, events(5..=6));
        assert_eq!(log.rejoin_seq(), 5);

        let mut others = events(3..=8);
        others[1].id = EventId(Uuid::max());
        assert_eq!(log.add(2, others.clone()), Added::Advanced, "4 is not held");
        others[3].id = EventId(Uuid::max());
        assert_eq!(log.add(5, others.split_off(3)), Added::Diverged);
        assert_eq!(log.head_seq(), 8);
    }

    #[test]
    fn the_oldest_events_give_way() {
        let mut log = RecentLog::new(Epoch(Uuid::nil()), 0);
        log.add(0, events(1..=i64::try_from(EVENTS_MAX).unwrap() + 2));

        assert_eq!(seqs(&log, 1, 1), None);
        assert_eq!(seqs(&log, 2, 1), Some(vec![3]));
    }
}
