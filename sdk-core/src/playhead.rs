//! Where the player is, between two reports, and whether a report means that the viewer jumped.

use crate::time::{Instant, MediaTime};

/// How far a report may lie from what was expected before it counts as a seek. Players report
/// positions that are off by a frame or a timer tick; nobody seeks by less than a second to see
/// something else.
pub(crate) const SEEK_TOLERANCE_MS: i64 = 1_000;

const BASIS_POINTS: i64 = 10_000;

/// Where a player's picture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Playhead {
    /// The program date-time of the picture shown.
    pub position: MediaTime,
    /// Whether the picture moves: false while paused or stalled.
    pub playing: bool,
    /// Speed in basis points; 10,000 is normal.
    pub rate: u32,
}

/// The last report, and when it came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Track {
    playhead: Playhead,
    reported_at: Instant,
}

impl Track {
    pub(crate) const fn new(playhead: Playhead, now: Instant) -> Self {
        Self {
            playhead,
            reported_at: now,
        }
    }

    /// Returns where the picture should be by now.
    pub(crate) fn position(&self, now: Instant) -> MediaTime {
        let elapsed_ms = now.millis_since(self.reported_at).max(0);

        self.playhead
            .position
            .plus_millis(advance_ms(elapsed_ms, self.speed()))
    }

    /// Returns when the picture gets to `position`, if it does without another report.
    pub(crate) fn instant_of(&self, position: MediaTime) -> Option<Instant> {
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

    /// Returns whether `next`, reported at `now`, can only come from a jump: it lies where neither
    /// the old rate nor the new one would have taken the picture.
    ///
    /// A stall is no jump as long as it is reported, or reports come every second.
    pub(crate) fn is_jump(&self, next: &Playhead, now: Instant) -> bool {
        let elapsed_ms = now.millis_since(self.reported_at).max(0);
        let old_speed = self.speed();
        let new_speed = if self.playhead.playing {
            i64::from(next.rate)
        } else {
            old_speed
        };
        let way_ms = next.position.millis_since(self.playhead.position);

        way_ms < advance_ms(elapsed_ms, old_speed.min(new_speed)) - SEEK_TOLERANCE_MS
            || way_ms > advance_ms(elapsed_ms, old_speed.max(new_speed)) + SEEK_TOLERANCE_MS
    }

    fn speed(&self) -> i64 {
        if self.playhead.playing {
            i64::from(self.playhead.rate)
        } else {
            0
        }
    }
}

fn advance_ms(elapsed_ms: i64, speed: i64) -> i64 {
    elapsed_ms.saturating_mul(speed) / BASIS_POINTS
}
