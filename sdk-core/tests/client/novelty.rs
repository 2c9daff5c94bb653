//! What no client of today has ever heard of: kinds of events, and parts of a room's state.

use crate::server::{NOVELTY, Novelty, SERVER_START_MS, Server};
use crate::sim::Sim;
use parlor_sdk_core::{EventTiming, Input, Placement, RoomEvent};

const POLL: Novelty = ("PICTURE", Some("poll"));
const GOAL: Novelty = ("PICTURE", Some("goal:1"));
const MOMENT: Novelty = ("PICTURE", None);
const MOOD: Novelty = ("LIVE", Some("mood"));

/// Parts that a client holds at most.
const PARTS_MAX: usize = 256;

fn happen(sim: &mut Sim, novelty: Novelty) {
    sim.happen(|server, now| server.something_new(novelty, now));
}

/// When each event was shown, in milliseconds of the host, and its `seq`.
fn shown_at(sim: &Sim) -> Vec<(i64, i64)> {
    sim.shown_events()
        .map(|(at, shown)| (at, shown.event.seq))
        .collect()
}

fn parts(sim: &Sim) -> Vec<(String, i64)> {
    sim.unknown_parts().into_iter().collect()
}

fn part(name: &str, seq: i64) -> (String, i64) {
    (name.to_owned(), seq)
}

#[test]
fn what_is_new_reaches_the_app_at_its_time_and_leaves_no_gap() {
    let mut sim = Sim::new(Placement::Companion);
    sim.run_for(1_000);

    for novelty in [POLL, MOOD, MOMENT] {
        happen(&mut sim, novelty);
    }
    sim.contribute(400);
    sim.run_for(10_000);

    // The stream's delay is 8 s, and the way takes 20 ms.
    assert_eq!(
        shown_at(&sim),
        [(1_020, 4), (9_000, 3), (9_000, 5), (9_000, 6), (9_000, 7)]
    );
    let first = &sim.shown_events().next().unwrap().1.event;
    assert_eq!(
        *first,
        RoomEvent {
            seq: 4,
            occurred_at: first.occurred_at,
            display_at: first.occurred_at.plus_millis(8_000),
            timing: EventTiming::Live,
            part: Some("mood".to_owned()),
            empties_part: false,
            type_name: NOVELTY.to_owned(),
            payload: first.payload.clone(),
            is_readable: false,
        }
    );
    let about = first.about("poll").and_then(|mut poll| poll.text("id"));
    assert_eq!(about.as_deref(), Some("n"), "it comes whole");
    assert_eq!(sim.client.stats().malformed_events, 0);
    assert_eq!(sim.client.stats().gaps, 0);
}

#[test]
fn a_part_that_nobody_has_heard_of_is_as_it_was_wherever_the_picture_is_put() {
    let mut sim = Sim::playing_behind(8_000);
    for _ in 0..3 {
        for novelty in [POLL, GOAL, MOOD] {
            happen(&mut sim, novelty);
        }
        sim.contribute(400);
        sim.run_for(30_000);
    }
    let filmed_at = |at_ms: i64| SERVER_START_MS + at_ms + 300;
    assert_eq!(
        parts(&sim),
        [part("goal:1", 14), part("mood", 15), part("poll", 13)]
    );

    sim.forget_deliveries();
    sim.seek_to(filmed_at(20_000));
    assert_eq!(sim.subscriptions().len(), 1);
    assert_eq!(
        parts(&sim),
        [part("goal:1", 4), part("mood", 15), part("poll", 3)]
    );

    sim.run_for(20_000);
    assert_eq!(sim.shown(), [8, 9, 11, 12]);
    assert_eq!(
        parts(&sim),
        [part("goal:1", 9), part("mood", 15), part("poll", 8)]
    );
}

#[test]
fn a_part_that_nobody_has_heard_of_comes_with_a_snapshot_and_stays_over_a_cut() {
    let mut server = Server::new(8_000, 300);
    for (ago_ms, novelty) in [
        (40_000, POLL),
        (30_000, MOOD),
        (20_000, GOAL),
        (4_000, POLL),
    ] {
        server.something_new(novelty, SERVER_START_MS - ago_ms);
    }
    let mut sim = Sim::with_server(Placement::Companion, server);
    sim.run_for(1_000);
    assert_eq!(parts(&sim), [part("goal:1", 5), part("mood", 4)]);
    sim.run_for(4_000);
    assert_eq!(shown_at(&sim), [(4_000, 6)], "no snapshot is news");

    sim.cut(1006);
    happen(&mut sim, GOAL);
    sim.run_for(30_000);
    assert_eq!(sim.subscriptions()[1]["after"]["seq"], "6");
    assert_eq!(
        parts(&sim),
        [part("goal:1", 7), part("mood", 4), part("poll", 6)]
    );

    sim.server.trimmed_through = sim.server.head();
    sim.input(Input::Reconnect);
    happen(&mut sim, MOOD);
    sim.run_for(10_000);
    assert_eq!(
        parts(&sim),
        [part("goal:1", 7), part("mood", 8), part("poll", 6)]
    );
}

/// The answer comes in several messages.
#[test]
fn what_the_live_parts_tell_already_is_no_news_after_a_seek() {
    let mut sim = Sim::playing_behind(8_000);
    for _ in 0..10 {
        for novelty in [MOOD, ("LIVE", None)] {
            happen(&mut sim, novelty);
        }
        sim.contribute(1);
        sim.run_for(1_000);
    }
    happen(&mut sim, MOOD);
    sim.run_for(1_000);

    sim.forget_deliveries();
    sim.seek_to(sim.live_edge() - 60_000);
    sim.run_for(2_000);
    assert_eq!(sim.subscriptions().len(), 2);
    assert_eq!(shown_at(&sim), []);
    assert_eq!(parts(&sim), [part("mood", 43)]);

    happen(&mut sim, MOOD);
    sim.run_for(1_000);
    assert_eq!(shown_at(&sim).len(), 1, "what happens now is news");
}

#[test]
fn a_live_part_that_another_log_does_not_have_is_gone() {
    let mut sim = Sim::playing_behind(8_000);
    happen(&mut sim, MOOD);
    sim.run_for(1_000);
    assert_eq!(parts(&sim), [part("mood", 3)]);

    sim.server = Server::new(8_000, 300);
    sim.server.epoch = "epoch-2".to_owned();
    sim.cut(1006);
    sim.run_for(10_000);
    assert_eq!(parts(&sim), []);
    assert!(sim.client.room().session().is_some());
}

/// A server may tell a part of it as it is now, wherever the picture is.
#[test]
fn what_is_timed_in_a_new_way_breaks_no_answer() {
    let mut sim = Sim::playing_behind(8_000);
    sim.contribute(1);
    happen(&mut sim, ("SOMEDAY", Some("weather")));
    sim.run_for(20_000);
    assert_eq!(parts(&sim), [part("weather", 5)]);

    sim.seek_to(sim.live_edge() - 60_000);
    sim.run_for(5_000);
    assert_eq!(sim.subscriptions().len(), 2);
    assert_eq!(parts(&sim), [], "it is waited for");
    assert_eq!(sim.client.stats().disconnects, 0);
}

#[test]
fn a_kind_that_is_new_on_a_known_part_leaves_what_steers_the_picture() {
    let mut sim = Sim::new(Placement::Companion);
    sim.run_for(1_000);
    happen(&mut sim, ("LIVE", Some("session")));
    happen(&mut sim, ("LIVE", Some("room")));
    sim.run_for(1_000);

    assert_eq!(parts(&sim), [part("room", 4), part("session", 3)]);
    assert!(sim.client.room().session().is_some());
    assert!(sim.client.room().settings().is_some());

    sim.happen(Server::start_session);
    sim.run_for(1_000);
    assert_eq!(parts(&sim), [part("room", 4)], "the session is known again");
}

#[test]
fn more_parts_than_any_server_has_are_left_out_and_told() {
    let mut sim = Sim::new(Placement::Source);
    sim.run_for(1_000);
    for index in 0..=PARTS_MAX {
        let name: &'static str = Box::leak(format!("poll:{index}").into_boxed_str());
        happen(&mut sim, ("PICTURE", Some(name)));
    }
    happen(&mut sim, ("PICTURE", Some("poll:7")));
    sim.run_for(1_000);

    let parts = sim.unknown_parts();
    assert_eq!(parts.len(), PARTS_MAX);
    assert_eq!(parts["poll:7"], sim.server.head());
    assert_eq!(sim.client.stats().crowded_out, 1);
}

/// The host's names of people, each with their place.
fn people(sim: &Sim) -> Vec<(String, String)> {
    let parts = sim.client.room().parts();
    let person = |event: &RoomEvent| {
        let mut person = event.about("participant")?;
        Some((person.text("name")?, person.text("stageRole")?))
    };

    parts.filter_map(person).collect()
}

fn delay_ms(sim: &Sim) -> Option<i64> {
    sim.client.room().session().map(|session| session.delay_ms)
}

/// What is newer than the client, and what it cannot read, happens several times to whoever was known.
#[test]
fn what_cannot_be_read_takes_nothing_that_was_known_of_its_part() {
    let mut sim = Sim::playing_behind(8_000);
    sim.contribute(400);
    sim.happen(|server, now| server.move_person("Ada", "AUDIENCE", true, now));
    sim.run_for(20_000);
    let (total, settings) = (sim.total(), sim.client.room().settings());
    assert_eq!(total, Some(400));

    for _ in 0..2 {
        happen(&mut sim, ("LIVE", Some("participant:Ada")));
        happen(&mut sim, ("PICTURE", Some("train")));
        sim.happen(|server, now| {
            server.move_person("Ada", "SPEAKER", true, now);
            server.spoil_last();
            server.delay_ms = 8;
            server.start_session(now);
            server.spoil_last();
            server.delay_ms = 8_000;
            server.update_room(7, now);
            server.spoil_last();
            server.move_train(100, now);
            server.spoil_last();
        });
    }
    let head = sim.server.head();
    let unknown = [
        part("participant:Ada", head - 3),
        part("room", head - 1),
        part("session", head - 2),
        part("train", head),
    ];
    let check = |sim: &Sim, when: &str| {
        let ada = ("Ada".to_owned(), "AUDIENCE".to_owned());
        assert_eq!(people(sim), [ada], "{when}");
        assert_eq!(delay_ms(sim), Some(8_000), "{when}");
        assert_eq!(sim.client.room().settings(), settings, "{when}");
        assert_eq!(sim.total(), total, "{when}");
        assert_eq!(parts(sim), unknown, "{when}");
    };
    sim.run_for(20_000);
    check(&sim, "as it comes");

    let there = sim.live_edge() - 8_000;
    sim.seek_to(there - 25_000);
    let train = sim.unknown_parts().get("train").copied();
    assert_eq!((sim.total(), train), (total, None), "before all of that");
    sim.seek_to(there);
    sim.run_for(1_000);
    check(&sim, "after seeks");

    sim.cut(1006);
    sim.run_for(20_000);
    assert!(sim.subscriptions().last().unwrap()["after"].is_object());
    check(&sim, "after a cut");

    sim.happen(|server, now| server.move_person("Ada", "SPEAKER", true, now));
    sim.run_for(1_000);
    assert_eq!(people(&sim)[0].1, "SPEAKER", "and what can be read is news");
    assert_eq!(sim.unknown_parts().get("participant:Ada"), None);
}
