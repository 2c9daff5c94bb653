//! Leases: this node's own, and watching those of the others.
//!
//! A node is dead when it has not beaten for as long as its lease says, counted in one's own checks.
//! So no clock is compared with another machine's, and none that is set makes anybody dead.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use parlor_domain::id::{NodeId, RoomId, TenantId, ViewerId};
use parlor_domain::room_aggregate::PresenceChange;
use parlor_node::clock::Clock;
use parlor_node::ids::Ids;
use parlor_store::{NodeRow, Store, StoreError};
use parlor_writer::{ChangePresence, NotDone, Writer};
use tokio::time::{Interval, MissedTickBehavior};

use super::PresenceSettings;

/// People of a dead node whose departure is written at a time.
const CHUNK_MAX: i64 = 1_024;

pub(super) struct Leases {
    store: Store,
    writer: Writer,
    clock: Clock,
    ids: Ids,
    settings: PresenceSettings,
    watched: Mutex<Watched>,
}

/// What was seen of other nodes.
#[derive(Debug, Default)]
struct Watched(BTreeMap<NodeId, Seen>);

#[derive(Debug, Clone, Copy)]
struct Seen {
    beats: i64,
    /// Checks since the last beat that was seen.
    silent_checks: u32,
}

impl Leases {
    pub(super) fn new(
        store: &Store,
        writer: &Writer,
        clock: &Clock,
        ids: &Ids,
        settings: PresenceSettings,
    ) -> Self {
        Self {
            store: store.clone(),
            writer: writer.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
            settings,
            watched: Mutex::default(),
        }
    }

    /// Takes a lease for a node that starts.
    pub(super) async fn take(&self) -> Result<NodeId, StoreError> {
        let node_id = NodeId::next(&mut self.ids.clone());
        let now = self.clock.now();
        self.store
            .add_node(node_id, self.settings.lease_ms, now)
            .await?;

        Ok(node_id)
    }

    /// Returns whether the lease still held.
    pub(super) async fn beat(&self, node_id: NodeId) -> Result<bool, StoreError> {
        self.store.beat(node_id, self.settings.lease_ms).await
    }

    pub(super) async fn leave(&self, node_id: NodeId) -> Result<(), StoreError> {
        self.store.beat(node_id, self.settings.grace_ms).await?;
        Ok(())
    }

    pub(super) async fn check(&self, own_id: NodeId) -> Result<(), StoreError> {
        let mut nodes = self.store.nodes().await?;
        nodes.retain(|node| node.id != own_id);
        let silent = self
            .watched
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .check(&nodes, self.settings.check_every);

        for NodeRow { id, beats, .. } in silent {
            if self.store.end_node(id, beats, self.clock.now()).await? {
                tracing::warn!(node = %id, "a node has died");
                metrics::counter!("parlor_nodes_ended_total").increment(1);
                self.clear(id).await?;
            }
        }
        // Whoever ended a lease may have died since.
        for node in nodes {
            if node.has_ended && node.has_presences {
                self.clear(node.id).await?;
            }
        }
        Ok(())
    }

    /// Has everyone whom a dead node left behind depart, a chunk at a time. What cannot be written
    /// now is found by the next check.
    async fn clear(&self, node_id: NodeId) -> Result<(), StoreError> {
        loop {
            let found = self.store.presences_of_node(node_id, CHUNK_MAX).await?;
            if found.is_empty() {
                return Ok(());
            }
            let mut rooms: BTreeMap<(RoomId, TenantId), Vec<ViewerId>> = BTreeMap::new();
            for (tenant_id, room_id, viewer_id) in found {
                let departed = rooms.entry((room_id, tenant_id)).or_default();
                departed.push(viewer_id);
            }

            let departures = rooms
                .into_iter()
                .map(|((room_id, tenant_id), departed)| async move {
                    let change = PresenceChange {
                        node_id,
                        arrived: Vec::new(),
                        departed,
                    };
                    self.depart(tenant_id, room_id, change).await
                });
            let departed = join_all(departures).await;
            if !departed.into_iter().all(|is_done| is_done) {
                return Ok(());
            }
        }
    }

    async fn depart(&self, tenant_id: TenantId, room_id: RoomId, change: PresenceChange) -> bool {
        let node_id = change.node_id;
        let done = self
            .writer
            .submit(tenant_id, room_id, ChangePresence(change))
            .await;
        match done {
            Ok(()) => true,
            Err(NotDone::NotFound(_)) => self.store.drop_presences(node_id, room_id).await.is_ok(),
            Err(error) => {
                tracing::warn!(%error, %room_id, "a dead node's people could not be taken out yet");
                false
            }
        }
    }
}

impl Watched {
    /// Takes in how all other nodes look, and returns those that were silent for too long.
    fn check(&mut self, nodes: &[NodeRow], every: Duration) -> Vec<NodeRow> {
        self.0
            .retain(|id, _| nodes.iter().any(|node| node.id == *id && !node.has_ended));
        let mut silent = Vec::new();
        for node in nodes.iter().filter(|node| !node.has_ended) {
            let news = Seen {
                beats: node.beats,
                silent_checks: 0,
            };
            let seen = match self.0.get(&node.id) {
                Some(seen) if seen.beats == node.beats => Seen {
                    silent_checks: seen.silent_checks + 1,
                    ..*seen
                },
                Some(_) | None => news,
            };
            self.0.insert(node.id, seen);

            let silence = every * seen.silent_checks;
            if silence >= Duration::from_millis(node.lease_ms.unsigned_abs()) {
                silent.push(*node);
            }
        }

        silent
    }
}

/// Ticks that do not catch up on what was missed.
pub(super) fn ticks(every: Duration) -> Interval {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);

    ticks
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn row(n: u128, beats: i64, lease_ms: i64) -> NodeRow {
        NodeRow {
            id: NodeId(Uuid::from_u128(n)),
            beats,
            lease_ms,
            has_ended: false,
            has_presences: true,
        }
    }

    #[test]
    fn a_node_is_dead_once_it_was_silent_for_as_long_as_its_lease() {
        let every = Duration::from_secs(1);
        let mut watched = Watched::default();
        let (leaving, long) = (row(1, 7, 5_000), row(2, 0, 10_000));
        let mut check = |nodes: &[NodeRow]| -> Vec<u128> {
            let silent = watched.check(nodes, every);
            silent.iter().map(|node| node.id.0.as_u128()).collect()
        };

        for _ in 0..5 {
            assert_eq!(check(&[leaving, long]), []);
        }
        assert_eq!(check(&[leaving, long]), [1]);
        for _ in 0..3 {
            assert_eq!(check(&[long]), []);
        }
        // A beat, however late, is a sign of life.
        let beaten = row(2, 1, 10_000);
        for _ in 0..10 {
            assert_eq!(check(&[beaten]), []);
        }
        assert_eq!(check(&[beaten]), [2]);
    }

    #[test]
    fn a_node_that_has_ended_is_dead_no_second_time_and_is_forgotten() {
        let every = Duration::from_secs(1);
        let mut watched = Watched::default();
        let ended = NodeRow {
            has_ended: true,
            ..row(1, 0, 0)
        };

        assert_eq!(watched.check(&[row(1, 0, 0)], every), [row(1, 0, 0)]);
        assert_eq!(watched.check(&[ended], every), []);
        assert!(watched.0.is_empty());
    }
}
