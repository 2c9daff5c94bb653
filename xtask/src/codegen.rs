//! Writes what is generated and committed (`schema.graphql`), and what is generated and not (the
//! Python package).

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::{process, steps, workspace};

const SCHEMA: &str = "schema.graphql";

/// Writes everything.
pub(crate) fn run() -> Result<()> {
    let path = workspace::root().join(SCHEMA);
    std::fs::write(&path, server_schema()?)
        .with_context(|| format!("cannot write {}", path.display()))?;
    println!("wrote {SCHEMA}");
    println!("wrote {}", python()?.display());

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

/// Puts the Python package together in `target/python`: what is written by hand, what is generated,
/// and the library. Returns that folder, which belongs on `PYTHONPATH` or into `pip install`.
pub(crate) fn python() -> Result<PathBuf> {
    steps::build(&["parlor-sdk-mobile", "parlor-bindgen"])?;
    let programs = workspace::dev_profile_dir()?;
    let python = workspace::artifacts().join("python");
    let package = python.join("parlor");
    let _ = std::fs::remove_dir_all(&package);
    std::fs::create_dir_all(&package)?;
    let written = workspace::root().join("sdk-mobile/python");
    for file in [
        "pyproject.toml",
        "README.md",
        "parlor/__init__.py",
        "parlor/py.typed",
    ] {
        std::fs::copy(written.join(file), python.join(file))
            .with_context(|| format!("cannot copy sdk-mobile/python/{file}"))?;
    }

    let library = programs.join("libparlor.so");
    process::output(
        std::process::Command::new(programs.join("parlor-bindgen"))
            .args([
                "generate",
                "--no-format",
                "--language",
                "python",
                "--out-dir",
            ])
            .arg(&package)
            .arg(&library)
            .current_dir(workspace::root()),
    )?;
    std::fs::rename(package.join("parlor.py"), package.join("_native.py"))
        .context("the generator wrote no parlor.py")?;
    std::fs::copy(&library, package.join("libparlor.so"))?;

    Ok(python)
}

fn server_schema() -> Result<String> {
    process::output(std::process::Command::new(steps::server()?).arg("schema"))
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
