//! Rewards on disk: what is sold, what was bought, and what it holds.

use parlor_domain::id::ParticipantId;
use parlor_domain::points::MemberNumber;
use parlor_domain::reward::{Limits, Redemption, RedemptionStatus, Reward, Terms, TermsChange};
use parlor_domain::room_aggregate::{
    RedeemRefusal, RewardDraft, RewardTarget, SettleRefusal, Settlement,
};
use parlor_store::{RedemptionsFilter, RoomNeeds};

use crate::harness::{Database, on_both_engines};
use crate::scene::{at, tenant};
use crate::shop::{Asked, Shop, actor, terms};

on_both_engines! {
    what_is_redeemed_is_held_settled_and_proven,
    limits_hold_from_batch_to_batch_and_within_one,
    the_first_answer_is_given_again_after_a_restart,
    a_queue_is_read_by_status_and_by_member,
    rewards_are_changed_deleted_and_listed,
    a_reward_is_made_once_also_after_a_restart,
    what_a_member_has_to_do_with_rewards_is_read_at_once,
    metadata_is_kept_and_goes,
    a_redemption_that_is_not_what_was_paid_for_is_named,
}

async fn what_is_redeemed_is_held_settled_and_proven(database: Database) {
    let mut shop = Shop::open(&database).await;
    let reward = shop.make(terms(30)).await;
    let one = shop.redeem_one("ana", reward.id).await;
    let other = shop.redeem_one("ana", reward.id).await;
    assert_eq!(one.input.as_deref(), Some("a sip 🎉"));
    assert_eq!(shop.balance(0).await, (100, 60));
    shop.check_books().await;
    let read = shop.store.redemption(shop.tenant_id, one.id).await.unwrap();
    assert_eq!(read, Some((shop.room_id, one.clone())));

    let fulfilled = shop.settle(&one, Settlement::Fulfill).await.unwrap();
    let canceled = shop.settle(&other, Settlement::Cancel).await.unwrap();
    assert_eq!(shop.balance(0).await, (70, 0));
    shop.check_books().await;
    for settled in [fulfilled, canceled] {
        let read = shop
            .store
            .redemption(shop.tenant_id, settled.id)
            .await
            .unwrap();
        assert_eq!(read, Some((shop.room_id, settled)));
    }
    let again = shop.settle(&one, Settlement::Cancel).await.unwrap_err();
    assert_eq!(again, SettleRefusal::AlreadyFulfilled);
    let stranger = tenant(&shop.store, &mut shop.ids).await;
    assert_eq!(shop.store.redemption(stranger, one.id).await.unwrap(), None);
}

async fn limits_hold_from_batch_to_batch_and_within_one(database: Database) {
    let mut shop = Shop::open(&database).await;
    let limits = Limits {
        per_session: Some(3),
        per_viewer_and_session: Some(2),
        ..Limits::default()
    };
    let reward = shop.make(Terms { limits, ..terms(1) }).await;
    let mut asked: Vec<_> = ["ana", "ben", "ana", "ana", "ben"]
        .into_iter()
        .enumerate()
        .map(|(number, name)| Asked {
            key: format!("k{number}"),
            name,
            reward_id: reward.id,
        })
        .collect();
    let late = asked.split_off(2);

    let early = shop.redeem(&asked).await;
    assert!(early.iter().all(Result::is_ok), "{early:?}");
    let late = shop.redeem(&late).await;
    late[0].as_ref().unwrap();
    assert_eq!(late[1], Err(RedeemRefusal::SessionLimit));
    assert_eq!(late[2], Err(RedeemRefusal::SessionLimit));

    // A place that comes back goes to whom it is theirs to go to.
    shop.settle(early[1].as_ref().unwrap(), Settlement::Cancel)
        .await
        .unwrap();
    let more = ["ana", "ben"].map(|name| Asked {
        key: "more".to_owned(),
        name,
        reward_id: reward.id,
    });
    let more = shop.redeem(&more).await;
    assert_eq!(more[0], Err(RedeemRefusal::ViewerLimit));
    more[1].as_ref().unwrap();
    shop.check_books().await;
}

async fn the_first_answer_is_given_again_after_a_restart(database: Database) {
    let mut shop = Shop::open(&database).await;
    let reward = shop.make(terms(30)).await;
    let asked = || {
        [Asked {
            key: "k".to_owned(),
            name: "ana",
            reward_id: reward.id,
        }]
    };
    let first = shop.redeem(&asked()).await.remove(0).unwrap();
    shop.settle(&first, Settlement::Cancel).await.unwrap();
    shop.store.close().await;

    shop.store = database.open().await;
    let again = shop.redeem(&asked()).await.remove(0).unwrap();
    // Where it stood in the queue is no part of an answer.
    let queue_seq = 0;
    assert_eq!(again, Redemption { queue_seq, ..first });
    assert_eq!(shop.balance(0).await, (100, 0));
}

async fn a_queue_is_read_by_status_and_by_member(database: Database) {
    let mut shop = Shop::open(&database).await;
    let reward = shop.make(terms(10)).await;
    let mut made = Vec::new();
    for name in ["ana", "ben", "ana"] {
        made.push(shop.redeem_one(name, reward.id).await);
    }
    made[0] = shop.settle(&made[0], Settlement::Fulfill).await.unwrap();

    assert_eq!(shop.list(RedemptionsFilter::default()).await, made);
    let all = RedemptionsFilter::default();
    let open = RedemptionsFilter {
        status: Some(RedemptionStatus::Unfulfilled),
        ..all
    };
    assert_eq!(shop.list(open).await, made[1..]);
    let of_ben = RedemptionsFilter {
        participant_id: Some(made[1].participant_id),
        ..all
    };
    assert_eq!(shop.list(of_ben).await, made[1..2]);
    let canceled = RedemptionsFilter {
        status: Some(RedemptionStatus::Canceled),
        ..all
    };
    assert_eq!(shop.list(canceled).await, []);

    let other = shop.make(terms(1)).await;
    let of_other = shop.redeem_one("ana", other.id).await;
    let of_reward = RedemptionsFilter {
        reward_id: Some(other.id),
        ..all
    };
    assert_eq!(shop.list(of_reward).await, [of_other]);
    let all_of_them = RedemptionsFilter {
        reward_id: Some(reward.id),
        participant_id: Some(made[0].participant_id),
        ..open
    };
    assert_eq!(shop.list(all_of_them).await, made[2..]);
    let of_nobody = RedemptionsFilter {
        participant_id: Some(ParticipantId(uuid::Uuid::max())),
        ..all
    };
    assert_eq!(shop.list(of_nobody).await, []);
}

async fn rewards_are_changed_deleted_and_listed(database: Database) {
    let mut shop = Shop::open(&database).await;
    let kept = shop.make(terms(10)).await;
    let deleted = shop.make(terms(20)).await;
    let needs = |needs: &mut RoomNeeds| {
        needs.people.actors.push(actor("staff").viewer_id);
        needs.rewards.rewards.extend([kept.id, deleted.id]);
    };
    let target = |reward: &Reward| RewardTarget {
        id: reward.id,
        version: 1,
    };
    let change = TermsChange {
        title: Some("Dehydrate".to_owned()),
        prompt: Some(None),
        ..TermsChange::default()
    };
    let changed = shop.write(needs, |room, ids| {
        room.delete_reward(&actor("staff"), target(&deleted), ids, at(5))
            .unwrap();
        room.update_reward(&actor("staff"), target(&kept), &change, ids, at(5))
            .unwrap()
    });
    let changed = changed.await;
    assert_eq!(changed.version, 2);

    let listed = shop
        .store
        .rewards(shop.tenant_id, shop.room_id)
        .await
        .unwrap();
    assert_eq!(listed, [changed]);
    let stranger = tenant(&shop.store, &mut shop.ids).await;
    assert_eq!(
        shop.store.rewards(stranger, shop.room_id).await.unwrap(),
        []
    );
}

async fn a_reward_is_made_once_also_after_a_restart(database: Database) {
    let mut shop = Shop::open(&database).await;
    let draft = RewardDraft::new("k".to_owned(), terms(10)).unwrap();
    let first = shop.make_from(&draft).await;
    shop.redeem_one("ana", first.id).await;
    shop.store.close().await;

    shop.store = database.open().await;
    assert_eq!(shop.make_from(&draft).await, first);
    let listed = shop.store.rewards(shop.tenant_id, shop.room_id).await;
    assert_eq!(listed.unwrap().len(), 1);
}

async fn what_a_member_has_to_do_with_rewards_is_read_at_once(database: Database) {
    let mut shop = Shop::open(&database).await;
    let (one, other) = (shop.make(terms(10)).await, shop.make(terms(5)).await);
    shop.redeem_one("ana", one.id).await;
    shop.redeem_one("ben", other.id).await;

    let read = shop
        .store
        .rewards_for(shop.tenant_id, shop.room_id, Some(MemberNumber(0)));
    let read = read.await.unwrap();
    let listed = shop.store.rewards(shop.tenant_id, shop.room_id).await;
    assert_eq!(read.rewards, listed.unwrap());
    let counts: Vec<_> = read
        .uses
        .iter()
        .map(|(id, uses)| (*id, uses.count))
        .collect();
    assert_eq!(counts, [(one.id, 1)]);
    assert_eq!((read.balance.points, read.balance.held), (100, 10));
}

async fn metadata_is_kept_and_goes(database: Database) {
    let mut shop = Shop::open(&database).await;
    let reward = shop.make(terms(10)).await;
    let redemption = shop.redeem_one("ana", reward.id).await;
    for metadata in [Some("{\"order\":7}".to_owned()), None] {
        let needs = |needs: &mut RoomNeeds| needs.rewards.redemptions.push(redemption.id);
        let noted = shop.write(needs, |room, _| {
            room.set_redemption_metadata(redemption.id, metadata.clone())
        });
        assert_eq!(noted.await.unwrap().metadata, metadata);
        let read = shop.store.redemption(shop.tenant_id, redemption.id).await;
        let (_, read) = read.unwrap().unwrap();
        assert_eq!(read.metadata, metadata);
        assert!(read.is_open());
    }
    shop.check_books().await;
}

async fn a_redemption_that_is_not_what_was_paid_for_is_named(database: Database) {
    let mut shop = Shop::open(&database).await;
    let reward = shop.make(terms(30)).await;
    let fulfilled = shop.redeem_one("ana", reward.id).await;
    let canceled = shop.redeem_one("ana", reward.id).await;
    shop.redeem_one("ana", reward.id).await;
    shop.settle(&fulfilled, Settlement::Fulfill).await.unwrap();
    shop.settle(&canceled, Settlement::Cancel).await.unwrap();
    shop.check_books().await;

    for (status, to, named) in [
        (
            "unfulfilled",
            "canceled",
            "of member 0 30 points are kept as held",
        ),
        (
            "unfulfilled",
            "fulfilled",
            "no transfer says that it was paid for",
        ),
        (
            "canceled",
            "fulfilled",
            "no transfer says that it was paid for",
        ),
        (
            "fulfilled",
            "canceled",
            "was paid for, and was not fulfilled",
        ),
    ] {
        // There is one of each status, which its title tells apart for a while.
        let mark = format!("UPDATE redemptions SET title = 'marked' WHERE status = '{status}'");
        database.run(&mark).await;
        database
            .run(&format!(
                "UPDATE redemptions SET status = '{to}' WHERE title = 'marked'"
            ))
            .await;
        let found = shop.unsound().await;
        assert!(found.contains(named), "{status} to {to}: {found}");
        database
            .run(&format!("UPDATE redemptions SET status = '{status}', title = 'Hydrate' WHERE title = 'marked'"))
            .await;
        shop.check_books().await;
    }
    let dearer = "UPDATE redemptions SET cost = cost + 1 WHERE status = 'fulfilled'";
    database.run(dearer).await;
    let found = shop.unsound().await;
    assert!(
        found.contains("no transfer says that it was paid for"),
        "{found}"
    );
}
