//! Turns a crate into what a browser loads: a module and the JavaScript that imports it.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::{Bindgen, Output};

use crate::shrink::Shrinker;
use crate::wasm::{self, Toolchain};
use crate::{process, workspace};

/// Changes when what is made of a module does, so that old files are not used.
const RECIPE: u32 = 1;

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
    let shrunk = shrinker.is_some();
    let mut stamp = format!("recipe {RECIPE}, shrunk: {shrunk}\n").into_bytes();
    stamp.extend_from_slice(&module);
    let stamp_file = workspace::artifacts().join(format!("{library}.stamp"));
    let bound = folder.join(format!("{library}_bg.wasm"));
    if bound.exists() && std::fs::read(&stamp_file).is_ok_and(|old| old == stamp) {
        return Ok(());
    }

    let _ = std::fs::remove_file(&stamp_file);
    let mut output = Bindgen::new()
        .input_bytes(library, module)
        .web(true)?
        .typescript(true)
        .remove_producers_section(true)
        .generate_output()?;
    let names = shorten_imports(&mut output);
    output.emit(folder)?;
    let script_file = folder.join(library).with_extension("js");
    let mut script = std::fs::read_to_string(&script_file)?;
    for (long, short) in &names {
        script = rename_key(&script, long, short)?;
    }
    std::fs::write(&script_file, script)?;
    match shrinker {
        Some(shrinker) => {
            shrinker.module(&bound)?;
            shrinker.script(&script_file)?;
        }
        None => println!("skipped wasm-opt and terser: node and npm are not here"),
    }

    std::fs::write(stamp_file, stamp)?;
    Ok(())
}

/// Calls each import of the module by a number, and returns what the script must call what. Names end
/// in hashes, which no compression makes smaller, and stand in the script as well.
///
/// They also keep the script and the module of two builds apart, which a page may load while a server
/// is being replaced. Now the name of what holds them does, by one hash of them all.
fn shorten_imports(output: &mut Output) -> BTreeMap<String, String> {
    let imports = &mut output.wasm_mut().imports;
    let mut names = BTreeMap::new();
    for import in imports.iter_mut() {
        let next = names.len().to_string();
        let number = names.entry(import.name.clone()).or_insert(next);
        import.name.clone_from(number);
    }

    let mut hasher = DefaultHasher::new();
    names.hash(&mut hasher);
    let build = format!("{:016x}", hasher.finish());
    for import in imports.iter_mut() {
        let holder = mem::replace(&mut import.module, build.clone());
        names.insert(format!("\"{holder}\""), format!("\"{build}\""));
    }

    names
}

/// Renames a key of an object in the script, which must be there once.
fn rename_key(script: &str, from: &str, to: &str) -> Result<String> {
    let (from_key, to_key) = (format!("\n        {from}: "), format!("\n        {to}: "));
    let mut parts = script.split(&from_key);
    let (Some(before), Some(after), None) = (parts.next(), parts.next(), parts.next()) else {
        bail!("{from} is not once a key of the script");
    };

    Ok([before, &to_key, after].concat())
}

#[cfg(test)]
mod tests {
    use super::rename_key;

    #[test]
    fn a_key_is_renamed_where_it_is_defined() {
        let script = "{\n        now_1: function(a) { return now_1; },\
            \n        now_12: function() {},\n        \"now_1\": import0,\n}";

        assert_eq!(
            rename_key(script, "now_1", "0").unwrap(),
            script.replace(" now_1: ", " 0: ")
        );
        assert!(rename_key(script, "now", "0").is_err());
        assert!(rename_key(&script.repeat(2), "now_1", "0").is_err());
    }
}
