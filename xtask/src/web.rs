//! Builds what browsers load into `target/web/`: the overlay's WebAssembly with its glue, and the
//! static files around it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::wasm::{self, Toolchain};
use crate::{npm, process, tools, workspace};

/// Folders copied as they are: from the checkout, to `target/web/`.
const STATIC: [(&str, &str); 4] = [
    ("overlay/js", "."),
    ("overlay/fonts", "fonts"),
    ("overlay/browser-source", "overlay"),
    ("examples/web-player", "player"),
];

/// Builds everything. Returns the folder.
pub(crate) fn build(source: wasm::Source) -> Result<PathBuf> {
    let web = workspace::artifacts().join("web");
    let toolchain = Toolchain::ensure(source)?;
    println!("building the overlay with {}", toolchain.describe());
    let module = compile(&toolchain, "parlor-overlay", "parlor_overlay")?;

    std::fs::create_dir_all(&web)?;
    bind(&module, &web)?;
    for (from, to) in STATIC {
        let from = workspace::root().join(from);
        if from.exists() {
            copy_folder(&from, &web.join(to))?;
        }
    }

    Ok(web)
}

/// Compiles `package`'s cdylib for browsers. Returns the module, not yet bound to JavaScript.
fn compile(toolchain: &Toolchain, package: &str, library: &str) -> Result<PathBuf> {
    let target_dir = toolchain.target_dir();
    process::run(
        toolchain
            .cargo(&["build", "--quiet", "--package", package, "--lib"])
            .args(["--profile", "wasm", "--target", wasm::TARGET])
            .arg("--target-dir")
            .arg(&target_dir),
    )?;

    Ok(target_dir
        .join(wasm::TARGET)
        .join("wasm")
        .join(format!("{library}.wasm")))
}

/// Writes the glue, its types and the final module into `web`, unless they are of this module
/// already.
fn bind(module: &Path, web: &Path) -> Result<()> {
    let optimiser = optimiser()?;
    let bytes = std::fs::read(module)
        .with_context(|| format!("the overlay's build left no {}", module.display()))?;
    let mut stamp = format!("optimised: {}\n", optimiser.is_some()).into_bytes();
    stamp.extend_from_slice(&bytes);
    let stamp_file = workspace::artifacts().join("web.stamp");
    let bound = web.join("parlor_overlay_bg.wasm");
    if bound.exists() && std::fs::read(&stamp_file).is_ok_and(|old| old == stamp) {
        return Ok(());
    }

    Bindgen::new()
        .input_bytes("parlor_overlay", bytes)
        .web(true)?
        .typescript(true)
        .remove_producers_section(true)
        .generate(web)
        .context("wasm-bindgen cannot bind the overlay")?;
    match optimiser {
        Some(mut wasm_opt) => optimise(&mut wasm_opt, &bound)?,
        None => println!("skipped wasm-opt: node and npm are not here; the module is larger"),
    }

    std::fs::write(stamp_file, stamp)?;
    Ok(())
}

/// `wasm-opt`, where node is there to run it.
fn optimiser() -> Result<Option<Command>> {
    if tools::NODE.find().is_none() || tools::NPM.find().is_none() {
        return Ok(None);
    }
    let folder = workspace::root().join("xtask/node");
    npm::install(&folder)?;
    let mut command = Command::new("node");
    command.arg(folder.join("node_modules/binaryen/bin/wasm-opt"));

    Ok(Some(command))
}

fn optimise(wasm_opt: &mut Command, module: &Path) -> Result<()> {
    let optimised = module.with_extension("opt");
    process::output(wasm_opt.arg("-Oz").arg(module).arg("-o").arg(&optimised))?;
    std::fs::rename(&optimised, module)?;

    Ok(())
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
