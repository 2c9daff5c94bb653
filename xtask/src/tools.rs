//! The programs that are not ours and not cargo's: how to find each, and where Debian keeps it.
//!
//! A missing one is installed by the system's package manager if we may, and named otherwise.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};

use crate::process;

/// How a tool shows that it is there.
enum Evidence {
    /// A program on `PATH`.
    Program(&'static str),
    /// A file at a fixed place.
    File(&'static str),
    /// A program in a numbered folder below this one, as Debian keeps PostgreSQL.
    Versioned {
        parent: &'static str,
        file: &'static str,
    },
}

/// Something a command needs beyond rustup's toolchain.
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    evidence: Evidence,
    packages: &'static [&'static str],
    /// What it is for, so that an installation explains itself.
    why: &'static str,
}

pub(crate) const NODE: Tool = Tool {
    name: "node",
    evidence: Evidence::Program("node"),
    packages: &["nodejs"],
    why: "runs the browser and protocol tests",
};
pub(crate) const NPM: Tool = Tool {
    name: "npm",
    evidence: Evidence::Program("npm"),
    packages: &["npm"],
    why: "installs the browser tests' packages",
};
pub(crate) const PYTHON: Tool = Tool {
    name: "python3",
    evidence: Evidence::Program("python3"),
    packages: &["python3"],
    why: "runs the Python package's tests, and the models of the ledger and of the train",
};
pub(crate) const PIP: Tool = Tool {
    name: "pip",
    evidence: Evidence::Program("pip3"),
    packages: &["python3-pip"],
    why: "fetches an old Chromium, and what checks Python's types",
};
pub(crate) const JDK: Tool = Tool {
    name: "javac",
    evidence: Evidence::Program("javac"),
    packages: &["openjdk-17-jdk-headless"],
    why: "runs the Kotlin compiler and the Kotlin library's tests",
};
pub(crate) const MAVEN: Tool = Tool {
    name: "mvn",
    evidence: Evidence::Program("mvn"),
    packages: &["maven"],
    why: "builds the Kotlin library",
};
pub(crate) const CHROMIUM: Tool = Tool {
    name: "chromium",
    evidence: Evidence::File("/usr/bin/chromium"),
    packages: &["chromium"],
    why: "shows the pages under test",
};
pub(crate) const FIREFOX: Tool = Tool {
    name: "firefox-esr",
    evidence: Evidence::Program("firefox-esr"),
    packages: &["firefox-esr"],
    why: "shows the pages under test in another engine",
};
pub(crate) const WEBKIT: Tool = Tool {
    name: "WebKitWebDriver",
    evidence: Evidence::Program("WebKitWebDriver"),
    packages: &["webkit2gtk-driver"],
    why: "shows the pages under test in a third engine",
};
pub(crate) const XVFB: Tool = Tool {
    name: "Xvfb",
    evidence: Evidence::Program("Xvfb"),
    packages: &["xvfb"],
    why: "is the display that WebKit wants",
};
pub(crate) const FFMPEG: Tool = Tool {
    name: "ffmpeg",
    evidence: Evidence::Program("ffmpeg"),
    packages: &["ffmpeg"],
    why: "makes the live stream that the overlay is measured on",
};
pub(crate) const POSTGRES: Tool = Tool {
    name: "postgresql",
    evidence: Evidence::Versioned {
        parent: "/usr/lib/postgresql",
        file: "bin/initdb",
    },
    packages: &["postgresql"],
    why: "is the second database that every store test runs on",
};
pub(crate) const NCHAN: Tool = Tool {
    name: "nginx with nchan",
    evidence: Evidence::File("/usr/lib/nginx/modules/ngx_nchan_module.so"),
    packages: &["nginx-light", "libnginx-mod-nchan"],
    why: "is measured beside Parlor",
};
pub(crate) const GO: Tool = Tool {
    name: "go",
    evidence: Evidence::Program("go"),
    packages: &["golang-go"],
    why: "builds Centrifugo, which is measured beside Parlor",
};
pub(crate) const CLANG: Tool = Tool {
    name: "clang-22",
    evidence: Evidence::Program("clang-22"),
    packages: &["clang-22"],
    why: "compiles the mobile library's C for phones",
};
pub(crate) const WEB_COMPILER: Tool = Tool {
    name: "rustc-web",
    evidence: Evidence::File("/var/lib/dpkg/info/rustc-web.list"),
    packages: &["rustc-web", "cargo-web"],
    why: "compiles the overlay for the browser",
};
pub(crate) const WEB_STD: Tool = Tool {
    name: "rust-web-src",
    evidence: Evidence::File("/usr/lib/rustlib/src/rust/library/core/Cargo.toml"),
    packages: &["rust-web-src"],
    why: "is the standard library's source, built for the browser once",
};
pub(crate) const WEB_LINKER: Tool = Tool {
    name: "wasm-ld-22",
    evidence: Evidence::Program("wasm-ld-22"),
    packages: &["lld-22"],
    why: "links the overlay",
};
pub(crate) const BUBBLEWRAP: Tool = Tool {
    name: "bwrap",
    evidence: Evidence::Program("bwrap"),
    packages: &["bubblewrap"],
    why: "runs a Swift toolchain that is not installed",
};

impl Tool {
    /// Where the tool is, if it is there.
    pub(crate) fn find(&self) -> Option<PathBuf> {
        match self.evidence {
            Evidence::Program(program) => find_program(program),
            Evidence::File(path) => Some(PathBuf::from(path)).filter(|path| path.exists()),
            Evidence::Versioned { parent, file } => find_versioned(Path::new(parent), file),
        }
    }
}

/// Makes sure that all of `tools` are there, installing what is missing if we may.
///
/// The error names everything that could not be had, with the command that installs it.
pub(crate) fn ensure(tools: &[&Tool]) -> Result<()> {
    let missing: Vec<&Tool> = tools
        .iter()
        .copied()
        .filter(|tool| tool.find().is_none())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }

    let packages: Vec<&str> = missing
        .iter()
        .flat_map(|tool| tool.packages)
        .copied()
        .collect();
    let names: Vec<&str> = missing.iter().map(|tool| tool.name).collect();
    let advice = format!(
        "{} not found: install with `apt-get install {}`",
        names.join(", "),
        packages.join(" ")
    );
    let Some(prefix) = privilege() else {
        bail!("{advice}");
    };

    for tool in &missing {
        println!("installing {}, which {}", tool.packages.join(" "), tool.why);
    }
    apt_install(prefix, &packages).context(advice.clone())?;

    if let Some(tool) = missing.iter().find(|tool| tool.find().is_none()) {
        bail!(
            "{} is still missing after its installation: {advice}",
            tool.name
        );
    }

    Ok(())
}

/// Finds `program` on `PATH`.
pub(crate) fn find_program(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;

    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}

/// Whether we run as root.
pub(crate) fn is_root() -> bool {
    process::output(Command::new("id").arg("-u")).is_ok_and(|uid| uid.trim() == "0")
}

fn find_versioned(parent: &Path, file: &str) -> Option<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir(parent)
        .ok()?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join(file)))
        })
        .filter(|(_, path)| path.is_file())
        .collect();
    found.sort();

    found.pop().map(|(_, path)| path)
}

/// What to put before `apt-get`, or `None` if packages are not ours to install.
fn privilege() -> Option<&'static [&'static str]> {
    static PRIVILEGE: OnceLock<Option<&'static [&'static str]>> = OnceLock::new();

    *PRIVILEGE.get_or_init(|| {
        find_program("apt-get")?;
        if is_root() {
            return Some(&[]);
        }
        let sudo = find_program("sudo").is_some()
            && process::output(Command::new("sudo").args(["-n", "true"])).is_ok();

        sudo.then_some(&["sudo", "-n"])
    })
}

fn apt_install(prefix: &[&str], packages: &[&str]) -> Result<()> {
    static UPDATED: OnceLock<()> = OnceLock::new();

    // One unreachable source fails the whole update, and may not be the one we need.
    UPDATED.get_or_init(|| {
        let _ = process::output(&mut apt_get(prefix, &["update"]));
    });

    let mut args = vec!["install", "--yes", "--no-install-recommends"];
    args.extend(packages);

    process::output(&mut apt_get(prefix, &args)).map(drop)
}

fn apt_get(prefix: &[&str], args: &[&str]) -> Command {
    let words: Vec<&str> = prefix
        .iter()
        .copied()
        .chain([
            "env",
            "DEBIAN_FRONTEND=noninteractive",
            "apt-get",
            "--quiet=2",
        ])
        .chain(["-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=2"])
        .chain(args.iter().copied())
        .collect();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]);

    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_on_the_path_is_found_and_another_is_not() {
        assert!(find_program("sh").is_some());
        assert!(find_program("no-such-program-anywhere").is_none());
    }

    #[test]
    fn the_newest_version_wins_by_number_not_by_letter() {
        let parent = std::env::temp_dir().join(format!("xtask-versions-{}", std::process::id()));
        for version in ["9", "15", "notes"] {
            std::fs::create_dir_all(parent.join(version)).unwrap();
            std::fs::write(parent.join(version).join("initdb"), "").unwrap();
        }

        let found = find_versioned(&parent, "initdb");
        std::fs::remove_dir_all(&parent).unwrap();

        assert_eq!(found, Some(parent.join("15/initdb")));
    }
}
