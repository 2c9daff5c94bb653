//! The Kotlin library, built and tested by Maven.

use std::process::Command;

use anyhow::Result;

use super::Outcome;
use crate::build::server;
use crate::tally::Tally;
use crate::{codegen, process, workspace};

pub(super) fn run() -> Result<Outcome> {
    codegen::kotlin::inputs()?;
    let parlor = server()?;
    let transcript = process::tee(
        Command::new("mvn")
            .args(["--batch-mode", "--fail-at-end", "-Dstyle.color=never"])
            .arg("--file")
            .arg(workspace::root().join("sdk-mobile/kotlin"))
            .arg("test")
            .env("PARLOR_BIN", parlor),
    )?;
    let tally = Tally::of_surefire(&transcript.text).with_verdict(transcript.succeeded);

    Ok(Outcome {
        tally,
        skipped: if tally.skipped > 0 {
            vec!["tests in sdk-mobile/kotlin that skip themselves".to_owned()]
        } else {
            Vec::new()
        },
    })
}
