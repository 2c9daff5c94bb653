//! Cases about points: who opens, holds, resolves and withdraws them, and what moves by them.

use std::collections::BTreeMap;

use parlor_domain::audit::AuditAction;
use parlor_domain::dispute::{
    BookLine, Dispute, DisputeStatus, OWN_DISPUTES_OPEN_MAX, STAFF_DISPUTES_OPEN_MAX, Subject,
};
use parlor_domain::id::{DisputeId, ParticipantId, RedemptionId};
use parlor_domain::participant::{Capability, Role};
use parlor_domain::points::{Ledger, Proof, Transfer, TransferKind, Unsound};
use parlor_domain::reward::{EXPIRES_AFTER_MS_DEFAULT, Redemption};
use parlor_domain::room_aggregate::{
    ActRefusal, AnswerKey, DisputeHold, DisputeOpening, DisputeOutcome, DisputeRefusal,
    DisputeResolution, DisputeWithdrawal, Override, RefundRefusal, Settlement,
};
use uuid::Uuid;

use crate::company::{Do, STAFF};
use crate::shop::{Shop, actor, terms};

use DisputeOutcome::{ClawBack, Dismiss, GiveBack, Settle};

type Answer = Result<Dispute, DisputeRefusal>;

/// A shop in which there are disputes, each thing asked under a key of its own unless a test says.
struct Court {
    shop: Shop,
    keys: u32,
}

impl Court {
    fn open() -> Self {
        Self {
            shop: Shop::open(),
            keys: 0,
        }
    }

    fn key(&mut self) -> String {
        self.keys += 1;
        format!("key {}", self.keys)
    }

    /// Everything of the case is looked up, as the store does.
    fn look_up(&mut self, by: &str, key: AnswerKey, subject: Option<Subject>) {
        let aggregate = &mut self.shop.company.stage.aggregate;
        let known = &mut aggregate.known;
        known.answers.ask(key);
        known.people.ask_viewer(actor(by).viewer_id);
        for number in 0..10 {
            let member = parlor_domain::points::MemberNumber(number);
            known.disputes.ask_member(member);
        }
        match subject {
            Some(Subject::Redemption(id)) => {
                known.redemptions.ask(id);
                known.disputes.ask_subject(Subject::Redemption(id));
            }
            Some(Subject::Line(seq)) => {
                known.disputes.ask_line(seq);
                known.disputes.ask_subject(Subject::Line(seq));
                let transfers = aggregate.changes.transfers.iter();
                let mut transfers = transfers.map(|(transfer, _)| transfer);
                if let Some(transfer) = transfers.find(|one| one.seq == seq) {
                    if let Some(id) = transfer.redemption_id() {
                        known.disputes.ask_subject(Subject::Redemption(id));
                    }
                    let line = BookLine::Transfer(Box::new(transfer.clone()));
                    known.disputes.put_line(seq, line);
                }
            }
            None => (),
        }
    }

    fn dispute(&mut self, by: &str, who: Option<&str>, subject: Subject) -> Answer {
        let key = self.key();
        self.dispute_under(&key, by, who, subject)
    }

    fn dispute_under(
        &mut self,
        key: &str,
        by: &str,
        who: Option<&str>,
        subject: Subject,
    ) -> Answer {
        let participant_id = who.map(|who| self.shop.person(who).id);
        let (key, reason) = (key.to_owned(), "it was never done".to_owned());
        let opening = DisputeOpening::new(key, participant_id, subject, reason).unwrap();
        let who = actor(by);
        self.look_up(by, AnswerKey::of_opening(&who, &opening), Some(subject));
        let print = fingerprint(&opening);
        let stage = &mut self.shop.company.stage;
        stage
            .aggregate
            .known
            .people
            .ask(opening.participant_id().unwrap_or(nobody()));
        let (ids, now) = (&mut stage.ids, stage.now);
        stage
            .aggregate
            .open_dispute(&who, &opening, print, ids, now)
    }

    fn hold(&mut self, by: &str, id: DisputeId, points: i64) -> Answer {
        let key = self.key();
        self.hold_under(&key, by, id, points)
    }

    fn hold_under(&mut self, key: &str, by: &str, id: DisputeId, points: i64) -> Answer {
        let hold = DisputeHold::new(key.to_owned(), id, points).unwrap();
        let who = actor(by);
        self.look_up(by, AnswerKey::of_dispute_hold(&who, &hold), None);
        self.shop.company.stage.aggregate.known.disputes.ask(id);
        let print = fingerprint(&hold);
        let stage = &mut self.shop.company.stage;
        let (ids, now) = (&mut stage.ids, stage.now);
        stage.aggregate.hold_dispute(&who, &hold, print, ids, now)
    }

    fn resolve(&mut self, by: &str, id: DisputeId, outcome: DisputeOutcome) -> Answer {
        let key = self.key();
        self.resolve_under(&key, by, id, outcome)
    }

    fn resolve_under(
        &mut self,
        key: &str,
        by: &str,
        id: DisputeId,
        outcome: DisputeOutcome,
    ) -> Answer {
        let words = "we have looked at it".to_owned();
        let resolution = DisputeResolution::new(key.to_owned(), id, outcome, words).unwrap();
        let who = actor(by);
        self.look_up(by, AnswerKey::of_resolution(&who, &resolution), None);
        self.shop.company.stage.aggregate.known.disputes.ask(id);
        let print = fingerprint(&resolution);
        let stage = &mut self.shop.company.stage;
        let (ids, now) = (&mut stage.ids, stage.now);
        let aggregate = &mut stage.aggregate;
        aggregate.resolve_dispute(&who, &resolution, print, ids, now)
    }

    fn withdraw(&mut self, by: &str, id: DisputeId) -> Answer {
        let withdrawal = DisputeWithdrawal::new(self.key(), id).unwrap();
        let who = actor(by);
        self.look_up(by, AnswerKey::of_withdrawal(&who, &withdrawal), None);
        self.shop.company.stage.aggregate.known.disputes.ask(id);
        let print = fingerprint(&withdrawal);
        let stage = &mut self.shop.company.stage;
        let (ids, now) = (&mut stage.ids, stage.now);
        let aggregate = &mut stage.aggregate;
        aggregate.withdraw_dispute(&who, &withdrawal, print, ids, now)
    }

    /// A redemption of Ana's for so many points, which was fulfilled.
    fn fulfilled(&mut self, cost: i64) -> Redemption {
        let open = self.redeemed(cost);
        self.shop
            .settle("mo", open.id, Settlement::Fulfill)
            .unwrap()
    }

    fn redeemed(&mut self, cost: i64) -> Redemption {
        let reward = self.shop.make(terms(cost)).unwrap();
        self.shop.redeem("ana", reward.id).unwrap()
    }

    /// What somebody has, what of it is held, and what they owe.
    fn stands(&self, name: &str) -> (i64, i64, i64) {
        let books = &self.shop.company.stage.aggregate.known.books;
        let balance = books.balance(self.shop.person(name).number);
        (balance.points, balance.held, balance.debt)
    }

    fn newest(&self) -> &Transfer {
        let transfers = &self.shop.company.stage.aggregate.changes.transfers;
        &transfers.last().unwrap().0
    }

    /// What the newest use of authority was.
    fn audited(&self) -> &AuditAction {
        &self
            .shop
            .company
            .stage
            .aggregate
            .changes
            .audit
            .last()
            .unwrap()
            .action
    }

    /// What the books prove, with disputes as `change` has them.
    fn verify(&self, change: &dyn Fn(&mut Dispute)) -> Result<(), Unsound> {
        let aggregate = &self.shop.company.stage.aggregate;
        let mut proof = Proof::new(aggregate.room.id);
        for (transfer, link) in &aggregate.changes.transfers {
            proof.add(transfer, *link, &BTreeMap::new())?;
        }
        for redemption in aggregate.changes.redemptions.values() {
            proof.add_purchase(redemption.purchase())?;
        }
        for dispute in aggregate.changes.disputes.values() {
            let mut dispute = dispute.clone();
            change(&mut dispute);
            proof.add_dispute(dispute.contest())?;
        }
        let accounts = aggregate.changes.balances.iter();
        let accounts = accounts.map(|(member, given)| (*member, *given));
        proof.compare(aggregate.known.books.ledger(), accounts)
    }
}

fn nobody() -> ParticipantId {
    ParticipantId(Uuid::max())
}

fn fingerprint(content: &impl serde::Serialize) -> [u8; 32] {
    let text = serde_json::to_vec(content).unwrap();
    let mut print = [0; 32];
    for (index, byte) in text.into_iter().enumerate() {
        print[index % 32] ^= byte.rotate_left(u32::try_from(index % 7).unwrap());
    }
    print
}

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
fn a_line_about_a_redemption_is_disputed_as_the_redemption() {
    let mut court = Court::open();
    let paid = court.fulfilled(30);
    let seq = paid.paid_seq.unwrap();
    let case = court.dispute("ana", None, Subject::Line(seq)).unwrap();
    assert_eq!(case.subject, Subject::Redemption(paid.id));
    for subject in [Subject::Line(seq), Subject::Redemption(paid.id)] {
        assert_eq!(
            court.dispute("ana", None, subject).unwrap_err(),
            DisputeRefusal::AlreadyDisputed
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
fn what_one_side_withdraws_the_other_may_still_dispute() {
    let mut court = Court::open();
    let paid = court.fulfilled(30);
    let subject = Subject::Redemption(paid.id);
    let of_staff = court.dispute(STAFF, Some("ana"), subject).unwrap();
    assert_eq!(
        court.dispute("ana", None, subject).unwrap_err(),
        DisputeRefusal::AlreadyDisputed
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
        DisputeRefusal::AlreadyDisputed
    );
    let own = court.dispute("ana", None, subject).unwrap();
    court.resolve(STAFF, own.id, Dismiss).unwrap();
    assert_eq!(
        court.dispute("ana", None, subject).unwrap_err(),
        DisputeRefusal::AlreadyDisputed
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
    let open = DisputeRefusal::AlreadyDisputed;
    assert_eq!(court.dispute("ana", None, line).unwrap_err(), open);
    court.resolve(STAFF, first.id, Dismiss).unwrap();
    assert_eq!(
        court.dispute(STAFF, Some("ana"), line).unwrap_err(),
        DisputeRefusal::AlreadyDisputed
    );
    let heard = court.dispute("ana", None, line).unwrap();
    court.resolve(STAFF, heard.id, Dismiss).unwrap();
    assert_eq!(
        court.dispute("ana", None, line).unwrap_err(),
        DisputeRefusal::AlreadyDisputed
    );
    assert_eq!(court.verify(&|_| ()), Ok(()));
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
fn disputes_that_are_not_what_the_transfers_say_are_named() {
    let mut court = Court::open();
    let paid = court.fulfilled(30);
    let own = court
        .dispute("ana", None, Subject::Redemption(paid.id))
        .unwrap();
    court.resolve(STAFF, own.id, GiveBack(10)).unwrap();
    let of_ben = court.dispute(STAFF, Some("ben"), Subject::Line(4)).unwrap();
    court.hold(STAFF, of_ben.id, 40).unwrap();
    assert_eq!(court.verify(&|_| ()), Ok(()));

    let ben = of_ben.member;
    let changed = |id: DisputeId, change: &dyn Fn(&mut Dispute)| {
        court.verify(&|one| {
            if one.id == id {
                change(one);
            }
        })
    };
    assert_eq!(
        changed(of_ben.id, &|one| one.held = 41),
        Err(Unsound::HeldDiffers {
            member: ben,
            kept: 40,
            proven: 41
        })
    );
    assert_eq!(
        changed(of_ben.id, &|one| one.status = DisputeStatus::Dismissed),
        Err(Unsound::WrongHold {
            id: of_ben.id,
            held: 40
        })
    );
    assert_eq!(
        changed(of_ben.id, &|one| one.held = -1),
        Err(Unsound::WrongHold {
            id: of_ben.id,
            held: -1
        })
    );
    for other in [
        DisputeStatus::Open,
        DisputeStatus::Dismissed,
        DisputeStatus::Withdrawn,
    ] {
        assert_eq!(
            changed(own.id, &|one| one.status = other),
            Err(Unsound::NotResolved(own.id))
        );
    }
    assert_eq!(
        changed(own.id, &|one| one.returned = 11),
        Err(Unsound::ReturnDiffers {
            id: own.id,
            said: 11,
            returned: 10
        })
    );
    assert_eq!(
        changed(own.id, &|one| one.clawed_back = 1),
        Err(Unsound::ClawbackDiffers {
            id: own.id,
            said: 1,
            clawed_back: 0
        })
    );
    assert!(matches!(
        changed(own.id, &|one| one.member = ben),
        Err(Unsound::ReturnDiffers { returned: 0, .. })
    ));
    assert_eq!(
        changed(own.id, &|one| {
            one.id = DisputeId(Uuid::max());
            one.returned = 0;
        }),
        Err(Unsound::DisputeMissing(own.id))
    );
}

#[test]
fn transfers_of_disputes_that_are_not_what_they_say_are_named() {
    let mut court = Court::open();
    let [taken, _] = court.claw_back("ana", 130);
    let case = court.dispute("ana", None, Subject::Line(taken)).unwrap();
    court.resolve(STAFF, case.id, GiveBack(50)).unwrap();
    let changes = &court.shop.company.stage.aggregate.changes;
    let ledger: Ledger = *court.shop.company.stage.aggregate.known.books.ledger();
    let returned = changes.transfers.iter();
    let returned = returned.filter(|(one, _)| one.kind == TransferKind::Returned);
    let seq = returned.map(|(one, _)| one.seq).next().unwrap();
    let at = usize::try_from(seq).unwrap() - 1;
    // Somebody who chained it all anew.
    let rewritten = |change: &dyn Fn(&mut Transfer)| {
        let mut rows = changes.transfers.clone();
        change(&mut rows[at].0);
        let mut link = rows[at - 1].1;
        for (transfer, kept) in &mut rows[at..] {
            link = link.followed_by(transfer);
            *kept = link;
        }
        let mut proof = Proof::new(court.shop.company.stage.aggregate.room.id);
        for (transfer, link) in &rows {
            proof.add(transfer, *link, &BTreeMap::new())?;
        }
        let head = (ledger.seq, ledger.digest);
        assert_ne!(proof.head(), head, "it is covered");
        Ok(())
    };
    let of_nothing = Err(Unsound::ReturnOfNothing(seq));
    assert_eq!(rewritten(&|one| one.corrects = Some(1)), of_nothing);
    assert_eq!(rewritten(&|one| one.corrects = None), of_nothing);
    assert_eq!(rewritten(&|one| one.entry.points = 101), of_nothing);
    let wrong = Err(Unsound::WrongDispute(seq));
    assert_eq!(rewritten(&|one| one.dispute_id = None), wrong);
    assert_eq!(rewritten(&|one| one.kind = TransferKind::Granted), wrong);
    assert_eq!(
        rewritten(&|one| one.entry.debit = parlor_domain::points::Account::Mint),
        wrong
    );
    // The chain covers which case it was.
    assert_eq!(
        rewritten(&|one| one.dispute_id = Some(DisputeId(Uuid::max()))),
        Ok(())
    );
}

#[test]
fn what_is_given_back_to_who_owes_and_pays_nothing_is_named() {
    let mut court = Court::open();
    let [_, owed] = court.claw_back("ana", 130);
    let case = court.dispute("ana", None, Subject::Line(owed)).unwrap();
    court.resolve(STAFF, case.id, GiveBack(10)).unwrap();
    let mut rows = court.shop.company.stage.aggregate.changes.transfers.clone();
    let last = rows.len() - 1;
    assert_eq!(rows[last].0.kind, TransferKind::DebtPaid);
    rows[last].0.entry.points = 9;
    rows[last].1 = rows[last - 1].1.followed_by(&rows[last].0);
    let mut proof = Proof::new(court.shop.company.stage.aggregate.room.id);
    let mut added = rows
        .iter()
        .map(|(transfer, link)| proof.add(transfer, *link, &BTreeMap::new()));
    let unsound = added.find_map(Result::err);
    assert_eq!(unsound, Some(Unsound::PaymentMissing(rows[last].0.seq)));
}

impl Court {
    /// Takes points back by hand. Returns where the two lines stand.
    fn claw_back(&mut self, who: &str, points: i64) -> [i64; 2] {
        let key = self.key();
        let id = self.shop.person(who).id;
        let reason = "a bot".to_owned();
        let clawback = parlor_domain::room_aggregate::Clawback::new(key, id, points, reason);
        let (clawback, who) = (clawback.unwrap(), actor(STAFF));
        let stage = &mut self.shop.company.stage;
        let known = &mut stage.aggregate.known;
        known.answers.ask(AnswerKey::of_clawback(&who, &clawback));
        known.people.ask_viewer(who.viewer_id.clone());
        let (ids, now) = (&mut stage.ids, stage.now);
        let aggregate = &mut stage.aggregate;
        let moved = aggregate.claw_back_points(&who, &clawback, [0; 32], ids, now);
        let seq = |one: Option<Transfer>| one.map_or(0, |one| one.seq);
        let moved = moved.unwrap();
        [seq(moved.taken), seq(moved.owed)]
    }
}
