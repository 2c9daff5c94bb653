//! What is looked for, when redemptions may have expired: in the order of time, and by one alone.

use parlor_domain::id::RedemptionId;
use parlor_domain::reward::{Redemption, RedemptionStatus, Terms};
use parlor_domain::room_aggregate::{RoomAggregate, Settlement};
use parlor_domain::time::ServerTime;
use parlor_store::{DueKind, DueWork, RoomNeeds};

use crate::harness::{Database, on_both_engines};
use crate::scene::{SeededIds, at, lease};
use crate::shop::{Shop, terms};

on_both_engines! {
    what_expires_is_found_when_it_does,
    whoever_looks_misses_nothing_that_is_made_meanwhile,
    more_than_one_command_should_touch_is_found_in_parts,
    what_was_open_before_there_was_an_expiry_is_looked_for,
}

const HOUR_MS: i64 = 3_600_000;
const MINUTE_MS: i64 = 60_000;
const KIND: DueKind = DueKind::RedemptionExpiry;

impl Shop {
    async fn end_session(&mut self, now: ServerTime) {
        let end = |room: &mut RoomAggregate, ids: &mut SeededIds| {
            room.end_session(ids, now).unwrap();
        };
        self.write(|_: &mut RoomNeeds| (), end).await;
    }

    async fn claim(&self, holder: u128, now: ServerTime) -> Vec<DueWork> {
        let claimed = self.store.claim_due(KIND, lease(holder, now), 10);
        claimed.await.unwrap()
    }

    async fn next(&self) -> Option<ServerTime> {
        self.store.next_due(KIND, at(0)).await.unwrap()
    }

    async fn found(&self, work: &DueWork, now: ServerTime) -> Vec<RedemptionId> {
        let found = self.store.expired_redemptions(work, lease(1, now));
        found.await.unwrap()
    }

    /// Expires what was found. Returns how many are still open.
    async fn expire(&mut self, ids: &[RedemptionId], now: ServerTime) -> usize {
        let needs = |needs: &mut RoomNeeds| {
            needs.points.ledger = true;
            needs.rewards.redemptions.extend(ids);
        };
        let expire = |room: &mut RoomAggregate, source: &mut SeededIds| {
            room.expire_redemptions(ids, source, now)
        };
        self.write(needs, expire).await
    }

    async fn read(&self, redemption: &Redemption) -> Redemption {
        let read = self.store.redemption(self.tenant_id, redemption.id).await;
        read.unwrap().unwrap().1
    }
}

fn hourly() -> Terms {
    Terms {
        expires_after_ms: HOUR_MS,
        redeemable_offline: true,
        membership_tier_min: None,
        ..terms(10)
    }
}

async fn what_expires_is_found_when_it_does(database: Database) {
    let mut shop = Shop::open(&database).await;
    let reward = shop.make(hourly()).await;
    let late = shop
        .make(Terms {
            expires_after_ms: 2 * HOUR_MS,
            ..hourly()
        })
        .await;
    let one = shop.redeem_one("ana", reward.id).await;
    let other = shop.redeem_one("ana", late.id).await;
    assert_eq!(shop.next().await, None, "nothing expires while it is live");
    shop.end_session(at(100)).await;
    assert_eq!(shop.next().await, Some(at(100 + MINUTE_MS)));

    // Too early: whoever looks comes back when the first expires.
    let work = shop.claim(1, at(100 + MINUTE_MS)).await.remove(0);
    assert_eq!(shop.found(&work, at(100 + MINUTE_MS)).await, []);
    assert_eq!(shop.next().await, Some(at(100 + HOUR_MS)));
    assert_eq!(shop.claim(1, at(99 + HOUR_MS)).await, []);

    let now = at(100 + HOUR_MS);
    let work = shop.claim(1, now).await.remove(0);
    assert_eq!(shop.found(&work, now).await, [one.id]);
    assert_eq!(shop.expire(&[one.id], now).await, 0);
    assert_eq!(shop.found(&work, now).await, []);
    let expired = shop.read(&one).await;
    assert_eq!(expired.status, RedemptionStatus::Expired);
    assert_eq!(expired.settled_at, Some(now));
    assert_eq!(shop.balance(0).await, (100, 10));
    shop.check_books().await;

    assert_eq!(shop.next().await, Some(at(100 + 2 * HOUR_MS)));
    shop.settle(&other, Settlement::Cancel).await.unwrap();
    let work = shop.claim(1, at(100 + 2 * HOUR_MS)).await.remove(0);
    assert_eq!(shop.found(&work, at(100 + 2 * HOUR_MS)).await, []);
    assert_eq!(shop.next().await, None);
    let left = database.number("SELECT COUNT(*) FROM due_work WHERE kind = 'redemption_expiry'");
    assert_eq!(left.await, 0);
}

async fn whoever_looks_misses_nothing_that_is_made_meanwhile(database: Database) {
    let mut shop = Shop::open(&database).await;
    let reward = shop.make(hourly()).await;
    shop.end_session(at(5)).await;
    let one = shop.redeem_one("ana", reward.id).await;
    let now = at(10 + HOUR_MS);
    let work = shop.claim(1, now).await.remove(0);
    assert_eq!(shop.found(&work, now).await, [one.id]);
    shop.expire(&[one.id], now).await;

    // Made after whoever looks has found nothing more, and before they say that they are done.
    let other = shop.redeem_one("ben", reward.id).await;
    shop.store.finish_due(&work).await.unwrap();
    let next = shop.claim(2, now).await.remove(0);
    assert_eq!(next.attempts, 1);
    assert_eq!(shop.found(&work, now).await, [], "the lease is another's");
    assert_eq!(shop.found(&next, now).await, [other.id]);
}

async fn more_than_one_command_should_touch_is_found_in_parts(database: Database) {
    const MANY: usize = 105;

    let mut shop = Shop::open(&database).await;
    let reward = shop
        .make(Terms {
            cost: 1,
            ..hourly()
        })
        .await;
    let cheap = [("ana", 90), ("ben", 15)];
    for (name, count) in cheap {
        for _ in 0..count {
            shop.redeem_one(name, reward.id).await;
        }
    }
    shop.end_session(at(100)).await;
    let now = at(100 + HOUR_MS);
    let work = shop.claim(1, now).await.remove(0);
    let mut parts = Vec::new();
    loop {
        let found = shop.found(&work, now).await;
        if found.is_empty() {
            break;
        }
        assert_eq!(shop.expire(&found, now).await, 0);
        parts.push(found.len());
    }
    assert_eq!(parts, [100, MANY - 100]);
    assert_eq!(
        (shop.balance(0).await, shop.balance(1).await),
        ((100, 0), (100, 0))
    );
    shop.check_books().await;
}

/// As the migration leaves it: the room is due, and nobody knows since when its redemptions were made.
async fn what_was_open_before_there_was_an_expiry_is_looked_for(database: Database) {
    let mut shop = Shop::open(&database).await;
    let reward = shop.make(hourly()).await;
    shop.redeem_one("ana", reward.id).await;
    let migration = include_str!("../../migrations/0015_refunds_and_expiry.sql");
    let insert = migration.split("INSERT INTO").nth(1).unwrap();
    database.run(&format!("INSERT INTO {insert}")).await;

    let work = shop.claim(1, at(10)).await.remove(0);
    assert_eq!(shop.found(&work, at(10)).await, []);
    assert_eq!(shop.next().await, None);
    shop.end_session(at(20)).await;
    assert_eq!(shop.next().await, Some(at(20 + MINUTE_MS)));
}
