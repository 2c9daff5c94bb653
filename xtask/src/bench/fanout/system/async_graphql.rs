//! The stock transport of async-graphql, in a program of our own (`bench/peers/async-graphql`).

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;
use serde_json::json;

use crate::bench::fanout::room::{Begins, MARK, Room, over_graphql};
use crate::bench::server::{Folder, Server, announced};
use crate::{process, workspace};

const PUBLISH: &str = "mutation ($message: String!) { publish(message: $message) }";

pub(super) fn prepare() -> Result<()> {
    let manifest = workspace::root().join("bench/peers/async-graphql/Cargo.toml");

    process::run(
        workspace::cargo(&["build", "--release", "--locked", "--manifest-path"])
            .arg(manifest)
            .arg("--target-dir")
            .arg(target_dir()),
    )
}

pub(super) fn open_room() -> Result<Room> {
    let serve = Command::new(target_dir().join("release/peer-async-graphql"));
    let server = Server::start(&serve, Folder::new("bench-async-graphql")?, announced)?;
    let publish = json!({ "query": PUBLISH, "variables": { "message": MARK } });

    Ok(Room {
        subscribe: over_graphql("room", Begins::InSilence),
        publish: json!({
            "url": format!("http://{}/graphql", server.address),
            "headers": {},
            "body": publish.to_string(),
            "taken": "{\"publish\":",
        }),
        server,
    })
}

fn target_dir() -> PathBuf {
    workspace::artifacts().join("peers")
}
