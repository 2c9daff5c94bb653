//! Somebody with a socket who follows the room, and weighs what they are sent.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, bail, ensure};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};

/// The document that the SDKs follow a room with.
const LIVE_ROOM: &str = include_str!("../../../../sdk-core/operations/live_room.graphql");

pub(crate) struct Follower {
    stream: WebSocketStream<TcpStream>,
}

/// What somebody was sent after their first message.
#[derive(Default)]
pub(crate) struct Weights {
    pub(crate) largest_bytes: AtomicUsize,
    pub(crate) bytes: AtomicUsize,
    pub(crate) messages: AtomicUsize,
}

impl Follower {
    /// Opens a socket, and introduces its owner.
    pub(crate) async fn open(address: SocketAddr, token: &str) -> Result<Self> {
        let mut request = format!("ws://{address}/graphql/ws").into_client_request()?;
        let protocol = "graphql-transport-ws".parse()?;
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocol);
        let stream = TcpStream::connect(address).await?;
        let (stream, _) = client_async(request, stream).await?;
        let mut follower = Self { stream };
        let payload = json!({ "Authorization": format!("Bearer {token}") });
        follower
            .send(json!({ "type": "connection_init", "payload": payload }))
            .await?;
        follower.read().await?;

        Ok(follower)
    }

    /// Follows the room. Returns how long the first message is, in bytes.
    pub(crate) async fn follow(&mut self, room: &str) -> Result<usize> {
        let payload = json!({ "query": LIVE_ROOM, "variables": { "roomId": room } });
        self.send(json!({ "type": "subscribe", "id": "1", "payload": payload }))
            .await?;

        let first = self.read().await?;
        ensure!(first.contains(r#""type":"next""#), "not followed: {first}");
        Ok(first.len())
    }

    /// Reads for as long as there is something.
    pub(crate) async fn read_on(mut self, weights: Arc<Weights>) -> Result<()> {
        loop {
            let length = self.read().await?.len();
            weights.largest_bytes.fetch_max(length, Ordering::Relaxed);
            weights.bytes.fetch_add(length, Ordering::Relaxed);
            weights.messages.fetch_add(1, Ordering::Relaxed);
        }
    }

    async fn read(&mut self) -> Result<String> {
        loop {
            let message = self.stream.next().await.context("the socket ended")??;
            match message {
                Message::Text(text) if text.contains(r#""type":"ping""#) => {
                    self.send(json!({ "type": "pong" })).await?;
                }
                Message::Text(text) => return Ok(text.to_string()),
                Message::Close(frame) => bail!("the server closed: {frame:?}"),
                Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }

    async fn send(&mut self, message: Value) -> Result<()> {
        self.stream.send(Message::text(message.to_string())).await?;
        Ok(())
    }
}
