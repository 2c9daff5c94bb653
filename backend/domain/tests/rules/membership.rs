//! Who is in a room, under which name, and how they are put out of it.

use parlor_domain::audit::AuditAction;
use parlor_domain::participant::Capability::{RoomUpdate, StageSpeak};
use parlor_domain::participant::Role;
use parlor_domain::room::RoomState;

use crate::cases::{Case, check, deny, grant, name, play};
use crate::company::{Company, Do, STAFF, viewer};

#[test]
fn people_come_and_go_and_whoever_was_removed_stays_out() {
    use Do::{Join, Leave, Readmit, Remove};
    let cases: &[Case<'_>] = &[
        (&[("zoe", Join)], Ok(())),
        (&[("ana", Join)], Ok(())),
        (&[("zoe", Leave)], Err("NotJoined")),
        (&[("ana", Leave), ("ana", Leave)], Ok(())),
        (
            &[("ana", Leave), ("ana", Do::Request)],
            Err("Act(NotJoined)"),
        ),
        (&[("mo", Remove("ana")), ("ana", Join)], Err("Removed")),
        (&[("mo", Remove("ana")), ("ana", Leave)], Err("NotJoined")),
        (
            &[("mo", Remove("ana")), ("mo", Readmit("ana")), ("ana", Join)],
            Ok(()),
        ),
    ];
    check(cases);
}

#[test]
fn everyone_renames_themselves_and_few_rename_others() {
    use Do::Rename;
    let cases: &[Case<'_>] = &[
        (&[("ana", Rename("ana", "Ana"))], Ok(())),
        (&[("ana", Rename("ana", ""))], Err("Invalid")),
        (
            &[("ana", Rename("ben", "x"))],
            Err("Act(CapabilityMissing(ParticipantRename))"),
        ),
        (&[("mo", Rename("ben", "x"))], Ok(())),
        (&[("mo", Rename("olga", "x"))], Err("Outranked")),
        (&[("mo", Rename("zoe", "x"))], Err("Target(NotFound")),
        (&[("zoe", Rename("ana", "x"))], Err("Act(NotJoined)")),
    ];
    check(cases);
}

#[test]
fn a_role_protects_from_removal_by_those_who_do_not_stand_above_it() {
    use Do::{Assign, Readmit, Remove};
    let cases: &[Case<'_>] = &[
        (
            &[("ana", Remove("ben"))],
            Err("Act(CapabilityMissing(ParticipantRemove))"),
        ),
        (&[("mo", Remove("mo"))], Err("OnOneself")),
        (&[("mo", Remove("olga"))], Err("Outranked")),
        (&[("olga", Remove("mo"))], Ok(())),
        (
            &[("mo", Remove("ana")), ("mo", Remove("ana"))],
            Err("AlreadyRemoved"),
        ),
        (&[("mo", Readmit("ana"))], Err("NotRemoved")),
        (&[(STAFF, Remove("olga"))], Err("LastOwner")),
        (
            &[
                ("olga", Assign("ana", Role::Owner)),
                ("ana", Remove("olga")),
            ],
            Ok(()),
        ),
    ];
    check(cases);
}

#[test]
fn a_removed_participant_keeps_denials_and_nothing_else() {
    let mut company = Company::assembled();
    let steps = [
        ("olga", grant("mo", RoomUpdate)),
        ("olga", deny("mo", StageSpeak)),
        ("olga", Do::Remove("mo")),
        ("olga", Do::Readmit("mo")),
        ("mo", Do::Join),
    ];
    play(&mut company, &steps).unwrap();

    let mo = company.get("mo").unwrap();
    assert_eq!(mo.role, Role::Member);
    assert_eq!(mo.capabilities(company.stage.now), []);
}

#[test]
fn a_room_that_is_not_open_takes_nobody_but_lets_everyone_out() {
    let mut company = Company::assembled();
    company.stage.aggregate.room.state = RoomState::Draft;
    assert_eq!(company.act("zoe", Do::Join), Err(name("Act(RoomHidden)")));
    assert_eq!(company.act(STAFF, Do::Join), Ok(()));

    company.stage.aggregate.room.state = RoomState::Archived;
    for (actor, step) in [("zoe", Do::Join), (STAFF, Do::Invite("ana"))] {
        assert_eq!(company.act(actor, step), Err(name("Act(RoomArchived)")));
    }
    assert_eq!(company.act("ana", Do::Leave), Ok(()));
}

#[test]
fn only_staff_lets_others_join() {
    let mut company = Company::assembled();
    let stage = &mut company.stage;
    let mut join = |is_staff| {
        let actor = parlor_domain::room_aggregate::Actor {
            viewer_id: viewer("ana"),
            is_staff,
        };
        let zoe = viewer("zoe");
        let known = &mut stage.aggregate.known;
        known.people.ask_viewer(zoe.clone());
        known.presences.ask(zoe.clone());
        stage
            .aggregate
            .join(&actor, &zoe, "Zoe", &mut stage.ids, stage.now)
            .map(|joined| joined.viewer_id.as_str().to_owned())
    };

    assert_eq!(
        join(false).unwrap_err().to_string(),
        "only staff lets others join"
    );
    assert_eq!(join(true).unwrap(), "zoe");
}

#[test]
fn a_change_made_against_an_older_version_is_refused_whatever_it_is() {
    let mut company = Company::assembled();
    company.act("ana", Do::Request).unwrap();
    company.act("olga", Do::HandOver("olga", None)).unwrap();
    company.versions_behind = 1;
    let before = company.stage.aggregate.clone();

    for (actor, step) in [
        ("ana", Do::Rename("ana", "x")),
        ("mo", Do::Remove("ana")),
        ("mo", Do::Readmit("ana")),
        ("olga", Do::Assign("ana", Role::Moderator)),
        ("olga", deny("ana", StageSpeak)),
        ("ben", Do::Request),
        ("ana", Do::Withdraw),
        ("mo", Do::Invite("ana")),
        ("mo", Do::Decline("ana")),
        ("mo", Do::JoinStage),
        ("olga", Do::LeaveStage),
        ("mo", Do::MoveToAudience("olga")),
        ("olga", Do::HandOver("mo", Some("olga"))),
    ] {
        let refusal = company.act(actor, step).unwrap_err();
        assert!(
            refusal.starts_with("Target(StaleVersion"),
            "{step:?}: {refusal}"
        );
    }
    let after = &company.stage.aggregate;
    assert_eq!(after.head, before.head);
    assert_eq!(after.changes.audit, before.changes.audit);
    assert_eq!(after.changes.participants, before.changes.participants);
}

#[test]
fn uses_of_authority_are_audited_and_what_people_do_for_themselves_is_not() {
    let mut company = Company::assembled();
    company.stage.aggregate.changes.audit.clear();
    let steps = [
        ("ana", Do::Rename("ana", "Ana")),
        ("ana", Do::Request),
        ("mo", Do::Invite("ana")),
        ("ana", Do::JoinStage),
        ("olga", Do::HandOver("ana", None)),
        ("mo", Do::MoveToAudience("ana")),
        ("mo", Do::Rename("ana", "A.")),
        ("olga", deny("ana", StageSpeak)),
        ("mo", Do::Remove("ana")),
    ];
    play(&mut company, &steps).unwrap();

    let trail = &company.stage.aggregate.changes.audit;
    let seen: Vec<_> = trail
        .iter()
        .map(|entry| (entry.actor_id.as_str(), &entry.action))
        .collect();
    assert_eq!(
        seen,
        [
            ("olga", &AuditAction::HostHandedOver { from: None }),
            ("mo", &AuditAction::MovedToAudience),
            ("mo", &AuditAction::Renamed),
            (
                "olga",
                &AuditAction::CapabilityDenied {
                    capability: StageSpeak,
                    expires_at: None,
                    reason: None
                }
            ),
            ("mo", &AuditAction::Removed { reason: None }),
        ]
    );
    let ana = company.get("ana").unwrap().id;
    assert!(trail.iter().all(|entry| entry.participant_id == Some(ana)));
}
