//! Reading a room's log, and the state of a room at its head or at a time.

use std::collections::BTreeMap;

use parlor_domain::event::{Event, LogHead};
use parlor_domain::id::{Epoch, RoomId};
use parlor_domain::room_aggregate::OnlineCount;
use parlor_domain::time::ServerTime;

use crate::event_row;
use crate::kept_event::KeptEvent;
use crate::participant_row::{self, ONLINE_COLUMNS};
use crate::room_row::{self, HEAD_COLUMNS};
use crate::sql::{Row, Statement};
use crate::{Store, StoreError};

/// How many events pass between keyframes. A seek reads one keyframe and at most this many events
/// more than a batch writes, which takes a few milliseconds; twice as many keyframes would double
/// the log's size in a room whose state is large.
pub const KEYFRAME_EVERY: i64 = 64;
/// The longest replay: half an hour of three events a second. Further back a snapshot costs less,
/// and moments that old are no news.
pub const RESUME_EVENTS_MAX: i64 = 5_000;

/// A position in a room's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogPosition {
    pub epoch: Epoch,
    pub seq: i64,
}

/// What is new of a room, in a few numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomHead {
    pub log: LogHead,
    pub online: OnlineCount,
    /// The position of the audit trail's last entry.
    pub audited: i64,
}

/// A room's state at a position of its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    pub room_id: RoomId,
    pub epoch: Epoch,
    pub seq: i64,
    /// The last event of every part, by `seq`.
    pub events: Vec<Event>,
    /// The room's present ingest offset.
    pub ingest_offset_ms: i64,
}

/// What came of going on from a position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resume {
    /// The events since, of a log that ends at `head`.
    Events { head: LogHead, events: Vec<Event> },
    /// The log is another, does not reach back or forth to the position, or has too much to replay.
    Unrecoverable,
}

impl Store {
    /// Where the room's log ends.
    pub async fn head(&self, room_id: RoomId) -> Result<Option<LogHead>, StoreError> {
        let heads = self.heads(&[room_id]).await?;
        Ok(heads.get(&room_id).map(|head| head.log))
    }

    /// Where the logs and the audit trails of `room_ids` end, and how many are online; rooms that are
    /// not there are left out. One statement, however many rooms.
    pub async fn heads(
        &self,
        room_ids: &[RoomId],
    ) -> Result<BTreeMap<RoomId, RoomHead>, StoreError> {
        if room_ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let statement = Statement::new(format!(
            "SELECT rooms.id, {HEAD_COLUMNS}, {ONLINE_COLUMNS}, room_censuses.audited FROM "
        ))
        .push_value(room_ids)
        .push(
            " AS wanted CROSS JOIN rooms
             LEFT JOIN room_censuses ON room_censuses.room_id = rooms.id
             WHERE rooms.id = wanted.key",
        );

        let mut heads = BTreeMap::new();
        for mut row in self.engine.fetch(statement).await? {
            let room_id = RoomId(row.take()?);
            let head = RoomHead {
                log: room_row::read_head(&mut row)?,
                online: participant_row::read_online(&mut row)?,
                audited: participant_row::read_count(&mut row)?,
            };
            heads.insert(room_id, head);
        }
        Ok(heads)
    }

    /// Events behind `after_seq`, at most `limit`. None if the room's log is not of that epoch.
    pub async fn events_after(
        &self,
        room_id: RoomId,
        epoch: Epoch,
        after_seq: i64,
        limit: i64,
    ) -> Result<Vec<Event>, StoreError> {
        let columns = event_row::columns("events");
        let statement = Statement::new(format!(
            "SELECT {columns} FROM rooms JOIN events ON events.room_id = rooms.id
             WHERE rooms.id = $1 AND rooms.epoch = $2 AND events.seq > $3
             ORDER BY events.seq LIMIT $4"
        ))
        .bind(room_id)
        .bind(epoch)
        .bind(after_seq)
        .bind(limit);
        let rows = self.engine.fetch(statement).await?;

        read_events(rows).map_err(StoreError::of_room(room_id))
    }

    /// The events since `after`, the first `limit` of them, or that there is no telling.
    pub async fn resume(
        &self,
        room_id: RoomId,
        after: LogPosition,
        limit: i64,
    ) -> Result<Resume, StoreError> {
        let columns = event_row::columns("events");
        let statement = Statement::new(format!(
            "SELECT {HEAD_COLUMNS}, {columns} FROM rooms
             LEFT JOIN events ON events.room_id = rooms.id AND events.seq > $3
             WHERE rooms.id = $1 AND rooms.epoch = $2 AND rooms.first_kept_seq <= $3 + 1
                 AND rooms.head_seq >= $3 AND rooms.head_seq <= $3 + $4
             ORDER BY events.seq LIMIT $5"
        ))
        .bind(room_id)
        .bind(after.epoch)
        .bind(after.seq)
        .bind(RESUME_EVENTS_MAX)
        .bind(limit);

        let mut resume = Resume::Unrecoverable;
        let mut events = Vec::new();
        for mut row in self.engine.fetch(statement).await? {
            let head = room_row::read_head(&mut row)?;
            let event = event_row::read_optional(&mut row);
            events.extend(event.map_err(StoreError::of_room(room_id))?);
            resume = Resume::Events {
                head,
                events: Vec::new(),
            };
        }
        if let Resume::Events { events: all, .. } = &mut resume {
            *all = events;
        }

        Ok(resume)
    }

    /// The room's state at the head of its log.
    pub async fn snapshot(&self, room_id: RoomId) -> Result<Option<Snapshot>, StoreError> {
        let columns = event_row::columns("parts");
        // One statement, so that head and parts are of one state.
        let statement = Statement::new(format!(
            "SELECT rooms.epoch, rooms.head_seq, rooms.ingest_offset_ms, {columns} FROM rooms
             LEFT JOIN parts ON parts.room_id = rooms.id
             WHERE rooms.id = $1 ORDER BY parts.seq"
        ))
        .bind(room_id);

        let mut snapshot: Option<Snapshot> = None;
        for mut row in self.engine.fetch(statement).await? {
            let found = read_position(&mut row, room_id)?;
            let event = event_row::read_optional(&mut row);
            let event = event.map_err(StoreError::of_room(room_id))?;
            snapshot.get_or_insert(found).events.extend(event);
        }

        Ok(snapshot)
    }

    /// The room's state as of the last event at or before `at`: from the nearest keyframe and the
    /// events that follow it.
    pub async fn snapshot_at(
        &self,
        room_id: RoomId,
        at: ServerTime,
    ) -> Result<Option<Snapshot>, StoreError> {
        let mut transaction = self.engine.begin_read().await?;
        let found = transaction.fetch(position_at(room_id, at)).await?;
        let Some(mut row) = found.into_iter().next() else {
            return Ok(None);
        };
        let mut snapshot = read_position(&mut row, room_id)?;

        let mut parts = BTreeMap::new();
        let mut keyframe_seq = 0;
        for mut row in transaction
            .fetch(keyframe_before(room_id, snapshot.seq))
            .await?
        {
            keyframe_seq = row.take()?;
            let kept = row.take_json::<Vec<KeptEvent>>();
            let kept = kept.map_err(StoreError::of_room(room_id))?;
            fold(&mut parts, kept.into_iter().map(Event::from));
        }
        let since = state_events(room_id, keyframe_seq, snapshot.seq);
        let since = read_events(transaction.fetch(since).await?);
        fold(&mut parts, since.map_err(StoreError::of_room(room_id))?);
        transaction.roll_back().await?;

        snapshot.events = parts.into_values().collect();
        snapshot.events.sort_by_key(|event| event.seq);
        Ok(Some(snapshot))
    }
}

/// Where the log was at a time. Before everything that is kept it was empty.
fn position_at(room_id: RoomId, at: ServerTime) -> Statement {
    Statement::new(
        "SELECT rooms.epoch,
             COALESCE(
                 (SELECT events.seq FROM events
                  WHERE events.room_id = rooms.id AND events.occurred_at <= $2
                  ORDER BY events.occurred_at DESC, events.seq DESC LIMIT 1),
                 rooms.first_kept_seq - 1
             ),
             rooms.ingest_offset_ms
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

fn state_events(room_id: RoomId, after_seq: i64, through_seq: i64) -> Statement {
    let columns = event_row::columns("events");
    Statement::new(format!(
        "SELECT {columns} FROM events
         WHERE room_id = $1 AND seq > $2 AND seq <= $3 AND part IS NOT NULL ORDER BY seq"
    ))
    .bind(room_id)
    .bind(after_seq)
    .bind(through_seq)
}

fn read_position(row: &mut Row, room_id: RoomId) -> Result<Snapshot, sqlx::Error> {
    Ok(Snapshot {
        room_id,
        epoch: Epoch(row.take()?),
        seq: row.take()?,
        ingest_offset_ms: row.take()?,
        events: Vec::new(),
    })
}

fn read_events(rows: Vec<Row>) -> Result<Vec<Event>, sqlx::Error> {
    rows.into_iter()
        .map(|mut row| event_row::read(&mut row))
        .collect()
}

fn fold(
    parts: &mut BTreeMap<parlor_domain::event::Part, Event>,
    events: impl IntoIterator<Item = Event>,
) {
    for event in events {
        let Some(part) = event.body.part() else {
            continue;
        };
        if event.body.empties_part() {
            parts.remove(&part);
        } else {
            parts.insert(part, event);
        }
    }
}
