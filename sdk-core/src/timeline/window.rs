//! How much of the log a timeline holds: a window around the picture, and how it goes on.
//!
//! The window is an interval without a gap. What lies beyond its far end is known to be there, is not
//! held, and is asked for when the picture comes near. Nothing near the picture gives way, and nothing is
//! ever shown early to make room. What is stamped too late is due with what follows it, also where that is
//! not held: see [`Behind`].

mod behind;

use super::{Entry, SHOWING_TIME_MS, Timeline};
use crate::due::{Due, Reached, Schedule};
use crate::event::RoomEvent;
use crate::time::ServerTime;
use alloc::collections::VecDeque;
use behind::Behind;

/// Shown events held for seeking back without asking the server: at one a second, half an hour.
const HISTORY_CAPACITY: usize = 2_000;

/// Events held ahead of the picture: as many, for whoever has sought back returns. Bounds memory when a
/// player is paused in a busy room.
const AHEAD_CAPACITY: usize = 2_000;

/// With more than this ahead of the picture nothing is asked for: what comes has to find room. Servers
/// answer with a hundred.
const AHEAD_LOW: usize = 1_500;

/// The last events that the feed has brought, held while the window ends before them, for the window to be
/// joined to the feed: enough for what happens in a busy room while the server is asked.
const TAIL_CAPACITY: usize = 256;

/// How far ahead of the picture the window is asked for.
pub(crate) const AHEAD_MS: i64 = 60_000;

/// How near the picture comes to the window's end before more is asked for. At twice the speed that leaves
/// ten seconds for the answer.
const MARGIN_MS: i64 = 20_000;

/// The part of the log that is held.
#[derive(Debug)]
pub(super) struct Window {
    /// From when on the picture's state can be told; `None` if from wherever the feed began.
    from: Option<ServerTime>,
    /// Up to and with where every picture event is held.
    through_seq: i64,
    end: End,
    /// The last events of the feed, behind `tail_after_seq`, while the window ends before them.
    tail: VecDeque<RoomEvent>,
    tail_after_seq: i64,
    behind: Behind,
}

/// How the log goes on behind the window.
#[derive(Debug, Clone, Copy)]
enum End {
    /// With what the feed brings next.
    Feed,
    /// Likewise, and the feed has yet to bring what had happened when it was asked.
    Coming {
        asked_at_seq: i64,
        reached: ServerTime,
    },
    /// With what is not held, of which the first is stamped so.
    LeftOut {
        occurred_at: ServerTime,
        display_at: ServerTime,
    },
}

/// What has come of the log, whether or not any of it is the picture's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stretch {
    /// The last event of it, or the position that it follows.
    pub(crate) last_seq: i64,
    pub(crate) last_occurred_at: Option<ServerTime>,
    /// The position that it leads up to.
    pub(crate) through_seq: i64,
    /// When the first event happened that is left out between the two.
    pub(crate) left_out_from: Option<ServerTime>,
}

impl Timeline {
    /// Opens the window with the feed's first message, which tells the picture from `from` on. The
    /// feed was asked when the log ended at `asked_at_seq`.
    pub(crate) fn open(
        &mut self,
        from: Option<ServerTime>,
        asked_at_seq: Option<i64>,
        stretch: Stretch,
    ) {
        self.window.from = from;
        if let Some(asked_at_seq) = asked_at_seq {
            self.window.end = End::Coming {
                asked_at_seq,
                reached: from.unwrap_or(ServerTime::from_unix_millis(i64::MIN)),
            };
        }
        self.note_feed(stretch);
    }

    /// Takes in the next picture event of the feed.
    pub(crate) fn enter(&mut self, event: RoomEvent, schedule: &Schedule) {
        if event.seq <= self.window.through_seq {
            return;
        }
        if !matches!(self.window.end, End::LeftOut { .. }) {
            return self.hold(event, schedule);
        }

        self.window.behind.push(&event);
        self.window.tail.push_back(event);
        self.window.trim_tail();
        if let Some(due) = self.window.behind.due(schedule) {
            self.hurry(due);
        }
    }

    /// Notes how far the feed's message has led.
    pub(crate) fn note_feed(&mut self, stretch: Stretch) {
        let window = &mut self.window;
        match (window.end, stretch.left_out_from) {
            (End::LeftOut { .. }, None) => return,
            (_, Some(occurred_at)) => {
                if !matches!(window.end, End::LeftOut { .. }) {
                    window.leave_out(occurred_at, occurred_at);
                    window.through_seq = stretch.last_seq.max(window.through_seq);
                }
                window.tail.clear();
                window.tail_after_seq = stretch.through_seq;
                return;
            }
            (End::Coming { asked_at_seq, .. }, None) if stretch.through_seq < asked_at_seq => {
                if let (End::Coming { reached, .. }, Some(occurred_at)) =
                    (&mut window.end, stretch.last_occurred_at)
                {
                    *reached = occurred_at.max(*reached);
                }
            }
            (End::Feed | End::Coming { .. }, None) => window.end = End::Feed,
        }
        window.through_seq = stretch.through_seq.max(window.through_seq);
    }

    /// Takes in what follows the window, for it was asked for. Returns false if that is nothing.
    pub(crate) fn extend(
        &mut self,
        events: impl Iterator<Item = RoomEvent>,
        stretch: Stretch,
        schedule: &Schedule,
    ) -> bool {
        let before = self.window.through_seq;
        for event in events {
            self.window.behind.pass(event.seq);
            self.hold(event, schedule);
        }

        let window = &mut self.window;
        window.behind.pass(stretch.through_seq);
        window.through_seq = stretch.through_seq;
        if let Some(occurred_at) = stretch.left_out_from {
            window.leave_out(occurred_at, occurred_at);
        } else if window.through_seq >= window.tail_after_seq {
            window.end = End::Feed;
            self.join_tail(schedule);
            return true;
        } else if let Some(occurred_at) = stretch.last_occurred_at {
            window.leave_out(occurred_at, occurred_at);
        }

        self.window.through_seq > before
    }

    /// Notes that what is known does not reach back to any place on the stream's timeline.
    pub(crate) fn forget_coverage(&mut self) {
        self.window.from = None;
    }

    /// Returns whether the picture of what happened at `at` can be told, with what is still on screen there.
    pub(crate) fn covers(&self, at: ServerTime) -> bool {
        self.begins_by(at.plus_millis(-SHOWING_TIME_MS))
            && match self.window.end {
                End::Feed => true,
                End::Coming { reached, .. } => at < reached,
                End::LeftOut { occurred_at, .. } => at < occurred_at,
            }
    }

    /// Returns whether the window will soon cover `at`, which it does not yet, if it is let grow.
    pub(crate) fn grows_to(&self, at: ServerTime) -> bool {
        self.begins_by(at.plus_millis(-SHOWING_TIME_MS))
            && match self.window.end {
                End::Feed => false,
                End::Coming { .. } => true,
                End::LeftOut { occurred_at, .. } => at.millis_since(occurred_at) <= AHEAD_MS,
            }
    }

    /// Returns whether the window begins at `at` or before it.
    pub(crate) fn begins_by(&self, at: ServerTime) -> bool {
        self.window.from.is_some_and(|from| from <= at)
    }

    /// Returns whether all that follows is for the feed to bring.
    pub(crate) fn is_joined(&self) -> bool {
        matches!(self.window.end, End::Feed)
    }

    /// Returns when more is to be asked for, on the clock that the first of it is due on; `None` if there is
    /// nothing to ask for, or no room.
    pub(crate) fn ask_due(&self, reached: Reached, schedule: &Schedule) -> Option<Due> {
        let End::LeftOut {
            occurred_at,
            display_at,
        } = self.window.end
        else {
            return None;
        };
        let ahead = self.entries.len() - self.passed(reached);
        let due = schedule.due_of(occurred_at, display_at);
        let due = due.or_earlier(self.window.behind.due(schedule));

        (ahead <= AHEAD_LOW).then(|| due.moved_by(-MARGIN_MS))
    }

    /// Returns how many events are held.
    pub(crate) fn held(&self) -> usize {
        self.entries.len() + self.window.tail.len()
    }

    /// Returns the position that the window is held through.
    pub(crate) const fn through_seq(&self) -> i64 {
        self.window.through_seq
    }

    /// Brings the timeline within its limits, far from the picture. Where the viewer cannot seek, nothing
    /// that has been shown is of use any more.
    pub(crate) fn enforce_limits(&mut self, reached: Reached, may_seek: bool) {
        let history_capacity = if may_seek { HISTORY_CAPACITY } else { 0 };
        let mut passed = self.passed(reached);
        while passed > history_capacity && (self.is_settled() || may_seek) {
            self.forget_oldest();
            passed -= 1;
        }

        let kept = passed + AHEAD_CAPACITY;
        if self.entries.len() > kept {
            self.give_up_behind(kept);
        }
    }

    /// How many of the entries lie before the picture.
    fn passed(&self, reached: Reached) -> usize {
        if self.is_settled() {
            return self.shown;
        }

        self.entries
            .partition_point(|entry| entry.due.late_by_ms(reached).is_some())
    }

    fn forget_oldest(&mut self) {
        let Some(entry) = self.entries.pop_front() else {
            return;
        };
        self.shown = self.shown.saturating_sub(1);
        let from = &mut self.window.from;
        *from = from.map(|from| from.max(entry.event.occurred_at));
        self.base.take_in(&entry.event);
    }

    /// Gives up the entries behind the first `kept`. Those that the feed has brought last stay, for the
    /// window to be joined to it again.
    fn give_up_behind(&mut self, kept: usize) {
        let given_up = self.entries.split_off(kept);
        let Some(first) = given_up.front().map(|entry| &entry.event) else {
            return;
        };
        let (occurred_at, display_at) = (first.occurred_at, first.display_at);
        let through_seq = first.seq.saturating_sub(1);
        let window = &mut self.window;
        for entry in given_up.iter().rev() {
            window.behind.push_before(&entry.event);
        }
        if !matches!(window.end, End::LeftOut { .. }) {
            window.tail_after_seq = through_seq;
            window.tail = given_up.into_iter().map(|entry| entry.event).collect();
            window.trim_tail();
        }
        window.leave_out(occurred_at, display_at);
        window.through_seq = through_seq;
    }

    fn join_tail(&mut self, schedule: &Schedule) {
        self.window.behind = Behind::new();
        for event in core::mem::take(&mut self.window.tail) {
            if event.seq > self.window.through_seq {
                self.window.through_seq = event.seq;
                self.hold(event, schedule);
            }
        }
    }

    fn hold(&mut self, event: RoomEvent, schedule: &Schedule) {
        debug_assert!(
            self.entries
                .back()
                .is_none_or(|last| last.event.seq < event.seq),
            "messages are in order, and so are the events of each"
        );

        let stamped_due = schedule.due(&event);
        let due = stamped_due.or_earlier(self.window.behind.due(schedule));
        self.hurry(due);
        self.entries.push_back(Entry {
            due,
            stamped_due,
            event,
        });
    }

    /// Has what is held be due at `due` at the latest, for something behind it is.
    fn hurry(&mut self, due: Due) {
        for entry in self.entries.iter_mut().rev() {
            if !due.is_before(entry.due) {
                break;
            }
            entry.due = due;
        }
    }

    /// Works out when each entry is due from what they, and those behind them, are stamped with.
    pub(super) fn put_in_order(&mut self, schedule: &Schedule) {
        let mut earliest = self.window.behind.due(schedule);
        for entry in self.entries.iter_mut().rev() {
            entry.due = entry.stamped_due.or_earlier(earliest);
            earliest = Some(entry.due);
        }
    }
}

impl Window {
    pub(super) const fn new() -> Self {
        Self {
            from: None,
            through_seq: i64::MIN,
            end: End::Feed,
            tail: VecDeque::new(),
            tail_after_seq: i64::MIN,
            behind: Behind::new(),
        }
    }

    fn leave_out(&mut self, occurred_at: ServerTime, display_at: ServerTime) {
        self.end = End::LeftOut {
            occurred_at,
            display_at,
        };
    }

    fn trim_tail(&mut self) {
        while self.tail.len() > TAIL_CAPACITY
            && let Some(event) = self.tail.pop_front()
        {
            self.tail_after_seq = event.seq;
        }
    }
}
