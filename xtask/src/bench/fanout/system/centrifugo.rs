//! Centrifugo, built from its sources, with its JSON protocol.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::bench::fanout::room::{EVENT, Room};
use crate::bench::server::{Folder, Server};
use crate::{process, tools, workspace};

const MODULE: &str = "github.com/centrifugal/centrifugo/v6";
const VERSION: &str = "v6.9.1";
const CONFIGURATION: &str = "bench/peers/centrifugo/config.json";

pub(super) fn prepare() -> Result<()> {
    let program = program()?;
    if program.is_file() {
        return Ok(());
    }
    tools::ensure(&[&tools::GO])?;

    println!("building Centrifugo {VERSION}, once");
    let folder = program.parent().context("the program is in a folder")?;
    std::fs::create_dir_all(folder)?;
    process::run(
        Command::new("go")
            .args(["install", "-trimpath", "-ldflags=-s -w"])
            .arg(format!("{MODULE}@{VERSION}"))
            .env("GOBIN", folder)
            .current_dir(folder),
    )
}

pub(super) fn open_room() -> Result<Room> {
    let folder = Folder::new("bench-centrifugo")?;
    let port = process::free_port()?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let template = std::fs::read_to_string(workspace::root().join(CONFIGURATION))
        .with_context(|| format!("cannot read {CONFIGURATION}"))?;
    let mut configuration: Value = serde_json::from_str(&template)?;
    configuration["http_server"]["port"] = port.into();
    let file = folder.path().join("config.json");
    std::fs::write(&file, configuration.to_string())?;

    let mut serve = Command::new(program()?);
    serve.arg("--config").arg(file);
    let server = Server::start(&serve, folder, move |line| {
        line.contains("serving websocket").then_some(address)
    })?;
    let event: Value = serde_json::from_str(EVENT)?;
    let connect = json!({ "id": 1, "connect": {} });
    let subscribe = json!({ "id": 2, "subscribe": { "channel": "room" } });

    Ok(Room {
        subscribe: json!({
            "path": "/connection/websocket",
            "subprotocol": null,
            "steps": [
                { "send": connect.to_string(), "until": "\"connect\":" },
                { "send": subscribe.to_string(), "until": "\"subscribe\":" },
            ],
            "keepalive": { "ping": "{}", "pong": "{}" },
        }),
        publish: json!({
            "url": format!("http://{address}/api/publish"),
            "headers": {},
            "body": json!({ "channel": "room", "data": event }).to_string(),
            "taken": "\"result\":",
        }),
        server,
    })
}

/// Outside the checkout, for it is the same for all of them.
fn program() -> Result<PathBuf> {
    let folder = format!("parlor/centrifugo-{VERSION}");

    Ok(workspace::cache_home()?.join(folder).join("centrifugo"))
}
