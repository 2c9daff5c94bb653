//! Builds everything and becomes `parlor demo`, so that Ctrl-C reaches the server itself.

use std::process::Command;

use anyhow::Result;

use crate::{process, steps, wasm, web, workspace};

/// Builds the pages and the server, then runs the demo with `args`. Returns only on failure.
pub(crate) fn run(args: &[String]) -> Result<()> {
    web::build(wasm::Source::Auto)?;
    println!("building the server");
    let parlor = steps::server()?;

    Err(process::replace(
        Command::new(parlor)
            .arg("demo")
            .args(args)
            .current_dir(workspace::root()),
    ))
}
