//! Cases about points: what is held for them, what they come to, and what moves by that.

use parlor_domain::audit::AuditAction;
use parlor_domain::dispute::{DisputeStatus, Subject};
use parlor_domain::participant::Capability;
use parlor_domain::points::TransferKind;
use parlor_domain::room_aggregate::{
    ActRefusal, DisputeHold, DisputeOutcome, DisputeRefusal, Override, RefundRefusal, Settlement,
};

use crate::company::{Do, STAFF};
use crate::court::Court;
use crate::shop::terms;

use DisputeOutcome::{ClawBack, Dismiss, GiveBack, Settle};

#[test]
fn a_member_disputes_what_they_paid_and_has_some_of_it_back() {
    let mut court = Court::open();
    let paid = court.fulfilled(30);
    let case = court
        .dispute("ana", None, Subject::Redemption(paid.id))
        .unwrap();
    assert_eq!((case.status, case.by_staff), (DisputeStatus::Open, false));
    assert_eq!(court.stands("ana"), (70, 0, 0), "a case moves nothing");

    let done = court.resolve("olga", case.id, GiveBack(20)).unwrap();
    assert_eq!(
        (done.status, done.returned, done.held),
        (DisputeStatus::Resolved, 20, 0)
    );
    assert_eq!(court.stands("ana"), (90, 0, 0));
    let (line, redemption) = (court.newest().clone(), court.shop.redemption(paid.id));
    assert_eq!(
        (line.kind, line.dispute_id, line.corrects),
        (TransferKind::Refunded, Some(case.id), paid.paid_seq)
    );
    assert_eq!(line.authorship.unwrap().reason, "we have looked at it");
    assert_eq!(redemption.refunded, 20);
    let resolved = AuditAction::DisputeResolved {
        dispute_id: case.id,
        points: 20,
        seq: Some(line.seq),
    };
    assert_eq!(court.audited(), &resolved);

    // With refunds together it is what was paid at most.
    let refused = court.shop.refund("mo", paid.id, Some(11)).unwrap_err();
    assert_eq!(
        refused,
        RefundRefusal::TooMuch {
            left: 10,
            asked: 11
        }
    );
    assert_eq!(
        court.resolve("olga", case.id, Settle).unwrap_err(),
        DisputeRefusal::AlreadyClosed
    );
    assert_eq!(court.verify(&|_| ()), Ok(()));
}

#[test]
fn what_was_refunded_before_is_not_given_back_again() {
    let mut court = Court::open();
    let paid = court.fulfilled(30);
    court.shop.refund("mo", paid.id, Some(25)).unwrap();
    let case = court
        .dispute("ana", None, Subject::Redemption(paid.id))
        .unwrap();
    assert_eq!(
        court.resolve("olga", case.id, GiveBack(6)).unwrap_err(),
        DisputeRefusal::TooMuch { left: 5, asked: 6 }
    );
    court.resolve("olga", case.id, GiveBack(5)).unwrap();
    assert_eq!(court.stands("ana"), (100, 0, 0));
    assert_eq!(court.verify(&|_| ()), Ok(()));
}

#[test]
fn of_a_line_at_most_what_it_took_comes_back() {
    let mut court = Court::open();
    let clawed = court.claw_back("ana", 130);
    let [taken, owed] = clawed;
    assert_eq!(court.stands("ana"), (0, 0, 30));
    // That of what was owed pays the debt.
    for (seq, took, stands) in [(owed, 30, (0, 0, 0)), (taken, 100, (100, 0, 0))] {
        let case = court.dispute("ana", None, Subject::Line(seq)).unwrap();
        assert_eq!(
            court
                .resolve("olga", case.id, GiveBack(took + 1))
                .unwrap_err(),
            DisputeRefusal::TooMuch {
                left: took,
                asked: took + 1
            }
        );
        court.resolve("olga", case.id, GiveBack(took)).unwrap();
        assert_eq!(court.stands("ana"), stands);
    }
    let line = court.newest();
    assert_eq!(
        (line.kind, line.corrects, line.about),
        (TransferKind::Returned, Some(taken), None)
    );
    // What gave something can be disputed, and nothing of it comes back.
    let granted = court.dispute(STAFF, Some("ben"), Subject::Line(4)).unwrap();
    assert_eq!(
        court.resolve(STAFF, granted.id, GiveBack(1)).unwrap_err(),
        DisputeRefusal::TooMuch { left: 0, asked: 1 }
    );
    assert_eq!(court.verify(&|_| ()), Ok(()));
}

#[test]
fn what_is_open_is_disputed_and_paid_back_once_it_was_paid() {
    let mut court = Court::open();
    let open = court.redeemed(30);
    let case = court
        .dispute("ana", None, Subject::Redemption(open.id))
        .unwrap();
    assert_eq!(
        court.resolve(STAFF, case.id, GiveBack(1)).unwrap_err(),
        DisputeRefusal::NotFulfilled
    );
    court
        .shop
        .settle("mo", open.id, Settlement::Fulfill)
        .unwrap();
    court.resolve(STAFF, case.id, GiveBack(30)).unwrap();
    assert_eq!(court.stands("ana"), (100, 0, 0));
    assert_eq!(court.verify(&|_| ()), Ok(()));
}

#[test]
fn a_hold_is_set_to_a_number_and_never_to_less_than_it_says() {
    let mut court = Court::open();
    let case = court.dispute(STAFF, Some("ana"), Subject::Line(3)).unwrap();
    // Of 100 points: asked, and then held.
    for (asked, held) in [
        (60, 60),
        (60, 60),
        (90, 90),
        (250, 100),
        (100, 100),
        (40, 40),
    ] {
        let case = court.hold(STAFF, case.id, asked).unwrap();
        assert_eq!(case.held, held, "{asked}");
        assert_eq!(court.stands("ana"), (100, held, 0));
        let audited = AuditAction::DisputeHeld {
            dispute_id: case.id,
            points: held,
        };
        assert_eq!(court.audited(), &audited);
        assert_eq!(court.verify(&|_| ()), Ok(()));
    }
    let reward = court.shop.make(terms(61)).unwrap();
    assert!(court.shop.redeem("ana", reward.id).is_err());

    let first = court.hold_under("k", STAFF, case.id, 50).unwrap();
    court.hold(STAFF, case.id, 0).unwrap();
    assert_eq!(court.hold_under("k", STAFF, case.id, 50).unwrap(), first);
    assert_eq!(court.stands("ana"), (100, 0, 0), "it was done once");
    assert_eq!(
        court.hold_under("k", STAFF, case.id, 51).unwrap_err(),
        DisputeRefusal::KeyReused("k".to_owned())
    );
    for points in [-1, 1_000_000_001] {
        let invalid = DisputeHold::new("k".to_owned(), case.id, points).unwrap_err();
        assert_eq!(invalid.field, "points");
    }
}

#[test]
fn what_a_hold_lets_go_of_pays_what_is_owed() {
    let mut court = Court::open();
    let case = court.dispute(STAFF, Some("ana"), Subject::Line(3)).unwrap();
    court.hold(STAFF, case.id, 100).unwrap();
    court.claw_back("ana", 20);
    court.hold(STAFF, case.id, 70).unwrap();
    assert_eq!(court.stands("ana"), (80, 70, 0));
    assert_eq!(court.verify(&|_| ()), Ok(()));
}

#[test]
fn the_trail_has_what_staff_opens_and_not_what_members_do() {
    let mut court = Court::open();
    let trail = |court: &Court| court.shop.company.stage.aggregate.changes.audit.len();
    let before = trail(&court);
    let own = court.dispute("ana", None, Subject::Line(3)).unwrap();
    court.withdraw("ana", own.id).unwrap();
    assert_eq!(trail(&court), before);
    let of_ben = court
        .dispute("olga", Some("ben"), Subject::Line(4))
        .unwrap();
    let opened = AuditAction::DisputeOpened {
        dispute_id: of_ben.id,
    };
    assert_eq!(court.audited(), &opened);
    court.resolve("olga", of_ben.id, Dismiss).unwrap();
    let dismissed = AuditAction::DisputeDismissed {
        dispute_id: of_ben.id,
    };
    assert_eq!(court.audited(), &dismissed);
}

#[test]
fn what_is_held_is_taken_first_and_the_rest_is_free_or_pays() {
    // Of 100 points: held, spent in something open, taken back; and how Ana stands then.
    for (held, open, points, stands) in [
        (60, 0, 40, (60, 0, 0)),
        (60, 40, 60, (40, 40, 0)),
        (60, 40, 50, (50, 40, 0)),
        (60, 40, 75, (40, 40, 15)),
        (60, 0, 100, (0, 0, 0)),
        (60, 0, 130, (0, 0, 30)),
        (0, 100, 7, (100, 100, 7)),
    ] {
        let mut court = Court::open();
        let case = court.dispute(STAFF, Some("ana"), Subject::Line(3)).unwrap();
        court.hold(STAFF, case.id, held).unwrap();
        if open > 0 {
            court.redeemed(open);
        }
        let done = court.resolve(STAFF, case.id, ClawBack(points)).unwrap();
        assert_eq!((done.clawed_back, done.held), (points, 0));
        assert_eq!(court.stands("ana"), stands, "{held} {open} {points}");
        let transfers = &court.shop.company.stage.aggregate.changes.transfers;
        let moved = |kind: TransferKind| -> i64 {
            let transfers = transfers.iter().map(|(transfer, _)| transfer);
            let of_case = transfers.filter(|one| one.dispute_id == Some(case.id));
            let of_kind = of_case.filter(|one| one.kind == kind);
            of_kind.map(|one| one.entry.points).sum()
        };
        let taken = points.min(100 - open);
        assert_eq!(moved(TransferKind::ClawedBack), taken);
        assert_eq!(moved(TransferKind::DebtIncurred), points - taken);
        assert_eq!(court.verify(&|_| ()), Ok(()));
    }

    // A debt from before is paid of what was held and is not taken.
    let mut court = Court::open();
    let case = court.dispute(STAFF, Some("ana"), Subject::Line(3)).unwrap();
    court.hold(STAFF, case.id, 100).unwrap();
    court.claw_back("ana", 20);
    court.resolve(STAFF, case.id, ClawBack(70)).unwrap();
    assert_eq!(court.stands("ana"), (10, 0, 0));
    assert_eq!(court.verify(&|_| ()), Ok(()));
}

#[test]
fn a_case_that_ends_in_words_lets_go_of_what_it_held() {
    for (outcome, status) in [
        (Dismiss, DisputeStatus::Dismissed),
        (Settle, DisputeStatus::Resolved),
    ] {
        let mut court = Court::open();
        let case = court.dispute(STAFF, Some("ana"), Subject::Line(3)).unwrap();
        court.hold(STAFF, case.id, 100).unwrap();
        court.claw_back("ana", 20);
        assert_eq!(court.stands("ana"), (100, 100, 20));
        let done = court.resolve(STAFF, case.id, outcome).unwrap();
        assert_eq!(
            (done.status, done.returned, done.clawed_back),
            (status, 0, 0)
        );
        assert_eq!(done.resolution.as_deref(), Some("we have looked at it"));
        assert_eq!(court.stands("ana"), (80, 0, 0), "and pays what is owed");
        assert_eq!(court.verify(&|_| ()), Ok(()));
    }
}

#[test]
fn while_staff_holds_something_staff_alone_ends_it() {
    let mut court = Court::open();
    let paid = court.fulfilled(30);
    let case = court
        .dispute("ana", None, Subject::Redemption(paid.id))
        .unwrap();
    court.hold("olga", case.id, 20).unwrap();
    assert_eq!(
        court.withdraw("ana", case.id).unwrap_err(),
        DisputeRefusal::HeldByStaff
    );
    assert_eq!(court.stands("ana"), (70, 20, 0));
    court.hold("olga", case.id, 0).unwrap();
    let done = court.withdraw("ana", case.id).unwrap();
    assert_eq!(done.status, DisputeStatus::Withdrawn);
    assert_eq!(
        court.withdraw("ana", case.id).unwrap_err(),
        DisputeRefusal::AlreadyClosed
    );

    // Whoever opened it by authority lets go of what is held with it, as long as they may.
    let of_staff = court
        .dispute("olga", Some("ana"), Subject::Redemption(paid.id))
        .unwrap();
    court.hold(STAFF, of_staff.id, 20).unwrap();
    for by in ["ana", "ben", "mo", STAFF] {
        assert_eq!(
            court.withdraw(by, of_staff.id).unwrap_err(),
            DisputeRefusal::NotFound(of_staff.id)
        );
    }
    let change = Do::Change("olga", Override::Deny, Capability::PointsAdjust, None);
    court.shop.company.act(STAFF, change).unwrap();
    let missing = ActRefusal::CapabilityMissing(Capability::PointsAdjust);
    assert_eq!(
        court.withdraw("olga", of_staff.id).unwrap_err(),
        DisputeRefusal::Act(missing)
    );
    let change = Do::Change(
        "olga",
        Override::ClearDenial,
        Capability::PointsAdjust,
        None,
    );
    court.shop.company.act(STAFF, change).unwrap();
    court.withdraw("olga", of_staff.id).unwrap();
    assert_eq!(court.stands("ana"), (70, 0, 0));
}

#[test]
fn what_is_held_is_taken_also_where_totals_hold_no_more() {
    let mut court = Court::open();
    let paid = court.fulfilled(30);
    let case = Subject::Redemption(paid.id);
    let case = court.dispute("ana", None, case).unwrap();
    court.hold(STAFF, case.id, 50).unwrap();
    let books = &mut court.shop.company.stage.aggregate.known.books;
    let mut full = *books.ledger();
    full.minted = i64::MAX - full.owed;
    books.put_ledger(full);
    let more = court.resolve(STAFF, case.id, ClawBack(71)).unwrap_err();
    assert_eq!(more, DisputeRefusal::TotalsFull);
    court.resolve(STAFF, case.id, ClawBack(70)).unwrap();
}

#[test]
fn cases_go_on_of_those_who_left_and_in_an_archived_room() {
    let mut court = Court::open();
    let paid = court.fulfilled(30);
    let own = court
        .dispute("ana", None, Subject::Redemption(paid.id))
        .unwrap();
    let of_ben = court.dispute("ben", None, Subject::Line(4)).unwrap();
    court.shop.company.act("ben", Do::Leave).unwrap();
    court.shop.put_out("ana");
    assert_eq!(
        court.dispute("ana", None, Subject::Line(3)).unwrap_err(),
        DisputeRefusal::Act(ActRefusal::NotJoined)
    );
    court.withdraw("ben", of_ben.id).unwrap();
    court.shop.end_session();
    court.shop.company.act(STAFF, Do::Archive).unwrap();
    court.hold("olga", own.id, 70).unwrap();
    court.resolve("olga", own.id, GiveBack(30)).unwrap();
    assert_eq!(court.stands("ana"), (100, 0, 0));
    let late = court.dispute(STAFF, Some("ana"), Subject::Line(3)).unwrap();
    court.resolve(STAFF, late.id, ClawBack(100)).unwrap();
    assert_eq!(court.verify(&|_| ()), Ok(()));
}

#[test]
fn what_is_asked_for_again_is_done_once() {
    let mut court = Court::open();
    let paid = court.fulfilled(30);
    let subject = Subject::Redemption(paid.id);
    let first = court.dispute_under("k", "ana", None, subject).unwrap();
    assert_eq!(
        court.dispute_under("k", "ana", None, subject).unwrap(),
        first
    );
    assert_eq!(
        court
            .dispute_under("k", "ana", None, Subject::Line(3))
            .unwrap_err(),
        DisputeRefusal::KeyReused("k".to_owned())
    );
    let done = court
        .resolve_under("k", STAFF, first.id, GiveBack(30))
        .unwrap();
    assert_eq!(
        court
            .resolve_under("k", STAFF, first.id, GiveBack(30))
            .unwrap(),
        done
    );
    assert_eq!(court.stands("ana"), (100, 0, 0));
    assert_eq!(
        court
            .resolve_under("k", STAFF, first.id, GiveBack(29))
            .unwrap_err(),
        DisputeRefusal::KeyReused("k".to_owned())
    );
}

#[test]
fn each_change_of_a_case_is_the_newest_that_staff_is_told_and_what_is_open_is_counted() {
    let mut court = Court::open();
    let counted = |court: &Court| {
        let aggregate = &court.shop.company.stage.aggregate;
        let changes = &aggregate.changes.disputes;
        let open = changes.values().filter(|(_, one)| one.is_open()).count();
        assert_eq!(aggregate.census.open_disputes, i64::try_from(open).unwrap());
        assert!(aggregate.changes.census);
        let newest = changes.values().map(|(seq, _)| *seq).max().unwrap();
        assert_eq!(newest, aggregate.census.dispute_changes);
        (newest, open)
    };
    let own = court.dispute("ana", None, Subject::Line(3)).unwrap();
    assert_eq!(counted(&court), (1, 1));
    let of_ben = court.dispute(STAFF, Some("ben"), Subject::Line(4)).unwrap();
    assert_eq!(counted(&court), (2, 2));
    court.hold(STAFF, own.id, 5).unwrap();
    court.hold(STAFF, own.id, 6).unwrap();
    assert_eq!(counted(&court), (4, 2));
    court.resolve(STAFF, own.id, Dismiss).unwrap();
    assert_eq!(counted(&court), (5, 1));
    court.withdraw(STAFF, of_ben.id).unwrap();
    assert_eq!(counted(&court), (6, 0));
    // What is refused is no change.
    court.withdraw(STAFF, of_ben.id).unwrap_err();
    assert_eq!(counted(&court), (6, 0));
}

#[test]
fn what_moves_by_a_case_says_why_in_no_more_words_than_anything_else() {
    let long = |length: usize| format!("{} é", "half of it ".repeat(length / 11 + 1));
    for (words, reason) in [
        ("x".repeat(200), "x".repeat(200)),
        ("x".repeat(201), format!("{}…", "x".repeat(197))),
        // Nothing that people see as one character is taken apart, nor does a blank stand before what says so.
        (
            format!("{}🇩🇪{}", "x".repeat(195), "y".repeat(9)),
            format!("{}…", "x".repeat(195)),
        ),
        (
            format!("{} {}", "x".repeat(196), "y".repeat(9)),
            format!("{}…", "x".repeat(196)),
        ),
        (long(980), {
            let whole = long(980);
            format!("{}…", whole[..197].trim_end())
        }),
    ] {
        for outcome in [ClawBack(200), GiveBack(1)] {
            let mut court = Court::open();
            let paid = court.fulfilled(30);
            let subject = Subject::Redemption(paid.id);
            let case = court.dispute("ana", None, subject).unwrap();
            let done = court.resolve_in(&words, STAFF, case.id, outcome).unwrap();
            assert_eq!(done.resolution.as_deref(), Some(&*words));
            let said = court.newest().authorship.clone().unwrap().reason;
            assert_eq!(said, reason);
        }
    }
}
