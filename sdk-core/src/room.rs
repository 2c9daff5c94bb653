//! The room as its events have made it: live parts from what has arrived, picture parts only from
//! what has been shown.

use crate::event::{RoomEvent, Session, Settings, Steering};
use crate::parts::{Entry, Parts};
use core::mem;

/// The state of a room as the viewer should see it: the last event of each of its parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Room {
    settings: Option<Steered<Settings>>,
    session: Option<Steered<Session>>,
    online_count: Option<i32>,
    /// Of every part, whatever it is.
    parts: Parts,
}

/// What steers the timeline, and the event that says so. Something else may have happened on its part since.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Steered<T> {
    by: RoomEvent,
    to: T,
}

impl Room {
    /// Returns what the room is set to, once known.
    pub fn settings(&self) -> Option<Settings> {
        self.settings.as_ref().map(|settings| settings.to)
    }

    /// Returns what is known of the live session, or else of the last one.
    pub fn session(&self) -> Option<Session> {
        self.session.as_ref().map(|session| session.to)
    }

    /// Returns the event that [`Self::settings`] are of.
    pub fn settings_event(&self) -> Option<&RoomEvent> {
        self.settings.as_ref().map(|settings| &settings.by)
    }

    /// Returns the event that [`Self::session`] is of.
    pub fn session_event(&self) -> Option<&RoomEvent> {
        self.session.as_ref().map(|session| &session.by)
    }

    /// Returns how many of the room's people follow it now, once known. Several devices of one are
    /// one; whoever has not joined the room does not count.
    pub const fn online_count(&self) -> Option<i32> {
        self.online_count
    }

    /// Returns the last event of each part that is not empty, as far as the viewer should know of it, in order
    /// of `seq`.
    pub fn parts(&self) -> impl Iterator<Item = &RoomEvent> {
        self.parts.iter()
    }

    /// Takes in a live event, and says what it did. An older one never replaces a newer.
    pub(crate) fn apply_live(&mut self, event: &RoomEvent) -> Entry {
        let entry = self.parts.take_in(event);
        if entry != Entry::Old {
            let by = event;
            match event.steering() {
                Some(Steering::Settings(to)) => {
                    self.settings = Some(Steered { by: by.clone(), to });
                }
                Some(Steering::Session(to)) => {
                    self.session = Some(Steered { by: by.clone(), to });
                }
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
        self.parts.keep(RoomEvent::is_live);
        for event in picture.iter() {
            self.parts.take_in(event);
        }
    }

    /// Empties the live parts, for a snapshot replaces them. Who is online is no part of the log.
    pub(crate) fn forget_live(&mut self) {
        let picture = mem::take(&mut self.parts);
        *self = Self {
            online_count: self.online_count,
            ..Self::default()
        };
        for event in picture.iter().filter(|event| !event.is_live()) {
            self.parts.take_in(event);
        }
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
    fn what_says_nothing_of_the_timeline_leaves_what_steers_it() {
        let mut room = Room::default();
        room.apply_live(&session(5, 50));

        for (seq, json) in [
            (6, r#"{"poll":{"delayMs":7}}"#),
            (7, r#"{"session":{"delayMs":"soon"}}"#),
            (8, r#"{"session":[]}"#),
        ] {
            let payload = Payload::new(json);
            let event = RoomEvent {
                payload,
                ..session(seq, 0)
            };
            assert_eq!(room.apply_live(&event), Entry::News);
            assert_eq!(delay_ms(&room), Some(50), "{json}");
            assert_eq!(room.parts().next(), Some(&event));
        }
    }
}
