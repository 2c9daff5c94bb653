//! Where the viewer's picture is, as far as the host can tell.
//!
//! A report that cannot be true is none: it is counted, and a picture that was known stands where it
//! was, for the delay would show what the viewer has not seen yet.

use super::Client;
use crate::config::Placement;
use crate::playhead::{Doubt, Playhead, SEEK_TOLERANCE_MS, SyncSource, Track};
use crate::time::{Instant, MediaTime, ServerTime};

impl Client {
    /// Returns when that happened which the viewer's picture shows at `now`. Count down to a
    /// train's `expires_at` from here.
    pub fn picture_time(&self, now: Instant) -> Option<ServerTime> {
        if self.schedule.follows_playhead() {
            let position = self.track?.position(now);
            return Some(position.happened_at(self.schedule.ingest_offset_ms));
        }
        let delay_ms = match (self.schedule.placement, self.room.session()) {
            (Placement::Source, _) | (_, None) => 0,
            (Placement::Player | Placement::Companion, Some(session)) => session.delay_ms,
        };

        let shown_at = self.clock.server_time(now)?;
        Some(shown_at.plus_millis(delay_ms.saturating_neg()))
    }

    /// Returns what picture events are timed by.
    pub const fn sync_source(&self) -> SyncSource {
        match (self.schedule.placement, self.doubt) {
            (Placement::Source, _) => SyncSource::Arrival,
            (Placement::Companion, _) => SyncSource::Delay,
            (Placement::Player, Some(Doubt::Refused)) => SyncSource::PlayheadRefused,
            (Placement::Player, _) if self.schedule.playhead_missing => SyncSource::Delay,
            (Placement::Player, _) if self.track.is_none() => SyncSource::Awaited,
            (Placement::Player, Some(Doubt::Lost)) => SyncSource::PlayheadLost,
            (Placement::Player, None) => SyncSource::Playhead,
        }
    }

    pub(super) fn handle_playhead(&mut self, playhead: Playhead, now: Instant) {
        if self.schedule.placement != Placement::Player {
            return;
        }
        if !playhead.is_plausible(self.live_edge(now)) {
            return self.refuse_playhead(now);
        }
        self.playhead_grace_ends_at = None;
        self.doubt = None;
        let jumped = self.track.is_none_or(|track| track.is_jump(&playhead, now))
            || self
                .timeline
                .is_ahead_of(playhead.position.plus_millis(SEEK_TOLERANCE_MS));
        let track = Track::new(playhead, now);
        self.track = Some(if self.connection.is_paused() {
            track.standing(now)
        } else {
            track
        });

        if self.schedule.playhead_missing {
            self.schedule.playhead_missing = false;
            self.timeline.reschedule(&self.schedule);
        }
        if jumped {
            self.timeline.jump();
        }
    }

    /// Looks at the last report again, for the clock was only now found out.
    pub(super) fn doubt_playhead(&mut self, now: Instant) {
        let live_edge = self.live_edge(now);
        if self
            .track
            .is_some_and(|track| !track.playhead().is_plausible(live_edge))
        {
            self.refuse_playhead(now);
        }
    }

    fn refuse_playhead(&mut self, now: Instant) {
        self.stats.playheads_refused = self.stats.playheads_refused.saturating_add(1);
        self.lose_playhead(Doubt::Refused, now);
    }

    /// Has a picture that was known stand still. One that was believed before the clock said that
    /// it cannot be was never known.
    pub(super) fn lose_playhead(&mut self, doubt: Doubt, now: Instant) {
        if self.schedule.placement != Placement::Player {
            return;
        }
        let live_edge = self.live_edge(now);
        match self.track {
            Some(track) if track.playhead().is_plausible(live_edge) => {
                self.track = Some(track.lost(now));
            }
            Some(_) => self.handle_no_playhead(),
            None => {}
        }
        self.doubt = Some(doubt);
    }

    pub(super) fn handle_no_playhead(&mut self) {
        self.playhead_grace_ends_at = None;
        if !self.schedule.follows_playhead() {
            return;
        }
        self.track = None;
        self.schedule.playhead_missing = true;
        self.timeline.reschedule(&self.schedule);
        self.timeline.forget_coverage();
    }

    /// Nothing is said by stamps that have arrived: in a room without events they are days old.
    fn live_edge(&self, now: Instant) -> Option<MediaTime> {
        self.clock.error_ms(now)?;
        let server_time = self.clock.server_time(now)?;

        Some(server_time.on_stream(self.schedule.ingest_offset_ms))
    }
}
