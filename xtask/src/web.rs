//! Builds what browsers load: the client and the overlay, as npm packages, into `target/npm/` and
//! `target/npm-overlay/`; both and the pages around them into `target/web/`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::shrink::Shrinker;
use crate::wasm::{self, Toolchain};
use crate::{bind, workspace};

/// Folders copied as they are: from the checkout, to `target/web/`.
const STATIC: [(&str, &str); 5] = [
    ("overlay/browser-source", "overlay"),
    ("examples/web-player", "player"),
    ("examples/stage", "stage"),
    ("examples/redemptions", "redemptions"),
    ("examples/widget", "widget"),
];

/// The overlay's scripts that pages import. What these import comes with them, but for [`LATER`].
const ENTRIES: [&str; 3] = ["parlor-overlay.js", "players.js", LATER];

/// What the overlay imports once somebody wants it.
const LATER: &str = "points.js";

/// What the overlay has in common with the client's package.
const SHARED: [&str; 14] = [
    "api.js",
    "caught.js",
    "dates.js",
    "events.js",
    "kinds.js",
    "page.js",
    "points_operations.js",
    "retry.js",
    "room.js",
    "sockets.js",
    "values.js",
    "wallet.js",
    "watching.js",
    "watching_operations.js",
];

/// Where the client's package is in `target/web/`, for pages that import it from the server.
const PACKAGE: &str = "sdk";

/// Builds the overlay, the client's package and the pages. Returns the folder.
pub(crate) fn build(source: wasm::Source) -> Result<PathBuf> {
    let web = workspace::artifacts().join("web");
    let next = workspace::artifacts().join("web-next");
    // What an earlier build left there would be served as well.
    let _ = std::fs::remove_dir_all(&next);
    copy_folder(&build_overlay(source)?, &next)?;
    for manifest in ["package.json", "README.md"] {
        std::fs::remove_file(next.join(manifest))?;
    }
    for (from, to) in STATIC {
        copy_folder(&workspace::root().join(from), &next.join(to))?;
    }
    copy_folder(&build_package(source)?, &next.join(PACKAGE))?;

    // Last, and at once: a server that is being tried out serves what is there.
    let _ = std::fs::remove_dir_all(&web);
    std::fs::rename(&next, &web).context("cannot put the pages in their place")?;
    Ok(web)
}

/// Builds the overlay's npm package. Returns the folder.
fn build_overlay(source: wasm::Source) -> Result<PathBuf> {
    let parts = workspace::artifacts().join("overlay");
    let package = workspace::artifacts().join("npm-overlay");
    let toolchain = Toolchain::ensure(source)?;
    println!("building the overlay with {}", toolchain.describe());
    bind::build(&toolchain, "parlor-overlay", "parlor_overlay", &parts)?;
    copy_folder(&workspace::root().join("overlay/js"), &parts)?;
    for script in SHARED {
        let from = workspace::root().join("sdk-wasm/npm").join(script);
        std::fs::copy(from, parts.join(script)).with_context(|| format!("cannot copy {script}"))?;
    }

    let _ = std::fs::remove_dir_all(&package);
    let shrinker = Shrinker::find()?;
    let is_joined = shrinker.is_some();
    copy_if(&parts, &package, |name| !(is_joined && is_script(name)))?;
    if let Some(shrinker) = shrinker {
        for entry in ENTRIES {
            shrinker.joined_script(&parts.join(entry), &package.join(entry), &[LATER])?;
        }
    }
    copy_folder(
        &workspace::root().join("overlay/fonts"),
        &package.join("fonts"),
    )?;
    copy_folder(&workspace::root().join("overlay/npm"), &package)?;

    Ok(package)
}

fn is_script(name: &Path) -> bool {
    name.extension().is_some_and(|ending| ending == "js")
}

/// Builds the client's npm package. Returns the folder.
pub(crate) fn build_package(source: wasm::Source) -> Result<PathBuf> {
    let package = workspace::artifacts().join("npm");
    let toolchain = Toolchain::ensure(source)?;
    println!("building the npm package with {}", toolchain.describe());
    bind::build(&toolchain, "parlor-sdk-wasm", "parlor_sdk_wasm", &package)?;
    copy_folder(&workspace::root().join("sdk-wasm/npm"), &package)?;

    Ok(package)
}

/// Builds what the display plans in browsers are made with, which nothing serves but tests. Returns the
/// folder.
pub(crate) fn build_rehearsal(source: wasm::Source) -> Result<PathBuf> {
    let folder = workspace::artifacts().join("rehearsal/web");
    let toolchain = Toolchain::ensure(source)?;
    println!("building the rehearsal with {}", toolchain.describe());
    bind::build(
        &toolchain,
        "parlor-sdk-rehearsal",
        "parlor_rehearsal",
        &folder,
    )?;

    Ok(folder)
}

/// Copies the files of `from`, folders included, into `to`.
fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    copy_if(from, to, |_| true)
}

/// Copies those files of `from`, folders included, whose name is `wanted` into `to`.
fn copy_if(from: &Path, to: &Path, wanted: impl Fn(&Path) -> bool + Copy) -> Result<()> {
    let entries =
        std::fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))?;

    std::fs::create_dir_all(to)?;
    for entry in entries {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_if(&entry.path(), &target, wanted)?;
        } else if wanted(&target) {
            std::fs::copy(entry.path(), &target)
                .with_context(|| format!("cannot write {}", target.display()))?;
        }
    }

    Ok(())
}
