//! Jumps of the picture.

use crate::server::SERVER_START_MS;
use crate::sim::Sim;

/// A player 8 s behind, with a contribution at 5, 35 and 65 s of the host's clock, all shown. The
/// train stands at 400, 900, 1,500.
fn after_three_contributions() -> Sim {
    let mut sim = Sim::playing_behind(8_000);
    for hype in [400, 500, 600] {
        sim.contribute(hype);
        sim.run_for(30_000);
    }
    assert_eq!(sim.shown(), [3, 4, 5, 6, 7, 8]);
    sim.forget_deliveries();

    sim
}

/// The place that is filmed when the host's clock reads `at_ms`.
fn filmed_at(at_ms: i64) -> i64 {
    SERVER_START_MS + at_ms + 300
}

#[test]
fn seeking_back_shows_the_train_as_it_was_and_later_as_it_went_on() {
    let mut sim = after_three_contributions();

    sim.seek_to(filmed_at(20_000));
    assert_eq!(sim.replaced(), [Some(400)]);
    assert_eq!(sim.shown(), [0_i64; 0]);

    sim.run_for(15_000);
    assert_eq!(sim.shown(), [5, 6]);
    assert_eq!(sim.total(), Some(900));
    assert_eq!(sim.subscriptions().len(), 1);
}

#[test]
fn a_seek_into_a_moment_shows_it_again_and_past_it_does_not() {
    let mut sim = after_three_contributions();

    sim.seek_to(filmed_at(35_000 + 6_999));
    assert_eq!(sim.shown(), [5]);
    assert_eq!(sim.shown_events().next().unwrap().1.late_by_ms, 6_999);

    sim.forget_deliveries();
    sim.seek_to(filmed_at(5_000 + 7_000));
    assert_eq!(sim.shown(), [0_i64; 0]);
    assert_eq!(sim.replaced(), [Some(400)]);
}

#[test]
fn seeking_forward_jumps_the_state_and_skips_what_lies_between() {
    let mut sim = Sim::playing_behind(60_000);
    for hype in [400, 500, 600] {
        sim.contribute(hype);
        sim.run_for(10_000);
    }
    sim.forget_deliveries();

    sim.seek_to(sim.live_edge() - 8_000);

    assert_eq!(sim.replaced(), [Some(1_500)]);
    assert_eq!(sim.shown(), [7]);
    assert_eq!(sim.client.stats().skipped, 2);
}

#[test]
fn a_seek_beyond_what_is_remembered_asks_the_server() {
    let mut sim = after_three_contributions();
    sim.cut(1006);
    sim.run_for(20_000);
    sim.forget_deliveries();

    sim.seek_to(filmed_at(-20_000));
    assert_eq!(sim.replaced(), []);
    sim.run_for(1_000);
    assert_eq!(sim.replaced(), [None]);

    sim.run_for(60_000);
    assert_eq!(sim.shown(), [3, 4, 5, 6]);
    assert_eq!(sim.total(), Some(900));
    assert_eq!(
        sim.subscriptions().last().unwrap()["at"],
        crate::server::stamp(filmed_at(-20_000 - 7_000))
    );
}

#[test]
fn a_seek_while_cut_off_is_answered_once_connected() {
    let mut sim = after_three_contributions();
    sim.server_is_up = false;
    sim.cut(1006);
    sim.seek_to(filmed_at(-20_000));
    sim.run_for(2_000);
    sim.server_is_up = true;
    sim.run_for(30_000);

    assert_eq!(sim.total(), Some(400));
    assert_eq!(sim.shown(), [3, 4]);
}

#[test]
fn scrubbing_asks_one_question_at_a_time() {
    let mut sim = after_three_contributions();
    let before = sim.subscriptions().len();
    for step in 0..100 {
        sim.seeks += 1;
        sim.pause_at(filmed_at(-step * 500));
    }
    sim.run_for(0);
    assert_eq!(sim.subscriptions().len(), before + 1);

    sim.run_for(1_000);
    assert_eq!(sim.subscriptions().len(), before + 2);
    assert_eq!(sim.total(), None);
}

#[test]
fn small_corrections_of_the_position_are_no_seek() {
    let mut sim = after_three_contributions();
    let position = sim.live_edge() - 8_000;
    for error_ms in [900, 0, -900, 0, 400, -400] {
        sim.play_at(position + error_ms);
    }

    assert_eq!(sim.deliveries, []);
}

#[test]
fn creeping_back_a_little_at_a_time_is_a_seek_once_it_stays() {
    let mut sim = after_three_contributions();
    for step in 0..300 {
        sim.pause_at(sim.live_edge() - 8_000 - step * 250);
    }
    let position = sim.live_edge() - 8_000 - 299 * 250;
    sim.run_for(8_000);
    assert_eq!(sim.total(), Some(1_500));

    for second in 0..=8 {
        sim.play_at(position + second * 1_000);
        sim.run_for(1_000);
    }
    assert_eq!(sim.total(), Some(400));
}

#[test]
fn a_seek_while_paused_is_shown_at_once() {
    let mut sim = after_three_contributions();

    sim.seeks += 1;
    sim.pause_at(filmed_at(20_000));
    sim.run_for(100_000);

    assert_eq!(sim.replaced(), [Some(400)]);
    assert_eq!(sim.total(), Some(400));
}

#[test]
fn history_is_bounded_and_what_it_lost_is_asked_for() {
    let mut sim = Sim::playing_behind(0);
    for _ in 0..1_500 {
        sim.contribute(1);
        sim.run_for(1_000);
    }
    let before = sim.subscriptions().len();

    sim.seek_to(sim.live_edge() - 900_000);
    assert_eq!(sim.subscriptions().len(), before);
    assert_eq!(sim.total(), Some(601));

    sim.seek_to(sim.live_edge() - 1_200_000);
    sim.run_for(20);
    assert_eq!(sim.subscriptions().len(), before + 1);
    sim.run_for(20);
    assert_eq!(sim.total(), Some(301));
}

#[test]
fn the_train_outlives_the_history_that_it_came_in() {
    let mut sim = Sim::playing_behind(0);
    sim.contribute(400);
    for _ in 0..2_100 {
        sim.happen(|server, now| server.alert(1, now));
        sim.run_for(100);
    }
    let before = sim.subscriptions().len();

    sim.seek_to(sim.live_edge() - 100_000);
    assert_eq!(sim.total(), Some(400));
    assert_eq!(sim.subscriptions().len(), before);
}
