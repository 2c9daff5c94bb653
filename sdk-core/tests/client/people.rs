//! People and the stage, as the room's log tells of them.

use crate::server::Server;
use crate::sim::Sim;
use parlor_sdk_core::{Placement, Room};
use proptest::prelude::*;

/// Everyone whom the room shows by name, with their place, by name.
fn people(room: &Room) -> Vec<String> {
    let mut people: Vec<String> = room
        .parts()
        .filter_map(|event| {
            let mut person = event.about("participant")?;
            Some(format!(
                "{} {}",
                person.text("name")?,
                person.text("stageRole")?
            ))
        })
        .collect();
    people.sort_unstable();

    people
}

fn move_to(sim: &mut Sim, name: &str, place: &str) {
    sim.happen(|server, now| server.move_person(name, place, true, now));
    sim.run_for(100);
}

fn leave(sim: &mut Sim, name: &str) {
    sim.happen(|server, now| server.move_person(name, "AUDIENCE", false, now));
    sim.run_for(100);
}

#[test]
fn people_are_current_however_far_behind_the_picture_is() {
    let mut sim = Sim::playing_behind(30_000);
    move_to(&mut sim, "Ada", "AUDIENCE");
    move_to(&mut sim, "Ben", "AUDIENCE");
    move_to(&mut sim, "Ben", "REQUESTED");
    move_to(&mut sim, "Ada", "REQUESTED");
    move_to(&mut sim, "Cem", "HOST");

    let expected = ["Ada REQUESTED", "Ben REQUESTED", "Cem HOST"];
    assert_eq!(people(sim.client.room()), expected);
    assert_eq!(sim.shown_events().count(), 5, "each is delivered at once");
}

#[test]
fn whoever_goes_is_delivered_as_gone_and_forgotten() {
    let mut sim = Sim::playing_behind(8_000);
    move_to(&mut sim, "Ada", "AUDIENCE");
    leave(&mut sim, "Ada");

    assert_eq!(people(sim.client.room()), [""; 0]);
    let kinds: Vec<&str> = sim
        .shown_events()
        .map(|(_, shown)| shown.event.type_name.as_str())
        .collect();
    assert_eq!(kinds, ["ParticipantJoined", "ParticipantLeft"]);
}

#[test]
fn whoever_went_unseen_is_gone_from_the_snapshot_of_the_same_log() {
    let mut sim = Sim::new(Placement::Companion);
    sim.run_for(1_000);
    move_to(&mut sim, "Ada", "SPEAKER");
    move_to(&mut sim, "Ben", "AUDIENCE");

    sim.cut(1006);
    leave(&mut sim, "Ada");
    sim.server.trimmed_through = sim.server.head();
    sim.run_for(20_000);

    assert_eq!(people(sim.client.room()), ["Ben AUDIENCE"]);
}

#[test]
fn a_crowd_that_no_server_names_is_bounded_and_counted() {
    let mut server = Server::new(8_000, 300);
    for index in 0..1_100 {
        let at = crate::server::SERVER_START_MS - 50_000;
        server.move_person(&format!("{index}"), "AUDIENCE", true, at);
    }
    let mut sim = Sim::with_server(Placement::Source, server);
    sim.run_for(1_000);

    // The room's settings and its session come last, and steer all the same.
    assert_eq!(people(sim.client.room()).len(), 1_000);
    assert!(sim.client.room().session().is_some());
    assert_eq!(sim.client.stats().crowded_out, 102);
}

#[test]
fn how_many_are_online_is_told_beside_the_log() {
    let mut server = Server::new(8_000, 300);
    server.online = 3;
    let mut sim = Sim::with_server(Placement::Companion, server);
    sim.run_for(1_000);
    assert_eq!(sim.client.room().online_count(), Some(3));
    sim.forget_deliveries();

    for online in [4, 4, 5] {
        sim.set_online(online);
        sim.run_for(100);
    }
    move_to(&mut sim, "Ada", "AUDIENCE");
    assert_eq!(sim.online(), [4, 5], "what is not news is not delivered");
    assert_eq!(sim.client.room().online_count(), Some(5));
    assert_eq!(sim.client.stats().gaps + sim.client.stats().duplicates, 0);

    sim.cut(1006);
    sim.set_online(9);
    sim.run_for(20_000);
    assert_eq!(sim.online(), [4, 5, 9]);
}

const STEPS: usize = 400;

/// Longer than a connection takes to prove good, so that one that is cut off in each has short waits.
const STEP_MS: i64 = 1_500;

/// A busy room's evening, the same each time: people, a train, settings, the count. The connection
/// breaks in the given steps, each time after so many milliseconds.
fn evening(cuts: &[(usize, i64)]) -> Sim {
    let mut sim = Sim::new(Placement::Companion);
    sim.run_for(1_000);
    for step in 0..STEPS {
        let name = ["Ada", "Ben", "Cem", "Dee", "Eve", "Fay", "Gus"][step * 5 % 7];
        let place = ["AUDIENCE", "REQUESTED", "INVITED", "SPEAKER"][step * 7 / 3 % 4];
        match step % 6 {
            0 => sim.contribute(150),
            5 => sim.set_online(i32::try_from(step / 2).unwrap()),
            3 if step % 11 == 0 => sim.happen(|server, now| server.update_room(300, now)),
            _ => sim.happen(|server, now| server.move_person(name, place, step % 13 > 3, now)),
        }
        let cut_after = cuts.iter().find(|(at, _)| *at == step).map(|(_, ms)| *ms);
        if let Some(cut_after) = cut_after {
            sim.run_for(cut_after);
            sim.cut(1006);
        }
        sim.run_for(STEP_MS - cut_after.unwrap_or(0));
    }
    sim.run_for(60_000);

    sim
}

/// Positions of what was shown, live events and those of the picture apart: a picture that is waited
/// for does not hold up people.
fn told(sim: &Sim) -> (Vec<i64>, Vec<i64>) {
    let mut live = Vec::new();
    let mut picture = Vec::new();
    for (_, shown) in sim.shown_events() {
        if shown.event.is_live() {
            live.push(shown.event.seq);
        } else {
            picture.push(shown.event.seq);
        }
    }

    (live, picture)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 12,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whoever_is_cut_off_fifty_times_knows_what_one_knows_who_never_was(
        cuts in prop::collection::btree_map(0..STEPS, 0..300_i64, 50),
    ) {
        let cuts: Vec<(usize, i64)> = cuts.into_iter().collect();
        let never_cut_off = evening(&[]);
        let cut_off = evening(&cuts);

        prop_assert!(cut_off.connects.len() > 40, "{} connections", cut_off.connects.len());
        prop_assert_eq!(cut_off.client.room(), never_cut_off.client.room());
        prop_assert_eq!(told(&cut_off), told(&never_cut_off));
        prop_assert!(people(never_cut_off.client.room()).len() > 2);
    }
}
