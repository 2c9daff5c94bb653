//! A room's parts, each read as what it is.

use parlor_sdk_core::{Room, RoomEvent};

use crate::event::{EventKind, HypeTrain, RoomProfile, Session};

/// Reads what everyone sees of the room itself, once known.
pub fn profile(room: &Room) -> Option<RoomProfile> {
    RoomProfile::of(room.settings_event()?)
}

/// Reads the live session, or else the last one.
pub fn session(room: &Room) -> Option<Session> {
    Session::of(room.session_event()?)
}

/// Returns whether a session is live. The stream may be away.
pub fn is_live(room: &Room) -> bool {
    session(room).is_some_and(|session| session.ended_at.is_none())
}

/// Reads the hype train at the viewer's picture: approaching, running, or the last one.
pub fn train(room: &Room) -> Option<HypeTrain> {
    room.parts().find_map(HypeTrain::of)
}

/// Returns the last event of each part whose last event this build cannot read.
pub fn unknown_parts(room: &Room) -> impl Iterator<Item = &RoomEvent> {
    let is_unknown = |event: &&RoomEvent| EventKind::of(event) == EventKind::Unknown;

    room.parts().filter(is_unknown)
}
