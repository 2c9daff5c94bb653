//! Dates that step where nobody seeks: jitter between segments, advertisements, gaps.

use crate::sim::Sim;
use parlor_sdk_core::Input;
use proptest::prelude::*;

/// How far behind what is being filmed the picture is, as far as its dates are right.
const BEHIND_MS: i64 = 25_000;

/// How often the player says where it is.
const REPORT_INTERVAL_MS: i64 = 250;

/// Somebody gives something each second for `span_ms`, and then no more for a while, under a player
/// whose dates are `off_ms` off. What is shown, and how often the picture was replaced, is returned.
fn watch(span_ms: i64, off_ms: impl Fn(i64) -> i64) -> (Sim, Vec<i64>) {
    let mut sim = Sim::playing_behind(BEHIND_MS);
    sim.forget_deliveries();
    let began_at = sim.now;
    for report in 0..(span_ms + 60_000) / REPORT_INTERVAL_MS {
        let elapsed_ms = sim.now - began_at;
        if report % 4 == 0 && elapsed_ms < span_ms {
            sim.happen(|server, now| server.alert(1, now));
        }
        sim.play_at(sim.live_edge() - BEHIND_MS + off_ms(elapsed_ms));
        sim.run_for(REPORT_INTERVAL_MS);
    }
    let shown = sim.shown();

    (sim, shown)
}

/// How far a player's dates are off, by what has passed.
type Dates = Box<dyn Fn(i64) -> i64>;

/// All that was given, once each and in order.
fn all_of(sim: &Sim) -> Vec<i64> {
    sim.picture_log().map(|logged| logged.seq).collect()
}

/// 0, or `off_ms` between two instants.
fn between(from_ms: i64, to_ms: i64, off_ms: i64) -> impl Fn(i64) -> i64 {
    move |elapsed_ms| {
        if (from_ms..to_ms).contains(&elapsed_ms) {
            off_ms
        } else {
            0
        }
    }
}

#[test]
fn whatever_the_dates_do_a_moment_is_shown_once_in_one_pass() {
    let forever = i64::MAX;
    let jitter = |off_ms: i64| {
        move |elapsed_ms: i64| {
            if elapsed_ms / 1_000 % 2 == 0 {
                off_ms
            } else {
                -off_ms
            }
        }
    };
    let players: [(&str, Dates); 9] = [
        ("jitter of 0.8 s", Box::new(jitter(400))),
        ("jitter of 1.2 s", Box::new(jitter(600))),
        ("jitter of 1.9 s", Box::new(jitter(950))),
        (
            "30 s ahead for 4 s",
            Box::new(between(8_000, 12_000, 30_000)),
        ),
        (
            "30 s behind for 4 s",
            Box::new(between(8_000, 12_000, -30_000)),
        ),
        ("a gap of 20 s", Box::new(between(8_000, forever, 20_000))),
        ("6 s back", Box::new(between(14_000, forever, -6_000))),
        (
            "6 s back, and again",
            Box::new(|elapsed_ms| -6_000 * elapsed_ms.div_euclid(10_000).min(3)),
        ),
        (
            "a break that is dated as if it were filmed, of 7 s",
            Box::new(|elapsed_ms| -7_000 * i64::from(elapsed_ms > 15_000)),
        ),
    ];
    for (name, off_ms) in players {
        let (sim, shown) = watch(30_000, off_ms);

        assert_eq!(shown, all_of(&sim), "{name}");
        assert_eq!(sim.replaced(), [], "{name}: nobody has sought");
        assert_eq!(sim.client.stats().skipped, 0, "{name}");
    }
}

#[test]
fn dates_that_are_ahead_for_a_while_show_nothing_early() {
    let (sim, _) = watch(30_000, between(8_000, 12_000, 30_000));

    for (at, shown) in sim.shown_events() {
        let behind_ms = at + crate::server::SERVER_START_MS - shown.event.occurred_at.unix_millis();
        assert_eq!(behind_ms, BEHIND_MS, "{} at {at}", shown.event.seq);
    }
}

#[test]
fn the_scene_never_runs_back_for_a_small_disagreement() {
    let mut sim = Sim::playing_behind(BEHIND_MS);
    let mut before = None;
    for report in 0..400 {
        let off_ms = [600, -600, 300, 0, -900, 900][report % 6];
        sim.play_at(sim.live_edge() - BEHIND_MS + off_ms);
        for _ in 0..5 {
            let scene = sim.picture_time();
            assert!(scene >= before, "{scene:?} comes after {before:?}");
            before = scene;
            sim.run_for(100);
        }
    }
}

#[test]
fn a_position_that_stays_elsewhere_is_a_seek_in_the_end() {
    // What lies far ahead is asked for.
    for (off_ms, replaced_after) in [(-60_000, 8), (600_000 - 60_000, 9)] {
        let mut sim = Sim::playing_behind(600_000);
        for _ in 0..300 {
            sim.happen(|server, now| server.alert(1, now));
            sim.play_at(sim.live_edge() - 600_000);
            sim.run_for(1_000);
        }
        for _ in 0..400 {
            sim.play_at(sim.live_edge() - 600_000);
            sim.run_for(1_000);
        }
        sim.forget_deliveries();

        for second in 0..12 {
            assert_eq!(
                !sim.replaced().is_empty(),
                second >= replaced_after,
                "{off_ms} for {second} s"
            );
            sim.play_at(sim.live_edge() - 600_000 + off_ms);
            sim.run_for(1_000);
        }
    }
}

/// A gift a second for a while, under a picture that is where its dates say.
fn watched_for_a_while() -> Sim {
    let mut sim = Sim::playing_behind(BEHIND_MS);
    for _ in 0..40 {
        sim.happen(|server, now| server.alert(1, now));
        sim.play_at(sim.live_edge() - BEHIND_MS);
        sim.run_for(1_000);
    }
    sim.forget_deliveries();
    sim
}

#[test]
fn one_report_from_ahead_shows_nothing_early_whatever_follows() {
    type After = fn(&mut Sim);
    let lost: After = |sim| sim.input(Input::PlayheadLost);
    let silent: After = |_| ();
    let hidden: After = |sim| sim.input(Input::Pause);
    for (after, shown) in [(lost, 0), (silent, 2), (hidden, 0)] {
        let mut sim = watched_for_a_while();
        sim.play_at(sim.live_edge() - BEHIND_MS + 20_000);
        // Nothing is heard of the player any more.
        sim.player = None;
        after(&mut sim);
        sim.run_for(30_000);
        assert_eq!(sim.shown().len(), shown);

        sim.input(Input::Resume);
        sim.run_for(1_000);
        assert_eq!(sim.shown().len(), shown);
    }
}

#[test]
fn a_picture_that_stands_behind_what_was_shown_is_not_sought() {
    let mut sim = watched_for_a_while();
    let position = sim.live_edge() - BEHIND_MS - 6_000;
    sim.play_at(position);
    for _ in 0..20 {
        sim.pause_at(position);
        sim.run_for(1_000);
    }
    for second in 0..6 {
        sim.play_at(position + second * 1_000);
        sim.run_for(1_000);
    }

    assert_eq!(sim.replaced().len(), 0);
    assert_eq!(sim.shown(), [] as [i64; 0]);
}

#[test]
fn dates_that_are_ahead_and_disagree_are_believed_in_the_end() {
    let (sim, shown) = watch(40_000, |elapsed_ms| match elapsed_ms {
        ..8_000 => 0,
        _ if elapsed_ms / 6_000 % 2 == 0 => 17_000,
        _ => 20_000,
    });
    let last = sim.shown_events().last().unwrap();

    assert_eq!(shown, all_of(&sim));
    let behind_ms =
        last.0 + crate::server::SERVER_START_MS - last.1.event.occurred_at.unix_millis();
    assert!(behind_ms < BEHIND_MS - 10_000, "{behind_ms}");
}

#[test]
fn a_player_that_played_on_unseen_has_not_sought_because_it_nudged() {
    let mut sim = watched_for_a_while();
    sim.player = None;
    for _ in 0..30 {
        sim.happen(|server, now| server.alert(1, now));
        sim.input(Input::PlayheadLost);
        sim.run_for(1_000);
    }
    sim.seeks += 1;
    sim.play_at(sim.live_edge() - BEHIND_MS);
    sim.run_for(1_000);

    assert_eq!(sim.replaced().len(), 0);
    assert!(sim.shown().len() >= 30, "{:?}", sim.shown());
}

#[test]
fn a_seek_that_the_player_tells_counts_at_once_and_shows_moments_again() {
    let (mut sim, shown) = watch(10_000, |_| 0);
    let last = sim.shown_events().last().unwrap().0;
    sim.forget_deliveries();

    let to = sim.live_edge() - BEHIND_MS - (sim.now - last) - 10_000;
    sim.seek_to(to);
    assert_eq!(sim.replaced().len(), 1);
    sim.run_for(20_000);
    assert_eq!(sim.shown(), shown);
    assert_eq!(sim.replaced().len(), 1);
}

#[test]
fn a_player_that_stands_while_it_seeks_has_its_target_taken_when_it_says_it() {
    let mut sim = Sim::playing_behind(BEHIND_MS);
    for _ in 0..30 {
        sim.happen(|server, now| server.alert(1, now));
        sim.play_at(sim.live_edge() - BEHIND_MS);
        sim.run_for(1_000);
    }
    sim.forget_deliveries();
    let (from, to) = (sim.live_edge() - BEHIND_MS, sim.live_edge() - 20_000);

    sim.seeks += 1;
    for _ in 0..5 {
        sim.pause_at(from);
        sim.run_for(300);
    }
    assert_eq!(sim.deliveries, []);
    sim.pause_at(to);
    assert_eq!(sim.replaced().len(), 1);
    sim.run_for(300);
    sim.play_at(to);
    assert_eq!(sim.replaced().len(), 1);
}

#[test]
fn a_seek_is_known_however_long_the_player_takes_to_get_there() {
    type Meanwhile = fn(&mut Sim, i64);
    let meanwhile: [(Meanwhile, &[i64]); 4] = [
        (|sim, from| sim.pause_at(from), &[-20_000, 8_000]),
        // It does not say that it waits for data.
        (|sim, from| sim.play_at(from), &[-20_000, 8_000]),
        // Forwards it may have played on unheard.
        (|sim, _| sim.input(Input::PlayheadLost), &[-20_000]),
        (|sim, _| sim.input(Input::PlayheadUnreadable), &[-20_000]),
    ];
    for (index, (wait, targets)) in meanwhile.into_iter().enumerate() {
        for to_ms in targets {
            let mut sim = watched_for_a_while();
            let from = sim.live_edge() - BEHIND_MS;
            sim.seeks += 1;
            for _ in 0..180 {
                wait(&mut sim, from);
                sim.player = None;
                sim.run_for(500);
            }
            assert_eq!(sim.replaced().len(), 0, "{index}");
            sim.play_at(from + to_ms);
            assert_eq!(sim.replaced().len(), 1, "{index} to {to_ms}");
        }
    }
}

#[test]
fn a_seek_is_measured_from_where_the_picture_was_whatever_was_under_way_before() {
    for (off_ms, by_ms) in [(88, -1_001), (-88, 1_001), (900, -1_001)] {
        let mut sim = watched_for_a_while();
        let from = sim.live_edge() - BEHIND_MS;
        sim.pause_at(from);
        sim.input(Input::Pause);
        sim.input(Input::Resume);
        sim.pause_at(from + off_ms);
        sim.forget_deliveries();
        sim.seeks += 1;
        let here = from + off_ms.max(0);
        sim.pause_at(here + by_ms);

        assert_eq!(sim.replaced().len(), 1, "{by_ms} after {off_ms}");
    }
}

#[test]
fn seeks_that_are_small_each_add_up() {
    for by_ms in [-400, 400] {
        let mut sim = watched_for_a_while();
        let from = sim.live_edge() - BEHIND_MS;
        for step in 1..4 {
            sim.seeks += 1;
            sim.pause_at(from + step * by_ms);
            sim.run_for(30_000);
        }
        assert_eq!(sim.replaced().len(), 1, "{by_ms}");
    }
}

#[test]
fn a_seek_that_goes_nowhere_is_over_once_the_player_has_played_on() {
    let mut sim = watched_for_a_while();
    sim.seeks += 1;
    for _ in 0..11 {
        sim.play_at(sim.live_edge() - BEHIND_MS);
        sim.run_for(1_000);
    }
    // What comes now is a date.
    sim.play_at(sim.live_edge() - BEHIND_MS - 6_000);

    assert_eq!(sim.replaced().len(), 0);
}

/// What dates do that are dates of one pass: jitter, and now and then a step that is over, or that the
/// picture makes good by playing on, before it counts as somewhere else.
fn steps() -> impl Strategy<Value = Vec<(i64, i64)>> {
    let jitter = (-900..900_i64, 1..4_i64);
    let excursion = prop_oneof![-40_000..-2_000_i64, 2_000..50_000_i64];
    let excursion = (excursion, 4..24_i64).prop_map(|(off_ms, reports)| (off_ms, reports));

    prop::collection::vec(prop_oneof![8 => jitter, 1 => excursion], 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 60,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn without_a_seek_each_moment_is_shown_once_and_in_order(steps in steps()) {
        let mut reports = Vec::new();
        for pair in &steps {
            // Between two excursions the dates are right for a while.
            reports.extend(std::iter::repeat_n(pair.0, usize::try_from(pair.1).unwrap()));
            reports.extend(std::iter::repeat_n(0, 12));
        }
        let off_ms = |elapsed_ms: i64| {
            let report = usize::try_from(elapsed_ms / REPORT_INTERVAL_MS).unwrap();
            reports.get(report).copied().unwrap_or(0)
        };
        let (sim, shown) = watch(30_000, off_ms);

        prop_assert_eq!(shown, all_of(&sim));
        prop_assert_eq!(sim.replaced(), []);
    }

    #[test]
    fn a_seek_back_shows_again_what_lies_behind_it(
        jitter in prop::collection::vec(-900..900_i64, 10..60),
        back_ms in 8_000..25_000_i64,
    ) {
        let (mut sim, shown) = watch(30_000, |elapsed_ms| {
            let report = usize::try_from(elapsed_ms / REPORT_INTERVAL_MS).unwrap();
            jitter[report % jitter.len()]
        });
        let last = sim.shown_events().last().unwrap().1.event.occurred_at.unix_millis();
        sim.forget_deliveries();

        let to = last + sim.server.ingest_offset_ms - back_ms;
        let from = sim.now;
        sim.seek_to(to);
        for report in 0..200 {
            sim.play_at(to + sim.now - from + jitter[report % jitter.len()]);
            sim.run_for(REPORT_INTERVAL_MS);
        }
        let again: Vec<i64> = sim
            .picture_log()
            .filter(|logged| logged.occurred_at + sim.server.ingest_offset_ms > to - 7_000)
            .map(|logged| logged.seq)
            .collect();
        prop_assert_eq!(sim.shown(), again);
        prop_assert!(shown.len() > 20);
    }
}
