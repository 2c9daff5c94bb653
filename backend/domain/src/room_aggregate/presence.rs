//! Who is online: people are connected to nodes, and a participant is online while one of their
//! connections is.
//!
//! A node says that a person came with their first connection and went with their last, so several
//! devices are one. People may be connected who are no participants; when they join they are online
//! at once.

use std::collections::BTreeSet;

use super::{Lookups, RoomAggregate};
use crate::event::EventBody;
use crate::id::{IdSource, NodeId, ViewerId};
use crate::participant::Participant;
use crate::time::ServerTime;

/// The nodes that people are connected to, as far as the batch asked, kept current by the commands
/// decided so far.
#[derive(Debug, Clone, Default)]
pub struct Presences(Lookups<ViewerId, BTreeSet<NodeId>>);

/// People who came to a node and went from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresenceChange {
    pub node_id: NodeId,
    pub arrived: Vec<ViewerId>,
    pub departed: Vec<ViewerId>,
}

impl Presences {
    /// Notes that the nodes a person is connected to are looked up.
    pub fn ask(&mut self, viewer_id: ViewerId) {
        self.0.ask(viewer_id);
    }

    /// Whether the person is connected to any node. Panics if the batch did not ask.
    pub fn is_connected(&self, viewer_id: &ViewerId) -> bool {
        self.0.get(viewer_id).is_some_and(|nodes| !nodes.is_empty())
    }

    /// Notes a connection. Returns whether it is news.
    pub fn insert(&mut self, viewer_id: &ViewerId, node_id: NodeId) -> bool {
        if let Some(nodes) = self.0.get_mut(viewer_id) {
            return nodes.insert(node_id);
        }

        self.0.put(viewer_id.clone(), BTreeSet::from([node_id]));
        true
    }

    fn remove(&mut self, viewer_id: &ViewerId, node_id: NodeId) -> bool {
        let nodes = self.0.get_mut(viewer_id);
        nodes.is_some_and(|nodes| nodes.remove(&node_id))
    }
}

impl RoomAggregate {
    /// Notes who came and went, whatever state the room is in. What is known already changes
    /// nothing.
    pub fn change_presence(
        &mut self,
        change: &PresenceChange,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) {
        let node_id = change.node_id;
        for viewer_id in &change.arrived {
            if self.known.presences.insert(viewer_id, node_id) {
                self.note_connection(viewer_id, node_id, true, ids, now);
            }
        }
        for viewer_id in &change.departed {
            if self.known.presences.remove(viewer_id, node_id) {
                self.note_connection(viewer_id, node_id, false, ids, now);
            }
        }
    }

    fn note_connection(
        &mut self,
        viewer_id: &ViewerId,
        node_id: NodeId,
        is_connected: bool,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) {
        let key = (viewer_id.clone(), node_id);
        self.changes.presences.insert(key, is_connected);

        let is_online = self.known.presences.is_connected(viewer_id);
        let participant = self.known.people.of_viewer(viewer_id);
        let participant = participant.filter(|one| one.is_joined() && one.is_online != is_online);
        if let Some(participant) = participant {
            let participant = Participant {
                is_online,
                ..participant.clone()
            };
            self.show_participant(participant, EventBody::ParticipantPresenceChanged, ids, now);
        }
    }
}
