//! An audience that is not there: contributions of many people, sent through the real API.
//!
//! What they send is decided by a seed alone. The acts follow one another so that a hype train is
//! to be seen within seconds, runs, goes wild, and ends.

mod audience;
mod client;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tokio::time::Instant;

pub use audience::{Act, Audience, Gift};
pub use client::{Client, ClientError};

/// How long a refused connection or an overloaded server is given before the same is sent again.
const RETRY: Duration = Duration::from_millis(500);
/// How often something is sent before the simulation gives up: half a minute of restarts.
const ATTEMPTS_MAX: u32 = 60;

const RECORD: &str = "mutation Record($input: RecordContributionInput!) {
  recordContribution(input: $input) {
    __typename
    ... on Contribution { id hype }
    ... on Error { message code }
  }
}";

/// What to simulate.
#[derive(Debug, Clone)]
pub struct Simulation {
    /// The room, by its global id.
    pub room: String,
    pub seed: u64,
    /// How many times faster than the script.
    pub rate: f64,
    /// When to stop; `None` goes on until dropped.
    pub duration: Option<Duration>,
}

/// How far a simulation got.
#[derive(Debug, Default)]
pub struct Progress {
    sent: AtomicU64,
    hype: AtomicU64,
}

impl Progress {
    /// Contributions acknowledged.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// What they came to, in hype.
    pub fn hype(&self) -> u64 {
        self.hype.load(Ordering::Relaxed)
    }
}

/// Sends contributions until the time is over. Each is sent until it is acknowledged, under one
/// key, so that none is lost and none counts twice.
pub async fn run(client: &Client, simulation: &Simulation, progress: &Progress) -> Result<()> {
    let mut audience = Audience::new(simulation.seed);
    let ends_at = simulation
        .duration
        .map(|duration| Instant::now() + duration);
    let mut next_at = Instant::now();
    loop {
        let gift = audience.next_gift();
        next_at += gift.after.div_f64(simulation.rate);
        if ends_at.is_some_and(|ends_at| next_at > ends_at) {
            return Ok(());
        }
        tokio::time::sleep_until(next_at).await;

        let hype = send(client, &gift.input(&simulation.room)).await?;
        progress.sent.fetch_add(1, Ordering::Relaxed);
        progress.hype.fetch_add(hype, Ordering::Relaxed);
    }
}

/// Executes what may be repeated until there is an answer.
pub async fn until_answered(
    client: &Client,
    document: &str,
    variables: &Value,
) -> Result<Value, ClientError> {
    let mut attempt = 1;
    loop {
        match client.execute(document, variables.clone()).await {
            Err(error) if error.is_temporary() && attempt < ATTEMPTS_MAX => {
                tracing::debug!(%error, "sending again");
                attempt += 1;
                tokio::time::sleep_until(Instant::now() + RETRY).await;
            }
            answered => return answered,
        }
    }
}

async fn send(client: &Client, input: &Value) -> Result<u64> {
    let answer = until_answered(client, RECORD, &json!({ "input": input })).await;
    let answer = answer.context("the server does not take contributions")?;

    let answer = &answer["recordContribution"];
    if answer["__typename"] != "Contribution" {
        bail!("a contribution was refused: {}", answer["message"]);
    }
    let hype = answer["hype"].as_str().and_then(|hype| hype.parse().ok());
    hype.context("the server's answer carries no hype")
}
