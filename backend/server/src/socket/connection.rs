//! Carries one socket's conversation: reads, writes and keeps its deadlines, in one task.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures_util::future::{BoxFuture, OptionFuture};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use parlor_domain::access::Principal;
use parlor_domain::time::ServerTime;

use super::Sockets;
use super::close::Close;
use super::execution::error_json;
use super::frame::Frame;
use super::message::Subscribe;
use super::operation::{Operation, Run};
use super::outbound::{BeginRefusal, Outbound, Popped};
use super::protocol::{Conversation, Input, Output, TokenLife};
use super::token_watch::WatchedToken;
use crate::clock::Clock;
use crate::identity::{Caller, IdentityError};

/// Serves a socket until it is closed.
pub(super) async fn serve(socket: WebSocket, sockets: Arc<Sockets>) {
    let outbound = Arc::new(Outbound::new(&sockets.settings));
    let (sink, stream) = socket.split();
    let reader = Reader {
        conversation: Conversation::new(Arc::clone(&sockets.settings), now()),
        sockets: Arc::clone(&sockets),
        outbound: Arc::clone(&outbound),
        admission: None.into(),
        caller: None,
        token: None,
    };

    let close_timeout = sockets.settings.close_timeout;
    tokio::select! {
        () = reader.run(stream) => (),
        () = write_all(sink, &outbound, &sockets.app.clock) => (),
        () = async { outbound.closed().await; wait(close_timeout).await } => (),
    }

    outbound.end_all();
}

/// Closes a socket that did not ask for the protocol.
pub(super) async fn turn_away(mut socket: WebSocket, close: Close, close_timeout: Duration) {
    count_close(close.code);
    let answered = async {
        socket.send(close_message(&close)).await?;
        while socket.recv().await.is_some_and(|message| message.is_ok()) {}
        Ok::<(), axum::Error>(())
    };
    // Whatever comes of it, the socket is done.
    let _answered = tokio::time::timeout(close_timeout, answered).await;
}

/// Writes until the peer is gone. Once written, a close frame is for the reader to find answered.
async fn write_all(sink: SplitSink<WebSocket, Message>, outbound: &Outbound, clock: &Clock) {
    if write(sink, outbound, clock).await.is_ok() {
        std::future::pending::<()>().await;
    }
}

async fn write(
    mut sink: SplitSink<WebSocket, Message>,
    outbound: &Outbound,
    clock: &Clock,
) -> Result<(), axum::Error> {
    let messages = metrics::counter!("parlor_socket_messages_sent_total");
    let bytes = metrics::counter!("parlor_socket_sent_bytes_total");
    loop {
        match outbound.pop() {
            Popped::Frame(frame) => {
                let text = frame.into_text(clock.now());
                messages.increment(1);
                bytes.increment(text.len() as u64);
                sink.feed(Message::Text(text)).await?;
            }
            Popped::Empty => {
                sink.flush().await?;
                outbound.filled().await;
            }
            Popped::Close(close) => {
                count_close(close.code);
                return sink.send(close_message(&close)).await;
            }
        }
    }
}

struct Reader {
    conversation: Conversation,
    sockets: Arc<Sockets>,
    outbound: Arc<Outbound>,
    admission: OptionFuture<Admission>,
    caller: Option<Arc<Caller>>,
    token: Option<Arc<WatchedToken>>,
}

/// A caller being looked up, with what they said.
type Admission = BoxFuture<'static, (Option<String>, Result<Caller, IdentityError>)>;

impl Reader {
    /// Reads until the peer is gone.
    async fn run(mut self, mut stream: SplitStream<WebSocket>) {
        let sockets = Arc::clone(&self.sockets);
        let mut drained = pin!(sockets.app.drained());
        let mut is_draining = false;

        loop {
            let token = self.token.clone();
            let timeout = self.conversation.poll_timeout();
            let output = tokio::select! {
                message = stream.next() => match message {
                    Some(Ok(message)) => self.read(&message),
                    Some(Err(error)) => {
                        let reason = format!("the message could not be read: {error}");
                        self.outbound.close(Close::bad_message(reason));
                        // Nothing more can be read, but the reason is still to be written.
                        return std::future::pending().await;
                    }
                    None => return,
                },
                Some((authorization, caller)) = &mut self.admission => {
                    self.admission = None.into();
                    self.admit(authorization.as_deref(), caller)
                }
                () = wait_until(timeout), if timeout.is_some() => {
                    self.conversation.handle(Input::Timeout, now())
                }
                () = &mut drained, if !is_draining => {
                    is_draining = true;
                    Some(Output::Close(Close::restart("the server goes away, come back")))
                }
                () = revoked(token.as_deref()) => {
                    self.token = None;
                    Some(Output::Close(Close::forbidden("the overlay token was revoked")))
                }
            };

            if let Some(output) = output {
                self.carry_out(output);
            }
        }
    }

    fn read(&mut self, message: &Message) -> Option<Output> {
        let input = match message {
            Message::Text(text) => Input::Text(text),
            Message::Binary(_) => Input::Binary,
            Message::Ping(_) | Message::Pong(_) => Input::ControlFrame,
            Message::Close(_) => {
                self.outbound.end_all();
                return None;
            }
        };

        self.conversation.handle(input, now())
    }

    fn look_up(&self, authorization: Option<String>) -> Admission {
        let sockets = Arc::clone(&self.sockets);

        Box::pin(async move {
            let caller = sockets
                .app
                .identity
                .authenticate(authorization.as_deref())
                .await;
            (authorization, caller)
        })
    }

    fn admit(
        &mut self,
        authorization: Option<&str>,
        caller: Result<Caller, IdentityError>,
    ) -> Option<Output> {
        let caller = match caller {
            Ok(caller) => caller,
            Err(IdentityError::Store(error)) => {
                tracing::error!(%error, "a caller could not be looked up");
                return Some(Output::Close(Close::overload(
                    "the token could not be looked up",
                )));
            }
            Err(refusal) => return Some(Output::Close(Close::forbidden(refusal.to_string()))),
        };

        if let (Principal::Overlay { .. }, Some(text)) = (&caller.principal, authorization) {
            self.token = Some(self.sockets.tokens.watch(text));
        }
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
        let operation = match Operation::parse(subscribe) {
            Ok(operation) => operation,
            Err(errors) => return self.outbound.error(&key, &errors),
        };

        let run = Run {
            sockets: Arc::clone(&self.sockets),
            outbound: Arc::clone(&self.outbound),
            key: key.clone(),
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

async fn revoked(token: Option<&WatchedToken>) {
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

async fn wait(span: Duration) {
    tokio::time::sleep_until(tokio::time::Instant::now() + span).await;
}

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

fn close_message(close: &Close) -> Message {
    Message::Close(Some(CloseFrame {
        code: close.code,
        reason: close.reason.as_ref().into(),
    }))
}

fn count_close(code: u16) {
    metrics::counter!("parlor_socket_closes_total", "code" => code.to_string()).increment(1);
}
