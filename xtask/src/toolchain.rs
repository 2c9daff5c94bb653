//! What builds for other machines than this one have in common: a target of rustup's, or Debian's
//! compiler, which brings the standard library's sources.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::{process, tools, workspace};

/// Debian's compiler. `PATH` may well hold rustup's before it.
pub(crate) const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";

/// Seconds that rustup may take to fetch a target (a 20 MB archive) before the next way is tried.
const RUSTUP_TIMEOUT_S: &str = "120";

/// Whether the active toolchain can build for `target`. rustc names the folder also when it is not
/// there, so what counts is the library in it.
pub(crate) fn active_has(target: &str) -> Result<bool> {
    let folder = process::output(
        Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
            .args(["--print", "target-libdir", "--target", target])
            .current_dir(workspace::root()),
    )?;

    Ok(holds_core(Path::new(folder.trim())))
}

pub(crate) fn holds_core(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|entries| {
        entries.filter_map(Result::ok).any(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.starts_with("libcore-") && name.ends_with(".rlib")
        })
    })
}

/// Adds `targets` to the active toolchain. Returns whether rustup could.
pub(crate) fn add_by_rustup(targets: &[&str]) -> bool {
    if tools::find_program("rustup").is_none() {
        return false;
    }
    println!("adding {} with rustup", targets.join(", "));
    let added = process::output(
        Command::new("timeout")
            .args([RUSTUP_TIMEOUT_S, "rustup", "target", "add"])
            .args(targets)
            .current_dir(workspace::root()),
    );
    if added.is_err() {
        println!("rustup cannot fetch them; trying Debian's compiler");
    }

    added.is_ok()
}

/// Debian's cargo with Debian's compiler, free of what rustup's cargo has set for its children.
pub(crate) fn debian_cargo() -> Command {
    let mut path = OsString::from("/usr/bin:");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let mut command = Command::new(DEBIAN_CARGO);
    command
        .env("PATH", path)
        .env("RUSTC", DEBIAN_RUSTC)
        .env_remove("CARGO")
        .env_remove("LD_LIBRARY_PATH")
        .env_remove("RUSTUP_TOOLCHAIN")
        .env_remove("RUSTC_WRAPPER");

    command
}

#[cfg(test)]
mod tests {
    use super::holds_core;

    #[test]
    fn a_folder_without_the_core_library_is_no_target() {
        let folder = std::env::temp_dir().join(format!("xtask-libdir-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("libcore-1.rmeta"), "").unwrap();
        let without = holds_core(&folder);
        std::fs::write(folder.join("libcore-1.rlib"), "").unwrap();
        let with = holds_core(&folder);
        std::fs::remove_dir_all(&folder).unwrap();

        assert!(!without);
        assert!(with);
        assert!(!holds_core(&folder));
    }
}
