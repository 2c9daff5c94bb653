//! Taking the locks, and loading what a batch needs, in sets.

use std::collections::{BTreeMap, BTreeSet};

use parlor_domain::contribution::Contribution;
use parlor_domain::hype_train::{Contributor, Phase, TrainRecord, TrainRow};
use parlor_domain::id::{HypeTrainId, RoomId, TenantId, ViewerId};
use parlor_domain::room_aggregate::{
    Answer, Changes, ContributionRef, Fingerprint, Known, MessageKey, ReversalFacts, RoomAggregate,
};

use super::{Locked, RECORD_CONTRIBUTION, RoomNeeds};
use crate::contribution_row;
use crate::engine::Transaction;
use crate::room_row::{self, session_columns};
use crate::sql::{KEYS_MAX, Row, Statement, Value, corrupt, from_json, row};

pub(super) type Rooms = BTreeMap<(RoomId, TenantId), Locked>;

/// How many rankings one statement asks for: SQLite joins at most 500 selects.
const RANKINGS_MAX: usize = 100;

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
        known: Known::default(),
        changes: Changes::default(),
    };

    Ok(Locked {
        aggregate,
        keyframe_seq: row.take()?,
    })
}

/// Loads each room's session, train and record.
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
        "SELECT rooms.id, rooms.tenant_id, {session}, room_trains.state, {level}, {total}
         FROM wanted CROSS JOIN rooms
         LEFT JOIN sessions ON sessions.id = rooms.session_id
         LEFT JOIN room_trains ON room_trains.room_id = rooms.id
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
    }

    Ok(())
}

/// Loads the rows that the batch's commands depend on.
pub(super) async fn known(
    transaction: &mut Transaction,
    rooms: &mut Rooms,
    needs: &[RoomNeeds],
) -> Result<(), sqlx::Error> {
    let needs: Vec<_> = needs
        .iter()
        .filter(|one| rooms.contains_key(&(one.room_id, one.tenant_id)))
        .collect();

    answers(transaction, rooms, &needs).await?;
    contributions(transaction, rooms, &needs).await?;
    contributors(transaction, rooms, &needs).await?;
    reversals(transaction, rooms, &needs).await
}

async fn answers(
    transaction: &mut Transaction,
    rooms: &mut Rooms,
    needs: &[&RoomNeeds],
) -> Result<(), sqlx::Error> {
    let keys: BTreeSet<_> = needs
        .iter()
        .flat_map(|one| {
            one.answers
                .iter()
                .map(|key| (one.tenant_id, &key.provider, &key.key))
        })
        .collect();
    let keys: Vec<_> = keys
        .into_iter()
        .map(|(tenant_id, provider, key)| row![tenant_id, provider.as_str(), key.as_str()])
        .collect();
    let text = format!(
        "SELECT answers.tenant_id, answers.actor, answers.idempotency_key, answers.fingerprint,
             answers.answer
         FROM wanted CROSS JOIN answers
         WHERE answers.tenant_id = wanted.tenant_id AND answers.actor = wanted.actor
             AND answers.operation = '{RECORD_CONTRIBUTION}'
             AND answers.idempotency_key = wanted.idempotency_key"
    );

    let mut found = BTreeMap::new();
    let table = "wanted (tenant_id, actor, idempotency_key)";
    for mut row in look_up(transaction, table, &keys, &text).await? {
        let tenant_id = TenantId(row.take()?);
        let key = MessageKey {
            provider: row.take()?,
            key: row.take()?,
        };
        found.insert((tenant_id, key), read_answer(&mut row)?);
    }
    for one in needs {
        let known = known_of(rooms, one);
        for key in &one.answers {
            if let Some(answer) = found.get(&(one.tenant_id, key.clone())) {
                known.answers.insert(key.clone(), answer.clone());
            }
        }
    }

    Ok(())
}

fn read_answer(row: &mut Row) -> Result<Answer, sqlx::Error> {
    let fingerprint: Vec<u8> = row.take()?;
    let fingerprint = Fingerprint::try_from(fingerprint)
        .map_err(|found| corrupt(format!("a fingerprint has {} bytes", found.len())))?;

    Ok(Answer {
        fingerprint,
        contribution: row.take_json()?,
    })
}

async fn contributions(
    transaction: &mut Transaction,
    rooms: &mut Rooms,
    needs: &[&RoomNeeds],
) -> Result<(), sqlx::Error> {
    let keys: BTreeSet<_> = needs
        .iter()
        .flat_map(|one| {
            let references = one.contributions.iter();
            references.map(|of| {
                (
                    one.tenant_id,
                    one.room_id,
                    &of.provider,
                    &of.contribution_ref,
                )
            })
        })
        .collect();
    let keys: Vec<_> = keys
        .into_iter()
        .map(|(tenant, room, provider, of)| row![tenant, room, provider.as_str(), of.as_str()])
        .collect();
    let columns = contribution_row::columns("contributions");
    let text = format!(
        "SELECT contributions.room_id, contributions.tenant_id, {columns}
         FROM wanted CROSS JOIN contributions
         WHERE contributions.tenant_id = wanted.tenant_id
             AND contributions.provider = wanted.provider
             AND contributions.contribution_ref = wanted.contribution_ref
             AND contributions.room_id = wanted.room_id"
    );

    let table = "wanted (tenant_id, room_id, provider, contribution_ref)";
    for mut row in look_up(transaction, table, &keys, &text).await? {
        let key = (RoomId(row.take()?), TenantId(row.take()?));
        let contribution = contribution_row::read(&mut row)?;
        let locked = rooms
            .get_mut(&key)
            .expect("only locked rooms are asked for");
        let known = &mut locked.aggregate.known.contributions;
        known.insert(ContributionRef::of(&contribution), contribution);
    }

    Ok(())
}

/// Loads what the batch's viewers have given to the running train, and what the givers of known
/// contributions have given to theirs.
async fn contributors(
    transaction: &mut Transaction,
    rooms: &mut Rooms,
    needs: &[&RoomNeeds],
) -> Result<(), sqlx::Error> {
    let mut of_trains: BTreeMap<HypeTrainId, (RoomId, TenantId)> = BTreeMap::new();
    let mut wanted: BTreeSet<(HypeTrainId, TenantId, ViewerId)> = BTreeSet::new();
    for one in needs {
        let key = (one.room_id, one.tenant_id);
        let aggregate = &rooms[&key].aggregate;
        let train = aggregate.train.as_ref().map(|train| &train.shown);
        if let Some(train) = train.filter(|train| train.phase == Phase::Running) {
            of_trains.insert(train.id, key);
            wanted.extend(
                one.viewers
                    .iter()
                    .map(|id| (train.id, one.tenant_id, id.clone())),
            );
        }
        for contribution in aggregate.known.contributions.values() {
            if let (Some(train_id), Some(viewer)) = (contribution.train_id, &contribution.viewer) {
                of_trains.insert(train_id, key);
                wanted.insert((train_id, one.tenant_id, viewer.id.clone()));
            }
        }
    }
    let keys: Vec<_> = wanted
        .into_iter()
        .map(|(train_id, tenant_id, viewer_id)| row![train_id, tenant_id, viewer_id.as_str()])
        .collect();
    let text = "SELECT c.train_id, c.viewer_id, c.name, c.hype, c.last_hype
         FROM wanted CROSS JOIN hype_train_contributors c
         WHERE c.train_id = wanted.train_id AND c.viewer_id = wanted.viewer_id
             AND c.tenant_id = wanted.tenant_id";

    let table = "wanted (train_id, tenant_id, viewer_id)";
    for mut row in look_up(transaction, table, &keys, text).await? {
        let train_id = HypeTrainId(row.take()?);
        let contributor = read_contributor(&mut row)?;
        let viewer_id = contributor.viewer_id.clone().expect("a row has its viewer");
        let locked = rooms
            .get_mut(&of_trains[&train_id])
            .expect("the train's room is locked");
        let known = &mut locked.aggregate.known.contributors;
        known.insert((train_id, viewer_id), contributor);
    }

    Ok(())
}

/// Loads what corrects the records when contributions are reversed: the leaders of their trains,
/// and the best trains of their rooms.
async fn reversals(
    transaction: &mut Transaction,
    rooms: &mut Rooms,
    needs: &[&RoomNeeds],
) -> Result<(), sqlx::Error> {
    for one in needs {
        let locked = rooms
            .get_mut(&(one.room_id, one.tenant_id))
            .expect("needs were filtered");
        let known = &mut locked.aggregate.known;
        let reversed: Vec<Contribution> = one
            .reversals
            .iter()
            .filter_map(|of| known.contributions.get(of))
            .cloned()
            .collect();
        let trains: BTreeSet<_> = reversed.iter().filter_map(|of| of.train_id).collect();
        if trains.is_empty() {
            continue;
        }

        let rows = history(transaction, one, &trains).await?;
        let leaders = leaders(transaction, one, &trains, reversed.len() + 1).await?;
        for contribution in reversed {
            let Some(train_id) = contribution.train_id else {
                continue;
            };
            let others = rows
                .iter()
                .filter(|(id, row)| **id != train_id && row.ended_at.is_some());
            let facts = ReversalFacts {
                leaders: leaders.get(&train_id).cloned().unwrap_or_default(),
                other_record: others.map(|(_, row)| row.record).max(),
                own: rows.get(&train_id).copied(),
            };
            known.reversals.insert(contribution.id, facts);
        }
    }

    Ok(())
}

/// The lines of `trains` in the room's history, and enough of its best for one of them to be
/// another train.
async fn history(
    transaction: &mut Transaction,
    needs: &RoomNeeds,
    trains: &BTreeSet<HypeTrainId>,
) -> Result<BTreeMap<HypeTrainId, TrainRow>, sqlx::Error> {
    let columns = "t.id, t.level, t.total, t.started_at, t.ended_at FROM hype_trains t";
    let best = Statement::new(format!(
        "SELECT {columns} WHERE t.room_id = $1 AND t.tenant_id = $2 AND t.ended_at IS NOT NULL
         ORDER BY t.level DESC, t.total DESC LIMIT 2"
    ))
    .bind(needs.room_id)
    .bind(needs.tenant_id);
    let mut rows = transaction.fetch(best).await?;

    let keys: Vec<_> = trains.iter().map(|id| row![*id, needs.tenant_id]).collect();
    // The columns follow the table they are read from.
    let (names, from) = columns.split_once(" FROM ").expect("the text has both");
    let text = format!(
        "SELECT {names} FROM wanted CROSS JOIN {from}
         WHERE t.id = wanted.id AND t.tenant_id = wanted.tenant_id"
    );
    rows.extend(look_up(transaction, "wanted (id, tenant_id)", &keys, &text).await?);

    let mut history = BTreeMap::new();
    for mut row in rows {
        let id = HypeTrainId(row.take()?);
        let record = TrainRecord {
            level: row.take_narrow()?,
            total: row.take()?,
        };
        let started_at = row.take_time()?;
        let ended_at = row.take_optional_time()?;
        history.insert(
            id,
            TrainRow {
                record,
                started_at,
                ended_at,
            },
        );
    }
    Ok(history)
}

async fn leaders(
    transaction: &mut Transaction,
    needs: &RoomNeeds,
    trains: &BTreeSet<HypeTrainId>,
    count: usize,
) -> Result<BTreeMap<HypeTrainId, Vec<Contributor>>, sqlx::Error> {
    let count = i64::try_from(count).expect("a batch fits memory");
    let trains: Vec<_> = trains.iter().collect();

    let mut leaders: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for chunk in trains.chunks(RANKINGS_MAX) {
        let mut statement = Statement::new("");
        for (index, train_id) in chunk.iter().enumerate() {
            let union = if index == 0 { "" } else { " UNION ALL " };
            statement = statement
                .push(union)
                .push("SELECT * FROM (SELECT train_id, viewer_id, name, hype, last_hype")
                .push(" FROM hype_train_contributors WHERE train_id = ")
                .push_value(**train_id)
                .push(" AND tenant_id = ")
                .push_value(needs.tenant_id)
                .push(" ORDER BY hype DESC, viewer_id LIMIT ")
                .push_value(count)
                .push(") ranked");
        }
        for mut row in transaction.fetch(statement).await? {
            let train_id = HypeTrainId(row.take()?);
            leaders
                .entry(train_id)
                .or_default()
                .push(read_contributor(&mut row)?);
        }
    }

    Ok(leaders)
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

fn known_of<'a>(rooms: &'a mut Rooms, needs: &RoomNeeds) -> &'a mut Known {
    let locked = rooms
        .get_mut(&(needs.room_id, needs.tenant_id))
        .expect("needs were filtered");
    &mut locked.aggregate.known
}

fn read_contributor(row: &mut Row) -> Result<Contributor, sqlx::Error> {
    let viewer_id: String = row.take()?;

    Ok(Contributor {
        viewer_id: Some(contribution_row::read_viewer_id(&viewer_id)?),
        name: row.take()?,
        hype: row.take()?,
        last_hype: row.take()?,
    })
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
