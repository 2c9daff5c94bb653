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
    lease: Option<String>,
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
}

/// What to send as `reportWatching`: all spans are of one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchReport {
    /// The session's global id.
    pub session_id: String,
    /// What to tell, the oldest first.
    pub spans: Vec<WatchedSpan>,
    /// What the server gave with its last answer.
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
        let playhead = playhead.filter(|it| it.playing && it.rate > 0);
        if let (Some(playing), Some(playhead)) = (&self.playing, playhead)
            && (playing.seeks, playing.span.rate) == (playhead.seeks, playhead.rate)
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

    /// Returns what to send at `now`, if there is something. It comes again until it is known what became of it.
    pub fn report(&mut self, client: &Client, now: Instant) -> Option<WatchReport> {
        if let Some(at) = client.server_time(now) {
            self.spans
                .retain(|span| at.millis_since(span.until) < KEPT_MS);
        }
        self.cut();
        let session_id = self.spans.first()?.session_id.clone();
        let of_session = self
            .spans
            .iter()
            .filter(|span| span.session_id == session_id);
        let spans = of_session.take(SPANS_MAX).cloned().collect();
        let lease = self.lease.clone();

        Some(WatchReport {
            session_id,
            spans,
            lease,
        })
    }

    /// Takes in an answer: the lease that came with it, or that there is none, and which minutes of the session the server has decided on,
    /// by their beginnings. Of these nothing is told again.
    pub fn handle_answer(
        &mut self,
        session_id: &str,
        decided: &[ServerTime],
        lease: Option<String>,
    ) {
        self.lease = lease;
        for minute in decided {
            for span in &mut self.spans {
                if span.session_id == session_id {
                    span.leave_out(*minute);
                }
            }
        }
        self.spans.retain(|span| span.length_ms() >= SPAN_MIN_MS);
    }

    fn take_in(&mut self, playhead: Playhead, at: ServerTime, session_id: String, now: Instant) {
        let goes_on = self.playing.as_ref().is_some_and(|playing| {
            playing.seeks == playhead.seeks
                && playing.span.session_id == session_id
                && playing.span.rate == playhead.rate
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
        self.spans
            .extend(span.filter(|span| span.length_ms() >= SPAN_MIN_MS));
    }
}

impl WatchedSpan {
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
