//! Rooms, with the head of their log, as rows.

use parlor_domain::event::LogHead;
use parlor_domain::id::{Epoch, RoomId, SessionId, TenantId};
use parlor_domain::room::{Admission, Room, RoomState};
use parlor_domain::session::Session;

use crate::contribution_row::read_currency;
use crate::sql::{Row, corrupt};

/// The columns that [`read`] reads, of the table called `table`.
pub(crate) fn columns(table: &str) -> String {
    [
        "id",
        "tenant_id",
        "slug",
        "title",
        "stream_id",
        "state",
        "version",
        "delay_ms",
        "ingest_offset_ms",
        "anonymous_read",
        "admission",
        "stage_size",
        "interruption_grace_ms",
        "reference_currency",
        "program",
        "created_at",
        "updated_at",
        "epoch",
        "head_seq",
        "last_occurred_at",
        "last_display_at",
        "wallets",
    ]
    .map(|column| format!("{table}.{column}"))
    .join(", ")
}

pub(crate) fn read(row: &mut Row) -> Result<(Room, LogHead), sqlx::Error> {
    let room = Room {
        id: RoomId(row.take()?),
        tenant_id: TenantId(row.take()?),
        slug: row.take()?,
        title: row.take()?,
        stream_id: row.take()?,
        state: state(&row.take::<String>()?)?,
        version: row.take_narrow()?,
        delay_ms: row.take()?,
        ingest_offset_ms: row.take()?,
        anonymous_read: row.take()?,
        admission: admission(&row.take::<String>()?)?,
        stage_size: row.take_narrow()?,
        interruption_grace_ms: row.take()?,
        reference_currency: read_currency(&row.take::<String>()?)?,
        program: row.take_json()?,
        created_at: row.take_time()?,
        updated_at: row.take_time()?,
    };

    Ok((room, read_head(row)?))
}

/// The columns that [`read_head`] reads, of the table `rooms`.
pub(crate) const HEAD_COLUMNS: &str = "rooms.epoch, rooms.head_seq, rooms.last_occurred_at,
    rooms.last_display_at, rooms.wallets";

pub(crate) fn read_head(row: &mut Row) -> Result<LogHead, sqlx::Error> {
    Ok(LogHead {
        epoch: Epoch(row.take()?),
        seq: row.take()?,
        occurred_at: row.take_time()?,
        display_at: row.take_time()?,
        wallets: row.take()?,
    })
}

/// The columns that [`read_session`] reads, of the table called `table`.
pub(crate) fn session_columns(table: &str) -> String {
    ["id", "started_at", "interrupted_at", "ended_at", "delay_ms"]
        .map(|column| format!("{table}.{column}"))
        .join(", ")
}

/// Reads a session whose columns are all empty where an outer join found none.
pub(crate) fn read_session(row: &mut Row) -> Result<Option<Session>, sqlx::Error> {
    let id: Option<uuid::Uuid> = row.take()?;
    let started_at = row.take_optional_time()?;
    let interrupted_at = row.take_optional_time()?;
    let ended_at = row.take_optional_time()?;
    let delay_ms: Option<i64> = row.take()?;

    Ok(id
        .zip(started_at)
        .zip(delay_ms)
        .map(|((id, started_at), delay_ms)| Session {
            id: SessionId(id),
            started_at,
            interrupted_at,
            ended_at,
            delay_ms,
        }))
}

fn admission(text: &str) -> Result<Admission, sqlx::Error> {
    Admission::ALL
        .into_iter()
        .find(|admission| admission.as_str() == text)
        .ok_or_else(|| corrupt(format!("`{text}` does not say who may join a room")))
}

fn state(text: &str) -> Result<RoomState, sqlx::Error> {
    RoomState::ALL
        .into_iter()
        .find(|state| state.as_str() == text)
        .ok_or_else(|| corrupt(format!("`{text}` is no state of a room")))
}
