//! Moving points by hand.

use async_graphql::{Context, ID, InputObject, Object};
use parlor_domain::points::{ClawedBack, StatementLine};
use parlor_domain::room_aggregate::{AdjustPointsRefusal, Adjustment, AdjustmentKind, Clawback};
use parlor_writer::{AdjustPoints, ClawBackPoints};

use super::{Line, PointsClawback, PointsTransfer};
use crate::fault::Fault;
use crate::refusal::{Refusal, Stop, results};
use crate::scalar::Int64;
use crate::submit::{named_room, submit_to};
use crate::{caller, global_id};

#[derive(Default)]
pub(crate) struct PointsMutation;

#[Object]
impl PointsMutation {
    /// Gives a participant points, from the room's mint. Needs `POINTS_ADJUST`.
    async fn grant_points(
        &self,
        context: &Context<'_>,
        input: PointsInput,
    ) -> Result<GrantPointsResult, Fault> {
        GrantPointsResult::of(adjust(context, input, AdjustmentKind::Grant).await)
    }

    /// Takes points from a participant, at most what they can spend. Needs `POINTS_ADJUST`.
    async fn charge_points(
        &self,
        context: &Context<'_>,
        input: PointsInput,
    ) -> Result<ChargePointsResult, Fault> {
        ChargePointsResult::of(adjust(context, input, AdjustmentKind::Charge).await)
    }

    /// Takes points back from a participant: what they can spend at once, and the rest as a debt that whatever comes
    /// to them pays first. Nothing that is held is taken. Needs `POINTS_ADJUST`.
    async fn claw_back_points(
        &self,
        context: &Context<'_>,
        input: PointsInput,
    ) -> Result<ClawBackPointsResult, Fault> {
        ClawBackPointsResult::of(claw_back(context, input).await)
    }
}

/// Points to be granted, charged or taken back.
#[derive(InputObject)]
pub(crate) struct PointsInput {
    /// Chosen by the caller, up to 200 bytes. The same key with the same content gets the first answer again,
    /// so that a request may be repeated; with other content it is refused.
    idempotency_key: String,
    room_id: ID,
    participant_id: ID,
    /// How many: 1 to 1,000,000,000.
    points: Int64,
    /// What the participant reads in their statement, up to 200 bytes.
    reason: String,
}

results! {
    GrantPointsResult {
        PointsTransfer, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    ChargePointsResult {
        PointsTransfer, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    ClawBackPointsResult {
        PointsClawback, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
}

async fn claw_back(context: &Context<'_>, input: PointsInput) -> Result<ClawedBack, Stop> {
    let (tenant_id, actor) = caller(context).principal.person()?;
    let participant_id = global_id::named_participant(&input.participant_id);
    let clawback = Clawback::new(
        input.idempotency_key,
        participant_id,
        input.points.0,
        input.reason,
    )?;
    let command = ClawBackPoints::new(named_room(&input.room_id), actor, clawback);

    submit_to(context, tenant_id, &input.room_id, command).await
}

async fn adjust(
    context: &Context<'_>,
    input: PointsInput,
    kind: AdjustmentKind,
) -> Result<Line, Stop> {
    let (tenant_id, actor) = caller(context).principal.person()?;
    let participant_id = global_id::named_participant(&input.participant_id);
    let adjustment = Adjustment::new(
        input.idempotency_key,
        participant_id,
        kind,
        input.points.0,
        input.reason,
    )?;
    let room_id = named_room(&input.room_id);
    let command = AdjustPoints::new(room_id, actor, adjustment);
    let transfer = submit_to(context, tenant_id, &input.room_id, command).await?;

    Ok(Line {
        line: StatementLine::Transfer(Box::new(transfer)),
        sees_actors: true,
    })
}

impl From<AdjustPointsRefusal> for Refusal {
    fn from(refusal: AdjustPointsRefusal) -> Self {
        let code = match refusal {
            AdjustPointsRefusal::Act(refusal) => return refusal.into(),
            AdjustPointsRefusal::Target(refusal) => return refusal.into(),
            AdjustPointsRefusal::OnOneself => return Self::auth("ON_ONESELF", refusal),
            AdjustPointsRefusal::Outranked => return Self::auth("OUTRANKED", refusal),
            AdjustPointsRefusal::KeyReused(_) => "KEY_REUSED",
            AdjustPointsRefusal::InsufficientPoints { .. } => "INSUFFICIENT_POINTS",
            AdjustPointsRefusal::TotalsFull => "TOTALS_FULL",
            AdjustPointsRefusal::DebtLimit { .. } => "DEBT_LIMIT",
        };

        Self::conflict(code, refusal)
    }
}
