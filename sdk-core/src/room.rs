//! The room as its events have made it: live parts from what has arrived, picture parts only from
//! what has been shown.

use crate::event::{RoomEvent, Session, Settings, Steering};
use crate::parts::{Entry, Parts};

/// The state of a room as the viewer should see it: the last events of each of its parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Room {
    settings: Option<Settings>,
    session: Option<Session>,
    online_count: Option<i32>,
    /// Of every part, whatever it is.
    parts: Parts,
}

impl Room {
    /// Returns what the room is set to, once known.
    pub const fn settings(&self) -> Option<Settings> {
        self.settings
    }

    /// Returns what is known of the live session, or else of the last one.
    pub const fn session(&self) -> Option<Session> {
        self.session
    }

    /// Returns how many of the room's people follow it now, once known. Several devices of one are
    /// one; whoever has not joined the room does not count.
    pub const fn online_count(&self) -> Option<i32> {
        self.online_count
    }

    /// Returns what is known of each part that is not empty, as far as the viewer should know of it: the last
    /// event that the host can read. Something that it cannot read may have happened on the part since.
    pub fn parts(&self) -> impl Iterator<Item = &RoomEvent> {
        self.parts.readable()
    }

    /// Returns the last event of each part whose last event the host cannot read.
    pub fn unknown_parts(&self) -> impl Iterator<Item = &RoomEvent> {
        self.parts.unreadable()
    }

    /// Takes in a live event, and says what it did. An older one never replaces a newer.
    pub(crate) fn apply_live(&mut self, event: &RoomEvent) -> Entry {
        let entry = self.parts.take_in(event);
        if entry != Entry::Old && event.is_readable {
            match event.steering() {
                Some(Steering::Settings(settings)) => self.settings = Some(settings),
                Some(Steering::Session(session)) => self.session = Some(session),
                None => {}
            }
        }

        entry
    }

    /// Takes in a picture event that is being shown.
    pub(crate) fn apply_shown(&mut self, event: &RoomEvent) -> Entry {
        self.parts.take_in(event)
    }

    /// Takes in how many are online, and says whether that was news.
    pub(crate) fn apply_presence(&mut self, online_count: i32) -> bool {
        self.online_count.replace(online_count) != Some(online_count)
    }

    /// Replaces the picture parts, after the viewer's picture has jumped.
    pub(crate) fn replace_picture(&mut self, picture: &Parts) {
        self.parts.replace_picture(picture);
    }

    /// Empties the live parts, for a snapshot replaces them. Who is online is no part of the log.
    pub(crate) fn forget_live(&mut self) {
        self.settings = None;
        self.session = None;
        self.parts.forget_live();
    }

    pub(crate) fn ingest_offset_ms(&self) -> i64 {
        self.settings()
            .map_or(0, |settings| settings.ingest_offset_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::Room;
    use crate::event::{EventTiming, Payload, RoomEvent};
    use crate::parts::Entry;
    use crate::time::ServerTime;

    fn session(seq: i64, delay_ms: i64) -> RoomEvent {
        let now = ServerTime::from_unix_millis(seq);

        RoomEvent {
            seq,
            occurred_at: now,
            display_at: now,
            timing: EventTiming::Live,
            part: Some("session".to_owned()),
            empties_part: false,
            type_name: "SessionStarted".to_owned(),
            payload: Payload::new(&format!(r#"{{"session":{{"delayMs":{delay_ms}}}}}"#)),
            is_readable: true,
        }
    }

    fn delay_ms(room: &Room) -> Option<i64> {
        room.session().map(|session| session.delay_ms)
    }

    #[test]
    fn an_older_event_never_replaces_a_newer_one() {
        let mut room = Room::default();

        assert_eq!(room.apply_live(&session(5, 50)), Entry::News);
        assert_eq!(room.apply_live(&session(4, 40)), Entry::Old);
        assert_eq!(room.apply_live(&session(5, 40)), Entry::Old);
        assert_eq!(delay_ms(&room), Some(50));
    }

    #[test]
    fn a_snapshot_begins_with_empty_live_parts() {
        let mut room = Room::default();
        room.apply_live(&session(5, 50));

        room.forget_live();
        assert_eq!(delay_ms(&room), None);
        assert_eq!(room.apply_live(&session(1, 10)), Entry::News);
    }

    #[test]
    fn what_cannot_be_read_steers_nothing_and_leaves_what_steers() {
        let mut room = Room::default();
        room.apply_live(&session(5, 50));

        for (seq, json) in [
            (6, r#"{"poll":{"delayMs":7}}"#),
            (7, r#"{"session":{"delayMs":8,"interruptedAt":"soon"}}"#),
            (8, r#"{"session":[]}"#),
        ] {
            let event = RoomEvent {
                payload: Payload::new(json),
                is_readable: false,
                ..session(seq, 0)
            };
            assert_eq!(room.apply_live(&event), Entry::News);
            assert_eq!(delay_ms(&room), Some(50), "{json}");
            assert_eq!(room.parts().next(), Some(&session(5, 50)));
            assert_eq!(room.unknown_parts().next(), Some(&event));
        }
    }
}
