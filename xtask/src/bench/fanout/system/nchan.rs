//! nginx with nchan, whose subscribers get the published text as it is.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};
use serde_json::json;

use crate::bench::fanout::room::{EVENT, Room};
use crate::bench::server::{Folder, Server};
use crate::{process, tools, workspace};

const CONFIGURATION: &str = "bench/peers/nchan/nginx.conf";
/// Where Debian installs it, which is on root's `PATH` alone.
const NGINX: &str = "/usr/sbin/nginx";

pub(super) fn prepare() -> Result<()> {
    tools::ensure(&[&tools::NCHAN])
}

pub(super) fn open_room(workers: u32) -> Result<Room> {
    let folder = Folder::new("bench-nchan")?;
    let port = process::free_port()?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let template = std::fs::read_to_string(workspace::root().join(CONFIGURATION))
        .with_context(|| format!("cannot read {CONFIGURATION}"))?;
    let file = folder.path().join("nginx.conf");
    let filled = template
        .replace("FOLDER", &folder.path().to_string_lossy())
        .replace("PORT", &port.to_string())
        .replace("WORKERS", &workers.to_string());
    std::fs::write(&file, filled)?;

    let mut serve = Command::new(NGINX);
    serve.arg("-p").arg(folder.path()).arg("-c").arg(file);
    // Its workers are told of one by one, and belong to what is measured.
    let started_workers = AtomicU32::new(0);
    let server = Server::start(&serve, folder, move |line| {
        let started = line.contains("start worker process ")
            && 1 + started_workers.fetch_add(1, Ordering::Relaxed) == workers;
        started.then_some(address)
    })?;

    Ok(Room {
        subscribe: json!({ "path": "/subscribe", "subprotocol": null, "steps": [], "keepalive": null }),
        publish: json!({
            "url": format!("http://{address}/publish"),
            "headers": {},
            "body": EVENT,
            "taken": "queued messages",
        }),
        server,
    })
}
