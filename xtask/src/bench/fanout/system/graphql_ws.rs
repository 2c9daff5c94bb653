//! npm's graphql-ws on ws, in a program of our own (`bench/peers/graphql-ws`).

use std::process::Command;

use anyhow::Result;
use serde_json::json;

use crate::bench::fanout::room::{Begins, MARK, Room, over_graphql};
use crate::bench::server::{Folder, Server, announced};
use crate::{npm, tools, workspace};

const FOLDER: &str = "bench/peers/graphql-ws";

pub(super) fn prepare() -> Result<()> {
    tools::ensure(&[&tools::NODE, &tools::NPM])?;

    npm::install(&workspace::root().join(FOLDER))
}

pub(super) fn open_room() -> Result<Room> {
    let mut serve = Command::new("node");
    serve
        .arg(workspace::root().join(FOLDER).join("server.mjs"))
        .env("NODE_ENV", "production");
    let server = Server::start(&serve, Folder::new("bench-graphql-ws")?, announced)?;

    Ok(Room {
        subscribe: over_graphql("room", Begins::InSilence),
        publish: json!({
            "url": format!("http://{}/publish", server.address),
            "headers": {},
            "body": json!({ "message": MARK }).to_string(),
            "taken": "published",
        }),
        server,
    })
}
