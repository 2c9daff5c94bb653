//! What a room's settings and its archiving mean for its people.

use parlor_domain::event::EventBody;
use parlor_domain::room::{Admission, RoomState};
use parlor_domain::stage::StageRole;

use crate::company::{Company, Do, STAFF};

#[test]
fn archiving_takes_everyone_off_the_stage_and_out_of_the_queue() {
    let mut company = Company::assembled();
    for (name, what) in [
        ("olga", Do::HandOver("olga", None)),
        ("mo", Do::JoinStage),
        ("ana", Do::Request),
        ("olga", Do::Invite("ben")),
    ] {
        company.act(name, what).unwrap();
    }
    let (seq, audited) = (company.stage.aggregate.head.seq, audit(&company));

    company.act("olga", Do::Archive).unwrap();

    let census = company.stage.aggregate.census;
    assert_eq!((census.on_stage, census.waiting, census.host), (0, 0, None));
    let events = company.stage.events();
    let events = events.iter().filter(|event| event.seq > seq);
    let (people, room): (Vec<_>, Vec<_>) =
        events.partition(|event| event.body.kind() == "ParticipantStageChanged");
    let told: Vec<_> = people
        .iter()
        .filter_map(|event| {
            let EventBody::ParticipantStageChanged(one) = &event.body else {
                return None;
            };
            Some((one.name.as_str(), one.stage_role))
        })
        .collect();
    let audience = StageRole::Audience;
    assert_eq!(
        told,
        ["olga", "mo", "ana", "ben"].map(|name| (name, audience))
    );
    // The room's own event is the last, so that whoever sees it sees an empty stage.
    assert_eq!(room.len(), 1);
    assert!(people.iter().all(|event| event.seq < room[0].seq));
    for name in ["olga", "mo", "ana", "ben"] {
        let participant = company.get(name).unwrap();
        assert!(
            participant.is_joined(),
            "{name} is in the room all the same"
        );
    }
    assert_eq!(audit(&company), audited, "nobody was moved by name");
}

#[test]
fn a_refused_archiving_leaves_the_stage_alone() {
    let mut company = Company::assembled();
    company.act("mo", Do::JoinStage).unwrap();
    let aggregate = &mut company.stage.aggregate;
    aggregate
        .start_session(None, &mut company.stage.ids, company.stage.now)
        .unwrap();

    assert_eq!(
        company.act("olga", Do::Archive),
        Err("SessionLive".to_owned())
    );

    assert_eq!(company.place("mo"), "speaker");
}

#[test]
fn other_changes_leave_the_stage_alone() {
    let mut company = Company::assembled();
    company.act("mo", Do::JoinStage).unwrap();

    company.act("olga", Do::SetStageSize(3)).unwrap();

    assert_eq!(company.place("mo"), "speaker");
    assert_eq!(company.stage.aggregate.room.state, RoomState::Open);
}

#[test]
fn a_room_that_admits_whom_it_knows_lets_nobody_new_in() {
    let mut company = Company::assembled();
    for (name, what) in [
        ("ana", Do::Leave),
        ("mo", Do::Remove("ben")),
        ("olga", Do::SetAdmission(Admission::Known)),
    ] {
        company.act(name, what).unwrap();
    }

    // who, whether they may join
    let cases = [
        ("zoe", Err("NotAdmitted")),
        ("ana", Ok(())),
        ("olga", Ok(())),
        ("ben", Err("Removed")),
        (STAFF, Ok(())),
    ];
    for (name, expected) in cases {
        let joined = company.act(name, Do::Join);
        assert_eq!(joined, expected.map_err(str::to_owned), "{name}");
    }

    company.act("mo", Do::Readmit("ben")).unwrap();
    company.act("ben", Do::Join).unwrap();
    company
        .act("olga", Do::SetAdmission(Admission::Everyone))
        .unwrap();
    company.act("zoe", Do::Join).unwrap();
}

/// How often somebody was acted on by name.
fn audit(company: &Company) -> usize {
    let trail = &company.stage.aggregate.changes.audit;
    trail
        .iter()
        .filter(|entry| entry.participant_id.is_some())
        .count()
}
