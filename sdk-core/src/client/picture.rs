//! Where the viewer's picture is, as far as the host can tell.
//!
//! A report that cannot be true is none: it is counted, and a picture that was known stands where it
//! was, for the delay would show what the viewer has not seen yet.

use super::Client;
use crate::config::Placement;
use crate::pass::{DISAGREEMENT_MAX_MS, Pass, Verdict};
use crate::playhead::{Doubt, Playhead, PlayheadQuality, Show, SyncSource};
use crate::time::{Instant, MediaTime, ServerTime};

/// Where the picture was before the player's last seek.
#[derive(Debug, Clone, Copy)]
pub(super) struct BeforeSeek {
    pass: Pass,
    /// Up to where moments have been shown.
    shown_before: i64,
}

impl Client {
    /// Returns when that happened which the viewer's picture shows at `now`. Count down to a
    /// train's `expires_at` from here.
    pub fn picture_time(&self, now: Instant) -> Option<ServerTime> {
        if self.schedule.follows_playhead() {
            return self.happened_at(self.reached(now));
        }
        let delay_ms = match (self.schedule.placement, self.room.session()) {
            (Placement::Source, _) | (_, None) => 0,
            (Placement::Player | Placement::Companion, Some(session)) => session.delay_ms,
        };

        let shown_at = self.clock.server_time(now)?;
        Some(shown_at.plus_millis(delay_ms.saturating_neg()))
    }

    /// Returns what picture events are timed by at `now`.
    pub fn sync_source(&self, now: Instant) -> SyncSource {
        let is_silent = self.pass.is_some_and(|pass| pass.is_silent(now));

        match (self.schedule.placement, self.doubt) {
            (Placement::Source, _) => SyncSource::Arrival,
            (Placement::Companion, _) => SyncSource::Delay,
            (Placement::Player, Some(Doubt::Refused)) => SyncSource::PlayheadRefused,
            (Placement::Player, _) if self.schedule.playhead_missing => SyncSource::Delay,
            (Placement::Player, _) if self.pass.is_none() => SyncSource::Awaited,
            (Placement::Player, Some(Doubt::Lost)) => SyncSource::PlayheadLost,
            (Placement::Player, None) if is_silent => SyncSource::PlayheadLost,
            (Placement::Player, None) => SyncSource::Playhead,
        }
    }

    /// Returns when to look whether the picture has got to `due`. Beyond what is known of it that is when it
    /// should: a host without frames has no other occasion to ask its player, and asks it once.
    pub(super) fn picture_at(&self, due: MediaTime) -> Option<Instant> {
        let pass = self.pass?;

        pass.instant_of(due)
            .or_else(|| pass.expected_at(due).filter(|at| *at > self.now))
    }

    /// Returns what the last reading of the playhead was of. `None` where picture events are not timed by
    /// one: [`Self::sync_source`] says why.
    pub fn playhead_quality(&self, now: Instant) -> Option<PlayheadQuality> {
        let pass = self.pass?;

        (self.sync_source(now) == SyncSource::Playhead).then(|| pass.playhead().quality)
    }

    pub(super) fn handle_playhead(&mut self, playhead: Playhead, now: Instant) {
        if self.schedule.placement != Placement::Player {
            return;
        }
        let playhead = playhead.as_of(now);
        if !playhead.is_plausible(self.show_at(now)) {
            return self.refuse_playhead(now);
        }
        self.playhead_grace_ends_at = None;
        self.doubt = None;
        let has_sought = self
            .pass
            .as_mut()
            .is_none_or(|pass| pass.take_in(playhead, now) == Verdict::Seek);
        if has_sought {
            let before = self.pass.filter(|pass| self.is_plausible(pass, now));
            self.pass = Some(Pass::new(playhead, now));
            let shown_before = self.timeline.jump();
            self.before_seek = before.map(|pass| BeforeSeek { pass, shown_before });
        }
        if self.connection.is_paused() {
            self.pass = self.pass.map(|pass| pass.standing(now));
        }

        if self.schedule.playhead_missing {
            self.schedule.playhead_missing = false;
            self.timeline.reschedule(&self.schedule);
        }
    }

    /// Looks whether the picture stays where the pass that it is in has not been, or has been already.
    pub(super) fn judge_stay(&mut self, now: Instant) {
        let Some(pass) = &mut self.pass else {
            return;
        };
        let position = pass.position(now).plus_millis(DISAGREEMENT_MAX_MS);
        let is_behind =
            self.timeline.is_settled() && self.timeline.is_ahead_of(position, &self.schedule);
        if pass.judge_stay(is_behind, now) == Verdict::Seek {
            self.timeline.jump();
        }
    }

    /// Looks at the last report again, for the clock, or when the room began, was only now found out.
    pub(super) fn doubt_playhead(&mut self, now: Instant) {
        if self.pass.is_some_and(|pass| !self.is_plausible(&pass, now)) {
            self.refuse_playhead(now);
        }
    }

    fn is_plausible(&self, pass: &Pass, now: Instant) -> bool {
        pass.playhead().is_plausible(self.show_at(now))
    }

    pub(super) fn refuse_playhead(&mut self, now: Instant) {
        if self.schedule.placement != Placement::Player {
            return;
        }
        self.stats.playheads_refused = self.stats.playheads_refused.saturating_add(1);
        self.lose_playhead(Doubt::Refused, now);
    }

    /// Has a picture that was known stand still: where it was before, if it was believed to have sought
    /// to where the clock, or the room's first event, only then said that it cannot be. What was believed
    /// without having been anywhere before was never known.
    pub(super) fn lose_playhead(&mut self, doubt: Doubt, now: Instant) {
        if self.schedule.placement != Placement::Player {
            return;
        }
        let before = self.before_seek.take();
        let before = before.filter(|before| self.is_plausible(&before.pass, now));
        match (self.pass, before) {
            (Some(pass), _) if self.is_plausible(&pass, now) => self.pass = Some(pass.lost(now)),
            (Some(_), Some(before)) => {
                self.pass = Some(before.pass.lost(now));
                self.timeline.come_back(before.shown_before);
            }
            (Some(_), None) => self.handle_no_playhead(now),
            (None, _) => {}
        }
        self.doubt = Some(doubt);
    }

    pub(super) fn handle_no_playhead(&mut self, now: Instant) {
        self.playhead_grace_ends_at = None;
        if !self.schedule.follows_playhead() {
            return;
        }
        self.pass = None;
        self.schedule.playhead_missing = true;
        self.timeline.reschedule(&self.schedule);
        self.timeline.forget_coverage();
        if !self.timeline.is_joined() || self.subscription.awaits_window() {
            // By the delay the picture is where the window does not lead, or the one that was asked for.
            self.start_over(now);
        }
    }

    fn show_at(&self, now: Instant) -> Show {
        let offset_ms = self.schedule.ingest_offset_ms;

        Show {
            began_at: self.room_began_at.map(|at| at.on_stream(offset_ms)),
            live_edge: self.live_edge(now),
        }
    }

    /// Nothing is said by stamps that have arrived: in a room without events they are days old.
    fn live_edge(&self, now: Instant) -> Option<MediaTime> {
        self.clock.error_ms(now)?;
        let server_time = self.clock.server_time(now)?;

        Some(server_time.on_stream(self.schedule.ingest_offset_ms))
    }
}
