//! The hype trains of a batch's rooms: who gave what, and what corrects the records when
//! contributions are reversed.

use std::collections::{BTreeMap, BTreeSet};

use parlor_domain::hype_train::{Contributor, Phase, TrainRow};
use parlor_domain::id::{HypeTrainId, TenantId, ViewerId};
use parlor_domain::room_aggregate::Reported;

use super::rooms::{RoomKey, Rooms};
use super::write::{Room, each};
use crate::contribution_row;
use crate::engine::Transaction;
use crate::sql::{Row, Statement, row, to_json};

/// How many rankings one statement asks for: SQLite joins at most 500 selects.
const RANKINGS_MAX: usize = 100;

/// Loads what depends on the rooms' trains and on the contributions that were found before.
pub(super) async fn load(
    transaction: &mut Transaction,
    rooms: &mut Rooms,
) -> Result<(), sqlx::Error> {
    contributors(transaction, rooms).await?;
    reversals(transaction, rooms).await
}

/// Loads what the batch's viewers have given to the running train, and what the givers of known
/// contributions have given to theirs, or to the running one, in which they may settle by a message without a viewer.
async fn contributors(transaction: &mut Transaction, rooms: &mut Rooms) -> Result<(), sqlx::Error> {
    let mut of_trains: BTreeMap<HypeTrainId, RoomKey> = BTreeMap::new();
    let mut wanted: BTreeSet<(HypeTrainId, TenantId, ViewerId)> = BTreeSet::new();
    for locked in rooms.all_mut() {
        let key = (locked.needs.room_id, locked.needs.tenant_id);
        let aggregate = &mut locked.aggregate;
        let mut asked = Vec::new();
        let train = aggregate.train.as_ref().map(|train| &train.shown);
        let running = train.filter(|train| train.phase == Phase::Running);
        let running = running.map(|train| train.id);
        if let Some(train_id) = running {
            let viewers = locked.needs.contributions.viewers.iter();
            asked.extend(viewers.map(|viewer_id| (train_id, viewer_id.clone())));
        }
        for (_, reported) in aggregate.known.contributions.found() {
            if let Reported::Here(contribution) = reported
                && let Some(viewer_id) = contribution.viewer_id()
                && let Some(train_id) = contribution.train_id.or(running)
            {
                asked.push((train_id, viewer_id.clone()));
            }
        }
        for (train_id, viewer_id) in asked {
            of_trains.insert(train_id, key);
            wanted.insert((train_id, key.1, viewer_id.clone()));
            aggregate.known.contributors.ask(train_id, viewer_id);
        }
    }
    let keys = wanted
        .into_iter()
        .map(|(train_id, tenant_id, viewer_id)| row![train_id, tenant_id, viewer_id.as_str()])
        .collect();
    let text = "SELECT c.train_id, c.viewer_id, c.name, c.hype, c.last_hype, c.turn
         FROM wanted CROSS JOIN hype_train_contributors c
         WHERE c.train_id = wanted.train_id AND c.viewer_id = wanted.viewer_id
             AND c.tenant_id = wanted.tenant_id";

    let table = "wanted (train_id, tenant_id, viewer_id)";
    for mut row in transaction.look_up(table, keys, text).await? {
        let train_id = HypeTrainId(row.take()?);
        rooms.read_into(of_trains[&train_id], "contributor", |locked| {
            let contributor = read_contributor(&mut row)?;
            let viewer_id = contributor.viewer_id.clone().expect("a row has its viewer");
            let key = (train_id, viewer_id);
            locked.aggregate.known.contributors.put(key, contributor);
            Ok(())
        })?;
    }

    Ok(())
}

fn read_contributor(row: &mut Row) -> Result<Contributor, sqlx::Error> {
    let viewer_id: String = row.take()?;

    Ok(Contributor {
        viewer_id: Some(contribution_row::read_viewer_id(&viewer_id)?),
        name: row.take()?,
        hype: row.take()?,
        last_hype: row.take()?,
        turn: row.take()?,
    })
}

/// Loads the leaders of the trains that may lose a contribution, and the best trains of their rooms.
async fn reversals(transaction: &mut Transaction, rooms: &mut Rooms) -> Result<(), sqlx::Error> {
    let mut losing: BTreeMap<RoomKey, (BTreeSet<HypeTrainId>, usize)> = BTreeMap::new();
    for locked in rooms.all_mut() {
        let reversals = &locked.needs.contributions.reversals;
        if reversals.is_empty() {
            continue;
        }
        let aggregate = &locked.aggregate;
        // What is reversed in the batch that it is reported in is of the present train.
        let present = aggregate.train.iter().map(|train| train.shown.id);
        let known = reversals
            .iter()
            .filter_map(|of| match aggregate.known.contributions.get(of) {
                Some(Reported::Here(found)) => found.train_id,
                Some(Reported::Elsewhere) | None => None,
            });
        let key = (locked.needs.room_id, locked.needs.tenant_id);
        let trains = present.chain(known).collect();
        losing.insert(key, (trains, reversals.len()));
    }

    for (key, (trains, reversals)) in losing {
        let rows = history(transaction, key, &trains).await?;
        let leaders = leaders(transaction, key, &trains, reversals + 1).await?;
        rooms.read_into(key, "history of trains", |locked| {
            locked.aggregate.known.leaders = read_leaders(leaders)?;
            locked.aggregate.known.history = read_history(rows)?;
            Ok(())
        })?;
    }

    Ok(())
}

/// The lines of `trains` in the room's history, and enough of its best for one of them to be
/// neither among them nor the present train.
async fn history(
    transaction: &mut Transaction,
    key: RoomKey,
    trains: &BTreeSet<HypeTrainId>,
) -> Result<Vec<Row>, sqlx::Error> {
    let columns = "t.id, t.level, t.total, t.started_at, t.ended_at";
    let count = i64::try_from(trains.len() + 2).expect("a batch fits memory");
    let best = Statement::new(format!(
        "SELECT {columns} FROM hype_trains t
         WHERE t.room_id = $1 AND t.tenant_id = $2 AND t.ended_at IS NOT NULL
         ORDER BY t.total DESC LIMIT $3"
    ))
    .bind(key.0)
    .bind(key.1)
    .bind(count);
    let mut rows = transaction.fetch(best).await?;

    let keys = trains.iter().map(|id| row![*id, key.1]).collect();
    let text = format!(
        "SELECT {columns} FROM wanted CROSS JOIN hype_trains t
         WHERE t.id = wanted.id AND t.tenant_id = wanted.tenant_id"
    );
    let table = "wanted (id, tenant_id)";
    rows.extend(transaction.look_up(table, keys, &text).await?);
    Ok(rows)
}

fn read_history(rows: Vec<Row>) -> Result<BTreeMap<HypeTrainId, TrainRow>, sqlx::Error> {
    let mut history = BTreeMap::new();
    for mut row in rows {
        let id = HypeTrainId(row.take()?);
        let (level, total) = (row.take_narrow()?, row.take()?);
        let started_at = row.take_time()?;
        let ended_at = row.take_optional_time()?;
        history.insert(
            id,
            TrainRow {
                level,
                total,
                started_at,
                ended_at,
            },
        );
    }
    Ok(history)
}

async fn leaders(
    transaction: &mut Transaction,
    key: RoomKey,
    trains: &BTreeSet<HypeTrainId>,
    count: usize,
) -> Result<Vec<Row>, sqlx::Error> {
    let count = i64::try_from(count).expect("a batch fits memory");
    let trains: Vec<_> = trains.iter().collect();

    let mut leaders = Vec::new();
    for chunk in trains.chunks(RANKINGS_MAX) {
        let mut statement = Statement::new("");
        for (index, train_id) in chunk.iter().enumerate() {
            let union = if index == 0 { "" } else { " UNION ALL " };
            statement = statement
                .push(union)
                .push("SELECT * FROM (SELECT train_id, viewer_id, name, hype, last_hype, turn")
                .push(" FROM hype_train_contributors WHERE train_id = ")
                .push_value(**train_id)
                .push(" AND tenant_id = ")
                .push_value(key.1)
                .push(" ORDER BY hype DESC, turn, viewer_id LIMIT ")
                .push_value(count)
                .push(") ranked");
        }
        leaders.extend(transaction.fetch(statement).await?);
    }

    Ok(leaders)
}

fn read_leaders(rows: Vec<Row>) -> Result<BTreeMap<HypeTrainId, Vec<Contributor>>, sqlx::Error> {
    let mut leaders: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for mut row in rows {
        let train_id = HypeTrainId(row.take()?);
        let contributor = read_contributor(&mut row)?;
        leaders.entry(train_id).or_default().push(contributor);
    }

    Ok(leaders)
}

pub(super) async fn write(
    transaction: &mut Transaction,
    rooms: &[Room<'_>],
) -> Result<(), sqlx::Error> {
    let contributors = each(rooms, |aggregate| aggregate.changes.contributors.iter())
        .into_iter()
        .map(|(of, ((train_id, viewer_id), one))| {
            let (viewer_id, name) = (viewer_id.as_str(), one.name.as_deref());
            row![
                *train_id,
                viewer_id,
                of.room.tenant_id,
                name,
                one.hype,
                one.last_hype,
                one.turn
            ]
        })
        .collect();
    transaction
        .insert(
            "INSERT INTO hype_train_contributors
                 (train_id, viewer_id, tenant_id, name, hype, last_hype, turn) ",
            contributors,
            " ON CONFLICT (train_id, viewer_id) DO UPDATE SET
                 name = excluded.name, hype = excluded.hype, last_hype = excluded.last_hype,
                 turn = excluded.turn",
        )
        .await?;

    let history = each(rooms, |aggregate| aggregate.changes.trains.iter())
        .into_iter()
        .map(|(of, (id, train))| {
            row![
                *id,
                of.room.tenant_id,
                of.room.id,
                train.level,
                train.total,
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

    let present = rooms
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
        .await?;

    Ok(())
}
