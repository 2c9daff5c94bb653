//! `parlor simulate`.

use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;

use super::print;
use crate::simulate::{Client, Progress, Simulation, run};

#[derive(Debug, Args)]
pub(super) struct SimulateArgs {
    /// The server's address
    #[arg(long, default_value = "http://127.0.0.1:8080", value_name = "URL")]
    url: String,

    /// A staff token of the room's tenant
    #[arg(long, env = "PARLOR_TOKEN", hide_env_values = true)]
    token: String,

    /// The room, by its global id
    #[arg(long, value_name = "ID")]
    room: String,

    /// What decides who gives what; a seed's contributions count once in a tenant
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// How many seconds to go on; without it, until Ctrl-C
    #[arg(long, value_name = "SECONDS")]
    duration: Option<u64>,

    /// How many times faster than life
    #[arg(long, default_value_t = 1.0, value_parser = parse_rate)]
    rate: f64,
}

pub(super) async fn simulate(args: SimulateArgs) -> Result<()> {
    let client = Client::new(&args.url, &args.token)?;
    // So that a wrong address or token is said at once, and not after many attempts.
    client
        .execute("{ __typename }", serde_json::Value::Null)
        .await?;

    let simulation = Simulation {
        room: args.room,
        seed: args.seed,
        rate: args.rate,
        duration: args.duration.map(Duration::from_secs),
    };
    let progress = Progress::default();
    tokio::select! {
        ended = run(&client, &simulation, &progress) => ended?,
        interrupted = tokio::signal::ctrl_c() => interrupted.context("cannot wait for Ctrl-C")?,
    }

    print(&format!(
        "{} contributions, {} hype\n",
        progress.sent(),
        progress.hype()
    ))
}

/// Reads how many times faster than life an audience is.
pub(super) fn parse_rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.01..=1_000.0).contains(&rate) => Ok(rate),
        _ => Err("a rate lies between 0.01 and 1000".to_owned()),
    }
}
