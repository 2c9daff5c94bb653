//! Follows one room's log: where it stands, and whether a message carries on from there.

use crate::event::{EventTiming, RoomEvent};
use crate::time::{Instant, MediaTime};
use crate::timeline::Stretch;
use crate::wire::{Feed, Position, Start};

/// How long the server may take to give more of the log: longer than it tries to.
const ANSWER_TIMEOUT_MS: i64 = 30_000;

/// The operation, and the position that it has reached.
#[derive(Debug)]
pub(crate) struct Subscription {
    /// The last operation's id.
    id: u32,
    /// The operation that the server has, if any.
    running: Option<u32>,
    position: Option<Position>,
    /// Whether what is known leads up to the position.
    resumes: bool,
    /// How the operation began, until its first message has come.
    awaiting: Option<Start>,
    /// The operation beside it that asks for more of the log.
    asked: Option<Asked>,
}

#[derive(Debug, Clone, Copy)]
struct Asked {
    id: u32,
    after_seq: i64,
    answer_by: Instant,
}

/// What an answer is that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It follows `after_seq`.
    Follows { after_seq: i64 },
    /// The log is another, or does not reach back any more.
    Lost,
    /// The server contradicts itself.
    Broken,
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
            running: None,
            position: None,
            resumes: true,
            awaiting: None,
            asked: None,
        }
    }

    /// Returns where to carry on, or `None` if that is nowhere.
    pub(crate) fn resume(&self) -> Option<Start> {
        self.position
            .clone()
            .filter(|_| self.resumes)
            .map(Start::After)
    }

    /// Returns whether the operation called `id` is the present one.
    pub(crate) fn is(&self, id: u32) -> bool {
        self.running == Some(id)
    }

    /// Returns the operation that the server has, if any.
    pub(crate) const fn running(&self) -> Option<u32> {
        self.running
    }

    pub(crate) const fn is_awaiting(&self) -> bool {
        self.awaiting.is_some()
    }

    /// Returns whether a window of the log is asked for, and not there yet.
    pub(crate) fn awaits_window(&self) -> bool {
        matches!(self.awaiting, Some(Start::At { until: Some(_), .. }))
    }

    /// Begins an operation, of which the id is returned. Messages of earlier ones are void.
    pub(crate) fn begin(&mut self, start: Start) -> u32 {
        self.id = self.id.wrapping_add(1);
        self.awaiting = Some(start);
        self.running = Some(self.id);
        self.asked = None;

        self.id
    }

    /// Begins to ask for what follows `after_seq`. Returns the operation's id and the position.
    pub(crate) fn ask(&mut self, after_seq: i64, now: Instant) -> Option<(u32, Position)> {
        let position = Position {
            seq: after_seq,
            ..self.position.clone()?
        };
        self.id = self.id.wrapping_add(1);
        self.asked = Some(Asked {
            id: self.id,
            after_seq,
            answer_by: now.plus_millis(ANSWER_TIMEOUT_MS),
        });

        Some((self.id, position))
    }

    /// Returns by when there has to be an answer to what was asked.
    pub(crate) fn answer_by(&self) -> Option<Instant> {
        self.asked.map(|asked| asked.answer_by)
    }

    /// Returns whether the operation called `id` is the one that asks.
    pub(crate) fn has_asked(&self, id: u32) -> bool {
        self.asked.is_some_and(|asked| asked.id == id)
    }

    /// Judges what was asked for.
    pub(crate) fn take_answer(&mut self, feed: &Feed) -> Answer {
        let (Some(asked), Some(position)) = (self.asked.take(), &self.position) else {
            return Answer::Broken;
        };
        if !feed.recovered || feed.epoch != position.epoch {
            return Answer::Lost;
        }
        let after_seq = asked.after_seq;
        if feed.after_seq != after_seq || !is_in_order(feed) {
            return Answer::Broken;
        }

        Answer::Follows { after_seq }
    }

    /// Notes that the server has ended the operation, or its socket is gone.
    pub(crate) fn end(&mut self) {
        self.awaiting = None;
        self.running = None;
        self.asked = None;
    }

    /// Has operations start anew, until a message replaces all state.
    pub(crate) fn start_over(&mut self) {
        self.resumes = false;
    }

    /// Forgets a position that the server does not accept. Returns false if it was not at fault.
    pub(crate) fn forget_position(&mut self) -> bool {
        let resumed = matches!(self.awaiting, Some(Start::After(_)));
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
        self.resumes = true;
        self.asked = None;

        Verdict::Replaces {
            covers_from: match first {
                Some(Start::At { position, .. }) => Some(*position),
                Some(Start::Head | Start::After(_)) | None => None,
            },
            same_log,
        }
    }
}

impl Feed {
    /// Returns how much of the log it is.
    pub(crate) fn stretch(&self) -> Stretch {
        let last = self.events.last();

        Stretch {
            last_seq: last.map_or(self.after_seq, |event| event.seq),
            last_occurred_at: last.map(|event| event.occurred_at),
            through_seq: self.through_seq,
            left_out_from: self.left_out_from,
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
    // What is timed in a new way may be told of as it is now.
    let is_new = |event: &RoomEvent| event.timing == EventTiming::Newer;

    last_seq <= feed.through_seq
        && state.all(|event| event.is_live() || event.seq <= feed.after_seq || is_new(event))
}

#[cfg(test)]
mod tests {
    use super::{Answer, Subscription, Verdict};
    use crate::event::{EventTiming, Payload, RoomEvent};
    use crate::time::{Instant, MediaTime, ServerTime};
    use crate::wire::{Feed, Position, Start};

    fn feed(epoch: &str, after_seq: i64, through_seq: i64) -> Feed {
        Feed {
            epoch: epoch.to_owned(),
            after_seq,
            through_seq,
            recovered: true,
            snapshot: None,
            events: Vec::new(),
            live_through_seq: None,
            left_out_from: None,
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
            empties_part: false,
            type_name: "SessionStarted".to_owned(),
            payload: Payload::new(r#"{"session":{"delayMs":0}}"#),
            is_readable: true,
        }
    }

    /// Something of the picture.
    fn moment(seq: i64) -> RoomEvent {
        RoomEvent {
            timing: EventTiming::Picture,
            part: None,
            type_name: "ContributionReceived".to_owned(),
            payload: Payload::new(Payload::NOTHING),
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
        Start::After(Position {
            epoch: "e".to_owned(),
            seq,
        })
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
            Some(Start::After(Position {
                epoch: "f".to_owned(),
                seq: 3
            }))
        );
    }

    #[test]
    fn a_start_in_the_picture_is_covered_from_there() {
        let position = MediaTime::from_unix_millis(5);
        let mut subscription = at_seven();
        subscription.begin(Start::At {
            position,
            until: None,
        });

        assert_eq!(
            subscription.take_in(&snapshot("e", 2, 9)),
            Verdict::Replaces {
                covers_from: Some(position),
                same_log: true
            }
        );
    }

    #[test]
    fn an_answer_follows_what_was_asked_for_or_says_that_it_cannot() {
        let now = Instant::from_millis(0);
        for (answer, expected) in [
            (feed("e", 3, 5), Answer::Follows { after_seq: 3 }),
            (feed("e", 4, 5), Answer::Broken),
            (feed("f", 3, 5), Answer::Lost),
            (
                Feed {
                    recovered: false,
                    ..feed("e", 3, 3)
                },
                Answer::Lost,
            ),
        ] {
            let mut subscription = at_seven();
            let running = subscription.running().unwrap();
            let (id, position) = subscription.ask(3, now).unwrap();
            assert_eq!(Start::After(position), from(3));
            assert!(subscription.has_asked(id) && !subscription.is(id));

            assert_eq!(subscription.take_answer(&answer), expected);
            assert!(!subscription.has_asked(id) && subscription.is(running));
            assert_eq!(subscription.resume(), Some(from(7)));
        }
    }

    #[test]
    fn a_first_message_without_state_makes_no_sense() {
        let mut subscription = Subscription::new();
        subscription.begin(Start::Head);

        assert_eq!(subscription.take_in(&feed("e", 0, 1)), Verdict::Broken);
        assert_eq!(subscription.resume(), None);
    }
}
