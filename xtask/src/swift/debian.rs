//! Debian's Swift toolchain without installing it.
//!
//! apt resolves and fetches the packages of another Debian release as for an empty system, in a
//! state of its own, from the mirrors that this machine uses anyway and signed by Debian's keys;
//! they are then unpacked side by side. It needs no privilege and touches nothing outside the
//! folder that is made.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::stopwatch::Stopwatch;
use crate::{process, tools, workspace};

/// The first release of Debian with Swift 6.
const RELEASE: &str = "trixie";

/// The compiler, what it links against, and what its drivers and the package manager start.
const PACKAGES: [&str; 5] = [
    "swiftlang",
    "libc6-dev",
    "libstdc++-14-dev",
    "bash",
    "coreutils",
];

/// Changes when what is unpacked does, so that old folders are not used.
const RECIPE: u32 = 1;

/// Debian's keys, which every Debian has.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Not needed to build and test: debuggers, editors' servers, what makes static or embedded
/// programs, and what people read. Half of the whole.
const PRUNED: [&str; 17] = [
    "usr/libexec/swift/bin/clangd",
    "usr/libexec/swift/bin/lldb",
    "usr/libexec/swift/bin/lldb-dap",
    "usr/libexec/swift/bin/lldb-server",
    "usr/libexec/swift/bin/repl_swift",
    "usr/libexec/swift/bin/sourcekit-lsp",
    "usr/libexec/swift/bin/swift-format",
    "usr/libexec/swift/lib/liblldb.so",
    "usr/libexec/swift/lib/liblldb.so.17",
    "usr/libexec/swift/lib/liblldb.so.17.0.0",
    "usr/libexec/swift/lib/libsourcekitdInProc.so",
    "usr/libexec/swift/lib/swift/FrameworkABIBaseline",
    "usr/libexec/swift/lib/swift/embedded",
    "usr/libexec/swift/lib/swift_static",
    "usr/share/doc",
    "usr/share/locale",
    "usr/share/man",
];

/// Whether this machine has Debian's package tools and keys.
pub(super) fn can_unpack() -> bool {
    ["apt-get", "apt-cache", "dpkg"]
        .iter()
        .all(|program| tools::find_program(program).is_some())
        && Path::new(KEYRING).is_file()
}

/// The newest toolchain that an earlier run unpacked.
pub(super) fn cached() -> Option<PathBuf> {
    let cache = cache().ok()?;
    let prefix = prefix().ok()?;

    newest(&cache, &prefix)
}

/// Fetches and unpacks the toolchain. Complete or absent: the folder gets its name last.
pub(super) fn unpack() -> Result<PathBuf> {
    println!(
        "fetching Debian's Swift toolchain, once: 550 MB to fetch, 1.4 GB unpacked, a minute or two"
    );
    let stopwatch = Stopwatch::start();
    let cache = cache()?;
    let work = cache.join(format!("swift-tmp-{}", std::process::id()));

    let unpacked = unpack_in(&work).and_then(|version| {
        let folder = cache.join(format!("{}{version}{}", prefix()?, suffix()));
        let renamed = std::fs::rename(work.join("root"), &folder);
        // Another command may have been faster.
        if !folder.is_dir() {
            renamed?;
        }
        Ok(folder)
    });
    let _ = std::fs::remove_dir_all(&work);

    let folder = unpacked.context("cannot unpack Debian's Swift toolchain")?;
    println!(
        "unpacked it into {} in {} s",
        folder.display(),
        stopwatch.elapsed().as_secs()
    );
    Ok(folder)
}

/// Fills `root` in the folder `work`. Returns the compiler's version.
fn unpack_in(work: &Path) -> Result<String> {
    let mirrors = mirrors()?;
    let apt = mirrors
        .iter()
        .find_map(|mirror| Apt::update(&work.join("apt"), mirror).ok())
        .with_context(|| format!("none of {} has Debian {RELEASE}", mirrors.join(", ")))?;
    let version = apt.version(PACKAGES[0])?;

    let root = work.join("root");
    std::fs::create_dir_all(&root)?;
    for archive in apt.download(&PACKAGES)? {
        process::output(
            Command::new("dpkg")
                .arg("--extract")
                .arg(archive)
                .arg(&root),
        )?;
    }
    for path in PRUNED {
        let path = root.join(path);
        let _ = std::fs::remove_file(&path).or_else(|_| std::fs::remove_dir_all(&path));
    }

    Ok(version)
}

/// apt with a state of its own.
struct Apt {
    folder: PathBuf,
}

impl Apt {
    /// Learns what the release has on `mirror`.
    fn update(folder: &Path, mirror: &str) -> Result<Self> {
        let _ = std::fs::remove_dir_all(folder);
        for needed in ["lists/partial", "cache/archives/partial"] {
            std::fs::create_dir_all(folder.join(needed))?;
        }
        std::fs::write(folder.join("status"), "")?;
        std::fs::write(
            folder.join("sources.list"),
            format!("deb [signed-by={KEYRING}] {mirror} {RELEASE} main\n"),
        )?;
        let apt = Self {
            folder: folder.to_owned(),
        };
        process::output(apt.command("apt-get").args(["update", "--error-on=any"]))?;

        Ok(apt)
    }

    fn version(&self, package: &str) -> Result<String> {
        let text = process::output(self.command("apt-cache").args([
            "show",
            "--no-all-versions",
            package,
        ]))?;

        text.lines()
            .find_map(|line| line.strip_prefix("Version: "))
            .map(str::to_owned)
            .with_context(|| format!("Debian {RELEASE} has no {package}"))
    }

    /// Fetches `packages` and all that they need. Returns the archives.
    fn download(&self, packages: &[&str]) -> Result<Vec<PathBuf>> {
        process::output(
            self.command("apt-get")
                .args(["install", "--yes", "--no-install-recommends"])
                .arg("--download-only")
                .args(packages),
        )?;
        let archives: Vec<PathBuf> = std::fs::read_dir(self.folder.join("cache/archives"))?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == "deb"))
            .collect();
        if archives.is_empty() {
            bail!("apt fetched nothing");
        }

        Ok(archives)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let mut set = |name: &str, path: PathBuf| {
            command.arg("-o").arg(format!("{name}={}", path.display()));
        };
        set("Dir::Etc::SourceList", self.folder.join("sources.list"));
        set("Dir::Etc::SourceParts", PathBuf::from("/dev/null"));
        set("Dir::Etc::Preferences", PathBuf::from("/dev/null"));
        set("Dir::Etc::PreferencesParts", PathBuf::from("/dev/null"));
        set("Dir::State", self.folder.clone());
        set("Dir::State::Lists", self.folder.join("lists"));
        set("Dir::State::Status", self.folder.join("status"));
        set("Dir::Cache", self.folder.join("cache"));
        // As root, apt would fetch as a user who may not write to our folder.
        command.args(["-o", "APT::Sandbox::User=root"]);
        command.args(["-o", "Acquire::Retries=2", "--quiet=2"]);

        command
    }
}

/// Where this machine gets its packages from, in its own order of preference.
fn mirrors() -> Result<Vec<String>> {
    let uris = process::output(Command::new("apt-get").args(["update", "--print-uris"]))?;

    Ok(mirrors_of(&uris))
}

/// Reads lines such as `'http://deb.example.com/debian/dists/bookworm/InRelease' … 0`.
fn mirrors_of(uris: &str) -> Vec<String> {
    let mut mirrors: Vec<String> = Vec::new();
    for line in uris.lines() {
        let uri = line.split('\'').nth(1).unwrap_or_default();
        let Some((mirror, release)) = uri.split_once("/dists/") else {
            continue;
        };
        if release.ends_with("/InRelease") && !mirrors.iter().any(|known| known == mirror) {
            mirrors.push(mirror.to_owned());
        }
    }

    mirrors
}

/// The last folder by name that is complete and of this recipe.
fn newest(cache: &Path, prefix: &str) -> Option<PathBuf> {
    let suffix = suffix();
    let mut found: Vec<PathBuf> = std::fs::read_dir(cache)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.file_name()
                .and_then(|name| name.to_str())
                .is_some_and(|name| name.starts_with(prefix) && name.ends_with(&suffix))
        })
        .collect();
    found.sort();

    found.pop()
}

/// How the names of the folders for this machine's architecture start; the version follows.
fn prefix() -> Result<String> {
    let architecture = process::output(Command::new("dpkg").arg("--print-architecture"))?;

    Ok(format!("swift-{RELEASE}-{}-", architecture.trim()))
}

fn suffix() -> String {
    format!("-r{RECIPE}")
}

fn cache() -> Result<PathBuf> {
    let cache = workspace::cache_home()?.join("parlor");
    std::fs::create_dir_all(&cache)?;

    Ok(cache)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_is_found_once_whatever_it_is_used_for() {
        let uris = "'http://deb.example.com/debian/dists/bookworm/InRelease' deb.example.com_ 0 \n\
                    'http://deb.example.com/debian/dists/bookworm-updates/InRelease' deb_ 0 \n\
                    'http://deb.example.com/debian/dists/bookworm/main/binary-amd64/Packages.xz' x 0\n\
                    'https://tools.example.com/apt/dists/stable/InRelease' tools 0\n";

        assert_eq!(
            mirrors_of(uris),
            [
                "http://deb.example.com/debian",
                "https://tools.example.com/apt"
            ]
        );
    }

    #[test]
    fn a_folder_that_is_not_complete_or_of_another_recipe_is_not_used() {
        let cache = std::env::temp_dir().join(format!("xtask-swift-{}", std::process::id()));
        for name in ["swift-tmp-1", "swift-trixie-amd64-6.0.3-2-r0"] {
            std::fs::create_dir_all(cache.join(name)).unwrap();
        }
        let without = newest(&cache, "swift-trixie-amd64-");
        let folder = cache.join(format!("swift-trixie-amd64-6.0.3-2{}", suffix()));
        std::fs::create_dir_all(&folder).unwrap();
        let with = newest(&cache, "swift-trixie-amd64-");
        std::fs::remove_dir_all(&cache).unwrap();

        assert_eq!(without, None);
        assert_eq!(with, Some(folder));
    }
}
