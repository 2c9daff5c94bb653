//! What has been seen of the client so far.

use super::Sim;
use super::network::{Cargo, follows_room};
use crate::server::Logged;
use parlor_sdk_core::{
    ConnectionState, Delivery, Instant, PlayheadQuality, Room, ServerTime, ShownEvent, SyncSource,
};
use serde_json::Value;
use std::collections::BTreeMap;

impl Sim {
    /// Seqs of the picture events shown, in order.
    pub(crate) fn shown(&self) -> Vec<i64> {
        self.shown_events()
            .filter(|(_, shown)| !shown.event.is_live())
            .map(|(_, shown)| shown.event.seq)
            .collect()
    }

    pub(crate) fn shown_events(&self) -> impl Iterator<Item = (i64, &ShownEvent)> {
        self.deliveries
            .iter()
            .filter_map(|(at, delivery)| match delivery {
                Delivery::Event(shown) => Some((*at, shown)),
                Delivery::StateReplaced(_) | Delivery::PresenceChanged { .. } => None,
            })
    }

    /// Totals of the train at each jump of the picture.
    pub(crate) fn replaced(&self) -> Vec<Option<i64>> {
        self.deliveries
            .iter()
            .filter_map(|(_, delivery)| match delivery {
                Delivery::StateReplaced(room) => Some(total(room)),
                Delivery::Event(_) | Delivery::PresenceChanged { .. } => None,
            })
            .collect()
    }

    /// How many are online, as often as that was delivered by itself.
    pub(crate) fn online(&self) -> Vec<i32> {
        self.deliveries
            .iter()
            .filter_map(|(_, delivery)| match delivery {
                Delivery::PresenceChanged { online_count } => Some(*online_count),
                Delivery::StateReplaced(_) | Delivery::Event(_) => None,
            })
            .collect()
    }

    pub(crate) fn forget_deliveries(&mut self) {
        self.deliveries.clear();
        self.received_at.clear();
    }

    /// The total of the train that the viewer sees.
    pub(crate) fn total(&self) -> Option<i64> {
        total(self.client.room())
    }

    /// Positions of the last events of the parts that nobody has heard of yet, by part.
    pub(crate) fn unknown_parts(&self) -> BTreeMap<String, i64> {
        let parts = self.client.room().unknown_parts();

        parts
            .filter_map(|event| Some((event.part.clone()?, event.seq)))
            .collect()
    }

    /// When that happened which the picture shows.
    pub(crate) fn picture_time(&self) -> Option<ServerTime> {
        self.client.picture_time(Instant::from_millis(self.now))
    }

    pub(crate) fn sync_source(&self) -> SyncSource {
        self.client.sync_source(Instant::from_millis(self.now))
    }

    pub(crate) fn quality(&self) -> Option<PlayheadQuality> {
        self.client.playhead_quality(Instant::from_millis(self.now))
    }

    pub(crate) fn state(&self) -> ConnectionState {
        self.client.connection_state()
    }

    /// Returns whether the client has everything that the server has.
    pub(crate) fn is_synced(&self) -> bool {
        let nothing_under_way = self.in_flight.iter().all(|in_flight| {
            let (Cargo::ToServer(message) | Cargo::ToClient(message)) = &in_flight.cargo else {
                return false;
            };
            message["type"] == "ping" || message["type"] == "pong"
        });
        let subscribed = self.socket.as_ref().is_some_and(|socket| {
            socket.subscription.is_some()
                && socket.sent_through == self.server.head()
                && !socket.lost
        });

        nothing_under_way && subscribed && self.state() == ConnectionState::Live
    }

    pub(crate) fn has_socket(&self) -> bool {
        self.socket.is_some()
    }

    /// Variables of the subscriptions made so far.
    pub(crate) fn subscriptions(&self) -> Vec<&Value> {
        self.sent
            .iter()
            .filter(|(_, message)| message["type"] == "subscribe" && follows_room(message))
            .map(|(_, message)| &message["payload"]["variables"])
            .collect()
    }

    pub(crate) fn sent_of(&self, kind: &str) -> Vec<(i64, &Value)> {
        self.sent
            .iter()
            .filter(|(_, message)| message["type"] == kind)
            .map(|(at, message)| (*at, message))
            .collect()
    }

    /// Picture events of the log.
    pub(crate) fn picture_log(&self) -> impl Iterator<Item = &Logged> {
        self.server.log.iter().filter(|logged| logged.is_picture())
    }
}

/// The total of the train that `room` has.
fn total(room: &Room) -> Option<i64> {
    let mut parts = room.parts();

    parts.find_map(|event| event.about("train")?.whole("total"))
}
