//! Paid memberships as rows.

use parlor_domain::id::{MembershipId, RoomId, TenantId, ViewerId};
use parlor_domain::membership::{Gift, PaidMembership, Span};
use parlor_domain::points::MemberNumber;
use parlor_domain::time::ServerTime;

use crate::contribution_row::read_viewer_id;
use crate::sql::{Row, Value, corrupt, from_json, row, to_json};

/// The columns that [`read`] reads.
pub(crate) const COLUMNS: &str = "memberships.id, memberships.provider, memberships.membership_ref,
    memberships.viewer_id, memberships.is_gift, memberships.giver_id, memberships.giver_name,
    memberships.gift_told_at, memberships.periods, memberships.recorded_at";

pub(crate) fn read(row: &mut Row) -> Result<PaidMembership, sqlx::Error> {
    Ok(PaidMembership {
        id: MembershipId(row.take()?),
        provider: row.take()?,
        membership_ref: row.take()?,
        viewer_id: read_viewer_id(&row.take::<String>()?)?,
        gift: read_gift(row)?,
        periods: from_json(&row.take::<String>()?)?,
        recorded_at: row.take_time()?,
    })
}

fn read_gift(row: &mut Row) -> Result<Option<Gift>, sqlx::Error> {
    let is_gift: bool = row.take()?;
    let giver_id: Option<String> = row.take()?;
    let giver_name = row.take()?;
    let occurred_at = row.take_optional_time()?;
    if !is_gift {
        return Ok(None);
    }

    Ok(Some(Gift {
        giver_id: giver_id.as_deref().map(read_viewer_id).transpose()?,
        giver_name,
        occurred_at: occurred_at.ok_or_else(|| corrupt("a gift without a time".to_owned()))?,
    }))
}

pub(crate) const INSERT: &str =
    "INSERT INTO memberships (id, tenant_id, room_id, provider, membership_ref,
    viewer_id, is_gift, giver_id, giver_name, gift_told_at, periods, recorded_at) ";

pub(crate) const IF_FREE: &str = " ON CONFLICT (tenant_id, provider, membership_ref) DO NOTHING";

pub(crate) fn row(room_id: RoomId, tenant_id: TenantId, one: &PaidMembership) -> Vec<Value> {
    let [is_gift, giver_id, giver_name, gift_told_at] = gift_cells(one.gift.as_ref());

    row![
        one.id,
        tenant_id,
        room_id,
        one.provider.as_str(),
        one.membership_ref.as_str(),
        one.viewer_id.as_str(),
        is_gift,
        giver_id,
        giver_name,
        gift_told_at,
        to_json(&one.periods),
        one.recorded_at,
    ]
}

fn gift_cells(gift: Option<&Gift>) -> [Value; 4] {
    let giver_id = gift.and_then(|gift| gift.giver_id.as_ref());
    let giver_name = gift.and_then(|gift| gift.giver_name.as_deref());

    [
        gift.is_some().into(),
        giver_id.map(ViewerId::as_str).into(),
        giver_name.into(),
        gift.map(|gift| gift.occurred_at).into(),
    ]
}

/// What of a membership changes.
pub(crate) const CHANGED: &str =
    "v (id, tenant_id, is_gift, giver_id, giver_name, gift_told_at, periods)";

pub(crate) const UPDATE: &str = "UPDATE memberships SET is_gift = v.is_gift, giver_id = v.giver_id,
    giver_name = v.giver_name, gift_told_at = v.gift_told_at, periods = v.periods
    FROM v WHERE memberships.id = v.id AND memberships.tenant_id = v.tenant_id";

pub(crate) fn changed_row(tenant_id: TenantId, one: &PaidMembership) -> Vec<Value> {
    let [is_gift, giver_id, giver_name, gift_told_at] = gift_cells(one.gift.as_ref());

    row![
        one.id,
        tenant_id,
        is_gift,
        giver_id,
        giver_name,
        gift_told_at,
        to_json(&one.periods),
    ]
}

/// The columns that [`read_span`] reads.
pub(crate) const SPAN_COLUMNS: &str = "membership_spans.membership_id, membership_spans.tier,
    membership_spans.starts_at, membership_spans.ends_at";

pub(crate) fn read_span(row: &mut Row) -> Result<(MembershipId, Span), sqlx::Error> {
    let id = MembershipId(row.take()?);
    let span = Span {
        tier: row.take_narrow()?,
        from: row.take_time()?,
        until: row.take_time()?,
    };

    Ok((id, span))
}

pub(crate) const INSERT_SPANS: &str =
    "INSERT INTO membership_spans (membership_id, starts_at, ends_at, tier,
    room_id, tenant_id, viewer_id, number) ";

/// The spans of a membership that were not over at `since`.
pub(crate) fn span_rows(
    room_id: RoomId,
    tenant_id: TenantId,
    number: Option<MemberNumber>,
    one: &PaidMembership,
    since: ServerTime,
) -> impl Iterator<Item = Vec<Value>> {
    let spans = one.spans().into_iter();
    spans
        .filter(move |span| span.until > since)
        .map(move |span| {
            row![
                one.id,
                span.from,
                span.until,
                i64::from(span.tier),
                room_id,
                tenant_id,
                one.viewer_id.as_str(),
                number.map(|number| i64::from(number.0)),
            ]
        })
}
