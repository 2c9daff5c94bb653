//! Random sessions against a naive model, which keeps the whole log and works everything out anew.

mod action;
mod people;
mod picture;

use crate::server::{Logged, SERVER_START_MS, Server};
use crate::sim::Sim;
use action::{Action, NOVELTIES, PEOPLE, Past, action, history};
use parlor_sdk_core::{Delivery, Input, Placement};
use people::People;
use picture::Picture;
use proptest::prelude::*;
use std::collections::BTreeMap;

const SHOWING_TIME_MS: i64 = 7_000;

/// What a client holds at most: what was shown, what is ahead, and the end of the feed.
const HELD_MAX: u32 = 2_000 + 2_000 + 256;

/// How far ahead of what is being filmed a player gets. Twice as fast as normal it gets further until it is
/// looked at again, and a minute is what no client believes.
const AHEAD_MAX_MS: i64 = 40_000;

/// How long after its last report a picture is taken to go on.
const EXTRAPOLATION_MAX_MS: i64 = 2_000;

/// How far dates may step back without the picture's following them.
const DISAGREEMENT_MAX_MS: i64 = 2_000;

struct Model {
    sim: Sim,
    placement: Placement,
    picture: Picture,
    in_background: bool,
    /// When the application came back, until it says where its picture is.
    unheard_since: Option<i64>,
    checked: usize,
    run: Run,
    people: People,
}

/// What has been shown since the picture last jumped.
struct Run {
    began_at: i64,
    /// What comes after this in the log arrived later than the jump.
    received: i64,
    farthest: i64,
    shown: Vec<i64>,
}

impl Model {
    fn new(
        placement: Placement,
        server: Server,
        latency_ms: i64,
        behind_ms: i64,
        read_ago_ms: Option<i64>,
    ) -> Self {
        let mut sim = Sim::with_server(placement, server);
        sim.latency_ms = latency_ms;
        sim.read_ago_ms = read_ago_ms;
        let position = match placement {
            Placement::Player => sim.live_edge() - behind_ms,
            Placement::Source | Placement::Companion => SERVER_START_MS,
        };
        let picture = Picture {
            position,
            at: 0,
            playing: true,
            rate: 10_000,
            floor: position,
            silent_at: i64::MAX,
        };
        let mut model = Self {
            sim,
            placement,
            picture,
            in_background: false,
            unheard_since: None,
            checked: 0,
            run: Run {
                began_at: i64::MIN,
                received: i64::MAX,
                farthest: i64::MIN,
                shown: Vec::new(),
            },
            people: People::default(),
        };
        model.report(picture);

        model
    }

    fn due(&self, logged: &Logged) -> i64 {
        logged.occurred_at
            + match self.placement {
                Placement::Source => 0,
                Placement::Player => self.sim.server.ingest_offset_ms,
                Placement::Companion => self.sim.server.delay_ms,
            }
    }

    fn act(&mut self, action: &Action) {
        let here = Picture {
            position: self.picture.position(self.sim.now),
            at: self.sim.now,
            floor: self.picture.position(self.sim.now),
            ..self.picture
        };
        match *action {
            Action::Contribute(hype) => self.sim.contribute(hype),
            Action::Alert(hype) => self.sim.happen(|server, now| server.alert(hype, now)),
            Action::MoveTrain(hype) => self.sim.happen(|server, now| server.move_train(hype, now)),
            Action::UpdateRoom => self.sim.happen(|server, now| server.update_room(300, now)),
            Action::MovePerson {
                who,
                place,
                is_listed,
            } => self
                .sim
                .happen(|server, now| server.move_person(PEOPLE[who], place, is_listed, now)),
            Action::Burst(count) => self.sim.happen(|server, now| {
                for index in 0..count {
                    server.alert(index + 1, now);
                }
            }),
            // Nothing shows a client that it has missed a count, and no socket loses one.
            Action::SetOnline(_) if self.sim.loses_messages || !self.sim.server_is_up => {}
            Action::SetOnline(online) => self.sim.set_online(online),
            Action::SomethingNew(novelty) => {
                self.sim
                    .happen(|server, now| server.something_new(novelty, now));
            }
            Action::Wait(span_ms) => {
                self.sim.run_for(span_ms);
                // What was delivered meanwhile is of the picture as it was.
                self.check();
                self.hold_back();
            }
            Action::Pause => self.report(Picture {
                playing: false,
                ..here
            }),
            Action::Play { rate } => self.report(Picture {
                playing: true,
                rate: i64::from(rate),
                ..here
            }),
            Action::ReportOffBy(by_ms) => self.report(Picture {
                position: here.position + by_ms,
                ..here
            }),
            Action::LosePlayhead { is_unreadable } => self.lose_playhead(is_unreadable, here),
            Action::FallSilent => self.fall_silent(),
            Action::Seek { by_ms } => self.seek(by_ms, here),
            Action::Cut { code } => self.sim.cut(code),
            Action::ServerUp(is_up) => {
                self.sim.server_is_up = is_up;
                self.sim.cut(1006);
            }
            Action::Background => {
                self.sim.input(Input::Pause);
                self.in_background = true;
                if self.placement == Placement::Player {
                    self.picture = Picture {
                        playing: false,
                        ..here
                    };
                }
            }
            Action::Foreground => {
                self.sim.input(Input::Resume);
                if self.in_background {
                    self.unheard_since = Some(self.sim.now);
                }
                self.in_background = false;
            }
            Action::Network { online } => self.sim.input(Input::NetworkChanged { online }),
            Action::Reconnect => self.sim.input(Input::Reconnect),
            Action::LoseMessages(loses) => self.sim.loses_messages = loses,
            Action::RepeatMessage => self.sim.repeat_last_message(),
            Action::ReorderMessages => self.sim.reorder(),
            Action::TrimLog => self.sim.server.trimmed_through = self.sim.server.head(),
        }
    }

    /// The player knows no more where it is.
    fn lose_playhead(&mut self, is_unreadable: bool, here: Picture) {
        if self.placement == Placement::Player && !self.in_background {
            self.sim.input(if is_unreadable {
                Input::PlayheadUnreadable
            } else {
                Input::PlayheadLost
            });
            self.fall_unheard(self.sim.now);
            self.picture = Picture {
                playing: false,
                ..here
            };
        }
    }

    /// The player says no more.
    fn fall_silent(&mut self) {
        if let Some(reported_at) = self.sim.fall_silent() {
            self.fall_unheard(reported_at);
            let true_at = reported_at - self.sim.read_ago_ms.unwrap_or(0);
            self.picture.silent_at = true_at + EXTRAPOLATION_MAX_MS;
        }
    }

    fn seek(&mut self, by_ms: i64, here: Picture) {
        let position = self.believable(here.position + by_ms);
        // Where playing on unheard could have taken it, nobody knows that it was sought.
        let unheard_ms = self.unheard_since.map_or(0, |since| self.sim.now - since);
        let by_itself_ms = unheard_ms * here.rate / 10_000;
        let is_sought_from =
            |from: i64| !(-1_000..=1_000 + by_itself_ms).contains(&(position - from));
        let is_sought = is_sought_from(here.position);
        // What its dates took back before does not tell how far it seeks.
        if is_sought_from(self.picture.reported(self.sim.now)) != is_sought {
            return;
        }
        self.sim.seeks += 1;
        self.report(Picture {
            position,
            floor: if is_sought { i64::MIN } else { here.floor },
            ..here
        });
    }

    /// From here on a picture that plays may go on unseen.
    fn fall_unheard(&mut self, since: i64) {
        if self.picture.playing && self.unheard_since.is_none() {
            self.unheard_since = Some(since);
        }
    }

    /// Has a player that has run far ahead of what is being filmed wait for it.
    fn hold_back(&mut self) {
        let now = self.sim.now;
        let position = self.picture.position(now);
        if self.picture.playing && position > self.sim.live_edge() + AHEAD_MAX_MS {
            self.report(Picture {
                position,
                at: now,
                floor: position,
                ..self.picture
            });
        }
    }

    /// Farther ahead of what is being filmed no picture is believed.
    fn believable(&self, position: i64) -> i64 {
        position.min(self.sim.live_edge() + AHEAD_MAX_MS)
    }

    fn report(&mut self, picture: Picture) {
        if self.placement == Placement::Player {
            let position = self.believable(picture.position);
            let stands = picture.floor.saturating_sub(position) <= DISAGREEMENT_MAX_MS;
            let picture = Picture {
                position,
                floor: if stands { picture.floor } else { position },
                silent_at: i64::MAX,
                ..picture
            };
            self.picture = Picture {
                playing: picture.playing && !self.in_background,
                ..picture
            };
            self.unheard_since = None;
            let rate = u32::try_from(picture.rate).unwrap();
            self.sim.report(picture.position, picture.playing, rate);
        }
    }

    /// Checks what was delivered since the last check, and then the whole.
    fn check(&mut self) {
        if self.in_background {
            assert_eq!(self.sim.client.poll_timeout(), None);
            assert!(!self.sim.has_socket(), "a paused client holds a socket");
        }
        for index in self.checked..self.sim.deliveries.len() {
            let (at, delivery) = self.sim.deliveries[index].clone();
            match delivery {
                Delivery::StateReplaced(room) => {
                    self.people = People::of(&room);
                    self.run = Run {
                        began_at: self.picture.position(at),
                        received: self.sim.received_at[index],
                        farthest: self.picture.position(at),
                        shown: Vec::new(),
                    };
                }
                Delivery::Event(shown) if !shown.event.is_live() => {
                    self.check_shown(at, shown.event.seq, shown.late_by_ms);
                }
                Delivery::PresenceChanged { online_count } => {
                    self.people.online = Some(online_count);
                }
                Delivery::Event(shown) => self.people.listen(&shown.event),
            }
        }
        let people = People::of(self.sim.client.room());
        assert_eq!(self.people.versions, people.versions);
        assert_eq!(self.people.online, people.online);
        self.checked = self.sim.deliveries.len();
        self.run.farthest = self.run.farthest.max(self.picture.position(self.sim.now));
        assert!(self.sim.client.stats().held <= HELD_MAX);

        if self.sim.is_synced() {
            self.check_nothing_is_lost();
            self.check_state();
            self.check_people();
        }
    }

    fn check_shown(&mut self, at: i64, seq: i64, late_by_ms: i64) {
        let due = self.due(&self.sim.server.log[usize::try_from(seq - 1).unwrap()]);
        let position = self.picture.position(at);

        assert!(due <= position, "{seq} was shown early: {due} > {position}");
        assert_eq!(late_by_ms, position - due);
        assert!(
            self.run.shown.last().is_none_or(|last| *last < seq),
            "{seq} came after {:?}",
            self.run.shown
        );
        self.run.shown.push(seq);
    }

    fn check_nothing_is_lost(&self) {
        let position = self.picture.position(self.sim.now);
        for logged in self
            .sim
            .picture_log()
            .filter(|logged| self.is_known(logged))
        {
            let due = self.due(logged);
            let was_shown = self.run.shown.binary_search(&logged.seq).is_ok();
            let is_ahead = self.run.began_at < due || self.run.received < logged.seq;
            if is_ahead && due <= position {
                assert!(was_shown, "{} is missing", logged.seq);
            } else if was_shown {
                let in_showing_time = logged.part.is_none()
                    && due <= self.run.began_at
                    && self.run.began_at - due < SHOWING_TIME_MS;
                let reached = is_ahead && due <= self.run.farthest;
                assert!(in_showing_time || reached, "{} is too much", logged.seq);
            }
        }
    }

    fn check_state(&self) {
        let total = self.sim.total();
        self.check_part("train", |state| state.and_then(Logged::total) == total);

        let unknown = self.sim.unknown_parts();
        for part in NOVELTIES.iter().filter_map(|(_, part)| *part) {
            let seq = unknown.get(part).copied();
            self.check_part(part, |state| state.map(|logged| logged.seq) == seq);
        }
    }

    /// Checks what `is_shown` of a part: the last of it that the picture has reached, or one farther on
    /// where the picture has been. Of a live part it is the last one.
    fn check_part(&self, part: &str, is_shown: impl Fn(Option<&Logged>) -> bool) {
        let position = self.picture.position(self.sim.now);
        let log = &self.sim.server.log;
        let states: Vec<&Logged> = log
            .iter()
            .filter(|logged| logged.part.as_deref() == Some(part) && self.is_known(logged))
            .collect();
        let has_come = |logged: &Logged| !logged.is_picture() || self.due(logged) <= position;
        let here = states.iter().copied().rfind(|logged| has_come(logged));
        let mut may_be_ahead = states
            .iter()
            .filter(|logged| !has_come(logged) && self.due(logged) <= self.run.farthest);

        assert!(
            is_shown(here) || may_be_ahead.any(|ahead| is_shown(Some(ahead))),
            "{part} is not at {:?}",
            here.map(|logged| logged.seq)
        );
    }

    /// Whoever the log named last is in the room; everyone else is not.
    fn check_people(&self) {
        let mut expected = BTreeMap::new();
        for logged in &self.sim.server.log {
            let participant = &logged.event["participant"];
            if participant["isListed"] == true {
                let version = participant["version"].as_i64().unwrap();
                let version = i32::try_from(version).unwrap();
                expected.insert(participant["name"].as_str().unwrap().to_owned(), version);
            } else if let Some(name) = participant["name"].as_str() {
                expected.remove(name);
            }
        }

        let people = People::of(self.sim.client.room());
        assert_eq!(people.versions, expected);
        assert_eq!(people.online, Some(self.sim.server.online));
    }

    /// Returns whether the client was ever told of an event.
    fn is_known(&self, logged: &Logged) -> bool {
        let snapshot_head = self.sim.snapshot_head;
        let is_last_of_part = || {
            let later = |other: &&Logged| other.seq <= snapshot_head && other.part == logged.part;
            self.sim.server.log.iter().rfind(later).map(|last| last.seq) == Some(logged.seq)
        };

        logged.seq > snapshot_head || (logged.part.is_some() && is_last_of_part())
    }
}

/// A server on which `history` has happened.
fn server_with(history: &[(i64, Past)]) -> Server {
    let mut server = Server::new(8_000, 300);
    let span_ms: i64 = history.iter().map(|(gap_ms, _)| gap_ms).sum();
    let mut now = SERVER_START_MS - span_ms - 1_000;
    server.log.truncate(1);
    server.start_session(now);
    for (gap_ms, past) in history {
        now += gap_ms;
        match *past {
            Past::Alert(hype) => server.alert(hype, now),
            Past::MoveTrain(hype) => server.move_train(hype, now),
            Past::SomethingNew(novelty) => server.something_new(novelty, now),
            Past::MovePerson(who, is_listed) => {
                server.move_person(PEOPLE[who], "AUDIENCE", is_listed, now);
            }
        }
    }

    server
}

fn placement() -> impl Strategy<Value = Placement> {
    prop_oneof![
        3 => Just(Placement::Player),
        1 => Just(Placement::Source),
        1 => Just(Placement::Companion),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 150,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_happens_the_viewer_sees_what_their_picture_has_reached(
        placement in placement(),
        latency_ms in 1..400_i64,
        history in history(),
        behind_ms in prop_oneof![0..40_000_i64, 0..900_000_i64],
        // Even, so that at half the rate nothing is rounded.
        read_ago_ms in prop::option::of((-20..400_i64).prop_map(|half_ms| 2 * half_ms)),
        actions in prop::collection::vec(action(), 1..80),
    ) {
        let server = server_with(&history);
        let mut model = Model::new(placement, server, latency_ms, behind_ms, read_ago_ms);
        for action in &actions {
            model.act(action);
            model.check();
        }

        model.act(&Action::LoseMessages(false));
        model.act(&Action::ServerUp(true));
        model.act(&Action::Network { online: true });
        model.act(&Action::Foreground);
        model.check();
        model.act(&Action::Play { rate: 10_000 });
        model.check();
        for _ in 0..60 {
            model.act(&Action::Contribute(10));
            model.act(&Action::Wait(1_000));
            model.check();
        }
        // What is ahead comes page by page, and one may be on its way.
        for _ in 0..60 {
            if !model.sim.is_synced() {
                model.act(&Action::Wait(510));
            }
        }
        model.check();
        prop_assert!(model.sim.is_synced());
    }
}
