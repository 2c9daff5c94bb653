//! Somebody who follows a room, and reads what comes also while nobody looks.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

const DOCUMENT: &str = "subscription ($roomId: ID!, $after: LogPosition) {
    liveRoom(roomId: $roomId, after: $after) {
        epoch throughSeq recovered
        events { seq ... on ContributionReceived { contribution { name } } }
    }
}";

pub(crate) struct Follower {
    pub(crate) first: Value,
    feeds: mpsc::UnboundedReceiver<Result<Value, u16>>,
}

impl Follower {
    /// Follows a room from `after`, or from its present state.
    pub(crate) async fn connect(address: &str, room: &str, after: Value) -> Self {
        let mut request = format!("ws://{address}/graphql/ws")
            .into_client_request()
            .unwrap();
        let protocol = "graphql-transport-ws".parse().unwrap();
        let headers = request.headers_mut();
        headers.insert("sec-websocket-protocol", protocol);
        let (mut stream, _) = connect_async(request).await.unwrap();
        let variables = json!({ "roomId": room, "after": after });
        let payload = json!({ "query": DOCUMENT, "variables": variables });
        for message in [
            json!({ "type": "connection_init" }),
            json!({ "type": "subscribe", "id": "1", "payload": payload }),
        ] {
            let sent = stream.send(Message::text(message.to_string()));
            sent.await.unwrap();
        }

        let (sender, feeds) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Some(Ok(message)) = stream.next().await {
                let feed = match message {
                    Message::Text(text) => {
                        let mut message: Value = serde_json::from_str(&text).unwrap();
                        if message["type"] != "next" {
                            continue;
                        }
                        Ok(message["payload"]["data"]["liveRoom"].take())
                    }
                    Message::Close(Some(frame)) => Err(frame.code.into()),
                    Message::Close(None)
                    | Message::Binary(_)
                    | Message::Ping(_)
                    | Message::Pong(_)
                    | Message::Frame(_) => continue,
                };
                // Whoever does not look any more has left.
                let _looking = sender.send(feed);
            }
        });
        let mut follower = Self {
            first: Value::Null,
            feeds,
        };
        follower.first = follower.feed().await;

        follower
    }

    /// Reads on until a gift has come, and returns the position there.
    pub(crate) async fn until_gift(&mut self, name: &str) -> Value {
        loop {
            let feed = self.feed().await;
            if gifts_of(&feed).iter().any(|gift| gift == name) {
                return json!({ "epoch": feed["epoch"], "seq": feed["throughSeq"] });
            }
        }
    }

    /// Reads until the server closes.
    pub(crate) async fn close_code(&mut self) -> u16 {
        loop {
            match self.next().await {
                Ok(_) => (),
                Err(code) => return code,
            }
        }
    }

    /// The gifts in the first message.
    pub(crate) fn gifts(&self) -> Vec<String> {
        gifts_of(&self.first)
    }

    async fn feed(&mut self) -> Value {
        let feed = self.next().await;
        feed.expect("the socket is open")
    }

    async fn next(&mut self) -> Result<Value, u16> {
        let next = tokio::time::timeout(crate::PATIENCE, self.feeds.recv());
        next.await
            .expect("something comes")
            .expect("a close comes first")
    }
}

fn gifts_of(feed: &Value) -> Vec<String> {
    let events = feed["events"].as_array().unwrap();
    let names = events
        .iter()
        .filter_map(|event| event["contribution"]["name"].as_str());
    names.map(str::to_owned).collect()
}

/// The positions of a message's events.
pub(crate) fn seqs_of(feed: &Value) -> Vec<i64> {
    let events = feed["events"].as_array().unwrap();
    let seq = |event: &Value| event["seq"].as_str().unwrap().parse().unwrap();
    events.iter().map(seq).collect()
}
