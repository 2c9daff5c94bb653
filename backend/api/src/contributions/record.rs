//! Reporting a contribution.

use std::mem;

use async_graphql::{Context, ID, InputObject, Object};
use parlor_domain::contribution::{RawReport, RawTime, Report, STAFF_PROVIDER};
use parlor_domain::room_aggregate::RecordContributionRefusal;
use parlor_writer::RecordContribution;

use super::{Contribution, ContributionKind, ContributionStatus};
use crate::fault::Fault;
use crate::refusal::{Refusal, results};
use crate::scalar::{Currency, Int64, ReportedTime};
use crate::submit::submit;

#[derive(Default)]
pub(crate) struct ContributionMutation;

#[Object]
impl ContributionMutation {
    /// Records a donation or a membership. What decides money, and which message and contribution it is, is refused
    /// when it is wrong; nothing else is: words are amended, and who or when it was is left out where it cannot be
    /// read. The answer's `amendments` say how.
    async fn record_contribution(
        &self,
        context: &Context<'_>,
        input: RecordContributionInput,
    ) -> Result<RecordContributionResult, Fault> {
        let room_id = input.room_id.clone();
        let mut amendments = Vec::new();
        let recorded = submit(context, &room_id, |room_id| {
            let mut report = Report::parse(RawReport::from(input))?;
            amendments = mem::take(&mut report.amendments);
            Ok(RecordContribution::new(room_id, report))
        });
        let recorded = recorded.await.map(Contribution::from);

        RecordContributionResult::of(recorded.map(|contribution| Contribution {
            amendments: amendments.into_iter().map(Into::into).collect(),
            ..contribution
        }))
    }
}

#[derive(InputObject)]
pub(crate) struct RecordContributionInput {
    room_id: ID,
    /// The id of this message in the provider's own scope. The same key with the same content gets
    /// the first answer again; with other content it is refused.
    idempotency_key: String,
    /// Who reports the money, such as `stripe`; `staff` for what is entered by hand.
    #[graphql(default_with = "Some(STAFF_PROVIDER.to_owned())")]
    provider: Option<String>,
    /// Which contribution this message is about; defaults to `idempotencyKey`.
    contribution_ref: Option<String>,
    kind: ContributionKind,
    #[graphql(default_with = "Some(ContributionStatus::Settled)")]
    status: Option<ContributionStatus>,
    /// In minor units of `currency`. Required, and positive, for a donation.
    amount: Option<Int64>,
    currency: Option<Currency>,
    /// 1 to 3; required for memberships.
    tier: Option<i32>,
    /// How many memberships were gifted; 1 for everything else.
    #[graphql(default = 1)]
    quantity: Option<i32>,
    /// Who gave, by the tenant's own id, which may be a number. Left out for an anonymous gift.
    viewer_id: Option<ID>,
    /// The name to show, up to 100 characters as people see them. Also without `viewerId`: then nobody is counted by it.
    viewer_name: Option<String>,
    /// Up to 500 characters as people see them.
    message: Option<String>,
    /// When the provider says it happened; defaults to now.
    occurred_at: Option<ReportedTime>,
}

impl From<RecordContributionInput> for RawReport {
    fn from(input: RecordContributionInput) -> Self {
        Self {
            idempotency_key: input.idempotency_key,
            provider: input.provider.unwrap_or_else(|| STAFF_PROVIDER.to_owned()),
            contribution_ref: input.contribution_ref,
            kind: Some(input.kind.into()),
            status: input.status.map(Into::into),
            amount: input.amount.map(|amount| amount.0),
            currency: input.currency.map(|currency| currency.0),
            tier: input.tier.map(Into::into),
            quantity: input.quantity.map(Into::into),
            viewer_id: input.viewer_id.map(|id| id.0),
            viewer_name: input.viewer_name,
            message: input.message,
            occurred_at: input
                .occurred_at
                .map(|at| at.0.map_or(RawTime::Unreadable, RawTime::At)),
        }
    }
}

results! {
    RecordContributionResult {
        Contribution, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
}

impl From<RecordContributionRefusal> for Refusal {
    fn from(refusal: RecordContributionRefusal) -> Self {
        let code = match refusal {
            RecordContributionRefusal::KeyReused(_) => "KEY_REUSED",
            RecordContributionRefusal::RoomArchived => "ROOM_ARCHIVED",
            RecordContributionRefusal::ReportedElsewhere(_)
            | RecordContributionRefusal::ContributionDiffers(_) => "CONTRIBUTION_DIFFERS",
        };

        Self::conflict(code, refusal)
    }
}
