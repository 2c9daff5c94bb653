//! Credits for watching, and redemptions of one reward, that are acknowledged once they are durable, a second, on both
//! databases, and how long a statement takes to read by how much there is; and beside them what a row for each credit would take, what PostgreSQL's own tool does, and what the disk
//! takes to sync.

use std::fs::File;
use std::io::Write;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::contributions::database::Engine;
use super::contributions::{both, build, pgbench};
use crate::stopwatch::Stopwatch;
use crate::{tools, workspace};

/// How often each is measured, by turns.
const ROUNDS: usize = 3;
/// How often the disk is asked.
const SYNCS: usize = 200;

/// The figure that says as well how long a redemption takes.
const WRITER: &str = "redemptions_writer_per_s";

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// One round of a few seconds each, to see that it works
    #[arg(long)]
    quick: bool,
}

/// What a database did in one way.
struct Figures {
    name: &'static str,
    way: &'static str,
    results: [Vec<Value>; 2],
}

const BUILD: [&str; 6] = [
    "build",
    "--release",
    "--package",
    "parlor-server",
    "--example",
    "ledger",
];

pub(super) fn run(options: &Options) -> Result<()> {
    tools::ensure(&[&tools::POSTGRES])?;
    let (rounds, seconds) = if options.quick {
        (1, "4")
    } else {
        (ROUNDS, "10")
    };
    let program = build(
        &mut workspace::cargo(&BUILD),
        &workspace::release_profile_dir()?,
        "ledger",
    )?;

    let figures = |name, way| Figures {
        name,
        way,
        results: Default::default(),
    };
    let mut ways = [
        figures("watch_credits_per_s", "present"),
        figures("watch_credits_spread_per_s", "spread"),
        figures("watch_credits_by_devices_per_s", "devices"),
        figures("row_by_row_credits_per_s", "rows"),
        figures("redemptions_http_per_s", "redeem-http"),
        figures(WRITER, "redeem-writer"),
        figures("redemptions_announced_per_s", "redeem-announced"),
    ];
    let (mut pgbench_tps, mut sync_ms) = (Vec::new(), Vec::new());
    let transfers = if options.quick { "100000" } else { "10000000" };
    let [sqlite, postgres] = Engine::ALL.map(|engine| {
        let args = ["--way", "statement", "--transfers", transfers];
        let result = engine.measure(&program, &args);
        println!("{:<28} {:<9} {result:?}", "statement", engine.name());
        result
    });
    let statement = json!({ "sqlite": sqlite?, "postgres": postgres? });
    for round in 1..=rounds {
        println!("round {round} of {rounds}");
        for figures in &mut ways {
            for (index, engine) in Engine::ALL.into_iter().enumerate() {
                let args = ["--way", figures.way, "--seconds", seconds];
                let result = engine.measure(&program, &args)?;
                println!("{:<28} {:<9} {}", figures.name, engine.name(), result);
                figures.results[index].push(result);
            }
        }
        pgbench_tps.push(pgbench::run(seconds)?);
        sync_ms.push(fdatasync_ms()?);
    }

    let mut result = json!({
        "pgbench_tps": median(pgbench_tps),
        "fdatasync_ms": median(sync_ms),
        "statement": statement,
    });
    for figures in &ways {
        result[figures.name] = both(&figures.results, |one| one["per_s"].clone());
        if figures.name == WRITER {
            result["redeem_p99_ms"] = both(&figures.results, |one| one["p99_ms"].clone());
        }
    }
    println!("\n{result:#}");
    super::write("ledger", &result)
}

/// How long the disk takes to have a page for certain, where the databases are.
fn fdatasync_ms() -> Result<f64> {
    let path = std::env::temp_dir().join(format!("parlor-sync-{}", std::process::id()));
    let synced = sync(&path);
    std::fs::remove_file(&path)?;

    synced
}

fn sync(path: &std::path::Path) -> Result<f64> {
    let mut file = File::create(path).context("the disk takes no file")?;
    let mut took = Vec::new();
    for _ in 0..SYNCS {
        let stopwatch = Stopwatch::start();
        file.write_all(&[1; 8_192])?;
        file.sync_data()?;
        took.push(stopwatch.elapsed().as_secs_f64() * 1e3);
    }

    Ok(median(took))
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
