//! Commands on rewards, and on what was redeemed.

use std::convert::Infallible;

use parlor_domain::id::{RedemptionId, RoomId};
use parlor_domain::reward::{Redemption, Reward, TermsChange};
use parlor_domain::room_aggregate::{
    Actor, AnswerKey, Fingerprint, MetadataRefusal, Order, RedeemRefusal, Refund, RefundRefusal,
    RewardDraft, RewardRefusal, RewardTarget, RoomAggregate, SettleRefusal, Settlement,
};
use parlor_domain::time::ServerTime;
use parlor_node::ids::Ids;
use parlor_store::RoomNeeds;

use super::Command;
use super::fingerprint::fingerprint;

/// Makes a reward.
pub struct CreateReward {
    actor: Actor,
    draft: RewardDraft,
    fingerprint: Fingerprint,
}

/// Changes or deletes a reward.
pub struct ChangeReward {
    pub actor: Actor,
    pub change: RewardChange,
}

/// What is done with a reward.
pub enum RewardChange {
    Update(RewardTarget, Box<TermsChange>),
    Delete(RewardTarget),
}

/// Redeems a reward.
pub struct Redeem {
    actor: Actor,
    order: Order,
    fingerprint: Fingerprint,
}

/// Fulfills or cancels what was redeemed.
pub struct Settle {
    pub actor: Actor,
    pub id: RedemptionId,
    pub settlement: Settlement,
}

/// Fulfills or cancels several redemptions, each for itself. Answers in their order.
pub struct SettleEach {
    pub actor: Actor,
    pub ids: Vec<RedemptionId>,
    pub settlement: Settlement,
}

/// Notes what the tenant's server keeps about a redemption.
pub struct SetMetadata {
    pub id: RedemptionId,
    pub metadata: Option<String>,
}

/// Gives points of a redemption back.
pub struct RefundRedemption {
    actor: Actor,
    refund: Refund,
    fingerprint: Fingerprint,
}

/// Expires redemptions that nobody has seen to, whose time is over at `due_at`. Answers how many are open.
pub(crate) struct ExpireRedemptions {
    pub(crate) ids: Vec<RedemptionId>,
    pub(crate) due_at: ServerTime,
}

impl CreateReward {
    /// A reward that `actor` makes in `room_id`.
    pub fn new(room_id: RoomId, actor: Actor, draft: RewardDraft) -> Self {
        Self {
            actor,
            fingerprint: fingerprint(room_id, &draft),
            draft,
        }
    }
}

impl RefundRedemption {
    /// A refund by `actor` in `room_id`.
    pub fn new(room_id: RoomId, actor: Actor, refund: Refund) -> Self {
        Self {
            actor,
            fingerprint: fingerprint(room_id, &refund),
            refund,
        }
    }
}

impl Redeem {
    /// An order by `actor` in `room_id`.
    pub fn new(room_id: RoomId, actor: Actor, order: Order) -> Self {
        Self {
            actor,
            fingerprint: fingerprint(room_id, &order),
            order,
        }
    }
}

impl Command for ChangeReward {
    type On = RoomAggregate;
    type Answer = Reward;
    type Refusal = RewardRefusal;
    const REPEATABLE: bool = false;

    fn add_needs(&self, needs: &mut RoomNeeds) {
        needs.people.actors.push(self.actor.viewer_id.clone());
        match &self.change {
            RewardChange::Update(target, _) | RewardChange::Delete(target) => {
                needs.rewards.rewards.push(target.id);
            }
        }
    }

    fn decide(
        &self,
        room: &mut RoomAggregate,
        ids: &mut Ids,
        now: ServerTime,
    ) -> Result<Reward, RewardRefusal> {
        match &self.change {
            RewardChange::Update(target, change) => {
                room.update_reward(&self.actor, *target, change, ids, now)
            }
            RewardChange::Delete(target) => room.delete_reward(&self.actor, *target, ids, now),
        }
    }
}

impl Command for Redeem {
    type On = RoomAggregate;
    type Answer = Redemption;
    type Refusal = RedeemRefusal;
    const REPEATABLE: bool = true;

    fn add_needs(&self, needs: &mut RoomNeeds) {
        let viewer_id = self.actor.viewer_id.clone();
        needs.people.actors.push(viewer_id.clone());
        needs.points.ledger = true;
        needs
            .rewards
            .orders
            .push((self.order.reward_id(), viewer_id));
        needs
            .answers
            .push(AnswerKey::of_order(&self.actor, &self.order));
    }

    fn decide(
        &self,
        room: &mut RoomAggregate,
        ids: &mut Ids,
        now: ServerTime,
    ) -> Result<Redemption, RedeemRefusal> {
        room.redeem(&self.actor, &self.order, self.fingerprint, ids, now)
    }
}

impl Command for Settle {
    type On = RoomAggregate;
    type Answer = Redemption;
    type Refusal = SettleRefusal;
    const REPEATABLE: bool = false;

    fn add_needs(&self, needs: &mut RoomNeeds) {
        needs.people.actors.push(self.actor.viewer_id.clone());
        needs.points.ledger = true;
        needs.rewards.redemptions.push(self.id);
    }

    fn decide(
        &self,
        room: &mut RoomAggregate,
        ids: &mut Ids,
        now: ServerTime,
    ) -> Result<Redemption, SettleRefusal> {
        room.settle_redemption(&self.actor, self.id, self.settlement, ids, now)
    }
}

impl Command for RefundRedemption {
    type On = RoomAggregate;
    type Answer = Redemption;
    type Refusal = RefundRefusal;
    const REPEATABLE: bool = true;

    fn add_needs(&self, needs: &mut RoomNeeds) {
        needs.people.actors.push(self.actor.viewer_id.clone());
        needs.points.ledger = true;
        needs.rewards.redemptions.push(self.refund.redemption_id());
        let key = AnswerKey::of_refund(&self.actor, &self.refund);
        needs.answers.push(key);
    }

    fn decide(
        &self,
        room: &mut RoomAggregate,
        ids: &mut Ids,
        now: ServerTime,
    ) -> Result<Redemption, RefundRefusal> {
        room.refund_redemption(&self.actor, &self.refund, self.fingerprint, ids, now)
    }
}

impl Command for ExpireRedemptions {
    type On = RoomAggregate;
    type Answer = usize;
    type Refusal = Infallible;
    const REPEATABLE: bool = true;

    fn weight(&self) -> usize {
        self.ids.len().max(1)
    }

    fn add_needs(&self, needs: &mut RoomNeeds) {
        needs.points.ledger = true;
        needs.rewards.redemptions.extend(&self.ids);
    }

    fn decide(
        &self,
        room: &mut RoomAggregate,
        ids: &mut Ids,
        now: ServerTime,
    ) -> Result<usize, Infallible> {
        Ok(room.expire_redemptions(&self.ids, ids, now.max(self.due_at)))
    }
}

impl Command for CreateReward {
    type On = RoomAggregate;
    type Answer = Reward;
    type Refusal = RewardRefusal;
    const REPEATABLE: bool = true;

    fn add_needs(&self, needs: &mut RoomNeeds) {
        needs.people.actors.push(self.actor.viewer_id.clone());
        let key = AnswerKey::of_reward(&self.actor, &self.draft);
        needs.answers.push(key);
    }

    fn decide(
        &self,
        room: &mut RoomAggregate,
        ids: &mut Ids,
        now: ServerTime,
    ) -> Result<Reward, RewardRefusal> {
        room.create_reward(&self.actor, &self.draft, self.fingerprint, ids, now)
    }
}

impl Command for SettleEach {
    type On = RoomAggregate;
    type Answer = Vec<Result<Redemption, SettleRefusal>>;
    type Refusal = Infallible;
    const REPEATABLE: bool = false;

    fn weight(&self) -> usize {
        self.ids.len().max(1)
    }

    fn add_needs(&self, needs: &mut RoomNeeds) {
        needs.people.actors.push(self.actor.viewer_id.clone());
        needs.points.ledger = true;
        needs.rewards.redemptions.extend(&self.ids);
    }

    fn decide(
        &self,
        room: &mut RoomAggregate,
        ids: &mut Ids,
        now: ServerTime,
    ) -> Result<Self::Answer, Infallible> {
        let settle =
            |id: &RedemptionId| room.settle_redemption(&self.actor, *id, self.settlement, ids, now);

        Ok(self.ids.iter().map(settle).collect())
    }
}

impl Command for SetMetadata {
    type On = RoomAggregate;
    type Answer = Redemption;
    type Refusal = MetadataRefusal;
    const REPEATABLE: bool = true;

    fn add_needs(&self, needs: &mut RoomNeeds) {
        needs.rewards.redemptions.push(self.id);
    }

    fn decide(
        &self,
        room: &mut RoomAggregate,
        _ids: &mut Ids,
        _now: ServerTime,
    ) -> Result<Redemption, MetadataRefusal> {
        room.set_redemption_metadata(self.id, self.metadata.clone())
    }
}
