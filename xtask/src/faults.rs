//! Real servers under faults: some seeds with every run of the tests, many by `cargo xtask soak`.

use std::process::Command;

use anyhow::{Result, bail};

use crate::postgres::{Durability, Postgres};
use crate::tally::Tally;
use crate::{build, process, workspace};

/// Seeds of one run of the tests.
const SEEDS_IN_TESTS: u64 = 50;
/// Seeds of a soak: some hours' worth of faults.
const SEEDS_IN_SOAK: u64 = 1_000;
/// Runs at once. Each waits for most of its time, so that two cores have room for so many.
const JOBS: usize = 6;

/// Which seeds to run.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many seeds
    #[arg(long, default_value_t = SEEDS_IN_SOAK)]
    seeds: u64,
    /// The first of them
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// How many of them at once
    #[arg(long, default_value_t = JOBS)]
    jobs: usize,
    /// Passed on to `parlor-faults`, such as `--without killed`
    #[arg(last = true)]
    more: Vec<String>,
}

/// The seeds that every run of the tests has.
pub(crate) fn test() -> Result<Tally> {
    let args = Args {
        seeds: SEEDS_IN_TESTS,
        from: 1,
        jobs: JOBS,
        more: Vec::new(),
    };
    let transcript = run_seeds(&args)?;

    Ok(Tally::of_seeds(&transcript.text).with_verdict(transcript.succeeded))
}

/// Many seeds, or one: the one in `PARLOR_FAULT_SEED`, if that is set.
pub(crate) fn soak(args: &Args) -> Result<()> {
    if !run_seeds(args)?.succeeded {
        bail!("a seed failed; what it says above runs it again");
    }

    Ok(())
}

fn run_seeds(args: &Args) -> Result<process::Transcript> {
    build::packages(&["parlor-server", "parlor-faults"])?;
    let postgres = Postgres::start(Durability::Off)?;
    let programs = workspace::dev_profile_dir()?;

    process::tee(
        Command::new(programs.join("parlor-faults"))
            .arg("--program")
            .arg(programs.join("parlor"))
            .args(["--seeds", &args.seeds.to_string()])
            .args(["--from", &args.from.to_string()])
            .args(["--jobs", &args.jobs.to_string()])
            .args(&args.more)
            .env("PARLOR_TEST_POSTGRES_URL", &postgres.url),
    )
}
