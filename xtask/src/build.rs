//! Building what is run afterwards, each thing once.

use std::path::PathBuf;
use std::sync::OnceLock;

use anyhow::Result;

use crate::process;

/// Builds every program and test at once.
pub(crate) fn workspace() -> Result<()> {
    process::run(&mut crate::workspace::cargo(&[
        "build",
        "--workspace",
        "--all-targets",
    ]))?;
    let _ = WORKSPACE_IS_BUILT.set(());

    Ok(())
}

static WORKSPACE_IS_BUILT: OnceLock<()> = OnceLock::new();

/// Builds some packages, unless an earlier step has built them all: building fewer chooses other
/// features of their dependencies and compiles those a second time.
pub(crate) fn packages(packages: &[&str]) -> Result<()> {
    if WORKSPACE_IS_BUILT.get().is_some() {
        return Ok(());
    }
    let mut command = crate::workspace::cargo(&["build"]);
    for package in packages {
        command.args(["--package", package]);
    }

    process::run(&mut command)
}

/// The server's program, built.
pub(crate) fn server() -> Result<PathBuf> {
    packages(&["parlor-server"])?;

    Ok(crate::workspace::dev_profile_dir()?.join("parlor"))
}
