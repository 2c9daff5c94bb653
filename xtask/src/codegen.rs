//! Writes what is generated and committed (`schema.graphql`), and what is generated and not: the
//! packages of the other languages, each in a module of its own.

pub(crate) mod kotlin;
pub(crate) mod python;
pub(crate) mod swift;

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{build, process, workspace};

const SCHEMA: &str = "schema.graphql";

/// Writes everything.
pub(crate) fn run() -> Result<()> {
    let path = workspace::root().join(SCHEMA);
    std::fs::write(&path, server_schema()?)
        .with_context(|| format!("cannot write {}", path.display()))?;
    println!("wrote {SCHEMA}");
    println!("wrote {}", python::package()?.display());
    println!("wrote {}", kotlin::inputs()?.display());
    println!("wrote {}", swift::package()?.display());

    Ok(())
}

/// Fails if the committed schema is not the server's.
pub(crate) fn check_schema() -> Result<()> {
    let committed = std::fs::read_to_string(workspace::root().join(SCHEMA))?;
    let current = server_schema()?;
    let Some(line) = first_difference(&committed, &current) else {
        return Ok(());
    };

    bail!("{SCHEMA} differs from the server's at line {line}: run `cargo xtask codegen`");
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
