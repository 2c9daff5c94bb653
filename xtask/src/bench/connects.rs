//! What connecting and leaving 10,000 times leaves behind: nothing, in the client and in the server.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::parlor;
use crate::{process, workspace};

pub(super) fn run() -> Result<()> {
    parlor::prepare()?;
    let cargo = |verb: &str| {
        workspace::cargo(&[
            verb,
            "--quiet",
            "--release",
            "--package",
            "parlor-sdk-mobile",
            "--example",
            "connects",
        ])
    };
    process::run(&mut cargo("build"))?;

    let parlor = parlor::start()?;
    let output = process::output(
        cargo("run")
            .arg("--")
            .arg(format!("http://{}", parlor.server.address))
            .arg(&parlor.token)
            .arg(parlor.server.pid().to_string()),
    )?;
    let checkpoints = output
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<Vec<Value>, _>>()
        .context("the example printed something else than its checkpoints")?;

    println!(
        "\n{:>9} {:>8} {:>9} {:>8} {:>8}",
        "connects", "process", "RSS KB", "files", "threads"
    );
    for checkpoint in &checkpoints {
        for side in ["client", "server"] {
            let figure = |key: &str| checkpoint[side][key].as_u64().unwrap_or_default();
            println!(
                "{:>9} {side:>8} {:>9} {:>8} {:>8}",
                checkpoint["connects"].as_u64().unwrap_or_default(),
                figure("rss_kb"),
                figure("files"),
                figure("threads")
            );
        }
    }
    super::write("connects", &json!({ "checkpoints": checkpoints }))
}
