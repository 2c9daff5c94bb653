//! Writing what a batch changed, in sets: one statement a table, or few.

use std::collections::BTreeMap;

use parlor_domain::event::{Event, Part};
use parlor_domain::id::RoomId;
use parlor_domain::room_aggregate::RoomAggregate;

use super::{Locked, RECORD_CONTRIBUTION};
use crate::contribution_row;
use crate::engine::Transaction;
use crate::event_row::{self, KeptEvent};
use crate::log::KEYFRAME_EVERY;
use crate::participant_row;
use crate::participants;
use crate::presences;
use crate::sql::{KEYS_MAX, Statement, Value, row, to_json};

/// A room to write, and where its last keyframe will be.
#[derive(Clone, Copy)]
pub(crate) struct Room<'a> {
    aggregate: &'a RoomAggregate,
    keyframe_seq: i64,
}

impl<'a> Room<'a> {
    /// A room that is not in the database yet.
    pub(crate) fn new(aggregate: &'a RoomAggregate) -> Self {
        Self {
            aggregate,
            keyframe_seq: 0,
        }
    }

    pub(super) fn of(locked: &'a Locked) -> Self {
        let head_seq = locked.aggregate.head.seq;
        let is_due = head_seq - locked.keyframe_seq >= KEYFRAME_EVERY;
        let keyframe_seq = if is_due {
            head_seq
        } else {
            locked.keyframe_seq
        };

        Self {
            aggregate: &locked.aggregate,
            keyframe_seq,
        }
    }

    fn writes_keyframe(self) -> bool {
        self.keyframe_seq == self.aggregate.head.seq && !self.aggregate.changes.events.is_empty()
    }
}

/// Moves the rooms' heads to where their logs end now.
pub(super) async fn heads(
    transaction: &mut Transaction,
    rooms: &[Room<'_>],
) -> Result<(), sqlx::Error> {
    let rows: Vec<_> = rooms
        .iter()
        .map(
            |Room {
                 aggregate,
                 keyframe_seq,
             }| {
                let (head, session) = (&aggregate.head, aggregate.session.as_ref());
                row![
                    aggregate.room.id,
                    head.seq,
                    head.occurred_at,
                    head.display_at,
                    session.map(|session| session.id),
                    *keyframe_seq,
                ]
            },
        )
        .collect();

    transaction
        .update(
            "v (id, head_seq, last_occurred_at, last_display_at, session_id, keyframe_seq)",
            rows,
            "UPDATE rooms SET head_seq = v.head_seq, last_occurred_at = v.last_occurred_at,
                 last_display_at = v.last_display_at, session_id = v.session_id,
                 keyframe_seq = v.keyframe_seq
             FROM v WHERE rooms.id = v.id",
        )
        .await
}

/// Writes the rooms whose own fields changed, which is rare enough for a statement each.
pub(super) async fn settings(
    transaction: &mut Transaction,
    rooms: &[Room<'_>],
) -> Result<(), sqlx::Error> {
    for Room { aggregate, .. } in rooms.iter().filter(|room| room.aggregate.changes.room) {
        let room = &aggregate.room;
        let statement = Statement::new(
            "UPDATE rooms SET slug = $3, title = $4, stream_id = $5, state = $6, version = $7,
                 delay_ms = $8, ingest_offset_ms = $9, anonymous_read = $10, stage_size = $11,
                 program = $12, updated_at = $13, interruption_grace_ms = $14,
                 admission = $15
             WHERE id = $1 AND tenant_id = $2",
        )
        .bind(room.id)
        .bind(room.tenant_id)
        .bind(room.slug.as_str())
        .bind(room.title.as_str())
        .bind(room.stream_id.as_deref())
        .bind(room.state.as_str())
        .bind(room.version)
        .bind(room.delay_ms)
        .bind(room.ingest_offset_ms)
        .bind(room.anonymous_read)
        .bind(room.stage_size)
        .bind(to_json(&room.program))
        .bind(room.updated_at)
        .bind(room.interruption_grace_ms)
        .bind(room.admission.as_str());
        transaction.execute(statement).await?;
    }

    Ok(())
}

/// Writes everything that changed outside the rooms' own rows.
pub(crate) async fn changes(
    transaction: &mut Transaction,
    rooms: &[Room<'_>],
) -> Result<(), sqlx::Error> {
    sessions(transaction, rooms).await?;
    contributions(transaction, rooms).await?;
    trains(transaction, rooms).await?;
    answers(transaction, rooms).await?;
    people(transaction, rooms).await?;
    presences(transaction, rooms).await?;
    log(transaction, rooms).await?;
    keyframes(transaction, rooms).await
}

async fn sessions(transaction: &mut Transaction, rooms: &[Room<'_>]) -> Result<(), sqlx::Error> {
    let mut sessions: Vec<_> = each(rooms, |aggregate| aggregate.changes.session.values());
    // A room's old session ends before its new one starts, or two would be live for a moment.
    sessions.sort_by_key(|(_, session)| session.is_live());
    let rows: Vec<_> = sessions
        .into_iter()
        .map(|(aggregate, session)| {
            row![
                session.id,
                aggregate.room.tenant_id,
                aggregate.room.id,
                session.started_at,
                session.interrupted_at,
                session.ended_at,
                session.delay_ms,
            ]
        })
        .collect();

    transaction
        .insert(
            "INSERT INTO sessions
                 (id, tenant_id, room_id, started_at, interrupted_at, ended_at, delay_ms) ",
            rows,
            " ON CONFLICT (id) DO UPDATE SET
                 interrupted_at = excluded.interrupted_at, ended_at = excluded.ended_at,
                 delay_ms = excluded.delay_ms",
        )
        .await
}

async fn contributions(
    transaction: &mut Transaction,
    rooms: &[Room<'_>],
) -> Result<(), sqlx::Error> {
    let rows: Vec<_> = each(rooms, |aggregate| aggregate.changes.contributions.values())
        .into_iter()
        .map(|(of, one)| contribution_row::row(of.room.id, of.room.tenant_id, one))
        .collect();
    let (insert, replace) = (contribution_row::INSERT, contribution_row::REPLACE);
    transaction.insert(insert, rows, replace).await?;

    let boarded: Vec<_> = each(rooms, |aggregate| aggregate.changes.boarded.iter())
        .into_iter()
        .filter(|(of, (id, _))| !of.changes.contributions.contains_key(id))
        .map(|(of, (id, train_id))| row![*id, of.room.tenant_id, *train_id])
        .collect();
    let board = "UPDATE contributions SET train_id = v.train_id FROM v
        WHERE contributions.id = v.id AND contributions.tenant_id = v.tenant_id";
    transaction
        .update("v (id, tenant_id, train_id)", boarded, board)
        .await
}

async fn trains(transaction: &mut Transaction, rooms: &[Room<'_>]) -> Result<(), sqlx::Error> {
    let contributors: Vec<_> = each(rooms, |aggregate| aggregate.changes.contributors.iter())
        .into_iter()
        .map(|(of, ((train_id, viewer_id), one))| {
            let (viewer_id, name) = (viewer_id.as_str(), one.name.as_deref());
            row![
                *train_id,
                viewer_id,
                of.room.tenant_id,
                name,
                one.hype,
                one.last_hype
            ]
        })
        .collect();
    transaction
        .insert(
            "INSERT INTO hype_train_contributors
                 (train_id, viewer_id, tenant_id, name, hype, last_hype) ",
            contributors,
            " ON CONFLICT (train_id, viewer_id) DO UPDATE SET
                 name = excluded.name, hype = excluded.hype, last_hype = excluded.last_hype",
        )
        .await?;

    let history: Vec<_> = each(rooms, |aggregate| aggregate.changes.trains.iter())
        .into_iter()
        .map(|(of, (id, train))| {
            let (level, total) = (train.record.level, train.record.total);
            row![
                *id,
                of.room.tenant_id,
                of.room.id,
                level,
                total,
                train.started_at,
                train.ended_at
            ]
        })
        .collect();
    transaction
        .insert(
            "INSERT INTO hype_trains
                 (id, tenant_id, room_id, level, total, started_at, ended_at) ",
            history,
            " ON CONFLICT (id) DO UPDATE SET
                 level = excluded.level, total = excluded.total, ended_at = excluded.ended_at",
        )
        .await?;

    let present: Vec<_> = rooms
        .iter()
        .map(|room| room.aggregate)
        .filter(|aggregate| aggregate.changes.train)
        .filter_map(|of| Some((of, of.train.as_ref()?)))
        .map(|(of, train)| row![of.room.id, of.room.tenant_id, to_json(train)])
        .collect();
    transaction
        .insert(
            "INSERT INTO room_trains (room_id, tenant_id, state) ",
            present,
            " ON CONFLICT (room_id) DO UPDATE SET state = excluded.state",
        )
        .await
}

async fn answers(transaction: &mut Transaction, rooms: &[Room<'_>]) -> Result<(), sqlx::Error> {
    let rows: Vec<_> = each(rooms, |aggregate| aggregate.changes.answers.iter())
        .into_iter()
        .map(|(of, (key, answer))| {
            row![
                of.room.tenant_id,
                key.provider.as_str(),
                RECORD_CONTRIBUTION,
                key.key.as_str(),
                &answer.fingerprint,
                to_json(&answer.contribution),
            ]
        })
        .collect();

    let insert = "INSERT INTO answers
        (tenant_id, actor, operation, idempotency_key, fingerprint, answer) ";
    transaction.insert(insert, rows, "").await
}

async fn people(transaction: &mut Transaction, rooms: &[Room<'_>]) -> Result<(), sqlx::Error> {
    let participants: Vec<_> = each(rooms, |aggregate| aggregate.changes.participants.values())
        .into_iter()
        .map(|(of, one)| participant_row::row(of.room.id, of.room.tenant_id, one))
        .collect();
    let (insert, replace) = (participant_row::INSERT, participant_row::REPLACE);
    transaction.insert(insert, participants, replace).await?;

    let censuses: Vec<_> = rooms
        .iter()
        .map(|room| room.aggregate)
        .filter(|aggregate| aggregate.changes.census)
        .map(participant_row::census_row)
        .collect();
    let (insert, replace) = (
        participant_row::INSERT_CENSUSES,
        participant_row::REPLACE_CENSUSES,
    );
    transaction.insert(insert, censuses, replace).await?;

    let audit: Vec<_> = each(rooms, |aggregate| aggregate.changes.audit.iter())
        .into_iter()
        .map(|(of, entry)| participants::audit_row(of.room.id, of.room.tenant_id, entry))
        .collect();
    transaction
        .insert(participants::INSERT_AUDIT, audit, "")
        .await
}

async fn presences(transaction: &mut Transaction, rooms: &[Room<'_>]) -> Result<(), sqlx::Error> {
    let (came, went): (Vec<_>, Vec<_>) =
        each(rooms, |aggregate| aggregate.changes.presences.iter())
            .into_iter()
            .partition(|(_, (_, is_connected))| **is_connected);

    let came = came
        .into_iter()
        .map(|(of, ((viewer_id, node_id), _))| {
            row![of.room.id, viewer_id.as_str(), *node_id, of.room.tenant_id]
        })
        .collect();
    let (insert, replace) = (presences::INSERT, presences::KEEP);
    transaction.insert(insert, came, replace).await?;

    let went = went
        .into_iter()
        .map(|(of, ((viewer_id, node_id), _))| row![of.room.id, viewer_id.as_str(), *node_id])
        .collect();
    transaction
        .update("v (room_id, viewer_id, node_id)", went, presences::DELETE)
        .await
}

async fn log(transaction: &mut Transaction, rooms: &[Room<'_>]) -> Result<(), sqlx::Error> {
    let events: Vec<_> = each(rooms, |aggregate| aggregate.changes.events.iter())
        .into_iter()
        .map(|(of, event)| event_row::event_row(of.room.id, of.room.tenant_id, event))
        .collect();
    transaction
        .insert(event_row::INSERT_EVENTS, events, "")
        .await?;

    let mut last: BTreeMap<(RoomId, Part), (&RoomAggregate, &Event)> = BTreeMap::new();
    for (of, event) in each(rooms, |aggregate| aggregate.changes.events.iter()) {
        if let Some(part) = event.body.part() {
            last.insert((of.room.id, part), (of, event));
        }
    }
    let (emptied, last): (Vec<_>, Vec<_>) = last
        .into_iter()
        .partition(|(_, (_, event))| event.body.empties_part());
    let emptied: Vec<_> = emptied
        .into_iter()
        .map(|((id, part), _)| row![id, part.key().into_owned()])
        .collect();
    transaction
        .update("v (room_id, part)", emptied, event_row::DELETE_PARTS)
        .await?;
    let parts: Vec<_> = last
        .into_iter()
        .map(|((id, part), (of, event))| event_row::part_row(id, of.room.tenant_id, part, event))
        .collect();
    transaction
        .insert(event_row::INSERT_PARTS, parts, event_row::REPLACE_PARTS)
        .await
}

/// Keeps the state of the rooms in which enough has happened since it was last kept.
async fn keyframes(transaction: &mut Transaction, rooms: &[Room<'_>]) -> Result<(), sqlx::Error> {
    let due: Vec<_> = rooms.iter().filter(|room| room.writes_keyframe()).collect();
    let keys: Vec<_> = due
        .iter()
        .map(|room| row![room.aggregate.room.id])
        .collect();
    let columns = event_row::columns("parts");
    let text = format!(
        "SELECT parts.room_id, {columns} FROM wanted CROSS JOIN parts
         WHERE parts.room_id = wanted.id"
    );

    // Repeated keys bring a part twice, and the map takes it once.
    let mut parts: BTreeMap<RoomId, BTreeMap<i64, KeptEvent>> = BTreeMap::new();
    for chunk in keys.chunks(KEYS_MAX) {
        let statement = Statement::with_keys("wanted (id)", chunk).push(&text);
        for mut row in transaction.fetch(statement).await? {
            let room_id = RoomId(row.take()?);
            let event = event_row::read(&mut row)?;
            parts
                .entry(room_id)
                .or_default()
                .insert(event.seq, event.into());
        }
    }
    let rows: Vec<Vec<Value>> = due
        .into_iter()
        .map(
            |Room {
                 aggregate,
                 keyframe_seq,
             }| {
                let (room, head) = (&aggregate.room, &aggregate.head);
                let kept: Vec<_> = parts
                    .remove(&room.id)
                    .map(BTreeMap::into_values)
                    .into_iter()
                    .flatten()
                    .collect();
                row![
                    room.id,
                    *keyframe_seq,
                    room.tenant_id,
                    head.occurred_at,
                    to_json(&kept)
                ]
            },
        )
        .collect();

    let insert = "INSERT INTO keyframes (room_id, seq, tenant_id, occurred_at, events) ";
    transaction.insert(insert, rows, "").await
}

/// Everything that `of` names, room by room, each with its room.
fn each<'a, T, I>(
    rooms: &[Room<'a>],
    of: impl Fn(&'a RoomAggregate) -> I,
) -> Vec<(&'a RoomAggregate, T)>
where
    I: Iterator<Item = T>,
{
    rooms
        .iter()
        .map(|room| room.aggregate)
        .flat_map(|aggregate| of(aggregate).map(move |item| (aggregate, item)))
        .collect()
}
