//! What the log's messages do to a client, and where it takes the log up again.

use super::Client;
use crate::event::RoomEvent;
use crate::exchange::{Delivery, Failure, Output, ShownEvent};
use crate::parts::{Entry, Parts};
use crate::subscription::Verdict;
use crate::time::{Instant, MediaTime, ServerTime};
use crate::timeline::{AHEAD_MS, SHOWING_TIME_MS};
use crate::wire::{self, Feed, Refusal, Start};
use alloc::vec::Vec;

impl Client {
    /// Subscribes, or subscribes again, from where the client can go on.
    pub(super) fn subscribe(&mut self, now: Instant) {
        if let Some(id) = self.subscription.running() {
            self.outputs.push_back(Output::Send(wire::complete(id)));
        }
        let start = self.start(now);
        let id = self.subscription.begin(start.clone());

        self.outputs
            .push_back(Output::Send(wire::subscribe(id, &self.room_id, &start)));
        self.connection.expect_answer(now);
    }

    fn start(&self, now: Instant) -> Start {
        let resume = self.subscription.resume();
        let reached = self.reached(now);
        let is_there = self.can_settle(now) || self.is_within(reached);
        let position = match (reached.media, resume) {
            (Some(_), Some(resume)) if is_there => return resume,
            (Some(position), _) => position,
            (None, Some(resume)) => return resume,
            (None, None) => match self.start_at {
                Some(position) => position,
                None => return Start::Head,
            },
        };
        if !self.schedule.follows_playhead() {
            return Start::At {
                position,
                until: None,
            };
        }

        // Early enough for the moments that are still on screen there.
        let position = position
            .plus_millis(-SHOWING_TIME_MS)
            .max(MediaTime::from_unix_millis(0));
        Start::At {
            position,
            until: Some(position.plus_millis(AHEAD_MS)),
        }
    }

    pub(super) fn handle_feed(&mut self, feed: Feed, now: Instant) {
        let verdict = self.subscription.take_in(&feed);
        let online_count = feed.online_count;
        match verdict {
            Verdict::Current => self.show_presence(online_count),
            Verdict::Duplicate => self.count_duplicates(feed.events.len()),
            Verdict::Gap => {
                self.stats.gaps += 1;
                self.subscribe(now);
            }
            Verdict::Broken => self.connection.give_up(&mut self.outputs, now),
            Verdict::Replaces {
                covers_from,
                same_log,
            } => {
                self.connection.handle_answer(&mut self.outputs, now);
                self.stats.malformed_events += feed.malformed_events;
                self.replace(feed, covers_from, same_log, now);
            }
            Verdict::Follows { after_seq } => {
                self.connection.handle_answer(&mut self.outputs, now);
                self.stats.malformed_events += feed.malformed_events;
                self.follow(feed, after_seq, now);
                self.show_presence(online_count);
            }
        }
    }

    fn replace(
        &mut self,
        feed: Feed,
        covers_from: Option<MediaTime>,
        same_log: bool,
        now: Instant,
    ) {
        self.room.forget_live();
        if let Some(online_count) = feed.online_count {
            self.room.apply_presence(online_count);
        }
        self.timeline.reset(same_log);

        self.note_beginning(&feed, same_log, now);
        let (stretch, asked_at_seq) = (feed.stretch(), feed.live_through_seq);
        let state = feed.snapshot.unwrap_or_default();
        let state_length = state.len();
        // Live parts are as they are now, wherever the picture is: what lies before is told by them.
        self.live_through = asked_at_seq.unwrap_or(i64::MIN);
        let mut picture_state = Parts::new();
        let mut picture = Vec::new();
        for (index, event) in state.into_iter().chain(feed.events).enumerate() {
            self.clock.handle_stamp(event.occurred_at, now);
            let is_state = index < state_length;
            if event.is_live() {
                if is_state {
                    self.live_through = self.live_through.max(event.seq);
                }
                if is_state || event.seq > self.live_through {
                    self.apply_live(&event);
                }
            } else if !is_state {
                picture.push(event);
            } else if event.part.is_some() && event.seq <= feed.after_seq {
                let entry = picture_state.take_in(&event);
                self.count_crowded_out(entry);
            }
        }
        self.schedule.ingest_offset_ms = self.room.ingest_offset_ms();
        for event in picture_state.into_events().chain(picture) {
            self.timeline.enter(event, &self.schedule);
        }
        let from = covers_from.map(|from| from.happened_at(self.schedule.ingest_offset_ms));
        self.timeline.open(from, asked_at_seq, stretch);
        self.doubt_playhead(now);

        if !self.can_settle(now) {
            self.deliver(Delivery::StateReplaced(self.room.clone()));
        }
    }

    /// Notes when the room began, if the log is read from its first event: only what is asked for from
    /// before it is. Of stamps that run back the earliest counts, and none ahead of the clock.
    fn note_beginning(&mut self, feed: &Feed, same_log: bool, now: Instant) {
        if !same_log {
            self.room_began_at = None;
        }
        if feed.after_seq != 0 {
            return;
        }
        let stamps = feed.events.iter().map(|event| event.occurred_at);
        let earliest = stamps.chain(feed.left_out_from).min();
        let server_time = self.clock.server_time(now);
        let is_past = |at: &ServerTime| server_time.is_none_or(|server_time| *at <= server_time);

        self.room_began_at = earliest.filter(is_past);
    }

    fn follow(&mut self, feed: Feed, after_seq: i64, now: Instant) {
        let stretch = feed.stretch();
        for event in feed.events {
            if event.seq <= after_seq {
                self.count_duplicates(1);
                continue;
            }
            self.clock.handle_stamp(event.occurred_at, now);
            if !event.is_live() {
                self.timeline.enter(event, &self.schedule);
            } else if event.seq > self.live_through && self.apply_live(&event) {
                self.show(ShownEvent {
                    event,
                    late_by_ms: 0,
                });
            }
        }
        self.timeline.note_feed(stretch);

        let ingest_offset_ms = self.room.ingest_offset_ms();
        if self.schedule.ingest_offset_ms != ingest_offset_ms {
            self.schedule.ingest_offset_ms = ingest_offset_ms;
            self.timeline.reschedule(&self.schedule);
        }
    }

    fn show_presence(&mut self, online_count: Option<i32>) {
        if let Some(online_count) = online_count
            && self.room.apply_presence(online_count)
        {
            self.deliver(Delivery::PresenceChanged { online_count });
        }
    }

    /// Takes in a live event, and says whether it was news.
    fn apply_live(&mut self, event: &RoomEvent) -> bool {
        let entry = self.room.apply_live(event);
        self.count_crowded_out(entry);

        entry != Entry::Old
    }

    pub(super) fn count_crowded_out(&mut self, entry: Entry) {
        if entry == Entry::NoPlace {
            self.stats.crowded_out = self.stats.crowded_out.saturating_add(1);
        }
    }

    pub(super) fn handle_refusal(&mut self, reason: Refusal, now: Instant) {
        match reason {
            Refusal::Invalid if self.subscription.forget_position() => {
                self.subscription.end();
                self.subscribe(now);
            }
            Refusal::Invalid => self
                .connection
                .refuse(Failure::Protocol { code: 1000 }, &mut self.outputs),
            Refusal::NotFound => self
                .connection
                .refuse(Failure::RoomNotFound, &mut self.outputs),
            Refusal::SignIn => self
                .connection
                .refuse(Failure::SignInRequired, &mut self.outputs),
            Refusal::Passing => self.connection.give_up(&mut self.outputs, now),
        }
    }

    fn count_duplicates(&mut self, count: usize) {
        self.stats.duplicates += u32::try_from(count).unwrap_or(u32::MAX);
    }
}
