//! The rules that keep the crates apart, checked from cargo's own graph and from the sources.
//!
//! What `Cargo.toml` can forbid is forbidden there by absence; this notices when someone adds it.

mod graph;
mod modules;
mod sources;

use anyhow::{Result, bail};

use crate::workspace;

/// Checks every rule. The error lists all that are broken, one a line.
pub(crate) fn check() -> Result<()> {
    let metadata = workspace::metadata()?;
    let mut violations = graph::check(&metadata)?;
    violations.extend(modules::check(&metadata)?);
    violations.extend(sources::check(&workspace::root())?);

    if violations.is_empty() {
        println!("tidy: every rule holds");
        return Ok(());
    }
    for violation in &violations {
        println!("tidy: {violation}");
    }
    bail!("{} of the project's rules are broken", violations.len());
}
