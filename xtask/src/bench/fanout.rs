//! What it costs to reach an audience: Parlor and its peers, side by side, one after another, with
//! the same events and the same listeners.

mod load;
mod report;
mod room;
mod system;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process;
use crate::stopwatch::Stopwatch;
use load::{Cell, Load, RATE};
use report::Report;
use system::System;

/// How often each system is measured. They take turns, so that a machine that slows down slows all
/// of them, and the median is told.
const ROUNDS: usize = 3;
/// One listener shows what publishing costs; 5,000 at 20 events a second are 100,000 deliveries.
const AUDIENCES: [usize; 5] = [1, 100, 2_000, 5_000, 15_000];
/// Those of which saturation would tell nothing new.
const RATE_ALONE: [usize; 2] = [1, 5_000];
const TRIAL_AUDIENCE: usize = 2_000;
const QUICK_AUDIENCES: [usize; 1] = [2_000];

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// One short round with 2,000 subscribers
    #[arg(long)]
    quick: bool,
    /// Only these systems, separated by commas
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<System>,
    /// Only these audiences, separated by commas
    #[arg(long, value_delimiter = ',')]
    audiences: Vec<usize>,
    /// How often each system is measured
    #[arg(long)]
    rounds: Option<usize>,
}

pub(super) fn run(options: &Options) -> Result<()> {
    let load = Load::build()?;
    let mut report = Report::default();
    let mut systems = Vec::new();
    for system in chosen(&options.only, &System::ALL) {
        match system.prepare() {
            Ok(()) => systems.push(system),
            Err(error) if system == System::Parlor => return Err(error),
            Err(error) => {
                process::check_interrupted()?;
                println!("without {}: {error:#}", system.key());
                report.leave_out(system, &error);
            }
        }
    }
    if systems.is_empty() {
        bail!("there is nothing to measure");
    }

    let all: &[usize] = if options.quick {
        &QUICK_AUDIENCES
    } else {
        &AUDIENCES
    };
    let audiences = chosen(&options.audiences, all);
    let rounds = options
        .rounds
        .unwrap_or(if options.quick { 1 } else { ROUNDS });
    let stopwatch = Stopwatch::start();
    let nchan_workers = choose_workers(&load, &systems, &mut report)?;
    let bench = Bench {
        load,
        nchan_workers,
        is_quick: options.quick,
    };
    for audience in audiences {
        for round in 1..=rounds {
            println!("── {audience} subscribers, round {round} of {rounds} ──");
            for system in &systems {
                let measured = bench.measure(*system, audience);
                process::check_interrupted()?;
                match measured {
                    Ok(result) => report.add(*system, audience, result),
                    Err(error) => report.fault(*system, audience, &error),
                }
            }
        }
    }
    println!("measured for {} s", stopwatch.elapsed().as_secs());

    report.print();
    super::write("fanout", &report.to_json(rounds))?;
    report.check()
}

struct Bench {
    load: Load,
    nchan_workers: u32,
    is_quick: bool,
}

impl Bench {
    /// Measures a server that has just been started, and stops it.
    fn measure(&self, system: System, audience: usize) -> Result<Value> {
        println!("{}", system.key());
        let room = system.open_room(&self.load, self.nchan_workers)?;
        let (rate_ms, saturation_ms) = if self.is_quick {
            (3_000, 2_000)
        } else {
            (4_000, 3_000)
        };
        let is_told_at_rate_alone = RATE_ALONE.contains(&audience);
        let cell = Cell {
            audience,
            rate_ms,
            saturation_ms: (!is_told_at_rate_alone).then_some(saturation_ms),
        };

        self.load.measure(&room, cell)
    }
}

/// Tries nchan with a worker for each core and with one, and keeps what costs less.
fn choose_workers(load: &Load, systems: &[System], report: &mut Report) -> Result<u32> {
    if !systems.contains(&System::Nchan) {
        return Ok(1);
    }

    println!("── nchan's workers ──");
    let mut best = (f64::INFINITY, 1);
    for workers in [1, 2] {
        let room = System::Nchan.open_room(load, workers)?;
        let cell = Cell {
            audience: TRIAL_AUDIENCE,
            rate_ms: 3_000,
            saturation_ms: None,
        };
        let result = load.measure(&room, cell)?;
        let cost = result["phases"][RATE]["cpu_us_per_delivery"].as_f64();
        let cost = cost.context("the load program told no cost")?;
        println!("nchan with {workers} of them: {cost:.2} us a delivery");
        report.tried_workers(workers, cost);
        if cost < best.0 {
            best = (cost, workers);
        }
    }

    Ok(best.1)
}

fn chosen<T: Copy>(asked: &[T], all: &[T]) -> Vec<T> {
    if asked.is_empty() { all } else { asked }.to_vec()
}
