//! The stage, and the ways to it and from it.

use parlor_domain::participant::Capability::StageSpeak;
use parlor_domain::participant::Role;
use parlor_domain::stage::STAGE_SIZE_MAX;

use crate::cases::{Case, check, deny};
use crate::company::{Company, Do, STAFF};

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
fn whoever_may_not_speak_any_more_leaves_the_stage() {
    let mut company = Company::assembled();
    company.act("mo", Do::JoinStage).unwrap();
    company.act("olga", deny("mo", StageSpeak)).unwrap();
    assert_eq!(company.place("mo"), "audience");
    assert_eq!(company.stage.aggregate.census.on_stage, 0);
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
