//! Credits for watching, and what members have earned, as rows.

use parlor_domain::id::{RoomId, SessionId, TenantId, TransferId};
use parlor_domain::points::Digest;
use parlor_domain::room_aggregate::RoomAggregate;
use parlor_domain::watching::{
    CreditLegs, EarningPage, EarningState, Garbled, Minute, PAGE_NUMBER_MAX, WatchCredit,
};

use crate::sql::{Row, Value, corrupt, from_json, row, to_json};
use crate::transfer_row::{read_authorship, read_digest};

/// The columns that [`read_credit`] reads.
pub(crate) const CREDIT_COLUMNS: &str =
    "watch_credits.id, watch_credits.seq, watch_credits.session_id,
    watch_credits.session_number, watch_credits.newest_session, watch_credits.minute,
    watch_credits.put_right,
    watch_credits.programme, watch_credits.points, watch_credits.at, watch_credits.terms,
    watch_credits.slots, watch_credits.legs, watch_credits.actor_id, watch_credits.actor_is_staff,
    watch_credits.reason, watch_credits.salt, watch_credits.authorship_digest, watch_credits.link";

/// Reads a credit, and its link of the chain.
pub(crate) fn read_credit(row: &mut Row) -> Result<(WatchCredit, Digest), sqlx::Error> {
    let numbers = WatchCredit {
        id: TransferId(row.take()?),
        seq: row.take()?,
        session_id: SessionId(row.take()?),
        session: row.take()?,
        newest_session: row.take()?,
        minute: Minute(row.take()?),
        put_right: row.take::<Option<i64>>()?.map(Minute),
        programme: row.take_narrow()?,
        points: row.take()?,
        at: row.take_time()?,
        terms: row.take()?,
        slots: row.take()?,
        legs: row.take()?,
        authorship: read_authorship(row)?,
        authorship_digest: read_digest(row)?,
    };

    Ok((numbers, read_digest(row)?))
}

/// The columns that [`read_legs`] reads.
pub(crate) const LEGS_COLUMNS: &str =
    "watch_credits.id, watch_credits.seq, watch_credits.session_id,
    watch_credits.minute, watch_credits.at, watch_credits.terms, watch_credits.legs";

pub(crate) fn read_legs(row: &mut Row) -> Result<CreditLegs, sqlx::Error> {
    Ok(CreditLegs {
        id: TransferId(row.take()?),
        seq: row.take()?,
        session_id: SessionId(row.take()?),
        minute: Minute(row.take()?),
        at: row.take_time()?,
        terms: row.take()?,
        legs: row.take()?,
    })
}

pub(crate) const INSERT_CREDITS: &str =
    "INSERT INTO watch_credits (room_id, seq, id, tenant_id, session_id,
    session_number, newest_session, minute, put_right, programme, terms, slots, legs, points, at, actor_id,
    actor_is_staff, reason, salt, authorship_digest, link) ";

pub(crate) fn credit_row(
    room_id: RoomId,
    tenant_id: TenantId,
    credit: &WatchCredit,
    link: Digest,
) -> Vec<Value> {
    let by = credit.authorship.as_ref();

    row![
        room_id,
        credit.seq,
        credit.id,
        tenant_id,
        credit.session_id,
        credit.session,
        credit.newest_session,
        credit.minute.0,
        credit.put_right.map(|minute| minute.0),
        credit.programme,
        credit.terms.clone(),
        credit.slots.clone(),
        credit.legs.clone(),
        credit.points,
        credit.at,
        by.map(|by| by.actor_id.as_str()),
        by.is_some_and(|by| by.actor_is_staff),
        by.map(|by| by.reason.as_str()),
        by.map(|by| by.salt),
        &credit.authorship_digest.0,
        &link.0,
    ]
}

/// The columns that [`read_page`] reads.
pub(crate) const PAGE_COLUMNS: &str = "earnings.page, earnings.members";

pub(crate) fn read_page(row: &mut Row) -> Result<(u32, EarningPage), sqlx::Error> {
    let number = row.take_narrow()?;
    if number > PAGE_NUMBER_MAX {
        return Err(corrupt(format!("there is no page {number}")));
    }
    let members: Vec<u8> = row.take()?;

    Ok((number, EarningPage::decode(&members).map_err(garbled)?))
}

pub(crate) const INSERT_PAGES: &str = "INSERT INTO earnings (room_id, page, tenant_id, members) ";

pub(crate) const REPLACE_PAGES: &str =
    " ON CONFLICT (room_id, page) DO UPDATE SET members = excluded.members";

pub(crate) fn page_row(
    room_id: RoomId,
    tenant_id: TenantId,
    number: u32,
    page: &EarningPage,
) -> Vec<Value> {
    row![room_id, number, tenant_id, page.encode()]
}

/// Reads what viewers of a room earn by: the usual, unless it was kept.
pub(crate) fn read_state(row: &mut Row) -> Result<EarningState, sqlx::Error> {
    let state: Option<String> = row.take()?;
    let state = state.as_deref().map(from_json).transpose()?;

    Ok(state.unwrap_or_default())
}

pub(crate) const INSERT_STATES: &str = "INSERT INTO room_earnings (room_id, tenant_id, state) ";

pub(crate) const REPLACE_STATES: &str =
    " ON CONFLICT (room_id) DO UPDATE SET state = excluded.state";

pub(crate) fn state_row(aggregate: &RoomAggregate) -> Vec<Value> {
    let room = &aggregate.room;
    row![room.id, room.tenant_id, to_json(&aggregate.earning)]
}

pub(crate) fn garbled(error: Garbled) -> sqlx::Error {
    corrupt(error.to_string())
}
