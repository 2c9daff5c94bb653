//! Where the player is, and between two reports.

use crate::time::{Instant, MediaTime};

/// How far a report may lie from what was expected before it is where a player has sought. Players
/// report positions that are off by a frame or a timer tick; nobody seeks by less than a second to see
/// something else.
pub(crate) const SEEK_TOLERANCE_MS: i64 = 1_000;

const BASIS_POINTS: i64 = 10_000;

/// The fastest that browsers play, 16 times as fast as normal. At any rate that is reported, weeks
/// of playing would leave the range of the arithmetic.
const RATE_MAX: u32 = 160_000;

/// The first millisecond of 2000. No room is older, and seconds taken for milliseconds, a player's
/// own running time and 0 all lie before it.
const FIRST_POSITION_MS: i64 = 946_684_800_000;

/// The last one that can be written: milliseconds taken for seconds lie beyond.
const LAST_POSITION_MS: i64 = 253_402_300_799_999;

/// How far a picture may be ahead of what is being filmed, or from before there was a room: clocks of
/// encoders are off by seconds, and by hours when a zone was taken for another.
const OFF_MAX_MS: i64 = 60_000;

/// How long the picture is taken to go on at its rate without a report. Reports come about every second: one
/// may be late, and a player of which two are missing has stalled, or is gone.
pub(crate) const EXTRAPOLATION_MAX_MS: i64 = 2_000;

/// How far ahead a stamp may be: a frame is stamped with the instant at which it will be seen, which is a
/// few frames away. What is further ahead is of another clock, such as the wall's.
const STAMP_AHEAD_MAX_MS: i64 = 1_000;

/// What a reading of a playhead is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlayheadQuality {
    /// The frame that is seen.
    Frame,
    /// The player's own clock, which is a frame or some from what is seen.
    Clock,
}

impl PlayheadQuality {
    /// Returns that of the frame that is seen, or else of the clock.
    pub const fn of(is_frame: bool) -> Self {
        if is_frame { Self::Frame } else { Self::Clock }
    }
}

/// Where a player's picture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Playhead {
    /// The program date-time of the picture shown.
    pub position: MediaTime,
    /// When the picture was there, by the host's clock: `None` for the instant at which it is reported.
    pub true_at: Option<Instant>,
    /// What was read.
    pub quality: PlayheadQuality,
    /// Whether the picture moves: false while paused or stalled.
    pub playing: bool,
    /// Speed in basis points; 10,000 is normal, and 160,000 the most that counts.
    pub rate: u32,
    /// How often the viewer has sought: a number that is another than in the last report tells a seek.
    /// The place that the viewer seeks is the next one reported that lies elsewhere, for players say
    /// for a while where they were. A step of the dates is none, and is not counted.
    pub seeks: u32,
}

/// What the picture events of a client are timed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncSource {
    /// Their arrival, for they are composited into the picture.
    Arrival,
    /// The stream's delay: there is no player, or its playhead was never known.
    Delay,
    /// Nothing yet: the player's first report is waited for.
    Awaited,
    /// The player's playhead.
    Playhead,
    /// The place where the playhead was lost, or from where nothing has been reported for two seconds: the
    /// picture stands there until a report comes.
    PlayheadLost,
    /// As [`Self::Delay`] or [`Self::PlayheadLost`], for what the player reports cannot be.
    PlayheadRefused,
}

/// Where on the stream's timeline pictures of a room can be, as far as it is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Show {
    /// Where what the room's first event tells of is seen.
    pub(crate) began_at: Option<MediaTime>,
    /// What is being filmed now.
    pub(crate) live_edge: Option<MediaTime>,
}

/// Why there is no report to go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doubt {
    Lost,
    Refused,
}

impl Playhead {
    /// Takes what a player says, whatever it is: a program date-time in milliseconds since 1970, and
    /// a speed, 1 being normal. `None` if it is no number, or no place or speed that a picture has. It is
    /// a clock's, and true when it is reported, unless [`Self::stamped`] says otherwise.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "what is not finite is sorted out before; the rest saturates"
    )]
    pub fn read(position_ms: f64, playing: bool, rate: f64, seeks: u32) -> Option<Self> {
        if !position_ms.is_finite() || !rate.is_finite() {
            return None;
        }

        Some(Self {
            position: MediaTime::from_unix_millis(position_ms as i64),
            true_at: None,
            quality: PlayheadQuality::Clock,
            playing,
            // A player that scans back has a place, and does not play on from it.
            rate: (rate * 10_000.0) as u32,
            seeks,
        })
    }

    /// Returns the reading with the instant at which the host says that it was true, if that can be one,
    /// and with what it was read from.
    #[must_use]
    pub const fn stamped(self, true_at: Option<Instant>, quality: PlayheadQuality) -> Self {
        Self {
            true_at,
            quality,
            ..self
        }
    }

    pub(crate) const fn moved_by(self, millis: i64) -> Self {
        Self {
            position: self.position.plus_millis(millis),
            ..self
        }
    }

    /// Returns where the picture is at `now`, as far as that follows from the reading: one that is older
    /// than the picture is taken to go on without a report stands where that ended. A stamp that cannot
    /// be is none.
    pub(crate) fn as_of(self, now: Instant) -> Self {
        let true_at = self
            .true_at
            .filter(|at| at.millis_since(now) <= STAMP_AHEAD_MAX_MS)
            .unwrap_or(now);
        let age_ms = now.millis_since(true_at).min(EXTRAPOLATION_MAX_MS);

        Self {
            true_at: Some(true_at),
            ..self.moved_by(advance_ms(age_ms, self.speed()))
        }
    }

    fn speed(&self) -> i64 {
        if self.playing {
            i64::from(self.rate.min(RATE_MAX))
        } else {
            0
        }
    }

    /// Returns whether it can be the place of a picture of a show.
    pub(crate) fn is_plausible(&self, show: Show) -> bool {
        (FIRST_POSITION_MS..=LAST_POSITION_MS).contains(&self.position.unix_millis())
            && show
                .live_edge
                .is_none_or(|edge| self.position.millis_since(edge) <= OFF_MAX_MS)
            && show
                .began_at
                .is_none_or(|began_at| began_at.millis_since(self.position) <= OFF_MAX_MS)
    }
}

/// The last report, and when it came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Track {
    /// As of `reported_at`.
    playhead: Playhead,
    reported_at: Instant,
    /// Until when the picture is taken to go on: longer after a reading that was fresh.
    silent_at: Instant,
    /// Whether the player may have gone on unseen, at the rate of its last report.
    is_lost: bool,
}

impl Track {
    /// Takes in a playhead that is as of `now`.
    pub(crate) fn new(playhead: Playhead, now: Instant) -> Self {
        let true_at = playhead.true_at.unwrap_or(now);

        Self {
            playhead,
            reported_at: now,
            silent_at: true_at.plus_millis(EXTRAPOLATION_MAX_MS),
            is_lost: false,
        }
    }

    /// Returns the track of a picture of which nothing more is heard.
    pub(crate) fn lost(&self, now: Instant) -> Self {
        Self {
            is_lost: self.is_lost || self.playhead.playing,
            ..self.standing(now)
        }
    }

    /// Returns the track of a picture that stands since it was last heard of, or may have gone on unseen.
    pub(crate) fn unseen(&self, now: Instant) -> Self {
        let is_unheard = self.is_lost || self.is_silent(now);
        let heard_at = if is_unheard { self.reported_at } else { now };

        Self {
            is_lost: true,
            ..self.standing(heard_at)
        }
    }

    /// Returns the track of a picture that has sought no further than `next` lies beyond its reach: what
    /// lies beyond is left to add up. From there it may stand, and go on if it plays.
    pub(crate) fn heard(&self, next: &Playhead, now: Instant) -> Self {
        let (first, last) = self.reach(next, now);
        let playhead = Playhead {
            position: next.position.clamp(first, last),
            playing: false,
            ..*next
        };

        Self {
            is_lost: next.playing,
            ..Self::new(playhead, now)
        }
    }

    pub(crate) const fn reported_at(&self) -> Instant {
        self.reported_at
    }

    pub(crate) const fn playhead(&self) -> &Playhead {
        &self.playhead
    }

    /// Returns where the picture should be by now.
    pub(crate) fn position(&self, now: Instant) -> MediaTime {
        let until = now.min(self.silent_at);
        let elapsed_ms = until.millis_since(self.reported_at).max(0);

        self.playhead
            .position
            .plus_millis(advance_ms(elapsed_ms, self.speed()))
    }

    /// Returns whether the picture should move, and nothing has been reported of it for too long.
    pub(crate) fn is_silent(&self, now: Instant) -> bool {
        self.speed() > 0 && self.silent_at <= now
    }

    /// Returns the track of a picture that stands where this one is by now.
    pub(crate) fn standing(&self, now: Instant) -> Self {
        // One that may have gone on unheard stands already, and may have all the same.
        if self.is_lost {
            return *self;
        }
        let playhead = Playhead {
            position: self.position(now),
            playing: false,
            ..self.playhead
        };

        Self::new(playhead, now)
    }

    /// Returns when the picture gets to `position`, if it does without another report.
    pub(crate) fn instant_of(&self, position: MediaTime) -> Option<Instant> {
        self.expected_at(position)
            .filter(|at| *at <= self.silent_at.max(self.reported_at))
    }

    /// Returns when the picture should get to `position` if it goes on as reported, however long nothing
    /// more is heard of it.
    pub(crate) fn expected_at(&self, position: MediaTime) -> Option<Instant> {
        let ahead_ms = position.millis_since(self.playhead.position);
        if ahead_ms <= 0 {
            return Some(self.reported_at);
        }
        let speed = self.speed();
        if speed == 0 {
            return None;
        }

        let wait_ms = (ahead_ms
            .saturating_mul(BASIS_POINTS)
            .saturating_add(speed - 1))
            / speed;
        Some(self.reported_at.plus_millis(wait_ms))
    }

    /// Returns the nearest and the farthest place that the picture can have got to by `now`, if its
    /// report is `next`: at the old rate or the new one, or standing unseen.
    pub(crate) fn reach(&self, next: &Playhead, now: Instant) -> (MediaTime, MediaTime) {
        let elapsed_ms = now.millis_since(self.reported_at).max(0);
        let old_speed = self.speed();
        let new_speed = if self.playhead.playing {
            i64::from(next.rate.min(RATE_MAX))
        } else if self.is_lost {
            i64::from(next.rate.max(self.playhead.rate).min(RATE_MAX))
        } else {
            old_speed
        };
        let after = |speed| {
            let way_ms = advance_ms(elapsed_ms, speed);
            self.playhead.position.plus_millis(way_ms)
        };

        (
            after(old_speed.min(new_speed)),
            after(old_speed.max(new_speed)),
        )
    }

    fn speed(&self) -> i64 {
        self.playhead.speed()
    }
}

fn advance_ms(elapsed_ms: i64, speed: i64) -> i64 {
    elapsed_ms.saturating_mul(speed) / BASIS_POINTS
}

#[cfg(test)]
mod tests {
    use super::{Playhead, PlayheadQuality, Track};
    use crate::time::{Instant, MediaTime};

    fn playhead(position: i64, playing: bool, rate: u32) -> Playhead {
        Playhead {
            position: MediaTime::from_unix_millis(position),
            true_at: None,
            quality: PlayheadQuality::Clock,
            playing,
            rate,
            seeks: 0,
        }
    }

    fn track(playing: bool, rate: u32) -> Track {
        Track::new(playhead(10_000, playing, rate), Instant::from_millis(1_000))
    }

    #[test]
    fn the_picture_moves_at_its_rate_for_two_seconds_and_stands_while_paused() {
        for (playing, rate, position) in [
            (true, 10_000, 12_000),
            (true, 5_000, 11_000),
            (true, 20_000, 14_000),
            (true, 0, 10_000),
            (false, 10_000, 10_000),
        ] {
            let reached = track(playing, rate).position(Instant::from_millis(5_000));
            assert_eq!(reached, MediaTime::from_unix_millis(position));
        }
    }

    #[test]
    fn the_instant_of_a_position_is_the_first_at_which_it_is_reached() {
        for rate in [1, 3_333, 9_999, 10_000, 12_345, 20_000] {
            let track = track(true, rate);
            for position in [10_001, 10_777, 12_345, 13_999] {
                let position = MediaTime::from_unix_millis(position);
                let is_reached = track.position(Instant::from_millis(9_000)) >= position;
                let at = track.instant_of(position);
                assert_eq!(at.is_some(), is_reached);
                assert!(at.is_none_or(|at| track.position(at) >= position));
                assert!(at.is_none_or(|at| track.position(at.plus_millis(-1)) < position));
            }
        }
    }

    #[test]
    fn no_rate_and_no_distance_ask_for_an_instant_that_does_not_do() {
        let (first, last) = (i64::MIN / 4, i64::MAX / 4);
        let track = Track::new(playhead(first, true, u32::MAX), Instant::from_millis(0));
        for position in [first + 1, 0, last] {
            let position = MediaTime::from_unix_millis(position);
            let at = track.instant_of(position);
            assert!(at.is_none_or(|at| track.position(at) >= position));
        }
    }

    #[test]
    fn a_picture_that_stands_never_gets_further() {
        let ahead = MediaTime::from_unix_millis(10_001);

        assert_eq!(track(false, 10_000).instant_of(ahead), None);
        assert_eq!(track(true, 0).instant_of(ahead), None);
    }

    #[test]
    fn a_picture_can_be_wherever_either_rate_takes_it() {
        let now = Instant::from_millis(5_000);
        for (playing, rate, next, first, last) in [
            (true, 10_000, playhead(0, true, 10_000), 14_000, 14_000),
            (true, 10_000, playhead(0, true, 20_000), 14_000, 18_000),
            (true, 20_000, playhead(0, true, 10_000), 14_000, 18_000),
            (true, 10_000, playhead(0, true, u32::MAX), 14_000, 74_000),
            (false, 10_000, playhead(0, true, 10_000), 10_000, 10_000),
        ] {
            let (nearest, farthest) = track(playing, rate).reach(&next, now);
            assert_eq!(nearest, MediaTime::from_unix_millis(first), "{next:?}");
            assert_eq!(farthest, MediaTime::from_unix_millis(last), "{next:?}");
        }
    }
}
