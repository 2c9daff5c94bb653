//! Carries one socket's conversation: reads, keeps its deadlines, and writes what others had to
//! leave, in one task.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::{BoxFuture, OptionFuture};
use parlor_domain::time::ServerTime;
use parlor_identity::Caller;
use tokio::io::Ready;
use tokio::net::TcpStream;

use super::Sockets;
use super::admission;
use super::close::Close;
use super::execution::error_json;
use super::frame::Frame;
use super::handshake::Opened;
use super::incoming::{Incoming, Received, Wire};
use super::message::Subscribe;
use super::operation::{Operation, Run};
use super::operations::BeginRefusal;
use super::outbound::Outbound;
use super::places::Seat;
use super::protocol::{Conversation, Input, Output, TokenLife};
use super::token_watch::{Voucher, WatchedToken};

/// What is read at once. On the stack, so that no socket holds it; most messages fit.
const READ_BYTES: usize = 4 * 1024;

/// Serves a socket, opened by a page of `origin` if it is another site's, until it is closed.
pub(super) async fn serve(opened: Opened, sockets: Arc<Sockets>, origin: Option<Arc<str>>) {
    let mut connection = Connection::new(opened.stream, sockets);
    connection.origin = origin;
    let outbound = Arc::clone(&connection.outbound);

    connection.run(opened.unread).await;
    outbound.end_all();
}

/// Closes a socket that did not ask for the protocol.
pub(super) async fn turn_away(opened: Opened, sockets: Arc<Sockets>, close: Close) {
    let mut connection = Connection::new(opened.stream, sockets);
    let outbound = Arc::clone(&connection.outbound);
    connection.conversation.close();
    outbound.close(close);

    connection.run(opened.unread).await;
    outbound.end_all();
}

struct Connection {
    conversation: Conversation,
    sockets: Arc<Sockets>,
    outbound: Arc<Outbound>,
    incoming: Incoming,
    admission: OptionFuture<Admission>,
    origin: Option<Arc<str>>,
    seat: Arc<Seat>,
    caller: Option<Arc<Caller>>,
    token: Option<Arc<WatchedToken>>,
    /// When a closing socket is given up.
    gone_at: Option<Instant>,
    /// The peer closed, or answered our closing.
    is_answered: bool,
}

/// A caller being looked up, with what they said.
type Admission = BoxFuture<'static, (Option<String>, Result<Caller, Close>)>;

impl Connection {
    fn new(stream: TcpStream, sockets: Arc<Sockets>) -> Self {
        let settings = &sockets.settings;
        let clock = sockets.app.clock.clone();

        Self {
            conversation: Conversation::new(Arc::clone(settings), now()),
            outbound: Arc::new(Outbound::new(stream, clock, Arc::clone(settings))),
            incoming: Incoming::new(settings.message_bytes_max),
            admission: None.into(),
            origin: None,
            seat: Arc::new(Seat::new(Arc::clone(&sockets.places))),
            caller: None,
            token: None,
            gone_at: None,
            is_answered: false,
            sockets,
        }
    }

    /// Carries on until the peer is gone.
    async fn run(mut self, unread: Bytes) {
        let sockets = Arc::clone(&self.sockets);
        let outbound = Arc::clone(&self.outbound);
        let mut drained = pin!(sockets.app.drained());
        let mut is_draining = false;
        self.take_in(&unread);
        // However short, it keeps the whole buffer of the HTTP server.
        drop(unread);

        loop {
            let status = outbound.status();
            if status.is_broken || (self.is_answered && !status.is_waiting) {
                return;
            }
            if status.is_closing {
                let close_timeout = sockets.settings.close_timeout;
                self.gone_at.get_or_insert_with(|| now() + close_timeout);
            }
            let token = self.token.clone();
            let timeout = self.gone_at.or_else(|| self.conversation.poll_timeout());

            let output = tokio::select! {
                ready = outbound.ready(status.is_waiting) => {
                    if self.carry(ready).is_err() {
                        return;
                    }
                    None
                }
                () = outbound.woken() => None,
                Some((authorization, caller)) = &mut self.admission => {
                    self.admission = None.into();
                    self.admit(authorization.as_deref(), caller)
                }
                () = wait_until(timeout), if timeout.is_some() => {
                    if self.gone_at.is_some() {
                        return;
                    }
                    // What has come already is heard before its sender is given up.
                    if self.carry(Ok(Ready::READABLE)).is_err() {
                        return;
                    }
                    self.conversation.handle(Input::Timeout, now())
                }
                () = &mut drained, if !is_draining => {
                    is_draining = true;
                    Some(Output::Close(Close::restart("the server goes away, come back")))
                }
                reason = revoked(token.as_deref()) => {
                    self.token = None;
                    Some(Output::Close(Close::forbidden(reason)))
                }
            };

            if let Some(output) = output {
                self.carry_out(output);
            }
        }
    }

    /// Moves what can be moved. An error is the end of the connection.
    fn carry(&mut self, ready: io::Result<Ready>) -> io::Result<()> {
        let ready = ready?;
        if ready.is_writable()
            && self.outbound.write_waiting()
            && let Some(output) = self.conversation.handle(Input::Progress, now())
        {
            self.carry_out(output);
        }
        if !ready.is_readable() {
            return Ok(());
        }

        let mut buffer = [0; READ_BYTES];
        match self.outbound.read(&mut buffer) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                self.take_in(&buffer[..count]);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn take_in(&mut self, bytes: &[u8]) {
        let mut wire = Wire::new(bytes);
        while let Some(received) = self.incoming.next(&mut wire) {
            if let Some(output) = self.receive(&received) {
                self.carry_out(output);
            }
        }
    }

    fn receive(&mut self, received: &Received) -> Option<Output> {
        let input = match received {
            Received::Text(text) => Input::Text(text),
            Received::Binary => Input::Binary,
            Received::Pong => Input::ControlFrame,
            Received::Ping(answer) => {
                let answer = Frame::Ready(Bytes::copy_from_slice(answer));
                self.outbound.push_frame(answer);
                Input::ControlFrame
            }
            Received::Close(answer) => {
                self.is_answered = true;
                self.outbound.answer_close(Bytes::copy_from_slice(answer));
                return None;
            }
            Received::Unreadable(error) => {
                let reason = format!("the message could not be read: {error}");
                return Some(Output::Close(Close::bad_message(reason)));
            }
        };

        self.conversation.handle(input, now())
    }

    fn look_up(&self, authorization: Option<String>) -> Admission {
        let (sockets, seat) = (Arc::clone(&self.sockets), Arc::clone(&self.seat));
        let origin = self.origin.clone();

        Box::pin(async move {
            let caller = admission::admit(&sockets, &seat, authorization.as_deref(), origin).await;
            (authorization, caller)
        })
    }

    fn admit(
        &mut self,
        authorization: Option<&str>,
        caller: Result<Caller, Close>,
    ) -> Option<Output> {
        let caller = match caller {
            Ok(caller) => caller,
            Err(close) => return Some(Output::Close(close)),
        };

        self.token =
            Voucher::of(&caller, authorization).map(|voucher| self.sockets.tokens.watch(&voucher));
        let token = caller
            .expires_at
            .and_then(|expires_at| self.token_life(expires_at));
        self.caller = Some(Arc::new(caller));
        self.conversation.handle(Input::Admitted { token }, now())
    }

    /// `None` for a token that outlives every process.
    fn token_life(&self, expires_at: ServerTime) -> Option<TokenLife> {
        let left_ms = expires_at.unix_millis() - self.sockets.app.clock.now().unix_millis();
        let left = Duration::from_millis(u64::try_from(left_ms).unwrap_or(0));
        let expires_at_instant = now().checked_add(left)?;

        Some(TokenLife {
            expires_at,
            expires_at_instant,
        })
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Authenticate { authorization } => {
                self.admission = Some(self.look_up(authorization)).into();
            }
            Output::Acknowledge => {
                self.outbound
                    .push_frame(Frame::Text(r#"{"type":"connection_ack"}"#.into()));
            }
            Output::Pong { client_sent_at } => {
                let received_at = self.sockets.app.clock.now();
                self.outbound.push_frame(Frame::Pong {
                    client_sent_at,
                    received_at,
                });
            }
            Output::Ping { token_expires_at } => self.ping(token_expires_at),
            Output::Probe => self.outbound.probe(),
            Output::Start(subscribe) => self.start(subscribe),
            Output::Stop { id } => self.outbound.end(&id),
            Output::Close(close) => self.outbound.close(close),
        }
    }

    fn ping(&self, token_expires_at: Option<ServerTime>) {
        let mut payload = serde_json::Map::new();
        payload.insert(
            "serverSentAt".into(),
            self.sockets.app.clock.now().unix_millis().into(),
        );
        if let Some(at) = token_expires_at {
            payload.insert("tokenExpiresAt".into(), at.unix_millis().into());
        }

        let ping = serde_json::json!({ "type": "ping", "payload": payload });
        self.outbound
            .push_frame(Frame::Text(ping.to_string().into()));
    }

    fn start(&self, subscribe: Subscribe) {
        let key = match self.outbound.begin(&subscribe.id) {
            Ok(key) => key,
            Err(BeginRefusal::DuplicateId) => {
                return self.outbound.close(Close::duplicate_id(&subscribe.id));
            }
            Err(BeginRefusal::TooMany { max }) => {
                let message = format!("a socket has at most {max} operations at once");
                return self
                    .outbound
                    .refuse(&subscribe.id, &error_json(&message, "VALIDATION"));
            }
            Err(BeginRefusal::Closing) => return,
        };
        let operation = match Operation::read(&self.sockets.app.documents, subscribe) {
            Ok(operation) => operation,
            Err(errors) => return self.outbound.error(&key, &errors),
        };

        let run = Run {
            sockets: Arc::clone(&self.sockets),
            outbound: Arc::clone(&self.outbound),
            key: key.clone(),
            seat: Arc::clone(&self.seat),
            caller: self
                .caller
                .clone()
                .expect("operations start after the acknowledgement"),
        };
        let can_be_aborted = operation.can_be_aborted();
        let task = tokio::spawn(operation.run(run));
        if can_be_aborted {
            self.outbound.attach_task(&key, task.abort_handle());
        }
    }
}

/// Why a token does not hold any more, once it does not.
async fn revoked(token: Option<&WatchedToken>) -> &'static str {
    match token {
        Some(token) => token.revoked().await,
        None => std::future::pending().await,
    }
}

async fn wait_until(deadline: Option<Instant>) {
    if let Some(deadline) = deadline {
        tokio::time::sleep_until(deadline.into()).await;
    }
}

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
