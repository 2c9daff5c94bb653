//! Finds, or makes, a Swift toolchain.
//!
//! Best first: the one that is installed; one that an earlier run unpacked; Debian's packages,
//! unpacked into a folder of the user's cache. Those are of a newer Debian than most machines run,
//! so they are never installed: they run in a sandbox, as its root.

mod debian;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{codegen, process, tools, workspace};

/// The oldest major version that reads the package's manifest.
const MAJOR_VERSION_MIN: u32 = 6;

/// Where to look for `swift`: in `PATH`, where another program of that name may stand, and where
/// Debian keeps it.
const PROGRAMS: [&str; 2] = ["swift", "/usr/libexec/swift/bin/swift"];

/// What a machine without a toolchain is told.
const ADVICE: &str = "no Swift toolchain: install Swift 6 or newer, so that `swift` is on the PATH";

/// Puts the package together and becomes `swift` in it.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let toolchain = Toolchain::ensure()?;
    let package = codegen::swift::package()?;
    let mut swift = toolchain.command("swift", &package)?;

    Err(process::replace(swift.args(args)))
}

/// A Swift compiler with its package manager and `XCTest`.
#[derive(Debug)]
pub(crate) enum Toolchain {
    /// The program `swift`.
    Installed(PathBuf),
    /// The root folder of unpacked packages.
    Unpacked(PathBuf),
}

impl Toolchain {
    /// Finds a toolchain, fetching one where that is possible.
    pub(crate) fn ensure() -> Result<Self> {
        if let Some(program) = installed() {
            return Ok(Self::Installed(program));
        }
        if !debian::can_unpack() {
            bail!(ADVICE);
        }
        tools::ensure(&[&tools::BUBBLEWRAP]).context(ADVICE)?;
        let root = debian::cached().map_or_else(debian::unpack, Ok)?;

        Ok(Self::Unpacked(root))
    }

    /// Says which toolchain it is, for people.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Installed(program) => program.display().to_string(),
            Self::Unpacked(root) => format!("Debian's packages in {}", root.display()),
        }
    }

    /// A command of the toolchain, such as `swift`, that runs in `package`, a folder of the
    /// checkout.
    pub(crate) fn command(&self, name: &str, package: &Path) -> Result<Command> {
        let mut command = match self {
            Self::Installed(swift) => Command::new(swift.with_file_name(name)),
            Self::Unpacked(root) => {
                let mut sandbox = sandbox(root, package)?;
                sandbox.args(["--", name]);
                sandbox
            }
        };
        command.current_dir(package);

        Ok(command)
    }
}

/// What a program needs of this machine to find a server and to trust it.
const SHARED: [&str; 4] = [
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/resolv.conf",
    "/etc/ssl/certs",
];

/// A system made of the unpacked packages. What runs in it sees of this machine the checkout and the
/// built programs, at the same paths as outside, and the network. What it starts ends with it.
fn sandbox(root: &Path, package: &Path) -> Result<Command> {
    let home = workspace::artifacts().join("swift-home");
    std::fs::create_dir_all(&home)?;
    let checkout = workspace::root();
    let programs = workspace::dev_profile_dir()?;

    let mut command = Command::new("bwrap");
    command.args(["--unshare-pid", "--die-with-parent"]);
    command.args(["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]);
    command.arg("--ro-bind").arg(root.join("usr")).arg("/usr");
    for folder in ["bin", "lib", "lib64", "sbin"] {
        command
            .arg("--symlink")
            .arg(Path::new("usr").join(folder))
            .arg(Path::new("/").join(folder));
    }
    for path in SHARED {
        command.args(["--ro-bind-try", path, path]);
    }
    command.arg("--bind").arg(&checkout).arg(&checkout);
    command.arg("--ro-bind-try").arg(&programs).arg(&programs);
    command
        .args(["--unsetenv", "LD_LIBRARY_PATH", "--unsetenv", "TMPDIR"])
        .args(["--setenv", "PATH", "/usr/libexec/swift/bin:/usr/bin"])
        .arg("--setenv")
        .arg("HOME")
        .arg(home)
        .arg("--chdir")
        .arg(package);

    Ok(command)
}

fn installed() -> Option<PathBuf> {
    PROGRAMS
        .into_iter()
        .filter_map(|program| {
            if program.starts_with('/') {
                Some(PathBuf::from(program)).filter(|path| path.is_file())
            } else {
                tools::find_program(program)
            }
        })
        .find(|program| {
            process::output(Command::new(program).arg("--version"))
                .is_ok_and(|text| major_version(&text) >= Some(MAJOR_VERSION_MIN))
        })
}

/// Reads `swift --version`, such as `Apple Swift version 6.1 (…)`.
fn major_version(text: &str) -> Option<u32> {
    let (_, version) = text.split_once("Swift version ")?;
    let (major, _) = version.split_once('.')?;

    major.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swift_of_another_trade_is_not_taken_for_the_compiler() {
        let linux = "Swift version 6.0.3 (swift-6.0.3-RELEASE)\nTarget: x86_64-pc-linux-gnu\n";
        let mac = "swift-driver version: 1.115 Apple Swift version 10.2 (swiftlang-6.2)\n";

        assert_eq!(major_version(linux), Some(6));
        assert_eq!(major_version(mac), Some(10));
        assert_eq!(major_version("python-swiftclient 4.2.0\n"), None);
    }
}
