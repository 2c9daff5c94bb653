//! Roles, grants and denials, and who may give them.

use parlor_domain::participant::Capability::{
    self, CapabilityGrant, ParticipantRemove, RoleAssign, RoomUpdate, StageHost, StageInvite,
    StageModerate, StageSpeak,
};
use parlor_domain::participant::Role;
use parlor_domain::room_aggregate::Override::{ClearDenial, ClearGrant, Deny, Grant};

use crate::cases::{Case, check, deny, grant};
use crate::company::{Company, Do, STAFF};

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
