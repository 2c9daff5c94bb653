//! A client that keeps no rules, on a connection of its own.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Notify;

use crate::framing::{self, Frames, Said};

/// How often, and how long each time, what must come is waited for. Many short waits rather than
/// one long one: a process that was stopped for a minute has not waited.
const WAITS_MAX: u32 = 100;
const WAIT: Duration = Duration::from_millis(200);

const HANDSHAKE: &str = "GET /graphql/ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
     Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
     Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n";

/// What the server closes with, by itself.
const CLOSE_CODES: [u16; 11] = [
    1000, 1012, 1013, 4400, 4401, 4403, 4406, 4408, 4409, 4429, 1011,
];

/// A socket, seen from the client.
pub(crate) struct Peer {
    writer: OwnedWriteHalf,
    /// What is not written yet.
    buffer: Vec<u8>,
    /// What was written, cut into frames.
    written: Frames,
    /// Whether a close frame may be among what was written: its code comes back.
    may_have_closed: bool,
}

/// What the server has said.
#[derive(Default)]
pub(crate) struct Heard {
    state: RefCell<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    messages: u32,
    close: Option<Closed>,
    ended: bool,
}

/// How the server has closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Closed {
    code: Option<u16>,
}

pub(crate) async fn connect(address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a process may have sockets");
    // Thousands of connections a second would leave no port free if each lingered for a minute.
    socket
        .set_zero_linger()
        .expect("the option is known to every system");

    socket.connect(address).await.expect("the server listens")
}

/// Opens a socket as a client should.
pub(crate) async fn open(address: SocketAddr) -> (Peer, OwnedReadHalf) {
    let mut stream = connect(address).await;
    stream
        .write_all(HANDSHAKE.as_bytes())
        .await
        .expect("the server reads");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("a handshake is answered"));
    }
    assert!(
        head.starts_with(b"HTTP/1.1 101 "),
        "a handshake is accepted"
    );

    let (reader, writer) = stream.into_split();
    let peer = Peer {
        writer,
        buffer: Vec::new(),
        written: Frames::default(),
        may_have_closed: false,
    };
    (peer, reader)
}

impl Peer {
    /// Where to append what is to be sent.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    pub(crate) fn text(&mut self, text: &str) {
        framing::frame(
            &mut self.buffer,
            framing::TEXT,
            framing::LengthForm::Shortest,
            text.as_bytes(),
        );
    }

    /// Sends what is gathered. A server that has closed takes nothing more.
    pub(crate) async fn flush(&mut self) {
        let bytes = std::mem::take(&mut self.buffer);
        self.written.push(&bytes);
        while let Some(frame) = self.written.next() {
            self.may_have_closed |= frame.head & 0x0f == 8;
        }

        let _taken = self.writer.write_all(&bytes).await;
        tokio::task::yield_now().await;
    }

    /// Completes what was begun and closes, so that the server has to answer.
    pub(crate) async fn close(&mut self) {
        self.flush().await;
        let own_close = !self.may_have_closed;
        while let Some(missing @ 1..) = self.written.missing() {
            self.buffer.resize(missing, 0);
            self.flush().await;
        }
        framing::close(&mut self.buffer, 1000);
        self.flush().await;
        self.may_have_closed &= !own_close;
    }

    /// Whether the server can read what is written next as a frame of its own.
    pub(crate) fn is_between_frames(&self) -> bool {
        self.written.missing() == Some(0)
    }

    /// Whether any code may come back.
    pub(crate) fn may_hear(&self, code: Option<u16>) -> bool {
        self.may_have_closed || code.is_some_and(|code| CLOSE_CODES.contains(&code))
    }
}

impl Heard {
    /// Reads until the server hangs up.
    pub(crate) async fn listen(&self, mut reader: OwnedReadHalf) {
        let mut frames = Frames::default();
        let mut bytes = vec![0; 16 * 1024];
        while let Ok(count @ 1..) = reader.read(&mut bytes).await {
            frames.push(&bytes[..count]);
            while let Some(frame) = frames.next() {
                self.take(&framing::said(&frame));
            }
        }
        self.state.borrow_mut().ended = true;
        self.changed.notify_waiters();
    }

    /// Waits for one more message than `before`, or the end.
    pub(crate) async fn message_after(&self, before: u32) {
        self.wait_for(|state| state.messages > before || state.close.is_some() || state.ended)
            .await;
    }

    /// Waits for the close frame and returns its code.
    pub(crate) async fn close(&self) -> Option<u16> {
        self.wait_for(|state| state.close.is_some() || state.ended)
            .await;

        self.state
            .borrow()
            .close
            .expect("the server closes with a close frame")
            .code
    }

    pub(crate) fn messages(&self) -> u32 {
        self.state.borrow().messages
    }

    fn take(&self, said: &Said) {
        let mut state = self.state.borrow_mut();
        assert_eq!(state.close, None, "nothing comes after a close frame");
        match said {
            Said::Message => state.messages += 1,
            Said::Control => {}
            Said::Close(code) => state.close = Some(Closed { code: *code }),
        }
        self.changed.notify_waiters();
    }

    async fn wait_for(&self, is_there: impl Fn(&State) -> bool) {
        for _ in 0..WAITS_MAX {
            let changed = self.changed.notified();
            if is_there(&self.state.borrow()) {
                return;
            }
            let _in_time = tokio::time::timeout(WAIT, changed).await;
        }
        panic!("the server neither answers nor closes");
    }
}
