//! A room's parts, each read as what it is.

use parlor_sdk_core::{Room, RoomEvent};

use crate::event::{EventKind, HypeTrain, RoomProfile, Session};

/// Returns whether this build can read `event`: the `CanRead` of whoever reads events by this crate.
pub fn can_read(event: &RoomEvent) -> bool {
    !matches!(EventKind::of(event), EventKind::Unknown)
}

/// Reads what everyone sees of the room itself, once known.
pub fn profile(room: &Room) -> Option<RoomProfile> {
    room.parts().find_map(RoomProfile::of)
}

/// Reads the live session, or else the last one.
pub fn session(room: &Room) -> Option<Session> {
    room.parts().find_map(Session::of)
}

/// Returns whether a session is live. The stream may be away.
pub fn is_live(room: &Room) -> bool {
    session(room).is_some_and(|session| session.ended_at.is_none())
}

/// Reads the hype train at the viewer's picture: approaching, running, or the last one.
pub fn train(room: &Room) -> Option<HypeTrain> {
    room.parts().find_map(HypeTrain::of)
}
