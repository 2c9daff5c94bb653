//! Client, network and server in virtual time.

use crate::server::{Logged, SERVER_START_MS, Server};
use parlor_sdk_core::{
    Client, Config, ConnectionState, Delivery, EventKind, Input, Instant, MediaTime, Output,
    Placement, Playhead, ServerTime, ShownEvent,
};
use serde_json::{Value, json};
use std::collections::VecDeque;

/// Wake-ups in one stretch. Bounded, because a broken machine spins rather than fails.
const WAKEUPS_MAX: u32 = 20_000;

pub(crate) struct Sim {
    pub(crate) client: Client,
    pub(crate) server: Server,
    pub(crate) now: i64,
    /// What the network takes, each way.
    pub(crate) latency_ms: i64,
    /// Messages from the server are lost while this is set.
    pub(crate) loses_messages: bool,
    pub(crate) answers_pings: bool,
    /// Whether a socket can be opened, and messages arrive.
    pub(crate) server_is_up: bool,
    pub(crate) deliveries: Vec<(i64, Delivery)>,
    pub(crate) states: Vec<(i64, ConnectionState)>,
    pub(crate) sent: Vec<(i64, Value)>,
    pub(crate) connects: Vec<i64>,
    pub(crate) closes: Vec<u16>,
    pub(crate) token_warnings: Vec<ServerTime>,
    /// Of what lies before this, a client was told the last state alone.
    pub(crate) snapshot_head: i64,
    /// How far the client had got in the log at each of `deliveries`.
    pub(crate) received_at: Vec<i64>,
    received_through: i64,
    socket: Option<Socket>,
    sockets: u32,
    in_flight: VecDeque<InFlight>,
}

struct Socket {
    number: u32,
    subscription: Option<String>,
    sent_through: i64,
    /// Whether the client misses something and cannot know it yet.
    lost: bool,
}

struct InFlight {
    at: i64,
    socket: u32,
    cargo: Cargo,
}

enum Cargo {
    ToServer(Value),
    ToClient(Value),
    Opened,
    Closed(u16),
}

impl Sim {
    pub(crate) fn new(placement: Placement) -> Self {
        Self::with_server(placement, Server::new(8_000, 300))
    }

    pub(crate) fn with_server(placement: Placement, server: Server) -> Self {
        let config = Config {
            url: "ws://server/graphql/ws".to_owned(),
            token: Some("a token".to_owned()),
            room_id: "room".to_owned(),
            placement,
            start_at: None,
        };

        Self::with_config(config, server)
    }

    pub(crate) fn with_config(config: Config, server: Server) -> Self {
        let mut sim = Self {
            client: Client::new(config, 1, Instant::from_millis(0)),
            server,
            now: 0,
            latency_ms: 20,
            loses_messages: false,
            answers_pings: true,
            server_is_up: true,
            deliveries: Vec::new(),
            states: Vec::new(),
            sent: Vec::new(),
            connects: Vec::new(),
            closes: Vec::new(),
            token_warnings: Vec::new(),
            snapshot_head: 0,
            received_at: Vec::new(),
            received_through: 0,
            socket: None,
            sockets: 0,
            in_flight: VecDeque::new(),
        };
        sim.drain();

        sim
    }

    /// A player that has been `behind_ms` behind the live edge for a while.
    pub(crate) fn playing_behind(behind_ms: i64) -> Self {
        let mut sim = Self::new(Placement::Player);
        sim.play_at(sim.live_edge() - behind_ms);
        sim.run_for(5_000);

        sim
    }

    pub(crate) fn server_now(&self) -> i64 {
        SERVER_START_MS + self.now
    }

    /// The place on the stream's timeline that is being filmed now.
    pub(crate) fn live_edge(&self) -> i64 {
        self.server_now() + self.server.ingest_offset_ms
    }

    pub(crate) fn input(&mut self, input: Input<'_>) {
        self.client
            .handle_input(input, Instant::from_millis(self.now));
        self.drain();
    }

    pub(crate) fn play_at(&mut self, position: i64) {
        self.report(position, true, 10_000);
    }

    pub(crate) fn pause_at(&mut self, position: i64) {
        self.report(position, false, 10_000);
    }

    pub(crate) fn report(&mut self, position: i64, playing: bool, rate: u32) {
        self.input(Input::Playhead(Playhead {
            position: MediaTime::from_unix_millis(position),
            playing,
            rate,
        }));
    }

    /// Changes the server by `change`, which is told its time, and sends what is new.
    pub(crate) fn happen(&mut self, change: impl FnOnce(&mut Server, i64)) {
        change(&mut self.server, SERVER_START_MS + self.now);
        self.publish();
    }

    pub(crate) fn contribute(&mut self, hype: i64) {
        self.happen(|server, now| server.contribute(hype, now));
    }

    /// Changes how many are online, and tells it by a message of its own.
    pub(crate) fn set_online(&mut self, online: i32) {
        self.server.online = online;
        let Some((socket, id)) = self.subscriber() else {
            return;
        };
        let message = self.server.message(&id, self.server.head(), true, None);
        self.send_to_client(socket, self.server.with_presence(message));
    }

    /// Breaks the connection; the client is told at once.
    pub(crate) fn cut(&mut self, code: u16) {
        let Some(socket) = self.socket.take() else {
            return;
        };
        self.in_flight
            .retain(|in_flight| in_flight.socket != socket.number);
        self.input(Input::Closed { code });
    }

    /// Lets the last message from the server arrive once more.
    pub(crate) fn repeat_last_message(&mut self) {
        let Some((socket, id)) = self.subscriber() else {
            return;
        };
        let message = self
            .server
            .message(&id, (self.server.head() - 2).max(0), true, None);
        self.send_to_client(socket, message);
    }

    /// Swaps the last two messages with events that are on their way from the server.
    pub(crate) fn reorder(&mut self) {
        let feeds: Vec<usize> = (0..self.in_flight.len())
            .filter(|index| match &self.in_flight[*index].cargo {
                Cargo::ToClient(message) => {
                    let events = &message["payload"]["data"]["liveRoom"]["events"];
                    events.as_array().is_some_and(|events| !events.is_empty())
                }
                Cargo::ToServer(_) | Cargo::Opened | Cargo::Closed(_) => false,
            })
            .collect();
        if let [.., one, other] = feeds[..] {
            let (at_one, at_other) = (self.in_flight[one].at, self.in_flight[other].at);
            self.in_flight.swap(one, other);
            self.in_flight[one].at = at_one;
            self.in_flight[other].at = at_other;
        }
    }

    /// Sends the client a message that the server did not think of.
    pub(crate) fn inject(&mut self, text: &str) {
        self.input(Input::Received(text));
    }

    /// Jumps from one thing that happens to the next until `span_ms` has passed.
    pub(crate) fn run_for(&mut self, span_ms: i64) {
        let end = self.now + span_ms;
        let mut wakeups = 0;
        loop {
            let arrival = self.in_flight.iter().map(|in_flight| in_flight.at).min();
            let wakeup = self
                .client
                .poll_timeout()
                .map(|at| at.as_millis().max(self.now));
            let Some(next) = arrival.into_iter().chain(wakeup).min() else {
                break;
            };
            if next > end {
                break;
            }
            self.now = next;
            if arrival == Some(next) {
                self.arrive();
            } else {
                self.input(Input::Timeout);
            }

            wakeups += 1;
            assert!(wakeups < WAKEUPS_MAX, "the client spins at {}", self.now);
        }
        self.now = end;
        self.input(Input::Timeout);
    }

    /// Seqs of the picture events shown, in order.
    pub(crate) fn shown(&self) -> Vec<i64> {
        self.shown_events()
            .filter(|(_, shown)| is_picture(&shown.event.kind))
            .map(|(_, shown)| shown.event.seq)
            .collect()
    }

    pub(crate) fn shown_events(&self) -> impl Iterator<Item = (i64, &ShownEvent)> {
        self.deliveries
            .iter()
            .filter_map(|(at, delivery)| match delivery {
                Delivery::Event(shown) => Some((*at, shown)),
                Delivery::StateReplaced(_) | Delivery::PresenceChanged { .. } => None,
            })
    }

    /// Totals of the train at each jump of the picture.
    pub(crate) fn replaced(&self) -> Vec<Option<i64>> {
        self.deliveries
            .iter()
            .filter_map(|(_, delivery)| match delivery {
                Delivery::StateReplaced(room) => Some(room.train().map(|train| train.total)),
                Delivery::Event(_) | Delivery::PresenceChanged { .. } => None,
            })
            .collect()
    }

    /// How many are online, as often as that was delivered by itself.
    pub(crate) fn online(&self) -> Vec<i32> {
        self.deliveries
            .iter()
            .filter_map(|(_, delivery)| match delivery {
                Delivery::PresenceChanged { online_count } => Some(*online_count),
                Delivery::StateReplaced(_) | Delivery::Event(_) => None,
            })
            .collect()
    }

    pub(crate) fn forget_deliveries(&mut self) {
        self.deliveries.clear();
        self.received_at.clear();
    }

    /// The total of the train that the viewer sees.
    pub(crate) fn total(&self) -> Option<i64> {
        self.client.room().train().map(|train| train.total)
    }

    pub(crate) fn state(&self) -> ConnectionState {
        self.client.connection_state()
    }

    /// Returns whether the client has everything that the server has.
    pub(crate) fn is_synced(&self) -> bool {
        let nothing_under_way = self.in_flight.iter().all(|in_flight| {
            let (Cargo::ToServer(message) | Cargo::ToClient(message)) = &in_flight.cargo else {
                return false;
            };
            message["type"] == "ping" || message["type"] == "pong"
        });
        let subscribed = self.socket.as_ref().is_some_and(|socket| {
            socket.subscription.is_some()
                && socket.sent_through == self.server.head()
                && !socket.lost
        });

        nothing_under_way && subscribed && self.state() == ConnectionState::Live
    }

    pub(crate) fn has_socket(&self) -> bool {
        self.socket.is_some()
    }

    /// Variables of the subscriptions made so far.
    pub(crate) fn subscriptions(&self) -> Vec<&Value> {
        self.sent
            .iter()
            .filter(|(_, message)| message["type"] == "subscribe")
            .map(|(_, message)| &message["payload"]["variables"])
            .collect()
    }

    pub(crate) fn sent_of(&self, kind: &str) -> Vec<(i64, &Value)> {
        self.sent
            .iter()
            .filter(|(_, message)| message["type"] == kind)
            .map(|(at, message)| (*at, message))
            .collect()
    }

    /// Picture events of the log.
    pub(crate) fn picture_log(&self) -> impl Iterator<Item = &Logged> {
        self.server.log.iter().filter(|logged| logged.is_picture())
    }

    fn drain(&mut self) {
        while let Some(output) = self.client.poll_output() {
            match output {
                Output::Connect { protocol, .. } => {
                    assert_eq!(protocol, "graphql-transport-ws");
                    self.connect();
                }
                Output::Send(text) => {
                    let message: Value =
                        serde_json::from_str(&text).expect("the client sends JSON");
                    self.sent.push((self.now, message.clone()));
                    let socket = self.socket.as_ref().expect("sends need a socket").number;
                    self.dispatch(socket, Cargo::ToServer(message));
                }
                Output::CloseSocket { code } => {
                    assert!(code == 1000 || (3000..5000).contains(&code), "{code}");
                    self.closes.push(code);
                    self.socket = None;
                }
                Output::Deliver(delivery) => {
                    self.deliveries.push((self.now, *delivery));
                    self.received_at.push(self.received_through);
                }
                Output::ConnectionChanged(state) => self.states.push((self.now, state)),
                Output::TokenExpiring { expires_at } => self.token_warnings.push(expires_at),
            }
        }
    }

    fn connect(&mut self) {
        self.connects.push(self.now);
        self.sockets += 1;
        self.socket = Some(Socket {
            number: self.sockets,
            subscription: None,
            sent_through: 0,
            lost: false,
        });
        let cargo = if self.server_is_up {
            Cargo::Opened
        } else {
            Cargo::Closed(1006)
        };
        self.dispatch(self.sockets, cargo);
    }

    fn dispatch(&mut self, socket: u32, cargo: Cargo) {
        self.in_flight.push_back(InFlight {
            at: self.now + self.latency_ms,
            socket,
            cargo,
        });
    }

    fn arrive(&mut self) {
        let due = self
            .in_flight
            .iter()
            .position(|in_flight| in_flight.at <= self.now)
            .expect("something is due");
        let in_flight = self.in_flight.remove(due).expect("it was just found");
        if self.socket.as_ref().map(|socket| socket.number) != Some(in_flight.socket) {
            return;
        }

        match in_flight.cargo {
            Cargo::ToServer(message) => self.serve(in_flight.socket, &message),
            Cargo::ToClient(message) => {
                self.note_received(&message);
                self.input(Input::Received(&message.to_string()));
            }
            Cargo::Opened => self.input(Input::Opened),
            Cargo::Closed(code) => {
                self.socket = None;
                self.input(Input::Closed { code });
            }
        }
    }

    fn note_received(&mut self, message: &Value) {
        let feed = &message["payload"]["data"]["liveRoom"];
        let seq = |field: &str| feed[field].as_str().map(|seq| seq.parse::<i64>().unwrap());
        let (Some(after), Some(through)) = (seq("afterSeq"), seq("throughSeq")) else {
            return;
        };
        let subscriptions = self.sent_of("subscribe");
        if subscriptions.last().unwrap().1["id"] != message["id"] {
            return;
        }

        if !feed["snapshot"].is_null() {
            self.received_through = through;
        } else if after <= self.received_through {
            self.received_through = through.max(self.received_through);
        }
    }

    fn serve(&mut self, socket: u32, message: &Value) {
        if !self.server_is_up {
            return;
        }
        match message["type"].as_str().unwrap() {
            "connection_init" => self.send_to_client(socket, json!({"type": "connection_ack"})),
            "ping" if !self.answers_pings => {}
            "ping" => {
                let now = self.server_now();
                let pong = json!({"type": "pong", "payload": {
                    "clientSentAt": message["payload"]["clientSentAt"],
                    "serverReceivedAt": now, "serverSentAt": now,
                }});
                self.send_to_client(socket, pong);
            }
            "subscribe" => self.serve_subscription(socket, message),
            "complete" => {
                let subscriber = self.socket.as_mut().unwrap();
                if subscriber.subscription.as_deref() == message["id"].as_str() {
                    subscriber.subscription = None;
                }
            }
            "pong" => {}
            other => panic!("the client sent `{other}`"),
        }
    }

    fn serve_subscription(&mut self, socket: u32, message: &Value) {
        let id = message["id"].as_str().unwrap().to_owned();
        if let Some(code) = self.server.refuses {
            let error = json!({"type": "error", "id": id, "payload": [
                {"message": "no", "extensions": {"code": code}},
            ]});
            self.send_to_client(socket, error);
            return;
        }

        let variables = &message["payload"]["variables"];
        let first = self.server.first_message(&id, variables);
        let first = self.server.with_presence(first);
        if !first["payload"]["data"]["liveRoom"]["snapshot"].is_null() {
            let at_head = variables.get("at").is_none();
            self.snapshot_head = if at_head { self.server.head() } else { 0 };
        }
        let subscriber = self.socket.as_mut().unwrap();
        subscriber.subscription = Some(id);
        subscriber.sent_through = self.server.head();
        subscriber.lost = false;
        self.send_to_client(socket, first);
    }

    fn publish(&mut self) {
        let Some((number, id)) = self.subscriber() else {
            return;
        };
        let socket = self.socket.as_mut().unwrap();
        let after_seq = socket.sent_through;
        socket.sent_through = self.server.head();
        if after_seq < self.server.head() {
            let message = self.server.message(&id, after_seq, true, None);
            self.send_to_client(number, message);
        }
    }

    fn subscriber(&self) -> Option<(u32, String)> {
        let socket = self.socket.as_ref()?;

        Some((socket.number, socket.subscription.clone()?))
    }

    fn send_to_client(&mut self, socket: u32, message: Value) {
        if !self.loses_messages && self.server_is_up {
            self.dispatch(socket, Cargo::ToClient(message));
        } else if message["type"] == "next" {
            self.socket.as_mut().unwrap().lost = true;
        }
    }
}

pub(crate) fn is_picture(kind: &EventKind) -> bool {
    !matches!(
        kind,
        EventKind::RoomUpdated(_) | EventKind::Session(..) | EventKind::Participant(..)
    )
}
