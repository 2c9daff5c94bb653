//! People and the stage, as the room's log tells of them.

use crate::server::Server;
use crate::sim::Sim;
use parlor_sdk_core::{ParticipantProfile, Placement, Room};

fn names<'a>(people: impl IntoIterator<Item = &'a ParticipantProfile>) -> Vec<&'a str> {
    people.into_iter().map(|one| one.name.as_str()).collect()
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

    let room = sim.client.room();
    assert_eq!(names(room.participants()), ["Ada", "Ben", "Cem"]);
    let stage = room.stage();
    assert!(stage.is_live);
    assert_eq!(names(stage.host), ["Cem"]);
    assert_eq!(names(stage.queue), ["Ben", "Ada"]);
    assert_eq!(sim.shown_events().count(), 5, "each is delivered at once");
}

#[test]
fn whoever_goes_is_delivered_as_gone_and_forgotten() {
    let mut sim = Sim::playing_behind(8_000);
    move_to(&mut sim, "Ada", "AUDIENCE");
    leave(&mut sim, "Ada");

    assert_eq!(sim.client.room().participants().len(), 0);
    let kinds: Vec<&str> = sim
        .shown_events()
        .map(|(_, shown)| shown.event.kind.name())
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

    let room: &Room = sim.client.room();
    assert_eq!(names(room.participants()), ["Ben"]);
    assert_eq!(names(room.stage().speakers), [""; 0]);
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

    assert_eq!(sim.client.room().participants().len(), 1_000);
    assert_eq!(sim.client.stats().crowded_out, 100);
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
