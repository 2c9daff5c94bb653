//! Programs from Python's package index, in the user's cache: which, and the hash of each file, stands beside the
//! tests that use them.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::{process, tools, workspace};

/// Finds what the file `requirements` lists in the cache's folder `name`, or fetches it once. Returns the folder
/// that belongs on `PYTHONPATH`. It is for one version of Python, which the list may tell apart.
pub(crate) fn ensure(name: &str, requirements: &str) -> Result<PathBuf> {
    tools::ensure(&[&tools::PYTHON, &tools::PIP])?;
    let requirements = workspace::root().join(requirements);
    let wanted = std::fs::read(&requirements)
        .with_context(|| format!("cannot read {}", requirements.display()))?;
    let version = process::output(Command::new("python3").args([
        "-c",
        "import sys; print('python%d.%d' % sys.version_info[:2], end='')",
    ]))?;
    let folder = workspace::cache_home()?
        .join("parlor")
        .join(format!("{name}-{version}"));
    if std::fs::read(folder.join("requirements.txt")).is_ok_and(|fetched| fetched == wanted) {
        return Ok(folder);
    }

    println!("fetching {name}, once");
    let work = folder.with_extension(format!("tmp-{}", std::process::id()));
    let fetched = process::output(
        Command::new("python3")
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ])
            .args(["--require-hashes", "--only-binary", ":all:", "--no-deps"])
            .args(["--no-compile", "--requirement"])
            .arg(&requirements)
            .arg("--target")
            .arg(&work),
    )
    .and_then(|_| {
        std::fs::write(work.join("requirements.txt"), &wanted)?;
        let _ = std::fs::remove_dir_all(&folder);
        // Complete or absent: it gets its name last.
        std::fs::rename(&work, &folder).context("cannot put it in its place")
    });
    let _ = std::fs::remove_dir_all(&work);

    fetched.with_context(|| format!("no {name}"))?;
    Ok(folder)
}
