//! Builds what browsers load: the client, as an npm package, into `target/npm/`; the overlay, that
//! package and the pages around them into `target/web/`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::shrink::Shrinker;
use crate::wasm::{self, Toolchain};
use crate::{bind, workspace};

/// Folders copied as they are: from the checkout, to `target/web/`.
const STATIC: [(&str, &str); 5] = [
    ("overlay/js", "."),
    ("overlay/fonts", "fonts"),
    ("overlay/browser-source", "overlay"),
    ("examples/web-player", "player"),
    ("examples/stage", "stage"),
];

/// Scripts in `target/web/` that every page with the overlay loads.
const LOADED: [&str; 3] = ["parlor-overlay.js", "players.js", SOCKETS];

/// What the overlay has in common with the client's package.
const SOCKETS: &str = "sockets.js";

/// Where the client's package is in `target/web/`, for pages that import it from the server.
const PACKAGE: &str = "sdk";

/// Builds the overlay, the client's package and the pages. Returns the folder.
pub(crate) fn build(source: wasm::Source) -> Result<PathBuf> {
    let web = workspace::artifacts().join("web");
    let toolchain = Toolchain::ensure(source)?;
    println!("building the overlay with {}", toolchain.describe());
    bind::build(&toolchain, "parlor-overlay", "parlor_overlay", &web)?;

    for (from, to) in STATIC {
        copy_folder(&workspace::root().join(from), &web.join(to))?;
    }
    std::fs::copy(
        workspace::root().join("sdk-wasm/npm").join(SOCKETS),
        web.join(SOCKETS),
    )
    .context("cannot copy what opens sockets")?;
    if let Some(shrinker) = Shrinker::find()? {
        for script in LOADED {
            shrinker.script(&web.join(script))?;
        }
    }
    copy_folder(&build_package(source)?, &web.join(PACKAGE))?;

    Ok(web)
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

/// Copies the files of `from`, folders included, into `to`.
fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    let entries =
        std::fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))?;

    std::fs::create_dir_all(to)?;
    for entry in entries {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), &target)
                .with_context(|| format!("cannot write {}", target.display()))?;
        }
    }

    Ok(())
}
