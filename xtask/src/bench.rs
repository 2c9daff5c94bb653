//! Measures what the project promises, and writes each result to `target/bench/<name>.json`.

mod beside;
mod connects;
mod contributions;
mod fanout;
mod ledger;
mod overlay;
mod parlor;
mod server;
mod sync;

use anyhow::Result;
use serde_json::Value;

use crate::workspace;

/// What can be measured.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Bench {
    /// The bytes a page loads for the overlay
    Overlay,
    /// Durable contributions: how many a second, and how long each takes, on both databases
    Contributions(contributions::Options),
    /// Points for watching, durable, as sets and beside them as rows, on both databases
    Ledger(ledger::Options),
    /// What 10,000 connections leave behind, in the client and in the server
    Connects,
    /// How far the overlay is from the picture of a live stream
    Sync(sync::Options),
    /// What it costs to reach an audience, beside other servers
    Fanout(fanout::Options),
}

pub(crate) fn run(bench: Bench) -> Result<()> {
    match bench {
        Bench::Overlay => overlay::run(),
        Bench::Contributions(options) => contributions::run(&options),
        Bench::Ledger(options) => ledger::run(&options),
        Bench::Connects => connects::run(),
        Bench::Sync(options) => sync::run(&options),
        Bench::Fanout(options) => fanout::run(&options),
    }
}

fn write(name: &str, result: &Value) -> Result<()> {
    let folder = workspace::artifacts().join("bench");
    std::fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{name}.json"));
    std::fs::write(&path, format!("{result:#}\n"))?;
    println!("\nwrote {}", path.display());

    Ok(())
}
