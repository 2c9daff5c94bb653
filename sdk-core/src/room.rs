//! The room as its events have made it: live parts from what has arrived, picture parts only from
//! what has been shown.

use crate::event::{EventKind, HypeTrain, RoomEvent, RoomProfile, Session};
use crate::participant::{Entry, ParticipantProfile, Participants, Stage};
use crate::parts::Parts;
use core::mem;

/// The state of a room as the viewer should see it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Room {
    profile: Option<RoomProfile>,
    profile_seq: i64,
    session: Option<Session>,
    session_seq: i64,
    participants: Participants,
    online_count: Option<i32>,
    /// All other parts, whatever they are.
    parts: Parts,
}

impl Room {
    /// Returns the room's profile, once known.
    pub const fn profile(&self) -> Option<&RoomProfile> {
        self.profile.as_ref()
    }

    /// Returns the live session, or else the last one.
    pub const fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// Returns the people whom the room shows by name, in the order in which they joined.
    pub fn participants(&self) -> impl ExactSizeIterator<Item = &ParticipantProfile> {
        self.participants.iter()
    }

    /// Returns who speaks, and who waits to.
    pub fn stage(&self) -> Stage<'_> {
        let is_live = self.session().is_some_and(Session::is_live);

        Stage::of(self.participants.iter(), is_live)
    }

    /// Returns how many of the room's people follow it now, once known. Several devices of one are
    /// one; whoever has not joined the room does not count.
    pub const fn online_count(&self) -> Option<i32> {
        self.online_count
    }

    /// Returns the hype train at the viewer's picture: approaching, running, or the last one.
    pub fn train(&self) -> Option<&HypeTrain> {
        self.parts.iter().find_map(|event| event.kind.train())
    }

    /// Returns the last event of each part whose last event this build cannot read, as far as the
    /// viewer should know of it.
    pub fn unknown_parts(&self) -> impl Iterator<Item = &RoomEvent> {
        self.parts
            .iter()
            .filter(|event| matches!(event.kind, EventKind::Unknown { .. }))
    }

    /// Takes in a live event, and says what it did. An older one never replaces a newer.
    pub(crate) fn apply_live(&mut self, event: &RoomEvent) -> Entry {
        let entry = match &event.kind {
            EventKind::RoomUpdated(profile) if event.seq > self.profile_seq => {
                self.profile_seq = event.seq;
                self.profile = Some(profile.clone());
                Entry::News
            }
            EventKind::Session(_, session) if event.seq > self.session_seq => {
                self.session_seq = event.seq;
                self.session = Some(session.clone());
                Entry::News
            }
            EventKind::RoomUpdated(_) | EventKind::Session(..) => Entry::Old,
            EventKind::Participant(_, profile) => self.participants.apply(profile, event.seq),
            EventKind::ContributionReceived(_)
            | EventKind::HypeTrain(..)
            | EventKind::Unknown { .. } => return self.parts.take_in(event),
        };
        if entry != Entry::Old {
            self.parts.forget(event);
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
        let mut parts = mem::take(&mut self.parts);
        parts.keep(|event| !event.is_live());
        *self = Self {
            online_count: self.online_count,
            parts,
            ..Self::default()
        };
    }

    pub(crate) fn ingest_offset_ms(&self) -> i64 {
        self.profile
            .as_ref()
            .map_or(0, |profile| profile.ingest_offset_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::Room;
    use crate::event::{EventKind, EventTiming, RoomEvent, Session, SessionChange};
    use crate::participant::Entry;
    use crate::time::ServerTime;

    fn session(seq: i64, is_live: bool) -> RoomEvent {
        let now = ServerTime::from_unix_millis(seq);
        let session = Session {
            id: "session".to_owned(),
            started_at: now,
            interrupted_at: None,
            ended_at: (!is_live).then_some(now),
            delay_ms: 0,
        };

        RoomEvent {
            seq,
            occurred_at: now,
            display_at: now,
            timing: EventTiming::Live,
            part: Some("session".to_owned()),
            kind: EventKind::Session(
                if is_live {
                    SessionChange::Started
                } else {
                    SessionChange::Ended
                },
                session,
            ),
        }
    }

    fn is_live(room: &Room) -> Option<bool> {
        room.session().map(Session::is_live)
    }

    #[test]
    fn an_older_event_never_replaces_a_newer_one() {
        let mut room = Room::default();

        assert_eq!(room.apply_live(&session(5, false)), Entry::News);
        assert_eq!(room.apply_live(&session(4, true)), Entry::Old);
        assert_eq!(room.apply_live(&session(5, true)), Entry::Old);
        assert_eq!(is_live(&room), Some(false));
    }

    #[test]
    fn a_snapshot_begins_with_empty_live_parts() {
        let mut room = Room::default();
        room.apply_live(&session(5, false));

        room.forget_live();
        assert_eq!(is_live(&room), None);
        assert_eq!(room.apply_live(&session(1, true)), Entry::News);
    }
}
