//! The Python package, put together in `target/python`.

use std::path::PathBuf;

use anyhow::{Context, Result};

use super::Bindings;
use crate::workspace;

/// What is written by hand, and where it stays.
const WRITTEN: [&str; 5] = [
    "pyproject.toml",
    "README.md",
    "parlor/__init__.py",
    "parlor/client.py",
    "parlor/py.typed",
];

/// Puts the package together: what is written by hand, what is generated, and the library. Returns
/// the folder that belongs on `PYTHONPATH` or into `pip install`.
pub(crate) fn package() -> Result<PathBuf> {
    let bindings = Bindings::of_sdk()?;
    let python = workspace::artifacts().join("python");
    let package = python.join("parlor");
    let _ = std::fs::remove_dir_all(&package);
    std::fs::create_dir_all(&package)?;
    let written = workspace::root().join("sdk-mobile/python");
    for file in WRITTEN {
        std::fs::copy(written.join(file), python.join(file))
            .with_context(|| format!("cannot copy sdk-mobile/python/{file}"))?;
    }

    bindings.generate("python", None, &package)?;
    std::fs::rename(package.join("parlor.py"), package.join("_native.py"))
        .context("the generator wrote no parlor.py")?;
    bindings.generate_python_types(&package)?;
    std::fs::copy(&bindings.library, package.join("libparlor.so"))?;

    Ok(python)
}

/// Writes the module `parlor_rehearsal`, which only tests import. Returns the folder that belongs on
/// `PYTHONPATH`.
pub(crate) fn rehearsal() -> Result<PathBuf> {
    let bindings = Bindings::of_rehearsal()?;
    let folder = workspace::artifacts().join("rehearsal/python");
    std::fs::create_dir_all(&folder)?;
    bindings.generate("python", None, &folder)?;
    std::fs::copy(&bindings.library, folder.join("libparlor_rehearsal.so"))?;

    Ok(folder)
}
