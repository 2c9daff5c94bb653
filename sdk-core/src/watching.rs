//! What a device tells of having watched: gathered from the player's readings, kept until it is heard what became of
//! it, also while there is no network.
//!
//! The server believes a time for which the playhead went as the clock and the rate say. So a reading that does not
//! go on from the one before ends one span and begins another, and a picture that stands makes none.

use crate::client::Client;
use crate::playhead::Playhead;
use crate::time::{Instant, MediaTime, ServerTime};
use alloc::string::String;
use alloc::vec::Vec;

/// How often to report, as the server expects it.
pub const WATCH_REPORT_EVERY_MS: i64 = 30_000;

/// A player that reports with every frame says within a second what it said before.
const SAMPLE_EVERY_MS: i64 = 1_000;
/// How long a span gets before the next begins, so that little is lost with one that is not believed.
const SPAN_CUT_MS: i64 = 30_000;
/// The shortest and the longest span that the server takes. A page that nobody sees is let run once a minute.
const SPAN_MIN_MS: i64 = 1_000;
const SPAN_MAX_MS: i64 = 90_000;
/// How many spans the server takes at once.
const SPANS_MAX: usize = 64;
/// For how long it takes them.
const KEPT_MS: i64 = 16 * 60_000;
/// How many are kept, however often the picture is interrupted: a span every four seconds, for as long as that.
const SPANS_KEPT: usize = 240;
/// The speeds that it takes, in basis points.
const RATE_MIN: u32 = 2_500;
const RATE_MAX: u32 = 40_000;
/// From how long before it was given, and until how long after, a lease holds: a little less than the server says.
const LEASE_BEFORE_MS: i64 = 115_000;
const LEASE_AFTER_MS: i64 = 15 * 60_000;
/// How far leases that are kept lie apart, but for the newest: less than one holds.
const LEASE_EVERY_MS: i64 = 5 * 60_000;
/// By how much a reading of a picture that plays may be off: a few frames.
const JITTER_MS: i64 = 100;
const MINUTE_MS: i64 = 60_000;
const BASIS_POINTS: i64 = 10_000;

/// Gathers what one device has watched of one room. A host gives it every reading of its player, and every
/// [`WATCH_REPORT_EVERY_MS`] sends what [`Self::report`] returns.
#[derive(Debug, Default)]
pub struct WatchReports {
    /// The oldest first.
    spans: Vec<WatchedSpan>,
    /// What the picture plays in now.
    playing: Option<Playing>,
    /// Each with when it came, the oldest first: what was told late once is told under the same lease again.
    leases: Vec<(ServerTime, String)>,
    /// Whether the server was told that the device is here, whatever became of that.
    has_reported: bool,
}

/// A time for which the picture of a session played at one pace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedSpan {
    /// The session's global id.
    pub session_id: String,
    /// When it began, by the server's clock.
    pub from: ServerTime,
    /// When it ended.
    pub until: ServerTime,
    /// Where the picture was when it began.
    pub playhead_from: MediaTime,
    /// Where it was when it ended.
    pub playhead_until: MediaTime,
    /// The speed in basis points.
    pub rate: u32,
    /// Whether the server was told of it.
    pub(crate) is_told: bool,
}

/// What to send as `reportWatching`: all spans are of one session. Without any it asks for a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchReport {
    /// The session's global id.
    pub session_id: String,
    /// What to tell, the oldest first.
    pub spans: Vec<WatchedSpan>,
    /// What the server gave with an answer, when the first of them began.
    pub lease: Option<String>,
}

#[derive(Debug)]
struct Playing {
    span: WatchedSpan,
    seeks: u32,
    sampled_at: Instant,
}

impl WatchReports {
    /// Takes in what the player says at `now`, as `client` was told of it: `None` if it says nothing.
    pub fn handle_playhead(&mut self, playhead: Option<Playhead>, client: &Client, now: Instant) {
        let takes = |it: &Playhead| it.playing && (RATE_MIN..=RATE_MAX).contains(&it.rate);
        let playhead = playhead.filter(takes);
        if let (Some(playing), Some(playhead)) = (&self.playing, playhead)
            && playing.seeks == playhead.seeks
            && playing.span.is_at_rate(playhead.rate)
            && now.millis_since(playing.sampled_at) < SAMPLE_EVERY_MS
        {
            return;
        }

        let reading = playhead
            .zip(client.server_time(now))
            .zip(session_id(client));
        match reading {
            Some(((playhead, at), session_id)) => {
                self.take_in(playhead.as_of(now), at, session_id, now);
            }
            None => self.stop(),
        }
    }

    /// Whether to send a report at once, and not when the next is due: a picture plays, and the server does not know yet
    /// that the device is here, so that what is watched offline from now on would not count.
    pub fn wants_lease(&self) -> bool {
        self.playing.is_some() && !self.has_reported && self.leases.is_empty()
    }

    /// Returns what to send at `now`, one report for each session. It comes again until it is known what became of it.
    /// Where a picture plays of which there is nothing to tell yet, it asks for the first lease.
    pub fn report(&mut self, client: &Client, now: Instant) -> Vec<WatchReport> {
        if let Some(at) = client.server_time(now) {
            self.forget(at);
        }
        self.cut();
        let mut reports: Vec<WatchReport> = Vec::new();
        for span in &mut self.spans {
            let same = |report: &&mut WatchReport| report.session_id == span.session_id;
            if let Some(report) = reports.iter_mut().find(same) {
                if report.spans.len() < SPANS_MAX {
                    span.is_told = true;
                    report.spans.push(span.clone());
                }
                continue;
            }
            span.is_told = true;
            let held = |(given_at, _): &&(ServerTime, String)| {
                given_at.millis_since(span.from) <= LEASE_BEFORE_MS
                    && span.until.millis_since(*given_at) <= LEASE_AFTER_MS
            };
            let lease = self.leases.iter().rev().find(held);
            reports.push(WatchReport {
                session_id: span.session_id.clone(),
                spans: alloc::vec![span.clone()],
                lease: lease.map(|(_, lease)| lease.clone()),
            });
        }
        if let Some(playing) = &self.playing
            && reports.is_empty()
            && self.leases.is_empty()
        {
            reports.push(WatchReport {
                session_id: playing.span.session_id.clone(),
                spans: Vec::new(),
                lease: None,
            });
        }
        self.has_reported |= !reports.is_empty();

        reports
    }

    /// Takes in an answer at `now`: which minutes of the session the server has decided on, by their beginnings, and the
    /// lease that came with it. Of these minutes nothing that was told is told again.
    pub fn handle_answer(
        &mut self,
        session_id: &str,
        decided: &[ServerTime],
        lease: String,
        client: &Client,
        now: Instant,
    ) {
        if let Some(at) = client.server_time(now) {
            self.keep_lease(at, lease);
        }
        for minute in decided {
            for span in &mut self.spans {
                if span.is_told && span.session_id == session_id {
                    span.leave_out(*minute);
                }
            }
        }
        self.spans.retain(|span| span.length_ms() >= SPAN_MIN_MS);
    }

    /// Lets go of all leases: the server does not take them of this viewer.
    pub fn forget_leases(&mut self) {
        self.leases.clear();
        self.has_reported = false;
    }

    /// Lets go of what was told of a session: the server does not take it, and will not.
    pub fn handle_refusal(&mut self, session_id: &str) {
        self.spans
            .retain(|span| !(span.is_told && span.session_id == session_id));
    }

    /// Begins anew, for another viewer.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    fn keep_lease(&mut self, at: ServerTime, lease: String) {
        self.leases
            .retain(|(given_at, _)| at.millis_since(*given_at) < 2 * KEPT_MS);
        if let [.., (before, _), (newest, _)] = &self.leases[..]
            && newest.millis_since(*before) < LEASE_EVERY_MS
        {
            self.leases.pop();
        }
        self.leases.push((at, lease));
    }

    fn forget(&mut self, at: ServerTime) {
        self.spans
            .retain(|span| at.millis_since(span.until) < KEPT_MS);
    }

    fn take_in(&mut self, playhead: Playhead, at: ServerTime, session_id: String, now: Instant) {
        let goes_on = self.playing.as_ref().is_some_and(|playing| {
            playing.seeks == playhead.seeks
                && playing.span.session_id == session_id
                && playing.span.is_at_rate(playhead.rate)
                && playing.span.goes_on(playhead.position, at)
        });
        if !goes_on {
            self.stop();
        }
        let playing = self.playing.get_or_insert(Playing {
            span: WatchedSpan {
                session_id,
                from: at,
                until: at,
                playhead_from: playhead.position,
                playhead_until: playhead.position,
                rate: playhead.rate,
                is_told: false,
            },
            seeks: playhead.seeks,
            sampled_at: now,
        });
        playing.sampled_at = now;
        (playing.span.until, playing.span.playhead_until) = (at, playhead.position);
        if playing.span.length_ms() >= SPAN_CUT_MS {
            self.cut();
        }
    }

    /// Ends what is played in now.
    fn stop(&mut self) {
        let span = self.playing.take().map(|playing| playing.span);
        self.keep(span);
    }

    /// Ends it, and goes on from there.
    fn cut(&mut self) {
        let Some(playing) = self.playing.as_mut() else {
            return;
        };
        if playing.span.length_ms() < SPAN_MIN_MS {
            return;
        }
        let next = WatchedSpan {
            from: playing.span.until,
            playhead_from: playing.span.playhead_until,
            ..playing.span.clone()
        };
        let span = core::mem::replace(&mut playing.span, next);
        self.keep(Some(span));
    }

    fn keep(&mut self, span: Option<WatchedSpan>) {
        let Some(span) = span.filter(|span| span.length_ms() >= SPAN_MIN_MS) else {
            return;
        };
        self.forget(span.until);
        if self.spans.len() == SPANS_KEPT {
            self.spans.remove(0);
        }
        self.spans.push(span);
    }
}

impl WatchedSpan {
    /// Whether `rate` is the span's, give or take what a player does to keep its distance.
    fn is_at_rate(&self, rate: u32) -> bool {
        rate.abs_diff(self.rate) <= self.rate / 10
    }

    fn length_ms(&self) -> i64 {
        self.until.millis_since(self.from)
    }

    /// Whether a picture that is at `position` has played on since it began.
    fn goes_on(&self, position: MediaTime, at: ServerTime) -> bool {
        let clock_ms = at.millis_since(self.from);
        let expected_ms = clock_ms.saturating_mul(i64::from(self.rate)) / BASIS_POINTS;
        let off_ms = position
            .millis_since(self.playhead_from)
            .saturating_sub(expected_ms);

        // Half of what the server lets pass, for the next reading is off as well.
        at > self.until
            && clock_ms <= SPAN_MAX_MS
            && off_ms.saturating_abs() <= expected_ms / 10 + JITTER_MS
    }

    /// Leaves out of it what lies in a minute, unless that is in its middle.
    fn leave_out(&mut self, minute: ServerTime) {
        let end = minute.plus_millis(MINUTE_MS);
        if minute <= self.from && self.from < end {
            let from = end.min(self.until);
            self.playhead_from = self.playhead_at(from);
            self.from = from;
        } else if minute < self.until && self.until <= end {
            self.playhead_until = self.playhead_at(minute);
            self.until = minute;
        }
    }

    fn playhead_at(&self, at: ServerTime) -> MediaTime {
        let advance_ms = self.playhead_until.millis_since(self.playhead_from);
        let share = at.millis_since(self.from).saturating_mul(advance_ms);

        self.playhead_from
            .plus_millis(share / self.length_ms().max(1))
    }
}

/// The room's session, by its global id.
fn session_id(client: &Client) -> Option<String> {
    let is_session = |part: Option<&str>| part == Some("session");
    let session = client
        .room()
        .parts()
        .find(|event| is_session(event.part.as_deref()));

    session?.about("session")?.text("id")
}
