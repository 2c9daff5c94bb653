//! The rows that commands depend on: answers, contributions, and what their givers gave.

use std::collections::{BTreeMap, BTreeSet};

use parlor_domain::hype_train::{Contributor, Phase};
use parlor_domain::id::{HypeTrainId, RoomId, TenantId, ViewerId};
use parlor_domain::room_aggregate::{Answer, ContributionRef, Fingerprint, Known, MessageKey};

use super::{Rooms, look_up, people, reversals};
use crate::batch::{RECORD_CONTRIBUTION, RoomNeeds};
use crate::contribution_row;
use crate::engine::Transaction;
use crate::sql::{Row, corrupt, row};

/// Loads the rows that the batch's commands depend on.
pub(in crate::batch) async fn known(
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
    people::people(transaction, rooms, &needs).await?;
    reversals::facts(transaction, rooms, &needs).await
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

fn known_of<'a>(rooms: &'a mut Rooms, needs: &RoomNeeds) -> &'a mut Known {
    let locked = rooms
        .get_mut(&(needs.room_id, needs.tenant_id))
        .expect("needs were filtered");
    &mut locked.aggregate.known
}

pub(super) fn read_contributor(row: &mut Row) -> Result<Contributor, sqlx::Error> {
    let viewer_id: String = row.take()?;

    Ok(Contributor {
        viewer_id: Some(contribution_row::read_viewer_id(&viewer_id)?),
        name: row.take()?,
        hype: row.take()?,
        last_hype: row.take()?,
    })
}
