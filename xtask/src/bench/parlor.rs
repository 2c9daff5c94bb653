//! Parlor as it ships: the release build of `parlor serve` on a fresh SQLite file, durable as ever.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::server::{Folder, Server, announced};
use crate::{process, workspace};

/// Only this server's tokens are signed with it, and nobody else can reach it.
const SECRET: &str = "a secret that nobody else will ever need";

/// A running server with a tenant.
pub(super) struct Parlor {
    pub(super) server: Server,
    /// Of a member of the tenant's staff.
    pub(super) token: String,
}

/// Builds the program.
pub(super) fn prepare() -> Result<()> {
    process::run(&mut workspace::cargo(&[
        "build",
        "--release",
        "--package",
        "parlor-server",
    ]))
}

/// Starts a server of its own, which ends when it is dropped.
pub(super) fn start() -> Result<Parlor> {
    let folder = Folder::new("bench-parlor")?;
    let database = format!("sqlite://{}", folder.path().join("parlor.db").display());
    let token = process::output(program()?.args([
        "token",
        "--create-tenant=Bench",
        "--role=service",
        "--subject=bench",
        "--database",
        &database,
    ]))?;
    let mut serve = program()?;
    serve.args(["serve", "--listen=127.0.0.1:0", "--database", &database]);

    Ok(Parlor {
        server: Server::start(&serve, folder, announced)?,
        token: token.trim().to_owned(),
    })
}

/// Settings of the person who runs the bench are not for its servers.
fn program() -> Result<Command> {
    let program: PathBuf = workspace::release_profile_dir()?.join("parlor");
    let mut command = Command::new(program);
    command.env("PARLOR_JWT_SECRET", SECRET);
    for setting in ["PARLOR_DATABASE", "PARLOR_LISTEN", "PARLOR_CONFIG"] {
        command.env_remove(setting);
    }

    Ok(command)
}
