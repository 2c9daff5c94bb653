//! Refunds: what was paid comes back in whole or in part, once, with what the reward gives back beside it.

use std::collections::BTreeMap;

use parlor_domain::audit::AuditAction;
use parlor_domain::points::{Entry, Ledger, MemberNumber, Proof, Transfer, TransferKind, Unsound};
use parlor_domain::reward::{Limits, Redemption, RedemptionStatus, Restores, Terms};
use parlor_domain::room_aggregate::{RedeemRefusal, Refund, RefundRefusal, Settlement};

use crate::company::STAFF;
use crate::shop::{Shop, terms};

fn fulfilled(shop: &mut Shop, terms: Terms) -> Redemption {
    let reward = shop.make(terms).unwrap();
    let redemption = shop.redeem("ana", reward.id).unwrap();
    shop.settle("mo", redemption.id, Settlement::Fulfill)
        .unwrap()
}

#[test]
fn what_was_paid_comes_back_in_parts_and_never_more() {
    let mut shop = Shop::open();
    let paid = fulfilled(&mut shop, terms(30));
    assert_eq!(shop.balance("ana"), (70, 0));

    let part = shop.refund("mo", paid.id, Some(10)).unwrap();
    assert_eq!(
        (part.refunded, part.status),
        (10, RedemptionStatus::Fulfilled)
    );
    assert_eq!(shop.balance("ana"), (80, 0));
    let transfers = &shop.company.stage.aggregate.changes.transfers;
    let (last, _) = transfers.last().unwrap();
    assert_eq!(
        (last.kind, last.about),
        (TransferKind::Refunded, Some(paid.id.0))
    );
    assert_eq!(last.corrects, paid.paid_seq);
    assert_eq!(last.authorship.as_ref().unwrap().actor_id.as_str(), "mo");
    let audited = shop.company.stage.aggregate.changes.audit.last().unwrap();
    let (points, seq) = (10, last.seq);
    assert_eq!(audited.action, AuditAction::PointsRefunded { points, seq });

    let refused = shop.refund("mo", paid.id, Some(21)).unwrap_err();
    assert_eq!(
        refused,
        RefundRefusal::TooMuch {
            left: 20,
            asked: 21
        }
    );
    shop.refund("mo", paid.id, None).unwrap();
    assert_eq!(shop.balance("ana"), (100, 0));
    for points in [None, Some(1)] {
        let refused = shop.refund("mo", paid.id, points).unwrap_err();
        assert_eq!(refused, RefundRefusal::AlreadyRefunded);
    }
    let ledger = shop.company.stage.aggregate.known.books.ledger();
    assert_eq!((ledger.minted, ledger.burned), (400, 0));
    shop.check_books();
}

#[test]
fn what_fulfilled_itself_is_given_back_too() {
    let mut shop = Shop::open();
    let reward = shop.make(Terms {
        auto_fulfills: true,
        ..terms(30)
    });
    let redemption = shop.redeem("ana", reward.unwrap().id).unwrap();
    assert_eq!(redemption.paid_seq, Some(5));
    shop.refund("olga", redemption.id, None).unwrap();
    assert_eq!(shop.balance("ana"), (100, 0));
    shop.check_books();
}

#[test]
fn what_was_not_paid_for_is_not_given_back() {
    let mut shop = Shop::open();
    let reward = shop.make(terms(30)).unwrap();
    let open = shop.redeem("ana", reward.id).unwrap();
    let canceled = shop.redeem("ana", reward.id).unwrap();
    shop.settle("mo", canceled.id, Settlement::Cancel).unwrap();
    let expired = shop.redeem("ana", reward.id).unwrap();
    shop.end_session();
    shop.pass(reward.terms.expires_after_ms);
    let stage = &mut shop.company.stage;
    stage
        .aggregate
        .expire_redemptions(&[expired.id], &mut stage.ids, stage.now);

    for id in [open.id, canceled.id, expired.id] {
        let refused = shop.refund("mo", id, None).unwrap_err();
        assert_eq!(refused, RefundRefusal::NotFulfilled);
    }
    assert_eq!(shop.balance("ana"), (100, 30));
}

#[test]
fn refunds_take_authority_that_nobody_has_over_their_own() {
    let mut shop = Shop::open();
    let reward = shop.make(terms(30)).unwrap();
    let own = shop.redeem("mo", reward.id).unwrap();
    shop.settle("olga", own.id, Settlement::Fulfill).unwrap();

    let refused = shop.refund("mo", own.id, None).unwrap_err();
    assert_eq!(refused, RefundRefusal::OnOneself);
    let refused = shop.refund("ana", own.id, None).unwrap_err();
    assert!(matches!(refused, RefundRefusal::Act(_)), "{refused}");
    shop.refund(STAFF, own.id, None).unwrap();
}

#[test]
fn the_same_key_gives_back_once() {
    let mut shop = Shop::open();
    let paid = fulfilled(&mut shop, terms(30));
    let refund = |points| Refund::new("k".to_owned(), paid.id, points, "oops".to_owned()).unwrap();
    let first = shop.refund_under("mo", &refund(Some(10))).unwrap();
    let again = shop.refund_under("mo", &refund(Some(10))).unwrap();
    assert_eq!(again, first);
    let refused = shop.refund_under("mo", &refund(None)).unwrap_err();
    assert_eq!(refused, RefundRefusal::KeyReused("k".to_owned()));
    assert_eq!(shop.balance("ana"), (80, 0));
}

#[test]
fn words_and_numbers_of_a_refund_are_checked() {
    let mut shop = Shop::open();
    let id = fulfilled(&mut shop, terms(30)).id;
    for (key, points, reason, field) in [
        ("", None, "r", "idempotencyKey"),
        ("k", Some(0), "r", "points"),
        ("k", Some(-1), "r", "points"),
        ("k", None, "", "reason"),
    ] {
        let refused = Refund::new(key.to_owned(), id, points, reason.to_owned()).unwrap_err();
        assert_eq!(refused.field, field);
    }
}

/// What is refused after a whole refund, by what the reward gives back.
#[test]
fn the_reward_says_what_comes_back_beside_the_points() {
    for (places, cooldown, refused) in [
        (true, true, None),
        (true, false, Some("cools down")),
        (false, true, Some("as often as")),
        (false, false, Some("as often as")),
    ] {
        let mut shop = Shop::open();
        let limits = Limits {
            per_session: Some(1),
            per_viewer_and_session: Some(1),
            cooldown_ms: Some(60_000),
            viewer_cooldown_ms: Some(60_000),
        };
        let refund_restores = Restores { places, cooldown };
        let terms = Terms {
            limits,
            refund_restores,
            ..terms(30)
        };
        let paid = fulfilled(&mut shop, terms);
        // A part gives back nothing but points.
        shop.refund("mo", paid.id, Some(29)).unwrap();
        let still = shop.redeem("ana", paid.reward_id).unwrap_err();
        assert_eq!(still, RedeemRefusal::SessionLimit);

        shop.refund("mo", paid.id, Some(1)).unwrap();
        let told = shop.redeem("ana", paid.reward_id).err();
        let told = told.map(|refusal| refusal.to_string());
        match (&told, refused) {
            (None, None) => (),
            (Some(told), Some(refused)) => assert!(told.contains(refused), "{told}"),
            _ => panic!("{told:?} instead of {refused:?}"),
        }
    }
}

#[test]
fn a_cooldown_that_somebody_else_began_since_goes_on() {
    let mut shop = Shop::open();
    let limits = Limits {
        cooldown_ms: Some(1_000),
        ..Limits::default()
    };
    let refund_restores = Restores {
        places: true,
        cooldown: true,
    };
    let paid = fulfilled(
        &mut shop,
        Terms {
            limits,
            refund_restores,
            ..terms(1)
        },
    );
    shop.pass(1_000);
    shop.redeem("ben", paid.reward_id).unwrap();
    shop.refund("mo", paid.id, None).unwrap();

    let refused = shop.redeem("ana", paid.reward_id).unwrap_err();
    assert!(
        matches!(refused, RedeemRefusal::Cooldown { .. }),
        "{refused}"
    );
}

/// Books that somebody wrote by hand, each with links that fit.
#[test]
fn refunds_that_do_not_hold_are_named() {
    let mut shop = Shop::open();
    let paid = fulfilled(&mut shop, terms(30));
    let aggregate = &shop.company.stage.aggregate;
    let (member, other) = (paid.member, MemberNumber(paid.member.0 + 1));
    let made = aggregate.changes.transfers.clone();
    let (payment, _) = made.last().unwrap().clone();
    let refund = |points, given_after| Transfer {
        seq: payment.seq + 1,
        entry: Entry::refund(member, points),
        kind: TransferKind::Refunded,
        corrects: Some(payment.seq),
        given_after,
        ..payment.clone()
    };
    let unsound = |refund: Transfer| {
        let mut proof = Proof::new(aggregate.room.id);
        for (transfer, link) in &made {
            proof.add(transfer, *link, &BTreeMap::new()).unwrap();
        }
        let (_, head) = proof.head();
        let added = proof.add(&refund, head.followed_by(&refund), &BTreeMap::new());
        added.and_then(|()| proof.add_purchase(paid.purchase()))
    };

    let seq = payment.seq + 1;
    let paid_back = unsound(refund(31, 101)).unwrap_err();
    assert_eq!(
        paid_back,
        Unsound::RefundedTooMuch {
            seq,
            refunded: 31,
            paid: 30
        }
    );
    for not_that in [
        Transfer {
            corrects: Some(1),
            ..refund(30, 100)
        },
        Transfer {
            corrects: None,
            ..refund(30, 100)
        },
        Transfer {
            about: None,
            ..refund(30, 100)
        },
        Transfer {
            entry: Entry::refund(other, 30),
            ..refund(30, 130)
        },
    ] {
        assert_eq!(
            unsound(not_that).unwrap_err(),
            Unsound::RefundOfNothing(seq)
        );
    }
    let minted = Transfer {
        entry: Entry::grant(member, 30),
        ..refund(30, 100)
    };
    assert_eq!(unsound(minted).unwrap_err(), Unsound::WrongEntry(seq));
    let (id, said, refunded) = (paid.id, 0, 30);
    let unsaid = unsound(refund(30, 100)).unwrap_err();
    assert_eq!(unsaid, Unsound::RefundDiffers { id, said, refunded });

    let other_payment = Redemption {
        paid_seq: Some(1),
        ..paid.clone()
    };
    let mut proof = Proof::new(aggregate.room.id);
    for (transfer, link) in &made {
        proof.add(transfer, *link, &BTreeMap::new()).unwrap();
    }
    let named = proof.add_purchase(other_payment.purchase()).unwrap_err();
    assert_eq!(named, Unsound::NotPaidFor(paid.id));
    assert_ne!(
        *aggregate.known.books.ledger(),
        Ledger::empty(aggregate.room.id)
    );
}
