//! What Maven and Gradle build the Kotlin library from, in `target/kotlin`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::Bindings;
use crate::workspace;

/// Writes `bindings/`, the generated sources, and `native/`, the library where JNA looks for it
/// inside a jar; both again below `rehearsal/`, for the tests alone. Returns the folder of all.
pub(crate) fn inputs() -> Result<PathBuf> {
    let kotlin = workspace::artifacts().join("kotlin");
    write(&Bindings::of_sdk()?, &kotlin, "libparlor.so")?;
    write(
        &Bindings::of_rehearsal()?,
        &kotlin.join("rehearsal"),
        "libparlor_rehearsal.so",
    )?;

    Ok(kotlin)
}

fn write(library: &Bindings, folder: &Path, file: &str) -> Result<()> {
    let bindings = folder.join("bindings");
    let _ = std::fs::remove_dir_all(&bindings);
    std::fs::create_dir_all(&bindings)?;
    let config = workspace::root().join("sdk-mobile/kotlin/uniffi.toml");
    library.generate("kotlin", Some(&config), &bindings)?;

    let native = folder.join("native").join(jna_platform()?);
    std::fs::create_dir_all(&native)?;
    std::fs::copy(&library.library, native.join(file))
        .with_context(|| format!("cannot copy {file}"))?;

    Ok(())
}

/// How JNA names this machine.
fn jna_platform() -> Result<&'static str> {
    match std::env::consts::ARCH {
        "x86_64" => Ok("linux-x86-64"),
        "aarch64" => Ok("linux-aarch64"),
        arch => bail!("it is not known how JNA names {arch}"),
    }
}
