//! Installs a folder's npm packages, exactly as its lock file says, when they are not there yet.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;

/// Runs `npm ci` in `folder` unless it has been run for this lock file.
pub(crate) fn install(folder: &Path) -> Result<()> {
    let lock = std::fs::read(folder.join("package-lock.json"))
        .with_context(|| format!("{} has no package-lock.json", folder.display()))?;
    let stamp = folder.join("node_modules/.installed-lock.json");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }

    println!("installing the packages of {}", folder.display());
    process::output(
        Command::new("npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .arg("--omit-lockfile-registry-resolved")
            .current_dir(folder),
    )?;
    std::fs::write(stamp, lock)?;

    Ok(())
}
