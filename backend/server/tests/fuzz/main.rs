//! The server's fuzz targets, on what fuzzing has found: `fuzz/` looks for more.

#![expect(clippy::unwrap_used, reason = "whatever is not there fails the test")]

mod document;
mod framing;
mod peer;
#[expect(dead_code, reason = "the socket's other tests use all of it")]
#[path = "../socket/server.rs"]
mod server;
mod socket;

use std::panic;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

static HAS_PANICKED: AtomicBool = AtomicBool::new(false);

#[test]
fn no_client_brings_a_socket_down() {
    replay("socket", socket::run);
}

#[test]
fn no_document_brings_the_server_down() {
    replay("document", document::run);
}

fn replay(target: &str, run: fn(&[u8])) {
    // A task that panics ends alone, and nobody waits for it.
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        HAS_PANICKED.store(true, Ordering::SeqCst);
        report(info);
    }));
    let corpora = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(corpora.join(target))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty());

    for path in paths {
        println!("{}", path.display());
        run(&std::fs::read(path).unwrap());
        assert!(!HAS_PANICKED.load(Ordering::SeqCst));
    }
}
