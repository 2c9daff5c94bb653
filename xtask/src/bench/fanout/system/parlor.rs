//! Parlor as it ships: the release build of `parlor serve` on a fresh SQLite file, durable as ever.
//! An event is a contribution that is recorded through the API.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::bench::fanout::load::Load;
use crate::bench::fanout::room::{Begins, MARK, Room, over_graphql};
use crate::bench::fanout::server::{Folder, Server, announced};
use crate::{process, workspace};

/// Only this server's tokens are signed with it, and nobody else can reach it.
const SECRET: &str = "a secret that nobody else will ever need";

const CREATE_ROOM: &str = "mutation ($input: CreateRoomInput!) {
  createRoom(input: $input) { ... on Room { id } ... on Error { message } }
}";
const RECORD: &str = "mutation ($input: RecordContributionInput!) {
  recordContribution(input: $input) { ... on Contribution { id } ... on Error { message } }
}";

pub(super) fn prepare() -> Result<()> {
    process::run(&mut workspace::cargo(&[
        "build",
        "--release",
        "--package",
        "parlor-server",
    ]))
}

pub(super) fn open_room(load: &Load) -> Result<Room> {
    let folder = Folder::new("bench-parlor")?;
    let database = format!("sqlite://{}", folder.path().join("parlor.db").display());
    let token = process::output(parlor()?.args([
        "token",
        "--create-tenant=Bench",
        "--role=service",
        "--subject=bench",
        "--database",
        &database,
    ]))?;
    let authorization = format!("Bearer {}", token.trim());
    let mut serve = parlor()?;
    serve.args(["serve", "--listen=127.0.0.1:0", "--database", &database]);
    let server = Server::start(&serve, folder, announced)?;

    let url = format!("http://{}/graphql", server.address);
    let room = json!({ "slug": "bench", "title": "Bench", "state": "OPEN", "anonymousRead": true });
    let create = json!({ "query": CREATE_ROOM, "variables": { "input": room } });
    let answer = load.post(&url, &authorization, &create)?;
    let room_id = answer["data"]["createRoom"]["id"]
        .as_str()
        .with_context(|| format!("no room was made: {answer}"))?;

    // Without a session no train starts: one contribution is one event.
    let contribution = json!({
        "roomId": room_id,
        "idempotencyKey": MARK,
        "kind": "DONATION",
        "amount": "500",
        "currency": "EUR",
        "viewerId": "ada",
        "viewerName": "Ada",
        "message": MARK,
    });
    let record = json!({ "query": RECORD, "variables": { "input": contribution } });
    let publish: Value = json!({
        "url": url,
        "headers": { "authorization": authorization },
        "body": record.to_string(),
        "taken": "{\"id\":",
    });

    Ok(Room {
        subscribe: over_graphql(room_id, Begins::WithMessage),
        publish,
        server,
    })
}

/// Settings of the person who runs the bench are not for its servers.
fn parlor() -> Result<Command> {
    let program: PathBuf = workspace::release_profile_dir()?.join("parlor");
    let mut command = Command::new(program);
    command.env("PARLOR_JWT_SECRET", SECRET);
    for setting in ["PARLOR_DATABASE", "PARLOR_LISTEN", "PARLOR_CONFIG"] {
        command.env_remove(setting);
    }

    Ok(command)
}
