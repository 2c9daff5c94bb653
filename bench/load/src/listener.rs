//! A part of the audience: one process, one thread, thousands of sockets.
//!
//! It shares the machine with the server it measures, so it naps between polls: nothing the server
//! writes has to wake anybody up, as nothing would if the audience were elsewhere. The nap is part
//! of every latency.

use std::io::{BufRead, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::time::Duration;

use anyhow::{Context, Result};
use mio::{Events, Interest, Poll, Token};

use crate::clock;
use crate::plan::Subscribe;
use crate::socket::{Socket, Tally};

/// Short beside the latencies that matter, long beside what a wake-up costs.
const NAP: Duration = Duration::from_millis(1);
/// Sockets taken from the system at once.
const EVENTS_MAX: usize = 1024;
/// Sockets opened before those that are open get their turn: with thousands to open, a server would
/// give up waiting for the first ones to answer its pings.
const OPENED_IN_A_ROW: usize = 64;
/// What is read at once: a socket's whole backlog, nearly always.
const BUFFER_BYTES: usize = 64 * 1024;

/// Asks for the latencies since the last report, or since the start.
pub(crate) const REPORT: &str = "report";

/// Opens `sockets` sockets as the first line of standard input says, tells of what they receive,
/// and ends with standard input.
pub(crate) fn run(address: SocketAddr, sockets: usize, source: Ipv4Addr) -> Result<()> {
    let mut subscribe = String::new();
    std::io::stdin().read_line(&mut subscribe)?;
    let subscribe: Subscribe = serde_json::from_str(&subscribe).context("no plan came")?;

    let listened = Listener::open(address, sockets, source, &subscribe)
        .and_then(|mut listener| listener.listen(&commands(), &subscribe));
    if let Err(error) = &listened {
        println!("fault {error:#}");
    }
    listened
}

struct Listener {
    poll: Poll,
    events: Events,
    buffer: Vec<u8>,
    sockets: Vec<Socket>,
    tally: Tally,
}

impl Listener {
    fn open(
        address: SocketAddr,
        count: usize,
        source: Ipv4Addr,
        subscribe: &Subscribe,
    ) -> Result<Self> {
        let mut listener = Self {
            poll: Poll::new()?,
            events: Events::with_capacity(EVENTS_MAX),
            buffer: vec![0; BUFFER_BYTES],
            sockets: Vec::with_capacity(count),
            tally: Tally::default(),
        };
        for n in 0..count {
            let mut socket = Socket::open(address, source, subscribe)
                .with_context(|| format!("socket {n} of {count} did not open"))?;
            let registry = listener.poll.registry();
            registry.register(&mut socket.stream, Token(n), Interest::READABLE)?;
            listener.sockets.push(socket);
            if n % OPENED_IN_A_ROW == 0 {
                listener.read_ready(subscribe)?;
            }
        }
        println!("subscribed");

        Ok(listener)
    }

    fn listen(&mut self, commands: &Receiver<String>, subscribe: &Subscribe) -> Result<()> {
        let mut told = (0, 0);
        loop {
            match commands.try_recv() {
                Ok(command) if command == REPORT => {
                    let latencies = std::mem::take(&mut self.tally.latencies);
                    println!("latencies {}", latencies.to_line());
                }
                Ok(_) | Err(TryRecvError::Empty) => (),
                Err(TryRecvError::Disconnected) => return Ok(()),
            }

            let count = self.read_ready(subscribe)?;
            let now = (self.tally.joined, self.tally.delivered);
            if now != told {
                told = now;
                println!("progress {} {}", now.0, now.1);
            }
            if count < EVENTS_MAX {
                nap();
            }
        }
    }

    /// Reads what has come, without waiting. Returns how many sockets had something.
    fn read_ready(&mut self, subscribe: &Subscribe) -> Result<usize> {
        match self.poll.poll(&mut self.events, Some(Duration::ZERO)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(0),
            polled => polled?,
        }
        let keepalive = subscribe.keepalive.as_ref();
        let mut count = 0;
        for event in &self.events {
            let socket = &mut self.sockets[event.token().0];
            socket.read(&mut self.buffer, keepalive, &mut self.tally, clock::now())?;
            count += 1;
        }

        Ok(count)
    }
}

#[expect(clippy::disallowed_methods, reason = "not to be woken is the point")]
fn nap() {
    std::thread::sleep(NAP);
}

/// The lines of standard input, as they come.
fn commands() -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });

    receiver
}
