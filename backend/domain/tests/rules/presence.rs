//! Who is online, and what the room hears of it.

use parlor_domain::event::EventBody;
use parlor_domain::participant::{Role, SMALL_ROOM_MAX};
use parlor_domain::room::RoomState;

use crate::cases::play;
use crate::company::{Company, Do, STAFF, viewer};
use crate::crowds::{crowd, kinds_since};

fn online(company: &Company) -> i64 {
    company.stage.aggregate.census.online.count
}

#[test]
fn a_participant_is_online_while_any_connection_is() {
    let mut company = Company::assembled();
    let head = company.stage.aggregate.head.seq;
    let version = company.get("ana").unwrap().version;
    let steps = [
        (Do::Connect(1), true),
        (Do::Connect(2), true),
        (Do::Connect(2), true),
        (Do::Disconnect(1), true),
        (Do::Disconnect(1), true),
        (Do::Disconnect(2), false),
        (Do::Disconnect(2), false),
    ];

    for (step, is_online) in steps {
        company.act("ana", step).unwrap();
        assert_eq!(company.get("ana").unwrap().is_online, is_online, "{step:?}");
        assert_eq!(online(&company), i64::from(is_online), "{step:?}");
    }
    assert_eq!(
        kinds_since(&company, head),
        ["ParticipantPresenceChanged"; 2]
    );
    assert_eq!(company.get("ana").unwrap().version, version);
    assert_eq!(company.stage.aggregate.census.online.changes, 2);
}

#[test]
fn whoever_is_connected_comes_and_goes_with_joining_and_leaving() {
    let mut company = Company::assembled();
    company.act("zoe", Do::Connect(1)).unwrap();
    assert_eq!(online(&company), 0, "watching is not joining");

    let head = company.stage.aggregate.head.seq;
    let steps = [
        ("zoe", Do::Join, 1),
        ("zoe", Do::Leave, 0),
        ("zoe", Do::Join, 1),
        ("olga", Do::Remove("zoe"), 0),
        ("zoe", Do::Disconnect(1), 0),
        ("zoe", Do::Connect(1), 0),
        ("olga", Do::Readmit("zoe"), 0),
        ("zoe", Do::Join, 1),
    ];
    for (actor, step, expected) in steps {
        company.act(actor, step).unwrap();
        assert_eq!(online(&company), expected, "{step:?}");
    }
    // The event of joining tells it, without another.
    let kinds = kinds_since(&company, head);
    assert!(!kinds.contains(&"ParticipantPresenceChanged"), "{kinds:?}");
    let EventBody::ParticipantJoined(last) = company.stage.events().last().cloned().unwrap().body
    else {
        panic!("{kinds:?}");
    };
    assert!(last.is_online);
}

#[test]
fn presence_is_noted_whatever_state_the_room_is_in() {
    for state in [RoomState::Draft, RoomState::Open, RoomState::Archived] {
        let mut company = Company::assembled();
        company.stage.aggregate.room.state = state;
        company.act("ana", Do::Connect(1)).unwrap();
        assert_eq!(online(&company), 1, "{state:?}");
        company.act("ana", Do::Disconnect(1)).unwrap();
        assert_eq!(online(&company), 0, "{state:?}");
    }
}

#[test]
fn what_was_made_against_a_version_holds_though_people_lose_their_network() {
    let mut company = Company::assembled();
    company.act("ana", Do::Request).unwrap();
    let before = company.get("ana").unwrap().version;
    let steps = [
        ("ana", Do::Connect(1)),
        ("ana", Do::Disconnect(1)),
        ("ana", Do::Connect(2)),
    ];
    play(&mut company, &steps).unwrap();

    assert_eq!(company.get("ana").unwrap().version, before);
    company.act("mo", Do::Invite("ana")).unwrap();
}

#[test]
fn a_large_room_hears_by_name_only_of_those_it_names() {
    let mut company = Company::new();
    let guests = crowd(SMALL_ROOM_MAX + 50);
    for guest in &guests {
        company.act(guest, Do::Join).unwrap();
    }
    let (late, moderator) = (guests[guests.len() - 1], guests[guests.len() - 2]);
    let assign = Do::Assign(moderator, Role::Moderator);
    company.act(STAFF, assign).unwrap();
    let head = company.stage.aggregate.head.seq;

    company.act(late, Do::Connect(1)).unwrap();
    assert_eq!(kinds_since(&company, head), [""; 0]);
    company.act(moderator, Do::Connect(1)).unwrap();
    assert_eq!(kinds_since(&company, head), ["ParticipantPresenceChanged"]);
    assert_eq!(online(&company), 2);

    // One who came while the room was small goes back among the audience at this change as well.
    let early = guests[0];
    company.act(early, Do::Connect(1)).unwrap();
    assert!(company.stage.events().last().unwrap().body.empties_part());
    let head = company.stage.aggregate.head.seq;
    company.act(early, Do::Disconnect(1)).unwrap();
    assert_eq!(company.stage.aggregate.head.seq, head);
}

#[test]
fn only_what_changed_is_written() {
    let mut company = Company::assembled();
    company.act("ana", Do::Connect(1)).unwrap();
    company.act("mo", Do::Leave).unwrap();
    company.stage.aggregate.changes.presences.clear();
    company.stage.aggregate.changes.participants.clear();

    company.act("ana", Do::Connect(1)).unwrap();
    company.act("ana", Do::Disconnect(2)).unwrap();
    company.act("ben", Do::Disconnect(1)).unwrap();
    let changes = &company.stage.aggregate.changes;
    assert!(changes.presences.is_empty() && changes.participants.is_empty());

    // A second node is a row, and no change of the person.
    company.act("ana", Do::Connect(2)).unwrap();
    let changes = &company.stage.aggregate.changes;
    let (viewers, _): (Vec<_>, Vec<_>) = changes.presences.keys().cloned().unzip();
    assert_eq!(viewers, [viewer("ana")]);
    assert!(changes.participants.is_empty());

    // Nor is one who left the room changed by watching it.
    company.act("mo", Do::Connect(1)).unwrap();
    assert!(company.stage.aggregate.changes.participants.is_empty());
}
