//! Making rewards, redeeming them, and seeing to what was redeemed.

use async_graphql::{Context, ID, Object, SimpleObject};
use parlor_domain::id::RewardId;
use parlor_domain::invalid::check_range;
use parlor_domain::reward::{self, check_metadata};
use parlor_domain::room_aggregate::{Order, Refund, RewardDraft, RewardTarget, Settlement};
use parlor_writer::{
    ChangeReward, CreateReward, Redeem, RefundRedemption, RewardChange, SetMetadata, Settle,
    SettleEach,
};

use super::input::{
    CreateRewardInput, DeleteRewardInput, RedeemRewardInput, RefundRedemptionInput,
    SetRedemptionMetadataInput, SettleRedemptionInput, SettleRedemptionsInput, UpdateRewardInput,
};
use super::{Redemption, Reward};
use crate::fault::Fault;
use crate::refusal::{Stop, results};
use crate::submit::{named_room, submit, submit_to};
use crate::{caller, global_id};

/// The most redemptions that are seen to by one request: two pages of a queue, decided in one batch.
const SETTLED_MAX: i64 = 100;

/// How one of several redemptions was settled.
type Settled = Result<reward::Redemption, Stop>;

/// What became of each redemption, in the order they were named.
#[derive(SimpleObject)]
pub(crate) struct FulfilledRedemptions {
    results: Vec<FulfillRedemptionResult>,
}

/// What became of each redemption, in the order they were named.
#[derive(SimpleObject)]
pub(crate) struct CanceledRedemptions {
    results: Vec<CancelRedemptionResult>,
}

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
        CreateRewardResult::of(create_reward(context, input).await)
    }

    /// Changes a reward. What was redeemed before keeps its title and its cost. Needs `REWARD_MANAGE`.
    async fn update_reward(
        &self,
        context: &Context<'_>,
        input: UpdateRewardInput,
    ) -> Result<UpdateRewardResult, Fault> {
        let room_id = input.room_id.clone();
        let target = target(&input.reward_id, input.version);
        let change = RewardChange::Update(target, Box::new(input.into_change()));
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

    /// Fulfills up to 100 redemptions, each as `fulfillRedemption` does and answered for itself, in their order.
    async fn fulfill_redemptions(
        &self,
        context: &Context<'_>,
        input: SettleRedemptionsInput,
    ) -> Result<FulfillRedemptionsResult, Fault> {
        let settled = settle_each(context, &input, Settlement::Fulfill).await;
        let each = |settled: Vec<Settled>| -> Result<FulfilledRedemptions, Fault> {
            let results = settled.into_iter().map(FulfillRedemptionResult::of);
            let results = results.collect::<Result<_, _>>()?;
            Ok(FulfilledRedemptions { results })
        };
        FulfillRedemptionsResult::of(settled.and_then(|settled| Ok(each(settled)?)))
    }

    /// Cancels up to 100 redemptions, each as `cancelRedemption` does and answered for itself, in their order.
    async fn cancel_redemptions(
        &self,
        context: &Context<'_>,
        input: SettleRedemptionsInput,
    ) -> Result<CancelRedemptionsResult, Fault> {
        let settled = settle_each(context, &input, Settlement::Cancel).await;
        let each = |settled: Vec<Settled>| -> Result<CanceledRedemptions, Fault> {
            let results = settled.into_iter().map(CancelRedemptionResult::of);
            let results = results.collect::<Result<_, _>>()?;
            Ok(CanceledRedemptions { results })
        };
        CancelRedemptionsResult::of(settled.and_then(|settled| Ok(each(settled)?)))
    }

    /// Notes what the tenant's own server keeps about a redemption. For the tenant's staff.
    async fn set_redemption_metadata(
        &self,
        context: &Context<'_>,
        input: SetRedemptionMetadataInput,
    ) -> Result<SetRedemptionMetadataResult, Fault> {
        SetRedemptionMetadataResult::of(set_metadata(context, input).await)
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
    FulfillRedemptionsResult {
        FulfilledRedemptions, Validation ValidationError, NotFound NotFoundError, Auth AuthError;
        never Conflict
    }
    CancelRedemptionsResult {
        CanceledRedemptions, Validation ValidationError, NotFound NotFoundError, Auth AuthError;
        never Conflict
    }
    SetRedemptionMetadataResult {
        Redemption, Validation ValidationError, NotFound NotFoundError, Auth AuthError; never Conflict
    }
    RefundRedemptionResult {
        Redemption, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
}

fn named_reward(id: &ID) -> RewardId {
    global_id::named(id, global_id::parse_reward_id, RewardId)
}

fn target(id: &ID, version: i32) -> RewardTarget {
    let id = named_reward(id);
    RewardTarget { id, version }
}

async fn create_reward(
    context: &Context<'_>,
    input: CreateRewardInput,
) -> Result<reward::Reward, Stop> {
    let (tenant_id, actor) = caller(context).principal.person()?;
    let (room_id, key) = (input.room_id.clone(), input.idempotency_key.clone());
    let draft = RewardDraft::new(key, input.into_terms())?;
    let command = CreateReward::new(named_room(&room_id), actor, draft);

    submit_to(context, tenant_id, &room_id, command).await
}

async fn change_reward(
    context: &Context<'_>,
    room_id: &ID,
    change: RewardChange,
) -> Result<reward::Reward, Stop> {
    let (tenant_id, actor) = caller(context).principal.person()?;
    let command = ChangeReward { actor, change };

    submit_to(context, tenant_id, room_id, command).await
}

async fn redeem(
    context: &Context<'_>,
    input: RedeemRewardInput,
) -> Result<reward::Redemption, Stop> {
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
) -> Result<reward::Redemption, Stop> {
    let (tenant_id, actor) = caller(context).principal.person()?;
    let command = Settle {
        actor,
        id: global_id::named_redemption(&input.redemption_id),
        settlement,
    };

    submit_to(context, tenant_id, &input.room_id, command).await
}

async fn refund(
    context: &Context<'_>,
    input: RefundRedemptionInput,
) -> Result<reward::Redemption, Stop> {
    let (tenant_id, actor) = caller(context).principal.person()?;
    let refund = Refund::new(
        input.idempotency_key,
        global_id::named_redemption(&input.redemption_id),
        input.points.map(|points| points.0),
        input.reason,
    )?;
    let command = RefundRedemption::new(named_room(&input.room_id), actor, refund);

    submit_to(context, tenant_id, &input.room_id, command).await
}

async fn settle_each(
    context: &Context<'_>,
    input: &SettleRedemptionsInput,
    settlement: Settlement,
) -> Result<Vec<Settled>, Stop> {
    let (tenant_id, actor) = caller(context).principal.person()?;
    let (room_id, ids) = (&input.room_id, &input.redemption_ids);
    let count = i64::try_from(ids.len()).unwrap_or(i64::MAX);
    check_range("redemptionIds", count, 1, SETTLED_MAX)?;
    let command = SettleEach {
        actor,
        ids: ids.iter().map(global_id::named_redemption).collect(),
        settlement,
    };
    let settled = submit_to(context, tenant_id, room_id, command).await?;

    let stop = |refusal| Stop::of_refusal(refusal, room_id);
    Ok(settled.into_iter().map(|one| one.map_err(stop)).collect())
}

async fn set_metadata(
    context: &Context<'_>,
    input: SetRedemptionMetadataInput,
) -> Result<reward::Redemption, Stop> {
    let id = global_id::named_redemption(&input.redemption_id);
    submit(context, &input.room_id, |_| {
        let metadata = input.metadata;
        metadata.as_deref().map_or(Ok(()), check_metadata)?;
        Ok(SetMetadata { id, metadata })
    })
    .await
}
