//! The rooms of a batch: taking their locks, and what is read of each.

use std::collections::BTreeMap;

use parlor_domain::id::{HypeTrainId, RoomId, TenantId};
use parlor_domain::room_aggregate::{Census, Changes, Known, RoomAggregate};
use parlor_domain::time::ServerTime;
use parlor_domain::watching::EarningState;
use uuid::Uuid;

use super::readable::Readable;
use super::{RoomNeeds, WhenLocked};
use crate::engine::Transaction;
use crate::participant_row::{self, CENSUS_COLUMNS};
use crate::room_row::{self, session_columns};
use crate::set::Dialect;
use crate::sql::{Row, from_json, row};
use crate::watching_row;

/// How many of a room's best trains are looked at: one of them may be the present one.
const BEST_TRAINS: usize = 2;

pub(super) type RoomKey = (RoomId, TenantId);

/// Rooms under their locks, with what their commands need.
pub(super) type Rooms = Readable<RoomKey, Locked>;

/// A room under its lock, and where its last keyframe is.
#[derive(Debug)]
pub(super) struct Locked {
    pub(super) aggregate: RoomAggregate,
    pub(super) keyframe_seq: i64,
    /// When something in the room ran out of time, before the batch.
    pub(super) deadline: Option<ServerTime>,
    pub(super) needs: RoomNeeds,
}

impl Rooms {
    /// Has `read` read `what` from each of the rows into the room that its first two columns name.
    pub(super) fn read_rows(
        &mut self,
        rows: Vec<Row>,
        what: &'static str,
        read: impl Fn(&mut Locked, &mut Row) -> Result<(), sqlx::Error>,
    ) -> Result<(), sqlx::Error> {
        for mut row in rows {
            let key = (RoomId(row.take()?), TenantId(row.take()?));
            self.read_into(key, what, |locked| read(locked, &mut row))?;
        }

        Ok(())
    }
}

/// Locks the rooms, all by one statement.
pub(super) async fn lock(
    transaction: &mut Transaction,
    named: &BTreeMap<RoomKey, RoomNeeds>,
    when_locked: WhenLocked,
) -> Result<Rooms, sqlx::Error> {
    let keys = named.keys().map(|(id, _)| row![*id]).collect();
    let columns = format!(
        "rooms.id, rooms.tenant_id, {}, rooms.keyframe_seq",
        room_row::columns("rooms")
    );
    // SQLite has one lock, which a write takes first of all, and no other words for it.
    let text = match transaction.dialect() {
        Dialect::Postgres => format!(
            "SELECT {columns} FROM wanted CROSS JOIN rooms WHERE rooms.id = wanted.id {}",
            when_locked.in_order_of_ids("rooms")
        ),
        Dialect::Sqlite => format!(
            "UPDATE rooms SET head_seq = head_seq WHERE id IN (SELECT id FROM wanted)
             RETURNING {columns}"
        ),
    };

    let mut rooms = Rooms::default();
    for mut row in transaction.look_up("wanted (id)", keys, &text).await? {
        let key = (RoomId(row.take()?), TenantId(row.take()?));
        // A stranger may have named it.
        let Some(needs) = named.get(&key) else {
            continue;
        };
        rooms.put(key, "room", read_locked(&mut row, needs))?;
    }

    Ok(rooms)
}

fn read_locked(row: &mut Row, needs: &RoomNeeds) -> Result<Locked, sqlx::Error> {
    let (room, head) = room_row::read(row)?;
    let aggregate = RoomAggregate {
        room,
        head,
        session: None,
        train: None,
        best_trains: Vec::new(),
        census: Census::default(),
        earning: EarningState::default(),
        draws: BTreeMap::new(),
        known: Known::default(),
        changes: Changes::default(),
    };

    Ok(Locked {
        aggregate,
        keyframe_seq: row.take()?,
        deadline: None,
        needs: needs.clone(),
    })
}

/// Loads each room's session, train, record and census, and what its viewers earn by.
pub(super) async fn state(
    transaction: &mut Transaction,
    rooms: &mut Rooms,
) -> Result<(), sqlx::Error> {
    let session = session_columns("sessions");
    let best = |column: &str, place: usize| {
        format!(
            "(SELECT t.{column} FROM hype_trains t
              WHERE t.room_id = rooms.id AND t.ended_at IS NOT NULL
              ORDER BY t.total DESC, t.id LIMIT 1 OFFSET {place})"
        )
    };
    let best = (0..BEST_TRAINS).flat_map(|place| [best("id", place), best("total", place)]);
    let best = best.collect::<Vec<_>>().join(", ");
    let text = format!(
        "SELECT rooms.id, rooms.tenant_id, {session}, room_trains.state, {best},
             {CENSUS_COLUMNS}, room_earnings.state
         FROM wanted CROSS JOIN rooms
         LEFT JOIN sessions ON sessions.id = rooms.session_id
         LEFT JOIN room_trains ON room_trains.room_id = rooms.id
         LEFT JOIN room_censuses ON room_censuses.room_id = rooms.id
         LEFT JOIN room_earnings ON room_earnings.room_id = rooms.id
         WHERE rooms.id = wanted.id"
    );

    let keys = rooms.keys().map(|(id, _)| row![id]).collect();
    let rows = transaction.look_up("wanted (id)", keys, &text).await?;
    rooms.read_rows(rows, "train", |locked, row| {
        let aggregate = &mut locked.aggregate;
        aggregate.session = room_row::read_session(row)?;
        let train: Option<String> = row.take()?;
        aggregate.train = train.as_deref().map(from_json).transpose()?;
        for _ in 0..BEST_TRAINS {
            let (id, total): (Option<Uuid>, Option<i64>) = (row.take()?, row.take()?);
            let train = id.map(HypeTrainId).zip(total);
            aggregate.best_trains.extend(train);
        }
        aggregate.census = participant_row::read_census(row)?;
        let earning = watching_row::read_state(row)?;
        aggregate.earning = earning.with_session(aggregate.session.as_ref());
        Ok(())
    })
}
