//! A Chromium as old as the one in OBS: Qt's, from Python's package index.

use std::path::PathBuf;

use anyhow::Result;

use crate::{python_packages, tools};

/// Finds it, fetching it where that is possible. Returns the folder that belongs on `PYTHONPATH`.
pub(crate) fn ensure() -> Result<PathBuf> {
    tools::ensure(&[&tools::CHROMIUM, &tools::WEBKIT])?;

    python_packages::ensure("old-chromium", "tests/floor/requirements.txt")
}
