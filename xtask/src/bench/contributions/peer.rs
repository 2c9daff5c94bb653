//! Another commit of the program, to be measured by turns with this one.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::BUILD;
use crate::{process, workspace};

/// Builds the example of `commit` in a worktree under `target/bench`, once.
pub(super) fn build(commit: &str) -> Result<PathBuf> {
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

    let mut cargo = workspace::cargo(&BUILD);
    let target = folder.join("target");
    cargo.current_dir(&folder).env("CARGO_TARGET_DIR", &target);
    super::build(&mut cargo, &target.join("release"))
}
