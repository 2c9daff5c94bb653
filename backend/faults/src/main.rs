//! Runs seeds: `cargo xtask soak`, and the step `faults` of the tests.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use parlor_faults::run::{Report, run};
use parlor_faults::schedule::{Schedule, is_kind};
use parlor_faults::shown::{self, Shown};
use parlor_test_database::Database;
use tokio::time::Instant;

#[derive(Parser)]
#[command(about = "Real servers under the faults that seeds decide")]
struct Args {
    /// The `parlor` binary
    #[arg(long)]
    program: PathBuf,
    /// How many seeds
    #[arg(long, default_value_t = 50)]
    seeds: u64,
    /// The first of them
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// This seed alone
    #[arg(long, env = "PARLOR_FAULT_SEED")]
    seed: Option<u64>,
    /// Runs at once. Each has up to three servers, which mostly wait
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Leave a kind of fault out; repeatable
    #[arg(long)]
    without: Vec<String>,
}

/// What came of a seed.
struct Outcome {
    schedule: Schedule,
    result: Result<Report, String>,
}

fn main() -> ExitCode {
    match run_seeds(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Returns whether all went well.
fn run_seeds(args: &Args) -> Result<bool> {
    for kind in &args.without {
        ensure!(is_kind(kind), "there is no kind of fault called {kind:?}");
    }
    let left_out: Vec<&str> = args.without.iter().map(String::as_str).collect();
    let seeds = match args.seed {
        Some(seed) => seed..seed + 1,
        None => args.from..args.from + args.seeds,
    };
    let queue: VecDeque<Schedule> = seeds.map(|seed| Schedule::of(seed, &left_out)).collect();

    let queue = Arc::new(Mutex::new(queue));
    let workers: Vec<_> = (0..args.jobs.max(1))
        .map(|_| {
            let (queue, program) = (Arc::clone(&queue), args.program.clone());
            thread::spawn(move || work(&queue, &program))
        })
        .collect();
    let mut outcomes = Vec::new();
    for worker in workers {
        let done = worker.join();
        outcomes.extend(done.ok().context("a run panicked")?);
    }

    Ok(summarise(&outcomes))
}

/// Runs one schedule after another until none is left.
fn work(queue: &Mutex<VecDeque<Schedule>>, program: &std::path::Path) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    loop {
        let next = queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front();
        let Some(schedule) = next else {
            return outcomes;
        };
        let outcome = run_one(schedule, program.to_owned());
        outcomes.push(outcome);
    }
}

fn run_one(schedule: Schedule, program: PathBuf) -> Outcome {
    let kept = Arc::new(Mutex::new(None));
    let (result, of_run) = (Arc::clone(&kept), schedule.clone());
    let started = Instant::now();
    parlor_test_database::run(schedule.engine, move |database: Database| async move {
        let done = run(&of_run, &database, &program).await;
        let done = done.map_err(|error| {
            let causes: Vec<_> = error.chain().map(ToString::to_string).collect();
            causes.join("\n")
        });
        *result.lock().unwrap_or_else(PoisonError::into_inner) = Some(done);
    });
    let took = started.elapsed().as_secs_f32();

    let result = kept.lock().unwrap_or_else(PoisonError::into_inner).take();
    let result = result.unwrap_or_else(|| Err("there is no PostgreSQL to run on".to_owned()));
    let seed = schedule.seed;
    match &result {
        Ok(report) => {
            let faults = schedule.steps.iter().map(|step| step.fault.kind());
            let faults = faults.collect::<Vec<_>>().join(", ");
            println!("seed {seed}: {took:.1} s; {faults}; {report}");
        }
        Err(error) => println!(
            "FAILED {schedule}\n{error}\nagain with: PARLOR_FAULT_SEED={seed} cargo xtask soak"
        ),
    }

    Outcome { schedule, result }
}

/// Says how often each kind of fault was shown to have happened, and how many seeds went well.
fn summarise(outcomes: &[Outcome]) -> bool {
    let mut happened: BTreeMap<&str, u32> = BTreeMap::new();
    let passed = outcomes.iter().filter(|outcome| outcome.result.is_ok());
    for step in passed.clone().flat_map(|outcome| &outcome.schedule.steps) {
        *happened.entry(step.fault.kind()).or_default() += 1;
    }
    let happened = happened
        .iter()
        .map(|(kind, times)| format!("{kind} {times}"));
    println!("happened: {}", happened.collect::<Vec<_>>().join(", "));
    let kills: usize = passed.clone().map(|outcome| outcome.schedule.kills()).sum();
    println!("servers killed: {kills}");
    let reports = outcomes
        .iter()
        .filter_map(|outcome| outcome.result.as_ref().ok());
    let is_shown = is_all_shown(reports, outcomes.len());
    let passed = passed.count();
    println!("seeds: {passed} passed, {} failed", outcomes.len() - passed);

    passed == outcomes.len() && is_shown
}

/// Says how often everything happened that the load is to have happen. Returns whether all of it did, as far as there
/// were seeds enough.
fn is_all_shown<'a>(reports: impl Iterator<Item = &'a Report>, seeds: usize) -> bool {
    let mut all = Shown::new();
    for (name, times) in reports.flat_map(|report| &report.shown) {
        *all.entry(name).or_default() += times;
    }
    let listed = all.iter().map(|(name, times)| format!("{name} {times}"));
    println!("of points: {}", listed.collect::<Vec<_>>().join(", "));
    let missing = shown::missing(&all);
    if seeds < shown::SEEDS || missing.is_empty() {
        return true;
    }

    println!("never happened: {}", missing.join(", "));
    false
}
