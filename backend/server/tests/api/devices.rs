//! What viewers' devices tell, by the client's own core: a bad network and three devices earn what one clean device does.

use parlor_domain::time::ServerTime;
use parlor_node::clock::Clock;
use parlor_sdk_core::{
    Client, Config, Input, Instant, Output, Placement, Playhead, WatchReport, WatchReports,
};
use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::person::Person;
use crate::reports::{DECIDED_MS, Show, TRIES};
use crate::server::Api;

on_both_engines! {
    a_phone_two_tabs_and_a_bad_network_earn_what_one_clean_device_does,
}

const SECOND_MS: i64 = 1_000;
/// How often a device reports.
const TURN_SECONDS: i64 = parlor_sdk_core::WATCH_REPORT_EVERY_MS / SECOND_MS;
/// How far the picture is behind what is filmed.
const DELAY_MS: i64 = 8_000;

/// A device that plays the stream, and hears of the room what it is told here.
struct Device {
    token: String,
    room: String,
    client: Client,
    reports: WatchReports,
    /// When its clock was at 0.
    began_at: ServerTime,
    delay_ms: i64,
    is_online: bool,
    /// The session that it hears of when it connects.
    session: Value,
    snapshots: u32,
    link: Link,
}

/// What a network lets through.
#[derive(Clone, Copy)]
enum Link {
    Clean,
    /// Of three requests one is lost, and of another the answer.
    Lossy {
        requests: u32,
    },
}

impl Link {
    /// Whether the next request arrives, and its answer.
    fn takes(&mut self) -> (bool, bool) {
        match self {
            Self::Clean => (true, true),
            Self::Lossy { requests } => {
                *requests += 1;
                (*requests % 3 != 1, *requests % 3 == 0)
            }
        }
    }
}

impl Device {
    fn start(show: &Show<'_>, person: &Person<'_>, link: Link, delay_ms: i64) -> Self {
        let config = Config {
            url: "ws://server/graphql/ws".to_owned(),
            token: None,
            room_id: show.room.clone(),
            placement: Placement::Player,
            start_at: None,
        };
        let mut device = Self {
            token: person.token.clone(),
            room: show.room.clone(),
            client: Client::new(config, |_| true, 1, Instant::from_millis(0)),
            reports: WatchReports::default(),
            began_at: now(show.api),
            delay_ms,
            is_online: true,
            session: show.session.clone(),
            snapshots: 0,
            link,
        };
        device.settle(now(show.api));

        device
    }

    fn input(&mut self, input: Input<'_>, at: ServerTime) {
        let now = self.instant(at);
        self.client.handle_input(input, now);
        self.settle(at);
    }

    fn instant(&self, at: ServerTime) -> Instant {
        Instant::from_millis(at.unix_millis() - self.began_at.unix_millis())
    }

    /// Does what the client wants.
    fn settle(&mut self, at: ServerTime) {
        let now = self.instant(at);
        loop {
            while let Some(output) = self.client.poll_output() {
                match output {
                    Output::Connect { .. } if self.is_online => {
                        self.client.handle_input(Input::Opened, now);
                    }
                    Output::Connect { .. } => {
                        self.client.handle_input(Input::Closed { code: 1006 }, now);
                    }
                    Output::Send(message) => self.answer(&message, at),
                    Output::CloseSocket { .. }
                    | Output::Deliver(_)
                    | Output::ConnectionChanged(_)
                    | Output::TokenExpiring { .. }
                    | Output::WalletChanged => {}
                }
            }
            let due = self.client.poll_timeout();
            if due.is_none_or(|due| due > now) {
                return;
            }
            self.client.handle_input(Input::Timeout, now);
        }
    }

    /// Answers what the client sends over its socket.
    fn answer(&mut self, message: &str, at: ServerTime) {
        let message: Value = serde_json::from_str(message).unwrap();
        let answer = match message["type"].as_str().unwrap() {
            "connection_init" => json!({ "type": "connection_ack" }),
            "ping" => json!({ "type": "pong", "payload": {
                "clientSentAt": message["payload"]["clientSentAt"],
                "serverReceivedAt": at.unix_millis(), "serverSentAt": at.unix_millis(),
            } }),
            "subscribe" => json!({ "type": "next", "id": message["id"], "payload": {
                "data": { "liveRoom": self.snapshot(at) },
            } }),
            _ => return,
        };
        let now = self.instant(at);
        self.client
            .handle_input(Input::Received(&answer.to_string()), now);
    }

    fn snapshot(&mut self, at: ServerTime) -> Value {
        self.snapshots += 1;
        let at = parlor_api::format_time(at);
        json!({
            "epoch": format!("e{}", self.snapshots), "afterSeq": "5", "throughSeq": "5", "recovered": false,
            "events": [],
            "snapshot": [{
                "__typename": "SessionStarted", "seq": "1", "timing": "LIVE", "part": "session",
                "occurredAt": at, "displayAt": at,
                "session": {
                    "id": self.session, "startedAt": at, "interruptedAt": null, "endedAt": null,
                    "delayMs": 0,
                },
            }],
        })
    }

    fn go_offline(&mut self, at: ServerTime) {
        self.is_online = false;
        self.input(Input::NetworkChanged { online: false }, at);
    }

    /// Comes back, and hears of the room's present session.
    fn come_back(&mut self, show: &Show<'_>, at: ServerTime) {
        self.is_online = true;
        self.session = show.session.clone();
        self.input(Input::NetworkChanged { online: true }, at);
        self.input(Input::Reconnect, at);
    }

    /// Says where the picture is, or that it stands.
    #[expect(clippy::cast_precision_loss, reason = "as players say it")]
    fn play(&mut self, is_playing: bool, at: ServerTime) {
        let position = (at.unix_millis() - self.delay_ms) as f64;
        let playhead = Playhead::read(position, is_playing, 1.0, 0).unwrap();
        self.input(Input::Playhead(playhead), at);
        let now = self.instant(at);
        self.reports
            .handle_playhead(Some(playhead), &self.client, now);
    }

    /// Tells the server what was watched, as far as the network lets it. Returns the minutes that it hears of, each with
    /// whether it is decided.
    async fn report(&mut self, api: &Api) -> Vec<(ServerTime, bool)> {
        let now = self.instant(now(api));
        let mut heard = Vec::new();
        for report in self.reports.report(&self.client, now) {
            let (is_sent, is_answered) = self.link.takes();
            if !self.is_online || !is_sent {
                continue;
            }
            let session_id = report.session_id.clone();
            let answer = self.send(api, report).await;
            if !is_answered {
                continue;
            }
            let minutes = answer["minutes"].as_array();
            let minutes = minutes.unwrap_or_else(|| panic!("{answer}"));
            let told: Vec<_> = minutes
                .iter()
                .map(|minute| (time(&minute["minute"]), !minute["outcome"].is_null()))
                .collect();
            let decided = told.iter().filter(|(_, is_decided)| *is_decided);
            let decided: Vec<_> = decided
                .map(|(at, _)| parlor_sdk_core::ServerTime::from_unix_millis(at.unix_millis()))
                .collect();
            let lease = answer["lease"].as_str().unwrap().to_owned();
            self.reports
                .handle_answer(&session_id, &decided, lease, &self.client, now);
            heard.extend(told);
        }

        heard
    }

    async fn send(&self, api: &Api, report: WatchReport) -> Value {
        let time = |at: parlor_sdk_core::ServerTime| {
            parlor_api::format_time(ServerTime::from_unix_millis(at.unix_millis()))
        };
        #[expect(clippy::cast_precision_loss, reason = "as clients send it")]
        let seconds = |at: parlor_sdk_core::MediaTime| at.unix_millis() as f64 / 1_000.0;
        let spans: Vec<_> = report
            .spans
            .iter()
            .map(|span| {
                json!({
                    "from": time(span.from), "until": time(span.until),
                    "playheadFrom": seconds(span.playhead_from),
                    "playheadUntil": seconds(span.playhead_until),
                    "rate": f64::from(span.rate) / 10_000.0,
                })
            })
            .collect();
        let input = json!({
            "roomId": self.room, "sessionId": report.session_id, "lease": report.lease, "spans": spans,
        });

        api.mutate_as(&self.token, "reportWatching", input).await
    }
}

fn now(api: &Api) -> ServerTime {
    Clock::Test(api.clock.clone()).now()
}

fn time(text: &Value) -> ServerTime {
    parlor_api::parse_time(text.as_str().unwrap()).unwrap()
}

/// Has the clean device report until it has heard of every minute that is to be decided by now, so that the server keeps
/// up with a clock that does not wait for it.
async fn keep_up(api: &Api, clean: &mut Device) {
    for _ in 0..TRIES {
        let heard = clean.report(api).await;
        let is_behind = |(minute, is_decided): &(ServerTime, bool)| {
            !is_decided && minute.plus_millis(60_000 + DECIDED_MS) <= now(api)
        };
        if !heard.iter().any(is_behind) {
            return;
        }
    }
    panic!("nothing is decided any more");
}

/// Both watch twenty minutes of a show that begins anew after eight of them. Ana has a phone and two tabs, one of which is
/// behind, and a network that loses most of what they say; from the fourth minute to the fourteenth only the phone plays,
/// without any network, so that it does not hear of the second session before that is six minutes old.
async fn a_phone_two_tabs_and_a_bad_network_earn_what_one_clean_device_does(database: String) {
    const MINUTES: i64 = 20;
    let api = Api::start(&database).await;
    let mut show = Show::live(&api, "show").await;
    show.pay_each_minute().await;
    let (room, programme) = (show.room.clone(), show.session.clone());
    let ben = Person::join(&api, &room, "ben").await;
    let ana = Person::join(&api, &room, "ana").await;
    let lossy = |requests| Link::Lossy { requests };
    let mut clean = Device::start(&show, &ben, Link::Clean, DELAY_MS);
    let mut phone = Device::start(&show, &ana, lossy(0), DELAY_MS);
    let mut tabs = [
        Device::start(&show, &ana, lossy(1), DELAY_MS),
        Device::start(&show, &ana, lossy(2), DELAY_MS + 20_000),
    ];
    for second in 0..MINUTES * 60 + 180 {
        let (minute, at) = (second / 60, now(&api));
        let (is_on, is_offline) = (minute < MINUTES, (4..14).contains(&minute));
        match second {
            240 => phone.go_offline(at),
            480 => {
                api.mutate("endSession", json!({ "roomId": room })).await;
                let next = api.mutate("startSession", json!({ "roomId": room })).await;
                show.session = next["id"].clone();
                assert_ne!(show.session, programme);
                clean.come_back(&show, at);
            }
            840 => {
                phone.come_back(&show, at);
                for tab in &mut tabs {
                    tab.come_back(&show, at);
                }
            }
            _ => {}
        }
        clean.play(is_on, at);
        phone.play(is_on, at);
        for tab in &mut tabs {
            tab.play(is_on && !is_offline, at);
        }
        if second == 1 || second % TURN_SECONDS == 0 {
            keep_up(&api, &mut clean).await;
            phone.report(&api).await;
            for tab in &mut tabs {
                tab.report(&api).await;
            }
        }
        api.clock.advance_millis(SECOND_MS);
    }

    let expected = MINUTES.to_string();
    for person in [&ben, &ana] {
        let mut balance = show.balance(&person.token).await;
        for _ in 0..TRIES {
            if balance == *expected {
                break;
            }
            balance = show.balance(&person.token).await;
        }
        assert_eq!(balance, *expected);
    }
}
