//! The participants that a batch's commands act as and act on.

use std::collections::BTreeSet;

use parlor_domain::id::{NodeId, RoomId, TenantId};

use super::{Rooms, look_up};
use crate::batch::RoomNeeds;
use crate::contribution_row::read_viewer_id;
use crate::engine::Transaction;
use crate::participant_row;
use crate::sql::{Row, row};

/// Loads those who act, by their viewer ids, with where they are connected, and those acted on, by
/// their own ids or as the stage.
pub(super) async fn people(
    transaction: &mut Transaction,
    rooms: &mut Rooms,
    needs: &[&RoomNeeds],
) -> Result<(), sqlx::Error> {
    let columns = participant_row::columns("p");
    let select =
        format!("SELECT p.room_id, p.tenant_id, {columns} FROM wanted CROSS JOIN participants p");

    let viewers: BTreeSet<_> = needs
        .iter()
        .flat_map(|one| {
            let key = (one.room_id, one.tenant_id);
            one.actors.iter().map(move |viewer_id| (key, viewer_id))
        })
        .collect();
    let viewers: Vec<_> = viewers
        .into_iter()
        .map(|((room_id, tenant_id), id)| row![room_id, tenant_id, id.as_str()])
        .collect();
    let text = format!(
        "{select} WHERE p.room_id = wanted.room_id AND p.viewer_id = wanted.viewer_id
             AND p.tenant_id = wanted.tenant_id"
    );
    let table = "wanted (room_id, tenant_id, viewer_id)";
    let found = look_up(transaction, table, &viewers, &text).await?;
    put(rooms, found)?;
    put_presences(
        rooms,
        look_up(transaction, table, &viewers, PRESENCES).await?,
    )?;

    let ids: BTreeSet<_> = needs
        .iter()
        .flat_map(|one| {
            let key = (one.room_id, one.tenant_id);
            one.participants.iter().map(move |id| (key, *id))
        })
        .collect();
    let ids: Vec<_> = ids
        .into_iter()
        .map(|((room_id, tenant_id), id)| row![room_id, tenant_id, id])
        .collect();
    let text = format!(
        "{select} WHERE p.id = wanted.id AND p.room_id = wanted.room_id
             AND p.tenant_id = wanted.tenant_id"
    );
    let found = look_up(transaction, "wanted (room_id, tenant_id, id)", &ids, &text).await?;
    put(rooms, found)?;

    let stages = needs.iter().filter(|one| one.stage);
    let stages: Vec<_> = stages.map(|one| row![one.room_id, one.tenant_id]).collect();
    let text = format!(
        "{select} WHERE p.room_id = wanted.room_id AND p.tenant_id = wanted.tenant_id
             AND p.stage_role <> 'audience'"
    );
    let found = look_up(transaction, "wanted (room_id, tenant_id)", &stages, &text).await?;
    put(rooms, found)
}

const PRESENCES: &str = "SELECT p.room_id, p.tenant_id, p.viewer_id, p.node_id
    FROM wanted CROSS JOIN presences p
    WHERE p.room_id = wanted.room_id AND p.viewer_id = wanted.viewer_id
        AND p.tenant_id = wanted.tenant_id";

fn put_presences(rooms: &mut Rooms, rows: Vec<Row>) -> Result<(), sqlx::Error> {
    for mut row in rows {
        let key = (RoomId(row.take()?), TenantId(row.take()?));
        let viewer_id = read_viewer_id(&row.take::<String>()?)?;
        let locked = rooms
            .get_mut(&key)
            .expect("only locked rooms are asked for");
        let presences = &mut locked.aggregate.known.presences;
        presences.insert(viewer_id, NodeId(row.take()?));
    }

    Ok(())
}

fn put(rooms: &mut Rooms, rows: Vec<Row>) -> Result<(), sqlx::Error> {
    for mut row in rows {
        let key = (RoomId(row.take()?), TenantId(row.take()?));
        let locked = rooms
            .get_mut(&key)
            .expect("only locked rooms are asked for");
        let participant = participant_row::read(&mut row)?;
        locked.aggregate.known.people.put(participant);
    }

    Ok(())
}
