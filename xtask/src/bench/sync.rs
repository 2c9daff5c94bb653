//! How far the overlay is from the picture: real live HLS in Chromium, at 60 and at 30 frames a second.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::beside;
use crate::{build, npm, process, tools, wasm, web, workspace};

/// What half a frame may be exceeded by, in milliseconds: a clock's and a timer's inexactness.
const SLACK_MS: f64 = 2.0;

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Another commit to measure by turns, built here from a worktree of it
    #[arg(long)]
    beside: Option<String>,
}

/// The moments that one program has shown under a stream of one rate.
#[derive(Debug)]
struct Run {
    fps: u32,
    /// Whether it is the commit beside.
    is_beside: bool,
    /// How far the frame on screen was from each moment, in milliseconds; negative if the frame was earlier.
    errors: Vec<f64>,
    /// Frames that the browser could not show in time, of `total`.
    dropped: u64,
    total: u64,
}

impl Run {
    fn read(run: &Value) -> Option<Self> {
        let errors = run["errors"].as_array()?;

        Some(Self {
            fps: u32::try_from(run["fps"].as_u64()?).ok()?,
            is_beside: run["isBeside"].as_bool()?,
            errors: errors.iter().map(Value::as_f64).collect::<Option<_>>()?,
            dropped: run["dropped"].as_u64()?,
            total: run["total"].as_u64()?,
        })
    }

    /// Returns the error that a share of the moments does not exceed, whichever way.
    fn error_ms(&self, share: f64) -> f64 {
        let mut errors: Vec<f64> = self.errors.iter().map(|error| error.abs()).collect();
        errors.sort_by(f64::total_cmp);

        percentile(&errors, share)
    }

    /// Returns what a player that shows each moment with the nearest frame does not exceed.
    fn target_ms(&self) -> f64 {
        500.0 / f64::from(self.fps) + SLACK_MS
    }

    /// Returns how much is shown with a frame that is not the nearest, of a hundred.
    fn outside_percent(&self) -> f64 {
        let target_ms = self.target_ms();
        let outside = self.errors.iter().filter(|error| error.abs() > target_ms);

        count(outside.count()) * 100.0 / count(self.errors.len())
    }
}

pub(super) fn run(options: &Options) -> Result<()> {
    tools::ensure(&[&tools::NODE, &tools::NPM, &tools::CHROMIUM, &tools::FFMPEG])?;
    web::build(wasm::Source::Auto)?;
    let tests = workspace::root().join("tests");
    npm::install(&tests)?;
    let mut command = Command::new("node");
    command
        .arg("bench/sync.mjs")
        .current_dir(&tests)
        .env("PARLOR_BIN", build::server()?);
    if let Some(commit) = &options.beside {
        command.env("PARLOR_BIN_BESIDE", build_beside(commit)?);
    }
    let said = process::output(&mut command)?;
    let runs: Vec<Value> = serde_json::from_str(&said)?;
    let runs: Vec<Run> = runs
        .iter()
        .map(Run::read)
        .collect::<Option<_>>()
        .context("the page said something else than its runs")?;
    ensure!(
        runs.iter().all(|run| !run.errors.is_empty()),
        "no moment was shown"
    );

    println!(
        "\n{:<8} {:>4} {:>8} {:>8} {:>8} {:>10} {:>9} {:>14}",
        "build", "fps", "moments", "p50 ms", "p95 ms", "target ms", "outside", "frames dropped"
    );
    for run in &runs {
        println!(
            "{:<8} {:>4} {:>8} {:>8.1} {:>8.1} {:>10.1} {:>8.1}% {:>14}",
            if run.is_beside { "beside" } else { "here" },
            run.fps,
            run.errors.len(),
            run.error_ms(0.5),
            run.error_ms(0.95),
            run.target_ms(),
            run.outside_percent(),
            format!("{} of {}", run.dropped, run.total),
        );
    }

    let mut result = figures(&runs, false);
    if options.beside.is_some() {
        result["beside"] = figures(&runs, true);
    }
    super::write("sync", &result)
}

/// Builds the program of `commit` with what browsers load of it.
fn build_beside(commit: &str) -> Result<PathBuf> {
    let worktree = beside::worktree(commit)?;
    process::run(&mut beside::cargo(&worktree, &["xtask", "web"]))?;
    let server = ["build", "--package", "parlor-server"];
    process::run(&mut beside::cargo(&worktree, &server))?;

    Ok(worktree.join("target/debug/parlor"))
}

fn figures(runs: &[Run], beside: bool) -> Value {
    let of_each = |figure: fn(&Run) -> f64| {
        let runs = runs.iter().filter(|run| run.is_beside == beside);
        let rows = runs.map(|run| (format!("fps{}", run.fps), json!(figure(run))));
        Value::Object(rows.collect())
    };

    json!({
        "shown_error_p95_ms": of_each(|run| run.error_ms(0.95)),
        "shown_error_p50_ms": of_each(|run| run.error_ms(0.5)),
        "outside_percent": of_each(Run::outside_percent),
        "moments": of_each(|run| count(run.errors.len())),
    })
}

/// Returns the value of `sorted` that `share` of them do not exceed.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a number of values is the place of one"
)]
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let place = (count(sorted.len()) * share).ceil() as usize;

    sorted[place.clamp(1, sorted.len()) - 1]
}

fn count(length: usize) -> f64 {
    f64::from(u32::try_from(length).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_counts_whichever_way_it_is() {
        let errors = (1..=100)
            .map(|n| f64::from(if n % 2 == 0 { n } else { -n }))
            .collect();
        let run = Run {
            fps: 60,
            is_beside: false,
            errors,
            dropped: 0,
            total: 100,
        };

        assert!((run.error_ms(0.5) - 50.0).abs() < 0.1);
        assert!((run.error_ms(0.95) - 95.0).abs() < 0.1);
        // Half a frame is 8.3 ms.
        assert!((run.outside_percent() - 90.0).abs() < 0.1);
    }
}
