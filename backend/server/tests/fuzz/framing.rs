//! WebSocket frames (RFC 6455, section 5.2) as bytes, right and wrong ones.

use serde_json::Value;

/// The longest message that the server takes; a frame that says it is longer is refused unread.
const MESSAGE_BYTES_MAX: u64 = 64 * 1024;

const MASK: [u8; 4] = [0x5a, 0xa5, 0x3c, 0x00];

pub(crate) const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;

/// How a frame's length is written; longer forms than needed are wrong.
#[derive(Clone, Copy)]
pub(crate) enum LengthForm {
    Shortest,
    TwoBytes,
    EightBytes,
}

/// Appends a masked frame with `head` as its first byte.
pub(crate) fn frame(out: &mut Vec<u8>, head: u8, form: LengthForm, payload: &[u8]) {
    out.push(head);
    let length = payload.len();
    match (form, u8::try_from(length), u16::try_from(length)) {
        (LengthForm::Shortest, Ok(length @ 0..126), _) => out.push(0x80 + length),
        (LengthForm::Shortest | LengthForm::TwoBytes, _, Ok(length)) => {
            out.push(0x80 + 126);
            out.extend(length.to_be_bytes());
        }
        _ => {
            out.push(0x80 + 127);
            out.extend((length as u64).to_be_bytes());
        }
    }
    out.extend(MASK);
    out.extend(
        payload
            .iter()
            .zip(MASK.iter().cycle())
            .map(|(byte, mask)| byte ^ mask),
    );
}

/// Appends a close frame with `code`.
pub(crate) fn close(out: &mut Vec<u8>, code: u16) {
    frame(out, CLOSE, LengthForm::Shortest, &code.to_be_bytes());
}

/// A stream of frames, cut where they begin.
#[derive(Default)]
pub(crate) struct Frames {
    bytes: Vec<u8>,
}

pub(crate) struct Frame {
    pub(crate) head: u8,
    pub(crate) masked: bool,
    pub(crate) payload: Vec<u8>,
}

struct Header {
    bytes: usize,
    payload_bytes: u64,
}

impl Frames {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    /// The next whole frame. A masked payload stays masked.
    pub(crate) fn next(&mut self) -> Option<Frame> {
        let header = self.header()?;
        let payload_bytes = usize::try_from(header.payload_bytes).ok()?;
        let end = header.bytes.checked_add(payload_bytes)?;
        if self.bytes.len() < end {
            return None;
        }
        let rest = self.bytes.split_off(end);
        let frame = std::mem::replace(&mut self.bytes, rest);

        Some(Frame {
            head: frame[0],
            masked: frame[1] & 0x80 != 0,
            payload: frame[header.bytes..].to_vec(),
        })
    }

    /// How many bytes complete what has begun, or as much of it as can be told yet. `None` if it is
    /// so long that the server does not wait for it.
    pub(crate) fn missing(&self) -> Option<usize> {
        let Some(header) = self.header() else {
            return Some(usize::from(!self.bytes.is_empty()));
        };
        if header.payload_bytes > MESSAGE_BYTES_MAX {
            return None;
        }

        let end = header.bytes + usize::try_from(header.payload_bytes).ok()?;
        Some(end.saturating_sub(self.bytes.len()))
    }

    fn header(&self) -> Option<Header> {
        let second = *self.bytes.get(1)?;
        let (length_bytes, payload_bytes) = match second & 0x7f {
            126 => {
                let length = self.bytes.get(2..4)?.try_into().ok()?;
                (2, u16::from_be_bytes(length).into())
            }
            127 => {
                let length = self.bytes.get(2..10)?.try_into().ok()?;
                (8, u64::from_be_bytes(length))
            }
            short => (0, short.into()),
        };
        let mask_bytes = if second & 0x80 == 0 { 0 } else { 4 };
        let bytes = 2 + length_bytes + mask_bytes;

        (self.bytes.len() >= bytes).then_some(Header {
            bytes,
            payload_bytes,
        })
    }
}

/// What a server may say.
#[derive(Debug, PartialEq)]
pub(crate) enum Said {
    Message,
    /// An answer to a control frame.
    Control,
    /// Without a code if it answers a close that had none.
    Close(Option<u16>),
}

/// Reads a server's frame, which must be right.
pub(crate) fn said(frame: &Frame) -> Said {
    assert!(!frame.masked, "a server masks nothing");
    match frame.head {
        TEXT => {
            check_message(&frame.payload);
            Said::Message
        }
        PING | PONG => {
            assert!(frame.payload.len() <= 125, "a control frame is short");
            Said::Control
        }
        CLOSE => {
            assert!(frame.payload.len() <= 125, "a control frame is short");
            let code = frame.payload.first_chunk().copied().map(u16::from_be_bytes);
            let reason = frame.payload.get(2..).unwrap_or_default();
            assert!(std::str::from_utf8(reason).is_ok(), "a reason is text");
            Said::Close(code)
        }
        head => panic!("a server sends no frame that begins with {head:#x}"),
    }
}

fn check_message(payload: &[u8]) {
    let message: Value = serde_json::from_slice(payload).expect("a message is JSON");
    match message["type"].as_str() {
        Some("connection_ack" | "ping" | "pong") => {}
        Some("next" | "error" | "complete") => {
            assert!(message["id"].is_string(), "{message}");
        }
        other => panic!("{other:?} is no message of a server"),
    }
}
