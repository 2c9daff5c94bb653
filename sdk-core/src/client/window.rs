//! Has the window follow the picture: opens it anew where the picture has jumped to, and asks for more when
//! the picture comes near its end.

use super::Client;
use crate::due::{Due, Reached};
use crate::exchange::Output;
use crate::subscription::Answer;
use crate::time::{Instant, ServerTime};
use crate::timeline::AHEAD_MS;
use crate::wire::{self, Feed};

impl Client {
    /// Returns when what the player's picture has reached happened.
    pub(super) fn happened_at(&self, reached: Reached) -> Option<ServerTime> {
        let position = reached.media?;

        Some(position.happened_at(self.schedule.ingest_offset_ms))
    }

    /// Returns whether the picture is where the window is not, and will not be by growing a little.
    pub(super) fn is_elsewhere(&self, reached: Reached) -> bool {
        self.happened_at(reached)
            .is_some_and(|at| !self.timeline.grows_to(at))
    }

    /// Returns whether the picture is in the window, or has run on beyond its end: what it has passed there
    /// is yet to be shown.
    pub(super) fn is_within(&self, reached: Reached) -> bool {
        self.timeline.is_settled()
            && self
                .happened_at(reached)
                .is_some_and(|at| self.timeline.begins_by(at))
    }

    /// Returns whether the server can be asked something: one question at a time.
    pub(super) fn may_ask(&self) -> bool {
        self.connection.is_joined() && !self.subscription.is_awaiting()
    }

    /// Asks for more of the log if the picture has come near the end of what is held.
    pub(super) fn look_ahead(&mut self, now: Instant) {
        let reached = self.reached(now);
        let is_near = |due: Due| due.late_by_ms(reached).is_some();
        if !self.ask_due(reached).is_some_and(is_near) {
            return;
        }
        let position = reached.media.filter(|_| self.schedule.follows_playhead());
        let until = position.map(|position| position.plus_millis(AHEAD_MS));
        let after_seq = self.timeline.through_seq();
        if let Some((id, position)) = self.subscription.ask(after_seq, now) {
            self.stats.asked = self.stats.asked.saturating_add(1);
            self.outputs.push_back(Output::Send(wire::room_events(
                id,
                &self.room_id,
                &position,
                until,
            )));
        }
    }

    /// Returns when to look whether more is to be asked for.
    pub(super) fn ask_at(&self) -> Option<Instant> {
        let at = match self.ask_due(self.reached(self.now))? {
            Due::Server(due) => self.clock.instant_of(due, self.now),
            Due::Media(due) => self.picture_at(due),
        };

        at.filter(|at| *at > self.now)
    }

    fn ask_due(&self, reached: Reached) -> Option<Due> {
        if !self.may_ask() || self.subscription.answer_by().is_some() {
            return None;
        }

        self.timeline.ask_due(reached, &self.schedule)
    }

    /// Takes in what was asked for. What is live in it the feed tells.
    pub(super) fn handle_answer(&mut self, feed: Feed, now: Instant) {
        self.stats.malformed_events += feed.malformed_events;
        match self.subscription.take_answer(&feed) {
            // The far end has been given up meanwhile.
            Answer::Follows { after_seq } if after_seq != self.timeline.through_seq() => {}
            Answer::Follows { .. } => {
                let stretch = feed.stretch();
                let events = feed.events.into_iter().filter(|event| !event.is_live());
                if !self.timeline.extend(events, stretch, &self.schedule) {
                    self.connection.give_up(&mut self.outputs, now);
                }
            }
            Answer::Lost if self.schedule.follows_playhead() => self.timeline.lose(),
            Answer::Lost => self.start_over(now),
            Answer::Broken => self.connection.give_up(&mut self.outputs, now),
        }
    }

    /// Starts anew at the head, for what lies between what is held and that is not to be shown. So the place
    /// that the app has kept is left as well.
    pub(super) fn start_over(&mut self, now: Instant) {
        self.start_at = None;
        self.timeline.clear();
        self.subscription.start_over();
        if self.connection.is_joined() {
            self.subscribe(now);
        }
    }
}
