//! Recorded sessions come to the display plans beside them, which every binding must come to too.
//!
//! With `UPDATE_FIXTURES=1` the plans are written instead of compared.

#![expect(
    clippy::unwrap_used,
    reason = "without its files this test cannot say anything"
)]

use parlor_rehearsal::{RehearsalError, rehearse};
use std::fs;
use std::path::PathBuf;

/// The recordings. At least these are there; tests of the server add their own.
const RECORDINGS: &[&str] = &[
    "companion",
    "far-seek",
    "gap",
    "no-playhead",
    "not-recovered",
    "novelty",
    "pause",
    "player-behind",
    "presence",
    "reconnect",
    "seek-back",
    "source",
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/plans")
}

fn found() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();

    names
}

#[test]
fn every_recording_comes_to_its_plan() {
    let updates = std::env::var_os("UPDATE_FIXTURES").is_some();
    for name in found() {
        let recording = fs::read_to_string(folder().join(format!("{name}.json"))).unwrap();
        let plan = rehearse(&recording).unwrap_or_else(|error| panic!("{name}: {error}"));

        let path = folder().join(format!("{name}.plan"));
        if updates {
            fs::write(&path, &plan).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(plan, expected, "{name}");
    }
}

#[test]
fn no_recording_is_lost() {
    let found = found();
    for name in RECORDINGS {
        assert!(found.iter().any(|other| other == name), "{name}");
    }
}

#[test]
fn a_recording_that_makes_no_sense_is_refused() {
    assert_eq!(rehearse("{}"), Err(RehearsalError::Malformed));
    let steps = r#"{"at": 5, "opened": true}, {"at": 4, "closed": 1006}"#;
    let recording = format!(
        r#"{{"name": "n", "placement": "source", "seed": 1, "steps": [{steps}], "until": 9}}"#
    );
    assert_eq!(
        rehearse(&recording),
        Err(RehearsalError::OutOfOrder { step: 1 })
    );
}
