//! The Swift package, built and tested by its package manager.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::Outcome;
use crate::build::server;
use crate::swift::Toolchain;
use crate::tally::Tally;
use crate::{codegen, process, workspace};

pub(super) fn run(toolchain: &Toolchain) -> Result<Outcome> {
    let package = codegen::swift::package()?;
    let parlor = server()?;
    println!("testing with {}", toolchain.describe());
    let transcript = process::tee(&mut process::with_errors(
        toolchain
            .command("swift", &package)?
            .args(["test", "--disable-swift-testing"])
            .env("PARLOR_BIN", parlor),
    ))?;
    let mut tally = Tally::of_xctest(&transcript.text).with_verdict(transcript.succeeded);
    let skipped = if tally.skipped > 0 {
        vec!["tests in sdk-mobile/swift that skip themselves".to_owned()]
    } else {
        Vec::new()
    };
    if transcript.succeeded {
        tally += check_ios_example(toolchain, &package)?;
    }

    Ok(Outcome { tally, skipped })
}

/// Reads the iOS example as far as that goes without a Mac: the syntax of all of it, and the types
/// of what needs the package alone.
fn check_ios_example(toolchain: &Toolchain, package: &Path) -> Result<Tally> {
    let example = workspace::root().join("examples/ios/HypeTrain");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&example)
        .with_context(|| format!("cannot read {}", example.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    files.sort();

    let mut tally = Tally::default();
    let mut parse = toolchain.command("swiftc", package)?;
    parse.arg("-parse").args(&files);
    let mut check_types = toolchain.command("swiftc", package)?;
    check_types
        .args(["-typecheck", "-parse-as-library"])
        .args(["-I", ".build/debug/Modules", "-I", "Sources/parlorFFI"])
        .arg(example.join("TrainLine.swift"));
    for command in [&mut parse, &mut check_types] {
        tally += match process::run(command) {
            Ok(()) => Tally::ONE_PASSED,
            Err(error) => {
                process::check_interrupted()?;
                println!("{error:#}");
                Tally::ONE_FAILED
            }
        };
    }

    Ok(tally)
}
