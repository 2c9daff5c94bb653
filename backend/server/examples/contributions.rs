//! Measures how many contributions a second are acknowledged, each of them durable.
//!
//! Starts a server in this process, on the database it is given, and sends it contributions over
//! loopback for a while. Prints one line of JSON.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use parlor_domain::id::{IdSource, TenantId};
use parlor_domain::tenant::{Tenant, TenantDraft};
use parlor_server::clock::Clock;
use parlor_server::config::{INIT_TIMEOUT_MS, LogFormat, Settings, Synchronous};
use parlor_server::identity::Claims;
use parlor_server::ids::Randomness;
use parlor_server::server::Server;
use parlor_server::simulate::Client;
use serde_json::{Value, json};
use tokio::time::Instant;

#[derive(Debug, Clone, Parser)]
struct Args {
    /// An empty database
    #[arg(long)]
    database: String,
    /// Contributions under way at once
    #[arg(long, default_value_t = 64)]
    connections: usize,
    #[arg(long, default_value_t = 4)]
    rooms: usize,
    #[arg(long, default_value_t = 10)]
    seconds: u64,
}

/// Sent before the clock starts, so that what is prepared once does not count.
const WARM_UP: Duration = Duration::from_secs(2);

const CREATE_ROOM: &str = "mutation ($input: CreateRoomInput!) {
  createRoom(input: $input) { ... on Room { id } ... on Error { message } }
}";
const START_SESSION: &str = "mutation ($input: StartSessionInput!) {
  startSession(input: $input) { ... on Session { id } ... on Error { message } }
}";
const RECORD: &str = "mutation ($input: RecordContributionInput!) {
  recordContribution(input: $input) { ... on Contribution { id } ... on Error { message } }
}";

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    let server = Server::start(settings(&args.database), Clock::System, Randomness::System).await?;
    let client = client(&server).await?;
    let mut rooms = Vec::new();
    for n in 0..args.rooms {
        rooms.push(make_room(&client, n).await?);
    }

    let mut latencies = measure(&client, &rooms, &args).await?;
    server.stop().await;

    latencies.sort_unstable();
    let percentile = |percent: usize| {
        let index = latencies.len().saturating_sub(1) * percent / 100;
        latencies.get(index).map_or(0, Duration::as_micros)
    };
    let result = json!({
        "per_s": latencies.len() as u64 / args.seconds,
        "p50_us": percentile(50),
        "p99_us": percentile(99),
        "connections": args.connections,
        "rooms": args.rooms,
        "seconds": args.seconds,
    });
    println!("{result}");
    Ok(())
}

/// Sends from every connection until the time is over. Returns how long each contribution took.
async fn measure(client: &Client, rooms: &[String], args: &Args) -> Result<Vec<Duration>> {
    let next = Arc::new(AtomicU64::new(0));
    let starts_at = Instant::now() + WARM_UP;
    let ends_at = starts_at + Duration::from_secs(args.seconds);
    let senders: Vec<_> = (0..args.connections)
        .map(|n| {
            let (client, next) = (client.clone(), Arc::clone(&next));
            let room = rooms[n % rooms.len()].clone();
            tokio::spawn(async move {
                let mut latencies = Vec::new();
                loop {
                    let sent_at = Instant::now();
                    if sent_at >= ends_at {
                        return Ok(latencies);
                    }
                    record(&client, &room, next.fetch_add(1, Ordering::Relaxed)).await?;
                    if sent_at >= starts_at && Instant::now() < ends_at {
                        latencies.push(sent_at.elapsed());
                    }
                }
            })
        })
        .collect();

    let mut latencies = Vec::new();
    for sender in senders {
        let sent: Result<Vec<Duration>> = sender.await?;
        latencies.extend(sent?);
    }
    Ok(latencies)
}

async fn record(client: &Client, room: &str, n: u64) -> Result<()> {
    let input = json!({
        "roomId": room,
        "idempotencyKey": format!("bench-{n}"),
        "provider": "bench",
        "kind": "DONATION",
        "amount": (n % 500 + 1).to_string(),
        "currency": "EUR",
        "viewerId": format!("viewer-{}", n % 1_000),
        "viewerName": "A viewer",
        "message": "keep it up",
    });
    let answer = client.execute(RECORD, json!({ "input": input })).await?;
    ensure!(
        answer["recordContribution"]["id"].is_string(),
        "refused: {answer}"
    );

    Ok(())
}

async fn client(server: &Server) -> Result<Client> {
    let app = &server.service.app;
    let now = app.clock.now();
    let id = TenantId(app.ids.clone().next_id());
    let tenant = Tenant::create(TenantDraft::named("Bench"), id, now)?;
    app.store.create_tenant(&tenant).await?;
    let token = app.identity.sign(&Claims {
        tenant_id: Some(id.0),
        role: Some("service".to_owned()),
        sub: Some("bench".to_owned()),
        exp: Some(now.unix_millis() / 1_000 + 3_600),
        ..Claims::default()
    });

    Ok(Client::new(&format!("http://{}", server.address), &token)?)
}

/// A live room, whose train runs and levels up as a busy one's does.
async fn make_room(client: &Client, n: usize) -> Result<String> {
    let input = json!({ "slug": format!("bench-{n}"), "title": "Bench", "state": "OPEN" });
    let made: Value = client
        .execute(CREATE_ROOM, json!({ "input": input }))
        .await?;
    let room = made["createRoom"]["id"]
        .as_str()
        .context("no room was made")?
        .to_owned();
    client
        .execute(START_SESSION, json!({ "input": { "roomId": room } }))
        .await?;

    Ok(room)
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
