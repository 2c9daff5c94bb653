//! Making rewards, redeeming them, and seeing to what was redeemed.

use async_graphql::{Context, ID, Object};
use parlor_domain::id::{RedemptionId, RewardId};
use parlor_domain::room_aggregate::{Order, Refund, RewardTarget, Settlement};
use parlor_writer::{ChangeReward, Redeem, RefundRedemption, RewardChange, Settle};

use super::input::{
    CreateRewardInput, DeleteRewardInput, RedeemRewardInput, RefundRedemptionInput,
    SettleRedemptionInput, UpdateRewardInput,
};
use super::{Redemption, Reward};
use crate::fault::Fault;
use crate::refusal::{Stop, results};
use crate::submit::{named_room, submit_to};
use crate::{caller, global_id};

#[derive(Default)]
pub(crate) struct RewardMutation;

#[Object]
impl RewardMutation {
    /// Makes a reward. Needs `REWARD_MANAGE`.
    async fn create_reward(
        &self,
        context: &Context<'_>,
        input: CreateRewardInput,
    ) -> Result<CreateRewardResult, Fault> {
        let room_id = input.room_id.clone();
        let change = RewardChange::Create(input.into_terms());
        CreateRewardResult::of(change_reward(context, &room_id, change).await)
    }

    /// Changes a reward. What was redeemed before keeps its title and its cost. Needs `REWARD_MANAGE`.
    async fn update_reward(
        &self,
        context: &Context<'_>,
        input: UpdateRewardInput,
    ) -> Result<UpdateRewardResult, Fault> {
        let room_id = input.room_id.clone();
        let target = target(&input.reward_id, input.version);
        let change = RewardChange::Update(target, input.into_change());
        UpdateRewardResult::of(change_reward(context, &room_id, change).await)
    }

    /// Deletes a reward. What was redeemed and is not seen to yet stays in the queue. Needs `REWARD_MANAGE`.
    async fn delete_reward(
        &self,
        context: &Context<'_>,
        input: DeleteRewardInput,
    ) -> Result<DeleteRewardResult, Fault> {
        let change = RewardChange::Delete(target(&input.reward_id, input.version));
        DeleteRewardResult::of(change_reward(context, &input.room_id, change).await)
    }

    /// Redeems a reward for the caller: holds what it costs until somebody fulfills or cancels it, or spends it
    /// at once if the reward fulfills itself.
    async fn redeem_reward(
        &self,
        context: &Context<'_>,
        input: RedeemRewardInput,
    ) -> Result<RedeemRewardResult, Fault> {
        RedeemRewardResult::of(redeem(context, input).await)
    }

    /// Spends the points of a redemption, which was seen to. Needs `REDEMPTION_MANAGE`.
    async fn fulfill_redemption(
        &self,
        context: &Context<'_>,
        input: SettleRedemptionInput,
    ) -> Result<FulfillRedemptionResult, Fault> {
        FulfillRedemptionResult::of(settle(context, &input, Settlement::Fulfill).await)
    }

    /// Gives the points of a redemption back, and the place that it took in the reward's limits. Needs
    /// `REDEMPTION_MANAGE`.
    async fn cancel_redemption(
        &self,
        context: &Context<'_>,
        input: SettleRedemptionInput,
    ) -> Result<CancelRedemptionResult, Fault> {
        CancelRedemptionResult::of(settle(context, &input, Settlement::Cancel).await)
    }

    /// Gives back points of a redemption that was fulfilled: all that is left, or some, and never more than it
    /// cost. Needs `REDEMPTION_MANAGE`.
    async fn refund_redemption(
        &self,
        context: &Context<'_>,
        input: RefundRedemptionInput,
    ) -> Result<RefundRedemptionResult, Fault> {
        RefundRedemptionResult::of(refund(context, input).await)
    }
}

results! {
    CreateRewardResult {
        Reward, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    UpdateRewardResult {
        Reward, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    DeleteRewardResult {
        Reward, NotFound NotFoundError, Auth AuthError, Conflict ConflictError; never Validation
    }
    RedeemRewardResult {
        Redemption, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    FulfillRedemptionResult {
        Redemption, NotFound NotFoundError, Auth AuthError, Conflict ConflictError; never Validation
    }
    CancelRedemptionResult {
        Redemption, NotFound NotFoundError, Auth AuthError, Conflict ConflictError; never Validation
    }
    RefundRedemptionResult {
        Redemption, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
}

fn named_redemption(id: &ID) -> RedemptionId {
    global_id::named(id, global_id::parse_redemption_id, RedemptionId)
}

fn named_reward(id: &ID) -> RewardId {
    global_id::named(id, global_id::parse_reward_id, RewardId)
}

fn target(id: &ID, version: i32) -> RewardTarget {
    let id = named_reward(id);
    RewardTarget { id, version }
}

async fn change_reward(
    context: &Context<'_>,
    room_id: &ID,
    change: RewardChange,
) -> Result<parlor_domain::reward::Reward, Stop> {
    let (tenant_id, actor) = caller(context).principal.person()?;
    let command = ChangeReward { actor, change };

    submit_to(context, tenant_id, room_id, command).await
}

async fn redeem(
    context: &Context<'_>,
    input: RedeemRewardInput,
) -> Result<parlor_domain::reward::Redemption, Stop> {
    let (tenant_id, actor) = caller(context).principal.person()?;
    let order = Order::new(
        input.idempotency_key,
        named_reward(&input.reward_id),
        input.cost.map(|cost| cost.0),
        input.input,
    )?;
    let command = Redeem::new(named_room(&input.room_id), actor, order);

    submit_to(context, tenant_id, &input.room_id, command).await
}

async fn settle(
    context: &Context<'_>,
    input: &SettleRedemptionInput,
    settlement: Settlement,
) -> Result<parlor_domain::reward::Redemption, Stop> {
    let (tenant_id, actor) = caller(context).principal.person()?;
    let command = Settle {
        actor,
        id: named_redemption(&input.redemption_id),
        settlement,
    };

    submit_to(context, tenant_id, &input.room_id, command).await
}

async fn refund(
    context: &Context<'_>,
    input: RefundRedemptionInput,
) -> Result<parlor_domain::reward::Redemption, Stop> {
    let (tenant_id, actor) = caller(context).principal.person()?;
    let refund = Refund::new(
        input.idempotency_key,
        named_redemption(&input.redemption_id),
        input.points.map(|points| points.0),
        input.reason,
    )?;
    let command = RefundRedemption::new(named_room(&input.room_id), actor, refund);

    submit_to(context, tenant_id, &input.room_id, command).await
}
