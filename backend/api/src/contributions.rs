//! Donations and paid memberships that were reported, and what the room sees of them.

mod record;

use async_graphql::{Enum, ID, SimpleObject};
use parlor_domain::contribution;

use super::global_id::IdKind;
use super::scalar::{Currency, Int64, Time, int};

pub(super) use record::ContributionMutation;

/// What was given.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "contribution::ContributionKind")]
pub(crate) enum ContributionKind {
    /// Money.
    Donation,
    /// A paid membership.
    Membership,
    /// Paid memberships for others.
    GiftedMemberships,
}

#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "contribution::Status")]
pub(crate) enum ContributionStatus {
    Pending,
    Settled,
    Reversed,
}

#[expect(clippy::struct_field_names, reason = "the fields are the API's")]
#[derive(SimpleObject)]
pub(crate) struct Contribution {
    pub(super) id: ID,
    provider: String,
    contribution_ref: String,
    kind: ContributionKind,
    /// In minor units of `currency`.
    amount: Option<Int64>,
    currency: Option<Currency>,
    tier: Option<i32>,
    quantity: i32,
    viewer_id: Option<String>,
    viewer_name: Option<String>,
    message: Option<String>,
    status: ContributionStatus,
    /// What its money is worth in the room's reference currency, by the tenant's rates of when it was first reported.
    /// Null if there is no money, or nobody knows its worth.
    worth: Option<ContributionWorth>,
    /// What it adds to a hype train once settled.
    hype: Int64,
    /// Why that is nothing; null if it is something.
    not_counted: Option<NotCounted>,
    occurred_at: Time,
    recorded_at: Time,
    /// What did not fit in the report that this answers, in the order of its fields, and was taken all
    /// the same; a retry is told the same. Whatever is not listed is recorded as it came. Empty where a
    /// contribution is looked up.
    amendments: Vec<Amendment>,
}

/// What money is worth in another currency.
#[derive(SimpleObject)]
pub(crate) struct ContributionWorth {
    /// In minor units of `currency`, rounded down.
    amount: Int64,
    /// What the room counted in when the contribution was first reported.
    currency: Currency,
}

/// Why a contribution adds nothing to a hype train.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "contribution::NotCounted")]
pub(crate) enum NotCounted {
    /// ISO 4217 does not list its currency.
    UnknownCurrency,
    /// It is in something of which ISO 4217 has no minor unit, such as gold.
    NoMinorUnit,
    /// The tenant's rates lack its currency or the room's.
    NoRate,
    /// By the room's program, its kind weighs nothing.
    Weightless,
    /// It is worth less than one of hype.
    TooSmall,
}

/// What was done to a field of a report so that the money could be recorded.
#[derive(SimpleObject)]
pub(crate) struct Amendment {
    /// The input field, such as `message`.
    field: String,
    kind: AmendmentKind,
}

/// How a field was amended.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "contribution::AmendmentKind")]
pub(crate) enum AmendmentKind {
    /// It was longer than it may be, and its end was cut off, between two characters as people see them.
    Trimmed,
    /// What no text may hold, such as control characters and halves of characters, became spaces; a
    /// currency's letters became capitals.
    Replaced,
    /// There was nothing to be seen in it, or it was no id, or no time, that can be kept.
    LeftOut,
}

/// What the whole room sees of a contribution.
#[derive(SimpleObject)]
pub(crate) struct ContributionAlert {
    id: ID,
    /// What was given.
    kind: ContributionKind,
    /// Who gave it, as typed: text, never markup. Null for an anonymous one.
    name: Option<String>,
    /// In minor units of `currency`.
    amount: Option<Int64>,
    currency: Option<Currency>,
    /// 1 to 3, for memberships.
    tier: Option<i32>,
    /// How many memberships were gifted; 1 for everything else.
    quantity: i32,
    /// What the giver wrote: text, never markup.
    message: Option<String>,
    /// What it adds to a hype train.
    hype: Int64,
}

impl From<contribution::Contribution> for Contribution {
    fn from(contribution: contribution::Contribution) -> Self {
        let money = contribution.gift.money.as_ref();
        let viewer_id = contribution.viewer_id().map(|id| id.as_str().to_owned());
        let viewer_name = contribution.viewer.and_then(|viewer| viewer.name);

        Self {
            id: IdKind::Contribution.id(contribution.id.0),
            provider: contribution.provider,
            contribution_ref: contribution.contribution_ref,
            kind: contribution.gift.kind.into(),
            amount: money.map(|money| Int64(money.amount)),
            currency: money.map(|money| Currency::from(&money.currency)),
            tier: contribution.gift.tier.map(i32::from),
            quantity: int(contribution.gift.quantity),
            viewer_id,
            viewer_name,
            message: contribution.message,
            status: contribution.status.into(),
            worth: contribution.worth.as_ref().map(ContributionWorth::from),
            hype: contribution.hype.into(),
            not_counted: contribution.not_counted.map(Into::into),
            occurred_at: contribution.occurred_at.into(),
            recorded_at: contribution.recorded_at.into(),
            amendments: Vec::new(),
        }
    }
}

impl From<&contribution::Money> for ContributionWorth {
    fn from(worth: &contribution::Money) -> Self {
        Self {
            amount: worth.amount.into(),
            currency: Currency::from(&worth.currency),
        }
    }
}

impl From<contribution::Amendment> for Amendment {
    fn from(amendment: contribution::Amendment) -> Self {
        Self {
            field: amendment.field.to_owned(),
            kind: amendment.kind.into(),
        }
    }
}

impl From<&contribution::ContributionAlert> for ContributionAlert {
    fn from(alert: &contribution::ContributionAlert) -> Self {
        let money = alert.gift.money.as_ref();

        Self {
            id: IdKind::Contribution.id(alert.id.0),
            kind: alert.gift.kind.into(),
            name: alert.name.clone(),
            amount: money.map(|money| Int64(money.amount)),
            currency: money.map(|money| Currency::from(&money.currency)),
            tier: alert.gift.tier.map(i32::from),
            quantity: int(alert.gift.quantity),
            message: alert.message.clone(),
            hype: alert.hype.into(),
        }
    }
}
