//! Who is in the room.

use parlor_sdk_core::{Room, RoomEvent};
use std::collections::BTreeMap;

/// Who is in the room, as an application knows them that listens to deliveries alone: versions by
/// name.
#[derive(Default)]
pub(super) struct People {
    pub(super) versions: BTreeMap<String, i32>,
    pub(super) online: Option<i32>,
    last_seq: i64,
}

impl People {
    pub(super) fn of(room: &Room) -> Self {
        let versions = room.parts().filter_map(person);

        Self {
            versions: versions.collect(),
            online: room.online_count(),
            last_seq: 0,
        }
    }

    pub(super) fn listen(&mut self, event: &RoomEvent) {
        assert!(self.last_seq < event.seq, "{} came again", event.seq);
        self.last_seq = event.seq;
        if let Some((name, version)) = person(event) {
            self.versions.remove(&name);
            if !event.empties_part {
                self.versions.insert(name, version);
            }
        }
    }
}

/// The name and version of whom an event is about.
fn person(event: &RoomEvent) -> Option<(String, i32)> {
    let mut person = event.about("participant")?;

    Some((person.text("name")?, person.small("version")?))
}
