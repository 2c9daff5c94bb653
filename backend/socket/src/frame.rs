//! A message on its way to one socket, and its bytes (RFC 6455, section 5).

use std::sync::Arc;

use bytes::Bytes;
use parlor_domain::time::ServerTime;
use serde_json::Number;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::close::Close;

/// What a frame weighs beside its payload: its envelope and its place in the queue.
const FRAME_BYTES: usize = 128;
/// The longest header of a frame that a server sends.
pub(super) const HEADER_BYTES_MAX: usize = 10;

/// What comes between an operation's opening and a shared payload.
pub(super) const NEXT: &str = r#""next","payload":"#;
/// What comes after a shared payload.
pub(super) const END: &str = "}";

/// Something to write.
pub(crate) enum Frame {
    /// A whole message.
    Text(Arc<str>),
    /// A result, shared with other sockets, to be wrapped in this socket's id.
    Next {
        opening: Arc<str>,
        payload: Arc<str>,
    },
    /// An answer that is stamped when it is written.
    Pong {
        client_sent_at: Option<Number>,
        received_at: ServerTime,
    },
    /// WebSocket's own ping, which asks whether the peer is there.
    Probe,
    /// Frames that are made already: what WebSocket itself answers.
    Ready(Bytes),
    /// The last thing said.
    Close(Close),
}

impl Frame {
    /// Its share of the queue, in bytes.
    pub(super) fn size(&self) -> usize {
        FRAME_BYTES
            + match self {
                Self::Text(text) => text.len(),
                Self::Next { opening, payload } => opening.len() + payload.len(),
                Self::Ready(bytes) => bytes.len(),
                Self::Pong { .. } | Self::Probe | Self::Close(_) => 0,
            }
    }

    /// Whether it counts as a message sent.
    pub(super) fn is_message(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Next { .. } | Self::Pong { .. })
    }

    /// Adds to `chunk` what follows the frame's first `skip` bytes, as far as it fits `room`, and
    /// returns how long the whole frame is. `now` is when it is written.
    pub(super) fn write_to(
        &self,
        chunk: &mut Vec<u8>,
        skip: usize,
        room: usize,
        now: ServerTime,
    ) -> usize {
        let mut window = Window { chunk, skip, room };
        match self {
            Self::Text(text) => window.message(&[text]),
            Self::Next { opening, payload } => window.message(&[opening, NEXT, payload, END]),
            Self::Pong {
                client_sent_at,
                received_at,
            } => window.message(&[&pong(client_sent_at.as_ref(), *received_at, now)]),
            Self::Probe => window.add(header(OpCode::Control(Control::Ping), 0).bytes()),
            Self::Ready(bytes) => window.add(bytes),
            Self::Close(close) => {
                let (code, reason) = (close.code.to_be_bytes(), close.reason.as_bytes());
                let head = header(OpCode::Control(Control::Close), code.len() + reason.len());
                window.add(head.bytes()) + window.add(&code) + window.add(reason)
            }
        }
    }

    /// How long the frame is if it is written at `now`.
    pub(super) fn length(&self, now: ServerTime) -> usize {
        self.write_to(&mut Vec::new(), 0, 0, now)
    }

    /// Settles what a frame says once its first bytes are out.
    pub(super) fn settle(&mut self, now: ServerTime) {
        if let Self::Pong {
            client_sent_at,
            received_at,
        } = self
        {
            *self = Self::Text(pong(client_sent_at.as_ref(), *received_at, now).into());
        }
    }
}

/// The part of a frame that is still to be written.
struct Window<'a> {
    chunk: &'a mut Vec<u8>,
    skip: usize,
    room: usize,
}

impl Window<'_> {
    fn message(&mut self, parts: &[&str]) -> usize {
        let length = parts.iter().map(|part| part.len()).sum();
        let mut written = self.add(header(OpCode::Data(Data::Text), length).bytes());
        for part in parts {
            written += self.add(part.as_bytes());
        }

        written
    }

    fn add(&mut self, part: &[u8]) -> usize {
        let rest = &part[self.skip.min(part.len())..];
        self.skip -= part.len() - rest.len();
        let fitting = &rest[..self.room.min(rest.len())];
        self.room -= fitting.len();
        self.chunk.extend_from_slice(fitting);

        part.len()
    }
}

/// A frame's header, which depends on nothing but its kind and length.
pub(super) struct Header {
    bytes: [u8; HEADER_BYTES_MAX],
    length: usize,
}

impl Header {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// The header of an unmasked, unfragmented frame.
fn header(opcode: OpCode, payload_length: usize) -> Header {
    let mut bytes = [0; HEADER_BYTES_MAX];
    let mut rest = &mut bytes[..];
    let frame = FrameHeader {
        opcode,
        ..FrameHeader::default()
    };
    frame
        .format(payload_length as u64, &mut rest)
        .expect("the longest header fits");
    let length = HEADER_BYTES_MAX - rest.len();

    Header { bytes, length }
}

/// The header of a text message of `payload_length` bytes.
pub(super) fn text_header(payload_length: usize) -> Header {
    header(OpCode::Data(Data::Text), payload_length)
}

/// The beginning of every message of an operation, up to the value of its type.
pub(super) fn opening(id: &str) -> String {
    let id = serde_json::Value::from(id);
    format!(r#"{{"id":{id},"type":"#)
}

fn pong(client_sent_at: Option<&Number>, received_at: ServerTime, now: ServerTime) -> String {
    let echo = client_sent_at
        .map(|stamp| format!(r#""clientSentAt":{stamp},"#))
        .unwrap_or_default();
    let (received, sent) = (received_at.unix_millis(), now.unix_millis());

    format!(
        r#"{{"type":"pong","payload":{{{echo}"serverReceivedAt":{received},"serverSentAt":{sent}}}}}"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: ServerTime = ServerTime::from_unix_millis(5);

    fn bytes(frame: &Frame) -> Vec<u8> {
        let mut chunk = Vec::new();
        let length = frame.write_to(&mut chunk, 0, usize::MAX, NOW);
        assert_eq!(length, chunk.len());
        chunk
    }

    /// The text of a frame with a short header.
    fn text(frame: &Frame) -> String {
        String::from_utf8(bytes(frame)[2..].to_vec()).unwrap()
    }

    fn next(id: &str, payload: &str) -> Frame {
        Frame::Next {
            opening: opening(id).into(),
            payload: payload.into(),
        }
    }

    #[test]
    fn a_result_is_wrapped_in_the_sockets_own_id() {
        assert_eq!(
            text(&next("7", r#"{"data":1}"#)),
            r#"{"id":"7","type":"next","payload":{"data":1}}"#
        );
        assert_eq!(
            text(&next("a\"b", r#"{"data":1}"#)),
            r#"{"id":"a\"b","type":"next","payload":{"data":1}}"#
        );
    }

    #[test]
    fn a_pong_carries_both_stamps_and_the_echo() {
        let received_at = ServerTime::from_unix_millis(4);
        let pong = |client_sent_at| {
            text(&Frame::Pong {
                client_sent_at,
                received_at,
            })
        };

        assert_eq!(
            pong(Number::from_f64(1234.5)),
            r#"{"type":"pong","payload":{"clientSentAt":1234.5,"serverReceivedAt":4,"serverSentAt":5}}"#
        );
        assert_eq!(
            pong(None),
            r#"{"type":"pong","payload":{"serverReceivedAt":4,"serverSentAt":5}}"#
        );
    }

    #[test]
    fn a_header_says_the_kind_and_the_length() {
        let lengths = [(0, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10)];
        for (payload, header) in lengths {
            let bytes = bytes(&Frame::Text("x".repeat(payload).into()));
            assert_eq!((bytes[0], bytes.len()), (0x81, header + payload));
        }

        let close = Frame::Close(Close::new(4400, "no"));
        assert_eq!(bytes(&close), b"\x88\x04\x11\x30no");
        assert_eq!(bytes(&Frame::Probe), b"\x89\x00");
    }

    #[test]
    fn a_frame_can_be_written_in_any_parts() {
        let frames = [
            next("one", &"y".repeat(200)),
            Frame::Text("text".into()),
            Frame::Close(Close::new(1013, "slow consumer")),
            Frame::Ready(Bytes::from_static(b"\x8a\x01x")),
            Frame::Probe,
        ];

        for frame in &frames {
            let whole = bytes(frame);
            for step in 1..whole.len() {
                let mut parts = Vec::new();
                while parts.len() < whole.len() {
                    let skip = parts.len();
                    let length = frame.write_to(&mut parts, skip, step, NOW);
                    assert_eq!(length, whole.len());
                }
                assert_eq!(parts, whole);
            }
        }
    }

    #[test]
    fn a_pong_that_is_under_way_keeps_its_stamp() {
        let mut pong = Frame::Pong {
            client_sent_at: None,
            received_at: NOW,
        };
        let before = bytes(&pong);
        pong.settle(NOW);
        let mut after = Vec::new();
        pong.write_to(&mut after, 0, usize::MAX, ServerTime::from_unix_millis(77));

        assert_eq!(before, after);
    }
}
