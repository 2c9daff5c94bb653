//! Client, network and server in virtual time.

mod network;
mod seen;

use self::network::{InFlight, Socket};
use crate::server::{NOVELTY, SERVER_START_MS, SPOILT, Server};
use parlor_sdk_core::{
    Client, Config, ConnectionState, Delivery, Input, Instant, MediaTime, Placement, Playhead,
    PlayheadQuality, RoomEvent, ServerTime,
};
use serde_json::Value;
use std::collections::VecDeque;

/// How often a player that plays says where it is.
const REPORT_INTERVAL_MS: i64 = 1_000;

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
    /// The viewer's wallet, as often as it was said to be another.
    pub(crate) wallets: Vec<(i64, Option<String>)>,
    /// Of what lies before this, a client was told the last state alone.
    pub(crate) snapshot_head: i64,
    /// How far the client had got in the log at each of `deliveries`.
    pub(crate) received_at: Vec<i64>,
    received_through: i64,
    /// How much the client was sent.
    pub(crate) received_bytes: usize,
    /// How often the viewer has sought.
    pub(crate) seeks: u32,
    /// How long ago the picture was where the player says, if it says so.
    pub(crate) read_ago_ms: Option<i64>,
    /// What the player goes on to report each second; nothing of one that stands, or says no more.
    pub(crate) player: Option<Playing>,
    socket: Option<Socket>,
    sockets: u32,
    in_flight: VecDeque<InFlight>,
}

/// A player that plays.
#[derive(Clone, Copy)]
pub(crate) struct Playing {
    position: i64,
    rate: u32,
    began_at: i64,
    reported_at: i64,
}

/// Everything but what is new, and what was spoilt on the server.
fn can_read(event: &RoomEvent) -> bool {
    let is_spoilt = event.payload.as_json().contains(SPOILT);

    event.type_name != NOVELTY && !is_spoilt
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
            client: Client::new(config, can_read, 1, Instant::from_millis(0)),
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
            wallets: Vec::new(),
            snapshot_head: 0,
            received_at: Vec::new(),
            received_through: 0,
            received_bytes: 0,
            seeks: 0,
            read_ago_ms: None,
            player: None,
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
        if matches!(
            input,
            Input::PlayheadLost | Input::PlayheadUnreadable | Input::NoPlayhead | Input::Pause
        ) {
            self.player = None;
        }
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

    /// The viewer goes to `position`, and the player says so.
    pub(crate) fn seek_to(&mut self, position: i64) {
        self.seeks += 1;
        self.play_at(position);
    }

    pub(crate) fn report(&mut self, position: i64, playing: bool, rate: u32) {
        let in_background = self.state() == ConnectionState::Paused;
        self.player = (playing && !in_background).then_some(Playing {
            position,
            rate,
            began_at: self.now,
            reported_at: self.now,
        });
        self.tell(position, playing, rate);
    }

    /// Has the player say no more. Returns when it last did, if it was playing.
    pub(crate) fn fall_silent(&mut self) -> Option<i64> {
        self.player.take().map(|player| player.reported_at)
    }

    /// Reports where the player has got to.
    fn report_again(&mut self) {
        let Some(player) = &mut self.player else {
            return;
        };
        player.reported_at = self.now;
        let way_ms = (self.now - player.began_at) * i64::from(player.rate) / 10_000;
        let (position, rate) = (player.position.saturating_add(way_ms), player.rate);
        self.tell(position, true, rate);
    }

    fn tell(&mut self, position: i64, playing: bool, rate: u32) {
        let way_ms = self.read_ago_ms.unwrap_or(0) * i64::from(rate) / 10_000;
        let way_ms = if playing { way_ms } else { 0 };
        self.input(Input::Playhead(Playhead {
            position: MediaTime::from_unix_millis(position.saturating_sub(way_ms)),
            true_at: self
                .read_ago_ms
                .map(|ago_ms| Instant::from_millis(self.now - ago_ms)),
            quality: PlayheadQuality::Clock,
            playing,
            rate,
            seeks: self.seeks,
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

    /// Sends the client a message that the server did not think of.
    pub(crate) fn inject(&mut self, text: &str) {
        self.input(Input::Received(text));
    }

    /// When the client wants to be woken.
    pub(crate) fn next_wakeup(&self) -> Option<i64> {
        Some(self.client.poll_timeout()?.as_millis())
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
            let report = self
                .player
                .map(|player| player.reported_at + REPORT_INTERVAL_MS);
            let events = [arrival, wakeup, report];
            let Some(next) = events.into_iter().flatten().min() else {
                break;
            };
            if next > end {
                break;
            }
            self.now = next;
            if arrival == Some(next) {
                self.arrive();
            } else if report == Some(next) {
                self.report_again();
            } else {
                self.input(Input::Timeout);
            }

            wakeups += 1;
            assert!(wakeups < WAKEUPS_MAX, "the client spins at {}", self.now);
        }
        self.now = end;
        self.input(Input::Timeout);
    }
}
