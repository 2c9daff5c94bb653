//! Somebody who follows a room, and what they see of who is online. Like a browser they read what
//! comes, also while nobody looks, and so answer the server's probes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

const DOCUMENT: &str = "subscription ($roomId: ID!) {
    liveRoom(roomId: $roomId) {
        snapshot { ...E }
        events { ...E }
        presence { onlineCount }
    }
}
fragment E on RoomEvent {
    ... on ParticipantJoined { participant { ...P } }
    ... on ParticipantPresenceChanged { participant { ...P } }
}
fragment P on ParticipantProfile { name isOnline }";

pub(crate) struct Follower {
    messages: mpsc::UnboundedReceiver<String>,
    reading: JoinHandle<()>,
    people: BTreeMap<String, bool>,
    count: i64,
    /// Everyone who was seen to go offline.
    pub(crate) went: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) online: BTreeSet<String>,
    pub(crate) count: i64,
}

impl Follower {
    /// Follows a room from its present state on.
    pub(crate) async fn connect(address: &str, room: &str, token: Option<&str>) -> Self {
        let mut request = format!("ws://{address}/graphql/ws")
            .into_client_request()
            .unwrap();
        let protocol = "graphql-transport-ws".parse().unwrap();
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocol);
        let (mut stream, _) = connect_async(request).await.unwrap();
        let payload = token.map(|token| json!({ "Authorization": format!("Bearer {token}") }));
        let init = json!({ "type": "connection_init", "payload": payload });
        let payload = json!({ "query": DOCUMENT, "variables": { "roomId": room } });
        let subscribe = json!({ "type": "subscribe", "id": "1", "payload": payload });
        for message in [init, subscribe] {
            let sent = stream.send(Message::text(message.to_string()));
            sent.await.unwrap();
        }
        let (texts, messages) = mpsc::unbounded_channel();
        let reading = tokio::spawn(async move {
            while let Some(Ok(message)) = stream.next().await {
                if let Message::Text(text) = message {
                    // Whoever does not look any more has left.
                    let _looking = texts.send(text.to_string());
                }
            }
        });
        let mut follower = Self {
            messages,
            reading,
            people: BTreeMap::new(),
            count: 0,
            went: Vec::new(),
        };
        while !follower.read().await {}

        follower
    }

    /// Reads on until the room looks as expected, within `deadline`.
    pub(crate) async fn until(&mut self, expected: &Seen, deadline: Duration) {
        let reading = async {
            while self.seen() != *expected {
                self.read().await;
            }
        };
        let is_right = timeout(deadline, reading).await.is_ok();
        assert!(
            is_right,
            "after {deadline:?}: {:?} and not {expected:?}",
            self.seen()
        );
    }

    fn seen(&self) -> Seen {
        let online = self.people.iter().filter(|(_, is_online)| **is_online);

        Seen {
            online: online.map(|(name, _)| name.clone()).collect(),
            count: self.count,
        }
    }

    /// Reads one message. Returns whether it was of the feed.
    async fn read(&mut self) -> bool {
        let text = self.messages.recv().await.expect("the node is there");
        let message: Value = serde_json::from_str(&text).unwrap();
        if message["type"] != "next" {
            return false;
        }

        let feed = &message["payload"]["data"]["liveRoom"];
        for events in [&feed["snapshot"], &feed["events"]] {
            for event in events.as_array().into_iter().flatten() {
                self.take(&event["participant"]);
            }
        }
        if let Some(count) = feed["presence"]["onlineCount"].as_i64() {
            self.count = count;
        }
        true
    }

    fn take(&mut self, participant: &Value) {
        let Some(name) = participant["name"].as_str() else {
            return;
        };
        let is_online = participant["isOnline"] == true;
        let was_online = self.people.insert(name.to_owned(), is_online);
        if was_online == Some(true) && !is_online {
            self.went.push(name.to_owned());
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.reading.abort();
    }
}
