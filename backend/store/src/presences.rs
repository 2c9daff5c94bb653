//! Who is connected to which node.

use parlor_domain::id::{NodeId, RoomId, TenantId, ViewerId};

use crate::contribution_row::read_viewer_id;
use crate::sql::Statement;
use crate::{Store, StoreError};

pub(crate) const INSERT: &str = "INSERT INTO presences (room_id, viewer_id, node_id, tenant_id) ";

pub(crate) const KEEP: &str = " ON CONFLICT (room_id, viewer_id, node_id) DO NOTHING";

pub(crate) const DELETE: &str = "DELETE FROM presences
    WHERE (room_id, viewer_id, node_id) IN (SELECT room_id, viewer_id, node_id FROM v)";

impl Store {
    /// Some of the people who are connected to a node, at most `limit`, room by room.
    pub async fn presences_of_node(
        &self,
        node_id: NodeId,
        limit: i64,
    ) -> Result<Vec<(TenantId, RoomId, ViewerId)>, StoreError> {
        let statement = Statement::new(
            "SELECT tenant_id, room_id, viewer_id FROM presences WHERE node_id = $1
             ORDER BY room_id, viewer_id LIMIT $2",
        )
        .bind(node_id)
        .bind(limit);

        let mut presences = Vec::new();
        for mut row in self.engine.fetch(statement).await? {
            let (tenant_id, room_id) = (TenantId(row.take()?), RoomId(row.take()?));
            presences.push((tenant_id, room_id, read_viewer_id(&row.take::<String>()?)?));
        }
        Ok(presences)
    }

    /// Drops what a node left behind in a room that is not there any more, and so has nobody to
    /// tell.
    pub async fn drop_presences(&self, node_id: NodeId, room_id: RoomId) -> Result<(), StoreError> {
        let statement = Statement::new(
            "DELETE FROM presences WHERE node_id = $1 AND room_id = $2
                 AND NOT EXISTS (SELECT 1 FROM rooms WHERE rooms.id = presences.room_id)",
        )
        .bind(node_id)
        .bind(room_id);
        self.engine.write(statement).await?;

        Ok(())
    }
}
