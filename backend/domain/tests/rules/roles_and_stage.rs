//! Participants, roles and the stage, as tables of cases.

use parlor_domain::audit::AuditAction;
use parlor_domain::participant::Capability::{
    self, CapabilityGrant, ParticipantRemove, RoleAssign, RoomUpdate, StageHost, StageInvite,
    StageModerate, StageSpeak,
};
use parlor_domain::participant::{ROLE_HOLDERS_MAX, Role, SMALL_ROOM_MAX};
use parlor_domain::room::RoomState;
use parlor_domain::room_aggregate::Override::{ClearDenial, ClearGrant, Deny, Grant};
use parlor_domain::stage::{STAGE_QUEUE_MAX, STAGE_SIZE_MAX};

use crate::company::{Company, Do, STAFF, viewer};
use crate::stage::kind;

/// A scene, and what its last step comes to: done, or how the refusal begins.
type Case<'a> = (&'a [(&'static str, Do)], Result<(), &'static str>);

fn check(cases: &[Case<'_>]) {
    for (steps, expected) in cases {
        let mut company = Company::assembled();
        let found = play(&mut company, steps);
        match expected {
            Ok(()) => assert_eq!(found, Ok(()), "{steps:?}"),
            Err(refusal) => {
                let found = found.unwrap_err();
                assert!(found.starts_with(refusal), "{steps:?}: {found}");
            }
        }
    }
}

/// Has everything done in turn, and returns what the last came to.
fn play(company: &mut Company, steps: &[(&'static str, Do)]) -> Result<(), String> {
    let (last, before) = steps.split_last().unwrap();
    for (actor, step) in before {
        company
            .act(actor, *step)
            .unwrap_or_else(|refusal| panic!("{actor} {step:?}: {refusal}"));
    }

    company.act(last.0, last.1)
}

fn grant(name: &'static str, capability: Capability) -> Do {
    Do::Change(name, Grant, capability, None)
}

fn deny(name: &'static str, capability: Capability) -> Do {
    Do::Change(name, Deny, capability, None)
}

fn name(text: &str) -> String {
    text.to_owned()
}

#[test]
fn each_role_may_do_all_that_the_one_below_may() {
    for pair in Role::ALL.windows(2) {
        let (below, above) = (pair[0].capabilities(), pair[1].capabilities());
        assert!(below.iter().all(|one| above.contains(one)), "{pair:?}");
        assert!(below.len() < above.len(), "{pair:?}");
    }
    assert_eq!(Role::Owner.capabilities(), Capability::ALL);
}

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
fn nobody_gives_a_role_that_is_not_theirs_to_give() {
    use Do::{Assign, Leave, Remove};
    let cases: &[Case<'_>] = &[
        (
            &[("mo", Assign("ana", Role::Moderator))],
            Err("Act(CapabilityMissing(RoleAssign))"),
        ),
        (&[("olga", Assign("olga", Role::Member))], Err("LastOwner")),
        (&[(STAFF, Assign("olga", Role::Member))], Err("LastOwner")),
        (
            &[
                ("olga", Assign("ana", Role::Owner)),
                ("olga", Assign("olga", Role::Member)),
            ],
            Ok(()),
        ),
        (
            &[
                ("olga", Leave),
                (STAFF, Assign("ana", Role::Owner)),
                ("ana", Assign("olga", Role::Member)),
            ],
            Ok(()),
        ),
        (
            &[
                ("olga", grant("mo", RoleAssign)),
                ("mo", Assign("ana", Role::Moderator)),
            ],
            Ok(()),
        ),
        (
            &[
                ("olga", grant("mo", RoleAssign)),
                ("mo", Assign("mo", Role::Owner)),
            ],
            Err("AboveOwnRole"),
        ),
        (
            &[
                ("olga", grant("ana", RoleAssign)),
                ("ana", Assign("ben", Role::Moderator)),
            ],
            Err("AboveOwnRole"),
        ),
        (
            &[
                ("olga", grant("ana", RoleAssign)),
                ("ana", Assign("mo", Role::Member)),
            ],
            Err("Outranked"),
        ),
        (
            &[
                ("olga", grant("mo", RoleAssign)),
                ("olga", deny("mo", StageModerate)),
                ("mo", Assign("ana", Role::Moderator)),
            ],
            Err("NotHeld(StageModerate)"),
        ),
        (
            &[
                ("mo", Remove("ana")),
                ("olga", Assign("ana", Role::Moderator)),
            ],
            Err("Removed"),
        ),
    ];
    check(cases);
}

#[test]
fn nobody_grants_what_they_lack_nor_for_longer_than_they_hold_it() {
    use Do::{Change, Remove};
    let cases: &[Case<'_>] = &[
        (
            &[("mo", grant("ana", StageInvite))],
            Err("Act(CapabilityMissing(CapabilityGrant))"),
        ),
        (&[("olga", grant("olga", RoomUpdate))], Err("OnOneself")),
        (
            &[
                ("olga", grant("ana", ParticipantRemove)),
                ("ana", Remove("ben")),
            ],
            Ok(()),
        ),
        (
            &[
                ("olga", grant("ana", ParticipantRemove)),
                ("ana", Remove("mo")),
            ],
            Err("Outranked"),
        ),
        (
            &[
                ("olga", grant("mo", CapabilityGrant)),
                ("mo", grant("ana", StageInvite)),
            ],
            Ok(()),
        ),
        (
            &[
                ("olga", grant("mo", CapabilityGrant)),
                ("mo", grant("ana", StageHost)),
            ],
            Err("NotHeld(StageHost)"),
        ),
        (
            &[
                ("olga", grant("mo", CapabilityGrant)),
                ("olga", Change("mo", Grant, StageHost, Some(60_000))),
                ("mo", Change("ana", Grant, StageHost, Some(60_000))),
            ],
            Ok(()),
        ),
        (
            &[
                ("olga", grant("mo", CapabilityGrant)),
                ("olga", Change("mo", Grant, StageHost, Some(60_000))),
                ("mo", Change("ana", Grant, StageHost, Some(60_001))),
            ],
            Err("OutlastsOwn(StageHost)"),
        ),
        (
            &[
                ("olga", grant("mo", CapabilityGrant)),
                ("mo", deny("olga", RoomUpdate)),
            ],
            Err("Outranked"),
        ),
        (
            &[
                ("olga", grant("mo", CapabilityGrant)),
                ("olga", deny("ana", StageHost)),
                ("mo", Change("ana", ClearDenial, StageHost, None)),
            ],
            Err("NotHeld(StageHost)"),
        ),
        (
            &[("olga", Change("ana", ClearGrant, StageHost, None))],
            Err("NothingToClear"),
        ),
        (
            &[("olga", Change("ana", Deny, StageSpeak, Some(0)))],
            Err("Invalid"),
        ),
        (
            &[
                ("olga", grant("ana", StageInvite)),
                ("olga", deny("ana", StageInvite)),
                ("ana", Do::Invite("ben")),
            ],
            Err("Act(CapabilityMissing(StageInvite))"),
        ),
    ];

    check(cases);
}

#[test]
fn the_stage_is_entered_by_two_and_left_by_one() {
    use Do::{Decline, Invite, JoinStage, LeaveStage, MoveToAudience, Request, Withdraw};
    let cases: &[Case<'_>] = &[
        (&[("ana", Request)], Ok(())),
        (
            &[("ana", Request), ("ana", Request)],
            Err("AlreadyRequested"),
        ),
        (
            &[("mo", Invite("ana")), ("ana", Request)],
            Err("AlreadyInvited"),
        ),
        (&[("mo", JoinStage), ("mo", Request)], Err("AlreadyOnStage")),
        (&[("ana", Withdraw)], Err("NotRequested")),
        (&[("ana", Request), ("ana", Withdraw)], Ok(())),
        (&[("ana", JoinStage)], Err("NotInvited")),
        (&[("ana", Request), ("ana", JoinStage)], Err("NotInvited")),
        (
            &[("ana", Request), ("mo", Invite("ana")), ("ana", JoinStage)],
            Ok(()),
        ),
        (&[("mo", Invite("ana")), ("ana", JoinStage)], Ok(())),
        (
            &[("mo", Invite("ana")), ("mo", Invite("ana"))],
            Err("AlreadyInvited"),
        ),
        (
            &[("mo", JoinStage), ("olga", Invite("mo"))],
            Err("AlreadyOnStage"),
        ),
        (
            &[("ana", Invite("ben"))],
            Err("Act(CapabilityMissing(StageInvite))"),
        ),
        (
            &[("ana", Do::Leave), ("mo", Invite("ana"))],
            Err("TargetNotJoined"),
        ),
        (
            &[("olga", deny("ana", StageSpeak)), ("mo", Invite("ana"))],
            Err("TargetMayNotSpeak"),
        ),
        (
            &[("olga", deny("ana", StageSpeak)), ("ana", Request)],
            Err("Act(CapabilityMissing(StageSpeak))"),
        ),
        (&[("ana", Decline("ana"))], Err("NotInvited")),
        (
            &[("ana", Request), ("ana", Decline("ana"))],
            Err("NotInvited"),
        ),
        (&[("mo", Invite("ana")), ("ana", Decline("ana"))], Ok(())),
        (&[("ana", Request), ("mo", Decline("ana"))], Ok(())),
        (&[("mo", Invite("ana")), ("olga", Decline("ana"))], Ok(())),
        (&[("mo", Decline("ana"))], Err("NotRequested")),
        (
            &[("ana", Request), ("ben", Decline("ana"))],
            Err("Act(CapabilityMissing(StageInvite))"),
        ),
        (&[("ana", LeaveStage)], Err("NotOnStage")),
        (&[("mo", JoinStage), ("mo", LeaveStage)], Ok(())),
        (&[("mo", MoveToAudience("ana"))], Err("NotOnStage")),
        (
            &[("olga", JoinStage), ("mo", MoveToAudience("olga"))],
            Err("Outranked"),
        ),
        (
            &[
                ("mo", Invite("ana")),
                ("ana", JoinStage),
                ("mo", MoveToAudience("ana")),
                ("ana", JoinStage),
            ],
            Err("NotInvited"),
        ),
    ];
    check(cases);
}

#[test]
fn the_host_is_named_by_the_host_or_by_whoever_may() {
    use Do::{HandOver, Invite, JoinStage};
    let cases: &[Case<'_>] = &[
        (&[("olga", HandOver("olga", None))], Ok(())),
        (&[("olga", HandOver("ana", None))], Err("NotOnStage")),
        (
            &[("mo", HandOver("mo", None))],
            Err("Act(CapabilityMissing(StageHost))"),
        ),
        (
            &[
                ("olga", HandOver("olga", None)),
                ("olga", HandOver("olga", Some("olga"))),
            ],
            Err("AlreadyHost"),
        ),
        (
            &[
                ("mo", JoinStage),
                ("olga", HandOver("olga", None)),
                (STAFF, HandOver("mo", None)),
            ],
            Err("HostChanged"),
        ),
        (
            // A host hands over by being one.
            &[
                ("mo", Invite("ana")),
                ("ana", JoinStage),
                ("mo", JoinStage),
                ("olga", HandOver("ana", None)),
                ("ana", HandOver("mo", Some("ana"))),
            ],
            Ok(()),
        ),
    ];
    check(cases);
}

#[test]
fn the_stage_has_no_more_people_than_places() {
    use Do::{HandOver, JoinStage};
    let cases: &[Case<'_>] = &[
        (
            &[
                ("olga", Do::SetStageSize(1)),
                ("olga", JoinStage),
                ("mo", JoinStage),
            ],
            Err("StageFull(1)"),
        ),
        (
            &[
                ("olga", Do::SetStageSize(1)),
                ("mo", JoinStage),
                ("olga", HandOver("olga", None)),
            ],
            Err("StageFull(1)"),
        ),
        (
            &[
                ("olga", JoinStage),
                ("mo", JoinStage),
                ("olga", Do::SetStageSize(1)),
            ],
            Err("StageOccupied"),
        ),
        (&[("olga", Do::SetStageSize(0))], Err("Invalid")),
        (
            &[("olga", Do::SetStageSize(STAGE_SIZE_MAX + 1))],
            Err("Invalid"),
        ),
    ];

    check(cases);
}

#[test]
fn a_host_who_hands_over_stays_as_a_speaker_and_one_who_goes_leaves_the_place_empty() {
    let mut company = Company::assembled();
    company.act("mo", Do::JoinStage).unwrap();
    company.act("olga", Do::HandOver("olga", None)).unwrap();
    company
        .act("olga", Do::HandOver("mo", Some("olga")))
        .unwrap();
    assert_eq!(
        (company.place("olga"), company.place("mo")),
        ("speaker", "host")
    );

    company.act("mo", Do::Leave).unwrap();
    assert_eq!(company.place("mo"), "audience");
    assert_eq!(company.stage.aggregate.census.host, None);

    // Coming back brings the role back, and not the place.
    company.act("mo", Do::Join).unwrap();
    assert_eq!(company.get("mo").unwrap().role, Role::Moderator);
    assert_eq!(company.place("mo"), "audience");
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
fn a_grant_and_a_denial_end_by_themselves_and_what_they_hid_shows_again() {
    let mut company = Company::assembled();
    let may = |company: &Company, capability| {
        let now = company.stage.now;
        company.get("ana").unwrap().hold(capability, now).is_some()
    };
    let for_a_minute = |kind, capability| Do::Change("ana", kind, capability, Some(60_000));
    company
        .act("olga", for_a_minute(Grant, StageInvite))
        .unwrap();
    company.act("olga", for_a_minute(Deny, StageSpeak)).unwrap();
    assert!(may(&company, StageInvite) && !may(&company, StageSpeak));

    company.stage.pass(59_999);
    assert!(may(&company, StageInvite) && !may(&company, StageSpeak));
    company.stage.pass(1);
    assert!(!may(&company, StageInvite) && may(&company, StageSpeak));
}

#[test]
fn whoever_may_not_speak_any_more_leaves_the_stage() {
    let mut company = Company::assembled();
    company.act("mo", Do::JoinStage).unwrap();
    company.act("olga", deny("mo", StageSpeak)).unwrap();
    assert_eq!(company.place("mo"), "audience");
    assert_eq!(company.stage.aggregate.census.on_stage, 0);
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
    assert!(trail.iter().all(|entry| entry.participant_id == ana));
}

/// Names for more people than tables need.
fn crowd(size: i64) -> Vec<&'static str> {
    (0..size).map(|n| &*format!("guest-{n}").leak()).collect()
}

fn kinds_since(company: &Company, seq: i64) -> Vec<&'static str> {
    let events = company.stage.events().iter();
    events.filter(|event| event.seq > seq).map(kind).collect()
}

#[test]
fn a_large_room_tells_of_its_audience_by_count() {
    let mut company = Company::new();
    let guests = crowd(SMALL_ROOM_MAX + 2);
    for guest in &guests {
        company.act(guest, Do::Join).unwrap();
    }
    let head = company.stage.aggregate.head.seq;
    // The room's own event, and one for each who joined while it was small.
    assert_eq!(head, 1 + SMALL_ROOM_MAX);
    let (early, late) = (guests[0], guests[guests.len() - 1]);
    assert!(company.get(early).unwrap().is_listed);
    assert!(!company.get(late).unwrap().is_listed);

    company.act(late, Do::Rename(late, "Late")).unwrap();
    company.act(late, Do::Leave).unwrap();
    company.act(late, Do::Join).unwrap();
    assert_eq!(kinds_since(&company, head), [""; 0]);

    // Whoever asks for the stage is named, and goes back among the audience without one.
    company.act(late, Do::Request).unwrap();
    company.act(late, Do::Withdraw).unwrap();
    assert_eq!(
        kinds_since(&company, head),
        ["ParticipantStageChanged", "ParticipantStageChanged"]
    );
    assert!(company.stage.events().last().unwrap().body.empties_part());
    // So does somebody who came early, at their next change.
    company.act(early, Do::Rename(early, "Early")).unwrap();
    assert!(company.stage.events().last().unwrap().body.empties_part());
    let head = company.stage.aggregate.head.seq;
    company.act(early, Do::Leave).unwrap();
    assert_eq!(company.stage.aggregate.head.seq, head);
}

#[test]
fn the_queue_and_the_roles_have_an_end() {
    let mut company = Company::new();
    let guests = crowd(STAGE_QUEUE_MAX + 1);
    for guest in &guests {
        company.act(guest, Do::Join).unwrap();
    }
    let (last, others) = guests.split_last().unwrap();
    for guest in others {
        company.act(guest, Do::Request).unwrap();
    }
    assert_eq!(company.act(last, Do::Request), Err(name("QueueFull")));
    assert_eq!(company.act(STAFF, Do::Invite(last)), Err(name("QueueFull")));
    company.act(STAFF, Do::Invite(others[7])).unwrap();

    let holders = usize::try_from(ROLE_HOLDERS_MAX).unwrap();
    for guest in &guests[..holders] {
        company
            .act(STAFF, Do::Assign(guest, Role::Moderator))
            .unwrap();
    }
    let one_more = Do::Assign(guests[holders], Role::Owner);
    assert_eq!(
        company.act(STAFF, one_more),
        Err(name("TooManyRoleHolders"))
    );
    company
        .act(STAFF, Do::Assign(guests[0], Role::Owner))
        .unwrap();
}

#[test]
fn the_queue_is_ordered_as_the_server_saw_it() {
    let mut company = Company::assembled();
    for guest in ["ben", "mo", "ana"] {
        company.act(guest, Do::Request).unwrap();
    }
    // Another change of somebody who waits does not move them.
    company.act("ben", Do::Rename("ben", "Ben")).unwrap();

    let mut queue: Vec<_> = company
        .stage
        .aggregate
        .changes
        .participants
        .values()
        .filter_map(|one| Some((one.stage_role.requested_seq()?, one.viewer_id.as_str())))
        .collect();
    queue.sort_unstable();
    let names: Vec<_> = queue.iter().map(|(_, name)| *name).collect();
    assert_eq!(names, ["ben", "mo", "ana"]);
}
