//! Rewards on disk: what is sold, what was bought, and what it holds.

use std::collections::BTreeMap;

use parlor_domain::id::{IdSource, RewardId, RoomId, TenantId, ViewerId};
use parlor_domain::points::MemberNumber;
use parlor_domain::reward::{
    Limits, Redemption, RedemptionStatus, Reward, RewardInput, Terms, TermsChange,
};
use parlor_domain::room_aggregate::{
    Actor, Adjustment, AdjustmentKind, AnswerKey, Order, RedeemRefusal, RewardTarget,
    RoomAggregate, SettleRefusal, Settlement,
};
use parlor_store::{PageRequest, RedemptionsFilter, RoomNeeds, Store};

use crate::harness::{Database, on_both_engines};
use crate::scene::{SeededIds, at, live_room, tenant};

on_both_engines! {
    what_is_redeemed_is_held_settled_and_proven,
    limits_hold_from_batch_to_batch_and_within_one,
    the_first_answer_is_given_again_after_a_restart,
    a_queue_is_read_by_status_and_by_member,
    rewards_are_changed_deleted_and_listed,
    a_redemption_that_is_not_what_was_paid_for_is_named,
}

struct Shop {
    store: Store,
    ids: SeededIds,
    tenant_id: TenantId,
    room_id: RoomId,
}

fn actor(name: &str) -> Actor {
    Actor {
        viewer_id: ViewerId::parse(name).unwrap(),
        is_staff: name == "staff",
    }
}

fn terms(cost: i64) -> Terms {
    Terms {
        title: "Hydrate".to_owned(),
        prompt: Some("Have me take a sip".to_owned()),
        cost,
        input: RewardInput::Text { pattern: None },
        color: Some("#3366ff".to_owned()),
        is_enabled: true,
        is_paused: false,
        auto_fulfills: false,
        redeemable_offline: false,
        limits: Limits::default(),
    }
}

/// What one order needs, and how it is decided.
struct Asked {
    key: String,
    name: &'static str,
    reward_id: RewardId,
}

impl Asked {
    fn order(&self) -> Order {
        let input = Some("a sip 🎉".to_owned());
        Order::new(self.key.clone(), self.reward_id, None, input).unwrap()
    }
}

impl Shop {
    /// A live room whose members `ana` and `ben` have 100 points each.
    async fn open(database: &Database) -> Self {
        let (store, mut ids) = (database.open().await, SeededIds::new(1));
        let tenant_id = tenant(&store, &mut ids).await;
        let room_id = live_room(&store, "room", tenant_id, &mut ids).await;
        let mut shop = Self {
            store,
            ids,
            tenant_id,
            room_id,
        };
        for name in ["ana", "ben"] {
            let viewer_id = actor(name).viewer_id;
            let needs = |needs: &mut RoomNeeds| needs.people.actors.push(viewer_id.clone());
            let joined = shop.write(needs, |room, ids| {
                room.join(&actor("staff"), &viewer_id, name, ids, at(2))
                    .unwrap()
            });
            let id = joined.await.id;
            let (key, reason) = (format!("grant {name}"), "to begin".to_owned());
            let adjustment = Adjustment::new(key, id, AdjustmentKind::Grant, 100, reason).unwrap();
            let needs = |needs: &mut RoomNeeds| {
                needs.people.participants.push(id);
                needs.people.actors.push(actor("staff").viewer_id);
                needs.points.ledger = true;
                needs.points.members.push(id);
                let key = AnswerKey::of_adjustment(&actor("staff"), &adjustment);
                needs.answers.push(key);
            };
            shop.write(needs, |room, ids| {
                room.adjust_points(&actor("staff"), &adjustment, [0; 32], ids, at(3))
                    .unwrap()
            })
            .await;
        }
        shop
    }

    /// Has `decide` done in a batch of its own, with what `needs` asks for.
    async fn write<T>(
        &mut self,
        needs: impl Fn(&mut RoomNeeds),
        decide: impl FnOnce(&mut RoomAggregate, &mut SeededIds) -> T,
    ) -> T {
        let mut needed = RoomNeeds::new(self.tenant_id, self.room_id);
        needs(&mut needed);
        let mut batch = self.store.begin(&[needed]).await.unwrap();
        let room = batch.room(self.tenant_id, self.room_id).unwrap();
        let answer = decide(room, &mut self.ids);
        batch.commit().await.unwrap();
        answer
    }

    async fn make(&mut self, terms: Terms) -> Reward {
        let needs = |needs: &mut RoomNeeds| needs.people.actors.push(actor("staff").viewer_id);
        let made = self.write(needs, |room, ids| {
            room.create_reward(&actor("staff"), terms, ids, at(4))
        });
        made.await.unwrap()
    }

    /// All orders in one batch.
    async fn redeem(&mut self, asked: &[Asked]) -> Vec<Result<Redemption, RedeemRefusal>> {
        let needs = |needs: &mut RoomNeeds| {
            for one in asked {
                let who = actor(one.name);
                needs.people.actors.push(who.viewer_id.clone());
                needs.points.ledger = true;
                needs
                    .rewards
                    .orders
                    .push((one.reward_id, who.viewer_id.clone()));
                needs.answers.push(AnswerKey::of_order(&who, &one.order()));
            }
        };
        let decide = |room: &mut RoomAggregate, ids: &mut SeededIds| {
            asked
                .iter()
                .map(|one| room.redeem(&actor(one.name), &one.order(), [1; 32], ids, at(10)))
                .collect()
        };
        self.write(needs, decide).await
    }

    async fn redeem_one(&mut self, name: &'static str, reward_id: RewardId) -> Redemption {
        let key = self.ids.next_id().to_string();
        let asked = Asked {
            key,
            name,
            reward_id,
        };
        let mut redeemed = self.redeem(&[asked]).await;
        redeemed.remove(0).unwrap()
    }

    async fn settle(
        &mut self,
        redemption: &Redemption,
        settlement: Settlement,
    ) -> Result<Redemption, SettleRefusal> {
        let id = redemption.id;
        let needs = |needs: &mut RoomNeeds| {
            needs.people.actors.push(actor("staff").viewer_id);
            needs.points.ledger = true;
            needs.rewards.redemptions.push(id);
        };
        let decide = |room: &mut RoomAggregate, ids: &mut SeededIds| {
            room.settle_redemption(&actor("staff"), id, settlement, ids, at(20))
        };
        self.write(needs, decide).await
    }

    /// What a member has, and what of it is held.
    async fn balance(&self, member: u32) -> (i64, i64) {
        let member = MemberNumber(member);
        let balance = self.store.balance(self.tenant_id, self.room_id, member);
        let balance = balance.await.unwrap();
        (balance.points, balance.held)
    }

    async fn check_books(&self) {
        let none = BTreeMap::new();
        let verified = self.store.verify_books(self.tenant_id, self.room_id, &none);
        verified.await.unwrap().unwrap();
    }

    /// What is said of the books, which are not sound.
    async fn unsound(&self) -> String {
        let none = BTreeMap::new();
        let verified = self.store.verify_books(self.tenant_id, self.room_id, &none);
        verified.await.unwrap().unwrap_err().to_string()
    }

    async fn list(&self, filter: RedemptionsFilter) -> Vec<Redemption> {
        let page = PageRequest {
            limit: 50,
            ..PageRequest::default()
        };
        let found = self
            .store
            .redemptions_page(self.tenant_id, self.room_id, filter, page);
        let found = found.await.unwrap();
        assert_eq!(found.total_count, i64::try_from(found.items.len()).unwrap());
        found.items
    }
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
    let first = shop.redeem(&asked()).await;
    shop.settle(first[0].as_ref().unwrap(), Settlement::Cancel)
        .await
        .unwrap();
    shop.store.close().await;

    shop.store = database.open().await;
    assert_eq!(shop.redeem(&asked()).await, first);
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

    assert_eq!(shop.list(RedemptionsFilter::All).await, made);
    let open = RedemptionsFilter::Status(RedemptionStatus::Unfulfilled);
    assert_eq!(shop.list(open).await, made[1..]);
    let of_ben = RedemptionsFilter::Of(MemberNumber(1));
    assert_eq!(shop.list(of_ben).await, made[1..2]);
    let canceled = RedemptionsFilter::Status(RedemptionStatus::Canceled);
    assert_eq!(shop.list(canceled).await, []);
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
    let changed = shop.write(needs, |room, _| {
        room.delete_reward(&actor("staff"), target(&deleted), at(5))
            .unwrap();
        room.update_reward(&actor("staff"), target(&kept), &change, at(5))
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
