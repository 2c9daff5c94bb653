//! Cases about points: who opens them, and about what, and who may decide on them.

use parlor_domain::audit::AuditAction;
use parlor_domain::dispute::{
    DISPUTES_DAY_MS, OWN_DISPUTES_DAILY_MAX, OWN_DISPUTES_OPEN_MAX, STAFF_DISPUTES_DAILY_MAX,
    STAFF_DISPUTES_OPEN_MAX, Subject,
};
use parlor_domain::id::{DisputeId, RedemptionId};
use parlor_domain::participant::{Capability, Role};
use parlor_domain::points::TransferKind;
use parlor_domain::reward::EXPIRES_AFTER_MS_DEFAULT;
use parlor_domain::room_aggregate::{
    ActRefusal, DisputeOutcome, DisputeRefusal, Override, Settlement,
};
use uuid::Uuid;

use crate::company::{Do, STAFF};
use crate::court::Court;

use DisputeOutcome::{ClawBack, Dismiss, Settle};

#[test]
fn a_line_about_a_redemption_is_disputed_as_the_redemption() {
    let mut court = Court::open();
    let paid = court.fulfilled(30);
    let seq = paid.paid_seq.unwrap();
    let case = court.dispute("ana", None, Subject::Line(seq)).unwrap();
    assert_eq!(case.subject, Subject::Redemption(paid.id));
    for subject in [Subject::Line(seq), Subject::Redemption(paid.id)] {
        assert_eq!(
            court.dispute("ana", None, subject).unwrap_err(),
            DisputeRefusal::AlreadyDisputed(case.id)
        );
    }
}

#[test]
fn only_what_moved_and_is_theirs_is_disputed() {
    let mut court = Court::open();
    let canceled = court.redeemed(10);
    court
        .shop
        .settle("mo", canceled.id, Settlement::Cancel)
        .unwrap();
    let expired = court.redeemed(10);
    court.shop.end_session();
    court.shop.pass(EXPIRES_AFTER_MS_DEFAULT);
    for id in [canceled.id, expired.id] {
        assert_eq!(
            court
                .dispute("ana", None, Subject::Redemption(id))
                .unwrap_err(),
            DisputeRefusal::NothingMoved
        );
    }
    assert_eq!(court.stands("ana"), (100, 0, 0), "it has expired meanwhile");
    court.claw_back("ana", 130);
    court.shop.grant("ana", 7);
    let paid = court.newest().seq;
    assert_eq!(court.newest().kind, TransferKind::DebtPaid);
    assert_eq!(
        court.dispute("ana", None, Subject::Line(paid)).unwrap_err(),
        DisputeRefusal::NothingMoved
    );

    assert_eq!(
        court
            .dispute("ben", None, Subject::Redemption(canceled.id))
            .unwrap_err(),
        DisputeRefusal::RedemptionNotFound(canceled.id)
    );
    let nothing = RedemptionId(Uuid::max());
    assert_eq!(
        court
            .dispute("ana", None, Subject::Redemption(nothing))
            .unwrap_err(),
        DisputeRefusal::RedemptionNotFound(nothing)
    );
    for seq in [4, 99, 0, -1] {
        assert_eq!(
            court.dispute("ana", None, Subject::Line(seq)).unwrap_err(),
            DisputeRefusal::LineNotFound(seq)
        );
    }
}

#[test]
fn a_role_protects_from_those_below_and_nobody_decides_on_themselves() {
    let mut court = Court::open();
    let change = Do::Change("mo", Override::Grant, Capability::PointsAdjust, None);
    court.shop.company.act("olga", change).unwrap();
    let of_olga = court
        .dispute(STAFF, Some("olga"), Subject::Line(1))
        .unwrap();
    let of_mo = court.dispute(STAFF, Some("mo"), Subject::Line(2)).unwrap();
    let of_ana = court.dispute("mo", Some("ana"), Subject::Line(3)).unwrap();
    assert_eq!(
        court
            .dispute("mo", Some("olga"), Subject::Line(1))
            .unwrap_err(),
        DisputeRefusal::Outranked
    );
    for (by, id, refusal) in [
        ("mo", of_olga.id, DisputeRefusal::Outranked),
        ("mo", of_mo.id, DisputeRefusal::OnOneself),
        ("olga", of_olga.id, DisputeRefusal::OnOneself),
    ] {
        assert_eq!(court.hold(by, id, 10).unwrap_err(), refusal);
        for outcome in [ClawBack(10), Dismiss] {
            assert_eq!(court.resolve(by, id, outcome).unwrap_err(), refusal);
        }
    }
    court.hold("mo", of_ana.id, 10).unwrap();
    let missing = DisputeRefusal::Act(ActRefusal::CapabilityMissing(Capability::PointsAdjust));
    assert_eq!(court.hold("ben", of_ana.id, 10).unwrap_err(), missing);
    assert_eq!(
        court.resolve("ana", of_ana.id, Dismiss).unwrap_err(),
        missing
    );
    assert_eq!(
        court
            .dispute("ben", Some("ana"), Subject::Line(3))
            .unwrap_err(),
        missing
    );
    let none = DisputeId(Uuid::max());
    assert_eq!(
        court.hold("ben", none, 1).unwrap_err(),
        missing,
        "whoever may not learns nothing"
    );
    assert_eq!(
        court.hold("olga", none, 1).unwrap_err(),
        DisputeRefusal::NotFound(none)
    );
    assert_eq!(court.stands("olga"), (100, 0, 0));

    // A member who becomes an owner is protected from then on.
    court
        .shop
        .company
        .act(STAFF, Do::Assign("ana", Role::Owner))
        .unwrap();
    assert_eq!(
        court.resolve("mo", of_ana.id, ClawBack(1)).unwrap_err(),
        DisputeRefusal::Outranked
    );
}

#[test]
fn what_one_side_withdraws_the_other_may_still_dispute() {
    let mut court = Court::open();
    let paid = court.fulfilled(30);
    let subject = Subject::Redemption(paid.id);
    let of_staff = court.dispute(STAFF, Some("ana"), subject).unwrap();
    assert_eq!(
        court.dispute("ana", None, subject).unwrap_err(),
        DisputeRefusal::AlreadyDisputed(of_staff.id)
    );
    court.hold(STAFF, of_staff.id, 50).unwrap();
    court.withdraw(STAFF, of_staff.id).unwrap();
    assert_eq!(court.stands("ana"), (70, 0, 0));
    let withdrawn = AuditAction::DisputeWithdrawn {
        dispute_id: of_staff.id,
    };
    assert_eq!(court.audited(), &withdrawn);
    assert_eq!(
        court.dispute(STAFF, Some("ana"), subject).unwrap_err(),
        DisputeRefusal::AlreadyDisputed(of_staff.id)
    );
    let own = court.dispute("ana", None, subject).unwrap();
    court.resolve(STAFF, own.id, Dismiss).unwrap();
    assert_eq!(
        court.dispute("ana", None, subject).unwrap_err(),
        DisputeRefusal::AlreadyDisputed(own.id)
    );
}

#[test]
fn staffs_cases_take_none_of_the_members_places() {
    let mut court = Court::open();
    let lines: Vec<_> = (0..STAFF_DISPUTES_OPEN_MAX + OWN_DISPUTES_OPEN_MAX + 2)
        .map(|number| {
            court
                .shop
                .grant("ana", 1_000 + i64::try_from(number).unwrap());
            Subject::Line(court.newest().seq)
        })
        .collect();
    let (of_staff, own) = lines.split_at(STAFF_DISPUTES_OPEN_MAX);
    for subject in of_staff {
        court.dispute(STAFF, Some("ana"), *subject).unwrap();
    }
    assert_eq!(
        court.dispute(STAFF, Some("ana"), own[0]).unwrap_err(),
        DisputeRefusal::TooManyOpen(STAFF_DISPUTES_OPEN_MAX)
    );
    let mut last = None;
    for subject in &own[..OWN_DISPUTES_OPEN_MAX] {
        last = Some(court.dispute("ana", Some("ana"), *subject).unwrap());
    }
    let next = own[OWN_DISPUTES_OPEN_MAX];
    assert_eq!(
        court.dispute("ana", None, next).unwrap_err(),
        DisputeRefusal::TooManyOpen(OWN_DISPUTES_OPEN_MAX)
    );
    // What staff holds something for takes no place of hers.
    let last = last.unwrap().id;
    court.hold(STAFF, last, 1).unwrap();
    let another = court.dispute("ana", None, next).unwrap();
    court.hold(STAFF, last, 0).unwrap();
    assert_eq!(
        court
            .dispute("ana", None, own[OWN_DISPUTES_OPEN_MAX + 1])
            .unwrap_err(),
        DisputeRefusal::TooManyOpen(OWN_DISPUTES_OPEN_MAX)
    );
    court.withdraw("ana", another.id).unwrap();
    court.withdraw("ana", last).unwrap();
    court
        .dispute("ana", None, own[OWN_DISPUTES_OPEN_MAX + 1])
        .unwrap();
}

#[test]
fn nobody_keeps_a_member_from_being_heard() {
    let mut court = Court::open();
    let [taken, _] = court.claw_back("ana", 130);
    let line = Subject::Line(taken);
    let first = court.dispute(STAFF, Some("ana"), line).unwrap();
    let open = DisputeRefusal::AlreadyDisputed(first.id);
    assert_eq!(court.dispute("ana", None, line).unwrap_err(), open);
    court.resolve(STAFF, first.id, Dismiss).unwrap();
    assert_eq!(
        court.dispute(STAFF, Some("ana"), line).unwrap_err(),
        DisputeRefusal::AlreadyDisputed(first.id)
    );
    let heard = court.dispute("ana", None, line).unwrap();
    court.resolve(STAFF, heard.id, Dismiss).unwrap();
    assert_eq!(
        court.dispute("ana", None, line).unwrap_err(),
        DisputeRefusal::AlreadyDisputed(heard.id)
    );
    assert_eq!(court.verify(&|_| ()), Ok(()));
}

#[test]
fn what_staff_ended_bars_the_member_only_if_it_moved_points() {
    let mut court = Court::open();
    for (number, outcome) in [(1, Dismiss), (2, Settle), (3, ClawBack(1))] {
        court.shop.grant("ana", 1_000 + number);
        let line = Subject::Line(court.newest().seq);
        let first = court.dispute(STAFF, Some("ana"), line).unwrap();
        court.resolve(STAFF, first.id, outcome).unwrap();
        let already = DisputeRefusal::AlreadyDisputed(first.id);
        assert_eq!(
            court.dispute(STAFF, Some("ana"), line).unwrap_err(),
            already
        );
        let heard = court.dispute("ana", None, line);
        if outcome == ClawBack(1) {
            assert_eq!(heard.unwrap_err(), already);
        } else {
            assert_eq!(heard.unwrap().subject, line, "{outcome:?}");
        }
    }
    assert_eq!(court.verify(&|_| ()), Ok(()));
}

#[test]
fn whoever_is_told_of_another_case_is_told_of_the_one_that_is_open() {
    let mut court = Court::open();
    court.shop.grant("ana", 1_000);
    let line = Subject::Line(court.newest().seq);
    let over = court.dispute(STAFF, Some("ana"), line).unwrap();
    court.resolve(STAFF, over.id, Dismiss).unwrap();
    let open = court.dispute("ana", None, line).unwrap();
    let told = DisputeRefusal::AlreadyDisputed(open.id);
    assert_eq!(court.dispute(STAFF, Some("ana"), line).unwrap_err(), told);
    assert_eq!(court.dispute("ana", None, line).unwrap_err(), told);
}

#[test]
fn within_a_day_a_member_opens_so_many_cases_and_staff_so_many_more() {
    let mut court = Court::open();
    let of_staff_most = STAFF_DISPUTES_DAILY_MAX;
    let lines: Vec<_> = (0..=of_staff_most)
        .map(|number| {
            court
                .shop
                .grant("ana", 1_000 + i64::try_from(number).unwrap());
            Subject::Line(court.newest().seq)
        })
        .collect();
    let first_at = court.shop.company.stage.now;
    let later = |court: &mut Court, millis| {
        let now = &mut court.shop.company.stage.now;
        *now = now.plus_millis(millis);
    };
    for line in &lines[..OWN_DISPUTES_DAILY_MAX] {
        let own = court.dispute("ana", None, *line).unwrap();
        court.withdraw("ana", own.id).unwrap();
        later(&mut court, 1);
    }
    let next = lines[OWN_DISPUTES_DAILY_MAX];
    let again_at = first_at.plus_millis(DISPUTES_DAY_MS);
    let too_many = DisputeRefusal::TooManyToday {
        most: OWN_DISPUTES_DAILY_MAX,
        again_at,
    };
    assert_eq!(court.dispute("ana", None, next).unwrap_err(), too_many);

    // Staff's are counted for themselves.
    for line in &lines[..of_staff_most] {
        let by_staff = court.dispute(STAFF, Some("ana"), *line).unwrap();
        court.withdraw(STAFF, by_staff.id).unwrap();
    }
    let last = lines[of_staff_most];
    let refused = court.dispute(STAFF, Some("ana"), last).unwrap_err();
    assert!(
        matches!(refused, DisputeRefusal::TooManyToday { most, .. } if most == of_staff_most),
        "{refused:?}"
    );

    let now = court.shop.company.stage.now;
    let wait_ms = again_at.unix_millis() - now.unix_millis();
    later(&mut court, wait_ms - 1);
    assert_eq!(court.dispute("ana", None, next).unwrap_err(), too_many);
    later(&mut court, 1);
    court.dispute("ana", None, next).unwrap();
    // The day of the second of them is not over.
    let again_at = again_at.plus_millis(1);
    let most = OWN_DISPUTES_DAILY_MAX;
    assert_eq!(
        court.dispute("ana", None, last).unwrap_err(),
        DisputeRefusal::TooManyToday { most, again_at }
    );
}
