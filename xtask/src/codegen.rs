//! Writes what is generated and committed (`schema.graphql`, and what types the events of the feed), and what
//! is generated and not: the packages of the other languages, each in a module of its own.

mod contract;
mod documents;
mod javascript;
pub(crate) mod kotlin;
pub(crate) mod python;
mod records;
mod rust;
pub(crate) mod swift;
mod text;
mod typescript;

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{build, process, workspace};
use contract::Contract;

const SCHEMA: &str = "schema.graphql";

/// What clients ask of the server, a document each.
const OPERATIONS: &str = "sdk-core/operations";

/// What the client subscribes with, and so what events it knows.
const FEED: &str = "sdk-core/operations/live_room.graphql";

/// Writes everything.
pub(crate) fn run() -> Result<()> {
    for (name, text) in committed()? {
        let path = workspace::root().join(name);
        std::fs::write(&path, text).with_context(|| format!("cannot write {name}"))?;
        println!("wrote {name}");
    }
    println!("wrote {}", python::package()?.display());
    println!("wrote {}", kotlin::inputs()?.display());
    println!("wrote {}", swift::package()?.display());

    Ok(())
}

/// Fails if what is committed is not what would be written.
pub(crate) fn check_committed() -> Result<()> {
    for (name, current) in committed()? {
        let committed = std::fs::read_to_string(workspace::root().join(name))
            .with_context(|| format!("cannot read {name}"))?;
        if let Some(line) = first_difference(&committed, &current) {
            bail!(
                "{name} is not what the server's schema makes of it from line {line} on: run `cargo xtask codegen`"
            );
        }
    }

    Ok(())
}

/// What is generated and committed: names, and the texts that belong there.
fn committed() -> Result<Vec<(&'static str, String)>> {
    let schema = server_schema()?;
    let feed = std::fs::read_to_string(workspace::root().join(FEED))
        .with_context(|| format!("cannot read {FEED}"))?;
    let contract = Contract::read(&schema, &feed)?;
    let types = typescript::types(&contract);
    let documents = workspace::root().join(OPERATIONS);
    let operations = documents::of_people(&schema, &documents)?;
    let points_operations = documents::of_points(&documents)?;
    let watching_operations = documents::of_watching(&documents)?;

    Ok(vec![
        (SCHEMA, schema),
        ("sdk-wasm/npm/events.d.ts", types.clone()),
        ("overlay/js/events.d.ts", types),
        ("sdk-wasm/npm/kinds.js", javascript::tables(&contract)),
        ("sdk-events/src/event.rs", rust::events(&contract)),
        (
            "sdk-mobile/src/record/event.rs",
            records::records(&contract),
        ),
        (
            "sdk-mobile/swift/Sources/Parlor/Events.swift",
            records::swift_names(&contract),
        ),
        ("sdk-wasm/npm/operations.js", operations),
        ("sdk-wasm/npm/points_operations.js", points_operations),
        ("sdk-wasm/npm/watching_operations.js", watching_operations),
    ])
}

/// A library for other languages, and the program that writes its bindings.
struct Bindings {
    library: PathBuf,
    generator: PathBuf,
}

impl Bindings {
    /// What applications load.
    fn of_sdk() -> Result<Self> {
        Self::build("parlor-sdk-mobile", "parlor")
    }

    /// What the tests load beside it, for the display plans.
    fn of_rehearsal() -> Result<Self> {
        Self::build("parlor-sdk-rehearsal", "parlor_rehearsal")
    }

    fn build(package: &str, library: &str) -> Result<Self> {
        build::packages(&[package, "parlor-bindgen"])?;
        let programs = workspace::dev_profile_dir()?;

        Ok(Self {
            library: programs.join(format!("{DLL_PREFIX}{library}{DLL_SUFFIX}")),
            generator: programs.join("parlor-bindgen"),
        })
    }

    /// Writes the bindings for `language` to `folder`, as `config` wants them.
    fn generate(&self, language: &str, config: Option<&Path>, folder: &Path) -> Result<()> {
        let mut command = Command::new(&self.generator);
        command.args(["generate", "--no-format", "--language", language]);
        if let Some(config) = config {
            command.arg("--config").arg(config);
        }

        process::output(command.arg("--out-dir").arg(folder).arg(&self.library)).map(drop)
    }

    /// Writes the types of the bindings for Python to `folder`.
    fn generate_python_types(&self, folder: &Path) -> Result<()> {
        let mut command = Command::new(&self.generator);
        command.arg("python-types").arg(&self.library).arg(folder);

        process::output(&mut command).map(drop)
    }
}

fn server_schema() -> Result<String> {
    process::output(Command::new(build::server()?).arg("schema"))
}

/// The number of the first line in which the two differ.
fn first_difference(left: &str, right: &str) -> Option<usize> {
    if left == right {
        return None;
    }
    let same = left
        .lines()
        .zip(right.lines())
        .take_while(|(left, right)| left == right)
        .count();

    Some(same + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_found_at_its_line() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some(2));
        assert_eq!(first_difference("a\n", "a\nb\n"), Some(2));
    }
}
