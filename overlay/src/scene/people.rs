//! What the widgets about people see of a room.

use alloc::vec::Vec;
use parlor_sdk_core::Room;
use parlor_sdk_events::people::{Stage, participants};
use parlor_sdk_events::{ParticipantChange, ParticipantProfile, StageRole, room};

use crate::scene::attendance::{Visit, Visitor};
use crate::scene::lineup::{Cast, Guest};
use crate::words;

/// Calls `with` who is on the stage of `room`, the host first, and how many wait.
pub(crate) fn with_cast(room: &Room, with: impl FnOnce(&Cast<'_>)) {
    let people = participants(room);

    with(&cast(&Stage::of(people.iter(), room::is_live(room))));
}

fn cast<'a>(stage: &Stage<'a>) -> Cast<'a> {
    let guests = stage.host.iter().chain(&stage.speakers);

    Cast {
        is_live: stage.is_live,
        guests: guests
            .map(|profile| Guest {
                id: &profile.id,
                name: words::shown_name(Some(&profile.name)),
                is_host: profile.stage_role == StageRole::Host,
                is_online: profile.is_online,
            })
            .collect(),
        asking: words::count(stage.queue.len()),
        invited: words::count(stage.invited.len()),
    }
}

/// Returns those whom `room` names and who are here, last come last.
pub(crate) fn visitors(room: &Room) -> Vec<Visitor> {
    let people = participants(room);

    people
        .iter()
        .filter(|it| it.is_online)
        .map(visitor)
        .collect()
}

/// Returns `profile` as one who comes and goes.
pub(crate) fn visitor(profile: &ParticipantProfile) -> Visitor {
    Visitor {
        id: profile.id.clone(),
        name: profile.name.clone(),
    }
}

/// Returns whether the room still names them and they are here.
pub(crate) const fn is_here(profile: &ParticipantProfile) -> bool {
    profile.is_listed && profile.is_online
}

/// Returns which way somebody went by `change`, if it is worth a word. Who is put out, or goes back
/// among a crowd, has not come or gone; nor has who is on the stage and lost their connection, which
/// their seat shows.
pub(crate) const fn visit(
    change: ParticipantChange,
    profile: &ParticipantProfile,
) -> Option<Visit> {
    match change {
        ParticipantChange::PresenceChanged
            if matches!(profile.stage_role, StageRole::Speaker | StageRole::Host) =>
        {
            None
        }
        ParticipantChange::Joined
        | ParticipantChange::Left
        | ParticipantChange::PresenceChanged => Some(if is_here(profile) {
            Visit::Arrived
        } else {
            Visit::Left
        }),
        ParticipantChange::Removed
        | ParticipantChange::Updated
        | ParticipantChange::RoleChanged
        | ParticipantChange::StageChanged => None,
    }
}

#[cfg(test)]
mod tests {
    use parlor_sdk_core::ServerTime;
    use parlor_sdk_events::people::Stage;
    use parlor_sdk_events::{ParticipantChange, ParticipantProfile, ParticipantRole, StageRole};

    use super::{Visit, cast, is_here, visit};

    fn person(name: &str, stage_role: StageRole) -> ParticipantProfile {
        ParticipantProfile {
            id: String::from(name),
            name: String::from(name),
            role: ParticipantRole::Member,
            stage_role,
            requested_seq: None,
            is_listed: true,
            is_online: true,
            version: 1,
            joined_at: ServerTime::from_unix_millis(0),
        }
    }

    #[test]
    fn the_host_is_first_whenever_they_joined() {
        let (ada, ben) = (
            person("Ada", StageRole::Speaker),
            person(" ", StageRole::Host),
        );
        let asking = person("Cleo", StageRole::Requested);
        let stage = Stage {
            is_live: false,
            host: Some(&ben),
            speakers: vec![&ada],
            invited: Vec::new(),
            queue: vec![&asking],
        };

        let cast = cast(&stage);
        let seen: Vec<_> = cast.guests.iter().map(|g| (g.name, g.is_host)).collect();
        assert_eq!(seen, [("Anonymous", true), ("Ada", false)]);
        assert_eq!((cast.is_live, cast.asking, cast.invited), (false, 1, 0));
    }

    #[test]
    fn only_coming_and_going_is_worth_a_word() {
        let here = person("Ada", StageRole::Audience);
        let away = ParticipantProfile {
            is_online: false,
            ..here.clone()
        };
        let unlisted = ParticipantProfile {
            is_listed: false,
            ..here.clone()
        };
        let speaker = person("Ben", StageRole::Speaker);
        let cut_off = ParticipantProfile {
            is_online: false,
            ..person("Cleo", StageRole::Host)
        };
        let cases = [
            (ParticipantChange::Joined, &here, true, Some(Visit::Arrived)),
            (
                ParticipantChange::PresenceChanged,
                &here,
                true,
                Some(Visit::Arrived),
            ),
            (
                ParticipantChange::PresenceChanged,
                &away,
                false,
                Some(Visit::Left),
            ),
            (ParticipantChange::PresenceChanged, &cut_off, false, None),
            (ParticipantChange::PresenceChanged, &speaker, true, None),
            (ParticipantChange::Left, &unlisted, false, Some(Visit::Left)),
            (ParticipantChange::Removed, &unlisted, false, None),
            (ParticipantChange::StageChanged, &unlisted, false, None),
            (ParticipantChange::Updated, &here, true, None),
        ];
        for (change, profile, is_in, word) in cases {
            assert_eq!(is_here(profile), is_in, "{change:?}");
            assert_eq!(visit(change, profile), word, "{change:?}");
        }
    }
}
