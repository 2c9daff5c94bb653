//! Where those who act in a batch are connected.

use parlor_domain::id::NodeId;

use super::rooms::Rooms;
use super::write::{Room, each};
use crate::contribution_row::read_viewer_id;
use crate::engine::Transaction;
use crate::presences;
use crate::sql::row;

pub(super) async fn load(
    transaction: &mut Transaction,
    rooms: &mut Rooms,
) -> Result<(), sqlx::Error> {
    let mut keys = Vec::new();
    for locked in rooms.all_mut() {
        let (room_id, tenant_id) = (locked.needs.room_id, locked.needs.tenant_id);
        for viewer_id in &locked.needs.people.actors {
            locked.aggregate.known.presences.ask(viewer_id.clone());
            keys.push(row![room_id, tenant_id, viewer_id.as_str()]);
        }
    }
    let select = "SELECT p.room_id, p.tenant_id, p.viewer_id, p.node_id
        FROM wanted CROSS JOIN presences p
        WHERE p.room_id = wanted.room_id AND p.viewer_id = wanted.viewer_id
            AND p.tenant_id = wanted.tenant_id";

    let table = "wanted (room_id, tenant_id, viewer_id)";
    let rows = transaction.look_up(table, keys, select).await?;
    rooms.read_rows(rows, "presence", |locked, row| {
        let viewer_id = read_viewer_id(&row.take::<String>()?)?;
        let node_id = NodeId(row.take()?);
        locked.aggregate.known.presences.insert(&viewer_id, node_id);
        Ok(())
    })
}

pub(super) async fn write(
    transaction: &mut Transaction,
    rooms: &[Room<'_>],
) -> Result<(), sqlx::Error> {
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
        .await?;

    Ok(())
}
