//! Writes the bindings of `sdk-mobile` for another language, from its built library, and the types of the one
//! for Python, whose own annotations no checker reads.

mod python_types;

use anyhow::{Context, Result};

/// The first argument that asks for the types, which are written to the folder named third.
const PYTHON_TYPES: &str = "python-types";

fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().collect();
    if arguments.get(1).is_none_or(|asked| asked != PYTHON_TYPES) {
        uniffi::uniffi_bindgen_main();
        return Ok(());
    }

    let [library, folder] = &arguments[2..] else {
        anyhow::bail!("usage: parlor-bindgen {PYTHON_TYPES} LIBRARY FOLDER");
    };
    for (name, text) in python_types::of_library(library.as_ref())? {
        let file = std::path::Path::new(folder).join(name);
        std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }

    Ok(())
}
