//! What books moved in a span of time, as rows.

use parlor_domain::id::{RoomId, TenantId};
use parlor_domain::points::{Mover, Turnover, TurnoverKey};

use crate::sql::{Row, Value, corrupt, row};

/// The columns that [`read`] reads.
pub(crate) const COLUMNS: &str = "quarter, mover, points, count";

pub(crate) fn read(row: &mut Row) -> Result<(TurnoverKey, Turnover), sqlx::Error> {
    let key = TurnoverKey {
        quarter: row.take()?,
        mover: read_mover(row)?,
    };

    Ok((key, read_turnover(row)?))
}

pub(crate) fn read_mover(row: &mut Row) -> Result<Mover, sqlx::Error> {
    let code = row.take()?;
    Mover::of_code(code).ok_or_else(|| corrupt(format!("{code} is nothing that moves points")))
}

pub(crate) fn read_turnover(row: &mut Row) -> Result<Turnover, sqlx::Error> {
    Ok(Turnover {
        points: row.take()?,
        count: row.take()?,
    })
}

pub(crate) const INSERT: &str =
    "INSERT INTO turnovers (room_id, tenant_id, quarter, mover, points, count) ";

/// Adds to what was moved before in the same quarter of an hour.
pub(crate) const ADD: &str = " ON CONFLICT (room_id, quarter, mover) DO UPDATE SET
    points = turnovers.points + excluded.points, count = turnovers.count + excluded.count";

pub(crate) fn row(
    room_id: RoomId,
    tenant_id: TenantId,
    key: TurnoverKey,
    moved: Turnover,
) -> Vec<Value> {
    row![
        room_id,
        tenant_id,
        key.quarter,
        key.mover.code(),
        moved.points,
        moved.count,
    ]
}
