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
mod dice;
mod goods;
mod happenings;
mod ideas;
mod play;
mod step;
mod world;

use std::env;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;

use author::Author;
use world::World;

/// How many histories are played unless `PARLOR_HISTORIES` says otherwise: what takes some ten seconds.
const HISTORIES: u64 = 700;

#[test]
fn a_model_in_another_language_agrees_over_random_histories() {
    if env::var_os("PARLOR_TEST_WITHOUT_PYTHON").is_some() {
        println!("skipped: there is no Python");
        return;
    }
    let histories = number("PARLOR_HISTORIES", HISTORIES);
    let from = number("PARLOR_HISTORY", 0);
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/model/agree.py");
    let mut agree = Command::new("python3")
        .arg(model)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 runs the model");

    let mut lines = BufWriter::new(agree.stdin.take().unwrap());
    // What the model has to say is told once it has; whoever disagrees reads no further.
    let mut is_heard = true;
    for history in from..from + histories {
        is_heard = is_heard && write_history(history, &mut lines).is_ok();
    }
    drop(lines);
    let said = agree.wait_with_output().unwrap();
    let words = String::from_utf8_lossy(&said.stdout);
    assert!(
        said.status.success(),
        "the model disagrees (PARLOR_HISTORY=… and PARLOR_HISTORIES=1 play one again):\n{words}"
    );
    println!("{words}");
}

/// Plays a history, and writes a line for each step of it.
fn write_history(history: u64, lines: &mut impl Write) -> std::io::Result<()> {
    let mut author = Author::new(history);
    let grace_ms = author.grace_ms();
    let mut world = World::new(author.begins_at(), grace_ms);
    let begin = json!({ "do": "begin", "history": history, "graceMs": grace_ms });
    writeln!(lines, "{begin}")?;

    for step in author.opening() {
        writeln!(lines, "{}", world.play(&step))?;
    }
    for _ in 0..author.length() {
        let step = author.next(&world);
        writeln!(lines, "{}", world.play(&step))?;
    }
    let sound = world.verify();
    assert_eq!(sound, Ok(()), "the books of history {history}");

    Ok(())
}

fn number(name: &str, usual: u64) -> u64 {
    env::var(name).map_or(usual, |text| text.parse().expect("it is a number"))
}
