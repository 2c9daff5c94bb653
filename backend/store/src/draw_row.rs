//! Draws as rows.

use parlor_domain::id::{DrawId, RedemptionId, RewardId, RoomId, TenantId};
use parlor_domain::reward::{Draw, Outcome, Seed};

use crate::reward_row::read_session_id;
use crate::sql::{Row, Value, corrupt, from_json, row, to_json};
use crate::transfer_row::read_digest;

/// The columns that [`read`] reads.
pub(crate) const COLUMNS: &str = "draws.id, draws.reward_id, draws.terms, draws.session_id, draws.made_offline, draws.opened_at, draws.closes_at, draws.seed, draws.entries,
    draws.drawn_at, draws.places, draws.winners";

pub(crate) fn read(row: &mut Row) -> Result<Draw, sqlx::Error> {
    Ok(Draw {
        id: DrawId(row.take()?),
        reward_id: RewardId(row.take()?),
        terms: row.take_json()?,
        session_id: read_session_id(row)?,
        made_offline: row.take()?,
        opened_at: row.take_time()?,
        closes_at: row.take_time()?,
        seed: Seed(read_digest(row)?.0),
        entries: row.take()?,
        outcome: read_outcome(row)?,
    })
}

fn read_outcome(row: &mut Row) -> Result<Option<Outcome>, sqlx::Error> {
    let drawn_at = row.take_optional_time()?;
    let places: Option<i64> = row.take()?;
    let winners: Option<String> = row.take()?;
    match (drawn_at, places, winners) {
        (None, None, None) => Ok(None),
        (Some(drawn_at), Some(places), Some(winners)) => Ok(Some(Outcome {
            drawn_at,
            places,
            winners: from_json(&winners)?,
        })),
        _ => Err(corrupt("a draw is half drawn".to_owned())),
    }
}

pub(crate) const INSERT: &str = "INSERT INTO draws (id, tenant_id, room_id, reward_id, terms,
    session_id, made_offline, opened_at, closes_at, seed, entries, drawn_at, places, winners) ";

pub(crate) const REPLACE: &str = " ON CONFLICT (id) DO UPDATE SET opened_at = excluded.opened_at,
    closes_at = excluded.closes_at, entries = excluded.entries, drawn_at = excluded.drawn_at,
    places = excluded.places, winners = excluded.winners";

pub(crate) fn draw_row(room_id: RoomId, tenant_id: TenantId, draw: &Draw) -> Vec<Value> {
    let outcome = draw.outcome.as_ref();
    let winners = outcome.map(|outcome| to_json::<Vec<RedemptionId>>(&outcome.winners));

    row![
        draw.id,
        tenant_id,
        room_id,
        draw.reward_id,
        to_json(&draw.terms),
        draw.session_id,
        draw.made_offline,
        draw.opened_at,
        draw.closes_at,
        &draw.seed.0,
        draw.entries,
        outcome.map(|outcome| outcome.drawn_at),
        outcome.map(|outcome| outcome.places),
        winners.as_deref(),
    ]
}
