//! Taking the locks, and loading what a batch needs, in sets.

mod known;
mod people;
mod reversals;

use std::collections::{BTreeMap, BTreeSet};

use parlor_domain::hype_train::TrainRecord;
use parlor_domain::id::{RoomId, TenantId};
use parlor_domain::room_aggregate::{Census, Changes, Known, RoomAggregate};

use super::{Locked, RoomNeeds};
use crate::engine::Transaction;
use crate::participant_row::{self, CENSUS_COLUMNS};
use crate::room_row::{self, session_columns};
use crate::sql::{KEYS_MAX, Row, Statement, Value, corrupt, from_json, row};

pub(super) use known::known;

pub(super) type Rooms = BTreeMap<(RoomId, TenantId), Locked>;

/// Locks each room by writing its row. In the order of ids, so that two batches that share rooms
/// wait for one another instead of dead-locking; that order is why each is a statement of its own.
pub(super) async fn lock(
    transaction: &mut Transaction,
    needs: &[RoomNeeds],
) -> Result<Rooms, sqlx::Error> {
    let columns = room_row::columns("rooms");
    let text = format!(
        "UPDATE rooms SET head_seq = head_seq WHERE id = $1 AND tenant_id = $2
         RETURNING {columns}, keyframe_seq"
    );
    let ids: BTreeSet<_> = needs
        .iter()
        .map(|one| (one.room_id, one.tenant_id))
        .collect();
    assert_eq!(ids.len(), needs.len(), "a batch names each room once");

    let mut rooms = Rooms::new();
    for key in ids {
        let statement = Statement::new(text.as_str()).bind(key.0).bind(key.1);
        for mut row in transaction.fetch(statement).await? {
            rooms.insert(key, read_locked(&mut row)?);
        }
    }

    Ok(rooms)
}

fn read_locked(row: &mut Row) -> Result<Locked, sqlx::Error> {
    let (room, head) = room_row::read(row)?;
    let aggregate = RoomAggregate {
        room,
        head,
        session: None,
        train: None,
        record: None,
        census: Census::default(),
        known: Known::default(),
        changes: Changes::default(),
    };

    Ok(Locked {
        aggregate,
        keyframe_seq: row.take()?,
        deadline: None,
    })
}

/// Loads each room's session, train, record and census.
pub(super) async fn state(
    transaction: &mut Transaction,
    rooms: &mut Rooms,
) -> Result<(), sqlx::Error> {
    let record = |column| {
        format!(
            "(SELECT hype_trains.{column} FROM hype_trains
              WHERE hype_trains.room_id = rooms.id AND hype_trains.ended_at IS NOT NULL
              ORDER BY hype_trains.level DESC, hype_trains.total DESC LIMIT 1)"
        )
    };
    let (session, level, total) = (
        session_columns("sessions"),
        record("level"),
        record("total"),
    );
    let text = format!(
        "SELECT rooms.id, rooms.tenant_id, {session}, room_trains.state, {level}, {total},
             {CENSUS_COLUMNS}
         FROM wanted CROSS JOIN rooms
         LEFT JOIN sessions ON sessions.id = rooms.session_id
         LEFT JOIN room_trains ON room_trains.room_id = rooms.id
         LEFT JOIN room_censuses ON room_censuses.room_id = rooms.id
         WHERE rooms.id = wanted.id"
    );

    let keys: Vec<_> = rooms.keys().map(|(id, _)| row![*id]).collect();
    for mut row in look_up(transaction, "wanted (id)", &keys, &text).await? {
        let key = (RoomId(row.take()?), TenantId(row.take()?));
        let locked = rooms
            .get_mut(&key)
            .expect("only locked rooms are asked for");
        locked.aggregate.session = room_row::read_session(&mut row)?;
        let train: Option<String> = row.take()?;
        locked.aggregate.train = train.as_deref().map(from_json).transpose()?;
        locked.aggregate.record = read_record(&mut row)?;
        locked.aggregate.census = participant_row::read_census(&mut row)?;
        locked.deadline = locked.aggregate.deadline();
    }

    Ok(())
}

/// Loads whether contributions were recorded, where that matters.
pub(super) async fn contributions_of(
    transaction: &mut Transaction,
    rooms: &mut Rooms,
    needs: &[RoomNeeds],
) -> Result<(), sqlx::Error> {
    let keys: Vec<_> = needs
        .iter()
        .filter(|one| one.has_contributions && rooms.contains_key(&(one.room_id, one.tenant_id)))
        .map(|one| row![one.room_id, one.tenant_id])
        .collect();
    let text = "SELECT wanted.room_id, wanted.tenant_id FROM wanted
        WHERE EXISTS (SELECT 1 FROM contributions c WHERE c.room_id = wanted.room_id)";
    for mut row in look_up(transaction, "wanted (room_id, tenant_id)", &keys, text).await? {
        let key = (RoomId(row.take()?), TenantId(row.take()?));
        if let Some(locked) = rooms.get_mut(&key) {
            locked.aggregate.known.has_contributions = true;
        }
    }

    Ok(())
}

/// Runs `WITH {table} AS (VALUES {keys}) {select}`, in as few statements as the limit allows.
async fn look_up(
    transaction: &mut Transaction,
    table: &str,
    keys: &[Vec<Value>],
    select: &str,
) -> Result<Vec<Row>, sqlx::Error> {
    let mut rows = Vec::new();
    for chunk in keys.chunks(KEYS_MAX) {
        let statement = Statement::with_keys(table, chunk).push(select);
        rows.extend(transaction.fetch(statement).await?);
    }

    Ok(rows)
}

fn read_record(row: &mut Row) -> Result<Option<TrainRecord>, sqlx::Error> {
    let level: Option<i64> = row.take()?;
    let total: Option<i64> = row.take()?;
    let Some((level, total)) = level.zip(total) else {
        return Ok(None);
    };

    let level = u32::try_from(level).map_err(|error| corrupt(error.to_string()))?;
    Ok(Some(TrainRecord { level, total }))
}
