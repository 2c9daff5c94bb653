//! What a player says that cannot be, and a player that stops saying anything.

use crate::server::Server;
use crate::sim::Sim;
use parlor_sdk_core::{
    Input, Instant, MediaTime, Placement, Playhead, PlayheadQuality, SyncSource,
};

const HOUR_MS: i64 = 3_600_000;

/// Reports `position` each second, for `span_ms`.
fn insist_on(sim: &mut Sim, position: impl Fn(&Sim) -> i64, span_ms: i64) {
    for _ in 0..span_ms / 1_000 {
        let position = position(sim);
        sim.play_at(position);
        sim.run_for(1_000);
    }
}

#[test]
fn a_position_that_cannot_be_is_none_and_the_delay_is_used() {
    let positions: [fn(&Sim) -> i64; 8] = [
        |_| 0,
        |_| -1,
        |_| i64::MIN,
        |_| i64::MAX,
        |sim| sim.now,
        |sim| sim.live_edge() / 1_000,
        |sim| sim.live_edge() * 1_000,
        |sim| sim.live_edge() + HOUR_MS,
    ];
    for (index, position) in positions.into_iter().enumerate() {
        let mut sim = Sim::new(Placement::Player);
        insist_on(&mut sim, position, 6_000);
        let began_at = sim.now;
        sim.contribute(400);
        insist_on(&mut sim, position, 7_000);
        assert_eq!(sim.shown(), [0_i64; 0], "{index}");
        insist_on(&mut sim, position, 2_000);
        assert_eq!(sim.shown(), [3, 4], "{index}");
        assert_eq!(sim.now - began_at, 9_000);
        assert_eq!(sim.sync_source(), SyncSource::PlayheadRefused);
        assert!(sim.client.stats().playheads_refused >= 14, "{index}");

        let position = sim.live_edge() - 2_000;
        sim.play_at(position);
        sim.contribute(500);
        sim.run_for(2_500);
        assert_eq!(sim.shown(), [3, 4, 5, 6], "{index}");
        assert_eq!(sim.sync_source(), SyncSource::Playhead);
    }
}

#[test]
fn a_position_reported_before_the_clock_is_known_is_looked_at_again() {
    let mut sim = Sim::new(Placement::Player);
    let position = sim.live_edge() + HOUR_MS;
    sim.pause_at(position);
    assert_eq!(sim.sync_source(), SyncSource::Playhead);
    sim.contribute(400);
    sim.run_for(5_000);

    assert_eq!(sim.sync_source(), SyncSource::PlayheadRefused);
    assert_eq!(sim.total(), None);
    sim.run_for(5_000);
    assert_eq!(sim.total(), Some(400));
}

#[test]
fn a_position_from_before_the_room_is_none_and_the_delay_is_used() {
    for behind_ms in [3 * 60_000, HOUR_MS, 3 * HOUR_MS] {
        for reports_late in [false, true] {
            let server = Server::new(8_000, 300).opened_ago(60_000);
            let mut sim = Sim::with_server(Placement::Player, server);
            if reports_late {
                sim.run_for(2_000);
            }
            insist_on(&mut sim, |sim| sim.live_edge() - behind_ms, 6_000);
            sim.contribute(400);
            insist_on(&mut sim, |sim| sim.live_edge() - behind_ms, 7_000);
            assert_eq!(sim.shown(), [0_i64; 0], "{behind_ms}");
            insist_on(&mut sim, |sim| sim.live_edge() - behind_ms, 2_000);
            assert_eq!(sim.shown(), [3, 4], "{behind_ms}");
            assert_eq!(sim.sync_source(), SyncSource::PlayheadRefused);
            assert!(sim.client.stats().playheads_refused > 10);

            sim.play_at(sim.live_edge() - 2_000);
            sim.contribute(500);
            sim.run_for(2_500);
            assert_eq!(sim.shown(), [3, 4, 5, 6], "{behind_ms}");
            assert_eq!(sim.sync_source(), SyncSource::Playhead);
        }
    }
}

/// Where the viewer was is known, and nothing that has not been filmed there yet is shown.
#[test]
fn whoever_seeks_to_before_the_room_stays_where_they_were() {
    for reports in [1, 12] {
        let server = Server::new(8_000, 300).opened_ago(20 * 60_000);
        let mut sim = Sim::with_server(Placement::Player, server);
        sim.play_at(sim.live_edge() - 20_000);
        sim.contribute(400);
        sim.run_for(25_000);
        assert_eq!(sim.shown(), [3, 4]);

        sim.seeks += 1;
        insist_on(&mut sim, |sim| sim.live_edge() - HOUR_MS, reports * 1_000);
        sim.contribute(500);
        insist_on(&mut sim, |sim| sim.live_edge() - HOUR_MS, 30_000);
        assert_eq!(sim.shown(), [3, 4]);
        assert_eq!(sim.sync_source(), SyncSource::PlayheadRefused);

        sim.seek_to(sim.live_edge() - 2_000);
        sim.run_for(2_000);
        sim.contribute(600);
        sim.run_for(5_000);
        assert_eq!(sim.shown(), [3, 4, 7, 8]);
        assert_eq!(sim.sync_source(), SyncSource::Playhead);
    }
}

/// A stamp from the future, as a clock that was wrong when the room was made left it, tells of no beginning.
#[test]
fn a_room_that_seems_to_begin_later_than_now_turns_nobody_away() {
    let server = Server::new(8_000, 300).opened_ago(-HOUR_MS);
    let mut sim = Sim::with_server(Placement::Player, server);
    sim.play_at(sim.live_edge() - 20_000);
    sim.contribute(400);
    sim.run_for(25_000);

    assert_eq!(sim.sync_source(), SyncSource::Playhead);
    assert_eq!(sim.client.stats().playheads_refused, 0);
}

#[test]
fn a_viewer_who_is_hours_behind_in_a_room_that_was_there_is_believed() {
    for behind_ms in [HOUR_MS, 2 * HOUR_MS] {
        let mut sim = Sim::playing_behind(behind_ms);
        assert_eq!(sim.sync_source(), SyncSource::Playhead);
        sim.contribute(400);
        sim.run_for(60_000);
        assert_eq!(sim.shown(), [0_i64; 0]);
    }
}

#[test]
fn bad_reports_between_good_ones_change_nothing() {
    let mut sim = Sim::playing_behind(2_000);
    sim.forget_deliveries();
    for round in 0..300 {
        if round % 30 == 0 {
            sim.contribute(1);
        }
        let position = sim.live_edge() - 2_000;
        match round % 3 {
            0 => sim.play_at(position),
            1 => sim.input(Input::PlayheadLost),
            _ => sim.play_at(position + HOUR_MS),
        }
        sim.run_for(16);
    }
    let position = sim.live_edge() - 2_000;
    sim.play_at(position);
    sim.run_for(2_500);

    assert_eq!(sim.replaced(), []);
    assert_eq!(sim.shown(), (3..23).collect::<Vec<i64>>());
}

#[test]
fn what_cannot_be_read_is_counted_and_has_the_picture_stand_until_a_good_one_comes() {
    let mut sim = Sim::playing_behind(2_000);
    let stands_at = position(&sim);
    for refused in 1..4 {
        sim.input(Input::PlayheadUnreadable);
        sim.run_for(60_000);
        assert_eq!(position(&sim), stands_at);
        assert_eq!(sim.sync_source(), SyncSource::PlayheadRefused);
        assert_eq!(sim.client.stats().playheads_refused, refused);
    }
    sim.play_at(sim.live_edge() - 2_000);
    sim.run_for(9_000);
    assert_eq!(position(&sim), sim.live_edge() - 2_000);
    assert_eq!(sim.sync_source(), SyncSource::Playhead);

    let mut sim = Sim::new(Placement::Companion);
    sim.input(Input::PlayheadUnreadable);
    assert_eq!(sim.client.stats().playheads_refused, 0);
}

#[test]
fn a_picture_of_which_nothing_is_heard_stands_until_it_is_heard_of() {
    let mut sim = Sim::playing_behind(2_000);
    sim.input(Input::PlayheadLost);
    let stands_at = sim.live_edge() - 2_000;
    sim.contribute(400);
    sim.run_for(60_000);
    assert_eq!(sim.shown(), [0_i64; 0]);
    assert_eq!(sim.sync_source(), SyncSource::PlayheadLost);

    sim.play_at(stands_at);
    sim.run_for(1_999);
    assert_eq!(sim.shown(), [0_i64; 0]);
    sim.run_for(1);
    assert_eq!(sim.shown(), [3, 4]);
}

#[test]
fn a_player_that_went_on_unheard_has_not_jumped() {
    for unheard_ms in [500, 5_000, 20_000] {
        let mut sim = Sim::playing_behind(2_000);
        sim.contribute(400);
        sim.run_for(3_000);
        sim.forget_deliveries();
        for _ in 0..unheard_ms / 100 {
            sim.input(Input::PlayheadLost);
            sim.run_for(100);
        }
        sim.contribute(500);
        sim.run_for(100);
        let position = sim.live_edge() - 2_000;
        sim.play_at(position);
        sim.run_for(2_500);

        assert_eq!(sim.replaced(), [], "{unheard_ms}");
        assert_eq!(sim.shown(), [5, 6], "{unheard_ms}");
    }
}

#[test]
fn a_picture_that_nothing_is_reported_of_stands_after_two_seconds() {
    let mut sim = Sim::playing_behind(5_000);
    sim.player = None;
    let silent_since = sim.now;
    sim.contribute(400);
    sim.run_for(1_999);
    assert_eq!(sim.sync_source(), SyncSource::Playhead);
    let stands_at = sim.picture_time().unwrap().plus_millis(1);
    sim.run_for(60_000);

    assert_eq!(sim.shown(), [0_i64; 0]);
    assert_eq!(sim.picture_time(), Some(stands_at));
    assert_eq!(sim.sync_source(), SyncSource::PlayheadLost);

    // It has gone on, or has stood: neither is a seek.
    for unheard_ms in [sim.now - silent_since, 2_000] {
        let mut sim = Sim::playing_behind(5_000);
        sim.player = None;
        let (from, at) = (sim.live_edge() - 5_000, sim.now);
        sim.contribute(400);
        sim.run_for(20_000);
        sim.forget_deliveries();
        sim.play_at(from + unheard_ms.min(sim.now - at));
        sim.run_for(5_000);
        assert_eq!(sim.replaced(), []);
        assert_eq!(sim.shown(), [3, 4]);
    }
}

#[test]
fn a_host_without_frames_is_woken_once_when_the_picture_should_be_there() {
    for behind_ms in [1_500, 9_000, 40_000] {
        let mut sim = Sim::playing_behind(behind_ms);
        let from = sim.live_edge() - behind_ms;
        sim.play_at(from);
        sim.player = None;
        let due_at = sim.now + behind_ms;
        sim.contribute(400);
        sim.run_for(behind_ms - 1);
        assert_eq!(sim.shown(), [0_i64; 0]);
        assert_eq!(sim.next_wakeup(), Some(due_at), "{behind_ms}");

        // As the player plays on.
        sim.now = due_at;
        sim.play_at(from + behind_ms);
        assert_eq!(sim.shown(), [3, 4], "{behind_ms}");

        // One that says nothing is not asked at once again.
        sim.player = None;
        sim.contribute(400);
        sim.run_for(behind_ms + 5_000);
        assert!(sim.next_wakeup() > Some(sim.now), "{behind_ms}");
    }
}

#[test]
fn a_picture_that_was_paused_is_not_lost_however_long_nothing_is_reported() {
    let mut sim = Sim::playing_behind(5_000);
    sim.pause_at(sim.live_edge() - 5_000);
    sim.run_for(60_000);

    assert_eq!(sim.sync_source(), SyncSource::Playhead);
}

#[test]
fn the_delay_is_used_when_the_application_says_so() {
    let mut sim = Sim::playing_behind(20_000);
    sim.input(Input::PlayheadLost);
    sim.input(Input::NoPlayhead);
    assert_eq!(sim.sync_source(), SyncSource::Delay);
    sim.contribute(400);
    sim.run_for(8_000);
    assert_eq!(sim.shown(), [3, 4]);
}

#[test]
fn only_numbers_that_a_picture_can_have_are_read() {
    let good = 1_767_323_000_000.0;
    for (position_ms, rate) in [
        (f64::NAN, 1.0),
        (f64::INFINITY, 1.0),
        (f64::NEG_INFINITY, 1.0),
        (good, f64::NAN),
        (good, f64::INFINITY),
        (good, f64::NEG_INFINITY),
    ] {
        assert_eq!(Playhead::read(position_ms, true, rate, 0), None);
    }
    let scanning_back = Playhead::read(good, true, -2.0, 0).unwrap();
    assert_eq!(scanning_back.rate, 0);
    assert_eq!(
        Playhead::read(good, true, 1.5, 3),
        Some(Playhead {
            position: MediaTime::from_unix_millis(1_767_323_000_000),
            true_at: None,
            quality: PlayheadQuality::Clock,
            playing: true,
            rate: 15_000,
            seeks: 3,
        })
    );
}

/// Reports `position` as read at `true_at`.
fn tell(sim: &mut Sim, position: i64, true_at: i64) {
    sim.player = None;
    sim.input(Input::Playhead(Playhead {
        position: MediaTime::from_unix_millis(position),
        true_at: Some(Instant::from_millis(true_at)),
        quality: PlayheadQuality::Frame,
        playing: true,
        rate: 10_000,
        seeks: sim.seeks,
    }));
}

fn position(sim: &Sim) -> i64 {
    sim.picture_time().unwrap().unix_millis() + sim.server.ingest_offset_ms
}

#[test]
fn a_reading_is_of_the_instant_at_which_it_was_true() {
    for read_ago_ms in [-900, -50, -16, 0, 16, 300, 1_999] {
        let mut sim = Sim::playing_behind(5_000);
        let was_at = sim.live_edge() - 5_000;
        let true_at = sim.now - read_ago_ms;
        tell(&mut sim, was_at - read_ago_ms, true_at);
        assert_eq!(position(&sim), was_at, "{read_ago_ms}");
        assert_eq!(sim.quality(), Some(PlayheadQuality::Frame));

        // It is extrapolated from there on, and no further than from any other.
        sim.run_for(10_000);
        assert_eq!(position(&sim), was_at - read_ago_ms + 2_000);
        assert_eq!(sim.sync_source(), SyncSource::PlayheadLost);
        assert_eq!(sim.quality(), None);
        assert_eq!(sim.replaced().len(), 1, "the start alone");
    }
}

#[test]
fn a_moment_comes_with_its_frame_whenever_that_is_reported() {
    for reported_after_ms in [0, 5, 14] {
        let mut sim = Sim::playing_behind(5_000);
        sim.contribute(400);
        let filmed_at = sim.live_edge();
        for frame in 1..400 {
            let seen_at = sim.now - reported_after_ms;
            let shows = sim.live_edge() - 5_000 - reported_after_ms;
            tell(&mut sim, shows, seen_at);
            sim.run_for(if frame % 2 == 0 { 17 } else { 16 });
        }
        let at = sim.shown_events().next().unwrap().0;
        assert_eq!(at, filmed_at + 5_000 - sim.live_edge() + sim.now);
    }
}

#[test]
fn a_reading_of_long_ago_is_followed_for_two_seconds_at_most() {
    let mut sim = Sim::playing_behind(5_000);
    sim.contribute(400);
    let was_at = sim.live_edge() - 5_000;
    let now = sim.now;
    tell(&mut sim, was_at - 60_000, now - 60_000);

    assert_eq!(sim.sync_source(), SyncSource::PlayheadLost);
    sim.run_for(60_000);
    assert_eq!(sim.shown(), [0_i64; 0]);
    assert!(position(&sim) < was_at);
}

#[test]
fn a_stamp_of_another_clock_is_none() {
    let stamps = [i64::MAX, 1_767_323_000_000, 20_000];
    for stamp in stamps {
        let mut sim = Sim::playing_behind(5_000);
        let was_at = sim.live_edge() - 5_000;
        tell(&mut sim, was_at, stamp);
        assert_eq!(position(&sim), was_at, "{stamp}");
        assert_eq!(sim.sync_source(), SyncSource::Playhead);
    }
}
