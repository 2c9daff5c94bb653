//! The people whom a room shows by name, and the stage that follows from them.

use alloc::vec::Vec;

use parlor_sdk_core::Room;

use crate::event::{ParticipantProfile, StageRole};

/// Reads the people whom `room` shows by name, in the order in which they joined.
pub fn participants(room: &Room) -> Vec<ParticipantProfile> {
    let mut people: Vec<ParticipantProfile> = Vec::new();
    for one in room.parts().filter_map(ParticipantProfile::of) {
        // What sorts weighs more in a browser than it wins with the few hundred that a room names.
        let place =
            people.partition_point(|other| (other.joined_at, &other.id) < (one.joined_at, &one.id));
        people.insert(place, one);
    }

    people
}

/// Who speaks, and who waits to. Each list is in the order in which people joined the room, but for
/// the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage<'a> {
    /// Whether a session is live. If not, who is on the stage is backstage.
    pub is_live: bool,
    /// Who leads, if anybody.
    pub host: Option<&'a ParticipantProfile>,
    /// Who else is on the stage.
    pub speakers: Vec<&'a ParticipantProfile>,
    /// Who may take the stage.
    pub invited: Vec<&'a ParticipantProfile>,
    /// Who has asked for the stage, in the order in which the server saw it.
    pub queue: Vec<&'a ParticipantProfile>,
}

impl<'a> Stage<'a> {
    /// Puts people, in the order in which they joined, in their places.
    pub fn of(participants: impl Iterator<Item = &'a ParticipantProfile>, is_live: bool) -> Self {
        let mut stage = Self {
            is_live,
            host: None,
            speakers: Vec::new(),
            invited: Vec::new(),
            queue: Vec::new(),
        };
        for participant in participants {
            match participant.stage_role {
                StageRole::Audience | StageRole::Unknown => {}
                StageRole::Requested => {
                    let requested_seq = participant.requested_seq;
                    let place = stage
                        .queue
                        .partition_point(|other| other.requested_seq <= requested_seq);
                    stage.queue.insert(place, participant);
                }
                StageRole::Invited => stage.invited.push(participant),
                StageRole::Speaker => stage.speakers.push(participant),
                StageRole::Host => stage.host = Some(participant),
            }
        }

        stage
    }
}

#[cfg(test)]
mod tests {
    use alloc::borrow::ToOwned;
    use alloc::string::String;
    use alloc::vec::Vec;

    use parlor_sdk_core::ServerTime;

    use super::Stage;
    use crate::event::{ParticipantProfile, ParticipantRole, StageRole};

    fn person(
        (id, stage_role, requested_seq): (&str, StageRole, Option<i64>),
    ) -> ParticipantProfile {
        ParticipantProfile {
            id: id.to_owned(),
            name: id.to_owned(),
            role: ParticipantRole::Member,
            stage_role,
            requested_seq,
            is_listed: true,
            is_online: true,
            version: 1,
            joined_at: ServerTime::from_unix_millis(0),
        }
    }

    #[test]
    fn the_stage_has_everyone_in_their_place_and_the_queue_in_order() {
        let people = [
            ("host", StageRole::Host, None),
            ("second", StageRole::Requested, Some(40)),
            ("speaker", StageRole::Speaker, None),
            ("first", StageRole::Requested, Some(31)),
            ("invited", StageRole::Invited, None),
            ("listener", StageRole::Audience, None),
            ("newer", StageRole::Unknown, None),
            ("another", StageRole::Speaker, None),
            ("third", StageRole::Requested, Some(41)),
        ]
        .map(person);

        let stage = Stage::of(people.iter(), true);
        let named = |of: &[&ParticipantProfile]| -> Vec<String> {
            of.iter().map(|one| one.id.clone()).collect()
        };
        assert!(stage.is_live);
        assert_eq!(stage.host.map(|host| host.id.as_str()), Some("host"));
        assert_eq!(named(&stage.speakers), ["speaker", "another"]);
        assert_eq!(named(&stage.invited), ["invited"]);
        assert_eq!(named(&stage.queue), ["first", "second", "third"]);
    }
}
