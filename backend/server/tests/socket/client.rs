//! A client that sends what it is told and shows what comes.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use parlor_api::global_id;
use parlor_domain::id::RoomId;
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::Request;

use crate::server::TestServer;

/// How long a test waits for what must come. Generous, because it only bounds failures.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The document that most tests follow a room with.
pub(crate) const LIVE_ROOM: &str =
    "subscription Live($roomId: ID!, $after: LogPosition, $at: Time) {
    liveRoom(roomId: $roomId, after: $after, at: $at) {
        epoch afterSeq throughSeq recovered
        snapshot { ...E }
        events { ...E }
    }
}
fragment E on RoomEvent {
    __typename seq part occurredAt
    ... on RoomUpdated { room { title } }
    ... on ContributionReceived { contribution { id name } }
    ... on HypeTrainStarted { train { total } }
    ... on HypeTrainProgressed { train { total } }
}";

pub(crate) struct Client {
    stream: WebSocketStream<TcpStream>,
}

/// Something that came.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Received {
    Message(Value),
    Close {
        code: u16,
        reason: String,
    },
    /// The connection ended without a close.
    End,
}

impl Client {
    pub(crate) async fn connect(server: &TestServer) -> Self {
        Self::connect_with(server.address, None, |_| ())
            .await
            .unwrap()
    }

    /// Connects; `adjust` has the last word on the handshake.
    pub(crate) async fn connect_with(
        address: SocketAddr,
        receive_buffer_bytes: Option<u32>,
        adjust: impl FnOnce(&mut Request<()>),
    ) -> Result<Self, tungstenite::Error> {
        let socket = TcpSocket::new_v4().unwrap();
        if let Some(bytes) = receive_buffer_bytes {
            socket.set_recv_buffer_size(bytes).unwrap();
        }
        let stream = socket.connect(address).await.unwrap();
        let mut request = format!("ws://{address}/graphql/ws")
            .into_client_request()
            .unwrap();
        let protocol = "graphql-transport-ws".parse().unwrap();
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocol);
        adjust(&mut request);
        let (stream, _) = tokio_tungstenite::client_async(request, stream).await?;

        Ok(Self { stream })
    }

    /// Connects and introduces itself.
    pub(crate) async fn ready(server: &TestServer, token: Option<&str>) -> Self {
        let mut client = Self::connect(server).await;
        client.init(token).await;
        assert_eq!(client.message().await, json!({ "type": "connection_ack" }));
        client
    }

    pub(crate) async fn init(&mut self, token: Option<&str>) {
        let payload = token.map(|token| json!({ "Authorization": format!("Bearer {token}") }));
        self.send(json!({ "type": "connection_init", "payload": payload }))
            .await;
    }

    pub(crate) async fn send(&mut self, message: Value) {
        self.send_raw(Message::text(message.to_string())).await;
    }

    pub(crate) async fn send_raw(&mut self, message: Message) {
        self.stream.send(message).await.unwrap();
    }

    pub(crate) async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.send(json!({ "id": id, "type": "subscribe", "payload": payload }))
            .await;
    }

    /// Follows `room`; `start` has `after` or `at`, or nothing.
    pub(crate) async fn follow(&mut self, id: &str, room: RoomId, start: Value) {
        let mut variables = start;
        variables["roomId"] = global_id::room_id(room).into();
        self.subscribe(id, LIVE_ROOM, variables).await;
    }

    /// The next message's text, or how the socket ended.
    pub(crate) async fn receive_text(&mut self) -> Result<String, Received> {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.stream.next());
            match next.await.expect("something must come") {
                Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
                Some(Ok(Message::Close(Some(frame)))) => {
                    let reason = frame.reason.to_string();
                    return Err(Received::Close {
                        code: frame.code.into(),
                        reason,
                    });
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => (),
                Some(Ok(other)) => panic!("unexpected frame {other:?}"),
                Some(Err(_)) | None => return Err(Received::End),
            }
        }
    }

    pub(crate) async fn receive(&mut self) -> Received {
        match self.receive_text().await {
            Ok(text) => Received::Message(serde_json::from_str(&text).unwrap()),
            Err(end) => end,
        }
    }

    pub(crate) async fn message(&mut self) -> Value {
        match self.receive().await {
            Received::Message(message) => message,
            end @ (Received::Close { .. } | Received::End) => panic!("no message but {end:?}"),
        }
    }

    /// The next `liveRoom` message of operation `id`.
    pub(crate) async fn feed(&mut self, id: &str) -> Value {
        let mut message = self.message().await;
        assert_eq!(message["type"], "next", "{message}");
        assert_eq!(message["id"], id);
        message["payload"]["data"]["liveRoom"].take()
    }

    /// The error that ends operation `id`.
    pub(crate) async fn error(&mut self, id: &str) -> Value {
        let mut message = self.message().await;
        assert_eq!(message["type"], "error", "{message}");
        assert_eq!(message["id"], id);
        message["payload"].take()
    }

    /// Reads until the socket ends, and returns how.
    pub(crate) async fn close(&mut self) -> (u16, String) {
        loop {
            match self.receive().await {
                Received::Message(_) => (),
                Received::Close { code, reason } => return (code, reason),
                Received::End => panic!("the connection ended without a close"),
            }
        }
    }

    /// Shows that nothing waits to be read: what is asked now is answered next.
    pub(crate) async fn expect_quiet(&mut self) {
        self.send(json!({ "type": "ping" })).await;
        assert_eq!(self.message().await["type"], "pong");
    }
}

/// A feed's position, to go on from.
pub(crate) fn position(feed: &Value) -> Value {
    json!({ "after": { "epoch": feed["epoch"], "seq": feed["throughSeq"] } })
}

/// The positions of a message's events.
pub(crate) fn seqs(events: &Value) -> Vec<i64> {
    let seq = |event: &Value| event["seq"].as_str().unwrap().parse().unwrap();
    events.as_array().unwrap().iter().map(seq).collect()
}
