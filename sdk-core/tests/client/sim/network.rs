//! The network between client and server, and what goes wrong on it.

use super::Sim;
use crate::server::Window;
use parlor_sdk_core::{Input, Output};
use serde_json::{Value, json};

pub(super) struct Socket {
    pub(super) number: u32,
    pub(super) subscription: Option<String>,
    /// The operation that follows the viewer's wallet.
    viewer: Option<String>,
    /// What the client introduced itself with.
    token: String,
    pub(super) sent_through: i64,
    /// Of what is yet to be sent, how much is wanted.
    window: Option<Window>,
    /// Whether the client misses something and cannot know it yet.
    pub(super) lost: bool,
}

pub(super) struct InFlight {
    pub(super) at: i64,
    socket: u32,
    pub(super) cargo: Cargo,
}

pub(super) enum Cargo {
    ToServer(Value),
    ToClient(Value),
    Opened,
    Closed(u16),
}

impl Sim {
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

    /// Swaps the last two messages with events that are on their way from the server, unless a count is
    /// among or between them: nothing shows a client that it has missed one.
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
        let tells_count = |in_flight: &InFlight| match &in_flight.cargo {
            Cargo::ToClient(message) => {
                !message["payload"]["data"]["liveRoom"]["presence"].is_null()
            }
            Cargo::ToServer(_) | Cargo::Opened | Cargo::Closed(_) => false,
        };
        if let [.., one, other] = feeds[..]
            && !self.in_flight.range(one..=other).any(tells_count)
        {
            let (at_one, at_other) = (self.in_flight[one].at, self.in_flight[other].at);
            self.in_flight.swap(one, other);
            self.in_flight[one].at = at_one;
            self.in_flight[other].at = at_other;
        }
    }

    pub(super) fn drain(&mut self) {
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
                Output::WalletChanged => {
                    let wallet = self.client.wallet().map(|it| it.as_json().to_owned());
                    self.wallets.push((self.now, wallet));
                }
            }
        }
    }

    fn connect(&mut self) {
        self.connects.push(self.now);
        self.sockets += 1;
        self.socket = Some(Socket {
            number: self.sockets,
            subscription: None,
            viewer: None,
            token: String::new(),
            sent_through: 0,
            window: None,
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

    pub(super) fn arrive(&mut self) {
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
                let text = message.to_string();
                self.received_bytes += text.len();
                self.input(Input::Received(&text));
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
        let mut operations = self.sent_of("subscribe").into_iter().rev();
        let last = operations.find(|(_, operation)| follows_room(operation));
        if last.unwrap().1["id"] != message["id"] {
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
            "connection_init" => {
                let token = &message["payload"]["Authorization"];
                self.socket.as_mut().unwrap().token =
                    token.as_str().map_or_else(String::new, String::from);
                self.send_to_client(socket, json!({"type": "connection_ack"}));
            }
            "ping" if !self.answers_pings => {}
            "ping" => {
                let now = self.server_now();
                let pong = json!({"type": "pong", "payload": {
                    "clientSentAt": message["payload"]["clientSentAt"],
                    "serverReceivedAt": now, "serverSentAt": now,
                }});
                self.send_to_client(socket, pong);
            }
            "subscribe" if is_query(message) => self.serve_query(socket, message),
            "subscribe" if follows_room(message) => self.serve_subscription(socket, message),
            "subscribe" => self.serve_viewer(socket, message),
            "complete" => {
                let subscriber = self.socket.as_mut().unwrap();
                if subscriber.subscription.as_deref() == message["id"].as_str() {
                    subscriber.subscription = None;
                }
                if subscriber.viewer.as_deref() == message["id"].as_str() {
                    subscriber.viewer = None;
                }
            }
            "pong" => {}
            other => panic!("the client sent `{other}`"),
        }
    }

    fn serve_viewer(&mut self, socket: u32, message: &Value) {
        let id = message["id"].as_str().unwrap();
        assert_eq!(message["payload"]["variables"], json!({"roomId": "room"}));
        if let Some(code) = self.server.refuses_viewer {
            return self.send_refusal(socket, id, code);
        }
        self.socket.as_mut().unwrap().viewer = Some(id.to_owned());
        self.tell_viewer();
    }

    /// Tells whoever follows their wallet how it is: whose it is by their token, and what is in it by the server.
    pub(crate) fn tell_viewer(&mut self) {
        let Some(Socket {
            number,
            viewer: Some(id),
            token,
            ..
        }) = &self.socket
        else {
            return;
        };
        let whose = token.replace("Bearer ", "");
        let points = self.server.points;
        let wallet = points.map(|points| json!({"participantId": whose, "balance": points}));
        let message = json!({"type": "next", "id": id, "payload": {"data": {"liveViewer": {
            "epoch": self.server.epoch, "version": self.server.version.to_string(), "wallet": wallet,
        }}}});
        self.send_to_client(*number, message);
    }

    /// Ends the operation that follows the viewer's wallet.
    pub(crate) fn end_viewer(&mut self, code: Option<&str>) {
        let socket = self.socket.as_mut().expect("there is a socket");
        let (number, id) = (socket.number, socket.viewer.take().expect("it is followed"));
        match code {
            Some(code) => self.send_refusal(number, &id, code),
            None => self.send_to_client(number, json!({"type": "complete", "id": id})),
        }
    }

    /// Returns whether the server has an operation that follows the viewer's wallet.
    pub(crate) fn follows_viewer(&self) -> bool {
        self.socket.as_ref().is_some_and(|it| it.viewer.is_some())
    }

    fn serve_query(&mut self, socket: u32, message: &Value) {
        let id = message["id"].as_str().unwrap();
        if self.refuse(socket, id) {
            return;
        }
        let query = message["payload"]["query"].as_str().unwrap();
        assert!(
            query.contains("} fragment FeedEvent on RoomEvent {"),
            "{query}"
        );
        let answer = self.server.more(id, &message["payload"]["variables"]);
        self.send_to_client(socket, answer);
        self.send_to_client(socket, json!({"type": "complete", "id": id}));
    }

    fn refuse(&mut self, socket: u32, id: &str) -> bool {
        let Some(code) = self.server.refuses else {
            return false;
        };
        self.send_refusal(socket, id, code);

        true
    }

    fn send_refusal(&mut self, socket: u32, id: &str, code: &str) {
        let error = json!({"type": "error", "id": id, "payload": [
            {"message": "no", "extensions": {"code": code}},
        ]});
        self.send_to_client(socket, error);
    }

    fn serve_subscription(&mut self, socket: u32, message: &Value) {
        let id = message["id"].as_str().unwrap().to_owned();
        if self.refuse(socket, &id) {
            return;
        }

        let variables = &message["payload"]["variables"];
        let window = self.server.window(variables);
        let first = self.server.first_message(&id, variables);
        let first = self.server.with_presence(first);
        let sent_through = through_seq(&first);
        if !first["payload"]["data"]["liveRoom"]["snapshot"].is_null() {
            let at_head = variables.get("at").is_none();
            self.snapshot_head = if at_head { self.server.head() } else { 0 };
        }
        let subscriber = self.socket.as_mut().unwrap();
        subscriber.subscription = Some(id);
        subscriber.sent_through = sent_through;
        subscriber.window = window.filter(|_| !leaves_out(&first));
        subscriber.lost = false;
        self.send_to_client(socket, first);
        self.publish();
    }

    pub(super) fn publish(&mut self) {
        let Some((number, id)) = self.subscriber() else {
            return;
        };
        let head = self.server.head();
        let socket = self.socket.as_mut().unwrap();
        let mut after_seq = socket.sent_through;
        socket.sent_through = head;
        let mut window = socket.window.take();
        while after_seq < head {
            let message = self.server.page(&id, after_seq, true, None, window);
            window = window.filter(|_| !leaves_out(&message));
            after_seq = through_seq(&message);
            self.send_to_client(number, message);
        }
    }

    pub(super) fn subscriber(&self) -> Option<(u32, String)> {
        let socket = self.socket.as_ref()?;

        Some((socket.number, socket.subscription.clone()?))
    }

    pub(super) fn send_to_client(&mut self, socket: u32, message: Value) {
        if !self.loses_messages && self.server_is_up {
            self.dispatch(socket, Cargo::ToClient(message));
        } else if message["type"] == "next" {
            self.socket.as_mut().unwrap().lost = true;
        }
    }
}

fn through_seq(message: &Value) -> i64 {
    let through = &message["payload"]["data"]["liveRoom"]["throughSeq"];
    through.as_str().unwrap().parse().unwrap()
}

fn leaves_out(message: &Value) -> bool {
    !message["payload"]["data"]["liveRoom"]["leftOutFrom"].is_null()
}

/// Returns whether an operation is the one that the room is followed by.
pub(super) fn follows_room(operation: &Value) -> bool {
    let query = operation["payload"]["query"].as_str();

    query.is_some_and(|query| query.starts_with("subscription LiveRoom"))
}

fn is_query(operation: &Value) -> bool {
    let query = operation["payload"]["query"].as_str();

    query.is_some_and(|query| query.starts_with("query"))
}
