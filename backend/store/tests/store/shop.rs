//! A room that sells for points, as tests act on it.

use std::collections::BTreeMap;

use parlor_domain::id::{IdSource, RewardId, RoomId, TenantId, ViewerId};
use parlor_domain::points::MemberNumber;
use parlor_domain::reward::{
    Availability, EXPIRES_AFTER_MS_DEFAULT, Limits, Redemption, Restores, Reward, RewardInput,
    Terms,
};
use parlor_domain::room_aggregate::{
    Actor, Adjustment, AdjustmentKind, AnswerKey, Order, RedeemRefusal, Refund, RefundRefusal,
    RewardDraft, RoomAggregate, SettleRefusal, Settlement,
};
use parlor_store::{PageRequest, RedemptionsFilter, RoomNeeds, Store};

use crate::harness::Database;
use crate::scene::{SeededIds, at, live_room, tenant};

pub(crate) struct Shop {
    pub(crate) store: Store,
    pub(crate) ids: SeededIds,
    pub(crate) tenant_id: TenantId,
    pub(crate) room_id: RoomId,
}

pub(crate) fn actor(name: &str) -> Actor {
    Actor {
        viewer_id: ViewerId::parse(name).unwrap(),
        is_staff: name == "staff",
    }
}

pub(crate) fn terms(cost: i64) -> Terms {
    Terms {
        title: "Hydrate".to_owned(),
        prompt: Some("Have me take a sip".to_owned()),
        cost,
        input: RewardInput::Text { pattern: None },
        color: Some("#3366ff".to_owned()),
        icon: None,
        is_enabled: true,
        is_paused: false,
        auto_fulfills: false,
        redeemable_offline: false,
        membership_tier_min: None,
        limits: Limits::default(),
        refund_restores: Restores::default(),
        expires_after_ms: EXPIRES_AFTER_MS_DEFAULT,
        availability: Availability {
            title_contains: Some("room".to_owned()),
            ..Availability::default()
        },
        is_announced: true,
        shows_input: false,
        draw: None,
    }
}

/// What one order needs, and how it is decided.
pub(crate) struct Asked {
    pub(crate) key: String,
    pub(crate) name: &'static str,
    pub(crate) reward_id: RewardId,
}

impl Asked {
    fn order(&self) -> Order {
        let input = Some("a sip 🎉".to_owned());
        Order::new(self.key.clone(), self.reward_id, None, input).unwrap()
    }
}

impl Shop {
    /// A live room whose members `ana` and `ben` have 100 points each.
    pub(crate) async fn open(database: &Database) -> Self {
        let (store, mut ids) = (database.open().await, SeededIds::new(1));
        let tenant_id = tenant(&store, &mut ids).await;
        Self::open_in(store, tenant_id, ids, "room").await
    }

    /// Another one of the same tenant.
    pub(crate) async fn beside(&self) -> Self {
        let (store, ids) = (self.store.clone(), SeededIds::new(2));
        Self::open_in(store, self.tenant_id, ids, "beside").await
    }

    async fn open_in(store: Store, tenant_id: TenantId, mut ids: SeededIds, slug: &str) -> Self {
        let room_id = live_room(&store, slug, tenant_id, &mut ids).await;
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
            let (key, reason) = (format!("grant {name} in {slug}"), "to begin".to_owned());
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
    pub(crate) async fn write<T>(
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

    pub(crate) async fn make(&mut self, terms: Terms) -> Reward {
        let key = self.ids.next_id().to_string();
        let draft = RewardDraft::new(key, terms).unwrap();
        self.make_from(&draft).await
    }

    pub(crate) async fn make_from(&mut self, draft: &RewardDraft) -> Reward {
        let needs = |needs: &mut RoomNeeds| {
            needs.people.actors.push(actor("staff").viewer_id);
            let key = AnswerKey::of_reward(&actor("staff"), draft);
            needs.answers.push(key);
        };
        let made = self.write(needs, |room, ids| {
            room.create_reward(&actor("staff"), draft, [3; 32], ids, at(4))
        });
        made.await.unwrap()
    }

    /// All orders in one batch.
    pub(crate) async fn redeem(
        &mut self,
        asked: &[Asked],
    ) -> Vec<Result<Redemption, RedeemRefusal>> {
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

    pub(crate) async fn redeem_one(
        &mut self,
        name: &'static str,
        reward_id: RewardId,
    ) -> Redemption {
        let key = self.ids.next_id().to_string();
        let asked = Asked {
            key,
            name,
            reward_id,
        };
        let mut redeemed = self.redeem(&[asked]).await;
        redeemed.remove(0).unwrap()
    }

    pub(crate) async fn settle(
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

    /// Gives points of a redemption back, or all that are left.
    pub(crate) async fn refund(
        &mut self,
        redemption: &Redemption,
        points: Option<i64>,
    ) -> Result<Redemption, RefundRefusal> {
        let (id, key) = (redemption.id, self.ids.next_id().to_string());
        let refund = Refund::new(key, id, points, "oops".to_owned()).unwrap();
        let needs = |needs: &mut RoomNeeds| {
            needs.people.actors.push(actor("staff").viewer_id);
            needs.points.ledger = true;
            needs.rewards.redemptions.push(id);
            let key = AnswerKey::of_refund(&actor("staff"), &refund);
            needs.answers.push(key);
        };
        let decide = |room: &mut RoomAggregate, ids: &mut SeededIds| {
            room.refund_redemption(&actor("staff"), &refund, [2; 32], ids, at(30))
        };
        self.write(needs, decide).await
    }

    /// What a member has, and what of it is held.
    pub(crate) async fn balance(&self, member: u32) -> (i64, i64) {
        let member = MemberNumber(member);
        let balance = self.store.balance(self.tenant_id, self.room_id, member);
        let balance = balance.await.unwrap();
        (balance.points, balance.held)
    }

    pub(crate) async fn check_books(&self) {
        let none = BTreeMap::new();
        let verified = self.store.verify_books(self.tenant_id, self.room_id, &none);
        verified.await.unwrap().unwrap();
    }

    /// What is said of the books, which are not sound.
    pub(crate) async fn unsound(&self) -> String {
        let none = BTreeMap::new();
        let verified = self.store.verify_books(self.tenant_id, self.room_id, &none);
        verified.await.unwrap().unwrap_err().to_string()
    }

    pub(crate) async fn list(&self, filter: RedemptionsFilter) -> Vec<Redemption> {
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
