//! Paid memberships that providers told of, and what a viewer is by them.

mod query;
mod record;

use async_graphql::{Enum, ID, SimpleObject};
use parlor_domain::membership;
use parlor_domain::time::ServerTime;

use crate::contributions::Amendment;
use crate::global_id::IdKind;
use crate::scalar::{Time, int};

pub(super) use query::MembershipQuery;
pub(super) use record::MembershipMutation;

/// What a provider says of a period of a membership.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "membership::Status")]
pub(crate) enum PaidMembershipStatus {
    /// It is paid, and there is to be a next one. Behind its end the membership goes on for three days as long as nothing
    /// is told of the next.
    Active,
    /// It has begun and is not paid yet: the membership goes on for its first three days.
    PastDue,
    /// It is paid, and there is no next one.
    Canceled,
    /// It is over since `occurredAt`, or since its end.
    Expired,
    /// It counts as never paid.
    Refunded,
}

/// A paid membership of a room, as its provider told of it. Only staff of the tenant and whoever holds `POINTS_READ` see
/// it.
#[derive(SimpleObject)]
pub(crate) struct PaidMembership {
    id: ID,
    provider: String,
    membership_ref: String,
    /// Whose it is, by the tenant's own id.
    viewer_id: String,
    /// Whether somebody else pays.
    is_gift: bool,
    /// Who does, if that was told.
    giver_id: Option<String>,
    giver_name: Option<String>,
    /// What was said last of each period, in the order of their starts: the newest 40.
    periods: Vec<PaidMembershipPeriod>,
    /// What it is now; null while it gives nothing.
    standing: Option<MembershipStanding>,
    recorded_at: Time,
    /// What did not fit in the message that this answers, and was taken all the same. Empty where a membership is looked
    /// up.
    amendments: Vec<Amendment>,
}

/// The latest word about a period, by when the provider says that it happened.
#[derive(SimpleObject)]
pub(crate) struct PaidMembershipPeriod {
    starts_at: Time,
    ends_at: Time,
    status: PaidMembershipStatus,
    /// 1 to 3.
    tier: i32,
    occurred_at: Time,
}

/// What somebody is by what was told of their memberships of a room.
#[derive(SimpleObject)]
pub(crate) struct MembershipStanding {
    /// The highest tier that one of them gives; 1 to 3.
    tier: i32,
    /// Until when it is that or more, if nothing more is told.
    until: Time,
    /// For how many months they have been a member, by the longest of their memberships: as many as its provider says, and
    /// as many periods as were paid.
    months: i32,
    /// Whether somebody else pays for what gives the tier.
    is_gift: bool,
    /// Who does, unless they keep that to themselves: text, never markup.
    giver_name: Option<String>,
}

impl PaidMembership {
    fn new(membership: membership::PaidMembership, now: ServerTime) -> Self {
        let standing = MembershipStanding::of(std::slice::from_ref(&membership), now);
        let is_gift = membership.gift.is_some();
        let (giver_id, giver_name) = match membership.gift {
            Some(gift) => (gift.giver_id, gift.giver_name),
            None => (None, None),
        };

        Self {
            id: IdKind::PaidMembership.id(membership.id.0),
            provider: membership.provider,
            membership_ref: membership.membership_ref,
            viewer_id: membership.viewer_id.as_str().to_owned(),
            is_gift,
            giver_id: giver_id.map(|id| id.as_str().to_owned()),
            giver_name,
            periods: membership
                .periods
                .iter()
                .map(PaidMembershipPeriod::from)
                .collect(),
            standing,
            recorded_at: membership.recorded_at.into(),
            amendments: Vec::new(),
        }
    }
}

impl MembershipStanding {
    /// What `memberships`, all of one viewer, come to.
    fn of(memberships: &[membership::PaidMembership], now: ServerTime) -> Option<Self> {
        let all: Vec<_> = memberships
            .iter()
            .flat_map(membership::PaidMembership::spans)
            .collect();
        let standing = membership::Standing::at(now, &all)?;
        // Of several that give it, the one that does so for longest.
        let of_each = memberships
            .iter()
            .filter_map(|of| Some((membership::Standing::at(now, &of.spans())?, of)));
        let (_, giving) = of_each.max_by_key(|(standing, _)| (standing.tier, standing.until))?;
        let months = memberships.iter().map(|of| of.periods.months(now)).max();
        let gift = giving.gift.as_ref();

        Some(Self {
            tier: standing.tier.into(),
            until: standing.until.into(),
            months: int(months.unwrap_or(0)),
            is_gift: gift.is_some(),
            giver_name: gift.and_then(|gift| gift.giver_name.clone()),
        })
    }
}

impl From<&membership::Period> for PaidMembershipPeriod {
    fn from(period: &membership::Period) -> Self {
        Self {
            starts_at: period.starts_at.into(),
            ends_at: period.ends_at.into(),
            status: period.status.into(),
            tier: period.tier.into(),
            occurred_at: period.occurred_at.into(),
        }
    }
}
