//! Where things are: the checkout, and what cargo knows of it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process;

/// The checkout's top folder.
pub(crate) fn root() -> PathBuf {
    let manifest_dir = std::env::var_os("CARGO_MANIFEST_DIR")
        .unwrap_or_else(|| OsString::from(env!("CARGO_MANIFEST_DIR")));
    let manifest_dir = PathBuf::from(manifest_dir);

    manifest_dir
        .parent()
        .map_or_else(|| manifest_dir.clone(), Path::to_path_buf)
}

/// What the commands make for people and for other commands: `web/`, `python/`, `kotlin/`,
/// `swift/`, `bench/`.
pub(crate) fn artifacts() -> PathBuf {
    root().join("target")
}

/// Where the user keeps what can be made again, outside the checkout.
pub(crate) fn cache_home() -> Result<PathBuf> {
    if let Some(home) = std::env::var_os("XDG_CACHE_HOME") {
        return Ok(PathBuf::from(home));
    }
    let home = std::env::var_os("HOME").context("neither XDG_CACHE_HOME nor HOME is set")?;

    Ok(Path::new(&home).join(".cache"))
}

/// A `cargo` command in the checkout, with the toolchain that runs xtask.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(root());

    command
}

/// `cargo metadata`, with the resolved graph of dependencies.
pub(crate) fn metadata() -> Result<Value> {
    let text = process::output(&mut cargo(&["metadata", "--format-version", "1"]))?;

    serde_json::from_str(&text).context("cargo metadata wrote something that is not JSON")
}

/// Where cargo puts the dev profile's programs and libraries.
pub(crate) fn dev_profile_dir() -> Result<PathBuf> {
    Ok(target_dir()?.join("debug"))
}

/// Where cargo puts the release profile's programs.
pub(crate) fn release_profile_dir() -> Result<PathBuf> {
    Ok(target_dir()?.join("release"))
}

fn target_dir() -> Result<PathBuf> {
    let text = process::output(&mut cargo(&[
        "metadata",
        "--no-deps",
        "--format-version",
        "1",
    ]))?;
    let metadata: Value = serde_json::from_str(&text)?;
    let target = metadata["target_directory"]
        .as_str()
        .context("cargo metadata names no target directory")?;

    Ok(PathBuf::from(target))
}
