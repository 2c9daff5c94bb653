//! One socket of the audience: opened step by step, then read as cheaply as can be.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use mio::net::TcpStream;
use socket2::{Domain, Protocol, Type};

use crate::frame::{self, Opcode};
use crate::histogram::Latencies;
use crate::mark;
use crate::order::{Accepted, Order};
use crate::plan::{Keepalive, Subscribe};

/// How long a server may take over one step of opening a socket, with thousands opening at once.
const STEP_MAX: Duration = Duration::from_secs(20);
/// The longest beginning of a message that is waited for: a catch-up of many events.
const PARTIAL_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A subscribed socket.
pub(crate) struct Socket {
    pub(crate) stream: TcpStream,
    /// The beginning of a frame whose end is still to come.
    partial: Vec<u8>,
    order: Order,
}

/// What a process has received on all its sockets.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) joined: u64,
    pub(crate) delivered: u64,
    pub(crate) latencies: Latencies,
}

impl Socket {
    /// Connects from `source`, opens a WebSocket and subscribes. Blocks meanwhile.
    pub(crate) fn open(
        address: SocketAddr,
        source: Ipv4Addr,
        subscribe: &Subscribe,
    ) -> Result<Self> {
        let socket = socket2::Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
        // A port may be used again while the last connection from it is remembered.
        socket.set_reuse_address(true)?;
        socket.bind(&SocketAddr::from((source, 0)).into())?;
        socket.connect(&address.into())?;
        socket.set_tcp_nodelay(true)?;
        let mut opening = Opening {
            stream: socket.into(),
            received: Vec::new(),
        };
        opening.stream.set_read_timeout(Some(STEP_MAX))?;

        opening.upgrade(address, subscribe)?;
        for step in &subscribe.steps {
            opening
                .stream
                .write_all(&frame::write(Opcode::Text, step.send.as_bytes()))?;
            if let Some(text) = &step.until {
                opening
                    .wait_for(text)
                    .with_context(|| format!("waited for {text:?}"))?;
            }
        }

        opening.stream.set_nonblocking(true)?;
        Ok(Self {
            stream: TcpStream::from_std(opening.stream),
            partial: opening.received,
            order: Order::default(),
        })
    }

    /// Reads what is there into `buffer`, and takes it in. `now` is when the socket was found to be
    /// readable.
    pub(crate) fn read(
        &mut self,
        buffer: &mut [u8],
        keepalive: Option<&Keepalive>,
        tally: &mut Tally,
        now: Duration,
    ) -> Result<()> {
        loop {
            let count = match self.stream.read(buffer) {
                Ok(0) => bail!("the server closed a socket without saying why"),
                Ok(count) => count,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error).context("a socket broke"),
            };
            self.take_in(&buffer[..count], keepalive, tally, now)?;
            // A stream that gave less than asked for has no more.
            if count < buffer.len() {
                return Ok(());
            }
        }
    }

    fn take_in(
        &mut self,
        received: &[u8],
        keepalive: Option<&Keepalive>,
        tally: &mut Tally,
        now: Duration,
    ) -> Result<()> {
        let joined;
        let mut rest = if self.partial.is_empty() {
            received
        } else {
            self.partial.extend(received);
            joined = std::mem::take(&mut self.partial);
            &joined[..]
        };

        while let Some(frame) = frame::take(&mut rest)? {
            match frame.opcode {
                Opcode::Text => self.take_message(frame.payload, keepalive, tally, now)?,
                Opcode::Ping => self.send(Opcode::Pong, frame.payload)?,
                Opcode::Pong => (),
                Opcode::Close => bail!("the server closed a socket: {}", reason(frame.payload)),
            }
        }

        ensure!(
            rest.len() < PARTIAL_BYTES_MAX,
            "a message has more than {PARTIAL_BYTES_MAX} bytes"
        );
        self.partial = rest.to_vec();
        Ok(())
    }

    fn take_message(
        &mut self,
        text: &[u8],
        keepalive: Option<&Keepalive>,
        tally: &mut Tally,
        now: Duration,
    ) -> Result<()> {
        let mut is_event = false;
        for mark in mark::marks(text) {
            let mark = mark?;
            is_event = true;
            match self.order.accept(mark)? {
                Accepted::Joined => tally.joined += 1,
                Accepted::Joining => (),
                Accepted::Delivered => {
                    let latency = now.saturating_sub(mark.sent_at).as_micros();
                    tally.delivered += 1;
                    tally
                        .latencies
                        .record(u64::try_from(latency).unwrap_or(u64::MAX));
                }
            }
        }

        if let Some(keepalive) = keepalive
            && !is_event
            && memchr::memmem::find(text, keepalive.ping.as_bytes()).is_some()
        {
            self.send(Opcode::Text, keepalive.pong.as_bytes())?;
        }
        Ok(())
    }

    fn send(&mut self, opcode: Opcode, payload: &[u8]) -> Result<()> {
        self.stream
            .write_all(&frame::write(opcode, payload))
            .context("a short answer could not be sent")
    }
}

/// A socket on its way.
struct Opening {
    stream: std::net::TcpStream,
    received: Vec<u8>,
}

impl Opening {
    fn upgrade(&mut self, address: SocketAddr, subscribe: &Subscribe) -> Result<()> {
        let subprotocol = subscribe
            .subprotocol
            .as_ref()
            .map(|name| format!("Sec-WebSocket-Protocol: {name}\r\n"))
            .unwrap_or_default();
        // The key is the one of the RFC's example; it proves that the other side means it.
        write!(
            self.stream,
            "GET {} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             {subprotocol}\r\n",
            subscribe.path
        )?;

        let end = loop {
            if let Some(end) = memchr::memmem::find(&self.received, b"\r\n\r\n") {
                break end;
            }
            self.receive()?;
        };
        let head = String::from_utf8_lossy(&self.received[..end]);
        ensure!(
            head.starts_with("HTTP/1.1 101 ") && head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
            "the server opens no WebSocket: {head}"
        );
        self.received.drain(..end + 4);
        Ok(())
    }

    /// Drops messages until one contains `text`.
    fn wait_for(&mut self, text: &str) -> Result<()> {
        loop {
            let mut rest = &self.received[..];
            while let Some(frame) = frame::take(&mut rest)? {
                if frame.opcode == Opcode::Close {
                    bail!("the server closed a socket: {}", reason(frame.payload));
                }
                if memchr::memmem::find(frame.payload, text.as_bytes()).is_some() {
                    self.received = rest.to_vec();
                    return Ok(());
                }
            }
            self.received = rest.to_vec();
            self.receive()?;
        }
    }

    fn receive(&mut self) -> Result<()> {
        let mut buffer = [0; 4096];
        let count = self.stream.read(&mut buffer)?;
        ensure!(count > 0, "the server hung up");
        self.received.extend(&buffer[..count]);
        Ok(())
    }
}

/// What a close frame says.
fn reason(payload: &[u8]) -> String {
    match payload.split_first_chunk() {
        Some((code, reason)) => format!(
            "{} {}",
            u16::from_be_bytes(*code),
            String::from_utf8_lossy(reason)
        ),
        None => "no code".to_owned(),
    }
}
