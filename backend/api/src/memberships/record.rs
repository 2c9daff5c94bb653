//! Reporting paid memberships.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use futures_util::future::join_all;
use parlor_domain::contribution::STAFF_PROVIDER;
use parlor_domain::invalid::check_range;
use parlor_domain::membership::{MembershipReport, RawMembershipReport};
use parlor_domain::room_aggregate::RecordMembershipRefusal;
use parlor_writer::RecordMembership;

use super::{PaidMembership, PaidMembershipStatus};
use crate::caller;
use crate::fault::Fault;
use crate::refusal::{Refusal, Stop, results};
use crate::reported::Reported;
use crate::scalar::{ReportedText, Time};
use crate::submit::stamp;

/// The most messages in one request: as many as of contributions.
const MESSAGES_MAX: i64 = 100;

type Recorded = Result<PaidMembership, Stop>;

/// What became of each message, in the order they were given.
#[derive(SimpleObject)]
pub(crate) struct RecordedMemberships {
    results: Vec<RecordMembershipResult>,
}

#[derive(Default)]
pub(crate) struct MembershipMutation;

#[Object]
impl MembershipMutation {
    /// Takes in what a provider says of a period of a paid membership. What was said last of each period counts, by
    /// `occurredAt`, so that messages may come in any order and more than once. Money is reported by
    /// `recordContribution`. For staff alone.
    async fn record_membership(
        &self,
        context: &Context<'_>,
        input: RecordMembershipInput,
    ) -> Result<RecordMembershipResult, Fault> {
        RecordMembershipResult::of(answer(context, begin(context, input)).await)
    }

    /// Takes in up to 100 messages, each as `recordMembership` does and answered for itself. If the request fails as a
    /// whole, send all of it again.
    async fn record_memberships(
        &self,
        context: &Context<'_>,
        input: RecordMembershipsInput,
    ) -> Result<RecordMembershipsResult, Fault> {
        let recorded = record_each(context, input.memberships).await;
        let each = |recorded: Vec<Recorded>| -> Result<RecordedMemberships, Fault> {
            let results = recorded.into_iter().map(RecordMembershipResult::of);
            let results = results.collect::<Result<_, _>>()?;
            Ok(RecordedMemberships { results })
        };
        RecordMembershipsResult::of(recorded.and_then(|recorded| Ok(each(recorded)?)))
    }
}

#[derive(InputObject)]
pub(crate) struct RecordMembershipsInput {
    /// 1 to 100, also of several rooms.
    memberships: Vec<RecordMembershipInput>,
}

#[derive(InputObject)]
pub(crate) struct RecordMembershipInput {
    room_id: ID,
    /// The id of this message in the provider's own scope. Of two that speak of one instant, the one with the greater id
    /// counts.
    idempotency_key: String,
    /// Who tells of it, such as `stripe`; `staff` for what is entered by hand.
    #[graphql(default_with = "Some(STAFF_PROVIDER.to_owned())")]
    provider: Option<String>,
    /// Which membership it is, in the provider's own scope.
    membership_ref: String,
    /// Whose it is, by the tenant's own id. They need not have joined the room yet.
    viewer_id: String,
    status: PaidMembershipStatus,
    /// 1 to 3.
    tier: i32,
    /// Which period it is, by its start. A period that is told of again is the same as long as it begins at the same
    /// instant.
    period_starts_at: Time,
    /// The first instant behind it; ten years behind the start at most.
    period_ends_at: Time,
    /// For how many months there was a membership, as the provider counts; 0 to 1,200.
    months: Option<i32>,
    /// Whether somebody else pays. Needs no word who, of an anonymous gift.
    #[graphql(default)]
    is_gift: bool,
    /// Who pays, by the tenant's own id.
    giver_id: Option<ReportedText>,
    /// The name to show, up to 100 characters as people see them.
    giver_name: Option<ReportedText>,
    /// When the provider says that this happened.
    occurred_at: Time,
}

impl From<RecordMembershipInput> for RawMembershipReport {
    fn from(input: RecordMembershipInput) -> Self {
        Self {
            idempotency_key: input.idempotency_key,
            provider: input.provider.unwrap_or_else(|| STAFF_PROVIDER.to_owned()),
            membership_ref: input.membership_ref,
            viewer_id: input.viewer_id,
            status: input.status.into(),
            tier: input.tier.into(),
            period_starts_at: input.period_starts_at.0,
            period_ends_at: input.period_ends_at.0,
            months: input.months.map(Into::into),
            is_gift: input.is_gift,
            giver_id: input.giver_id.map(ReportedText::seen),
            giver_name: input.giver_name.map(ReportedText::seen),
            occurred_at: input.occurred_at.0,
        }
    }
}

results! {
    RecordMembershipResult {
        PaidMembership, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    RecordMembershipsResult {
        RecordedMemberships, Validation ValidationError, Auth AuthError; never NotFound, Conflict
    }
}

fn begin(context: &Context<'_>, input: RecordMembershipInput) -> Reported<RecordMembership> {
    Reported::begin(context, input.room_id.clone(), |_| {
        let report = MembershipReport::parse(RawMembershipReport::from(input))?;
        let amendments = report.amendments.clone();
        Ok((RecordMembership(report), amendments))
    })
}

async fn answer(context: &Context<'_>, reported: Reported<RecordMembership>) -> Recorded {
    let (recorded, amendments) = reported.answer().await?;

    Ok(PaidMembership {
        amendments: amendments.into_iter().map(Into::into).collect(),
        ..PaidMembership::new(recorded, stamp(context)?)
    })
}

async fn record_each(
    context: &Context<'_>,
    messages: Vec<RecordMembershipInput>,
) -> Result<Vec<Recorded>, Stop> {
    caller(context).principal.staff_tenant()?;
    let count = i64::try_from(messages.len()).unwrap_or(i64::MAX);
    check_range("memberships", count, 1, MESSAGES_MAX)?;
    // All are on their way before the first is waited for.
    let messages = messages.into_iter();
    let reported: Vec<_> = messages.map(|message| begin(context, message)).collect();
    let answers = reported.into_iter().map(|one| answer(context, one));

    Ok(join_all(answers).await)
}

impl From<RecordMembershipRefusal> for Refusal {
    fn from(refusal: RecordMembershipRefusal) -> Self {
        let code = match refusal {
            RecordMembershipRefusal::RoomArchived => "ROOM_ARCHIVED",
            RecordMembershipRefusal::ToldElsewhere(_)
            | RecordMembershipRefusal::MembershipDiffers(_) => "MEMBERSHIP_DIFFERS",
        };

        Self::conflict(code, refusal)
    }
}
