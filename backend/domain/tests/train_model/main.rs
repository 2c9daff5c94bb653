//! A model of the hype train in another language, which knows of it by docs/economy.md alone, agrees.
//!
//! Random streams are played on the rules, and what was done, what was told and what was kept then goes to
//! `agree.py`, which plays the same on the model (`room.py` and `train.py`) and compares all of it.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should say where"
)]

mod author;
#[path = "../model/dice.rs"]
mod dice;
#[path = "../model/opinion.rs"]
mod opinion;
mod shelf;
mod step;
mod temper;
mod world;

use serde_json::json;

use author::Author;
use opinion::{Opinion, number};
use world::World;

/// How many streams are played unless `PARLOR_STREAMS` says otherwise: what takes some ten seconds.
const STREAMS: u64 = 500;

#[test]
fn a_model_in_another_language_agrees_over_random_streams() {
    let Some(mut opinion) = Opinion::ask("train_model/agree.py") else {
        return;
    };
    let streams = number("PARLOR_STREAMS", STREAMS);
    let from = number("PARLOR_STREAM", 0);
    for stream in from..from + streams {
        if !write_stream(stream, &mut opinion) {
            break;
        }
    }
    opinion.hear("PARLOR_STREAM=… and PARLOR_STREAMS=1");
}

/// Plays a stream, and writes a line for each step of it. Returns whether there is any need for more.
fn write_stream(stream: u64, opinion: &mut Opinion) -> bool {
    let mut author = Author::new(stream);
    let (state, grace_ms, terms) = (author.state(), author.grace_ms(), author.terms());
    let mut world = World::new(author.now(), state, grace_ms, &terms);
    let begin = json!({
        "do": "begin",
        "stream": stream,
        "now": author.now(),
        "state": state,
        "graceMs": grace_ms,
        "program": terms,
    });
    let mut is_heard = opinion.tell(&begin);
    for _ in 0..author.length() {
        let commit = author.commit(&world);
        for line in world.play(&commit) {
            is_heard = opinion.tell(&line);
        }
    }

    is_heard
}
