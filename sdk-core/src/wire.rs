//! The protocol's messages as text, and back. The only place that knows of JSON.
//!
//! Reading is into a tree, and writing is of strings and integers, which is all that the client sends.

mod feed;
mod json;
mod payload;
mod stamp;
mod tree;
mod viewer;
mod writer;

use crate::event::{CanRead, RoomEvent};
use crate::time::{Instant, MediaTime, ServerTime};
use alloc::string::String;
use alloc::vec::Vec;
pub(crate) use payload::letters;
pub use payload::{Content, TYPED_FIELDS};
pub(crate) use viewer::ViewerMessage;
pub use viewer::is_same_viewer;

use tree::Tree;
use writer::Writer;

/// The subprotocol of the socket.
pub(crate) const PROTOCOL: &str = "graphql-transport-ws";

const LIVE_ROOM: &str = include_str!("../operations/live_room.graphql");

const LIVE_VIEWER: &str = include_str!("../operations/live_viewer.graphql");

/// What [`LIVE_ROOM`] says of events.
const FRAGMENTS: &str = LIVE_ROOM.split_at(fragments_at(LIVE_ROOM.as_bytes())).1;

/// The operation that asks for more of the log, with [`FRAGMENTS`] behind it.
const ROOM_EVENTS: &str = include_str!("wire/room_events.graphql");

/// Finds the first fragment while compiling: what searches a text weighs a kilobyte in a browser.
const fn fragments_at(document: &[u8]) -> usize {
    let mut at = 0;
    while !matches!(document.split_at(at).1, [b'\n', b'f', b'r', b'a', b'g', ..]) {
        at += 1;
    }

    at + 1
}

/// A message from the server.
#[derive(Debug)]
pub(crate) enum Frame {
    Ack,
    Next { id: u32, feed: Feed },
    Viewer { id: u32, message: ViewerMessage },
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
    /// The position that the snapshot's live parts are as of, where it says so.
    pub(crate) live_through_seq: Option<i64>,
    /// When the first event happened that is left out behind the last of `events`.
    pub(crate) left_out_from: Option<ServerTime>,
    /// How many are online, where the message says so.
    pub(crate) online_count: Option<i32>,
    /// Events left out because they do not even say when they happened, and as what.
    pub(crate) malformed_events: u32,
}

impl Feed {
    /// Notes which events the host can read.
    pub(crate) fn note_readable(&mut self, can_read: CanRead) {
        for event in self.snapshot.iter_mut().flatten().chain(&mut self.events) {
            event.is_readable = can_read(event);
        }
    }
}

/// Why the server refused an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    NotFound,
    SignIn,
    Invalid,
    /// Anything else, also what this client has never heard of: it may pass.
    Passing,
}

/// What the server's ping says, and wants back. Milliseconds since 1970 in UTC.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PingPayload {
    pub(crate) server_sent: Option<i64>,
    pub(crate) token_expires: Option<i64>,
}

/// The stamps of an answered ping, each in milliseconds of the clock that made it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PongPayload {
    pub(crate) client_sent: i64,
    pub(crate) server_received: i64,
    pub(crate) server_sent: i64,
}

/// Where a subscription starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Start {
    Head,
    At {
        position: MediaTime,
        /// What is beyond this is left out, up to the head.
        until: Option<MediaTime>,
    },
    After(Position),
}

/// A position in a room's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) epoch: String,
    pub(crate) seq: i64,
}

/// Reads a message, or returns `None` if it cannot be understood.
pub(crate) fn decode(text: &str) -> Option<Frame> {
    let mut message = Tree::read(text)?;
    let kind = message.text("type")?;
    let id = message.decimal("id").and_then(|id| id.try_into().ok());
    let mut payload = message.take("payload");

    Some(match kind.as_str() {
        "connection_ack" => Frame::Ack,
        "next" => decode_next(payload, id?, text)?,
        "error" => Frame::Error {
            id: id?,
            reason: refusal(payload),
        },
        "complete" => Frame::Complete { id: id? },
        "ping" => Frame::Ping(PingPayload {
            server_sent: payload.integer("serverSentAt"),
            token_expires: payload.integer("tokenExpiresAt"),
        }),
        "pong" => Frame::Pong(decode_pong(payload)),
        _ => return None,
    })
}

fn decode_next(mut payload: Tree, id: u32, text: &str) -> Option<Frame> {
    if payload.has("errors") {
        return Some(Frame::Error {
            id,
            reason: refusal(payload.take("errors")),
        });
    }

    let mut data = payload.take("data");
    if data.has("liveViewer") {
        let message = viewer::message(data.take("liveViewer"), text)?;
        return Some(Frame::Viewer { id, message });
    }
    let field = ["liveRoom", "roomEvents"]
        .into_iter()
        .find(|field| data.has(field))?;

    Some(Frame::Next {
        id,
        feed: feed::feed(data.take(field), text)?,
    })
}

fn decode_pong(mut payload: Tree) -> Option<PongPayload> {
    Some(PongPayload {
        client_sent: payload.integer("clientSentAt")?,
        server_received: payload.integer("serverReceivedAt")?,
        server_sent: payload.integer("serverSentAt")?,
    })
}

fn refusal(errors: Tree) -> Refusal {
    let first = match errors {
        Tree::List(errors) => errors.into_iter().next(),
        Tree::Nothing
        | Tree::Truth(_)
        | Tree::Integer(_)
        | Tree::OtherNumber
        | Tree::Text(_)
        | Tree::Record(..) => None,
    };
    let code = first.and_then(|mut error| error.take("extensions").text("code"));

    match code.as_deref() {
        Some("NOT_FOUND") => Refusal::NotFound,
        Some("UNAUTHENTICATED" | "FORBIDDEN") => Refusal::SignIn,
        Some("VALIDATION") => Refusal::Invalid,
        Some(_) | None => Refusal::Passing,
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
    let mut out = operation(id, &[LIVE_ROOM], room_id);
    match start {
        Start::Head => {}
        Start::At { position, until } => {
            time(&mut out, "at", *position);
            if let Some(until) = until {
                time(&mut out, "until", *until);
            }
        }
        Start::After(position) => after(&mut out, position),
    }
    out.raw("}}}");

    out.finish()
}

/// Follows what the viewer has in the room.
pub(crate) fn subscribe_viewer(id: u32, room_id: &str) -> String {
    let mut out = operation(id, &[LIVE_VIEWER], room_id);
    out.raw("}}}");

    out.finish()
}

/// Asks for what follows `position` in the log, up to `until`, for as far as one answer holds it.
pub(crate) fn room_events(
    id: u32,
    room_id: &str,
    position: &Position,
    until: Option<MediaTime>,
) -> String {
    let mut out = operation(id, &[ROOM_EVENTS, FRAGMENTS], room_id);
    after(&mut out, position);
    if let Some(until) = until {
        time(&mut out, "until", until);
    }
    out.raw("}}}");

    out.finish()
}

/// Begins an operation on a room, up to within its variables.
fn operation(id: u32, document: &[&str], room_id: &str) -> Writer {
    let mut out = Writer::new("{\"type\":\"subscribe\",\"id\":\"");
    out.integer(i64::from(id));
    out.raw("\",\"payload\":{\"query\":\"");
    for (index, part) in document.iter().enumerate() {
        out.raw(if index > 0 { " " } else { "" });
        out.compacted(part);
    }
    out.raw("\",\"variables\":{\"roomId\":\"");
    out.escaped(room_id);
    out.raw("\"");

    out
}

fn time(out: &mut Writer, name: &str, position: MediaTime) {
    out.raw(",\"");
    out.raw(name);
    out.raw("\":\"");
    stamp::write(out, position.unix_millis());
    out.raw("\"");
}

fn after(out: &mut Writer, position: &Position) {
    out.raw(",\"after\":{\"epoch\":\"");
    out.escaped(&position.epoch);
    out.raw("\",\"seq\":\"");
    out.integer(position.seq);
    out.raw("\"}");
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
    if let Some(sent_at) = payload.server_sent {
        out.raw("\"serverSentAt\":");
        out.integer(sent_at);
    }
    if let Some(expires_at) = payload.token_expires {
        if payload.server_sent.is_some() {
            out.raw(",");
        }
        out.raw("\"tokenExpiresAt\":");
        out.integer(expires_at);
    }
    out.raw("}}");

    out.finish()
}
