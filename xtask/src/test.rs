//! Runs the steps one after another and says at the end what ran, what did not, and why.

use std::time::Duration;

use anyhow::{Result, bail};

use crate::process;
use crate::steps::{Outcome, Step};
use crate::stopwatch::Stopwatch;
use crate::tally::Tally;

struct Row {
    step: Step,
    outcome: Outcome,
    took: Duration,
}

/// Whether this is CI, where everything must run.
pub(crate) fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true")
}

/// Runs `steps`. Fails if a test failed, or, when `strict`, if one was skipped.
pub(crate) fn run(steps: &[Step], strict: bool) -> Result<()> {
    let mut rows = Vec::new();
    for step in steps {
        rows.push(run_step(*step)?);
    }

    let mut total = Tally::default();
    println!(
        "\n{:<10} {:>7} {:>7} {:>8} {:>8}",
        "step", "passed", "failed", "skipped", "time"
    );
    for row in &rows {
        let tally = row.outcome.tally;
        total += tally;
        println!(
            "{:<10} {:>7} {:>7} {:>8} {:>7}s",
            row.step.name(),
            tally.passed,
            tally.failed,
            tally.skipped,
            row.took.as_secs()
        );
    }
    for row in &rows {
        for reason in &row.outcome.skipped {
            println!("skipped in {}: {reason}", row.step.name());
        }
    }
    println!(
        "\n{} passed, {} failed, {} skipped",
        total.passed, total.failed, total.skipped
    );

    if total.failed > 0 {
        bail!("{} failed", plural(total.failed, "test"));
    }
    if strict && total.skipped > 0 {
        bail!(
            "{} skipped, and CI allows none",
            plural(total.skipped, "test")
        );
    }
    Ok(())
}

fn run_step(step: Step) -> Result<Row> {
    println!("\n── {} ──", step.name());
    let stopwatch = Stopwatch::start();
    let result = step.run();
    process::check_interrupted()?;
    let outcome = result.unwrap_or_else(|error| {
        println!("{} failed: {error:#}", step.name());
        Tally::ONE_FAILED.into()
    });
    let took = stopwatch.elapsed();
    println!("── {}: {}s ──", step.name(), took.as_secs());

    Ok(Row {
        step,
        outcome,
        took,
    })
}

fn plural(count: u32, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };

    format!("{count} {noun}{ending}")
}
