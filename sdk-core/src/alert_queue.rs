//! Alerts, one at a time.
//!
//! What is on stage is an alert and the instant it came on: the queue moves by the scene's time, so a
//! dropped frame changes nothing, and alerts stand while the picture stands. When more wait than anyone
//! would sit through, they become one. Whatever is not shown is counted.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem;

use crate::alert::{Alert, AlertInput, AlertKind};

/// How long the shortest alert stays.
const STAY_MIN_MS: i64 = 4_000;
/// How long the longest stays.
const STAY_MAX_MS: i64 = 7_000;
/// What one letter adds beyond the first: a brisk reader takes in 25 a second.
const LETTER_MS: i64 = 40;
/// Letters that are read in the shortest stay.
const LETTERS_FREE: usize = 20;
/// How long an alert takes to leave the stage, once its stay is over.
pub const ALERT_LEAVE_MS: i64 = 180;
/// The empty stage between two alerts, so that the next one is seen to arrive.
const GAP_MS: i64 = 160;

/// The most that may be let wait one by one, whatever an app asks for: an hour and a half of alerts.
const WAITING_MAX: usize = 1_000;

/// What a queue does with more than can be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertLimits {
    /// Gifts that wait one by one: of more, those of the least priority become one. As many redemptions wait
    /// beside them, and of more those become one. Anything else waits by itself, and there may be a thousand of it:
    /// of more, the oldest is counted as expired.
    pub waiting_max: usize,
    /// How long after its moment an alert may come on stage, in milliseconds of the scene. One that is older
    /// when its turn comes is counted instead. `None` for any age.
    pub age_max_ms: Option<i64>,
}

impl Default for AlertLimits {
    /// Four more at the longest stay are half a minute: past that, what is shown would have nothing to do
    /// with the picture. Any age, for what came late came for a reason.
    fn default() -> Self {
        Self {
            waiting_max: 4,
            age_max_ms: None,
        }
    }
}

/// The alert on stage.
#[derive(Debug, PartialEq, Eq)]
pub struct AlertOnStage<'a, T> {
    /// What it says.
    pub alert: &'a Alert<T>,
    /// Counts alerts; another number is another alert.
    pub number: u32,
    /// How long it has been on stage, in milliseconds of the scene.
    pub age_ms: i64,
    /// How long it stays. It then leaves, in [`ALERT_LEAVE_MS`].
    pub stay_ms: i64,
    /// How long after its moment it came on stage; after that of the newest, for a burst.
    pub late_by_ms: i64,
}

/// What has become of what a queue took in. With its backlog, they add up to all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AlertStats {
    /// Came on stage, alone or in a burst.
    pub shown: u64,
    /// Were too old when their turn came, or the oldest of too many notices.
    pub expired: u64,
    /// Waited when the queue was cleared.
    pub cleared: u64,
}

/// Alerts that wait, and the one on stage, each with what a host draws of it.
#[derive(Debug)]
pub struct AlertQueue<T> {
    limits: AlertLimits,
    showing: Option<Box<Turn<T>>>,
    /// In the order in which they come; a burst is behind all others of its kind, and matters less than they do.
    /// Boxed, for it is moved from here to the stage as one word, which halves the code.
    waiting: Vec<Box<Turn<T>>>,
    stats: AlertStats,
    shown_count: u32,
    now_ms: i64,
    /// When the stage is free for the next, if it is empty: until then the next may still be another.
    free_at: i64,
    cleared_at: Option<i64>,
    paused_at: Option<i64>,
}

/// An alert, from when it is taken in until it has left the stage.
#[derive(Debug)]
struct Turn<T> {
    alert: Alert<T>,
    priority: i32,
    /// Its moment; that of the newest, for a burst.
    began_at: i64,
    /// When it is too old to come on, but for what the queue stood.
    expires_at: i64,
    came_at: i64,
    stay_ms: i64,
}

impl<T> AlertQueue<T> {
    /// An empty queue, whose scene begins at 0.
    pub fn new(limits: AlertLimits) -> Self {
        let waiting_max = limits.waiting_max.min(WAITING_MAX);

        Self {
            limits: AlertLimits {
                waiting_max,
                ..limits
            },
            showing: None,
            waiting: Vec::new(),
            stats: AlertStats::default(),
            shown_count: 0,
            now_ms: 0,
            free_at: i64::MIN,
            cleared_at: None,
            paused_at: None,
        }
    }

    /// Takes in `subject`, whose moment was `late_by_ms` ago. Those of greater `priority` go before others that
    /// wait; of the same priority redemptions come last, so that however many there are keep nothing else waiting.
    ///
    /// One that is late, as after an outage, has its whole time all the same. What was before
    /// [`Self::clear`] is replayed at its own moment, so that a seek lands in the middle of it.
    pub fn push(&mut self, subject: T, input: AlertInput, priority: i32, late_by_ms: i64) {
        let began_at = self.now_ms.saturating_sub(late_by_ms.max(0));
        let expires_at = match self.limits.age_max_ms {
            Some(age_max_ms) => began_at.saturating_add(age_max_ms),
            None => i64::MAX,
        };
        self.wait(Box::new(Turn {
            alert: Alert::of(subject, input),
            priority,
            began_at,
            expires_at,
            came_at: 0,
            stay_ms: 0,
        }));
        let is_replayed = self.cleared_at.is_some_and(|at| began_at < at);
        let comes_at = if is_replayed { began_at } else { self.now_ms };
        self.free_at = self.free_at.max(comes_at);
        self.advance(self.now_ms);
    }

    /// Moves on to `now_ms` of the scene: what has had its time leaves, what waits follows. Time does not run
    /// backwards.
    pub fn advance(&mut self, now_ms: i64) {
        self.now_ms = now_ms.max(self.now_ms);
        loop {
            if let Some(showing) = &self.showing {
                let over_at = showing.over_at();
                if self.now_ms < over_at {
                    return;
                }
                self.showing = None;
                self.free_at = over_at + GAP_MS;
            }
            if self.now_ms < self.free_at || self.is_paused() || !self.bring_on() {
                return;
            }
        }
    }

    /// Lets nothing more on stage until [`Self::resume`]. What is there stays for the rest of its time, and
    /// what waits meanwhile grows no older.
    pub fn pause(&mut self) {
        self.paused_at.get_or_insert(self.now_ms);
    }

    /// Goes on with what waits.
    pub fn resume(&mut self) {
        let Some(paused_at) = self.paused_at.take() else {
            return;
        };
        let now_ms = self.now_ms;
        for turn in &mut self.waiting {
            // What the queue stood is left out of its age.
            let stood_ms = now_ms - paused_at.max(turn.began_at).min(now_ms);
            turn.expires_at = turn.expires_at.saturating_add(stood_ms);
        }
        self.free_at = self.free_at.max(now_ms);
        self.advance(now_ms);
    }

    /// Returns whether it lets nothing on stage.
    pub const fn is_paused(&self) -> bool {
        self.paused_at.is_some()
    }

    /// Ends the stay of the alert on stage: it leaves now. Returns whether there was one.
    pub fn skip(&mut self) -> bool {
        let now_ms = self.now_ms;
        match &mut self.showing {
            Some(showing) => {
                showing.stay_ms = showing.stay_ms.min(now_ms - showing.came_at);
                true
            }
            None => false,
        }
    }

    /// Empties stage and queue, after a jump. One that is paused stays so.
    pub fn clear(&mut self) {
        self.stats.cleared += self.backlog();
        self.showing = None;
        self.waiting.clear();
        self.free_at = i64::MIN;
        self.cleared_at = Some(self.now_ms);
    }

    /// Returns the alert on stage.
    pub fn on_stage(&self) -> Option<AlertOnStage<'_, T>> {
        let showing = self.showing.as_ref()?;

        Some(AlertOnStage {
            alert: &showing.alert,
            number: self.shown_count,
            age_ms: self.now_ms - showing.came_at,
            stay_ms: showing.stay_ms,
            late_by_ms: showing.came_at.saturating_sub(showing.began_at),
        })
    }

    /// Returns when, in milliseconds of the scene, an alert next comes on stage or has left it, if nothing
    /// else happens.
    pub fn next_change_at(&self) -> Option<i64> {
        match &self.showing {
            Some(showing) => Some(showing.over_at()),
            None if self.waiting.is_empty() || self.is_paused() => None,
            None => Some(self.free_at),
        }
    }

    /// Returns how many alerts wait, each of a burst counted.
    pub fn backlog(&self) -> u64 {
        self.waiting.iter().map(|turn| turn.alert.count()).sum()
    }

    /// Returns what has become of the others.
    pub const fn stats(&self) -> AlertStats {
        self.stats
    }

    fn wait(&mut self, new: Box<Turn<T>>) {
        let kind = new.alert.kind();
        let mut waiting = self.waiting.iter_mut();
        if let Some(burst) = waiting.find(|it| it.is_burst_of(kind))
            && new.priority <= burst.priority
        {
            burst.join(&new);
            return;
        }

        let before = self
            .waiting
            .iter()
            .take_while(|it| it.place() >= new.place());
        let place = before.count();
        self.waiting.insert(place, new);
        let singles = self.waiting.iter().filter(|it| it.is_single_of(kind));
        let count = singles.count();
        if kind == AlertKind::Notice {
            if count > WAITING_MAX {
                self.give_up_oldest();
            }
        } else if count > self.limits.waiting_max {
            self.make_one(kind);
        }
    }

    /// Joins those of the kind that wait one by one with the least priority, and the burst if there is one.
    fn make_one(&mut self, kind: AlertKind) {
        let mut singles = self.waiting.iter().filter(|it| it.is_single_of(kind));
        let Some(priority) = singles.next_back().map(|it| it.priority) else {
            return;
        };
        let is_joining =
            |it: &Turn<T>| it.is_burst_of(kind) || it.is_single_of(kind) && it.priority == priority;
        let place = self.waiting.iter().take_while(|it| !is_joining(it)).count();
        let (mut joining, others) = mem::take(&mut self.waiting)
            .into_iter()
            .partition::<Vec<_>, _>(|it| is_joining(it));
        self.waiting = others;
        // Who came first is named first.
        if joining.last().is_some_and(|it| it.alert.is_burst()) {
            joining.rotate_right(1);
        }
        let mut joining = joining.into_iter();
        if let Some(mut burst) = joining.next() {
            joining.for_each(|it| burst.join(&it));
            burst.alert.gather();
            self.waiting.insert(place, burst);
        }
    }

    /// Counts the notice that has waited longest as expired.
    fn give_up_oldest(&mut self) {
        let waiting = self.waiting.iter().enumerate();
        let notices = waiting.filter(|(_, it)| it.is_single_of(AlertKind::Notice));
        if let Some((oldest, _)) = notices.min_by_key(|(_, it)| it.began_at) {
            self.waiting.remove(oldest);
            self.stats.expired += 1;
        }
    }

    /// Brings on what is next and not too old, as of when the stage is free. Returns whether there is any.
    fn bring_on(&mut self) -> bool {
        let came_at = self.free_at;
        while !self.waiting.is_empty() {
            let mut next = self.waiting.remove(0);
            let count = next.alert.count();
            if came_at > next.expires_at {
                self.stats.expired += count;
                continue;
            }
            self.stats.shown += count;
            self.shown_count = self.shown_count.wrapping_add(1);
            next.came_at = came_at;
            next.stay_ms = stay_ms(next.alert.letters());
            self.showing = Some(next);
            return true;
        }

        false
    }
}

impl<T> Turn<T> {
    const fn over_at(&self) -> i64 {
        self.came_at + self.stay_ms + ALERT_LEAVE_MS
    }

    /// What goes before others has the greater one.
    fn place(&self) -> (i32, bool) {
        (self.priority, self.alert.kind() != AlertKind::Redemption)
    }

    fn is_burst_of(&self, kind: AlertKind) -> bool {
        self.alert.is_burst() && self.alert.kind() == kind
    }

    fn is_single_of(&self, kind: AlertKind) -> bool {
        !self.alert.is_burst() && self.alert.kind() == kind
    }

    /// Takes in one that waited alone.
    fn join(&mut self, new: &Self) {
        self.alert.join(&new.alert);
        self.priority = self.priority.max(new.priority);
        self.began_at = self.began_at.max(new.began_at);
        self.expires_at = self.expires_at.max(new.expires_at);
    }
}

fn stay_ms(letters: usize) -> i64 {
    let more = i64::try_from(letters.saturating_sub(LETTERS_FREE)).unwrap_or(i64::MAX);

    more.saturating_mul(LETTER_MS)
        .saturating_add(STAY_MIN_MS)
        .min(STAY_MAX_MS)
}
