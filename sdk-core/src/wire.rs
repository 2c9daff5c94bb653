//! The protocol's messages as text, and back. The only place that knows of JSON.
//!
//! Reading is by miniserde into flat structs, because its code is small; writing is by hand,
//! because a writer of strings and integers is smaller still.

mod feed;
mod stamp;
mod writer;

pub(crate) mod recording;

use crate::event::RoomEvent;
use crate::time::{Instant, MediaTime};
use miniserde::{Deserialize, json};
use writer::Writer;

/// The subprotocol of the socket.
pub(crate) const PROTOCOL: &str = "graphql-transport-ws";

const LIVE_ROOM: &str = include_str!("../operations/live_room.graphql");

/// A message from the server.
#[derive(Debug)]
pub(crate) enum Frame {
    Ack,
    Next { id: u32, feed: Feed },
    Error { id: u32, reason: Refusal },
    Complete { id: u32 },
    Ping(PingPayload),
    Pong(Option<PongPayload>),
}

/// One message of the room's log.
#[derive(Debug)]
pub(crate) struct Feed {
    pub(crate) epoch: String,
    pub(crate) after_seq: i64,
    pub(crate) through_seq: i64,
    pub(crate) recovered: bool,
    pub(crate) snapshot: Option<Vec<RoomEvent>>,
    pub(crate) events: Vec<RoomEvent>,
    /// Events left out because they could not be understood.
    pub(crate) unknown_events: u32,
}

/// Why the server refused an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    NotFound,
    SignIn,
    Invalid,
    Internal,
}

/// What the server's ping says, and wants back.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct PingPayload {
    #[serde(rename = "serverSentAt")]
    pub(crate) server_sent_at: Option<i64>,
    #[serde(rename = "tokenExpiresAt")]
    pub(crate) token_expires_at: Option<i64>,
}

/// The stamps of an answered ping, each in milliseconds of the clock that made it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct PongPayload {
    #[serde(rename = "clientSentAt")]
    pub(crate) client_sent: i64,
    #[serde(rename = "serverReceivedAt")]
    pub(crate) server_received: i64,
    #[serde(rename = "serverSentAt")]
    pub(crate) server_sent: i64,
}

/// Where a subscription starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Start {
    Head,
    At(MediaTime),
    After { epoch: String, seq: i64 },
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "type")]
    kind: String,
    id: Option<String>,
}

#[derive(Deserialize)]
struct NextFrame {
    payload: NextPayload,
}

#[derive(Deserialize)]
struct NextPayload {
    data: Option<NextData>,
    errors: Option<Vec<GraphqlError>>,
}

#[derive(Deserialize)]
struct NextData {
    #[serde(rename = "liveRoom")]
    live_room: Option<feed::WireFeed>,
}

#[derive(Deserialize)]
struct ErrorFrame {
    payload: Vec<GraphqlError>,
}

#[derive(Deserialize)]
struct GraphqlError {
    extensions: Option<ErrorExtensions>,
}

#[derive(Deserialize)]
struct ErrorExtensions {
    code: Option<String>,
}

#[derive(Deserialize)]
struct PingFrame {
    payload: Option<PingPayload>,
}

#[derive(Deserialize)]
struct PongFrame {
    payload: Option<PongPayload>,
}

/// Reads a message, or returns `None` if it cannot be understood.
pub(crate) fn decode(text: &str) -> Option<Frame> {
    let Envelope { kind, id } = json::from_str(text).ok()?;
    let id = id.and_then(|id| id.parse().ok());

    Some(match kind.as_str() {
        "connection_ack" => Frame::Ack,
        "next" => decode_next(text, id?)?,
        "error" => Frame::Error {
            id: id?,
            reason: refusal(&json::from_str::<ErrorFrame>(text).ok()?.payload),
        },
        "complete" => Frame::Complete { id: id? },
        "ping" => Frame::Ping(
            json::from_str::<PingFrame>(text)
                .ok()?
                .payload
                .unwrap_or_default(),
        ),
        "pong" => Frame::Pong(json::from_str::<PongFrame>(text).ok()?.payload),
        _ => return None,
    })
}

fn decode_next(text: &str, id: u32) -> Option<Frame> {
    let payload = json::from_str::<NextFrame>(text).ok()?.payload;
    if let Some(errors) = payload.errors {
        return Some(Frame::Error {
            id,
            reason: refusal(&errors),
        });
    }

    Some(Frame::Next {
        id,
        feed: payload.data?.live_room?.read()?,
    })
}

fn refusal(errors: &[GraphqlError]) -> Refusal {
    let code = errors
        .first()
        .and_then(|error| error.extensions.as_ref()?.code.as_deref());

    match code {
        Some("NOT_FOUND") => Refusal::NotFound,
        Some("UNAUTHENTICATED" | "FORBIDDEN") => Refusal::SignIn,
        Some("INTERNAL") => Refusal::Internal,
        _ => Refusal::Invalid,
    }
}

pub(crate) fn connection_init(token: Option<&str>) -> String {
    let mut out = Writer::new("{\"type\":\"connection_init\"");
    if let Some(token) = token {
        out.raw(",\"payload\":{\"Authorization\":\"Bearer ");
        out.escaped(token);
        out.raw("\"}");
    }
    out.raw("}");

    out.finish()
}

pub(crate) fn subscribe(id: u32, room_id: &str, start: &Start) -> String {
    let mut out = Writer::new("{\"type\":\"subscribe\",\"id\":\"");
    out.integer(i64::from(id));
    out.raw("\",\"payload\":{\"query\":\"");
    out.compacted(LIVE_ROOM);
    out.raw("\",\"variables\":{\"roomId\":\"");
    out.escaped(room_id);
    out.raw("\"");
    match start {
        Start::Head => {}
        Start::At(position) => {
            out.raw(",\"at\":\"");
            stamp::write(&mut out, position.unix_millis());
            out.raw("\"");
        }
        Start::After { epoch, seq } => {
            out.raw(",\"after\":{\"epoch\":\"");
            out.escaped(epoch);
            out.raw("\",\"seq\":\"");
            out.integer(*seq);
            out.raw("\"}");
        }
    }
    out.raw("}}}");

    out.finish()
}

pub(crate) fn complete(id: u32) -> String {
    let mut out = Writer::new("{\"type\":\"complete\",\"id\":\"");
    out.integer(i64::from(id));
    out.raw("\"}");

    out.finish()
}

pub(crate) fn ping(now: Instant) -> String {
    let mut out = Writer::new("{\"type\":\"ping\",\"payload\":{\"clientSentAt\":");
    out.integer(now.as_millis());
    out.raw("}}");

    out.finish()
}

/// Answers a ping with its own payload, as the protocol allows and the server's clock wants.
pub(crate) fn pong(payload: &PingPayload) -> String {
    let mut out = Writer::new("{\"type\":\"pong\",\"payload\":{");
    if let Some(sent_at) = payload.server_sent_at {
        out.raw("\"serverSentAt\":");
        out.integer(sent_at);
    }
    if let Some(expires_at) = payload.token_expires_at {
        if payload.server_sent_at.is_some() {
            out.raw(",");
        }
        out.raw("\"tokenExpiresAt\":");
        out.integer(expires_at);
    }
    out.raw("}}");

    out.finish()
}
