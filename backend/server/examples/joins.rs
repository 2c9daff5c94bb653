//! Measures how long a crowd takes to join a room, to be shown online in it and to leave it, all of
//! it durable, and what one person more costs when the crowd is in.
//!
//! Starts a server in this process, on the database it is given. Everyone joins by HTTP, and as many
//! as are asked for follow the room on a socket of their own, over loopback. Both ends of a socket are
//! files of this process. Prints one line of JSON.

#[path = "joins/follower.rs"]
mod follower;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use follower::{Follower, Weights};
use futures_util::{StreamExt, TryStreamExt, stream};
use parlor_api::global_id::parse_room_id;
use parlor_domain::id::{IdSource, RoomId, TenantId};
use parlor_domain::tenant::{Tenant, TenantDraft};
use parlor_identity::Claims;
use parlor_node::clock::Clock;
use parlor_node::ids::Randomness;
use parlor_server::config::{ServeArgs, Settings};
use parlor_server::server::Server;
use parlor_server::simulate::Client;
use parlor_store::Store;
use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::Instant;

#[derive(Debug, Clone, Parser)]
struct Args {
    /// An empty database
    #[arg(long)]
    database: String,
    /// People who join
    #[arg(long, default_value_t = 5_000)]
    people: usize,
    /// Those of them who follow the room: everyone unless given
    #[arg(long)]
    followers: Option<usize>,
    /// Requests under way at once
    #[arg(long, default_value_t = 256)]
    connections: usize,
}

/// Who comes one after the other once everyone is in.
const NEWCOMERS: usize = 51;
/// How often it is looked whether everyone is shown, which is not to be what is measured.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long the crowd may take to be shown before something is wrong.
const PATIENCE: Duration = Duration::from_mins(2);

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
    let server =
        Server::start(settings(&args.database)?, Clock::System, Randomness::System).await?;
    let tenant_id = make_tenant(&server).await?;
    let staff = client(&server, tenant_id, "service", "bench")?;
    let input = json!({ "slug": "crowd", "title": "Crowd", "state": "OPEN" });
    let made = staff
        .execute(CREATE_ROOM, json!({ "input": input }))
        .await?;
    let room = made["createRoom"]["id"]
        .as_str()
        .context("no room was made")?;
    // A connection each, only while they ask: 10,000 would be 20,000 files.
    let person = |n: usize| client(&server, tenant_id, "viewer", &subject(n));
    let follower_count = args.followers.unwrap_or(args.people).min(args.people);

    let room_id = parse_room_id(room).context("the room has an id")?;
    let crowd = Crowd::gather(&server, tenant_id, follower_count).await?;
    let weights = Arc::new(Weights::default());
    let staff_token = token(&server, tenant_id, "service", "observer");
    let mut observer = Follower::open(server.address, &staff_token).await?;
    observer.follow(room).await?;
    let observer = tokio::spawn(observer.read_on(Arc::clone(&weights)));

    let began = Instant::now();
    let followers = crowd.follow(room);
    let joined = everyone(
        args.people,
        person,
        JOIN,
        "joinRoom",
        room,
        args.connections,
    )
    .await?;
    let store = &server.service.app.store;
    let mut looks = tokio::time::interval(LOOK_EVERY);
    while online(store, room_id).await? < follower_count {
        looks.tick().await;
        ensure!(
            began.elapsed() < PATIENCE,
            "not everyone is shown to be online"
        );
    }
    let online = began.elapsed();
    let (joins, leaves) = one_by_one(&server, tenant_id, room).await?;
    let snapshot = Instant::now();
    let named = store
        .snapshot(room_id)
        .await?
        .context("the room is there")?;
    let snapshot = snapshot.elapsed();
    let mut newcomer = Follower::open(server.address, &staff_token).await?;
    let first_bytes = newcomer.follow(room).await?;
    let left = everyone(
        args.people,
        person,
        LEAVE,
        "leaveRoom",
        room,
        args.connections,
    )
    .await?;
    let head = store.head(room_id).await?.context("the room is there")?;
    observer.abort();
    followers.iter().for_each(JoinHandle::abort);
    server.stop().await;

    let result = json!({
        "people": args.people,
        "followers": follower_count,
        "join_s": joined.as_secs_f64(),
        "join_and_online_s": online.as_secs_f64(),
        "leave_s": left.as_secs_f64(),
        "one_join_us": joins.as_micros(),
        "one_leave_us": leaves.as_micros(),
        "snapshot_us": snapshot.as_micros(),
        "snapshot_events": named.events.len(),
        "first_message_bytes": first_bytes,
        "largest_message_bytes": weights.largest_bytes.load(Ordering::Relaxed),
        "messages": weights.messages.load(Ordering::Relaxed),
        "message_bytes": weights.bytes.load(Ordering::Relaxed),
        "log_events": head.seq,
    });
    println!("{result}");
    Ok(())
}

/// Everyone, with a socket and not yet in the room.
struct Crowd(Vec<Follower>);

impl Crowd {
    async fn gather(server: &Server, tenant_id: TenantId, people: usize) -> Result<Self> {
        let opened = (0..people).map(|n| token(server, tenant_id, "viewer", &subject(n)));
        let followers = stream::iter(opened)
            .map(async |token| Follower::open(server.address, &token).await)
            .buffer_unordered(64)
            .try_collect()
            .await?;

        Ok(Self(followers))
    }

    /// Has everyone follow the room, each at their own pace.
    fn follow(self, room: &str) -> Vec<JoinHandle<Result<()>>> {
        self.0
            .into_iter()
            .map(|mut follower| {
                let room = room.to_owned();
                tokio::spawn(async move {
                    if let Err(error) = follower.follow(&room).await {
                        eprintln!("somebody does not follow: {error:#}");
                    }
                    follower.read_on(Arc::default()).await
                })
            })
            .collect()
    }
}

/// How long one more join and one more leave take, one after the other: medians.
async fn one_by_one(
    server: &Server,
    tenant_id: TenantId,
    room: &str,
) -> Result<(Duration, Duration)> {
    let (mut joins, mut leaves) = (Vec::new(), Vec::new());
    for n in 0..NEWCOMERS {
        let newcomer = |_| client(server, tenant_id, "viewer", &format!("newcomer-{n}"));
        joins.push(everyone(1, newcomer, JOIN, "joinRoom", room, 1).await?);
        leaves.push(everyone(1, newcomer, LEAVE, "leaveRoom", room, 1).await?);
    }
    let median = |mut times: Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2]
    };

    Ok((median(joins), median(leaves)))
}

async fn online(store: &Store, room_id: RoomId) -> Result<usize> {
    let view = store.room(room_id).await?.context("the room is there")?;
    Ok(usize::try_from(view.census.online.count)?)
}

fn subject(n: usize) -> String {
    format!("viewer-{n}")
}

/// Has everyone do the same at once. Returns how long it took.
async fn everyone(
    people: usize,
    person: impl Fn(usize) -> Result<Client>,
    document: &str,
    mutation: &str,
    room: &str,
    connections: usize,
) -> Result<Duration> {
    let began = Instant::now();
    stream::iter(0..people)
        .map(async |n| {
            let client = person(n)?;
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
    let token = token(server, tenant_id, role, subject);

    Ok(Client::new(&format!("http://{}", server.address), &token)?)
}

fn token(server: &Server, tenant_id: TenantId, role: &str, subject: &str) -> String {
    let app = &server.service.app;

    app.identity.sign(&Claims {
        tenant_id: Some(tenant_id.0),
        role: Some(role.to_owned()),
        sub: Some(subject.to_owned()),
        exp: Some(app.clock.now().unix_millis() / 1_000 + 3_600),
        ..Claims::default()
    })
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
