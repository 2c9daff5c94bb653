//! Background and foreground, changes of network, and tokens that run out.

use crate::sim::Sim;
use parlor_sdk_core::{
    ConnectionState, Failure, Input, MediaTime, Placement, ServerTime, TokenRequest,
};
use serde_json::json;

#[test]
fn a_paused_client_lets_go_of_its_socket_and_asks_for_no_wakeup() {
    let mut sim = Sim::new(Placement::Companion);
    sim.run_for(1_000);
    sim.contribute(400);
    sim.run_for(1_000);
    sim.input(Input::Pause);
    assert_eq!(sim.state(), ConnectionState::Paused);
    assert_eq!(sim.closes, [1000]);
    assert_eq!(sim.client.poll_timeout(), None);

    sim.run_for(600_000);

    assert_eq!(sim.shown(), [0_i64; 0]);
    assert_eq!(sim.connects.len(), 1);
    assert_eq!(sim.client.stats().disconnects, 0);
}

#[test]
fn a_resumed_client_gets_every_event_since() {
    let mut sim = Sim::new(Placement::Companion);
    sim.run_for(1_000);
    sim.contribute(400);
    sim.run_for(1_000);
    sim.input(Input::Pause);
    for _ in 0..20 {
        sim.contribute(10);
        sim.run_for(30_000);
    }
    sim.input(Input::Resume);
    assert_eq!(sim.connects.len(), 2);
    assert_eq!(sim.state(), ConnectionState::Connecting);
    sim.run_for(1_000);

    assert_eq!(
        *sim.subscriptions()[1],
        json!({"roomId": "room", "after": {"epoch": "epoch-1", "seq": "4"}})
    );
    assert_eq!(sim.shown(), (3..=44).collect::<Vec<_>>());
    assert_eq!(sim.state(), ConnectionState::Live);
}

#[test]
fn a_resumed_player_goes_on_in_its_picture_if_that_stood() {
    let mut sim = Sim::playing_behind(5_000);
    sim.contribute(400);
    sim.run_for(1_000);
    let position = sim.live_edge() - 5_000;
    sim.input(Input::Pause);
    sim.run_for(300_000);
    sim.forget_deliveries();
    sim.input(Input::Resume);
    sim.play_at(position + 200);
    sim.run_for(10_000);

    assert_eq!(sim.shown(), [3, 4]);
    assert_eq!(sim.replaced(), [None; 0]);
    assert_eq!(sim.subscriptions()[1]["after"]["seq"], "4");
}

#[test]
fn a_player_that_went_on_in_the_background_is_shown_the_state_there() {
    let mut sim = Sim::playing_behind(5_000);
    sim.input(Input::Pause);
    sim.contribute(400);
    sim.run_for(300_000);
    sim.contribute(500);
    sim.run_for(6_000);
    sim.forget_deliveries();
    sim.input(Input::Resume);
    sim.run_for(1_000);
    assert_eq!(sim.shown(), [0_i64; 0], "where the picture is is not known");

    sim.play_at(sim.live_edge() - 5_000);
    sim.run_for(1_000);

    assert_eq!(sim.replaced(), [Some(900)]);
    assert_eq!(sim.shown(), [5], "the last gift is still on screen there");
    assert_eq!(sim.client.stats().skipped, 1);
}

#[test]
fn a_player_that_was_put_back_in_the_background_asks_for_the_state_there() {
    let mut sim = Sim::new(Placement::Player);
    sim.run_for(30_000);
    sim.play_at(sim.live_edge());
    sim.run_for(1_000);
    let covered_from = sim.live_edge() - 30_000;
    sim.input(Input::Pause);
    sim.play_at(covered_from);
    sim.run_for(60_000);
    sim.input(Input::Resume);
    sim.run_for(1_000);

    let at = MediaTime::from_unix_millis(covered_from - 7_000);
    let last = (*sim.subscriptions().last().unwrap()).clone();
    assert_eq!(last["at"], crate::server::stamp(at.unix_millis()));
}

#[test]
fn what_happens_to_a_paused_client_is_known_to_it_when_it_resumes() {
    let mut sim = Sim::new(Placement::Source);
    sim.run_for(1_000);
    sim.input(Input::Pause);
    sim.input(Input::NetworkChanged { online: true });
    sim.input(Input::Reconnect);
    sim.input(Input::TokenRenewed("another".to_owned()));
    sim.input(Input::NetworkChanged { online: false });
    sim.run_for(60_000);
    assert_eq!(sim.state(), ConnectionState::Paused);
    assert_eq!(sim.connects.len(), 1);

    sim.input(Input::Resume);
    assert_eq!(sim.state(), ConnectionState::WaitingForNetwork);
    sim.input(Input::NetworkChanged { online: true });
    sim.run_for(1_000);

    assert_eq!(sim.state(), ConnectionState::Live);
    assert_eq!(
        sim.sent_of("connection_init")[1].1["payload"],
        json!({"Authorization": "Bearer another"})
    );
}

#[test]
fn resuming_does_not_wait_for_the_backoff() {
    let mut sim = Sim::new(Placement::Source);
    sim.server_is_up = false;
    sim.cut(1006);
    sim.run_for(600_000);
    sim.input(Input::Pause);
    let tries = sim.connects.len();
    sim.input(Input::Resume);
    assert_eq!(sim.connects.len(), tries + 1);
    assert_eq!(sim.connects.last(), Some(&sim.now));

    sim.run_for(sim.latency_ms);
    let ConnectionState::Waiting { retry_at } = sim.state() else {
        panic!("{:?}", sim.state());
    };
    assert!(retry_at.as_millis() <= sim.now + 250);
}

#[test]
fn without_a_network_nothing_is_tried() {
    let mut sim = Sim::new(Placement::Source);
    sim.run_for(1_000);
    sim.input(Input::NetworkChanged { online: false });
    assert_eq!(sim.state(), ConnectionState::WaitingForNetwork);
    assert_eq!(sim.closes, [1000]);
    sim.contribute(400);
    sim.run_for(600_000);
    assert_eq!(sim.connects.len(), 1);

    sim.input(Input::NetworkChanged { online: true });
    assert_eq!(sim.connects.last(), Some(&sim.now));
    sim.run_for(1_000);
    assert_eq!(sim.shown(), [3, 4]);
}

#[test]
fn what_is_held_is_shown_without_a_network_too() {
    let mut sim = Sim::new(Placement::Companion);
    sim.run_for(1_000);
    sim.contribute(400);
    sim.run_for(1_000);
    sim.input(Input::NetworkChanged { online: false });
    sim.run_for(20_000);

    assert_eq!(sim.shown(), [3, 4]);
}

#[test]
fn another_network_replaces_the_socket_at_once() {
    let mut sim = Sim::new(Placement::Source);
    sim.run_for(60_000);
    sim.loses_messages = true;
    sim.contribute(400);
    sim.input(Input::NetworkChanged { online: true });
    sim.loses_messages = false;

    assert_eq!(sim.connects, [0, 60_000]);
    assert_eq!(sim.closes, [1000]);
    sim.run_for(1_000);
    assert_eq!(sim.shown(), [3, 4]);
    assert_eq!(sim.client.stats().disconnects, 0);
}

#[test]
fn a_network_ends_the_wait_for_another_try() {
    let mut sim = Sim::new(Placement::Source);
    sim.server_is_up = false;
    sim.cut(1006);
    sim.run_for(600_000);
    while !matches!(sim.state(), ConnectionState::Waiting { .. }) {
        sim.run_for(10);
    }
    sim.server_is_up = true;
    sim.input(Input::NetworkChanged { online: true });

    assert_eq!(sim.connects.last(), Some(&sim.now));
}

#[test]
fn a_network_that_flaps_does_not_hammer_the_server() {
    for period_ms in [10, 100, 700, 2_000] {
        for goes_offline in [true, false] {
            let mut sim = Sim::new(Placement::Source);
            sim.run_for(1_000);
            let began_at = sim.now;
            while sim.now < began_at + 120_000 {
                if goes_offline {
                    sim.input(Input::NetworkChanged { online: false });
                    sim.run_for(period_ms / 2);
                }
                sim.input(Input::NetworkChanged { online: true });
                sim.run_for(period_ms / 2);
            }

            let made = sim.connects.len() - 1;
            assert!(made <= 14, "{made} connections every {period_ms} ms");
            sim.run_for(16_000);
            assert_eq!(sim.state(), ConnectionState::Live);
        }
    }
}

#[test]
fn a_second_change_in_a_row_spares_a_socket_that_is_heard_of() {
    let mut sim = Sim::new(Placement::Source);
    sim.run_for(1_000);
    sim.input(Input::NetworkChanged { online: true });
    sim.run_for(500);
    sim.input(Input::NetworkChanged { online: true });
    sim.run_for(5_000);
    assert_eq!(sim.connects.len(), 2);

    sim.loses_messages = true;
    sim.input(Input::NetworkChanged { online: true });
    sim.run_for(500);
    sim.input(Input::NetworkChanged { online: true });
    sim.run_for(5_000);
    assert_eq!(sim.connects.len(), 4);
}

#[test]
fn an_explicit_reconnect_waits_for_nothing() {
    let mut sim = Sim::new(Placement::Source);
    sim.run_for(1_000);
    sim.input(Input::Reconnect);
    assert_eq!(sim.connects.len(), 2);
    sim.run_for(1_000);

    sim.server_is_up = false;
    sim.cut(1006);
    sim.run_for(60_000);
    let tries = sim.connects.len();
    while !matches!(sim.state(), ConnectionState::Waiting { .. }) {
        sim.run_for(10);
    }
    sim.input(Input::Reconnect);
    assert!(sim.connects.len() > tries);
    assert_eq!(sim.connects.last(), Some(&sim.now));

    sim.input(Input::NetworkChanged { online: false });
    sim.input(Input::Reconnect);
    assert_eq!(sim.connects.last(), Some(&sim.now));
    sim.run_for(1_000);
    assert_eq!(sim.state(), ConnectionState::WaitingForNetwork);
}

#[test]
fn a_final_refusal_is_not_reconnected_to() {
    let mut sim = Sim::new(Placement::Source);
    sim.server.refuses = Some("NOT_FOUND");
    sim.run_for(1_000);
    for input in [
        Input::Reconnect,
        Input::NetworkChanged { online: true },
        Input::Pause,
        Input::Resume,
    ] {
        sim.input(input);
    }

    assert_eq!(sim.state(), ConnectionState::Failed(Failure::RoomNotFound));
    assert_eq!(sim.connects.len(), 1);
}

#[test]
fn a_refused_token_is_asked_for_and_waited_for_through_the_background() {
    let mut sim = Sim::new(Placement::Source);
    sim.run_for(1_000);
    assert_eq!(sim.client.token_request(), None);
    sim.cut(4403);
    assert_eq!(sim.client.token_request(), Some(TokenRequest::Refused));

    sim.input(Input::Pause);
    sim.input(Input::Resume);
    sim.run_for(60_000);
    assert_eq!(sim.connects.len(), 1);
    assert_eq!(
        sim.state(),
        ConnectionState::Failed(Failure::SignInRequired)
    );

    sim.input(Input::Pause);
    sim.input(Input::TokenRenewed("another".to_owned()));
    assert_eq!(sim.client.token_request(), None);
    assert_eq!(sim.connects.len(), 1);
    sim.input(Input::Resume);
    sim.run_for(1_000);
    assert_eq!(sim.state(), ConnectionState::Live);
}

#[test]
fn a_token_is_renewed_without_a_gap_that_a_viewer_could_see() {
    let mut sim = Sim::new(Placement::Source);
    sim.run_for(1_000);
    warn(&mut sim, 99);
    let request = TokenRequest::Expiring {
        expires_at: ServerTime::from_unix_millis(99),
    };
    assert_eq!(sim.client.token_request(), Some(request));
    sim.states.clear();

    sim.input(Input::TokenRenewed("another".to_owned()));
    assert_eq!(sim.client.token_request(), None);
    sim.contribute(400);
    assert_eq!(sim.state(), ConnectionState::Live);
    sim.run_for(1_000);

    assert_eq!(sim.shown(), [3, 4]);
    let states: Vec<_> = sim.states.iter().map(|(_, state)| *state).collect();
    assert_eq!(states, [ConnectionState::Live]);
}

#[test]
fn a_renewal_that_fails_shows() {
    let mut sim = Sim::new(Placement::Source);
    sim.run_for(1_000);
    warn(&mut sim, 99);
    sim.server_is_up = false;
    sim.input(Input::TokenRenewed("another".to_owned()));
    sim.run_for(50);

    assert!(matches!(sim.state(), ConnectionState::Waiting { .. }));
}

#[test]
fn a_token_given_early_is_used_when_the_old_one_runs_out() {
    let mut sim = Sim::new(Placement::Source);
    sim.run_for(1_000);
    sim.input(Input::TokenRenewed("another".to_owned()));
    sim.run_for(60_000);
    assert_eq!(sim.connects.len(), 1);

    warn(&mut sim, 99);
    sim.run_for(1_000);

    assert_eq!(sim.token_warnings, []);
    assert_eq!(sim.connects.len(), 2);
    assert_eq!(
        sim.sent_of("connection_init")[1].1["payload"],
        json!({"Authorization": "Bearer another"})
    );
}

#[test]
fn tokens_that_live_shorter_than_the_warning_do_not_hammer_the_server() {
    let mut sim = Sim::new(Placement::Source);
    sim.run_for(1_000);
    let mut expires_at = 0;
    while sim.now < 61_000 {
        expires_at += 1;
        warn(&mut sim, expires_at);
        sim.input(Input::TokenRenewed(format!("token {expires_at}")));
        sim.run_for(100);
    }

    let renewals = sim.connects.len() - 1;
    assert!((11..=13).contains(&renewals), "{renewals}");
}

#[test]
fn the_same_warning_asks_once() {
    let mut sim = Sim::new(Placement::Source);
    sim.run_for(1_000);
    warn(&mut sim, 99);
    warn(&mut sim, 99);
    assert_eq!(sim.token_warnings.len(), 1);
}

fn warn(sim: &mut Sim, expires_at: i64) {
    sim.inject(&format!(
        "{{\"type\":\"ping\",\"payload\":{{\"serverSentAt\":5,\"tokenExpiresAt\":{expires_at}}}}}"
    ));
}
