//! Reporting a contribution.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use futures_util::future::join_all;
use parlor_domain::contribution::{RawReport, RawTime, Report, STAFF_PROVIDER};
use parlor_domain::invalid::check_range;
use parlor_domain::room_aggregate::RecordContributionRefusal;
use parlor_writer::RecordContribution;

use super::{Contribution, ContributionKind, ContributionStatus};
use crate::caller;
use crate::fault::Fault;
use crate::refusal::{Refusal, Stop, results};
use crate::reported::Reported;
use crate::scalar::{Currency, Int64, ReportedText, ReportedTime};

/// The most messages in one request: about what is decided in one batch, and so long that their words fit in a request.
const MESSAGES_MAX: i64 = 100;

/// What became of one message.
type Recorded = Result<Contribution, Stop>;

/// What became of each message, in the order they were given.
#[derive(SimpleObject)]
pub(crate) struct RecordedContributions {
    results: Vec<RecordContributionResult>,
}

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
        RecordContributionResult::of(answer(begin(context, input)).await)
    }

    /// Records up to 100 messages, each as `recordContribution` does and answered for itself. Those of one room are
    /// recorded in their order. If the request fails as a whole, some may have been recorded, and not the first ones:
    /// send all of it again, and each is recorded once. What the schema does not take, such as an `amount` that is no
    /// whole number, fails the whole request, and nothing is recorded.
    async fn record_contributions(
        &self,
        context: &Context<'_>,
        input: RecordContributionsInput,
    ) -> Result<RecordContributionsResult, Fault> {
        let recorded = record_each(context, input.contributions).await;
        let each = |recorded: Vec<Recorded>| -> Result<RecordedContributions, Fault> {
            let results = recorded.into_iter().map(RecordContributionResult::of);
            let results = results.collect::<Result<_, _>>()?;
            Ok(RecordedContributions { results })
        };
        RecordContributionsResult::of(recorded.and_then(|recorded| Ok(each(recorded)?)))
    }
}

#[derive(InputObject)]
pub(crate) struct RecordContributionsInput {
    /// 1 to 100, also of several rooms.
    contributions: Vec<RecordContributionInput>,
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
    viewer_id: Option<ReportedText>,
    /// The name to show, up to 100 characters as people see them. Also without `viewerId`: then nobody is counted by it.
    viewer_name: Option<ReportedText>,
    /// Up to 500 characters as people see them.
    message: Option<ReportedText>,
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
            viewer_id: input.viewer_id.map(ReportedText::seen),
            viewer_name: input.viewer_name.map(ReportedText::seen),
            message: input.message.map(ReportedText::seen),
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
    RecordContributionsResult {
        RecordedContributions, Validation ValidationError, Auth AuthError; never NotFound, Conflict
    }
}

fn begin(context: &Context<'_>, input: RecordContributionInput) -> Reported<RecordContribution> {
    Reported::begin(context, input.room_id.clone(), |room_id| {
        let report = Report::parse(RawReport::from(input))?;
        let amendments = report.amendments.clone();
        Ok((RecordContribution::new(room_id, report), amendments))
    })
}

async fn answer(reported: Reported<RecordContribution>) -> Recorded {
    let (recorded, amendments) = reported.answer().await?;

    Ok(Contribution {
        amendments: amendments.into_iter().map(Into::into).collect(),
        ..Contribution::from(recorded)
    })
}

async fn record_each(
    context: &Context<'_>,
    messages: Vec<RecordContributionInput>,
) -> Result<Vec<Recorded>, Stop> {
    caller(context).principal.staff_tenant()?;
    let count = i64::try_from(messages.len()).unwrap_or(i64::MAX);
    check_range("contributions", count, 1, MESSAGES_MAX)?;
    // All are on their way before the first is waited for.
    let messages = messages.into_iter();
    let reported: Vec<_> = messages.map(|message| begin(context, message)).collect();

    Ok(join_all(reported.into_iter().map(answer)).await)
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
