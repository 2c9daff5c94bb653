//! Contributions a second that are acknowledged once they are durable, and how long each takes, on both
//! databases.

pub(super) mod database;
pub(super) mod pgbench;

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::beside;
use crate::{process, tools, workspace};
use database::Engine;

/// How often each is measured. Databases and programs take turns, so that a machine that slows down
/// slows all of them, and the median is told.
const ROUNDS: usize = 3;
/// The connections of the figures that are told for one number of them.
const CONNECTIONS: &str = "256";
/// Bad commands of each kind, as the example calls them.
const HOSTILE: [&str; 4] = [
    "slug-taken",
    "reported-elsewhere",
    "key-reused",
    "unreadable",
];

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// One round of a few seconds each, to see that it works
    #[arg(long)]
    quick: bool,
    /// Another commit to measure by turns, built here from a worktree of it
    #[arg(long)]
    beside: Option<String>,
}

/// What a database did in one way of being asked.
struct Figures {
    name: &'static str,
    args: Vec<&'static str>,
    results: [Vec<Value>; 2],
}

pub(super) fn run(options: &Options) -> Result<()> {
    tools::ensure(&[&tools::POSTGRES])?;
    let (rounds, seconds) = if options.quick {
        (1, "2")
    } else {
        (ROUNDS, "10")
    };
    let program = build(
        &mut workspace::cargo(&BUILD),
        &workspace::release_profile_dir()?,
        "contributions",
    )?;
    let peer = options.beside.as_deref().map(build_beside).transpose()?;

    let mut ways = ways();
    let mut beside: Vec<[Vec<Value>; 2]> = vec![Default::default(), Default::default()];
    let mut pgbench_tps = Vec::new();
    for round in 1..=rounds {
        println!("round {round} of {rounds}");
        for way in &mut ways {
            for (index, engine) in Engine::ALL.into_iter().enumerate() {
                let args = [&way.args[..], &["--seconds", seconds]].concat();
                let result = engine.measure(&program, &args)?;
                println!("{:<28} {:<9} {}", way.name, engine.name(), result);
                way.results[index].push(result);
            }
        }
        if let Some(peer) = &peer {
            for (index, engine) in Engine::ALL.into_iter().enumerate() {
                for (program, results) in [&program, peer].into_iter().zip(&mut beside) {
                    let args = ["--connections", CONNECTIONS, "--seconds", seconds];
                    results[index].push(engine.measure(program, &args)?);
                }
            }
        }
        pgbench_tps.push(pgbench::run(seconds)?);
    }

    tell(&ways);
    if peer.is_some() {
        let per_s = |results: &[Vec<Value>; 2]| both(results, |one| one["per_s"].clone());
        let result = json!({ "here": per_s(&beside[0]), "beside": per_s(&beside[1]) });
        println!("\nby turns, {CONNECTIONS} in flight over HTTP: {result}");
        super::write("contributions-beside", &result)?;
    }
    super::write("contributions-all", &all(&ways))?;
    pgbench_tps.sort_by(f64::total_cmp);
    super::write(
        "contributions",
        &result(&ways, pgbench_tps[pgbench_tps.len() / 2])?,
    )
}

const BUILD: [&str; 6] = [
    "build",
    "--release",
    "--package",
    "parlor-server",
    "--example",
    "contributions",
];

fn build_beside(commit: &str) -> Result<PathBuf> {
    let worktree = beside::worktree(commit)?;
    let mut cargo = beside::cargo(&worktree, &BUILD);

    build(
        &mut cargo,
        &worktree.join("target/release"),
        "contributions",
    )
}

pub(super) fn build(
    command: &mut std::process::Command,
    profile_dir: &std::path::Path,
    example: &str,
) -> Result<PathBuf> {
    process::run(command)?;
    Ok(profile_dir.join("examples").join(example))
}

fn ways() -> Vec<Figures> {
    let way = |name, args: &[&'static str]| Figures {
        name,
        args: args.to_vec(),
        results: Default::default(),
    };
    let mut ways = vec![
        way("http_64_per_s", &["--connections", "64"]),
        way("http_256_per_s", &["--connections", CONNECTIONS]),
        way("http_1024_per_s", &["--connections", "1024"]),
        way("writer_64_per_s", &["--writer", "--connections", "64"]),
        way(
            "writer_256_per_s",
            &["--writer", "--connections", CONNECTIONS],
        ),
        way("writer_per_s", &["--writer", "--connections", "1024"]),
        way("open_loop_500_p99_ms", &["--rate", "500"]),
        way("rooms_1", &["--connections", CONNECTIONS, "--rooms", "1"]),
        way("rooms_64", &["--connections", CONNECTIONS, "--rooms", "64"]),
    ];
    for kind in HOSTILE {
        ways.push(way(
            kind,
            &["--connections", CONNECTIONS, "--hostile", kind],
        ));
    }

    ways
}

/// What the project promises figures for.
fn result(ways: &[Figures], pgbench_tps: f64) -> Result<Value> {
    let find = |name: &str| {
        let way = ways.iter().find(|way| way.name == name);
        way.map(|way| &way.results).context("every way is measured")
    };
    let per_s = |one: &Value| one["per_s"].clone();
    let ratio = |over: &str, under: &str| -> Result<Value> {
        let (over, under) = (find(over)?, find(under)?);
        let of = |index: usize| {
            let figure = |results: &[Value]| median(results, |one| one["per_s"].clone()).as_f64();
            figure(&over[index])
                .zip(figure(&under[index]))
                .map(|(over, under)| over / under)
        };
        Ok(json!({ "sqlite": of(0), "postgres": of(1) }))
    };
    let mut hostile_ratio = json!({});
    for kind in HOSTILE {
        hostile_ratio[kind] = both(find(kind)?, |one| {
            let figure = |key: &str| one[key].as_f64().unwrap_or_default();
            json!(figure("hostile") / figure("quiet"))
        });
    }

    Ok(json!({
        "http_256_per_s": both(find("http_256_per_s")?, per_s),
        "writer_per_s": both(find("writer_per_s")?, per_s),
        "open_loop_500_p99_ms": both(find("open_loop_500_p99_ms")?, |one| {
            json!(one["p99_us"].as_f64().unwrap_or_default() / 1e3)
        }),
        "hostile_ratio": hostile_ratio,
        // How much more 64 rooms cost than one.
        "rooms_64_over_1": ratio("rooms_1", "rooms_64")?,
        "pgbench_tps": pgbench_tps,
    }))
}

fn all(ways: &[Figures]) -> Value {
    let mut all = json!({});
    for way in ways {
        all[way.name] = json!({ "sqlite": way.results[0], "postgres": way.results[1] });
    }

    all
}

fn tell(ways: &[Figures]) {
    println!("\n{:<28} {:>20} {:>20}", "", "sqlite", "postgres");
    println!(
        "{:<28} {:>9} {:>10} {:>9} {:>10}",
        "", "per s", "p99 ms", "per s", "p99 ms"
    );
    for way in ways {
        print!("{:<28}", way.name);
        for results in &way.results {
            let per_s = median(results, |one| one["per_s"].clone());
            let p99 = median(results, |one| one["p99_us"].clone());
            let p99_ms = p99.as_f64().unwrap_or_default() / 1e3;
            print!(" {:>9} {p99_ms:>10.1}", per_s.to_string());
        }
        println!();
    }
}

pub(super) fn both(results: &[Vec<Value>; 2], of: impl Fn(&Value) -> Value) -> Value {
    json!({ "sqlite": median(&results[0], &of), "postgres": median(&results[1], &of) })
}

/// The figure in the middle.
fn median(results: &[Value], of: impl Fn(&Value) -> Value) -> Value {
    let mut figures: Vec<_> = results.iter().map(of).collect();
    let number = |figure: &Value| figure.as_f64().unwrap_or_default();
    figures.sort_by(|one, other| number(one).total_cmp(&number(other)));

    let middle = figures.len() / 2;
    figures.into_iter().nth(middle).unwrap_or_default()
}
