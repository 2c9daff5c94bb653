//! A client, and what holds of it whatever it is told.
//!
//! The checks know nothing of how the client works: they follow the playhead by a formula of their
//! own, and look at what comes out.

use parlor_sdk_core::{
    Client, Config, Delivery, Input, Instant, MediaTime, Output, Placement, Playhead, RoomEvent,
    ServerTime, ShownEvent,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Wake-ups in one stretch. A client asks for a few in a second; one that spins asks for ever.
const WAKEUPS_MAX: u32 = 20_000;

/// How long a player may say nothing of where it is before the stream's delay is used instead.
const PLAYHEAD_GRACE_MS: i64 = 5_000;

/// Where no picture is: before 2000, after 9999, and more than a minute ahead of what is being filmed.
const FIRST_POSITION_MS: i64 = 946_684_800_000;
const LAST_POSITION_MS: i64 = 253_402_300_799_999;
const AHEAD_MAX_MS: i64 = 60_000;

/// How far the scene may be ahead of a date that has stepped back.
const DISAGREEMENT_MAX_MS: i128 = 2_000;

/// No event is shorter than this in a message, so that it bounds how many can have come.
const EVENT_BYTES_MIN: usize = 100;

/// Parts that a room may have at once, live ones and those of the picture.
const PARTS_MAX: usize = 1_256;

/// What one input may make a client say beside what it shows.
const WORDS_MAX: usize = 16;

/// Characters that all of a client's state comes to when it is written out. It holds at most 2,000 events
/// that were shown, 2,000 ahead of the picture and 256 of the feed, and a script writes few that take more
/// than 800.
const STATE_CHARS_MAX: usize = 4_256 * 800;

pub(crate) struct Viewer {
    pub(crate) client: Client,
    pub(crate) now: i64,
    /// The id of the last subscription, and its variables.
    pub(crate) subscription: (u32, Value),
    /// The same of the last query.
    pub(crate) query: (u32, Value),
    /// The operation that follows the wallet.
    wallet: u32,
    /// Stamps of pings that were not answered yet.
    pub(crate) pings: Vec<i64>,
    placement: Placement,
    player: Player,
    is_paused: bool,
    last_picture_seq: i64,
    /// The earliest stamps that events came with, by `seq`.
    stamps: BTreeMap<i64, Stamps>,
    /// As told by deliveries.
    online_count: Option<i32>,
    bytes_received: usize,
}

/// When an event happened, and when it is to be shown.
#[derive(Clone, Copy)]
struct Stamps {
    occurred_at: i64,
    display_at: i64,
}

/// What is known of the viewer's player.
#[derive(Clone, Copy)]
enum Player {
    Silent { until: i64 },
    Reporting { playhead: Playhead, at: i64 },
    WithoutClock,
}

/// What its part is about has to be in it.
fn can_read(event: &RoomEvent) -> bool {
    let subject = event
        .part
        .as_deref()
        .and_then(|part| part.split(':').next());

    subject.is_none_or(|subject| event.about(subject).is_some())
}

impl Viewer {
    pub(crate) fn new(placement: Placement, start_at: Option<MediaTime>) -> Self {
        let config = Config {
            url: "ws://server/graphql/ws".to_owned(),
            token: Some("a \"token\"".to_owned()),
            room_id: "room".to_owned(),
            placement,
            start_at,
        };
        let mut viewer = Self {
            client: Client::new(config, can_read, 1, Instant::from_millis(0)),
            now: 0,
            subscription: (0, Value::Null),
            query: (0, Value::Null),
            wallet: 0,
            pings: Vec::new(),
            placement,
            player: Player::Silent {
                until: PLAYHEAD_GRACE_MS,
            },
            is_paused: false,
            last_picture_seq: i64::MIN,
            stamps: BTreeMap::new(),
            online_count: None,
            bytes_received: 0,
        };
        viewer.drain();

        viewer
    }

    /// Opens the socket and is let in.
    pub(crate) fn join(&mut self) {
        self.input(Input::Opened);
        self.receive("{\"type\":\"connection_ack\"}");
    }

    pub(crate) fn receive(&mut self, text: &str) {
        self.bytes_received += text.len();
        if let Ok(message) = serde_json::from_str(text) {
            self.note_stamps(&message);
        }
        self.input(Input::Received(text));
    }

    pub(crate) fn input(&mut self, input: Input<'_>) {
        self.follow_player(&input);
        let now = Instant::from_millis(self.now);
        let knew_the_clock = self.client.clock_error_ms(now).is_some();
        self.client.handle_input(input, now);
        if !knew_the_clock
            && self.client.clock_error_ms(now).is_some()
            && let Player::Reporting { playhead, .. } = self.player
            && !self.is_plausible(playhead)
        {
            self.player = Player::WithoutClock;
        }
        self.drain();
    }

    /// Works out where the player is, as far as `input` says something about it.
    fn follow_player(&mut self, input: &Input<'_>) {
        match *input {
            Input::Playhead(playhead) if !self.is_plausible(playhead) => self.lose_player(),
            Input::PlayheadLost | Input::PlayheadUnreadable => self.lose_player(),
            Input::Playhead(playhead) => {
                self.player = Player::Reporting {
                    playhead: Playhead {
                        playing: playhead.playing && !self.is_paused,
                        ..playhead
                    },
                    at: self.now,
                };
            }
            Input::NoPlayhead => self.player = Player::WithoutClock,
            Input::Pause => {
                self.is_paused = true;
                self.stop_player();
            }
            Input::Resume => {
                self.is_paused = false;
                if let Player::Silent { until } = &mut self.player {
                    *until = self.now + PLAYHEAD_GRACE_MS;
                }
            }
            Input::Opened
            | Input::Received(_)
            | Input::Closed { .. }
            | Input::TokenRenewed(_)
            | Input::FollowWallet(_)
            | Input::NetworkChanged { .. }
            | Input::Reconnect
            | Input::Timeout
            | Input::Disconnect => {}
        }
        if let Player::Silent { until } = self.player
            && until <= self.now
            && !self.is_paused
        {
            self.player = Player::WithoutClock;
        }
    }

    fn is_plausible(&self, playhead: Playhead) -> bool {
        let now = Instant::from_millis(self.now);
        let settings = self.client.room().settings();
        let offset_ms = settings.map_or(0, |it| it.ingest_offset_ms);
        let server_time = self.client.server_time(now);
        let live_edge = server_time.filter(|_| self.client.clock_error_ms(now).is_some());

        (FIRST_POSITION_MS..=LAST_POSITION_MS).contains(&playhead.position.unix_millis())
            && live_edge.is_none_or(|edge| {
                let edge = edge.on_stream(offset_ms);
                playhead.position.millis_since(edge) <= AHEAD_MAX_MS
            })
    }

    fn lose_player(&mut self) {
        if let Player::Reporting { playhead, .. } = self.player {
            if self.is_plausible(playhead) {
                self.stop_player();
            } else {
                self.player = Player::WithoutClock;
            }
        }
    }

    /// The picture stands where it is.
    fn stop_player(&mut self) {
        if let Player::Reporting { playhead, at } = &mut self.player {
            let position =
                position(playhead, self.now - *at).clamp(i64::MIN.into(), i64::MAX.into());
            *at = self.now;
            playhead.playing = false;
            playhead.position =
                MediaTime::from_unix_millis(i64::try_from(position).expect("it has been clamped"));
        }
    }

    /// Wakes the client up whenever it asks for it, until `span_ms` have passed.
    pub(crate) fn run_for(&mut self, span_ms: i64) {
        let end = self.now + span_ms;
        let mut wakeups = 0;
        while let Some(deadline) = self.client.poll_timeout()
            && deadline.as_millis() <= end
        {
            self.now = deadline.as_millis();
            self.input(Input::Timeout);
            wakeups += 1;
            assert!(wakeups < WAKEUPS_MAX, "the client spins at {}", self.now);
        }
        self.now = end;
    }

    /// Checks that the client holds no more than it may. Who was told little cannot hold much.
    pub(crate) fn check_size(&self) {
        if self.bytes_received > STATE_CHARS_MAX / 8 {
            let size = format!("{:?}", self.client).len();
            assert!(size <= STATE_CHARS_MAX, "{size} characters of state");
        }
    }

    fn drain(&mut self) {
        let mut outputs = 0;
        while let Some(output) = self.client.poll_output() {
            outputs += 1;
            let bound = WORDS_MAX + self.bytes_received / EVENT_BYTES_MIN;
            assert!(outputs <= bound, "{outputs} outputs and no end");

            match output {
                Output::Send(text) => self.check_sent(&text),
                Output::Deliver(_) if self.is_paused => {
                    panic!("nothing is shown in the background")
                }
                Output::Deliver(delivery) => match *delivery {
                    Delivery::StateReplaced(room) => {
                        self.last_picture_seq = i64::MIN;
                        self.online_count = room.online_count();
                    }
                    Delivery::PresenceChanged { online_count } => {
                        let before = self.online_count.replace(online_count);
                        assert_ne!(before, Some(online_count), "it has not changed");
                    }
                    Delivery::Event(shown) => self.check_shown(&shown),
                },
                Output::Connect { .. }
                | Output::CloseSocket { .. }
                | Output::ConnectionChanged(_)
                | Output::TokenExpiring { .. }
                | Output::WalletChanged => {}
            }
        }

        assert_eq!(self.online_count, self.client.room().online_count());
        self.check_parts();
        let now = Instant::from_millis(self.now);
        let _known_or_not = (
            self.client.picture_time(now),
            self.client.clock_error_ms(now),
        );
        let deadline = self.client.poll_timeout();
        assert!(
            deadline.is_none_or(|deadline| deadline.as_millis() > self.now),
            "{deadline:?} has passed at {} and is asked for again",
            self.now
        );
    }

    /// Each part is there once, beside it at most what cannot be read since, and none that was emptied.
    fn check_parts(&self) {
        let room = self.client.room();
        let known: BTreeMap<_, _> = room.parts().map(|it| (&it.part, it.seq)).collect();
        let unknown: BTreeMap<_, _> = room.unknown_parts().map(|it| (&it.part, it.seq)).collect();
        assert_eq!(room.parts().count(), known.len(), "a part is there twice");
        assert_eq!(room.unknown_parts().count(), unknown.len(), "twice unknown");
        let names: BTreeSet<_> = known.keys().chain(unknown.keys()).collect();
        assert!(names.len() <= PARTS_MAX, "{} parts", names.len());
        for event in room.parts().chain(room.unknown_parts()) {
            assert!(event.part.is_some() && !event.empties_part);
        }
        assert!(room.parts().all(can_read) && !room.unknown_parts().any(can_read));
        for (part, seq) in known {
            assert!(unknown.get(part).is_none_or(|since| *since > seq));
        }
    }

    /// What is sent is one message of the protocol.
    fn check_sent(&mut self, text: &str) {
        let message: Value = serde_json::from_str(text).expect("what is sent is JSON");
        match message["type"].as_str() {
            Some("connection_init") => {
                let token = &message["payload"]["Authorization"];
                assert!(
                    token
                        .as_str()
                        .is_some_and(|token| token.starts_with("Bearer ")),
                    "{text}"
                );
            }
            Some("ping") => {
                let stamp = message["payload"]["clientSentAt"].as_i64();
                assert_eq!(stamp, Some(self.now), "{text}");
                self.pings.push(self.now);
            }
            Some("pong") => assert!(message["payload"].is_object(), "{text}"),
            Some("subscribe") => {
                let id = message["id"].as_str().and_then(|id| id.parse().ok());
                let variables = message["payload"]["variables"].clone();
                assert_eq!(variables["roomId"], "room");
                let operation = (id.expect("an operation has an id"), variables);
                let query = message["payload"]["query"].as_str().unwrap_or_default();
                if query.starts_with("query") {
                    self.query = operation;
                } else if query.starts_with("subscription LiveViewer") {
                    self.wallet = operation.0;
                } else {
                    self.subscription = operation;
                }
            }
            Some("complete") => {
                let begun = [self.subscription.0, self.wallet];
                let id = message["id"].as_str().and_then(|id| id.parse().ok());
                let is_begun = id.is_some_and(|id| begun.contains(&id));
                assert!(is_begun, "only what was begun is ended: {text}");
            }
            other => panic!("{other:?} is no message of a client"),
        }
    }

    /// What is shown is due, and its turn.
    fn check_shown(&mut self, shown: &ShownEvent) {
        let ShownEvent { event, late_by_ms } = shown;
        assert!(*late_by_ms >= 0, "{shown:?}");
        if event.is_live() {
            return;
        }

        let own = Stamps {
            occurred_at: event.occurred_at.unix_millis(),
            display_at: event.display_at.unix_millis(),
        };
        let (due, reached) = self.due_and_reached(own);
        let reached = reached.expect("nothing is shown while no clock is known");
        assert!(
            due <= reached || self.is_followed_by_one_due(event.seq, reached),
            "{} was shown early: {due} > {reached}",
            event.seq
        );
        assert!(
            event.seq > self.last_picture_seq,
            "{} came after {}",
            event.seq,
            self.last_picture_seq
        );
        self.last_picture_seq = event.seq;
    }

    /// Where stamps run back, an event is due with the earliest of those behind it.
    fn is_followed_by_one_due(&self, seq: i64, reached: i128) -> bool {
        self.stamps
            .range(seq..)
            .any(|(_, stamps)| self.due_and_reached(*stamps).0 <= reached)
    }

    fn note_stamps(&mut self, message: &Value) {
        let data = &message["payload"]["data"];
        let lists = [
            &data["liveRoom"]["snapshot"],
            &data["liveRoom"]["events"],
            &data["roomEvents"]["events"],
        ];
        for list in lists {
            for event in list.as_array().into_iter().flatten() {
                let seq = event["seq"].as_str().and_then(|seq| seq.parse().ok());
                let occurred_at = event["occurredAt"].as_str().and_then(unix_millis);
                let display_at = event["displayAt"].as_str().and_then(unix_millis);
                if let (Some(seq), Some(occurred_at), Some(display_at)) =
                    (seq, occurred_at, display_at)
                {
                    let stamps = self.stamps.entry(seq).or_insert(Stamps {
                        occurred_at,
                        display_at,
                    });
                    stamps.occurred_at = stamps.occurred_at.min(occurred_at);
                    stamps.display_at = stamps.display_at.min(display_at);
                }
            }
        }
    }

    fn due_and_reached(&self, stamps: Stamps) -> (i128, Option<i128>) {
        let server_time = self
            .client
            .server_time(Instant::from_millis(self.now))
            .map(|time| i128::from(time.unix_millis()));

        match (self.placement, self.player) {
            (Placement::Source, _) => (stamps.occurred_at.into(), server_time),
            (Placement::Player, Player::Reporting { playhead, at }) => {
                let settings = self.client.room().settings();
                let offset_ms = settings.map_or(0, |it| it.ingest_offset_ms);
                let occurred_at = ServerTime::from_unix_millis(stamps.occurred_at);
                let due = occurred_at.on_stream(offset_ms);
                let position = position(&playhead, self.now - at);
                let reached = position + DISAGREEMENT_MAX_MS;
                (due.unix_millis().into(), Some(reached))
            }
            (Placement::Player, Player::Silent { .. }) => (stamps.display_at.into(), None),
            (Placement::Player | Placement::Companion, _) => {
                (stamps.display_at.into(), server_time)
            }
        }
    }
}

fn position(playhead: &Playhead, elapsed_ms: i64) -> i128 {
    let elapsed_ms = if playhead.playing { elapsed_ms } else { 0 };
    let way_ms = i128::from(elapsed_ms) * i128::from(playhead.rate) / 10_000;

    i128::from(playhead.position.unix_millis()) + way_ms
}

/// Reads a stamp of the schema's form. A wrong day of a month is none of its business: a client that
/// takes such an event in is found out by what it then shows.
fn unix_millis(stamp: &str) -> Option<i64> {
    let number = |from, to| stamp.get(from..to)?.parse::<i64>().ok();
    let (year, month) = (number(0, 4)?, number(5, 7)?);
    // In a year that begins in March, months before each have 30.6 days, rounded.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + (153 * month + 2) / 5
        + number(8, 10)?
        - 719_469;
    let seconds = number(11, 13)? * 3_600 + number(14, 16)? * 60 + number(17, 19)?;

    Some(days * 86_400_000 + seconds * 1_000 + number(20, 23)?)
}
