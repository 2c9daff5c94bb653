//! Leases of nodes: beats that others watch, and ends that are final.

use parlor_domain::id::NodeId;
use parlor_domain::time::ServerTime;

use crate::sql::Statement;
use crate::{Store, StoreError};

/// How long the row of a node that has ended is kept, so that what it wrote with its last breath is
/// found: no statement takes nearly as long.
const ENDED_KEPT_MS: i64 = 3_600_000;

/// A node as others see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeRow {
    pub id: NodeId,
    /// Counts its signs of life.
    pub beats: i64,
    /// How long after a beat its lease holds.
    pub lease_ms: i64,
    pub has_ended: bool,
    /// Whether somebody is connected to it.
    pub has_presences: bool,
}

impl Store {
    /// Adds a node, whose lease holds from now on, and forgets those that ended long ago and left
    /// nothing behind.
    pub async fn add_node(
        &self,
        id: NodeId,
        lease_ms: i64,
        now: ServerTime,
    ) -> Result<(), StoreError> {
        let mut transaction = self.engine.begin().await?;
        let add = "INSERT INTO nodes (id, beats, lease_ms) VALUES ($1, 0, $2)";
        let add = Statement::new(add).bind(id).bind(lease_ms);
        transaction.execute(add).await?;
        let forget = Statement::new(
            "DELETE FROM nodes WHERE ended_at < $1
                 AND NOT EXISTS (SELECT 1 FROM presences WHERE presences.node_id = nodes.id)",
        )
        .bind(now.plus_millis(-ENDED_KEPT_MS));
        transaction.execute(forget).await?;

        transaction.commit().await.map_err(StoreError::of_commit)
    }

    /// Gives a sign of life, after which the lease holds for `lease_ms`. Returns `false` if the
    /// lease has ended, which is for good.
    pub async fn beat(&self, id: NodeId, lease_ms: i64) -> Result<bool, StoreError> {
        let statement = Statement::new(
            "UPDATE nodes SET beats = beats + 1, lease_ms = $2
             WHERE id = $1 AND ended_at IS NULL RETURNING id",
        )
        .bind(id)
        .bind(lease_ms);

        Ok(!self.engine.write(statement).await?.is_empty())
    }

    /// Ends the lease of a node that has not beaten since it had `beats`.
    pub async fn end_node(
        &self,
        id: NodeId,
        beats: i64,
        now: ServerTime,
    ) -> Result<bool, StoreError> {
        let statement = Statement::new(
            "UPDATE nodes SET ended_at = $3
             WHERE id = $1 AND beats = $2 AND ended_at IS NULL RETURNING id",
        )
        .bind(id)
        .bind(beats)
        .bind(now);

        Ok(!self.engine.write(statement).await?.is_empty())
    }

    /// Every node that runs, or has left something behind, or ended not long ago.
    pub async fn nodes(&self) -> Result<Vec<NodeRow>, StoreError> {
        let statement = Statement::new(
            "SELECT id, beats, lease_ms, ended_at,
                 EXISTS (SELECT 1 FROM presences WHERE presences.node_id = nodes.id)
             FROM nodes ORDER BY id",
        );

        let mut nodes = Vec::new();
        for mut row in self.engine.fetch(statement).await? {
            nodes.push(NodeRow {
                id: NodeId(row.take()?),
                beats: row.take()?,
                lease_ms: row.take()?,
                has_ended: row.take_optional_time()?.is_some(),
                has_presences: row.take()?,
            });
        }
        Ok(nodes)
    }
}
