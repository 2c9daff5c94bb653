//! Records what a client is sent over a whole train, for every client to be rehearsed with.
//!
//! The frames are this server's own, byte for byte, at instants of a clock that the test moves. The
//! display plans beside the recordings are what sdk-core makes of them. With `UPDATE_FIXTURES=1`
//! the recordings are written instead of compared.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use parlor_api::{format_time, global_id};
use parlor_domain::access::Principal;
use parlor_domain::id::RoomId;
use parlor_domain::time::ServerTime;
use serde_json::{Value, json};

use crate::client::Client;
use crate::server::{START_MS, TestServer};

/// The document that the SDKs follow a room with, without what a selection does not need.
const LIVE_ROOM: &str = include_str!("../../../../sdk-core/operations/live_room.graphql");
/// The way between a client and the server, each way, in milliseconds.
const TRIP_MS: i64 = 20;
/// How often a player that plays says where it is: of one that says nothing the picture stands.
const REPORT_INTERVAL_MS: i64 = 1_000;
/// Where the room's stream timeline is ahead of its stage (see `TestServer::room`).
const INGEST_OFFSET_MS: i64 = 5_000;

/// What a recorded client does, or what happens to its room, at an instant.
enum Act {
    Donate(&'static str),
    /// Staff ends, interrupts or resumes the session.
    Session(&'static str),
    Join(&'static str),
    Leave(&'static str),
    /// Somebody changes their own place, by a mutation that takes a `ParticipantInput`.
    Move(&'static str, &'static str),
    /// Staff changes somebody's place, likewise.
    Order(&'static str, &'static str),
    /// The player says where it is, so far behind the live edge, in milliseconds.
    Play {
        behind_ms: i64,
    },
    /// The viewer goes to that place.
    Seek {
        behind_ms: i64,
    },
    Pause {
        behind_ms: i64,
    },
    /// The network ends the connection, and a new one is open this much later.
    Reconnect {
        after_ms: i64,
        attempt: u32,
        /// What happens before the new connection is open.
        meanwhile: Vec<Act>,
    },
}

struct Recorder {
    server: TestServer,
    room: RoomId,
    client: Client,
    /// Participants' ids by name.
    people: BTreeMap<&'static str, String>,
    /// The last feed's position.
    position: Value,
    subscriptions: u32,
    /// Instants at which the recorded client asks for the time.
    pings: Vec<i64>,
    steps: String,
    /// How often the viewer has sought.
    seeks: u32,
    playing: Option<Playing>,
}

/// A player that plays.
struct Playing {
    behind_ms: i64,
    reported_ms: i64,
}

#[tokio::test]
async fn a_source_shows_a_whole_train_as_it_happens() {
    let mut acts = train();
    acts.push((330_000, Act::Session("endSession")));

    check("server-source", "source", None, acts, 331_000).await;
}

#[tokio::test]
async fn a_player_eight_seconds_behind_pauses_and_seeks_back() {
    let mut acts = train();
    acts.push((11_000, Act::Pause { behind_ms: 8_000 }));
    acts.push((15_000, Act::Play { behind_ms: 12_000 }));
    acts.push((24_000, Act::Seek { behind_ms: 20_000 }));
    acts.push((30_000, Act::Seek { behind_ms: 8_000 }));

    check("server-player", "player", Some(8_000), acts, 42_000).await;
}

#[tokio::test]
async fn a_companion_that_was_cut_off_goes_on_where_it_was() {
    let mut acts = train();
    acts.push((
        4_500,
        Act::Reconnect {
            after_ms: 1_600,
            attempt: 2,
            meanwhile: Vec::new(),
        },
    ));

    check("server-companion", "companion", None, acts, 30_000).await;
}

#[tokio::test]
async fn a_companion_sees_people_come_speak_and_go_and_misses_nothing_while_cut_off() {
    let acts = vec![
        (2_000, Act::Join("ada")),
        (2_500, Act::Join("ben")),
        (3_000, Act::Join("cem <b>")),
        (3_500, Act::Move("ben", "requestStage")),
        (4_000, Act::Move("ada", "requestStage")),
        (4_500, Act::Order("ada", "inviteToStage")),
        (5_000, Act::Move("ada", "joinStage")),
        (5_500, Act::Order("ada", "handOverHost")),
        (6_000, Act::Order("cem <b>", "removeParticipant")),
        (
            7_000,
            Act::Reconnect {
                after_ms: 1_600,
                attempt: 2,
                meanwhile: vec![
                    Act::Order("ben", "inviteToStage"),
                    Act::Move("ada", "leaveStage"),
                    Act::Join("dee"),
                ],
            },
        ),
        (9_500, Act::Move("ben", "joinStage")),
        (10_000, Act::Leave("ada")),
        (10_500, Act::Session("endSession")),
    ];

    check("server-people", "companion", None, acts, 12_000).await;
}

#[tokio::test]
async fn a_source_sees_the_stream_go_away_and_come_back_in_one_session() {
    let acts = vec![
        (2_000, Act::Session("interruptSession")),
        (4_000, Act::Session("resumeSession")),
        (6_000, Act::Session("interruptSession")),
        (8_000, Act::Session("endSession")),
    ];

    check("server-interruption", "source", None, acts, 9_000).await;
}

/// A kickoff, a level up, and then nothing, so that the train ends when its time is over.
fn train() -> Vec<(i64, Act)> {
    vec![
        (2_000, Act::Donate("ada")),
        (3_000, Act::Donate("ben")),
        (4_000, Act::Donate("cem")),
        (6_500, Act::Donate("dee")),
        (9_000, Act::Donate("eve")),
    ]
}

async fn check(
    name: &str,
    placement: &str,
    behind_ms: Option<i64>,
    mut acts: Vec<(i64, Act)>,
    until_ms: i64,
) {
    acts.sort_by_key(|(at_ms, _)| *at_ms);
    let recording = record(name, placement, behind_ms, acts, until_ms).await;
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/plans")
        .join(format!("{name}.json"));
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        std::fs::write(&path, &recording).unwrap();
    }

    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        recording == expected,
        "{name}: the server sends other frames than recorded; \
         if that is meant, run with UPDATE_FIXTURES=1 and read the difference"
    );
}

async fn record(
    name: &str,
    placement: &str,
    behind_ms: Option<i64>,
    acts: Vec<(i64, Act)>,
    until_ms: i64,
) -> String {
    let mut recorder = Recorder::start().await;
    if let Some(behind_ms) = behind_ms {
        recorder.playhead(10, behind_ms, true);
    }
    // A player's picture may be in the middle of a moment, so a client asks from a while before it.
    let start = behind_ms.map_or(json!({}), |behind_ms| {
        let (showing_ms, ahead_ms) = (7_000, 60_000);
        let behind_ms = behind_ms + showing_ms;
        json!({
            "at": media_time(60, behind_ms),
            "until": media_time(60, behind_ms - ahead_ms),
        })
    });
    recorder.open(20, start).await;

    for (at_ms, act) in acts {
        recorder.pass_until(at_ms).await;
        recorder.act(at_ms, act).await;
    }
    recorder.pass_until(until_ms).await;
    recorder.say_again(until_ms);

    format!(
        "{{\n  \"name\": \"{name}\",\n  \"placement\": \"{placement}\",\n  \"seed\": 7,\n  \"steps\": [\n{}\n  ],\n  \"until\": {until_ms}\n}}\n",
        recorder.steps.trim_end_matches([',', '\n'])
    )
}

/// Where a player that is `behind_ms` behind the live edge is at instant `at_ms`.
fn media_time(at_ms: i64, behind_ms: i64) -> String {
    let millis = START_MS + at_ms + INGEST_OFFSET_MS - behind_ms;
    format_time(ServerTime::from_unix_millis(millis))
}

impl Recorder {
    async fn start() -> Self {
        let server = TestServer::start().await;
        let room = server.room(server.tenant, "recorded", true).await;
        server.start_session(room, 8_000).await;
        let client = Client::connect(&server).await;

        Self {
            server,
            room,
            client,
            people: BTreeMap::new(),
            position: Value::Null,
            subscriptions: 0,
            pings: Vec::new(),
            steps: String::new(),
            seeks: 0,
            playing: None,
        }
    }

    /// Opens the socket at `at_ms`, introduces the client and follows the room from `start`.
    async fn open(&mut self, at_ms: i64, start: Value) {
        self.step(at_ms, &json!({ "opened": true }));
        self.set_clock(at_ms + TRIP_MS);
        self.client.init(None).await;
        self.receive(at_ms + 2 * TRIP_MS).await;
        self.ping(at_ms).await;

        let at_ms = at_ms + 2 * TRIP_MS;
        self.set_clock(at_ms + TRIP_MS);
        self.subscriptions += 1;
        let mut variables = start;
        variables["roomId"] = global_id::room_id(self.room).into();
        let id = self.subscriptions.to_string();
        self.client.subscribe(&id, LIVE_ROOM, variables).await;
        self.receive(at_ms + 2 * TRIP_MS).await;

        // A client asks for the time often at first, and rarely then.
        let opened_ms = at_ms - 2 * TRIP_MS;
        let first = (1..5).map(|count| opened_ms + 200 * count);
        let then = (1..60).map(|count| opened_ms + 800 + 10_000 * count);
        self.pings = first.chain(then).collect();
    }

    /// Answers the pings, and lets trains end, up to `until_ms`.
    async fn pass_until(&mut self, until_ms: i64) {
        while let Some(at_ms) = self
            .pings
            .first()
            .copied()
            .filter(|at_ms| *at_ms < until_ms)
        {
            self.pings.remove(0);
            self.end_train(at_ms).await;
            self.ping(at_ms).await;
        }
        self.end_train(until_ms).await;
    }

    /// Moves the clock to `until_ms`, by way of the train's end if that comes first.
    async fn end_train(&mut self, until_ms: i64) {
        let room = self
            .server
            .service
            .app
            .store
            .room(self.room)
            .await
            .unwrap()
            .unwrap();
        let ends_ms = room
            .train
            .filter(|train| train.ended_at.is_none())
            .map(|train| train.expires_at.unix_millis() + 1 - START_MS);
        if let Some(ends_ms) = ends_ms.filter(|ends_ms| *ends_ms <= until_ms) {
            self.set_clock(ends_ms);
            self.receive(ends_ms + TRIP_MS).await;
        }
    }

    async fn act(&mut self, at_ms: i64, act: Act) {
        match act {
            Act::Donate(_)
            | Act::Session(_)
            | Act::Join(_)
            | Act::Leave(_)
            | Act::Move(..)
            | Act::Order(..) => {
                self.set_clock(at_ms);
                self.change(act).await;
                self.receive(at_ms + TRIP_MS).await;
            }
            Act::Play { behind_ms } => self.playhead(at_ms, behind_ms, true),
            Act::Seek { behind_ms } => {
                self.seeks += 1;
                self.playhead(at_ms, behind_ms, true);
            }
            Act::Pause { behind_ms } => self.playhead(at_ms, behind_ms, false),
            Act::Reconnect {
                after_ms,
                attempt,
                meanwhile,
            } => {
                self.step(at_ms, &json!({ "closed": 1006 }));
                self.set_clock(at_ms);
                for act in meanwhile {
                    self.change(act).await;
                }
                self.client = Client::connect(&self.server).await;
                self.subscriptions = attempt - 1;
                let after = json!({ "after": self.position.clone() });
                self.open(at_ms + after_ms, after).await;
            }
        }
    }

    /// Changes the room.
    async fn change(&mut self, act: Act) {
        match act {
            Act::Donate(key) => self.server.donate(self.room, key).await,
            Act::Session(mutation) => {
                let input = json!({ "roomId": global_id::room_id(self.room) });
                let first = mutation[..1].to_uppercase();
                let kind = format!("{first}{}Input", &mutation[1..]);
                self.mutate(self.staff(), mutation, &kind, input).await;
            }
            Act::Join(name) => {
                let joined = self.server.join(self.room, name).await;
                let id = joined["id"].as_str().expect("whoever joins has an id");
                self.people.insert(name, id.to_owned());
            }
            Act::Leave(name) => {
                let input = json!({ "roomId": global_id::room_id(self.room) });
                self.mutate(
                    self.server.viewer(name),
                    "leaveRoom",
                    "LeaveRoomInput",
                    input,
                )
                .await;
            }
            Act::Move(name, mutation) => {
                self.change_person(self.server.viewer(name), name, mutation)
                    .await;
            }
            Act::Order(name, mutation) => {
                self.change_person(self.staff(), name, mutation).await;
            }
            Act::Play { .. } | Act::Seek { .. } | Act::Pause { .. } | Act::Reconnect { .. } => {
                unreachable!("the room does not notice it")
            }
        }
    }

    fn staff(&self) -> Principal {
        Principal::Staff {
            tenant_id: self.server.tenant,
            user_id: "staff".to_owned(),
            is_machine: false,
        }
    }

    async fn change_person(&self, principal: Principal, name: &str, mutation: &str) {
        let id = &self.people[name];
        let document = "query ($id: ID!) { participant(id: $id) { version } }";
        let read = self
            .server
            .execute(self.server.tenant, document, json!({ "id": id }))
            .await;
        let input = json!({
            "roomId": global_id::room_id(self.room), "participantId": id,
            "version": read["participant"]["version"],
        });
        let kind = match mutation {
            "handOverHost" => "HandOverHostInput",
            "removeParticipant" => "RemoveParticipantInput",
            _ => "ParticipantInput",
        };

        self.mutate(principal, mutation, kind, input).await;
    }

    async fn mutate(&self, principal: Principal, mutation: &str, kind: &str, input: Value) {
        let document = format!(
            "mutation ($input: {kind}!) {{
                {mutation}(input: $input) {{ __typename ... on Error {{ message }} }}
            }}"
        );
        let answer = self
            .server
            .execute_as(principal, &document, json!({ "input": input }))
            .await;
        let refusal = &answer[mutation]["message"];
        assert!(refusal.is_null(), "{mutation}: {refusal}");
    }

    fn playhead(&mut self, at_ms: i64, behind_ms: i64, playing: bool) {
        self.say_again(at_ms);
        self.playing = playing.then_some(Playing {
            behind_ms,
            reported_ms: at_ms,
        });
        let position = media_time(at_ms, behind_ms);
        let playhead = json!({
            "position": position, "playing": playing, "rate": 10_000, "seeks": self.seeks,
        });
        self.write(at_ms, &json!({ "playhead": playhead }));
    }

    /// Has a player that plays say each second up to `until_ms` where it is.
    fn say_again(&mut self, until_ms: i64) {
        while let Some(playing) = self
            .playing
            .take_if(|playing| playing.reported_ms + REPORT_INTERVAL_MS < until_ms)
        {
            let at_ms = playing.reported_ms + REPORT_INTERVAL_MS;
            self.playhead(at_ms, playing.behind_ms, true);
        }
    }

    async fn ping(&mut self, at_ms: i64) {
        self.set_clock(at_ms + TRIP_MS);
        let ping = json!({ "type": "ping", "payload": { "clientSentAt": at_ms } });
        self.client.send(ping).await;
        self.receive(at_ms + 2 * TRIP_MS).await;
    }

    /// Records the next frame, as it arrives at `at_ms`.
    async fn receive(&mut self, at_ms: i64) {
        let text = self.client.receive_text().await.unwrap();
        let message: Value = serde_json::from_str(&text).unwrap();
        let feed = &message["payload"]["data"]["liveRoom"];
        if feed.is_object() {
            self.position = json!({ "epoch": feed["epoch"], "seq": feed["throughSeq"] });
        }
        self.step(at_ms, &json!({ "frame": text }));
    }

    fn step(&mut self, at_ms: i64, what: &Value) {
        self.say_again(at_ms);
        self.write(at_ms, what);
    }

    fn write(&mut self, at_ms: i64, what: &Value) {
        let what = what.to_string();
        let what = what.trim_start_matches('{');
        writeln!(self.steps, "    {{\"at\": {at_ms}, {what},").expect("a string takes text");
    }

    /// The server's clock only moves forward: what came later on its way may be recorded first.
    fn set_clock(&mut self, at_ms: i64) {
        let at = ServerTime::from_unix_millis(START_MS + at_ms);
        if self.server.service.app.clock.now() < at {
            self.server.clock.set(at);
        }
    }
}
