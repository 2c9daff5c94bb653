//! Follows one room's log: where it stands, and whether a message carries on from there.

use crate::event::{EventKind, RoomEvent};
use crate::time::MediaTime;
use crate::wire::{Feed, Start};
use alloc::string::String;

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
    /// It is about the present position, and brings no event.
    Current,
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
        if !is_in_order(feed) {
            return Verdict::Broken;
        }
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
            return if feed.after_seq == after_seq {
                Verdict::Current
            } else {
                Verdict::Duplicate
            };
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

/// Returns whether the events follow each other through the range that the message is said to
/// cover, and its picture is that before them. Others would be shown twice, or out of order. Live
/// parts are as they are now, wherever the picture is.
fn is_in_order(feed: &Feed) -> bool {
    let mut last_seq = feed.after_seq;
    for event in &feed.events {
        if event.seq <= last_seq {
            return false;
        }
        last_seq = event.seq;
    }
    let mut state = feed.snapshot.iter().flatten();
    // What is new may be timed in a new way.
    let is_new = |event: &RoomEvent| matches!(event.kind, EventKind::Unknown { .. });

    last_seq <= feed.through_seq
        && state.all(|event| event.is_live() || event.seq <= feed.after_seq || is_new(event))
}

#[cfg(test)]
mod tests {
    use super::{Subscription, Verdict};
    use crate::event::{
        ContributionAlert, ContributionKind, EventKind, EventTiming, RoomEvent, Session,
        SessionChange,
    };
    use crate::time::{MediaTime, ServerTime};
    use crate::wire::{Feed, Start};

    fn feed(epoch: &str, after_seq: i64, through_seq: i64) -> Feed {
        Feed {
            epoch: epoch.to_owned(),
            after_seq,
            through_seq,
            recovered: true,
            snapshot: None,
            events: Vec::new(),
            online_count: None,
            malformed_events: 0,
        }
    }

    fn snapshot(epoch: &str, after_seq: i64, through_seq: i64) -> Feed {
        Feed {
            recovered: false,
            snapshot: Some(Vec::new()),
            ..feed(epoch, after_seq, through_seq)
        }
    }

    fn event(seq: i64) -> RoomEvent {
        let now = ServerTime::from_unix_millis(seq);

        RoomEvent {
            seq,
            occurred_at: now,
            display_at: now,
            timing: EventTiming::Live,
            part: Some("session".to_owned()),
            kind: EventKind::Session(
                SessionChange::Started,
                Session {
                    id: String::new(),
                    started_at: now,
                    interrupted_at: None,
                    ended_at: None,
                    delay_ms: 0,
                },
            ),
        }
    }

    /// Something of the picture.
    fn moment(seq: i64) -> RoomEvent {
        RoomEvent {
            timing: EventTiming::Picture,
            part: None,
            kind: EventKind::ContributionReceived(ContributionAlert {
                id: String::new(),
                kind: ContributionKind::Donation,
                name: None,
                amount: None,
                currency: None,
                tier: None,
                quantity: 1,
                message: None,
                hype: 1,
            }),
            ..event(seq)
        }
    }

    fn at_seven() -> Subscription {
        let mut subscription = Subscription::new();
        subscription.begin(Start::Head);
        subscription.take_in(&snapshot("e", 7, 7));

        subscription
    }

    fn from(seq: i64) -> Start {
        Start::After {
            epoch: "e".to_owned(),
            seq,
        }
    }

    #[test]
    fn each_range_is_judged_by_where_the_log_stands() {
        for (after_seq, through_seq, verdict, seq) in [
            (7, 9, Verdict::Follows { after_seq: 7 }, 9),
            (5, 9, Verdict::Follows { after_seq: 7 }, 9),
            (5, 7, Verdict::Duplicate, 7),
            (7, 7, Verdict::Current, 7),
            (6, 6, Verdict::Duplicate, 7),
            (1, 3, Verdict::Duplicate, 7),
            (8, 9, Verdict::Gap, 7),
        ] {
            let mut subscription = at_seven();
            assert_eq!(
                subscription.take_in(&feed("e", after_seq, through_seq)),
                verdict
            );
            assert_eq!(subscription.resume(), Some(from(seq)));
        }
    }

    #[test]
    fn a_message_that_lies_about_its_range_is_not_believed() {
        for (after_seq, through_seq, seqs, verdict) in [
            (7, 10, &[8, 10][..], Verdict::Follows { after_seq: 7 }),
            (5, 9, &[6, 7, 8, 9], Verdict::Follows { after_seq: 7 }),
            (7, 9, &[8, 10], Verdict::Broken),
            (7, 9, &[7, 8], Verdict::Broken),
            (7, 9, &[9, 8], Verdict::Broken),
            (7, 9, &[8, 8], Verdict::Broken),
            (7, 6, &[], Verdict::Broken),
        ] {
            let mut subscription = at_seven();
            let message = Feed {
                events: seqs.iter().copied().map(event).collect(),
                ..feed("e", after_seq, through_seq)
            };
            assert_eq!(subscription.take_in(&message), verdict, "{seqs:?}");
        }

        for (state, is_broken) in [(event(8), false), (moment(7), false), (moment(8), true)] {
            let mut subscription = Subscription::new();
            subscription.begin(Start::Head);
            let message = Feed {
                snapshot: Some(vec![state]),
                ..snapshot("e", 7, 7)
            };
            let verdict = subscription.take_in(&message);
            assert_eq!(verdict == Verdict::Broken, is_broken, "{message:?}");
        }
    }

    #[test]
    fn a_resumption_may_bring_nothing_and_must_not_leave_a_gap() {
        let mut subscription = at_seven();
        subscription.begin(from(7));
        assert_eq!(
            subscription.take_in(&feed("e", 7, 7)),
            Verdict::Follows { after_seq: 7 }
        );

        subscription.begin(from(7));
        assert_eq!(subscription.take_in(&feed("e", 8, 9)), Verdict::Broken);
    }

    #[test]
    fn another_epoch_needs_a_snapshot() {
        let mut subscription = at_seven();
        assert_eq!(subscription.take_in(&feed("f", 7, 8)), Verdict::Broken);

        subscription.begin(from(7));
        assert_eq!(
            subscription.take_in(&snapshot("f", 2, 3)),
            Verdict::Replaces {
                covers_from: None,
                same_log: false
            }
        );
        assert_eq!(
            subscription.resume(),
            Some(Start::After {
                epoch: "f".to_owned(),
                seq: 3
            })
        );
    }

    #[test]
    fn a_start_in_the_picture_is_covered_from_there() {
        let position = MediaTime::from_unix_millis(5);
        let mut subscription = at_seven();
        subscription.begin(Start::At(position));

        assert_eq!(
            subscription.take_in(&snapshot("e", 2, 9)),
            Verdict::Replaces {
                covers_from: Some(position),
                same_log: true
            }
        );
    }

    #[test]
    fn a_first_message_without_state_makes_no_sense() {
        let mut subscription = Subscription::new();
        subscription.begin(Start::Head);

        assert_eq!(subscription.take_in(&feed("e", 0, 1)), Verdict::Broken);
        assert_eq!(subscription.resume(), None);
    }
}
