//! Connects to a room and leaves it 10,000 times, and prints what the client's and the server's
//! process hold at some points: `connects SERVER TOKEN SERVER_PID`. Linux only.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use parlor::{Api, Client, Config, NewRoom, Placement, RoomState};
use serde_json::{Value, json};

/// When to look. Before the first, both processes reach their size.
const CHECKPOINTS: [usize; 4] = [1_000, 2_500, 5_000, 10_000];
/// Clients at once: enough to be quick, few enough that their sockets are a handful of files.
const AT_ONCE: usize = 50;
/// How long a closed connection may linger before it counts as left behind. A client waits 2 s for
/// its close to be answered.
const LINGER_MAX: Duration = Duration::from_secs(10);
/// Files that a process opens once it needs them, such as those of its database. One connection in a
/// hundred left behind would be more.
const FILES_MORE_MAX: usize = 20;
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(50);

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [server, token, server_pid] = &arguments[..] else {
        anyhow::bail!("usage: connects SERVER TOKEN SERVER_PID");
    };
    let room_id = open_room(server, token).await?;
    let config = Config {
        server: server.clone(),
        room_id,
        placement: Placement::Companion,
        token: None,
        start_at_unix_millis: None,
        reports_watching: true,
        redemptions_folder: None,
    };

    let (own, theirs) = ("self", server_pid.as_str());
    let files_before = (files(own)?, files(theirs)?);
    let mut connects = 0;
    for checkpoint in CHECKPOINTS {
        while connects < checkpoint {
            let clients = (0..AT_ONCE).map(|_| tokio::spawn(come_and_go(config.clone())));
            for client in clients.collect::<Vec<_>>() {
                client.await??;
            }
            connects += AT_ONCE;
        }

        settle(own, files_before.0).await?;
        settle(theirs, files_before.1).await?;
        let line = json!({
            "connects": connects, "client": holdings(own)?, "server": holdings(theirs)?,
        });
        println!("{line}");
    }

    Ok(())
}

async fn open_room(server: &str, token: &str) -> Result<String> {
    let api = Api::new(server, Some(token.to_owned()), None)?;
    let room = api
        .create_room(NewRoom {
            slug: "connects".to_owned(),
            title: "Connects".to_owned(),
            state: Some(RoomState::Open),
            anonymous_read: Some(true),
            ..NewRoom::default()
        })
        .await?;

    Ok(room.id)
}

/// Follows the room until its state is there.
async fn come_and_go(config: Config) -> Result<()> {
    let client = Client::connect(config)?;
    client
        .deliveries()
        .next()
        .await
        .context("the client ended without a delivery")?;
    client.stop();

    Ok(())
}

/// Waits until a process holds hardly more files than at the start.
async fn settle(pid: &str, files_before: usize) -> Result<()> {
    let mut looks_left = LINGER_MAX.as_millis() / LOOK_AGAIN_AFTER.as_millis();
    let mut look = tokio::time::interval(LOOK_AGAIN_AFTER);
    while files(pid)? > files_before + FILES_MORE_MAX {
        ensure!(
            looks_left > 0,
            "process {pid} holds {} files, and {files_before} at the start",
            files(pid)?
        );
        looks_left -= 1;
        look.tick().await;
    }

    Ok(())
}

fn holdings(pid: &str) -> Result<Value> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let number = |name: &str| -> Option<u64> {
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse().ok()
    };

    Ok(json!({
        "rss_kb": number("VmRSS:"), "threads": number("Threads:"), "files": files(pid)?,
    }))
}

fn files(pid: &str) -> Result<usize> {
    let folder = format!("/proc/{pid}/fd");

    Ok(fs::read_dir(&folder)
        .with_context(|| format!("cannot read {folder}"))?
        .count())
}
