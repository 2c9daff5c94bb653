//! Another commit, to be measured by turns with this one.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::{process, workspace};

/// Returns a worktree of `commit` under `target/bench`, which is made once for what it is now.
pub(super) fn worktree(commit: &str) -> Result<PathBuf> {
    let mut resolve = Command::new("git");
    resolve.current_dir(workspace::root());
    resolve.args(["rev-parse", "--short", "--verify"]);
    let commit = process::output(resolve.arg(format!("{commit}^{{commit}}")))?;
    let commit = commit.trim();
    let folder = workspace::artifacts()
        .join("bench")
        .join(format!("beside-{commit}"));
    if !folder.exists() {
        let mut add = Command::new("git");
        add.current_dir(workspace::root());
        add.args(["worktree", "add", "--detach"])
            .arg(&folder)
            .arg(commit);
        process::run(&mut add)?;
    }

    Ok(folder)
}

/// A cargo command within a worktree, into a target folder of its own.
pub(super) fn cargo(worktree: &Path, args: &[&str]) -> Command {
    let mut cargo = workspace::cargo(args);
    cargo
        .current_dir(worktree)
        .env("CARGO_TARGET_DIR", worktree.join("target"));

    cargo
}
