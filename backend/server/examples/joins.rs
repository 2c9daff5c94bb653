//! Measures how long a crowd takes to join a room and to leave it, each join durable.
//!
//! Starts a server in this process, on the database it is given, and has everyone join over
//! loopback. Prints one line of JSON.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use futures_util::{StreamExt, TryStreamExt, stream};
use parlor_domain::id::{IdSource, TenantId};
use parlor_domain::tenant::{Tenant, TenantDraft};
use parlor_server::clock::Clock;
use parlor_server::config::{INIT_TIMEOUT_MS, LogFormat, Settings, Synchronous};
use parlor_server::graphql::global_id::parse_room_id;
use parlor_server::identity::Claims;
use parlor_server::ids::Randomness;
use parlor_server::service::Server;
use parlor_server::simulate::Client;
use serde_json::json;
use tokio::time::Instant;

#[derive(Debug, Clone, Parser)]
struct Args {
    /// An empty database
    #[arg(long)]
    database: String,
    /// People who join
    #[arg(long, default_value_t = 5_000)]
    people: usize,
    /// Requests under way at once
    #[arg(long, default_value_t = 256)]
    connections: usize,
}

const CREATE_ROOM: &str = "mutation ($input: CreateRoomInput!) {
  createRoom(input: $input) { ... on Room { id } ... on Error { message } }
}";
const JOIN: &str = "mutation ($input: JoinRoomInput!) {
  joinRoom(input: $input) { ... on Participant { id } ... on Error { message } }
}";
const LEAVE: &str = "mutation ($input: LeaveRoomInput!) {
  leaveRoom(input: $input) { ... on Participant { id } ... on Error { message } }
}";

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    let server = Server::start(settings(&args.database), Clock::System, Randomness::System).await?;
    let tenant_id = make_tenant(&server).await?;
    let staff = client(&server, tenant_id, "service", "bench")?;
    let input = json!({ "slug": "crowd", "title": "Crowd", "state": "OPEN" });
    let made = staff
        .execute(CREATE_ROOM, json!({ "input": input }))
        .await?;
    let room = made["createRoom"]["id"]
        .as_str()
        .context("no room was made")?;
    let people: Vec<_> = (0..args.people)
        .map(|n| client(&server, tenant_id, "viewer", &format!("viewer-{n}")))
        .collect::<Result<_>>()?;

    let joined = everyone(&people, JOIN, "joinRoom", room, args.connections).await?;
    let room_id = parse_room_id(room).context("the room has an id")?;
    let store = &server.service.app.store;
    let began = Instant::now();
    let snapshot = store
        .snapshot(room_id)
        .await?
        .context("the room is there")?;
    let snapshot_took = began.elapsed();
    let named = snapshot.events.len();
    let left = everyone(&people, LEAVE, "leaveRoom", room, args.connections).await?;
    let head = store.head(room_id).await?.context("the room is there")?;
    server.stop().await;

    let result = json!({
        "people": args.people,
        "join_s": joined.as_secs_f64(),
        "leave_s": left.as_secs_f64(),
        "snapshot_us": snapshot_took.as_micros(),
        "snapshot_events": named,
        "log_events": head.seq,
    });
    println!("{result}");
    Ok(())
}

/// Has everyone do the same at once. Returns how long it took.
async fn everyone(
    people: &[Client],
    document: &str,
    mutation: &str,
    room: &str,
    connections: usize,
) -> Result<Duration> {
    let began = Instant::now();
    stream::iter(people)
        .map(async |client| {
            let input = if mutation == "joinRoom" {
                json!({ "roomId": room, "name": "Somebody" })
            } else {
                json!({ "roomId": room })
            };
            let answer = client.execute(document, json!({ "input": input })).await?;
            ensure!(answer[mutation]["id"].is_string(), "refused: {answer}");
            Ok(())
        })
        .buffer_unordered(connections)
        .try_collect::<()>()
        .await?;

    Ok(began.elapsed())
}

async fn make_tenant(server: &Server) -> Result<TenantId> {
    let app = &server.service.app;
    let id = TenantId(app.ids.clone().next_id());
    let tenant = Tenant::create(TenantDraft::named("Bench"), id, app.clock.now())?;
    app.store.create_tenant(&tenant).await?;

    Ok(tenant.id)
}

fn client(server: &Server, tenant_id: TenantId, role: &str, subject: &str) -> Result<Client> {
    let app = &server.service.app;
    let token = app.identity.sign(&Claims {
        tenant_id: Some(tenant_id.0),
        role: Some(role.to_owned()),
        sub: Some(subject.to_owned()),
        exp: Some(app.clock.now().unix_millis() / 1_000 + 3_600),
        ..Claims::default()
    });

    Ok(Client::new(&format!("http://{}", server.address), &token)?)
}

fn settings(database: &str) -> Settings {
    Settings {
        listen: "127.0.0.1:0".to_owned(),
        database: database.to_owned(),
        jwt_secret: "a secret that nobody else will ever need".to_owned(),
        public_url: None,
        allowed_origins: Vec::new(),
        log_format: LogFormat::Text,
        sqlite_synchronous: Synchronous::Full,
        init_timeout_ms: INIT_TIMEOUT_MS,
    }
}
