//! The Swift package, put together in `target/swift`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::Bindings;
use crate::workspace;

/// What is written by hand, and where it stays.
const WRITTEN: [&str; 5] = [
    "Package.swift",
    "README.md",
    "Sources/Follow",
    "Sources/Parlor",
    "Tests/ParlorTests",
];

/// What the generator writes for applications, and where it belongs.
const GENERATED: [(&str, &str); 3] = [
    ("parlor.swift", "Sources/ParlorNative/parlor.swift"),
    ("parlorFFI.h", "Sources/parlorFFI/parlorFFI.h"),
    ("parlorFFI.modulemap", "Sources/parlorFFI/module.modulemap"),
];

/// What it writes for the tests alone.
const GENERATED_FOR_TESTS: [(&str, &str); 3] = [
    (
        "parlor_rehearsal.swift",
        "Sources/ParlorRehearsal/parlor_rehearsal.swift",
    ),
    (
        "parlor_rehearsalFFI.h",
        "Sources/parlor_rehearsalFFI/parlor_rehearsalFFI.h",
    ),
    (
        "parlor_rehearsalFFI.modulemap",
        "Sources/parlor_rehearsalFFI/module.modulemap",
    ),
];

/// Puts the package together: what is written by hand, what is generated, and the libraries. Returns
/// the folder that is the package.
///
/// Files that are as they should be are left alone, so that `swift` compiles only what has changed.
pub(crate) fn package() -> Result<PathBuf> {
    let package = workspace::artifacts().join("swift");
    let written = workspace::root().join("sdk-mobile/swift");
    for name in WRITTEN {
        mirror(&written.join(name), &package.join(name))
            .with_context(|| format!("cannot copy sdk-mobile/swift/{name}"))?;
    }

    let sdk = Bindings::of_sdk()?;
    add(&sdk, &GENERATED, &package)?;
    add_library(&sdk.library.with_extension("a"), &package)?;
    let rehearsal = Bindings::of_rehearsal()?;
    add(&rehearsal, &GENERATED_FOR_TESTS, &package)?;
    add_library(&rehearsal.library, &package)?;

    Ok(package)
}

/// Generates the bindings and puts each of their `files` into its place in `package`.
fn add(bindings: &Bindings, files: &[(&str, &str)], package: &Path) -> Result<()> {
    let scratch = workspace::artifacts().join("swift-bindings");
    bindings.generate("swift", None, &scratch)?;
    for (name, place) in files {
        copy(&scratch.join(name), &package.join(place))
            .with_context(|| format!("the generator wrote no {name}"))?;
    }

    Ok(())
}

fn add_library(library: &Path, package: &Path) -> Result<()> {
    let name = library.file_name().context("a library has a name")?;

    copy(library, &package.join("lib").join(name))
        .with_context(|| format!("the build left no {}", library.display()))
}

/// Makes `to` what `from` is, whether it is a file or a folder; what else is there goes.
fn mirror(from: &Path, to: &Path) -> Result<()> {
    if from.is_file() {
        return copy(from, to);
    }

    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(to)? {
        let entry = entry?;
        if !from.join(entry.file_name()).exists() {
            std::fs::remove_file(entry.path())
                .or_else(|_| std::fs::remove_dir_all(entry.path()))?;
        }
    }
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        mirror(&entry.path(), &to.join(entry.file_name()))?;
    }

    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let bytes = std::fs::read(from)?;
    if std::fs::read(to).is_ok_and(|old| old == bytes) {
        return Ok(());
    }

    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(to, bytes)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirrored_folder_loses_what_its_original_has_lost_and_keeps_what_is_the_same() {
        let folder = std::env::temp_dir().join(format!("xtask-mirror-{}", std::process::id()));
        let (from, to) = (folder.join("from"), folder.join("to"));
        std::fs::create_dir_all(from.join("inner")).unwrap();
        std::fs::write(from.join("inner/same"), "1").unwrap();
        std::fs::write(from.join("changed"), "new").unwrap();
        std::fs::create_dir_all(to.join("inner")).unwrap();
        std::fs::write(to.join("inner/same"), "1").unwrap();
        std::fs::write(to.join("inner/gone"), "").unwrap();
        std::fs::write(to.join("changed"), "old").unwrap();
        let written_at = |path: &Path| std::fs::metadata(path).unwrap().modified().unwrap();
        let before = written_at(&to.join("inner/same"));

        mirror(&from, &to).unwrap();
        let after = written_at(&to.join("inner/same"));
        let changed = std::fs::read_to_string(to.join("changed")).unwrap();
        let gone = to.join("inner/gone").exists();
        std::fs::remove_dir_all(&folder).unwrap();

        assert_eq!((before, changed.as_str(), gone), (after, "new", false));
    }
}
