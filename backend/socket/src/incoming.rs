//! Makes messages of the bytes that a peer sends.

use std::io::{self, ErrorKind, Read, Write};

use tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};
use tungstenite::{Error, Message, Utf8Bytes};

/// What is parsed at once, and kept for each socket. An answer to a ping fits; a longer message
/// makes its own room.
const BUFFER_BYTES: usize = 128;

/// The reading half of the WebSocket, fed by hand.
pub(super) struct Incoming {
    context: WebSocketContext,
    /// The peer closed or broke the protocol, and is not listened to any more.
    is_over: bool,
}

/// What came.
#[derive(Debug)]
pub(super) enum Received {
    Text(Utf8Bytes),
    Binary,
    /// With the frame that answers it.
    Ping(Vec<u8>),
    Pong,
    /// With the frame that answers it.
    Close(Vec<u8>),
    /// The peer does not speak the protocol.
    Unreadable(Error),
}

/// Bytes that came, which the parser takes for its stream.
pub(super) struct Wire<'a> {
    unread: &'a [u8],
    answer: Vec<u8>,
}

impl Incoming {
    /// A peer's messages, of at most `bytes_max` each.
    pub(super) fn new(bytes_max: usize) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER_BYTES)
            .write_buffer_size(0)
            .max_message_size(Some(bytes_max))
            .max_frame_size(Some(bytes_max));

        Self {
            context: WebSocketContext::new(Role::Server, Some(config)),
            is_over: false,
        }
    }

    /// The next thing that `wire` completes; `None` once it is used up.
    pub(super) fn next(&mut self, wire: &mut Wire<'_>) -> Option<Received> {
        if self.is_over {
            return None;
        }

        let received = match self.context.read(wire) {
            Ok(Message::Text(text)) => Received::Text(text),
            Ok(Message::Ping(_)) => Received::Ping(self.answer(wire)),
            Ok(Message::Pong(_)) => Received::Pong,
            Ok(Message::Close(_)) => Received::Close(self.answer(wire)),
            Ok(Message::Binary(_) | Message::Frame(_)) => Received::Binary,
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => return None,
            Err(error) => Received::Unreadable(error),
        };
        self.is_over = matches!(received, Received::Close(_) | Received::Unreadable(_));
        Some(received)
    }

    /// What the parser has to say about the frame that it just read.
    fn answer(&mut self, wire: &mut Wire<'_>) -> Vec<u8> {
        // After a close it says that the connection is done, which is known.
        let _done = self.context.flush(wire);
        std::mem::take(&mut wire.answer)
    }
}

impl<'a> Wire<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            unread: bytes,
            answer: Vec::new(),
        }
    }
}

impl Read for Wire<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.unread.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }

        self.unread.read(buffer)
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.answer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES_MAX: usize = 300;

    /// A frame as a client sends it, masked with nothing.
    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let length = u16::try_from(payload.len()).unwrap();
        let mut bytes = vec![first];
        match u8::try_from(length) {
            Ok(short) if short < 126 => bytes.push(0x80 | short),
            _ => {
                bytes.push(0xfe);
                bytes.extend(length.to_be_bytes());
            }
        }
        bytes.extend([0; 4]);
        bytes.extend(payload);
        bytes
    }

    /// What comes of `bytes`, fed in parts of `step`.
    fn feed(bytes: &[u8], step: usize) -> Vec<String> {
        let mut incoming = Incoming::new(BYTES_MAX);
        let mut received = Vec::new();
        for part in bytes.chunks(step) {
            let mut wire = Wire::new(part);
            while let Some(what) = incoming.next(&mut wire) {
                received.push(if matches!(what, Received::Unreadable(_)) {
                    "unreadable".to_owned()
                } else {
                    format!("{what:?}")
                });
            }
        }
        received
    }

    #[test]
    fn messages_come_whole_however_they_are_cut() {
        let long = "x".repeat(290);
        let bytes = [
            frame(0x81, b"one"),
            frame(0x01, b"tw"),
            frame(0x89, b"ping"),
            frame(0x80, b"o"),
            frame(0x81, long.as_bytes()),
            frame(0x88, &[0x03, 0xe8]),
            frame(0x81, b"after the close"),
        ]
        .concat();

        let whole = feed(&bytes, usize::MAX);
        let expected = [
            Received::Text("one".into()),
            Received::Ping(b"\x8a\x04ping".to_vec()),
            Received::Text("two".into()),
            Received::Text(long.into()),
            Received::Close(b"\x88\x02\x03\xe8".to_vec()),
        ];
        assert_eq!(whole, expected.map(|what| format!("{what:?}")));
        for step in 1..50 {
            assert_eq!(feed(&bytes, step), whole, "in parts of {step}");
        }
    }

    #[test]
    fn what_breaks_the_protocol_is_told_once() {
        let cases = [
            (b"\x81\x03abc".to_vec(), "without a mask"),
            (frame(0xc1, b"a"), "with a reserved bit"),
            (frame(0x83, b"a"), "of an unknown kind"),
            (frame(0x81, b"\xff"), "that is not UTF-8"),
            (frame(0x80, b"a"), "that continues nothing"),
            (frame(0x09, b"a"), "a ping in parts"),
            (frame(0x81, &[b'x'; BYTES_MAX + 1]), "that is too long"),
            (
                [frame(0x01, &[b'x'; 200]), frame(0x80, &[b'x'; 200])].concat(),
                "that is too long in parts",
            ),
        ];

        for (bytes, what) in cases {
            let bytes = [bytes, frame(0x81, b"more")].concat();
            assert_eq!(feed(&bytes, 5), ["unreadable"], "a frame {what}");
        }
    }
}
