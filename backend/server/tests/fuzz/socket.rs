//! The server's socket, with a client driven by a script: frames right and wrong, whole and in
//! pieces, messages of the protocol and others, documents, and events in the room meanwhile.
//!
//! Whatever the client does, the server must not panic, must speak the protocol, and must answer
//! the close at the script's end, unless it has closed before, with a code that clients know.

use std::cell::RefCell;
use std::time::Duration;

use arbitrary::{Result, Unstructured};
use parlor_api::global_id;
use parlor_domain::id::RoomId;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Runtime;

use crate::framing::{self, LengthForm};
use crate::peer::{self, Heard, Peer};
use crate::server::TestServer;

/// Scripts on one server. A new one now and then keeps the room's log short.
const SCRIPTS_MAX: u32 = 500;

/// Events and waits in one script, for each takes milliseconds.
const DONATIONS_MAX: u32 = 3;
const WAITS_MAX: u32 = 8;

const LIVE_ROOM: &str =
    "subscription L($roomId: ID!, $after: LogPosition, $at: Time, $until: Time) {
    liveRoom(roomId: $roomId, after: $after, at: $at, until: $until) {
        epoch afterSeq throughSeq recovered liveThroughSeq leftOutFrom
        snapshot { __typename seq } events { __typename seq occurredAt }
    }
}";

const IDS: [&str; 4] = ["1", "2", "\"\\\u{0}", "é"];

thread_local! {
    static SCENE: RefCell<Option<Scene>> = const { RefCell::new(None) };
}

/// A server with a room, and the runtime that both sides share.
struct Scene {
    runtime: Runtime,
    server: TestServer,
    room: RoomId,
    viewer_token: String,
    overlay_token: String,
    scripts: u32,
    donations: u32,
}

pub(crate) fn run(bytes: &[u8]) {
    SCENE.with_borrow_mut(|scene| {
        let mut current = scene.take().unwrap_or_else(Scene::start);
        current.play(bytes);
        if current.scripts < SCRIPTS_MAX {
            *scene = Some(current);
        } else {
            current.end();
        }
    });
}

impl Scene {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime can be made");
        let (server, room, viewer_token, overlay_token) = runtime.block_on(async {
            let server = TestServer::start().await;
            let room = server.live_room("main").await;
            let (_, overlay_token) = server.overlay_token(room).await;
            let hour_ms = 3_600_000;
            let viewer_token = server.token(server.tenant, "viewer", hour_ms);
            (server, room, viewer_token, overlay_token)
        });

        Self {
            runtime,
            server,
            room,
            viewer_token,
            overlay_token,
            scripts: 0,
            donations: 0,
        }
    }

    /// No socket outlives its script for longer than a close may take.
    fn end(self) {
        let sockets = &self.server.service.sockets;
        let drained = async {
            for _ in 0..100 {
                let wait = Duration::from_millis(200);
                if tokio::time::timeout(wait, sockets.drain()).await.is_ok() {
                    return;
                }
            }
            panic!("{} sockets are still open", sockets.open_count());
        };
        self.runtime.block_on(drained);
    }

    fn play(&mut self, bytes: &[u8]) {
        self.scripts += 1;
        let mut donations = self.donations;
        self.runtime.block_on(async {
            match bytes {
                [255, rest @ ..] => self.strike(rest).await,
                script => {
                    let mut script = Unstructured::new(script);
                    self.converse(&mut script, &mut donations).await;
                }
            }
        });
        self.donations = donations;
    }

    /// Sends `bytes` where a handshake is expected.
    async fn strike(&self, bytes: &[u8]) {
        let mut stream = peer::connect(self.server.address).await;
        // A server that has seen enough takes nothing more.
        let _taken = stream.write_all(bytes).await;
        let _shut = stream.shutdown().await;
        let mut answer = vec![0; 64 * 1024];
        for _ in 0..100 {
            let wait = Duration::from_millis(200);
            match tokio::time::timeout(wait, stream.read(&mut answer)).await {
                Ok(Ok(1..)) | Err(_) => {}
                Ok(Ok(0) | Err(_)) => return,
            }
        }
        panic!("the server does not hang up on a client that has");
    }

    async fn converse(&self, script: &mut Unstructured<'_>, donations: &mut u32) {
        let (mut peer, reader) = peer::open(self.server.address).await;
        let heard = Heard::default();
        let talk = async {
            let mut talk = Talk {
                scene: self,
                peer: &mut peer,
                heard: &heard,
                waits: 0,
                donations,
                donations_left: DONATIONS_MAX,
            };
            while !script.is_empty() {
                talk.step(script)
                    .await
                    .expect("a script that has ended goes on with zeros");
            }
            peer.close().await;
            heard.close().await
        };

        let code = tokio::select! {
            biased;
            code = talk => code,
            () = async { heard.listen(reader).await; std::future::pending().await } => unreachable!(),
        };
        assert!(peer.may_hear(code), "{code:?} is no code of this server's");
    }
}

/// One script on its way.
struct Talk<'a> {
    scene: &'a Scene,
    peer: &'a mut Peer,
    heard: &'a Heard,
    waits: u32,
    donations: &'a mut u32,
    donations_left: u32,
}

impl Talk<'_> {
    /// Does one thing.
    async fn step(&mut self, script: &mut Unstructured<'_>) -> Result<()> {
        match script.arbitrary::<u8>()? % 16 {
            0 => self.message(&text(script)?),
            1 => self.init(script).await?,
            2 => self.follow(script)?,
            3 => {
                let (id, document) = (*script.choose(&IDS)?, text(script)?);
                self.subscribe(id, &document, &json!({ "roomId": self.room_id() }));
            }
            4 => self.peer.flush().await,
            5 => self.wait().await,
            6 => self.donate().await,
            7 => {
                let id = *script.choose(&IDS)?;
                self.message(&json!({ "type": "complete", "id": id }).to_string());
            }
            8 => self.message(r#"{"type":"ping","payload":{"clientSentAt":1.5}}"#),
            9 => self.frame(script)?,
            10 => {
                let bytes = text(script)?;
                self.peer.buffer().extend(bytes.as_bytes());
            }
            11 => self.fragments(script)?,
            12 => framing::close(self.peer.buffer(), script.arbitrary::<u16>()?),
            13 => {
                let bytes = bytes(script)?;
                self.peer.buffer().extend(bytes);
            }
            14 => self.message(r#"{"type":"pong"}"#),
            _ => self.flood(script)?,
        }

        Ok(())
    }

    fn message(&mut self, text: &str) {
        self.peer.text(text);
    }

    fn room_id(&self) -> String {
        global_id::room_id(self.scene.room)
    }

    async fn init(&mut self, script: &mut Unstructured<'_>) -> Result<()> {
        let bearer = |token: &str| json!({ "Authorization": format!("Bearer {token}") });
        let payload = match script.arbitrary::<u8>()? % 4 {
            0 => Value::Null,
            1 => bearer(&self.scene.viewer_token),
            2 => bearer(&self.scene.overlay_token),
            _ => bearer(&text(script)?),
        };
        self.message(&json!({ "type": "connection_init", "payload": payload }).to_string());
        self.wait().await;

        Ok(())
    }

    /// Follows the room, from the head or somewhere else.
    fn follow(&mut self, script: &mut Unstructured<'_>) -> Result<()> {
        let id = *script.choose(&IDS)?;
        let mut variables = json!({ "roomId": self.room_id() });
        match script.arbitrary::<u8>()? % 4 {
            0 => {}
            1 => {
                variables["at"] = "2026-01-02T03:04:05.678Z".into();
                variables["until"] = text(script)?.into();
            }
            2 => {
                let seq = script.arbitrary::<i8>()?.to_string();
                variables["after"] = json!({ "epoch": text(script)?, "seq": seq });
            }
            _ => variables["at"] = text(script)?.into(),
        }

        self.subscribe(id, LIVE_ROOM, &variables);
        Ok(())
    }

    fn subscribe(&mut self, id: &str, document: &str, variables: &Value) {
        let payload = json!({ "query": document, "variables": variables });
        let message = json!({ "type": "subscribe", "id": id, "payload": payload });
        self.message(&message.to_string());
    }

    /// Lets the server answer, which it does to a ping if to nothing else.
    async fn wait(&mut self) {
        self.waits += 1;
        if self.waits > WAITS_MAX {
            return;
        }
        self.peer.flush().await;
        if !self.peer.is_between_frames() {
            return;
        }
        let before = self.heard.messages();
        self.message(r#"{"type":"ping"}"#);
        self.peer.flush().await;
        self.heard.message_after(before).await;
    }

    async fn donate(&mut self) {
        if self.donations_left == 0 {
            return;
        }
        self.donations_left -= 1;
        *self.donations += 1;
        let key = format!("donation-{}", self.donations);
        self.scene.server.donate(self.scene.room, &key).await;
    }

    /// A frame with any first byte and any form of length.
    fn frame(&mut self, script: &mut Unstructured<'_>) -> Result<()> {
        let head = script.arbitrary::<u8>()?;
        let form = *script.choose(&[
            LengthForm::Shortest,
            LengthForm::TwoBytes,
            LengthForm::EightBytes,
        ])?;
        framing::frame(self.peer.buffer(), head, form, bytes(script)?);

        Ok(())
    }

    /// One text in pieces, each a frame.
    fn fragments(&mut self, script: &mut Unstructured<'_>) -> Result<()> {
        let piece_bytes = usize::from(script.arbitrary::<u8>()?) + 1;
        let text = bytes(script)?;
        let pieces: Vec<&[u8]> = text.chunks(piece_bytes).collect();
        for (index, piece) in pieces.iter().enumerate() {
            let opcode = u8::from(index == 0);
            let fin = if index + 1 == pieces.len() { 0x80 } else { 0 };
            framing::frame(
                self.peer.buffer(),
                fin | opcode,
                LengthForm::Shortest,
                piece,
            );
        }

        Ok(())
    }

    /// The same message many times over.
    fn flood(&mut self, script: &mut Unstructured<'_>) -> Result<()> {
        let times = script.arbitrary::<u8>()?;
        let text = text(script)?;
        for _ in 0..times {
            self.message(&text);
        }

        Ok(())
    }
}

/// Bytes with their number before them; the last ones may be fewer.
fn bytes<'a>(script: &mut Unstructured<'a>) -> Result<&'a [u8]> {
    let length = script.arbitrary::<u16>()?;

    script.bytes(usize::from(length).min(script.len()))
}

fn text(script: &mut Unstructured<'_>) -> Result<String> {
    Ok(String::from_utf8_lossy(bytes(script)?).into_owned())
}
