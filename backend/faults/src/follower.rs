//! Somebody who follows a room through every fault, as the SDKs do: when a connection breaks they come
//! back, to another node if need be, after the last position they have.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async};

use crate::access::uuid_of;
use crate::nodes::Nodes;

const DOCUMENT: &str = "subscription ($roomId: ID!, $after: LogPosition) {
    liveRoom(roomId: $roomId, after: $after) {
        epoch afterSeq throughSeq recovered
        snapshot { seq }
        events { id seq }
    }
}";
/// How long a new connection may take until its first message. A node that does not answer is given
/// up for another.
const OPEN_MAX: Duration = Duration::from_secs(3);
/// How long to wait before coming back.
const BACKOFF: Duration = Duration::from_millis(100);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A follower at work. Dropped, it is gone.
pub struct Follower {
    /// The room, by its global id.
    pub room: String,
    /// The node it prefers.
    pub home: usize,
    seen: Arc<Mutex<Seen>>,
    position: watch::Receiver<i64>,
    task: JoinHandle<()>,
}

/// What a follower was sent.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    pub epoch: String,
    /// Every event, in the order it came.
    pub events: Vec<SeenEvent>,
    /// Where it was told to begin anew.
    pub snapshots: Vec<Beginning>,
    pub connections: u32,
    /// Where the last of them led, and whether it has ended.
    pub connection: String,
    /// What was against the protocol.
    pub fault: Option<String>,
    /// The last position that it was sent.
    pub through_seq: i64,
}

/// An event as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenEvent {
    pub epoch: String,
    pub seq: i64,
    /// 32 hexadecimal digits.
    pub id: String,
}

/// A snapshot: everything is as of `after_seq` of `epoch`, whatever was known before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beginning {
    /// What was known before, if anything.
    pub from: Option<(String, i64)>,
    pub epoch: String,
    pub after_seq: i64,
    /// The event that comes next, by its place among all that came.
    pub next: usize,
}

impl Follower {
    /// Follows a room, preferably through the node `home`.
    pub fn start(nodes: &Nodes, room: &str, home: usize, token: Option<String>) -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (sender, position) = watch::channel(-1);
        let follow = Follow {
            nodes: nodes.clone(),
            room: room.to_owned(),
            home,
            token,
            seen: Arc::clone(&seen),
            position: sender,
        };

        Self {
            room: room.to_owned(),
            home,
            seen,
            position,
            task: tokio::spawn(follow.run()),
        }
    }

    /// What it was sent so far.
    pub fn seen(&self) -> Seen {
        lock(&self.seen).clone()
    }

    /// Waits until it was sent everything up to `seq`. The caller bounds it.
    pub async fn until(&self, seq: i64) {
        let mut position = self.position.clone();
        // A follower that has ended is looked at by the check.
        let _ = position.wait_for(|position| *position >= seq).await;
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Follow {
    nodes: Nodes,
    room: String,
    home: usize,
    token: Option<String>,
    seen: Arc<Mutex<Seen>>,
    position: watch::Sender<i64>,
}

impl Follow {
    async fn run(self) {
        let mut turn = self.home;
        loop {
            if let Some(address) = self.nodes.address_from(turn) {
                // Why a connection ended makes no difference to coming back.
                let _ = self.follow(&address).await;
            }
            turn += 1;
            sleep_until(Instant::now() + BACKOFF).await;
        }
    }

    /// Follows over one connection until it ends.
    async fn follow(&self, address: &str) -> Result<()> {
        let opened = timeout(OPEN_MAX, self.open(address)).await;
        let (mut socket, first) = opened.context("no answer came in time")??;
        {
            let mut seen = lock(&self.seen);
            seen.connections += 1;
            seen.connection = format!("connected to {address}");
        }
        self.take(&first);
        loop {
            let feed = next_feed(&mut socket).await;
            let feed = feed.inspect_err(|error| {
                lock(&self.seen).connection = format!("cut off from {address}: {error:#}");
            })?;
            self.take(&feed);
        }
    }

    async fn open(&self, address: &str) -> Result<(Socket, Value)> {
        let mut socket = connect(address, self.token.as_deref()).await?;
        let after = {
            let seen = lock(&self.seen);
            let position = json!({ "epoch": seen.epoch, "seq": seen.through_seq.to_string() });
            (!seen.epoch.is_empty()).then_some(position)
        };
        let variables = json!({ "roomId": self.room, "after": after });
        let payload = json!({ "query": DOCUMENT, "variables": variables });
        send(
            &mut socket,
            &json!({ "type": "subscribe", "id": "1", "payload": payload }),
        )
        .await?;
        let first = next_feed(&mut socket).await?;

        Ok((socket, first))
    }

    fn take(&self, feed: &Value) {
        let mut seen = lock(&self.seen);
        if let Err(error) = seen.take(feed) {
            seen.fault.get_or_insert(format!("{error:#}: {feed}"));
        }
        let through_seq = seen.through_seq;
        drop(seen);
        self.position.send_replace(through_seq);
    }
}

impl Seen {
    fn take(&mut self, feed: &Value) -> Result<()> {
        let epoch = feed["epoch"].as_str().context("no epoch")?;
        let (after_seq, through_seq) = (number(&feed["afterSeq"])?, number(&feed["throughSeq"])?);
        if feed["snapshot"].is_array() {
            ensure!(feed["recovered"] == false, "recovered, with a snapshot");
            let known = (!self.epoch.is_empty()).then(|| (self.epoch.clone(), self.through_seq));
            self.snapshots.push(Beginning {
                from: known,
                epoch: epoch.to_owned(),
                after_seq,
                next: self.events.len(),
            });
        } else {
            ensure!(self.epoch == epoch, "another epoch, without a snapshot");
            ensure!(
                self.through_seq == after_seq,
                "after {after_seq} does not join {}",
                self.through_seq
            );
        }

        epoch.clone_into(&mut self.epoch);
        let mut seq = after_seq;
        for event in feed["events"].as_array().into_iter().flatten() {
            seq += 1;
            ensure!(number(&event["seq"])? == seq, "{seq} is skipped");
            let id = event["id"].as_str().and_then(uuid_of).context("no id")?;
            self.events.push(SeenEvent {
                epoch: epoch.to_owned(),
                seq,
                id,
            });
        }
        ensure!(seq == through_seq, "{seq} is the last, not {through_seq}");
        self.through_seq = through_seq;

        Ok(())
    }
}

/// Asks the server at `address` what time it is, in milliseconds since 1970, over a socket.
pub async fn time_of(address: &str) -> Result<i64> {
    let asking = async {
        let mut socket = connect(address, None).await?;
        let ping = json!({ "type": "ping", "payload": { "clientSentAt": 0 } });
        send(&mut socket, &ping).await?;
        loop {
            let message = next_message(&mut socket).await?;
            if message["type"] == "pong" {
                let sent_at = message["payload"]["serverSentAt"].as_i64();
                return sent_at.with_context(|| format!("no time: {message}"));
            }
        }
    };

    timeout(OPEN_MAX, asking)
        .await
        .context("no answer came in time")?
}

/// Opens a socket and says who one is.
async fn connect(address: &str, token: Option<&str>) -> Result<Socket> {
    let mut request = format!("ws://{address}/graphql/ws").into_client_request()?;
    let protocol = "graphql-transport-ws".parse()?;
    request
        .headers_mut()
        .insert("sec-websocket-protocol", protocol);
    let stream = MaybeTlsStream::Plain(TcpStream::connect(address).await?);
    let (mut socket, _) = client_async(request, stream).await?;
    let payload = token.map(|token| json!({ "Authorization": format!("Bearer {token}") }));
    send(
        &mut socket,
        &json!({ "type": "connection_init", "payload": payload }),
    )
    .await?;

    Ok(socket)
}

/// Reads on until there is a message of the feed.
async fn next_feed(socket: &mut Socket) -> Result<Value> {
    loop {
        let message = next_message(socket).await?;
        match message["type"].as_str() {
            Some("next") => return Ok(message["payload"]["data"]["liveRoom"].clone()),
            Some("error" | "complete") => bail!("the subscription ended: {message}"),
            _ => (),
        }
    }
}

/// Reads one message, and answers it if it is a ping.
async fn next_message(socket: &mut Socket) -> Result<Value> {
    loop {
        let message = socket.next().await.context("the socket ended")??;
        if let Message::Close(reason) = &message {
            bail!("the socket was closed: {reason:?}");
        }
        let Message::Text(text) = message else {
            continue;
        };
        let message: Value = serde_json::from_str(&text)?;
        if message["type"] == "ping" {
            let pong = json!({ "type": "pong", "payload": message["payload"] });
            send(socket, &pong).await?;
        }
        return Ok(message);
    }
}

async fn send(socket: &mut Socket, message: &Value) -> Result<()> {
    Ok(socket.send(Message::text(message.to_string())).await?)
}

fn number(text: &Value) -> Result<i64> {
    let number = text.as_str().and_then(|text| text.parse().ok());
    number.with_context(|| format!("no number: {text}"))
}

fn lock<T>(kept: &Mutex<T>) -> MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn feed(epoch: &str, seqs: std::ops::RangeInclusive<i64>, is_snapshot: bool) -> Value {
        let id = STANDARD.encode("RoomEvent:0194fe37-0000-7000-8000-000000000002");
        let (start, end) = seqs.clone().into_inner();
        let events: Vec<_> = seqs
            .map(|seq| json!({ "id": id, "seq": seq.to_string() }))
            .collect();

        json!({
            "epoch": epoch, "afterSeq": (start - 1).to_string(), "throughSeq": end.to_string(),
            "recovered": false, "snapshot": is_snapshot.then_some([0; 0]), "events": events,
        })
    }

    #[test]
    fn what_does_not_join_is_a_fault() {
        let begun = || {
            let mut seen = Seen::default();
            seen.take(&feed("one", 3..=4, true)).unwrap();
            seen.take(&feed("one", 5..=6, false)).unwrap();
            seen
        };
        assert_eq!(begun().events.last().unwrap().seq, 6);

        for odd in [
            feed("one", 8..=8, false),
            feed("one", 6..=7, false),
            feed("two", 7..=7, false),
        ] {
            assert!(begun().take(&odd).is_err(), "{odd}");
        }
        let mut seen = begun();
        seen.take(&feed("two", 2..=2, true)).unwrap();
        assert_eq!(seen.snapshots[1].from, Some(("one".to_owned(), 6)));
        assert_eq!(seen.snapshots[1].next, 4);
    }
}
