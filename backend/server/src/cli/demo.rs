//! `parlor demo`: a server, a show and an audience, from nothing and back to nothing.

mod people;
mod points;
mod rates;
mod watchers;

use std::io::{IsTerminal, stdout};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use parlor_api::global_id::parse_room_id;
use parlor_domain::hype_train::{HypeTrain, Phase};
use parlor_domain::id::{IdSource, RoomId, TenantId};
use parlor_domain::tenant::{Tenant, TenantDraft};
use parlor_node::clock::Clock;
use parlor_node::ids::{Ids, Randomness};
use serde_json::{Value, json};
use tokio::time::MissedTickBehavior;

use self::people::{Tokens, token};
use self::watchers::Watchers;
use super::serve::stop_signal;
use super::simulate::parse_rate;
use super::{log_to_stderr, print};
use crate::config::{LogFormat, ServeArgs, Settings};
use crate::server::Server;
use crate::simulate::{Client, Progress, Simulation, run};

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Where to listen; port 0 takes any free one
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS:PORT")]
    listen: String,

    /// Where to keep the demo's files while it runs [default: the system's temporary folder]
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,

    /// What decides who gives what
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// How many times faster than life the audience is
    #[arg(long, default_value_t = 1.0, value_parser = parse_rate)]
    rate: f64,
}

/// The stream's delay in the demo: what a viewer of an ordinary stream has.
const DELAY_MS: i32 = 8_000;
/// How long the demo's tokens hold: longer than anyone looks at a demo.
const TOKEN_SECONDS: i64 = 24 * 60 * 60;
/// How often the status is written on a terminal, and elsewhere, where each is a line of its own.
const STATUS_EVERY: Duration = Duration::from_millis(500);
const STATUS_LINE_EVERY: Duration = Duration::from_secs(10);

const CREATE_ROOM: &str = "mutation ($input: CreateRoomInput!) {
  createRoom(input: $input) { ... on Room { id } ... on Error { message } }
}";
const START_SESSION: &str = "mutation ($input: StartSessionInput!) {
  startSession(input: $input) { ... on Session { id } ... on Error { message } }
}";
const CREATE_OVERLAY_TOKEN: &str = "mutation ($input: CreateOverlayTokenInput!) {
  createOverlayToken(input: $input) {
    ... on CreatedOverlayToken { browserSourceUrl }
    ... on Error { message }
  }
}";

/// What was set up.
struct Show {
    room: String,
    room_id: RoomId,
    browser_source_url: String,
    token: String,
    tokens: Tokens,
    watchers: Watchers,
}

pub(super) async fn demo(args: DemoArgs) -> Result<()> {
    log_to_stderr(LogFormat::Text);
    crate::http::install_recorder();
    let stopped = stop_signal()?;

    let folder = Folder::create(args.dir.as_deref())?;
    let server =
        Server::start(settings(&args, &folder)?, Clock::System, Randomness::System).await?;
    let result = tokio::select! {
        ended = perform(&server, &args) => ended,
        () = stopped => Ok(()),
    };
    server.stop().await;
    drop(folder);

    print("\n")?;
    result
}

async fn perform(server: &Server, args: &DemoArgs) -> Result<()> {
    let tenant_id = create_tenant(server).await?;
    let token = token(server, tenant_id, "demo", "staff");
    let client = Client::new(&format!("http://{}", server.address), &token)?;
    let show = set_up(&client, server, tenant_id, token).await?;
    print(&welcome(server, &show))?;

    let Show { room, watchers, .. } = &show;
    let simulation = Simulation {
        room: room.clone(),
        seed: args.seed,
        rate: args.rate,
        duration: None,
    };
    let progress = Progress::default();
    tokio::select! {
        ended = run(&client, &simulation, &progress) => ended,
        ended = watchers.watch(&client) => ended,
        ended = watchers.redeem(&client, args.seed, args.rate) => ended,
        ended = show_status(server, show.room_id, &progress) => ended,
    }
}

async fn create_tenant(server: &Server) -> Result<TenantId> {
    let app = &server.service.app;
    let now = app.clock.now();
    let tenant_id = TenantId::next(&mut app.ids.clone());
    let tenant = Tenant::create(TenantDraft::named("Demo"), tenant_id, now)?;
    app.store
        .create_tenant(&tenant)
        .await
        .context("cannot make the demo's tenant")?;

    Ok(tenant_id)
}

async fn set_up(
    client: &Client,
    server: &Server,
    tenant_id: TenantId,
    token: String,
) -> Result<Show> {
    rates::set_up(client).await?;
    let created = client
        .execute(CREATE_ROOM, json!({ "input": room() }))
        .await?;
    let room = text_of(&created["createRoom"], "id")?;
    let rewards = points::set_up(client, &room).await?;
    let session = json!({ "input": { "roomId": room } });
    let started = client.execute(START_SESSION, session).await?;
    let session = text_of(&started["startSession"], "id")?;
    let overlay = json!({ "input": { "roomId": room, "label": "OBS" } });
    let overlay = client.execute(CREATE_OVERLAY_TOKEN, overlay).await?;

    let tokens = people::invite(client, server, tenant_id, &room).await?;
    let watchers = Watchers::invite(client, server, tenant_id, &room, &session, rewards).await?;

    Ok(Show {
        room_id: parse_room_id(&room).context("the server's answer names no room")?,
        browser_source_url: text_of(&overlay["createOverlayToken"], "browserSourceUrl")?,
        room,
        token,
        tokens,
        watchers,
    })
}

/// A room whose trains come and go while somebody watches.
fn room() -> Value {
    json!({
        "slug": "demo",
        "title": "The demo show",
        "state": "OPEN",
        "anonymousRead": true,
        "delayMs": DELAY_MS,
        "hypeTrainProgram": {
            "kickoffEvents": 3,
            "kickoffViewers": 2,
            "kickoffWindowMs": 60_000,
            "levels": [
                { "goal": 1_500, "reward": "Confetti" },
                { "goal": 2_500, "reward": "A song of your choice" },
                { "goal": 4_000, "reward": "Cat cam" },
                { "goal": 6_000, "reward": "Hot sauce" },
                { "goal": 9_000, "reward": "Sing the credits" },
            ],
            "secondsPerLevel": 20,
            "cooldownMs": 8_000,
        },
    })
}

fn welcome(server: &Server, show: &Show) -> String {
    let url = &server.service.app.public_url;

    format!(
        "\n  Parlor is on air.\n\n  \
         player page    {url}/player/#room={room}&token={viewer}\n  \
         OBS source     {obs}&widgets=train+alerts+stage+presence\n  \
         redemptions    {url}/redemptions/#room={room}&token={host}\n  \
         stage, host    {url}/stage/#room={room}&token={host}\n  \
         stage, guest   {url}/stage/#room={room}&token={guest}\n  \
         API explorer   {url}/graphql#room={room}&token={token}\n  \
         staff token    {token}\n  \
         room id        {room}\n\n  \
         Ctrl-C ends the show and leaves nothing behind.\n\n",
        room = show.room,
        obs = show.browser_source_url,
        viewer = show.tokens.viewer,
        host = show.tokens.host,
        guest = show.tokens.guest,
        token = show.token,
    )
}

/// Keeps saying how the show goes: in place on a terminal, line by line elsewhere.
async fn show_status(server: &Server, room_id: RoomId, progress: &Progress) -> Result<()> {
    let in_place = stdout().is_terminal();
    let mut ticks = tokio::time::interval(if in_place {
        STATUS_EVERY
    } else {
        STATUS_LINE_EVERY
    });
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let view = server
            .service
            .app
            .store
            .room(room_id)
            .await
            .context("cannot read the room")?;
        let waiting = view.as_ref().map(|view| view.census.open_redemptions);
        let train = view.and_then(|view| view.train);
        let status = format!(
            "{}, {} contributions, {} redemptions to see to, {} connected",
            train
                .as_ref()
                .map_or_else(|| "no train yet".to_owned(), describe),
            progress.sent(),
            waiting.unwrap_or_default(),
            server.service.sockets.open_count(),
        );

        print(&if in_place {
            format!("\r  {status}\x1b[K")
        } else {
            format!("  {status}\n")
        })?;
    }
}

fn describe(train: &HypeTrain) -> String {
    match train.phase {
        Phase::Approaching => {
            format!("train approaching, {} to go", train.kickoff_events_needed)
        }
        Phase::Running => {
            format!(
                "train at level {}, {} of {}",
                train.level, train.progress, train.goal
            )
        }
        Phase::Ended if train.level == 0 => "no train came of it".to_owned(),
        Phase::Ended => format!("train ended at level {} with {}", train.level, train.total),
    }
}

fn settings(args: &DemoArgs, folder: &Folder) -> Result<Settings> {
    ServeArgs {
        listen: Some(args.listen.clone()),
        database: Some(format!("sqlite://{}", folder.0.join("parlor.db").display())),
        jwt_secret: Some(URL_SAFE_NO_PAD.encode(Randomness::System.bytes::<32>())),
        allowed_origin: vec!["*".to_owned()],
        ..ServeArgs::default()
    }
    .into_settings()
}

/// A folder of the demo's own, removed when dropped.
struct Folder(PathBuf);

impl Folder {
    fn create(parent: Option<&Path>) -> Result<Self> {
        let parent = parent.map_or_else(std::env::temp_dir, Path::to_path_buf);
        let name = Ids::new(Clock::System, Randomness::System).next_id();
        let folder = parent.join(format!("parlor-demo-{name}"));
        std::fs::create_dir(&folder)
            .with_context(|| format!("cannot make a folder in {}", parent.display()))?;

        Ok(Self(folder))
    }
}

impl Drop for Folder {
    #[expect(
        clippy::print_stderr,
        reason = "it is said to whoever typed the command"
    )]
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("error: cannot remove {}: {error}", self.0.display());
        }
    }
}

fn text_of(answer: &Value, field: &str) -> Result<String> {
    let text = answer[field].as_str().map(str::to_owned);
    text.with_context(|| format!("the demo could not be set up: {}", answer["message"]))
}
