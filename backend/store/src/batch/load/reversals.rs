//! What corrects the records when contributions are reversed.

use std::collections::{BTreeMap, BTreeSet};

use parlor_domain::contribution::Contribution;
use parlor_domain::hype_train::{Contributor, TrainRecord, TrainRow};
use parlor_domain::id::HypeTrainId;
use parlor_domain::room_aggregate::ReversalFacts;

use super::known::read_contributor;
use super::{Rooms, look_up};
use crate::batch::RoomNeeds;
use crate::engine::Transaction;
use crate::sql::{Statement, row};

/// How many rankings one statement asks for: SQLite joins at most 500 selects.
const RANKINGS_MAX: usize = 100;

/// Loads the leaders of the trains that lose a contribution, and the best trains of their rooms.
pub(super) async fn facts(
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
    let columns = "t.id, t.level, t.total, t.started_at, t.ended_at";
    let best = Statement::new(format!(
        "SELECT {columns} FROM hype_trains t
         WHERE t.room_id = $1 AND t.tenant_id = $2 AND t.ended_at IS NOT NULL
         ORDER BY t.level DESC, t.total DESC LIMIT 2"
    ))
    .bind(needs.room_id)
    .bind(needs.tenant_id);
    let mut rows = transaction.fetch(best).await?;

    let keys: Vec<_> = trains.iter().map(|id| row![*id, needs.tenant_id]).collect();
    let text = format!(
        "SELECT {columns} FROM wanted CROSS JOIN hype_trains t
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
