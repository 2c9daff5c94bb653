//! Connecting, and coming back.

use crate::server::Server;
use crate::sim::Sim;
use parlor_sdk_core::{ConnectionState, Failure, Input, Placement};
use serde_json::json;

#[test]
fn the_handshake_introduces_and_subscribes_and_pings_for_the_clock() {
    let mut sim = Sim::new(Placement::Source);
    sim.run_for(30_000);

    let kinds: Vec<&str> = sim.sent[..3]
        .iter()
        .map(|(_, message)| message["type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["connection_init", "ping", "subscribe"]);
    assert_eq!(
        sim.sent[0].1["payload"],
        json!({"Authorization": "Bearer a token"})
    );
    assert_eq!(*sim.subscriptions()[0], json!({"roomId": "room"}));
    let pings_at: Vec<i64> = sim.sent_of("ping").iter().map(|(at, _)| *at).collect();
    assert_eq!(pings_at, [20, 220, 420, 620, 820, 10_820, 20_820]);
    assert_eq!(sim.state(), ConnectionState::Live);
}

#[test]
fn after_a_cut_nothing_is_missing_and_nothing_comes_twice() {
    let mut sim = Sim::playing_behind(2_000);
    sim.contribute(400);
    sim.run_for(3_000);
    sim.cut(1006);
    sim.contribute(500);
    sim.run_for(20_000);
    sim.contribute(600);
    sim.run_for(5_000);

    assert_eq!(sim.shown(), [3, 4, 5, 6, 7, 8]);
    assert_eq!(sim.total(), Some(1_500));
    assert_eq!(sim.client.stats().disconnects, 1);
    assert_eq!(
        sim.subscriptions()[1]["after"],
        json!({"epoch": "epoch-1", "seq": "4"})
    );
}

#[test]
fn a_server_that_is_not_there_yet_is_tried_for_ever() {
    let mut sim = Sim::new(Placement::Source);
    sim.server_is_up = false;
    sim.cut(1006);
    sim.run_for(3_600_000);
    let tries = sim.connects.len();
    assert!((300..1_200).contains(&tries), "{tries}");

    sim.server_is_up = true;
    sim.run_for(16_000);
    assert_eq!(sim.state(), ConnectionState::Live);
}

#[test]
fn a_good_connection_makes_the_waits_short_again() {
    let mut sim = Sim::new(Placement::Source);
    sim.server_is_up = false;
    sim.cut(1006);
    sim.run_for(600_000);
    sim.server_is_up = true;
    sim.run_for(20_000);
    sim.cut(1006);

    let ConnectionState::Waiting { retry_at } = sim.state() else {
        panic!("{:?}", sim.state());
    };
    assert!(retry_at.as_millis() <= sim.now + 250);
}

#[test]
fn a_server_that_lets_in_and_sends_away_again_is_not_hammered() {
    for code in [1000, 1006, 1013, 4404, 4999] {
        for live_ms in [0, 500, 900] {
            let mut sim = Sim::new(Placement::Source);
            while sim.now < 600_000 {
                sim.run_for(50);
                if sim.state() == ConnectionState::Live {
                    sim.run_for(live_ms);
                    sim.cut(code);
                }
            }
            let early = sim.connects.iter().filter(|at| **at < 10_000).count();
            assert!(early <= 12, "{code} after {live_ms} ms: {early} in 10 s");
            let count = sim.connects.len();
            assert!(
                (40..130).contains(&count),
                "{code} after {live_ms} ms: {count}"
            );
        }
    }
}

#[test]
fn a_silent_socket_is_given_up_and_replaced() {
    let mut sim = Sim::new(Placement::Source);
    sim.run_for(1_000);
    sim.loses_messages = true;
    sim.run_for(30_000);

    assert_eq!(sim.closes, [4499]);
    sim.loses_messages = false;
    sim.run_for(10_000);
    assert_eq!(sim.state(), ConnectionState::Live);
}

#[test]
fn a_server_that_never_acknowledges_is_given_up() {
    let mut sim = Sim::new(Placement::Source);
    sim.loses_messages = true;
    sim.run_for(10_019);
    assert_eq!(sim.closes, [0_u16; 0]);
    sim.run_for(1);
    assert_eq!(sim.closes, [4499]);
}

#[test]
fn each_close_code_means_what_the_table_says() {
    for (code, failure) in [
        (1001, None),
        (1006, None),
        (1012, None),
        (1013, None),
        (4408, None),
        (1000, None),
        (1002, None),
        (3000, None),
        (4000, None),
        (4404, None),
        (4499, None),
        (4500, None),
        (u16::MAX, None),
        (4403, Some(Failure::SignInRequired)),
        (4400, Some(Failure::Protocol { code: 4400 })),
        (4401, Some(Failure::Protocol { code: 4401 })),
        (4406, Some(Failure::Protocol { code: 4406 })),
        (4409, Some(Failure::Protocol { code: 4409 })),
        (4429, Some(Failure::Protocol { code: 4429 })),
    ] {
        let mut sim = Sim::new(Placement::Source);
        sim.run_for(1_000);
        sim.cut(code);
        sim.run_for(60_000);

        match failure {
            None => assert_eq!(sim.state(), ConnectionState::Live, "{code}"),
            Some(failure) => {
                assert_eq!(sim.state(), ConnectionState::Failed(failure), "{code}");
                assert_eq!(sim.connects.len(), 1);
                assert_eq!(sim.client.poll_timeout(), None);
            }
        }
    }
}

#[test]
fn a_crowd_sent_away_comes_back_spread_out() {
    let mut sim = Sim::new(Placement::Source);
    sim.run_for(1_000);
    sim.cut(1012);

    let ConnectionState::Waiting { retry_at } = sim.state() else {
        panic!("{:?}", sim.state());
    };
    assert!(retry_at.as_millis() > 1_250, "{retry_at:?}");
}

#[test]
fn a_new_token_ends_the_wait_for_one_and_loses_nothing() {
    let mut sim = Sim::new(Placement::Source);
    sim.run_for(1_000);
    sim.cut(4403);
    sim.contribute(400);
    sim.run_for(100_000);
    let ConnectionState::Failed(failure) = sim.state() else {
        panic!("{:?}", sim.state());
    };
    assert!(failure.requires_sign_in() && failure.is_retryable());

    sim.input(Input::TokenRenewed("another".to_owned()));
    sim.run_for(1_000);

    assert_eq!(sim.state(), ConnectionState::Live);
    assert_eq!(sim.shown(), [3, 4]);
    assert_eq!(
        sim.sent_of("connection_init")[1].1["payload"],
        json!({"Authorization": "Bearer another"})
    );
}

#[test]
fn an_expiring_token_is_announced_and_the_new_one_used_at_once() {
    let mut sim = Sim::new(Placement::Source);
    sim.run_for(1_000);
    sim.inject("{\"type\":\"ping\",\"payload\":{\"serverSentAt\":5,\"tokenExpiresAt\":99}}");
    assert_eq!(sim.token_warnings[0].unix_millis(), 99);
    assert_eq!(
        sim.sent.last().unwrap().1,
        json!({"type": "pong", "payload": {"serverSentAt": 5, "tokenExpiresAt": 99}})
    );

    sim.input(Input::TokenRenewed("another".to_owned()));
    sim.contribute(400);
    sim.run_for(1_000);

    assert_eq!(sim.connects.len(), 2);
    assert_eq!(sim.shown(), [3, 4]);
    assert_eq!(sim.client.stats().disconnects, 0);
}

#[test]
fn a_lost_message_is_noticed_and_fetched() {
    let mut sim = Sim::new(Placement::Source);
    sim.run_for(1_000);
    sim.loses_messages = true;
    sim.contribute(400);
    sim.loses_messages = false;
    sim.contribute(500);
    sim.run_for(1_000);

    assert_eq!(sim.shown(), [3, 4, 5, 6]);
    assert_eq!(sim.client.stats().gaps, 1);
    assert_eq!(sim.sent_of("complete").len(), 1);
    assert_eq!(sim.connects.len(), 1);
}

#[test]
fn a_message_that_comes_twice_is_dropped() {
    let mut sim = Sim::new(Placement::Source);
    sim.run_for(1_000);
    sim.contribute(400);
    sim.repeat_last_message();
    sim.run_for(1_000);

    assert_eq!(sim.shown(), [3, 4]);
    assert_eq!(sim.client.stats().duplicates, 2);
}

#[test]
fn a_log_that_does_not_reach_back_replaces_the_state() {
    let mut sim = Sim::new(Placement::Source);
    sim.contribute(400);
    sim.run_for(1_000);
    sim.cut(1006);
    sim.contribute(500);
    sim.server.trimmed_through = sim.server.head();
    sim.contribute(600);
    sim.forget_deliveries();
    sim.run_for(5_000);

    assert_eq!(sim.replaced(), [Some(1_500)]);
    assert_eq!(sim.shown(), [0_i64; 0]);
}

#[test]
fn another_epoch_replaces_everything_even_with_lower_positions() {
    let mut sim = Sim::playing_behind(2_000);
    sim.contribute(400);
    sim.run_for(10_000);
    sim.cut(1006);
    sim.server = Server::new(8_000, 0);
    sim.server.epoch = "epoch-2".to_owned();
    sim.run_for(10_000);
    sim.forget_deliveries();
    assert_eq!(sim.total(), None);

    sim.contribute(100);
    sim.run_for(10_000);
    assert_eq!(sim.shown(), [3, 4]);
    assert_eq!(sim.total(), Some(100));
}

#[test]
fn refusals_of_the_operation_are_told_apart() {
    for (code, state) in [
        ("NOT_FOUND", ConnectionState::Failed(Failure::RoomNotFound)),
        (
            "FORBIDDEN",
            ConnectionState::Failed(Failure::SignInRequired),
        ),
        (
            "VALIDATION",
            ConnectionState::Failed(Failure::Protocol { code: 1000 }),
        ),
    ] {
        let mut sim = Sim::new(Placement::Source);
        sim.server.refuses = Some(code);
        sim.run_for(1_000);

        assert_eq!(sim.state(), state);
        assert_eq!(sim.closes, [1000]);
    }

    for code in ["INTERNAL", "RATE_LIMITED", "UNHEARD_OF", ""] {
        let mut sim = Sim::new(Placement::Source);
        sim.server.refuses = Some(code);
        sim.run_for(100);
        let state = sim.state();
        assert!(matches!(state, ConnectionState::Waiting { .. }), "{code}");

        sim.server.refuses = None;
        sim.run_for(16_000);
        assert_eq!(sim.state(), ConnectionState::Live, "{code}");
    }
}

/// Gives another token whenever one is asked for, for `span_ms`.
fn answer_token_requests(sim: &mut Sim, span_ms: i64) {
    for _ in 0..span_ms / 10 {
        sim.run_for(10);
        if sim.client.token_request().is_some() {
            sim.input(Input::TokenRenewed("refused as well".to_owned()));
        }
    }
}

#[test]
fn tokens_that_are_refused_one_after_the_other_are_tried_at_a_growing_distance() {
    for code in ["UNAUTHENTICATED", "FORBIDDEN"] {
        let mut sim = Sim::new(Placement::Source);
        sim.server.refuses = Some(code);
        answer_token_requests(&mut sim, 10_000);
        assert!((3..=6).contains(&sim.connects.len()), "{:?}", sim.connects);
        answer_token_requests(&mut sim, 590_000);
        assert!(
            (30..=45).contains(&sim.connects.len()),
            "{:?}",
            sim.connects
        );

        sim.server.refuses = None;
        answer_token_requests(&mut sim, 16_000);
        assert_eq!(sim.state(), ConnectionState::Live);
    }
}

#[test]
fn tokens_that_do_not_hold_are_replaced_at_a_growing_distance() {
    let mut sim = Sim::new(Placement::Source);
    for _ in 0..100 {
        answer_token_requests(&mut sim, 100);
        if sim.state() == ConnectionState::Live {
            sim.cut(4403);
        }
    }

    assert!((3..=6).contains(&sim.connects.len()), "{:?}", sim.connects);
}

#[test]
fn a_refused_position_is_forgotten() {
    let mut sim = Sim::new(Placement::Source);
    sim.contribute(400);
    sim.run_for(1_000);
    sim.cut(1006);
    sim.server.refuses = Some("VALIDATION");
    while sim.subscriptions().len() < 3 {
        sim.run_for(10);
    }
    sim.server.refuses = None;
    sim.run_for(1_000);

    assert_eq!(*sim.subscriptions()[2], json!({"roomId": "room"}));
    assert_eq!(sim.total(), Some(400));
}

#[test]
fn disconnecting_is_final() {
    let mut sim = Sim::new(Placement::Source);
    sim.run_for(1_000);
    sim.input(Input::Disconnect);
    sim.input(Input::TokenRenewed("another".to_owned()));
    sim.run_for(100_000);

    assert_eq!(sim.state(), ConnectionState::Disconnected);
    assert_eq!(sim.closes, [1000]);
    assert_eq!(sim.connects.len(), 1);
}
