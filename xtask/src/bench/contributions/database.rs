//! A database of its own for every measurement, as durable as in production.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::postgres::{Durability, Postgres};
use crate::process;

#[derive(Debug, Clone, Copy)]
pub(in crate::bench) enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    pub(in crate::bench) const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];

    pub(in crate::bench) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }

    /// Has `program` load a server on an empty database, and returns what it found.
    pub(in crate::bench) fn measure(self, program: &Path, args: &[&str]) -> Result<Value> {
        match self {
            Self::Sqlite => {
                let name = format!("parlor-bench-{}.db", std::process::id());
                let file = std::env::temp_dir().join(name);
                let measured = load(program, &format!("sqlite://{}", file.display()), args);
                for ending in ["", "-wal", "-shm"] {
                    // A file that was never made need not be removed.
                    let _ = std::fs::remove_file(format!("{}{ending}", file.display()));
                }
                measured
            }
            Self::Postgres => {
                let server = Postgres::start(Durability::Full)?;
                load(program, &server.url, args)
            }
        }
    }
}

fn load(program: &Path, database: &str, args: &[&str]) -> Result<Value> {
    let mut command = Command::new(program);
    command.args(["--database", database]).args(args);
    let output = process::output(&mut command)?;
    let line = output.lines().last().context("the bench printed nothing")?;

    serde_json::from_str(line).with_context(|| format!("the bench printed {line:?}"))
}
