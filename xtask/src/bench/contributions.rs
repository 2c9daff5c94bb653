//! Contributions a second that are acknowledged once they are durable, on both databases.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::postgres::{Durability, Postgres};
use crate::{process, tools, workspace};

/// How often each database is measured. They take turns, so that a machine that slows down slows
/// both, and the median is told.
const ROUNDS: usize = 3;

pub(super) fn run() -> Result<()> {
    tools::ensure(&[&tools::POSTGRES])?;
    let build = [
        "build",
        "--release",
        "--package",
        "parlor-server",
        "--example",
        "contributions",
    ];
    process::run(&mut workspace::cargo(&build))?;

    let (mut sqlite, mut postgres) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        println!("round {round} of {ROUNDS}");
        let file = std::env::temp_dir().join(format!("parlor-bench-{}.db", std::process::id()));
        let measured = measure(&format!("sqlite://{}", file.display()));
        for ending in ["", "-wal", "-shm"] {
            // A file that was never made need not be removed.
            let _ = std::fs::remove_file(format!("{}{ending}", file.display()));
        }
        sqlite.push(measured?);

        let server = Postgres::start(Durability::Full)?;
        postgres.push(measure(&server.url)?);
    }

    let (sqlite, postgres) = (median(sqlite)?, median(postgres)?);
    println!(
        "\n{:<12} {:>8} {:>9} {:>9}",
        "database", "per s", "p50 ms", "p99 ms"
    );
    for (name, result) in [("sqlite", &sqlite), ("postgres", &postgres)] {
        let figure = |key: &str| result[key].as_f64().unwrap_or_default();
        let (p50_ms, p99_ms) = (figure("p50_us") / 1e3, figure("p99_us") / 1e3);
        println!(
            "{name:<12} {:>8.0} {p50_ms:>9.1} {p99_ms:>9.1}",
            figure("per_s")
        );
    }
    let per_s = json!({ "sqlite": sqlite["per_s"], "postgres": postgres["per_s"] });
    super::write(
        "contributions",
        &json!({ "per_s": per_s, "sqlite": sqlite, "postgres": postgres }),
    )
}

fn measure(database: &str) -> Result<Value> {
    let run = ["run", "--quiet", "--release", "--package", "parlor-server"];
    let example = ["--example", "contributions", "--", "--database", database];
    let output = process::output(&mut workspace::cargo(&[&run[..], &example[..]].concat()))?;
    let line = output.lines().last().context("the bench printed nothing")?;

    serde_json::from_str(line).with_context(|| format!("the bench printed {line:?}"))
}

/// The round in the middle by its rate.
fn median(mut results: Vec<Value>) -> Result<Value> {
    results.sort_by_key(|result| result["per_s"].as_u64());
    let middle = results.len() / 2;

    results
        .into_iter()
        .nth(middle)
        .context("no round was measured")
}
