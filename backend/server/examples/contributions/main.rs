//! Measures how many contributions a second are acknowledged, each of them durable.
//!
//! Starts a server in this process, on the database it is given, and sends it contributions over
//! loopback, or straight into its writer, for a while. Prints one line of JSON.

mod hostile;
mod load;
mod parts;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use metrics_exporter_prometheus::PrometheusBuilder;
use parlor_domain::id::{IdSource, TenantId};
use parlor_domain::tenant::{Tenant, TenantDraft};
use parlor_identity::Claims;
use parlor_node::clock::Clock;
use parlor_node::ids::Randomness;
use parlor_server::config::{ServeArgs, Settings};
use parlor_server::server::Server;
use parlor_server::simulate::Client;
use serde_json::{Value, json};

use hostile::Hostile;
use load::Way;

#[derive(Debug, Clone, Parser)]
struct Args {
    /// An empty database
    #[arg(long)]
    database: String,
    /// Contributions under way at once, each followed by the next
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Contributions begun a second, however long they take, instead of one after another
    #[arg(long)]
    rate: Option<u32>,
    /// Straight into the writer instead of over HTTP
    #[arg(long)]
    writer: bool,
    /// Every other second somebody sends a hundred commands of a bad kind beside them
    #[arg(long, value_enum)]
    hostile: Option<Hostile>,
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

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    let recorder = PrometheusBuilder::new().install_recorder()?;
    let server =
        Server::start(settings(&args.database)?, Clock::System, Randomness::System).await?;
    let (client, tenant_id) = client(&server).await?;
    let mut rooms = Vec::new();
    for n in 0..args.rooms {
        rooms.push(make_room(&client, &format!("bench-{n}")).await?);
    }

    let writer = args.writer.then(|| server.service.app.writer.clone());
    let way = Arc::new(Way::new(client.clone(), writer, tenant_id, rooms)?);
    let hostile = match args.hostile {
        Some(kind) => Some(hostile::Caller::new(kind, &client, &args.database).await?),
        None => None,
    };
    let measured = load::measure(&way, hostile, &args).await?;
    server.stop().await;

    let mut report = measured.report(&args);
    report["parts"] = parts::shares(&recorder.render());
    println!("{report}");
    Ok(())
}

async fn client(server: &Server) -> Result<(Client, TenantId)> {
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

    let client = Client::new(&format!("http://{}", server.address), &token)?;
    Ok((client, id))
}

/// A live room, whose train runs and levels up as a busy one's does.
async fn make_room(client: &Client, slug: &str) -> Result<String> {
    let input = json!({ "slug": slug, "title": "Bench", "state": "OPEN" });
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

fn settings(database: &str) -> Result<Settings> {
    ServeArgs {
        listen: Some("127.0.0.1:0".to_owned()),
        database: Some(database.to_owned()),
        jwt_secret: Some("a secret that nobody else will ever need".to_owned()),
        ..ServeArgs::default()
    }
    .into_settings()
}
