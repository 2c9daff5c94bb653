//! Opening disputes, and seeing to them.

use async_graphql::{Context, ID, InputObject, Object};
use parlor_domain::dispute::{self, Subject};
use parlor_domain::id::DisputeId;
use parlor_domain::invalid::Invalid;
use parlor_domain::room_aggregate::{
    DisputeHold, DisputeOpening, DisputeOutcome, DisputeResolution, DisputeWithdrawal,
};
use parlor_writer::{HoldDispute, OpenDispute, ResolveDispute, WithdrawDispute};

use super::{Dispute, Shown};
use crate::fault::Fault;
use crate::refusal::{Stop, results};
use crate::scalar::Int64;
use crate::submit::{named_room, submit_to};
use crate::{caller, global_id};

#[derive(Default)]
pub(crate) struct DisputeMutation;

#[Object]
impl DisputeMutation {
    /// Opens a dispute about a redemption of the caller's own or a line of their statement; about somebody else's it
    /// needs `POINTS_ADJUST`.
    async fn open_dispute(
        &self,
        context: &Context<'_>,
        input: OpenDisputeInput,
    ) -> Result<OpenDisputeResult, Fault> {
        OpenDisputeResult::of(open(context, input).await)
    }

    /// Has a dispute hold so many of the member's points, whatever it held before; all that there are if there are
    /// fewer, which `held` tells. Needs `POINTS_ADJUST`.
    async fn hold_dispute(
        &self,
        context: &Context<'_>,
        input: HoldDisputeInput,
    ) -> Result<HoldDisputeResult, Fault> {
        HoldDisputeResult::of(hold(context, input).await)
    }

    /// Ends a dispute, with points that are given or taken back, or with words alone. Needs `POINTS_ADJUST`.
    async fn resolve_dispute(
        &self,
        context: &Context<'_>,
        input: ResolveDisputeInput,
    ) -> Result<ResolveDisputeResult, Fault> {
        ResolveDisputeResult::of(resolve(context, input).await)
    }

    /// Takes a dispute back that the caller opened. While staff holds points for it, a member cannot.
    async fn withdraw_dispute(
        &self,
        context: &Context<'_>,
        input: WithdrawDisputeInput,
    ) -> Result<WithdrawDisputeResult, Fault> {
        WithdrawDisputeResult::of(withdraw(context, input).await)
    }
}

/// What is disputed: a redemption or a line, one of them.
#[derive(InputObject)]
pub(crate) struct OpenDisputeInput {
    /// Chosen by the caller, up to 200 bytes. The same key with the same content gets the first answer again;
    /// with other content it is refused.
    idempotency_key: String,
    room_id: ID,
    /// Whose it is; the caller's own unless given.
    participant_id: Option<ID>,
    redemption_id: Option<ID>,
    /// The line's `seq`. Of one about a redemption, that is disputed.
    transfer_seq: Option<Int64>,
    /// What is wrong, up to 1,000 bytes.
    reason: String,
}

/// How many points are held.
#[derive(InputObject)]
pub(crate) struct HoldDisputeInput {
    /// As of `openDispute`.
    idempotency_key: String,
    room_id: ID,
    dispute_id: ID,
    /// How many: 0, which lets go of all, to 1,000,000,000.
    points: Int64,
}

/// What a dispute comes to: points that are given back, points that are taken back, or neither.
#[derive(InputObject)]
pub(crate) struct ResolveDisputeInput {
    /// As of `openDispute`.
    idempotency_key: String,
    room_id: ID,
    dispute_id: ID,
    /// What the member reads, up to 1,000 bytes.
    resolution: String,
    /// How many points are given back to the member: at most what they lost by what is disputed, and has not come
    /// back.
    give_back: Option<Int64>,
    /// How many points are taken back from the member: first what the dispute holds, then what they can spend, and
    /// what is not there as a debt.
    claw_back: Option<Int64>,
    /// Whether staff found nothing wrong. Nothing is given or taken back then.
    #[graphql(default_with = "Some(false)")]
    is_dismissed: Option<bool>,
}

/// What is taken back.
#[derive(InputObject)]
pub(crate) struct WithdrawDisputeInput {
    /// As of `openDispute`.
    idempotency_key: String,
    room_id: ID,
    dispute_id: ID,
}

results! {
    OpenDisputeResult {
        Dispute, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    HoldDisputeResult {
        Dispute, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    ResolveDisputeResult {
        Dispute, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    WithdrawDisputeResult {
        Dispute, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
}

fn named_dispute(id: &ID) -> DisputeId {
    global_id::named(id, global_id::parse_dispute_id, DisputeId)
}

/// As staff sees it, for whoever has just decided.
fn shown(room_id: &ID, dispute: dispute::Dispute) -> Shown {
    Shown {
        room_id: named_room(room_id),
        dispute,
        sees_actors: true,
    }
}

async fn open(context: &Context<'_>, input: OpenDisputeInput) -> Result<Shown, Stop> {
    let (tenant_id, actor) = caller(context).principal.person()?;
    let subject = match (&input.redemption_id, input.transfer_seq) {
        (Some(id), None) => Subject::Redemption(global_id::named_redemption(id)),
        (None, Some(seq)) => Subject::Line(seq.0),
        (given, _) => {
            let found = given.as_ref().map_or("neither", |_| "both");
            let constraint = "given, or `transferSeq` in its place";
            return Err(Invalid::new("redemptionId", constraint, found).into());
        }
    };
    let participant_id = input.participant_id.as_ref();
    let participant_id = participant_id.map(global_id::named_participant);
    let opening =
        DisputeOpening::new(input.idempotency_key, participant_id, subject, input.reason)?;
    let command = OpenDispute::new(named_room(&input.room_id), actor, opening);

    let done = submit_to(context, tenant_id, &input.room_id, command).await?;
    Ok(shown(&input.room_id, done))
}

async fn hold(context: &Context<'_>, input: HoldDisputeInput) -> Result<Shown, Stop> {
    let (tenant_id, actor) = caller(context).principal.person()?;
    let id = named_dispute(&input.dispute_id);
    let hold = DisputeHold::new(input.idempotency_key, id, input.points.0)?;
    let command = HoldDispute::new(named_room(&input.room_id), actor, hold);

    let done = submit_to(context, tenant_id, &input.room_id, command).await?;
    Ok(shown(&input.room_id, done))
}

async fn resolve(context: &Context<'_>, input: ResolveDisputeInput) -> Result<Shown, Stop> {
    let (tenant_id, actor) = caller(context).principal.person()?;
    let is_dismissed = input.is_dismissed.unwrap_or_default();
    let outcome = match (input.give_back, input.claw_back, is_dismissed) {
        (None, None, true) => DisputeOutcome::Dismiss,
        (None, None, false) => DisputeOutcome::Settle,
        (Some(points), None, false) => DisputeOutcome::GiveBack(points.0),
        (None, Some(points), false) => DisputeOutcome::ClawBack(points.0),
        (Some(_), Some(_), _) | (Some(_), None, true) | (None, Some(_), true) => {
            let constraint = "given without `clawBack` and `isDismissed`";
            return Err(Invalid::new("giveBack", constraint, "several of them").into());
        }
    };
    let id = named_dispute(&input.dispute_id);
    let resolution = DisputeResolution::new(input.idempotency_key, id, outcome, input.resolution)?;
    let command = ResolveDispute::new(named_room(&input.room_id), actor, resolution);

    let done = submit_to(context, tenant_id, &input.room_id, command).await?;
    Ok(shown(&input.room_id, done))
}

async fn withdraw(context: &Context<'_>, input: WithdrawDisputeInput) -> Result<Shown, Stop> {
    let (tenant_id, actor) = caller(context).principal.person()?;
    let withdrawal =
        DisputeWithdrawal::new(input.idempotency_key, named_dispute(&input.dispute_id))?;
    let command = WithdrawDispute::new(named_room(&input.room_id), actor, withdrawal);

    let done = submit_to(context, tenant_id, &input.room_id, command).await?;
    Ok(shown(&input.room_id, done))
}
