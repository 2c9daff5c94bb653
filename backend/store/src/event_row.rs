//! Events as rows of the log and of the parts.

use parlor_domain::event::{Event, Part};
use parlor_domain::id::{EventId, RoomId, TenantId};

use crate::sql::{Row, Value, row, to_json};

/// The columns that [`read`] reads, of the table called `table`.
pub(crate) fn columns(table: &str) -> String {
    ["id", "seq", "occurred_at", "display_at", "body"]
        .map(|column| format!("{table}.{column}"))
        .join(", ")
}

pub(crate) fn read(row: &mut Row) -> Result<Event, sqlx::Error> {
    Ok(Event {
        id: EventId(row.take()?),
        seq: row.take()?,
        occurred_at: row.take_time()?,
        display_at: row.take_time()?,
        body: row.take_json()?,
    })
}

/// Reads an event whose columns are all empty where an outer join found none.
pub(crate) fn read_optional(row: &mut Row) -> Result<Option<Event>, sqlx::Error> {
    let id: Option<uuid::Uuid> = row.take()?;
    let Some(id) = id else {
        return Ok(None);
    };

    Ok(Some(Event {
        id: EventId(id),
        seq: row.take()?,
        occurred_at: row.take_time()?,
        display_at: row.take_time()?,
        body: row.take_json()?,
    }))
}

pub(crate) const INSERT_EVENTS: &str = "INSERT INTO events
    (room_id, seq, tenant_id, id, occurred_at, display_at, part, body) ";

pub(crate) fn event_row(room_id: RoomId, tenant_id: TenantId, event: &Event) -> Vec<Value> {
    row![
        room_id,
        event.seq,
        tenant_id,
        event.id,
        event.occurred_at,
        event.display_at,
        event.body.part().map(|part| part.key().into_owned()),
        to_json(&event.body),
    ]
}

pub(crate) const INSERT_PARTS: &str = "INSERT INTO parts
    (room_id, part, tenant_id, id, seq, occurred_at, display_at, body) ";

pub(crate) const DELETE_PARTS: &str =
    "DELETE FROM parts WHERE (room_id, part) IN (SELECT room_id, part FROM v)";

pub(crate) const REPLACE_PARTS: &str = " ON CONFLICT (room_id, part) DO UPDATE SET
    id = excluded.id, seq = excluded.seq, occurred_at = excluded.occurred_at,
    display_at = excluded.display_at, body = excluded.body";

pub(crate) fn part_row(
    room_id: RoomId,
    tenant_id: TenantId,
    part: Part,
    event: &Event,
) -> Vec<Value> {
    row![
        room_id,
        part.key().into_owned(),
        tenant_id,
        event.id,
        event.seq,
        event.occurred_at,
        event.display_at,
        to_json(&event.body),
    ]
}
