//! Crediting minutes, and saying what they earn.

use std::collections::BTreeSet;

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};
use parlor_domain::id::SessionId;
use parlor_domain::invalid::Invalid;
use parlor_domain::room_aggregate::{CreditRefusal, EarningRefusal, WatchProof, WatchedMinute};
use parlor_domain::watching::{self, EarningChange, Minute, Multipliers};
use parlor_writer::{CreditWatching, UpdateEarningProgramme};

use super::report::{self, Audience};
use super::{EarningProgramme, WatchCredit};
use crate::fault::Fault;
use crate::refusal::{Refusal, Stop, results};
use crate::scalar::{Int64, Time};
use crate::submit::{named_room, submit_to};
use crate::{app, caller, global_id};

#[derive(Default)]
pub(crate) struct WatchingMutation;

#[Object]
impl WatchingMutation {
    /// Credits a minute of a session to those who watched it, by what the tenant's own server has seen. For staff
    /// alone. A minute counts once for a viewer, whatever is reported, so that a report may be repeated, and
    /// several may overlap.
    async fn credit_watching(
        &self,
        context: &Context<'_>,
        input: CreditWatchingInput,
    ) -> Result<CreditWatchingResult, Fault> {
        CreditWatchingResult::of(credit(context, input).await)
    }

    /// Changes what watching earns, from the next session on. Needs `EARNING_MANAGE`.
    async fn update_earning_programme(
        &self,
        context: &Context<'_>,
        input: UpdateEarningProgrammeInput,
    ) -> Result<UpdateEarningProgrammeResult, Fault> {
        UpdateEarningProgrammeResult::of(update(context, input).await)
    }
}

#[derive(InputObject)]
pub(crate) struct CreditWatchingInput {
    room_id: ID,
    session_id: ID,
    /// Any instant of the minute, which is a whole one of the server's.
    minute: Time,
    /// Who watched, by the tenant's own ids: 1 to 1,024.
    viewer_ids: Vec<String>,
}

/// What of a programme is to change. What is left out stays; `stampCard` goes when it is null.
#[derive(InputObject)]
pub(crate) struct UpdateEarningProgrammeInput {
    room_id: ID,
    /// The programme's version that this change was made against.
    expected_version: i32,
    is_enabled: Option<bool>,
    /// Whether only minutes of `creditWatching` count, and none that viewers' devices report.
    is_observed_only: Option<bool>,
    /// 0 to 1,000,000.
    points: Option<Int64>,
    /// 1 to 1,440.
    slots: Option<i32>,
    /// 0 to 1,000,000.
    first_watch_bonus: Option<Int64>,
    stamp_card: MaybeUndefined<StampCardInput>,
    /// What paid memberships multiply `points` by, in basis points, from tier 1 to tier 3: each 10,000 to 100,000, and none
    /// less than the one before.
    membership_multipliers_bp: Option<Vec<i32>>,
}

#[derive(InputObject)]
pub(crate) struct StampCardInput {
    /// 1 to 1,000,000.
    points: Int64,
    /// 1 to `sessions`.
    stamps: i32,
    /// 1 to 32.
    sessions: i32,
    /// 1 to 1,440.
    slots: i32,
}

results! {
    CreditWatchingResult {
        WatchCredit, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    UpdateEarningProgrammeResult {
        EarningProgramme, Validation ValidationError, NotFound NotFoundError, Auth AuthError,
        Conflict ConflictError
    }
}

async fn credit(context: &Context<'_>, input: CreditWatchingInput) -> Result<WatchCredit, Stop> {
    let principal = &caller(context).principal;
    let tenant_id = principal.staff_tenant()?;
    let (_, actor) = principal.person()?;
    let viewers = report::parse(&input.viewer_ids)?;
    let (room_id, minute) = (named_room(&input.room_id), Minute::of(input.minute.0));
    let each_once: BTreeSet<_> = viewers.iter().collect();
    let watchers = app(context).store.watchers(tenant_id, room_id, each_once);
    let audience = Audience::new(minute, watchers.await.map_err(Fault::from)?);
    let command = CreditWatching(WatchedMinute {
        session_id: Some(global_id::named(
            &input.session_id,
            global_id::parse_session_id,
            SessionId,
        )),
        minute,
        members: audience.members()?,
        proof: WatchProof::Staff(actor.viewer_id),
    });
    let credited = submit_to(context, tenant_id, &input.room_id, command).await?;

    Ok(audience.told(viewers, &credited))
}

async fn update(
    context: &Context<'_>,
    input: UpdateEarningProgrammeInput,
) -> Result<watching::EarningProgramme, Stop> {
    let (tenant_id, actor) = caller(context).principal.person()?;
    let stamp_card = match input.stamp_card {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(card) => Some(Some(card.into())),
    };
    let multipliers = input.membership_multipliers_bp.map(multipliers);
    let command = UpdateEarningProgramme {
        actor,
        expected_version: input.expected_version,
        change: EarningChange {
            is_enabled: input.is_enabled,
            is_observed_only: input.is_observed_only,
            points: input.points.map(|points| points.0),
            slots: input.slots.map(Into::into),
            first_watch_bonus: input.first_watch_bonus.map(|bonus| bonus.0),
            stamp_card,
            multipliers: multipliers.transpose()?,
        },
    };

    submit_to(context, tenant_id, &input.room_id, command).await
}

fn multipliers(given: Vec<i32>) -> Result<Multipliers, Invalid> {
    let given: Vec<i64> = given.into_iter().map(Into::into).collect();
    let of_each = <[i64; 3]>::try_from(given);

    of_each.map(Multipliers).map_err(|given| {
        let constraint = "one for each of the tiers 1 to 3";
        Invalid::new("membershipMultipliersBp", constraint, given.len())
    })
}

impl From<StampCardInput> for watching::StampCard {
    fn from(card: StampCardInput) -> Self {
        Self {
            points: card.points.0,
            stamps: card.stamps.into(),
            sessions: card.sessions.into(),
            slots: card.slots.into(),
        }
    }
}

impl From<CreditRefusal> for Refusal {
    fn from(refusal: CreditRefusal) -> Self {
        match refusal {
            CreditRefusal::Act(refusal) => refusal.into(),
            CreditRefusal::TotalsFull => Self::conflict("TOTALS_FULL", refusal),
        }
    }
}

impl From<EarningRefusal> for Refusal {
    fn from(refusal: EarningRefusal) -> Self {
        match refusal {
            EarningRefusal::Act(refusal) => refusal.into(),
            EarningRefusal::StaleVersion { .. } => Self::conflict("STALE_VERSION", refusal),
            EarningRefusal::Invalid(invalid) => invalid.into(),
        }
    }
}
