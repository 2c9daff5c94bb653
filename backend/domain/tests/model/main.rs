//! A model of the ledger in another language, which knows of it by docs/economy.md alone, agrees.
//!
//! Random histories of rooms are played on the rules, and what was asked, what was answered and what everybody
//! had then goes to `agree.py`, which plays the same on the model (`ledger.py`) and compares all of it.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should say where"
)]

mod audience;
mod author;
mod codes;
mod court;
mod dice;
mod goods;
mod happenings;
mod ideas;
mod members;
mod opinion;
mod play;
mod step;
mod world;

use serde_json::json;

use author::Author;
use opinion::{Opinion, number};
use world::World;

/// How many histories are played unless `PARLOR_HISTORIES` says otherwise: what takes some ten seconds.
const HISTORIES: u64 = 700;

#[test]
fn a_model_in_another_language_agrees_over_random_histories() {
    let Some(mut opinion) = Opinion::ask("model/agree.py") else {
        return;
    };
    let histories = number("PARLOR_HISTORIES", HISTORIES);
    let from = number("PARLOR_HISTORY", 0);
    for history in from..from + histories {
        if !write_history(history, &mut opinion) {
            break;
        }
    }
    opinion.hear("PARLOR_HISTORY=… and PARLOR_HISTORIES=1");
}

/// Plays a history, and writes a line for each step of it. Returns whether there is any need for more.
fn write_history(history: u64, opinion: &mut Opinion) -> bool {
    let mut author = Author::new(history);
    let grace_ms = author.grace_ms();
    let mut world = World::new(author.begins_at(), grace_ms);
    opinion.tell(&json!({ "do": "begin", "history": history, "graceMs": grace_ms }));

    for step in author.opening() {
        opinion.tell(&world.play(&step));
    }
    let mut is_heard = true;
    let mut left = author.length();
    while left > 0 || author.has_plans() {
        left = left.saturating_sub(1);
        let step = author.next(&world);
        is_heard = opinion.tell(&world.play(&step));
    }
    let sound = world.verify();
    assert_eq!(sound, Ok(()), "the books of history {history}");

    is_heard
}
