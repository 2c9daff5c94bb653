//! Redemptions: who may redeem how often, what is held meanwhile, and what becomes of it.

use std::collections::{BTreeMap, BTreeSet};

use parlor_domain::id::RedemptionId;
use parlor_domain::points::{Given, Proof, Unsound};
use parlor_domain::reward::{Limits, Redemption, RedemptionStatus, Terms};
use parlor_domain::room_aggregate::{Order, RedeemRefusal, SettleRefusal, Settlement};
use proptest::prelude::*;

use crate::company::{Do, STAFF};
use crate::shop::{Shop, limited, terms};

#[test]
fn points_are_held_until_somebody_saw_to_it() {
    let mut shop = Shop::open();
    let reward = shop.make(terms(30)).unwrap();
    let first = shop.redeem("ana", reward.id).unwrap();
    let second = shop.redeem("ana", reward.id).unwrap();
    assert_eq!(shop.balance("ana"), (100, 60));
    shop.check_books();

    shop.settle("mo", first.id, Settlement::Fulfill).unwrap();
    shop.settle("mo", second.id, Settlement::Cancel).unwrap();

    assert_eq!(shop.balance("ana"), (70, 0));
    let transfers = &shop.company.stage.aggregate.changes.transfers;
    let (last, _) = transfers.last().unwrap();
    assert_eq!(last.about, Some(first.id.0));
    assert_eq!(last.balance_after(), 70);
    shop.check_books();
}

#[test]
fn holds_beyond_what_a_member_has_are_named() {
    let mut shop = Shop::open();
    let reward = shop.make(terms(30)).unwrap();
    let redemption = shop.redeem("ana", reward.id).unwrap();
    let aggregate = &shop.company.stage.aggregate;
    let mut proof = Proof::new(aggregate.room.id);
    for (transfer, link) in &aggregate.changes.transfers {
        proof.add(transfer, *link, &BTreeMap::new()).unwrap();
    }
    // Whoever raises what is held in both places that it stands in.
    let more = Redemption {
        cost: 101,
        ..redemption
    };
    proof.add_purchase(more.purchase()).unwrap();
    let raised = aggregate.changes.balances.iter().map(|(member, balance)| {
        let held = if *member == more.member { 101 } else { 0 };
        (*member, Given { held, ..*balance })
    });
    let unsound = proof
        .compare(aggregate.known.books.ledger(), raised)
        .unwrap_err();
    assert!(
        matches!(unsound, Unsound::HeldBeyondBalance { held: 101, .. }),
        "{unsound}"
    );
}

#[test]
fn of_two_who_settle_it_one_wins_and_the_other_is_told() {
    let mut shop = Shop::open();
    let reward = shop.make(terms(30)).unwrap();
    let one = shop.redeem("ana", reward.id).unwrap().id;
    let other = shop.redeem("ana", reward.id).unwrap().id;
    shop.settle("mo", one, Settlement::Fulfill).unwrap();
    shop.settle("olga", other, Settlement::Cancel).unwrap();

    for settlement in [Settlement::Fulfill, Settlement::Cancel] {
        let told = shop.settle("olga", one, settlement).unwrap_err();
        assert_eq!(told, SettleRefusal::AlreadyFulfilled);
        let told = shop.settle("mo", other, settlement).unwrap_err();
        assert_eq!(told, SettleRefusal::AlreadyCanceled);
    }
    assert_eq!(shop.balance("ana"), (70, 0));
    assert!(matches!(
        shop.settle("ana", one, Settlement::Cancel).unwrap_err(),
        SettleRefusal::Act(_)
    ));
}

#[test]
fn what_fulfills_itself_is_spent_at_once() {
    let mut shop = Shop::open();
    let reward = shop
        .make(Terms {
            auto_fulfills: true,
            ..terms(30)
        })
        .unwrap();
    let redemption = shop.redeem("ana", reward.id).unwrap();

    assert_eq!(redemption.status, RedemptionStatus::Fulfilled);
    assert_eq!(redemption.settled_at, Some(redemption.redeemed_at));
    assert_eq!(shop.balance("ana"), (70, 0));
    shop.check_books();
}

#[test]
fn nobody_spends_what_is_held() {
    let mut shop = Shop::open();
    let reward = shop.make(terms(60)).unwrap();
    shop.redeem("ana", reward.id).unwrap();
    let refused = shop.redeem("ana", reward.id).unwrap_err();
    assert_eq!(
        refused,
        RedeemRefusal::InsufficientPoints {
            available: 40,
            cost: 60
        }
    );
}

#[test]
fn the_same_key_redeems_once() {
    let mut shop = Shop::open();
    let reward = shop.make(terms(30)).unwrap();
    let order = |cost| Order::new("k".to_owned(), reward.id, cost, None).unwrap();
    let first = shop.order("ana", &order(Some(30))).unwrap();
    assert_eq!(shop.order("ana", &order(Some(30))).unwrap(), first);
    // Also when it was settled meanwhile: the first answer is what was answered first.
    shop.settle("mo", first.id, Settlement::Cancel).unwrap();
    assert_eq!(shop.order("ana", &order(Some(30))).unwrap(), first);
    let refused = shop.order("ana", &order(None)).unwrap_err();
    assert_eq!(refused, RedeemRefusal::KeyReused("k".to_owned()));

    assert_eq!(shop.balance("ana"), (100, 0));
    shop.order("ben", &order(Some(30))).unwrap();
}

#[test]
fn an_offline_room_sells_only_what_may_be_redeemed_then() {
    let mut shop = Shop::open();
    let reward = shop.make(terms(1)).unwrap();
    let anytime = Terms {
        redeemable_offline: true,
        membership_tier_min: None,
        ..terms(1)
    };
    let anytime = shop.make(anytime).unwrap();
    let stage = &mut shop.company.stage;
    let (ids, now) = (&mut stage.ids, stage.now);
    stage.aggregate.end_session(ids, now).unwrap();

    assert_eq!(
        shop.redeem("ana", reward.id).unwrap_err(),
        RedeemRefusal::NotLive
    );
    let redemption = shop.redeem("ana", anytime.id).unwrap();

    // An archived room sells nothing, and what was sold is seen to.
    shop.company.act(STAFF, Do::Archive).unwrap();
    assert!(matches!(
        shop.redeem("ana", anytime.id).unwrap_err(),
        RedeemRefusal::Act(_)
    ));
    shop.settle("mo", redemption.id, Settlement::Cancel)
        .unwrap();
}

#[test]
fn limits_count_by_session_and_cancelling_gives_the_place_back() {
    let mut shop = Shop::open();
    let reward = shop
        .make(limited(Limits {
            per_session: Some(3),
            per_viewer_and_session: Some(2),
            ..Limits::default()
        }))
        .unwrap();
    let first = shop.redeem("ana", reward.id).unwrap();
    shop.redeem("ana", reward.id).unwrap();
    assert_eq!(
        shop.redeem("ana", reward.id).unwrap_err(),
        RedeemRefusal::ViewerLimit
    );
    shop.redeem("ben", reward.id).unwrap();
    assert_eq!(
        shop.redeem("mo", reward.id).unwrap_err(),
        RedeemRefusal::SessionLimit
    );

    shop.settle("mo", first.id, Settlement::Cancel).unwrap();
    shop.redeem("ana", reward.id).unwrap();
    shop.next_session();
    for name in ["ana", "ana", "ben"] {
        shop.redeem(name, reward.id).unwrap();
    }
    assert_eq!(
        shop.redeem("mo", reward.id).unwrap_err(),
        RedeemRefusal::SessionLimit
    );
}

#[test]
fn a_place_of_a_past_session_is_not_given_back_in_the_next() {
    let mut shop = Shop::open();
    let reward = shop
        .make(limited(Limits {
            per_session: Some(1),
            ..Limits::default()
        }))
        .unwrap();
    let before = shop.redeem("ana", reward.id).unwrap();
    shop.next_session();
    shop.redeem("ben", reward.id).unwrap();
    shop.settle("mo", before.id, Settlement::Cancel).unwrap();

    assert_eq!(
        shop.redeem("mo", reward.id).unwrap_err(),
        RedeemRefusal::SessionLimit
    );
}

#[test]
fn rewards_cool_down() {
    let mut shop = Shop::open();
    let reward = shop
        .make(limited(Limits {
            cooldown_ms: Some(1_000),
            viewer_cooldown_ms: Some(5_000),
            ..Limits::default()
        }))
        .unwrap();
    let began = shop.redeem("ana", reward.id).unwrap().redeemed_at;
    let until = |millis| RedeemRefusal::Cooldown {
        until: began.plus_millis(millis),
    };

    assert_eq!(shop.redeem("ben", reward.id).unwrap_err(), until(1_000));
    assert_eq!(shop.redeem("ana", reward.id).unwrap_err(), until(5_000));
    shop.pass(1_000);
    shop.redeem("ben", reward.id).unwrap();
    shop.pass(3_999);
    assert_eq!(shop.redeem("ana", reward.id).unwrap_err(), until(5_000));
    shop.pass(1);
    shop.redeem("ana", reward.id).unwrap();
}

#[test]
fn a_reward_that_a_wrong_clock_stamped_cools_down_no_longer_than_the_clock_was_wrong() {
    let mut shop = Shop::open();
    let reward = shop
        .make(limited(Limits {
            cooldown_ms: Some(1_000),
            viewer_cooldown_ms: Some(1_000),
            ..Limits::default()
        }))
        .unwrap();
    shop.pass(86_400_000);
    shop.redeem("ana", reward.id).unwrap();
    shop.pass(-86_400_000);
    let stage = &mut shop.company.stage;
    let (ids, now) = (&mut stage.ids, stage.now);
    stage.aggregate.recover_from_wrong_clock(ids, now);

    let began = shop.redeem("ana", reward.id).unwrap().redeemed_at;
    let until = began.plus_millis(1_000);
    assert_eq!(
        shop.redeem("ben", reward.id).unwrap_err(),
        RedeemRefusal::Cooldown { until }
    );
}

/// What somebody does in a shop with three rewards.
#[derive(Debug, Clone, Copy)]
enum Act {
    Redeem(&'static str, usize),
    Settle(usize, Settlement),
    Refund(usize, i64),
    Expire,
    NextSession,
    Pass(i64),
}

fn acts() -> impl Strategy<Value = Act> {
    let who = prop_oneof![Just("ana"), Just("ben"), Just("mo")];
    let settlement = prop_oneof![Just(Settlement::Fulfill), Just(Settlement::Cancel)];
    prop_oneof![
        6 => (who, 0..3_usize).prop_map(|(who, reward)| Act::Redeem(who, reward)),
        3 => (0..40_usize, settlement).prop_map(|(which, what)| Act::Settle(which, what)),
        3 => (0..40_usize, 1..40_i64).prop_map(|(which, points)| Act::Refund(which, points)),
        1 => Just(Act::Expire),
        1 => Just(Act::NextSession),
        1 => (1..100_000_i64).prop_map(Act::Pass),
    ]
}

proptest! {
    /// Whatever is redeemed and settled in whatever order: holds are settled once, nobody spends what they
    /// have not, no limit is passed, and the books prove themselves.
    #[test]
    fn the_books_are_sound_whatever_is_redeemed(history in prop::collection::vec(acts(), 0..80)) {
        let mut shop = Shop::open();
        let limits = Limits {
            per_session: Some(4),
            per_viewer_and_session: Some(2),
            ..Limits::default()
        };
        let rewards = [
            shop.make(Terms { expires_after_ms: 60_000, ..terms(30) }).unwrap().id,
            shop.make(limited(limits)).unwrap().id,
            shop.make(Terms { auto_fulfills: true, ..terms(7) }).unwrap().id,
        ];
        let mut made: Vec<RedemptionId> = Vec::new();
        for act in history {
            match act {
                Act::Redeem(who, reward) => {
                    let redeemed = shop.redeem(who, rewards[reward]);
                    made.extend(redeemed.ok().map(|one| one.id));
                }
                Act::Settle(which, settlement) => {
                    if let Some(id) = made.get(which) {
                        drop(shop.settle("mo", *id, settlement));
                    }
                }
                Act::Refund(which, points) => {
                    if let Some(id) = made.get(which) {
                        drop(shop.refund("olga", *id, Some(points)));
                    }
                }
                Act::Expire => shop.expire_due(),
                Act::NextSession => shop.next_session(),
                Act::Pass(millis) => shop.pass(millis),
            }
        }

        shop.check_books();
        let aggregate = &shop.company.stage.aggregate;
        let mut counted: BTreeMap<_, i64> = BTreeMap::new();
        for one in aggregate.changes.redemptions.values() {
            prop_assert!((0..=one.cost).contains(&one.refunded));
            let took_place = match one.status {
                RedemptionStatus::Unfulfilled => true,
                RedemptionStatus::Fulfilled => one.refunded < one.cost,
                RedemptionStatus::Canceled
                | RedemptionStatus::Expired
                | RedemptionStatus::Entered
                | RedemptionStatus::NotDrawn => false,
            };
            if one.reward_id == rewards[1] && took_place {
                *counted.entry(one.session_id).or_default() += 1;
            }
        }
        prop_assert!(counted.values().all(|count| *count <= 4), "{counted:?}");
        let open = aggregate.changes.redemptions.values().filter(|one| one.is_open());
        prop_assert_eq!(aggregate.census.open_redemptions, i64::try_from(open.count()).unwrap());
        // Each stands in the queue where it was changed last, and nowhere else.
        let places: BTreeSet<_> = aggregate.changes.redemptions.values().map(|one| one.queue_seq).collect();
        prop_assert_eq!(places.len(), aggregate.changes.redemptions.len());
        prop_assert_eq!(places.last().copied().unwrap_or(0), aggregate.census.queue_changes);
    }
}
