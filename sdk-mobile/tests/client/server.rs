//! A server of one socket at a time that says what a test tells it to. Its time is the client's own
//! clock plus [`BASE`], so that every run is the same.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{FutureExt, SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// The server's time when a client's clock starts: 2026-01-02T03:04:05.000Z.
pub(crate) const BASE: i64 = 1_767_323_045_000;

/// How long a test waits for anything before it fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long a client may read nothing before it counts as too slow.
const WRITE_PATIENCE: Duration = Duration::from_millis(500);

pub(crate) struct Server {
    listener: TcpListener,
}

/// One client's socket, past the server's `connection_ack`.
pub(crate) struct Peer {
    commands: mpsc::Sender<Command>,
    inbox: mpsc::Receiver<Value>,
    end: oneshot::Receiver<Option<u16>>,
    task: JoinHandle<()>,
    /// What the client introduced itself with.
    pub(crate) init: Value,
}

/// A request that waits for its answer.
pub(crate) struct Asked {
    stream: BufReader<TcpStream>,
    token: String,
    body: Value,
}

/// A message to send, and whom to tell whether it went out.
struct Command(String, oneshot::Sender<bool>);

impl Server {
    pub(crate) async fn start() -> Self {
        Self {
            listener: TcpListener::bind("127.0.0.1:0").await.unwrap(),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.listener.local_addr().unwrap())
    }

    /// Waits for the next client, and lets it in.
    pub(crate) async fn accept(&self) -> Peer {
        let mut stream = self.accept_socket().await;
        let init = read(&mut stream).await;
        assert_eq!(init["type"], "connection_init");
        write(&mut stream, &json!({"type": "connection_ack"})).await;

        Peer::start(stream, init)
    }

    /// Waits for the next client, and closes its socket with `code` once it has introduced itself.
    pub(crate) async fn reject(&self, code: u16) -> Value {
        let mut stream = self.accept_socket().await;
        let init = read(&mut stream).await;
        stream.close(Some(frame(code))).await.unwrap();
        while let Some(Ok(_)) = stream.next().await {}

        init
    }

    /// Waits for a request, gives `answer` to it, and returns what was asked.
    pub(crate) async fn answer(&self, answer: &Value) -> Value {
        self.accept_request().await.answer(answer).await
    }

    /// Whether somebody has come and is not let in, and from where.
    pub(crate) fn waiting(&self) -> Option<SocketAddr> {
        let accepted = self.listener.accept().now_or_never();

        accepted.map(|accepted| accepted.unwrap().1)
    }

    /// Waits for a request.
    pub(crate) async fn accept_request(&self) -> Asked {
        let (stream, _) = within(self.listener.accept()).await.unwrap();
        let mut stream = BufReader::new(stream);
        let (mut length, mut token) = (0, String::new());
        loop {
            let mut line = String::new();
            within(stream.read_line(&mut line)).await.unwrap();
            if let Some((_, bearer)) = line.split_once("Bearer ") {
                bearer.trim_end().clone_into(&mut token);
            }
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut asked = vec![0; length];
        within(stream.read_exact(&mut asked)).await.unwrap();

        Asked {
            stream,
            token,
            body: serde_json::from_slice(&asked).unwrap(),
        }
    }

    #[expect(clippy::result_large_err, reason = "the signature is tungstenite's")]
    async fn accept_socket(&self) -> WebSocketStream<TcpStream> {
        let (stream, _) = within(self.listener.accept()).await.unwrap();
        let agree = |request: &Request, mut response: Response| -> Result<_, ErrorResponse> {
            assert_eq!(request.uri().path(), "/graphql/ws");
            let protocol = request.headers()["sec-websocket-protocol"].clone();
            assert_eq!(protocol, "graphql-transport-ws");
            response
                .headers_mut()
                .insert("sec-websocket-protocol", protocol);
            Ok(response)
        };

        within(tokio_tungstenite::accept_hdr_async(stream, agree))
            .await
            .unwrap()
    }
}

impl Asked {
    /// Whose request it is.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    pub(crate) fn query(&self) -> String {
        self.body["query"].as_str().unwrap().to_owned()
    }

    /// What a mutation was given.
    pub(crate) fn input(&self) -> Value {
        self.body["variables"]["input"].clone()
    }

    /// Answers it, and returns what was asked.
    pub(crate) async fn answer(mut self, answer: &Value) -> Value {
        let answer = answer.to_string();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            answer.len()
        );
        let answer = [head, answer].concat();
        self.stream.write_all(answer.as_bytes()).await.unwrap();

        self.body
    }
}

impl Peer {
    fn start(stream: WebSocketStream<TcpStream>, init: Value) -> Self {
        let (commands, from_test) = mpsc::channel(1);
        let (to_test, inbox) = mpsc::channel(64);
        let (ended, end) = oneshot::channel();
        let task = tokio::spawn(async move {
            let code = serve(stream, from_test, to_test).await;
            let _ = ended.send(code);
        });

        Self {
            commands,
            inbox,
            end,
            task,
            init,
        }
    }

    /// Waits for whatever the client says next.
    pub(crate) async fn message(&mut self) -> Value {
        within(self.inbox.recv())
            .await
            .expect("the client is there")
    }

    /// Waits for the client's subscription, and returns its id and variables.
    pub(crate) async fn subscription(&mut self) -> (String, Value) {
        let message = self.message().await;
        assert_eq!(message["type"], "subscribe");

        (
            message["id"].as_str().unwrap().to_owned(),
            message["payload"]["variables"].clone(),
        )
    }

    /// Sends `message`. Returns false if the client has not read enough to make room for it.
    pub(crate) async fn send(&self, message: &Value) -> bool {
        let (done, result) = oneshot::channel();
        let command = Command(message.to_string(), done);
        self.commands
            .send(command)
            .await
            .expect("the socket is open");

        result.await.unwrap()
    }

    pub(crate) async fn feed(&self, id: &str, feed: Value) -> bool {
        self.send(&json!({"type": "next", "id": id, "payload": {"data": {"liveRoom": feed}}}))
            .await
    }

    /// Disappears without a word.
    pub(crate) fn hang_up(self) {
        self.task.abort();
    }

    /// Waits for the end of the socket. Returns the code that the client gave.
    pub(crate) async fn closed(self) -> Option<u16> {
        within(self.end).await.unwrap()
    }
}

/// Answers pings, and passes everything else on.
async fn serve(
    mut stream: WebSocketStream<TcpStream>,
    mut commands: mpsc::Receiver<Command>,
    inbox: mpsc::Sender<Value>,
) -> Option<u16> {
    let mut code = None;
    loop {
        tokio::select! {
            message = stream.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    let message: Value = serde_json::from_str(&text).unwrap();
                    if message["type"] == "ping" {
                        let sent_at = message["payload"]["clientSentAt"].as_i64().unwrap();
                        write(&mut stream, &pong(sent_at)).await;
                    } else {
                        inbox.send(message).await.unwrap();
                    }
                }
                Some(Ok(Message::Close(frame))) => code = frame.map(|frame| frame.code.into()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return code,
            },
            command = commands.recv() => match command {
                Some(Command(text, done)) => {
                    let sent = timeout(WRITE_PATIENCE, stream.send(Message::text(text))).await;
                    done.send(sent.is_ok()).unwrap();
                }
                None => return code,
            },
        }
    }
}

/// A message of a room's log.
pub(crate) fn feed(after_seq: i64, events: &[Value]) -> Value {
    let count = i64::try_from(events.len()).unwrap();

    json!({
        "epoch": "e1",
        "afterSeq": after_seq.to_string(),
        "throughSeq": (after_seq + count).to_string(),
        "recovered": true,
        "snapshot": null,
        "events": events,
    })
}

/// The first message of a log that is empty up to `seq`.
pub(crate) fn snapshot(seq: i64) -> Value {
    json!({
        "epoch": "e1",
        "afterSeq": seq.to_string(),
        "throughSeq": seq.to_string(),
        "recovered": false,
        "snapshot": [],
        "events": [],
    })
}

/// A contribution whose moment is `second` seconds after [`BASE`], for whatever placement.
pub(crate) fn contribution(seq: i64, second: u8, message: &str) -> Value {
    let at = format!("2026-01-02T03:04:{:02}.000Z", 5 + second);

    json!({
        "__typename": "ContributionReceived",
        "seq": seq.to_string(),
        "occurredAt": at,
        "displayAt": at,
        "timing": "PICTURE",
        "part": null,
        "contribution": {
            "id": format!("c{seq}"), "kind": "DONATION", "name": "Ada", "amount": "500",
            "currency": "EUR", "tier": null, "quantity": 1, "message": message, "hype": "500",
        },
    })
}

/// Waits for `future`, though not for ever.
pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    timeout(PATIENCE, future).await.expect("it comes in time")
}

fn pong(client_sent_at: i64) -> Value {
    json!({"type": "pong", "payload": {
        "clientSentAt": client_sent_at,
        "serverReceivedAt": BASE + client_sent_at,
        "serverSentAt": BASE + client_sent_at,
    }})
}

fn frame(code: u16) -> CloseFrame {
    CloseFrame {
        code: code.into(),
        reason: "".into(),
    }
}

async fn read(stream: &mut WebSocketStream<TcpStream>) -> Value {
    let message = within(stream.next()).await.unwrap().unwrap();

    serde_json::from_str(message.to_text().unwrap()).unwrap()
}

async fn write(stream: &mut WebSocketStream<TcpStream>, message: &Value) {
    // A client that has just gone is seen by the next read.
    let _ = stream.send(Message::text(message.to_string())).await;
}
