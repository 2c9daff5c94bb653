//! Checks that the mobile library compiles for phones: `cargo check`, which links nothing.
//!
//! The C in it (ring's) is compiled for real, by clang, which knows every target. It needs no C
//! library's headers but one of Apple's, for which an empty one stands in: enough to check with, and
//! not to ship from.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::{process, toolchain, tools, workspace};

const TARGETS: [&str; 5] = [
    "aarch64-linux-android",
    "armv7-linux-androideabi",
    "x86_64-linux-android",
    "aarch64-apple-ios",
    "aarch64-apple-ios-sim",
];

/// What ring asks of Apple's header.
const TARGET_CONDITIONALS: &str = "#define TARGET_OS_IPHONE 1\n";

/// Without any headers; ring then takes its own loops and clang's built-ins instead of a C library.
const C_FLAGS: &str = "-nostdlibinc -ffreestanding -DRING_CORE_NOSTDLIBINC=1";

/// Checks all targets at once, so that what runs on this machine is compiled once.
pub(crate) fn check() -> Result<()> {
    tools::ensure(&[&tools::CLANG])?;
    let clang = tools::CLANG.find().context("clang was just found")?;
    let sdk = stand_in_sdk()?;
    let headers = sdk.join("usr/include");

    let mut command = cargo()?;
    for target in TARGETS {
        let is_apple = target.contains("apple");
        let mut flags = C_FLAGS.to_owned();
        if is_apple {
            flags.push_str(" -isystem ");
            flags.push_str(&headers.display().to_string());
        }
        let name = target.replace('-', "_");
        command
            .args(["--target", target])
            .env(format!("CC_{name}"), &clang)
            .env(format!("AR_{name}"), "ar")
            .env(format!("CFLAGS_{name}"), flags);
    }
    command.env("SDKROOT", &sdk).env_remove("RUSTFLAGS");

    process::run(&mut command)
}

/// The active toolchain where it has the targets or rustup can add them; else Debian's compiler,
/// which builds the standard library along the way.
fn cargo() -> Result<Command> {
    let check = ["check", "--package", "parlor-sdk-mobile", "--lib"];
    let mut missing = Vec::new();
    for target in TARGETS {
        if !toolchain::active_has(target)? {
            missing.push(target);
        }
    }
    if missing.is_empty() || toolchain::add_by_rustup(&missing) {
        let mut command = workspace::cargo(&check);
        command
            .arg("--target-dir")
            .arg(workspace::artifacts().join("mobile"));
        return Ok(command);
    }

    tools::ensure(&[&tools::WEB_COMPILER, &tools::WEB_STD])
        .with_context(|| format!("no compiler (`rustup target add {}`)", missing.join(" ")))?;
    let mut command = toolchain::debian_cargo();
    command
        .args(check)
        .arg("-Zbuild-std=std,panic_abort")
        .arg("--target-dir")
        .arg(workspace::artifacts().join("mobile-debian"))
        .env("RUSTC_BOOTSTRAP", "1")
        .env_remove("CARGO_TARGET_DIR")
        .current_dir(workspace::root());

    Ok(command)
}

/// A folder in the shape of Apple's SDK.
fn stand_in_sdk() -> Result<PathBuf> {
    let sdk = workspace::artifacts().join("mobile-sdk");
    let headers = sdk.join("usr/include");
    std::fs::create_dir_all(&headers)?;
    std::fs::write(headers.join("TargetConditionals.h"), TARGET_CONDITIONALS)?;

    Ok(sdk)
}
