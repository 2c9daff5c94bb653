//! The books of disputes: what of cases and of the transfers that resolve them does not hold is named.

use std::collections::BTreeMap;

use parlor_domain::dispute::{Dispute, DisputeStatus, Subject};
use parlor_domain::id::DisputeId;
use parlor_domain::points::{Account, Ledger, Proof, Transfer, TransferKind, Unsound};
use parlor_domain::room_aggregate::DisputeOutcome::GiveBack;
use uuid::Uuid;

use crate::company::STAFF;
use crate::court::Court;

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
    // Points that are given are no case's.
    let granted = rewritten(&|one| {
        one.kind = TransferKind::Granted;
        one.entry.debit = Account::Mint;
    });
    assert_eq!(granted, wrong);
    let wrong = Err(Unsound::WrongEntry(seq));
    assert_eq!(rewritten(&|one| one.kind = TransferKind::Granted), wrong);
    assert_eq!(rewritten(&|one| one.entry.debit = Account::Mint), wrong);
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
