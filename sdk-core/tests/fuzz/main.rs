//! The fuzz targets of the client, on what fuzzing has found: `fuzz/` looks for more.

#![expect(
    clippy::unwrap_used,
    reason = "without its files this test cannot say anything"
)]

mod frame;
mod session;
mod stamp;
mod viewer;

use std::fs;
use std::path::PathBuf;

/// Runs a target on every input kept for it.
fn replay(target: &str, run: fn(&[u8])) {
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/corpus")
        .join(target);
    let mut paths: Vec<PathBuf> = fs::read_dir(corpus)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty());

    for path in paths {
        println!("{}", path.display());
        run(&fs::read(path).unwrap());
    }
}

#[test]
fn no_message_brings_a_client_down() {
    replay("frame", frame::run);
}

#[test]
fn a_stamp_is_written_as_it_was_read() {
    replay("stamp", stamp::run);
}

#[test]
fn no_session_shows_anything_early_or_twice() {
    replay("session", session::run);
}
