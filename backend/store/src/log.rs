//! Reading a room's log, and the state of a room at its head or at a time.

mod picture;

use std::collections::BTreeMap;

use parlor_domain::event::{Event, LogHead};
use parlor_domain::id::{Epoch, RoomId};
use parlor_domain::room_aggregate::OnlineCount;

use crate::event_row;
use crate::participant_row::{self, ONLINE_COLUMNS, STAFF_COLUMNS};
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
    pub staff: StaffHead,
}

/// Where what staff follows of a room ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StaffHead {
    /// The position of the audit trail's last entry.
    pub audited: i64,
    /// The position of the newest change of the queue of redemptions.
    pub queue: i64,
    /// The position of the newest change of the cases about points.
    pub disputes: i64,
}

/// A room's state at a position of its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    pub room_id: RoomId,
    pub epoch: Epoch,
    pub seq: i64,
    /// The last event of every part, by `seq`.
    pub events: Vec<Event>,
}

/// A room as the picture shows it at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The picture's parts as they were then, and the others as they are now, which may be newer than
    /// the snapshot's position: they apply wherever the picture is.
    pub snapshot: Snapshot,
    /// The first events behind the snapshot's position.
    pub since: Vec<Event>,
    /// Where the log ended, which is what the parts as they are now are as of.
    pub head_seq: i64,
}

/// What came of going on from a position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resume {
    /// The events since, of a log that ends at `head`.
    Events { head: LogHead, events: Vec<Event> },
    /// The log is another, does not reach back or forth to the position, or has too much to replay.
    Unrecoverable,
}

impl Resume {
    /// The events, unless there is no telling.
    pub fn events(self) -> Option<Vec<Event>> {
        match self {
            Self::Events { events, .. } => Some(events),
            Self::Unrecoverable => None,
        }
    }
}

impl Store {
    /// Where the room's log ends.
    pub async fn head(&self, room_id: RoomId) -> Result<Option<LogHead>, StoreError> {
        let heads = self.heads(&[room_id]).await?;
        Ok(heads.get(&room_id).map(|head| head.log))
    }

    /// Where the logs of `room_ids` end, and what staff follows of them, and how many are online; rooms that are
    /// not there are left out. One statement, however many rooms.
    pub async fn heads(
        &self,
        room_ids: &[RoomId],
    ) -> Result<BTreeMap<RoomId, RoomHead>, StoreError> {
        if room_ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let statement = Statement::new(format!(
            "SELECT rooms.id, {HEAD_COLUMNS}, {ONLINE_COLUMNS}, {STAFF_COLUMNS} FROM "
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
                staff: participant_row::read_staff_head(&mut row)?,
            };
            heads.insert(room_id, head);
        }
        Ok(heads)
    }

    /// The events behind `after`, the first `limit` of them, or that there is no telling. However long
    /// the log goes on: for who has begun to read it.
    pub async fn events_after(
        &self,
        room_id: RoomId,
        after: LogPosition,
        limit: i64,
    ) -> Result<Resume, StoreError> {
        self.read_on(room_id, after, i64::MAX, limit).await
    }

    /// The events since `after`, the first `limit` of them, or that there is no telling.
    pub async fn resume(
        &self,
        room_id: RoomId,
        after: LogPosition,
        limit: i64,
    ) -> Result<Resume, StoreError> {
        self.read_on(room_id, after, RESUME_EVENTS_MAX, limit).await
    }

    /// Reads on in the log, if it is still that one, reaches back to `after` and ends at most
    /// `behind_max` behind it. One statement, so that no trimming comes between the question and the
    /// answer.
    async fn read_on(
        &self,
        room_id: RoomId,
        after: LogPosition,
        behind_max: i64,
        limit: i64,
    ) -> Result<Resume, StoreError> {
        let columns = event_row::columns("events");
        let statement = Statement::new(format!(
            "SELECT {HEAD_COLUMNS}, {columns} FROM rooms
             LEFT JOIN events ON events.room_id = rooms.id AND events.seq > $3
             WHERE rooms.id = $1 AND rooms.epoch = $2 AND rooms.first_kept_seq - 1 <= $3
                 AND rooms.head_seq >= $3 AND rooms.head_seq - $3 <= $4
             ORDER BY events.seq LIMIT $5"
        ))
        .bind(room_id)
        .bind(after.epoch)
        .bind(after.seq)
        .bind(behind_max)
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
            "SELECT rooms.epoch, rooms.head_seq, {columns} FROM rooms
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
}

fn read_position(row: &mut Row, room_id: RoomId) -> Result<Snapshot, sqlx::Error> {
    Ok(Snapshot {
        room_id,
        epoch: Epoch(row.take()?),
        seq: row.take()?,
        events: Vec::new(),
    })
}
