//! How a command's events enter the log.
//!
//! A state event carries its part whole, so that of several in one batch only the last says anything:
//! a train that moved two hundred times is told once. Moments stay one each, and so does what is stamped with another
//! time than the rest, for it was so for a while.

use super::{Changes, RoomAggregate};
use crate::event::{Event, EventBody};
use crate::id::IdSource;
use crate::time::ServerTime;

impl RoomAggregate {
    /// The stamp that an event appended now gets.
    pub(super) fn stamp(&self, now: ServerTime) -> ServerTime {
        self.head.occurred_at.max(now)
    }

    pub(super) fn append(
        &mut self,
        body: EventBody,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> &Event {
        let at = self.stamp(now);
        let body = match self.changes.take_superseded(&body, at) {
            Some(earlier) => {
                self.head.seq -= 1;
                body.following(&earlier)
            }
            None => body,
        };
        let delay_ms = self
            .live_session()
            .map_or(self.room.delay_ms, |session| session.delay_ms);
        let event = self.head.append(body, delay_ms, ids, now);
        self.changes.events.push(event);
        let last = self.changes.events.len() - 1;

        &self.changes.events[last]
    }

    /// Tells the position that the next event will have, which is somebody's answer from now on: so
    /// nothing before it may move up any more.
    pub(super) fn promise_position(&mut self) -> i64 {
        self.changes.promised_seq = self.head.seq + 1;
        self.changes.promised_seq
    }
}

impl Changes {
    /// Takes out the batch's earlier event of the same part and time, and closes the gap.
    fn take_superseded(&mut self, body: &EventBody, at: ServerTime) -> Option<EventBody> {
        let part = body.part()?;
        let promised_seq = self.promised_seq;
        let index = self
            .events
            .iter()
            .rposition(|event| event.seq > promised_seq && event.body.part() == Some(part))?;
        let event = &self.events[index];
        if event.occurred_at != at || !body.supersedes(&event.body) {
            return None;
        }
        let earlier = self.events.remove(index);
        for event in &mut self.events[index..] {
            event.seq -= 1;
        }

        Some(earlier.body)
    }
}
