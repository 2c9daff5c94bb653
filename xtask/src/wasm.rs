//! Finds, or makes, a compiler for `wasm32-unknown-unknown`.
//!
//! Best first: the active toolchain's own target; a sysroot cached by an earlier run; the target
//! from rustup; a sysroot built from Debian's sources with Debian's compiler for the web.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::toolchain::{self, DEBIAN_RUSTC, debian_cargo, holds_core};
use crate::{process, tools, workspace};

pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// Changes when the way the sysroot is built does, so that old ones are not used.
const SYSROOT_RECIPE: u32 = 1;

/// Where the compiler comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Source {
    /// The best that can be had.
    Auto,
    /// The active toolchain, with the target added by rustup if need be.
    Rustup,
    /// Debian's compiler for the web, with a sysroot of our own.
    Debian,
}

/// A compiler that can build for the web.
#[derive(Debug)]
pub(crate) enum Toolchain {
    Active,
    Debian { sysroot: PathBuf },
}

impl Toolchain {
    /// Finds a compiler, installing what is missing where that is possible.
    pub(crate) fn ensure(source: Source) -> Result<Self> {
        if source != Source::Debian {
            if toolchain::active_has(TARGET)? {
                return Ok(Self::Active);
            }
            if source == Source::Auto
                && let Some(sysroot) = cached_sysroot()
            {
                return Ok(Self::Debian { sysroot });
            }
            if toolchain::add_by_rustup(&[TARGET]) && toolchain::active_has(TARGET)? {
                return Ok(Self::Active);
            }
        }
        if source == Source::Rustup {
            bail!("the target {TARGET} is missing: run `rustup target add {TARGET}`");
        }

        tools::ensure(&[&tools::WEB_COMPILER, &tools::WEB_STD, &tools::WEB_LINKER])
            .with_context(|| format!("no compiler for the web (`rustup target add {TARGET}`)"))?;
        let sysroot = cached_sysroot().map_or_else(build_sysroot, Ok)?;

        Ok(Self::Debian { sysroot })
    }

    /// Says which compiler it is, for people.
    pub(crate) fn describe(&self) -> &'static str {
        match self {
            Self::Active => "the active toolchain",
            Self::Debian { .. } => "Debian's compiler for the web",
        }
    }

    /// A cargo command that builds for the web, with a target folder of its own: two compilers
    /// that share one would rebuild each other's work every time.
    pub(crate) fn cargo(&self, args: &[&str]) -> Command {
        let mut flags = vec![
            format!("--remap-path-prefix={}=parlor", workspace::root().display()),
            format!("--remap-path-prefix={}=cargo", cargo_home().display()),
        ];
        let mut command = match self {
            Self::Active => workspace::cargo(args),
            Self::Debian { sysroot } => {
                flags.push("--sysroot".to_owned());
                flags.push(sysroot.display().to_string());
                let mut command = debian_cargo();
                command
                    .args(args)
                    .current_dir(workspace::root())
                    .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld-22");
                command
            }
        };
        command
            .env_remove("CARGO_TARGET_DIR")
            .env_remove("RUSTFLAGS")
            .env(
                "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
                flags.join(" "),
            );

        command
    }

    /// Where [`Self::cargo`] should put its results.
    pub(crate) fn target_dir(&self) -> PathBuf {
        workspace::artifacts().join(match self {
            Self::Active => "wasm",
            Self::Debian { .. } => "wasm-debian",
        })
    }
}

/// The sysroot that an earlier run built for the Debian compiler that is installed now.
fn cached_sysroot() -> Option<PathBuf> {
    tools::WEB_LINKER.find()?;
    let sysroot = sysroot_dir().ok()?;

    holds_core(&library_dir(&sysroot)).then_some(sysroot)
}

fn sysroot_dir() -> Result<PathBuf> {
    let version = process::output(Command::new(DEBIAN_RUSTC).arg("-vV"))?;
    let field = |name: &str| {
        version
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .map(str::trim)
            .with_context(|| format!("`{DEBIAN_RUSTC} -vV` says no {name}"))
    };
    let release = field("release:")?;
    let commit = field("commit-hash:")?;
    let commit = commit.get(..12).unwrap_or(commit);

    Ok(workspace::cache_home()?.join(format!(
        "parlor/wasm-sysroot-{release}-{commit}-r{SYSROOT_RECIPE}"
    )))
}

fn library_dir(sysroot: &Path) -> PathBuf {
    sysroot.join("lib/rustlib").join(TARGET).join("lib")
}

/// Builds std once with Debian's compiler (half a minute on two cores, 60 MB). Afterwards no
/// unstable flag is needed. Complete or absent: the folder gets its name last.
fn build_sysroot() -> Result<PathBuf> {
    let sysroot = sysroot_dir()?;
    let work = sysroot.with_extension(format!("tmp-{}", std::process::id()));
    println!("building the standard library for the web, once");

    let built = build_sysroot_in(&work).and_then(|()| {
        std::fs::create_dir_all(&sysroot)?;
        std::fs::remove_dir(&sysroot).context("another command has just built it")?;
        std::fs::rename(work.join("sysroot"), &sysroot)?;
        Ok(())
    });
    let _ = std::fs::remove_dir_all(&work);

    built.with_context(|| format!("cannot build the sysroot {}", sysroot.display()))?;
    Ok(sysroot)
}

fn build_sysroot_in(work: &Path) -> Result<()> {
    std::fs::create_dir_all(work.join("src"))?;
    std::fs::write(work.join("src/lib.rs"), "#![no_std]\n")?;
    std::fs::write(
        work.join("Cargo.toml"),
        "[package]\nname = \"empty\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
         [profile.release]\npanic = \"abort\"\n[workspace]\n",
    )?;

    process::output(
        debian_cargo()
            .args(["build", "--release", "--target", TARGET, "--quiet"])
            .arg("-Zbuild-std=std,panic_abort,test,proc_macro")
            .arg("-Zbuild-std-features=optimize_for_size")
            .current_dir(work)
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTFLAGS", "-Cembed-bitcode=yes")
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "z")
            .env("CARGO_TARGET_DIR", work.join("target")),
    )?;

    let library = library_dir(&work.join("sysroot"));
    std::fs::create_dir_all(&library)?;
    for entry in std::fs::read_dir(work.join("target").join(TARGET).join("release/deps"))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default();
        let is_library = path
            .extension()
            .is_some_and(|extension| extension == "rlib");
        if is_library && !name.to_string_lossy().starts_with("libempty-") {
            std::fs::copy(&path, library.join(name))?;
        }
    }

    if !holds_core(&library) {
        bail!("Debian's compiler built no core library");
    }
    Ok(())
}

fn cargo_home() -> PathBuf {
    std::env::var_os("CARGO_HOME").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cargo"),
        PathBuf::from,
    )
}
