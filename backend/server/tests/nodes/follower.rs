//! Somebody who follows a room, and what they see of who is online.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

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
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
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
        let (stream, _) = connect_async(request).await.unwrap();
        let mut follower = Self {
            stream,
            people: BTreeMap::new(),
            count: 0,
            went: Vec::new(),
        };
        let payload = token.map(|token| json!({ "Authorization": format!("Bearer {token}") }));
        follower
            .send(json!({ "type": "connection_init", "payload": payload }))
            .await;
        let payload = json!({ "query": DOCUMENT, "variables": { "roomId": room } });
        follower
            .send(json!({ "type": "subscribe", "id": "1", "payload": payload }))
            .await;
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
        let message = self
            .stream
            .next()
            .await
            .expect("the node is there")
            .unwrap();
        let Message::Text(text) = message else {
            return false;
        };
        let message: Value = serde_json::from_str(&text).unwrap();
        if message["type"] == "ping" {
            self.send(json!({ "type": "pong" })).await;
        }
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

    async fn send(&mut self, message: Value) {
        self.stream
            .send(Message::text(message.to_string()))
            .await
            .unwrap();
    }
}
