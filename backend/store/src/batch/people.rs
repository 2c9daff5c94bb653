//! The participants that a batch's commands act as and act on, and the census of each room.

use std::collections::BTreeSet;

use parlor_domain::id::{ParticipantId, ViewerId};

use super::rooms::Rooms;
use super::write::{Room, each};
use crate::engine::Transaction;
use crate::participant_row;
use crate::participants;
use crate::sql::{Row, row};

/// What commands ask of people.
#[derive(Debug, Clone, Default)]
pub struct PeopleNeeds {
    /// Who acts, and whether they are connected.
    pub actors: Vec<ViewerId>,
    /// Whom they act on.
    pub participants: Vec<ParticipantId>,
    /// Whether everyone on the stage, or on the way there, is acted on.
    pub stage: bool,
}

/// Loads those who act, by their viewer ids, and those acted on, by their own ids or as the stage.
pub(super) async fn load(
    transaction: &mut Transaction,
    rooms: &mut Rooms,
) -> Result<(), sqlx::Error> {
    let (mut viewers, mut ids) = (BTreeSet::new(), BTreeSet::new());
    let mut stages = Vec::new();
    for locked in rooms.all_mut() {
        let key = (locked.needs.room_id, locked.needs.tenant_id);
        let (needs, people) = (&locked.needs.people, &mut locked.aggregate.known.people);
        for viewer_id in &needs.actors {
            people.ask_viewer(viewer_id.clone());
            viewers.insert((key, viewer_id));
        }
        for id in &needs.participants {
            people.ask(*id);
            ids.insert((key, *id));
        }
        if needs.stage {
            people.ask_stage();
            stages.push(row![key.0, key.1]);
        }
    }
    let viewers = viewers
        .into_iter()
        .map(|((room_id, tenant_id), id)| row![room_id, tenant_id, id.as_str()])
        .collect();
    let ids = ids
        .into_iter()
        .map(|((room_id, tenant_id), id)| row![room_id, tenant_id, id])
        .collect();

    let columns = participant_row::columns("p");
    let select =
        format!("SELECT p.room_id, p.tenant_id, {columns} FROM wanted CROSS JOIN participants p");
    let text = format!(
        "{select} WHERE p.room_id = wanted.room_id AND p.viewer_id = wanted.viewer_id
             AND p.tenant_id = wanted.tenant_id"
    );
    let table = "wanted (room_id, tenant_id, viewer_id)";
    put(rooms, transaction.look_up(table, viewers, &text).await?)?;

    let text = format!(
        "{select} WHERE p.id = wanted.id AND p.room_id = wanted.room_id
             AND p.tenant_id = wanted.tenant_id"
    );
    let table = "wanted (room_id, tenant_id, id)";
    put(rooms, transaction.look_up(table, ids, &text).await?)?;

    let text = format!(
        "{select} WHERE p.room_id = wanted.room_id AND p.tenant_id = wanted.tenant_id
             AND p.stage_role <> 'audience'"
    );
    let table = "wanted (room_id, tenant_id)";
    put(rooms, transaction.look_up(table, stages, &text).await?)
}

fn put(rooms: &mut Rooms, rows: Vec<Row>) -> Result<(), sqlx::Error> {
    rooms.read_rows(rows, "participant", |locked, row| {
        let participant = participant_row::read(row)?;
        locked.aggregate.known.people.put(participant);
        Ok(())
    })
}

pub(super) async fn write(
    transaction: &mut Transaction,
    rooms: &[Room<'_>],
) -> Result<(), sqlx::Error> {
    let participants = each(rooms, |aggregate| aggregate.changes.participants.values())
        .into_iter()
        .map(|(of, one)| participant_row::row(of.room.id, of.room.tenant_id, one))
        .collect();
    let (insert, replace) = (participant_row::INSERT, participant_row::REPLACE);
    transaction.insert(insert, participants, replace).await?;

    let censuses = rooms
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

    let audit = each(rooms, |aggregate| aggregate.changes.audit.iter())
        .into_iter()
        .map(|(of, entry)| participants::audit_row(of.room.id, of.room.tenant_id, entry))
        .collect();
    transaction
        .insert(participants::INSERT_AUDIT, audit, "")
        .await?;

    Ok(())
}
