//! Turns a crate into what a browser loads: a module and the JavaScript that imports it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::shrink::Shrinker;
use crate::wasm::{self, Toolchain};
use crate::{process, workspace};

/// Compiles `package` and writes `<library>.js`, `<library>_bg.wasm` and their types to `folder`.
pub(crate) fn build(
    toolchain: &Toolchain,
    package: &str,
    library: &str,
    folder: &Path,
) -> Result<()> {
    let module = compile(toolchain, package, library)?;
    let bytes = std::fs::read(&module)
        .with_context(|| format!("the build of {package} left no {}", module.display()))?;

    bind(bytes, library, folder).with_context(|| format!("cannot bind {package}"))
}

/// Compiles `package` as a module, whatever else its manifest makes of it.
fn compile(toolchain: &Toolchain, package: &str, library: &str) -> Result<PathBuf> {
    let target_dir = toolchain.target_dir();
    process::run(
        toolchain
            .cargo(&["rustc", "--package", package, "--lib"])
            .args(["--crate-type", "cdylib"])
            .args(["--profile", "wasm", "--target", wasm::TARGET])
            .arg("--target-dir")
            .arg(&target_dir),
    )?;

    Ok(target_dir
        .join(wasm::TARGET)
        .join("wasm")
        .join(format!("{library}.wasm")))
}

/// Does nothing when the files in `folder` are of this module already.
fn bind(module: Vec<u8>, library: &str, folder: &Path) -> Result<()> {
    let shrinker = Shrinker::find()?;
    let mut stamp = format!("shrunk: {}\n", shrinker.is_some()).into_bytes();
    stamp.extend_from_slice(&module);
    let stamp_file = workspace::artifacts().join(format!("{library}.stamp"));
    let bound = folder.join(format!("{library}_bg.wasm"));
    if bound.exists() && std::fs::read(&stamp_file).is_ok_and(|old| old == stamp) {
        return Ok(());
    }

    let _ = std::fs::remove_file(&stamp_file);
    std::fs::create_dir_all(folder)?;
    Bindgen::new()
        .input_bytes(library, module)
        .web(true)?
        .typescript(true)
        .remove_producers_section(true)
        .generate(folder)?;
    match shrinker {
        Some(shrinker) => {
            shrinker.module(&bound)?;
            shrinker.script(&folder.join(library).with_extension("js"))?;
        }
        None => println!("skipped wasm-opt and terser: node and npm are not here"),
    }

    std::fs::write(stamp_file, stamp)?;
    Ok(())
}
