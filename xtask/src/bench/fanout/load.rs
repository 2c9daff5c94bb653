//! The load program (`bench/load`): built once, told what to measure by a plan, asked for JSON.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::room::Room;
use crate::bench::server::Folder;
use crate::{process, workspace};

/// The rate of a busy room.
const RATE_PER_S: u32 = 20;
/// Publishers side by side when a server gets all it can take. Parlor commits in groups, and one
/// alone would measure the disk.
const SATURATION_LANES: u32 = 16;
/// Sockets of one listening process. One with 5,000 is no busier than the server is with them.
const PROCESS_SOCKETS: usize = 5_000;
/// At 1,000 and more, two share the work.
const SHARED_FROM: usize = 1_000;

/// What the phases are called in the results.
pub(super) const RATE: &str = "20_per_s";
pub(super) const SATURATION: &str = "saturation";

/// How long, and how much, one system is measured at a time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    pub(super) audience: usize,
    pub(super) rate_ms: u32,
    /// None for audiences that only the rate is told of.
    pub(super) saturation_ms: Option<u32>,
}

/// The load program.
pub(super) struct Load {
    program: PathBuf,
    folder: Folder,
}

impl Load {
    pub(super) fn build() -> Result<Self> {
        process::run(&mut workspace::cargo(&[
            "build",
            "--release",
            "--package",
            "parlor-load",
        ]))?;

        Ok(Self {
            program: workspace::release_profile_dir()?.join("parlor-load"),
            folder: Folder::new("bench-load")?,
        })
    }

    /// Sends one request, and returns the answer.
    pub(super) fn post(&self, url: &str, authorization: &str, body: &Value) -> Result<Value> {
        let answer = process::output(
            Command::new(&self.program)
                .args(["post", url, &body.to_string()])
                .args(["--header", &format!("authorization: {authorization}")]),
        )?;

        serde_json::from_str(&answer).with_context(|| format!("{url} answered {answer:?}"))
    }

    /// Lets an audience listen to `room`.
    pub(super) fn measure(&self, room: &Room, cell: Cell) -> Result<Value> {
        let (plan_file, result_file) = (
            self.folder.path().join("plan.json"),
            self.folder.path().join("result.json"),
        );
        std::fs::write(&plan_file, plan(room, cell).to_string())?;
        process::run(
            Command::new(&self.program)
                .arg("measure")
                .args([&plan_file, &result_file]),
        )?;

        let result: Value = serde_json::from_str(&std::fs::read_to_string(result_file)?)?;
        if let Some(fault) = result["fault"].as_str() {
            bail!("{fault}");
        }
        Ok(result)
    }
}

fn plan(room: &Room, cell: Cell) -> Value {
    let mut phases = vec![json!({
        "name": RATE,
        "per_s": RATE_PER_S,
        "lanes": 1,
        "warm_up_ms": 1_000,
        "measured_ms": cell.rate_ms,
    })];
    if let Some(saturation_ms) = cell.saturation_ms {
        phases.push(json!({
            "name": SATURATION,
            "per_s": null,
            "lanes": SATURATION_LANES,
            "warm_up_ms": 1_000,
            "measured_ms": saturation_ms,
        }));
    }
    let at_least = if cell.audience < SHARED_FROM { 1 } else { 2 };

    json!({
        "server": room.server.pid(),
        "address": room.server.address,
        "subscribe": room.subscribe,
        "publish": room.publish,
        "sockets": cell.audience,
        "processes": cell.audience.div_ceil(PROCESS_SOCKETS).max(at_least),
        "phases": phases,
    })
}
