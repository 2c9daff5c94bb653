//! The rooms that services name, which were given them as the API's global ids.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parlor_domain::id::RoomId;
use uuid::Uuid;

/// The room that a global id names.
pub fn room_of(id: &str) -> Option<RoomId> {
    let text = String::from_utf8(STANDARD.decode(id.trim()).ok()?).ok()?;
    let uuid = text.strip_prefix("Room:")?;

    Uuid::try_parse(uuid).ok().map(RoomId)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rooms_id_names_it_and_another_things_names_none() {
        let uuid = Uuid::from_u128(7);
        let id = |kind: &str| STANDARD.encode(format!("{kind}:{uuid}"));
        assert_eq!(room_of(&id("Room")), Some(RoomId(uuid)));
        assert_eq!(room_of(&id("Session")), None);
        assert_eq!(room_of("lobby"), None);
    }
}
