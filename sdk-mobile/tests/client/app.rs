//! An application that follows a room.

use std::ops::RangeInclusive;
use std::sync::Arc;

use parlor::{Client, Config, ConnectionState, Delivery, EventKind, Placement};

use crate::server::{Peer, Server, contribution, feed, within};

pub(crate) fn config(server: &Server, room_id: &str) -> Config {
    Config {
        server: server.url(),
        room_id: room_id.to_owned(),
        placement: Placement::Companion,
        token: None,
        start_at_unix_millis: None,
        reports_watching: true,
        redemptions_folder: None,
    }
}

pub(crate) fn connect(server: &Server, room_id: &str) -> Arc<Client> {
    Client::connect(config(server, room_id)).expect("the address is one")
}

pub(crate) fn contributions(seqs: RangeInclusive<i64>) -> Vec<serde_json::Value> {
    seqs.map(|seq| contribution(seq, 0, "hello")).collect()
}

/// Sends long messages after `seq` until the client has no room for more. Returns how far it got.
pub(crate) async fn overfill(peer: &Peer, id: &str, mut seq: i64) -> i64 {
    let end = seq + 32_000;
    // As long as a client takes them, and enough of them that a socket holds few messages.
    let long = "x".repeat(4 * 1024);
    loop {
        let events: Vec<_> = (seq + 1..=seq + 16)
            .map(|seq| contribution(seq, 0, &long))
            .collect();
        if !peer.feed(id, feed(seq, &events)).await {
            return seq;
        }
        seq += 16;
        assert!(seq < end, "the client reads what nobody wants");
    }
}

/// Waits for a state of the connection that is `wanted`.
pub(crate) async fn reached(
    client: &Client,
    wanted: impl Fn(&ConnectionState) -> bool,
) -> ConnectionState {
    let states = client.connection_states();
    within(async {
        loop {
            let state = states.next().await;
            let state = state.expect("the client goes on");
            if wanted(&state) {
                return state;
            }
        }
    })
    .await
}

/// Waits for the next `count` events, and returns their positions.
pub(crate) async fn shown(client: &Client, count: usize) -> Vec<i64> {
    let mut seqs = Vec::new();
    while seqs.len() < count {
        let delivery = within(client.deliveries().next()).await;
        if let Delivery::Event { event, .. } = delivery.expect("the client goes on") {
            assert!(matches!(event.kind, EventKind::ContributionReceived { .. }));
            seqs.push(event.seq);
        }
    }

    seqs
}
