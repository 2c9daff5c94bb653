//! A room as the picture shows it at a time: from a keyframe and the events that follow it.

use std::collections::BTreeMap;

use parlor_domain::event::{Event, Part, Timing};
use parlor_domain::id::{Epoch, RoomId};
use parlor_domain::time::ServerTime;

use super::{Picture, Snapshot};
use crate::engine::Transaction;
use crate::event_row;
use crate::kept_event::KeptEvent;
use crate::sql::{Row, Statement};
use crate::{Store, StoreError};

impl Store {
    /// The room as of the last event at or before `at`, and the first `limit` events behind that. Before
    /// everything that is kept it is where the log begins. All from one state of the database, so that
    /// nothing is trimmed in between.
    pub async fn picture_at(
        &self,
        room_id: RoomId,
        at: ServerTime,
        limit: i64,
    ) -> Result<Option<Picture>, StoreError> {
        let mut transaction = self.engine.begin_read().await?;
        let found = transaction.fetch(position_at(room_id, at)).await?;
        let Some(mut row) = found.into_iter().next() else {
            return Ok(None);
        };
        let epoch = Epoch(row.take()?);
        let (head_seq, first_kept_seq): (i64, i64) = (row.take()?, row.take()?);
        let last_seq: Option<i64> = row.take()?;
        // What is trimmed may be there for a moment more.
        let seq = last_seq.unwrap_or(0).max(first_kept_seq - 1);

        let read = read_at(&mut transaction, room_id, seq, limit).await;
        let (events, since) = read.map_err(StoreError::of_room(room_id))?;
        transaction.roll_back().await?;

        let snapshot = Snapshot {
            room_id,
            epoch,
            seq,
            events,
        };
        Ok(Some(Picture {
            snapshot,
            since,
            head_seq,
        }))
    }
}

/// The last event of every part, and what follows `seq`.
async fn read_at(
    transaction: &mut Transaction,
    room_id: RoomId,
    seq: i64,
    limit: i64,
) -> Result<(Vec<Event>, Vec<Event>), sqlx::Error> {
    let mut parts = BTreeMap::new();
    let mut keyframe_seq = 0;
    for mut row in transaction.fetch(keyframe_before(room_id, seq)).await? {
        keyframe_seq = row.take()?;
        let kept = row.take_json::<Vec<KeptEvent>>()?;
        fold(&mut parts, kept.into_iter().map(Event::from));
    }
    let moves = picture_events(room_id, keyframe_seq, seq);
    fold(&mut parts, read_events(transaction.fetch(moves).await?)?);

    let live = read_events(transaction.fetch(present_parts(room_id)).await?)?;
    let live = live
        .into_iter()
        .filter(|event| event.body.timing() == Timing::Live);
    let mut events: Vec<_> = parts.into_values().chain(live).collect();
    events.sort_by_key(|event| event.seq);
    let since = transaction
        .fetch(events_behind(room_id, seq, limit))
        .await?;

    Ok((events, read_events(since)?))
}

/// Where the log ends and begins, and the last event by a time.
fn position_at(room_id: RoomId, at: ServerTime) -> Statement {
    Statement::new(
        "SELECT rooms.epoch, rooms.head_seq, rooms.first_kept_seq,
             (SELECT events.seq FROM events
              WHERE events.room_id = rooms.id AND events.occurred_at <= $2
              ORDER BY events.occurred_at DESC, events.seq DESC LIMIT 1)
         FROM rooms WHERE rooms.id = $1",
    )
    .bind(room_id)
    .bind(at)
}

fn keyframe_before(room_id: RoomId, seq: i64) -> Statement {
    Statement::new(
        "SELECT seq, events FROM keyframes WHERE room_id = $1 AND seq <= $2
         ORDER BY seq DESC LIMIT 1",
    )
    .bind(room_id)
    .bind(seq)
}

/// The picture's moves behind a keyframe.
fn picture_events(room_id: RoomId, after_seq: i64, through_seq: i64) -> Statement {
    let columns = event_row::columns("events");
    let mut statement = Statement::new(format!("SELECT {columns} FROM events WHERE room_id = "))
        .push_value(room_id)
        .push(" AND seq > ")
        .push_value(after_seq)
        .push(" AND seq <= ")
        .push_value(through_seq)
        .push(" AND part IN (");
    for (index, part) in Part::PICTURE.into_iter().enumerate() {
        statement = statement
            .push(if index == 0 { "" } else { ", " })
            .push_value(part.key().into_owned());
    }

    statement.push(") ORDER BY seq")
}

fn present_parts(room_id: RoomId) -> Statement {
    let columns = event_row::columns("parts");
    Statement::new(format!("SELECT {columns} FROM parts WHERE room_id = $1")).bind(room_id)
}

fn events_behind(room_id: RoomId, seq: i64, limit: i64) -> Statement {
    let columns = event_row::columns("events");
    Statement::new(format!(
        "SELECT {columns} FROM events WHERE room_id = $1 AND seq > $2 ORDER BY seq LIMIT $3"
    ))
    .bind(room_id)
    .bind(seq)
    .bind(limit)
}

fn read_events(rows: Vec<Row>) -> Result<Vec<Event>, sqlx::Error> {
    rows.into_iter()
        .map(|mut row| event_row::read(&mut row))
        .collect()
}

/// Takes in what `events` make of the picture's parts. Keyframes of older versions hold the others too.
fn fold(parts: &mut BTreeMap<Part, Event>, events: impl IntoIterator<Item = Event>) {
    for event in events {
        let part = event.body.part();
        let Some(part) = part.filter(|part| part.timing() == Timing::Picture) else {
            continue;
        };
        if event.body.empties_part() {
            parts.remove(&part);
        } else {
            parts.insert(part, event);
        }
    }
}
