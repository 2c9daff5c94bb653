//! One WebSocket, run by a task of its own, so that a peer who does not read cannot hold up the
//! driver's deadlines.
//!
//! Both ways are bounded. If the driver does not take what comes in, the task stops reading, and
//! TCP tells the server; if the server does not read, the task gives up on it.

use crate::dial::{Line, dial};
use futures_util::{SinkExt, StreamExt};
use hyper::Uri;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message, Utf8Bytes};

/// The largest message that a server writes. What was missed comes as one: up to 5,000 events of
/// about 2 KB. A smaller limit would refuse it again at every reconnect.
const MESSAGE_MAX_BYTES: usize = 32 * 1024 * 1024;

/// Most messages are under 2 KB, and a phone may have several rooms open.
const READ_BUFFER_BYTES: usize = 8 * 1024;

/// What a client sends is a few hundred bytes at a time.
const WRITE_BUFFER_MAX_BYTES: usize = 256 * 1024;

/// Messages read ahead of the driver.
const INCOMING_MAX: usize = 8;

/// Messages the driver may be ahead of the server: pings of several minutes.
const OUTGOING_MAX: usize = 32;

/// How long the server may take to read what is sent. Longer than its own heartbeat.
const WRITE_TIMEOUT: Duration = Duration::from_secs(20);

/// How long a farewell may take; nobody waits for it.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// How a close looks that no close frame explains.
const CLOSE_ABNORMAL: u16 = 1006;
const CLOSE_WITHOUT_CODE: u16 = 1005;
const CLOSE_GOING_AWAY: u16 = 1001;

/// What became of the socket.
#[derive(Debug)]
pub(crate) enum SocketEvent {
    Opened,
    Received(Utf8Bytes),
    /// The last event.
    Closed {
        code: u16,
        reason: String,
    },
}

/// A socket that is opening or open. Dropping it closes it.
#[derive(Debug)]
pub(crate) struct Socket {
    incoming: mpsc::Receiver<SocketEvent>,
    outgoing: mpsc::Sender<Outgoing>,
}

#[derive(Debug)]
enum Outgoing {
    Text(String),
    Close(u16),
}

impl Socket {
    /// Begins to open a socket. Needs a runtime around it.
    pub(crate) fn open(url: String, protocol: &'static str) -> Self {
        let (events, incoming) = mpsc::channel(INCOMING_MAX);
        let (outgoing, commands) = mpsc::channel(OUTGOING_MAX);
        tokio::spawn(run(url, protocol, events, commands));

        Self { incoming, outgoing }
    }

    /// Waits for the next event. Safe to cancel.
    pub(crate) async fn next_event(&mut self) -> SocketEvent {
        self.incoming
            .recv()
            .await
            .unwrap_or_else(|| closed(CLOSE_ABNORMAL, "the socket is gone"))
    }

    /// Sends a message. Returns whether it could be: a server that reads nothing is as good as
    /// gone.
    pub(crate) fn send(&self, text: String) -> bool {
        self.outgoing.try_send(Outgoing::Text(text)).is_ok()
    }

    /// Closes the socket with this code, without waiting for it.
    pub(crate) fn close(self, code: u16) {
        // Full: the server reads nothing, and would not read the code either.
        let _ = self.outgoing.try_send(Outgoing::Close(code));
    }
}

async fn run(
    url: String,
    protocol: &'static str,
    events: mpsc::Sender<SocketEvent>,
    mut commands: mpsc::Receiver<Outgoing>,
) {
    let opened = tokio::select! {
        opened = connect(&url, protocol) => opened,
        // Nothing is sent before the socket is open, so this is its end.
        _ = commands.recv() => return,
    };
    let event = match opened {
        Ok(mut stream) => {
            if events.send(SocketEvent::Opened).await.is_err() {
                return bid_farewell(stream, commands).await;
            }
            match exchange(&mut stream, &events, &mut commands).await {
                Some(event) => event,
                None => return bid_farewell(stream, commands).await,
            }
        }
        Err(error) => closed(CLOSE_ABNORMAL, &error.to_string()),
    };
    // Nobody listens any more: then nobody needs to know.
    let _ = events.send(event).await;
}

async fn connect(
    url: &str,
    protocol: &'static str,
) -> Result<WebSocketStream<Box<dyn Line>>, tungstenite::Error> {
    let mut request: Request = url.into_client_request()?;
    request
        .headers_mut()
        .insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
    let address: Uri = request.uri().clone();
    let line = dial(&address).await?;

    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(WRITE_BUFFER_MAX_BYTES)
        .max_message_size(Some(MESSAGE_MAX_BYTES))
        .max_frame_size(Some(MESSAGE_MAX_BYTES));
    let (stream, _) =
        tokio_tungstenite::client_async_with_config(request, line, Some(config)).await?;

    Ok(stream)
}

/// Passes messages both ways. Returns how the server ended it, or `None` if the driver did.
async fn exchange(
    stream: &mut WebSocketStream<Box<dyn Line>>,
    events: &mpsc::Sender<SocketEvent>,
    commands: &mut mpsc::Receiver<Outgoing>,
) -> Option<SocketEvent> {
    let mut farewell = None;
    loop {
        tokio::select! {
            message = stream.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    events.send(SocketEvent::Received(text)).await.ok()?;
                }
                // The reply to it goes out with the next read.
                Some(Ok(Message::Close(frame))) => farewell = Some(explain(frame)),
                Some(Ok(_)) => {}
                Some(Err(error)) if farewell.is_none() => {
                    return Some(closed(CLOSE_ABNORMAL, &error.to_string()));
                }
                Some(Err(_)) | None => {
                    return farewell
                        .or_else(|| Some(closed(CLOSE_ABNORMAL, "the server hung up")));
                }
            },
            command = commands.recv() => match command {
                Some(Outgoing::Text(text)) => {
                    match timeout(WRITE_TIMEOUT, stream.send(Message::text(text))).await {
                        // An end is told by the next read, with its reason.
                        Ok(_) => {}
                        Err(_) => {
                            return Some(closed(CLOSE_ABNORMAL, "the server reads nothing"));
                        }
                    }
                }
                Some(Outgoing::Close(code)) => {
                    let frame = CloseFrame { code: code.into(), reason: Utf8Bytes::default() };
                    say_goodbye(stream, frame).await;
                    return Some(closed(code, "closed by this client"));
                }
                None => return None,
            },
        }
    }
}

/// Closes with the code that the driver left behind, if it did.
async fn bid_farewell(
    mut stream: WebSocketStream<Box<dyn Line>>,
    mut commands: mpsc::Receiver<Outgoing>,
) {
    let mut code = CLOSE_GOING_AWAY;
    while let Ok(command) = commands.try_recv() {
        if let Outgoing::Close(wanted) = command {
            code = wanted;
        }
    }
    let frame = CloseFrame {
        code: code.into(),
        reason: Utf8Bytes::default(),
    };
    say_goodbye(&mut stream, frame).await;
}

/// Sends a close frame, and reads on until the server has answered it: a socket that is dropped
/// with unread bytes is reset, and the frame with it.
async fn say_goodbye(stream: &mut WebSocketStream<Box<dyn Line>>, frame: CloseFrame) {
    let farewell = async {
        stream.close(Some(frame)).await?;
        while let Some(message) = stream.next().await {
            message?;
        }
        Ok::<_, tungstenite::Error>(())
    };
    let _ = timeout(CLOSE_TIMEOUT, farewell).await;
}

fn explain(farewell: Option<CloseFrame>) -> SocketEvent {
    match farewell {
        Some(frame) => closed(frame.code.into(), frame.reason.as_str()),
        None => closed(CLOSE_WITHOUT_CODE, ""),
    }
}

fn closed(code: u16, reason: &str) -> SocketEvent {
    SocketEvent::Closed {
        code,
        reason: reason.to_owned(),
    }
}
