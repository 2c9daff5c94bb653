//! When events are shown.

use crate::server::{SERVER_START_MS, Server};
use crate::sim::Sim;
use parlor_sdk_core::{Config, Delivery, Input, MediaTime, Placement};

/// When picture events were shown, in milliseconds of the host, each with its `seq`.
fn shown_at(sim: &Sim) -> Vec<(i64, i64)> {
    sim.shown_events()
        .filter(|(_, shown)| !shown.event.is_live())
        .map(|(at, shown)| (at, shown.event.seq))
        .collect()
}

#[test]
fn a_source_shows_everything_on_arrival() {
    let mut sim = Sim::new(Placement::Source);
    sim.run_for(1_000);

    sim.contribute(400);
    sim.run_for(60_000);

    assert_eq!(shown_at(&sim), [(1_020, 3), (1_020, 4)]);
    assert_eq!(sim.total(), Some(400));
}

#[test]
fn a_source_does_not_wait_for_the_clock() {
    let mut sim = Sim::new(Placement::Source);
    sim.answers_pings = false;
    sim.run_for(1_000);

    sim.contribute(400);
    sim.run_for(20);

    assert_eq!(sim.shown(), [3, 4]);
}

#[test]
fn a_clock_found_out_after_the_snapshot_changes_the_state_and_shows_nothing_late() {
    let mut server = Server::new(8_000, 300);
    server.contribute(400, SERVER_START_MS - 30_000);
    let mut sim = Sim::with_server(Placement::Companion, server);
    sim.answers_pings = false;
    sim.run_for(500);
    assert_eq!(sim.total(), None);

    sim.answers_pings = true;
    sim.run_for(500);
    assert_eq!(sim.replaced(), [None, Some(400)]);
    assert_eq!(sim.shown(), [0_i64; 0]);
}

#[test]
fn a_delay_that_was_wrong_holds_up_nothing_once_it_is_put_right() {
    let without_dates = |sim: &mut Sim| sim.input(Input::NoPlayhead);
    let companion = |_: &mut Sim| {};
    for (placement, prepare) in [
        (Placement::Companion, companion as fn(&mut Sim)),
        (Placement::Player, without_dates),
    ] {
        let mut server = Server::new(8_000_000, 300);
        server.contribute(400, SERVER_START_MS - 1_000);
        let mut sim = Sim::with_server(placement, server);
        prepare(&mut sim);
        sim.run_for(1_000);
        sim.happen(|server, now| server.alert(100, now));
        sim.run_for(1_000);
        assert_eq!(sim.shown(), [0_i64; 0], "{placement:?}");

        sim.server.delay_ms = 1_000;
        sim.contribute(500);
        sim.run_for(10_000);
        sim.server.delay_ms = 2_000;
        sim.contribute(600);
        sim.run_for(10_000);

        let at: Vec<i64> = shown_at(&sim).iter().map(|(at, _)| *at).collect();
        let (put_right, changed) = (3_000, 14_000);
        assert_eq!(
            at,
            [put_right, put_right, put_right, put_right, changed, changed],
            "{placement:?}"
        );
        assert_eq!(sim.total(), Some(1_500), "{placement:?}");
    }
}

#[test]
fn a_player_shows_an_event_when_the_picture_gets_there() {
    let mut sim = Sim::playing_behind(8_000);

    sim.contribute(400);
    sim.run_for(60_000);

    assert_eq!(shown_at(&sim), [(13_000, 3), (13_000, 4)]);
    let late: Vec<i64> = sim
        .shown_events()
        .map(|(_, shown)| shown.late_by_ms)
        .collect();
    assert_eq!(late, [0, 0]);
}

#[test]
fn a_companion_shows_an_event_after_the_delay() {
    let mut sim = Sim::new(Placement::Companion);
    sim.run_for(5_000);

    sim.contribute(400);
    sim.run_for(60_000);

    let at: Vec<i64> = shown_at(&sim).iter().map(|(at, _)| *at).collect();
    assert_eq!(at, [13_000, 13_000]);
}

#[test]
fn a_player_without_a_clock_shows_an_event_after_the_delay() {
    let mut sim = Sim::new(Placement::Player);
    sim.input(Input::NoPlayhead);
    sim.run_for(5_000);

    sim.contribute(400);
    sim.run_for(60_000);

    assert_eq!(shown_at(&sim), [(13_000, 3), (13_000, 4)]);
}

#[test]
fn a_silent_player_counts_as_one_without_a_clock_after_a_grace() {
    let mut sim = Sim::new(Placement::Player);
    sim.contribute(400);

    sim.run_for(4_999);
    assert_eq!(sim.total(), None);

    sim.run_for(10_000);
    assert_eq!(sim.total(), Some(400));
}

#[test]
fn a_player_that_loses_its_clock_goes_on_after_the_delay_and_repeats_nothing() {
    let mut sim = Sim::playing_behind(2_000);
    sim.contribute(400);
    sim.run_for(3_000);
    sim.contribute(500);
    sim.input(Input::NoPlayhead);
    sim.run_for(7_999);
    assert_eq!(sim.shown(), [3, 4]);
    sim.run_for(1);
    assert_eq!(sim.shown(), [3, 4, 5, 6]);

    sim.play_at(sim.live_edge() - 9_000);
    sim.run_for(999);
    assert_eq!(sim.total(), Some(400));
    sim.run_for(1);
    assert_eq!(sim.total(), Some(900));
}

#[test]
fn a_player_that_finds_its_clock_later_starts_over_from_its_picture() {
    let mut sim = Sim::new(Placement::Player);
    sim.run_for(6_000);
    sim.contribute(400);
    sim.run_for(9_000);
    assert_eq!(sim.total(), Some(400));

    sim.play_at(sim.live_edge() - 20_000);
    sim.run_for(1_000);
    assert_eq!(sim.total(), None);

    sim.run_for(10_000);
    assert_eq!(sim.total(), Some(400));
}

#[test]
fn a_paused_player_holds_events_and_asks_for_no_wakeup_of_the_picture() {
    let mut sim = Sim::playing_behind(8_000);
    sim.contribute(400);
    sim.run_for(1_000);
    let picture_at = sim.live_edge() - 8_000;
    sim.pause_at(picture_at);
    sim.run_for(600_000);

    assert_eq!(sim.shown(), [0_i64; 0]);

    sim.play_at(picture_at);
    sim.run_for(6_999);
    assert_eq!(sim.shown(), [0_i64; 0]);
    sim.run_for(1);
    assert_eq!(sim.shown(), [3, 4]);
}

#[test]
fn a_stalled_picture_is_waited_for_and_is_no_seek() {
    let mut sim = Sim::playing_behind(8_000);
    sim.contribute(400);
    let picture_at = sim.live_edge() - 8_000;
    sim.play_at(picture_at);
    sim.forget_deliveries();

    for _ in 0..20 {
        sim.run_for(900);
        sim.play_at(picture_at);
    }
    sim.run_for(7_999);
    assert_eq!(sim.shown(), [0_i64; 0]);
    sim.run_for(1);

    assert_eq!(sim.shown(), [3, 4]);
    assert_eq!(sim.replaced(), []);
}

#[test]
fn the_rate_of_the_player_brings_an_event_nearer() {
    let mut sim = Sim::playing_behind(8_000);
    sim.contribute(400);
    sim.report(sim.live_edge() - 8_000, true, 20_000);

    sim.run_for(3_999);
    assert_eq!(sim.shown(), [0_i64; 0]);
    sim.run_for(1);
    assert_eq!(sim.shown(), [3, 4]);
}

#[test]
fn live_events_apply_at_once_wherever_the_picture_is() {
    let mut sim = Sim::playing_behind(30_000);

    sim.happen(|server, now| server.update_room(500, now));
    sim.run_for(20);

    let settings = sim.client.room().settings();
    assert_eq!(settings.map(|it| it.ingest_offset_ms), Some(500));
    assert!(matches!(
        &sim.deliveries.last().unwrap().1,
        Delivery::Event(shown) if shown.event.type_name == "RoomUpdated"
    ));
}

#[test]
fn a_new_ingest_offset_moves_what_is_held() {
    let mut sim = Sim::playing_behind(8_000);
    sim.contribute(400);
    sim.happen(|server, now| server.update_room(2_300, now));

    sim.run_for(9_999);
    assert_eq!(sim.shown(), [0_i64; 0]);
    sim.run_for(1);
    assert_eq!(sim.shown(), [3, 4]);
}

#[test]
fn a_late_joiner_sees_the_train_of_their_picture_and_not_of_the_head() {
    let mut server = Server::new(8_000, 300);
    server.contribute(400, SERVER_START_MS - 40_000);
    server.contribute(500, SERVER_START_MS - 10_000);
    let mut sim = Sim::with_server(Placement::Player, server);
    sim.play_at(sim.live_edge() - 30_000);
    sim.run_for(1_000);

    assert_eq!(sim.replaced(), [Some(400)]);
    assert_eq!(sim.shown(), [0_i64; 0]);

    sim.run_for(20_000);
    assert_eq!(sim.shown(), [5, 6]);
    assert_eq!(sim.total(), Some(900));
}

#[test]
fn a_playhead_that_comes_after_the_room_is_started_from() {
    let mut server = Server::new(8_000, 300);
    server.contribute(400, SERVER_START_MS - 40_000);
    server.contribute(500, SERVER_START_MS - 10_000);
    let mut sim = Sim::with_server(Placement::Player, server);
    sim.run_for(1_000);
    assert_eq!(sim.total(), None);
    assert!(sim.client.room().settings().is_some());

    sim.play_at(sim.live_edge() - 30_000);
    sim.run_for(1_000);
    assert_eq!(sim.total(), Some(400));
}

#[test]
fn a_companion_that_joins_waits_for_the_train_of_the_snapshot() {
    let mut server = Server::new(8_000, 300);
    server.contribute(400, SERVER_START_MS - 5_000);
    let mut sim = Sim::with_server(Placement::Companion, server);

    sim.run_for(2_999);
    assert_eq!(sim.total(), None);
    sim.run_for(1);
    assert_eq!(sim.total(), Some(400));
    assert_eq!(sim.shown(), [4]);
}

#[test]
fn a_start_in_the_past_shows_the_state_there_and_then_what_followed() {
    let mut server = Server::new(0, 0);
    server.contribute(400, SERVER_START_MS - 40_000);
    server.contribute(500, SERVER_START_MS - 10_000);
    let config = Config {
        url: "ws://server".to_owned(),
        token: None,
        room_id: "room".to_owned(),
        placement: Placement::Player,
        start_at: Some(MediaTime::from_unix_millis(SERVER_START_MS - 30_000)),
    };
    let mut sim = Sim::with_config(config, server);
    sim.run_for(1_000);
    sim.play_at(SERVER_START_MS - 30_000);
    sim.run_for(19_999);
    assert_eq!(sim.total(), Some(400));
    sim.run_for(1);

    assert_eq!(sim.total(), Some(900));
    assert_eq!(sim.subscriptions().len(), 1);
}

#[test]
fn a_bad_frame_is_counted_and_changes_nothing() {
    let mut sim = Sim::new(Placement::Source);
    sim.contribute(400);
    sim.run_for(1_000);
    let before = sim.deliveries.len();

    for text in [
        "",
        "{",
        "null",
        "[]",
        "{\"type\":\"next\"}",
        "{\"type\":\"next\",\"id\":\"1\",\"payload\":{}}",
        "{\"type\":\"next\",\"id\":\"1\",\"payload\":{\"data\":{\"liveRoom\":null}}}",
        "{\"type\":\"next\",\"id\":\"1\",\"payload\":{\"data\":{\"liveRoom\":{\"epoch\":\"e\",\
         \"afterSeq\":\"x\",\"throughSeq\":\"2\",\"recovered\":true,\"events\":[]}}}}",
        "{\"type\":\"whatever\"}",
    ] {
        sim.inject(text);
    }

    assert_eq!(sim.client.stats().bad_frames, 9);
    assert_eq!(sim.deliveries.len(), before);
    assert_eq!(sim.total(), Some(400));
}
