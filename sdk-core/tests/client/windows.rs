//! A window of the log around the picture: what it shows is exact, and what it costs is bounded.

use crate::server::{Logged, SERVER_START_MS, Server};
use crate::sim::Sim;
use parlor_sdk_core::{Config, ConnectionState, Delivery, Input, MediaTime, Placement};
use std::collections::BTreeSet;

const SHOWING_TIME_MS: i64 = 7_000;
const INGEST_OFFSET_MS: i64 = 300;

/// What a client holds at most, beside the state before it: what was shown, what is ahead, and the
/// end of the feed.
const HELD_MAX: u32 = 2_000 + 2_000 + 256;

/// Picture events in the hour and more before the start, one every 330 ms.
const EVENTS: i64 = 12_000;
const INTERVAL_MS: i64 = 330;

/// A room in which something happens all the time, to several parts, and people come and go.
fn busy_server() -> Server {
    let mut server = Server::new(8_000, INGEST_OFFSET_MS);
    server.log.truncate(1);
    server.start_session(SERVER_START_MS - EVENTS * INTERVAL_MS);
    for index in 0..EVENTS {
        let now = SERVER_START_MS - (EVENTS - index) * INTERVAL_MS;
        match index % 5 {
            0 | 1 => server.alert(index % 7 + 1, now),
            2 => server.move_train(index % 11 + 1, now),
            3 => server.something_new(("PICTURE", Some("poll")), now),
            _ => server.something_new(("PICTURE", Some("goal:1")), now),
        }
        if index % 20 == 0 {
            server.move_person("Ada", "AUDIENCE", index % 40 == 0, now);
        }
    }

    server
}

fn due(logged: &Logged) -> i64 {
    logged.occurred_at + INGEST_OFFSET_MS
}

/// Checks the state at `position` against the log.
fn check_state(sim: &Sim, position: i64) {
    let reached = |logged: &&Logged| logged.is_picture() && due(logged) <= position;
    let log = || sim.server.log.iter().rev().filter(reached);

    assert_eq!(sim.total(), log().find_map(Logged::total), "at {position}");
    let unknown = sim.unknown_parts();
    for part in ["poll", "goal:1"] {
        let last = log().find(|logged| logged.part.as_deref() == Some(part));
        let shown = unknown.get(part).copied();
        assert_eq!(shown, last.map(|last| last.seq), "{part} at {position}");
    }
}

/// A picture that was put at `position` when the host's clock read `at`, and plays on at `rate`.
#[derive(Clone, Copy)]
struct Put {
    position: i64,
    at: i64,
    rate: i64,
}

impl Put {
    fn position(self, now: i64) -> i64 {
        self.position + (now - self.at) * self.rate / 10_000
    }
}

/// Checks what was shown since the picture was put somewhere, as far as `to`. It was there once what is
/// there had come.
fn check_shown(sim: &Sim, put: Put, to: i64) {
    let replaced = sim.deliveries.iter().rev();
    let settled = replaced
        .filter(|(_, delivery)| matches!(delivery, Delivery::StateReplaced(_)))
        .map(|(at, _)| *at)
        .next();
    let from = put.position(settled.unwrap_or(put.at));
    let is_shown = |logged: &&Logged| {
        let is_on_screen = logged.part.is_none() && from - due(logged) < SHOWING_TIME_MS;
        due(logged) <= to && (due(logged) > from || is_on_screen)
    };
    let expected: Vec<i64> = sim
        .picture_log()
        .filter(is_shown)
        .map(|logged| logged.seq)
        .collect();

    let shown = sim.shown();
    let differs = shown
        .iter()
        .zip(&expected)
        .position(|(one, other)| one != other);
    assert!(
        shown == expected,
        "from {from} to {to}: {} shown of {}, and other ones from {differs:?} on",
        shown.len(),
        expected.len()
    );
}

/// Has a player play from so far behind the live edge.
fn put_at(sim: &mut Sim, behind_ms: i64, rate: u32) -> Put {
    let position = sim.live_edge() - behind_ms;
    sim.report(position, true, rate);

    Put {
        position,
        at: sim.now,
        rate: i64::from(rate),
    }
}

/// How late the latest state came: moments that a seek lands in are late by themselves.
fn late_ms(sim: &Sim) -> i64 {
    let states = sim
        .shown_events()
        .filter(|(_, shown)| shown.event.part.is_some());

    states.map(|(_, shown)| shown.late_by_ms).max().unwrap_or(0)
}

#[test]
fn a_viewer_an_hour_behind_in_a_busy_room_sees_their_picture_at_any_seek() {
    let mut sim = Sim::with_server(Placement::Player, busy_server());
    let all_bytes: usize = sim
        .server
        .log
        .iter()
        .map(|logged| logged.event.to_string().len())
        .sum();
    let mut held_max = 0;
    let mut seek_bytes_max = 0;
    let mut put = put_at(&mut sim, 3_600_000, 10_000);
    // Anywhere in the hour, and near where the picture has got to.
    let mut number: i64 = 7;
    for seek in 0..60 {
        let before = sim.received_bytes;
        sim.run_for(1_500);
        check_state(&sim, put.position(sim.now));
        seek_bytes_max = seek_bytes_max.max(sim.received_bytes - before);
        let played_ms = if seek % 4 == 0 { 60_000 } else { 5_000 };
        sim.run_for(played_ms - 1_500);
        let there = put.position(sim.now);
        check_state(&sim, there);
        check_shown(&sim, put, there);
        held_max = held_max.max(sim.client.stats().held);

        number = (number * 48_271) % 2_147_483_647;
        let position = if seek % 3 == 0 {
            there + number % 180_000 - 90_000
        } else {
            sim.live_edge() - 10_000 - number % 3_600_000
        };
        sim.forget_deliveries();
        put = Put {
            position: position.min(sim.live_edge() - 5_000),
            at: sim.now,
            ..put
        };
        sim.seek_to(put.position);
    }

    println!(
        "60 seeks in {EVENTS} picture events ({all_bytes} bytes): {} bytes received, {seek_bytes_max} \
         at most for a seek, {held_max} events held at most, {} times asked for more",
        sim.received_bytes,
        sim.client.stats().asked
    );
    assert!(held_max <= HELD_MAX, "{held_max}");
    // Seven seconds and a minute of three events a second are 200, of 12,000.
    assert!(seek_bytes_max < all_bytes / 40, "{seek_bytes_max}");
    assert_eq!(sim.client.stats().gaps, 0);
    assert_eq!(sim.client.stats().disconnects, 0);
}

#[test]
fn playing_on_from_an_hour_behind_misses_nothing_at_any_speed() {
    for rate in [10_000, 20_000, 160_000] {
        let mut sim = Sim::with_server(Placement::Player, busy_server());
        sim.latency_ms = 200;
        let put = put_at(&mut sim, 3_600_000, rate);
        for _ in 0..40 {
            sim.run_for(5_000);
            check_state(&sim, put.position(sim.now));
            assert!(sim.client.stats().held <= HELD_MAX);
        }
        check_shown(&sim, put, put.position(sim.now));
        assert_eq!(sim.subscriptions().len(), 1);
        assert!(sim.client.stats().asked > 0);
        // A millisecond of the host's is so many of the stream.
        assert!(late_ms(&sim) < i64::from(rate) / 10_000);
    }
}

#[test]
fn a_picture_that_catches_up_with_the_live_edge_goes_on_with_the_feed() {
    let mut sim = Sim::with_server(Placement::Player, busy_server());
    let put = put_at(&mut sim, 400_000, 20_000);
    for second in 0..380 {
        sim.happen(|server, now| server.alert(second + 1, now));
        sim.run_for(1_000);
    }
    let there = put.position(sim.now);
    check_shown(&sim, put, there);

    let asked = sim.client.stats().asked;
    sim.play_at(there);
    for _ in 0..60 {
        sim.contribute(1);
        sim.run_for(1_000);
    }
    check_shown(&sim, put, there + 60_000);
    assert_eq!(sim.client.stats().asked, asked, "the feed brings it");
}

/// What is ahead of a picture that stands is not all held, and nothing of it is lost.
#[test]
fn a_picture_that_stands_in_a_busy_room_costs_no_more_and_loses_nothing() {
    for burst in [13, 3_000] {
        let mut sim = Sim::playing_behind(8_000);
        let position = sim.live_edge() - 8_000;
        sim.pause_at(position);
        for index in 0..12_000 {
            sim.server.contribute(index % 7 + 1, sim.server_now());
            if index % burst == 0 {
                sim.happen(|_, _| {});
                sim.run_for(100);
            }
        }
        sim.happen(|_, _| {});
        sim.run_for(1_000);
        assert_eq!(sim.shown(), [0_i64; 0]);
        assert!(sim.client.stats().held <= HELD_MAX);

        let put = Put {
            position,
            at: sim.now,
            rate: 10_000,
        };
        sim.forget_deliveries();
        sim.play_at(position);
        sim.run_for(sim.live_edge() - position);
        // So much at once takes a while to come.
        sim.run_for(15_000);
        check_shown(&sim, put, put.position(sim.now));
        assert_eq!(sim.shown().len(), 24_000);
        check_state(&sim, put.position(sim.now));
        assert!(sim.client.stats().held <= HELD_MAX);
        assert_eq!(sim.subscriptions().len(), 1);
    }
}

/// Without a player too.
#[test]
fn a_stream_with_a_long_delay_is_shown_whole() {
    let mut sim = Sim::with_server(Placement::Companion, Server::new(3_600_000, 0));
    sim.run_for(1_000);
    for _ in 0..3_000 {
        sim.contribute(1);
        sim.run_for(1_000);
        assert!(sim.client.stats().held <= HELD_MAX);
    }
    assert_eq!(sim.shown(), [0_i64; 0]);
    for _ in 0..36 {
        sim.run_for(100_000);
    }

    let all: Vec<i64> = sim.picture_log().map(|logged| logged.seq).collect();
    assert_eq!(sim.shown(), all);
    assert_eq!(late_ms(&sim), 0);
}

/// However many were stamped too late before it was noticed, and wherever the window ends by then.
#[test]
fn a_delay_that_was_wrong_for_thousands_of_events_holds_up_nothing_once_it_is_put_right() {
    for wrong in [1_000, 1_999, 2_000, 2_100, 2_500, 6_000] {
        let mut sim = Sim::with_server(Placement::Companion, Server::new(8_000_000, 0));
        sim.run_for(1_000);
        for _ in 0..wrong {
            sim.contribute(1);
            sim.run_for(10);
        }
        assert_eq!(sim.shown(), [0_i64; 0]);

        sim.server.delay_ms = 8_000;
        sim.contribute(1);
        sim.run_for(7_000);
        assert_eq!(sim.shown(), [0_i64; 0], "{wrong}");
        // So many take some turns to be asked for.
        sim.run_for(2_000);
        for _ in 0..10 {
            sim.contribute(1);
            sim.run_for(10_000);
        }

        let all: Vec<i64> = sim.picture_log().map(|logged| logged.seq).collect();
        assert_eq!(sim.shown(), all, "{wrong}");
        assert!(sim.client.stats().held <= HELD_MAX);
        assert_eq!(sim.subscriptions().len(), 1);
        let last = sim.shown_events().last().map(|(_, shown)| shown.late_by_ms);
        assert_eq!(last, Some(0), "{wrong}");
    }
}

#[test]
fn a_player_that_is_taken_away_while_the_past_is_asked_for_does_not_bring_it() {
    let mut sim = Sim::with_server(Placement::Player, busy_server());
    put_at(&mut sim, 8_000, 10_000);
    sim.run_for(5_000);
    sim.forget_deliveries();
    sim.seek_to(sim.live_edge() - 3_600_000);
    sim.input(Input::NoPlayhead);
    sim.run_for(20_000);

    check_state(&sim, sim.live_edge());
    check_nothing_is_old(&sim);
}

#[test]
fn whoever_kept_a_place_and_has_no_playhead_starts_at_the_head_instead() {
    let server = busy_server();
    let config = Config {
        url: "ws://server".to_owned(),
        token: None,
        room_id: "room".to_owned(),
        placement: Placement::Player,
        start_at: Some(MediaTime::from_unix_millis(SERVER_START_MS - 3_600_000)),
    };
    let mut sim = Sim::with_config(config, server);
    sim.run_for(2_000);
    sim.input(Input::NoPlayhead);
    sim.run_for(20_000);

    check_state(&sim, sim.live_edge());
    check_nothing_is_old(&sim);
}

/// Checks that nothing was shown that happened long ago.
fn check_nothing_is_old(sim: &Sim) {
    let since = sim.live_edge() - 60_000;
    let happened = sim
        .shown_events()
        .map(|(_, shown)| shown.event.occurred_at.unix_millis());
    assert!(
        happened.min().is_none_or(|at| at > since),
        "nothing of the hour is shown"
    );
}

#[test]
fn an_answer_that_is_late_when_the_client_has_ended_revives_nothing() {
    for end in [Input::Disconnect, Input::Closed { code: 4403 }] {
        let mut sim = Sim::with_server(Placement::Player, busy_server());
        put_at(&mut sim, 3_600_000, 10_000);
        sim.run_for(5_000);
        let asked = sim.client.stats().asked;
        while sim.client.stats().asked == asked {
            sim.run_for(20);
        }
        sim.loses_messages = true;
        // The host sleeps over the answer's time, and wakes up to the end.
        sim.now += 40_000;
        sim.input(end);
        sim.run_for(60_000);

        let state = sim.client.connection_state();
        let has_ended = matches!(
            state,
            ConnectionState::Disconnected | ConnectionState::Failed(_)
        );
        assert!(has_ended, "{state:?}");
    }
}

#[test]
fn what_is_asked_for_while_the_server_is_away_comes_when_it_is_back() {
    for (up_after_ms, loses) in [
        (5_000, false),
        (90_000, false),
        (5_000, true),
        (90_000, true),
    ] {
        let mut sim = Sim::with_server(Placement::Player, busy_server());
        let put = put_at(&mut sim, 3_600_000, 10_000);
        sim.run_for(30_000);
        sim.loses_messages = loses;
        if !loses {
            sim.server_is_up = false;
            sim.cut(1006);
        }
        sim.run_for(up_after_ms);
        sim.server_is_up = true;
        sim.loses_messages = false;
        sim.run_for(60_000);

        assert!(sim.is_synced());
        let there = put.position(sim.now);
        check_state(&sim, there);
        check_shown(&sim, put, there);
    }
}

#[test]
fn what_the_log_no_longer_has_is_left_behind_and_the_picture_goes_on() {
    let mut sim = Sim::with_server(Placement::Player, busy_server());
    let put = put_at(&mut sim, 3_600_000, 10_000);
    sim.run_for(10_000);
    sim.server.forgotten_through = sim.server.head();
    sim.run_for(60_000);

    check_state(&sim, put.position(sim.now));
    let shown = sim.shown();
    let once: BTreeSet<i64> = shown.iter().copied().collect();
    assert_eq!(once.len(), shown.len(), "nothing comes twice");
    assert_eq!(sim.client.stats().disconnects, 0);
}

#[test]
fn whoever_is_far_behind_and_has_no_playhead_any_more_sees_the_room_by_its_delay() {
    let mut sim = Sim::with_server(Placement::Player, busy_server());
    put_at(&mut sim, 3_600_000, 10_000);
    sim.run_for(5_000);
    sim.forget_deliveries();
    sim.input(Input::NoPlayhead);
    sim.run_for(10_000);

    check_state(&sim, sim.live_edge());
    let moments = sim.shown_events().map(|(_, shown)| &shown.event);
    let moments = moments.filter(|event| event.part.is_none()).count();
    assert_eq!(moments, 0, "nothing of the hour is made up");

    let put = put_at(&mut sim, 3_000_000, 10_000);
    sim.run_for(10_000);
    check_state(&sim, put.position(sim.now));
}

/// Whoever has left is in no snapshot, and the answer comes in several messages.
#[test]
fn who_left_long_ago_is_no_news_after_a_seek() {
    let mut sim = Sim::playing_behind(8_000);
    for index in 0..30 {
        sim.contribute(1);
        let is_listed = index % 2 == 0;
        sim.happen(|server, now| server.move_person("Ada", "AUDIENCE", is_listed, now));
        sim.run_for(1_000);
    }
    sim.forget_deliveries();
    sim.seek_to(sim.live_edge() - 60_000);
    sim.run_for(2_000);
    assert_eq!(sim.subscriptions().len(), 2);
    assert_eq!(sim.shown_events().count(), 0);

    sim.happen(|server, now| server.move_person("Ben", "AUDIENCE", true, now));
    sim.run_for(1_000);
    assert_eq!(sim.shown_events().count(), 1, "what happens now is news");
}
