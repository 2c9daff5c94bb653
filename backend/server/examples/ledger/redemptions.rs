//! One reward that everybody wants, redeemed in a closed loop by viewers who have more points than they spend.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parlor_domain::event::LogHead;
use parlor_domain::id::{Epoch, IdSource, RewardId, RoomId, TenantId, ViewerId};
use parlor_domain::reward::{
    Availability, EXPIRES_AFTER_MS_DEFAULT, Limits, Restores, RewardInput, Terms,
};
use parlor_domain::room_aggregate::{
    Actor, Adjustment, AdjustmentKind, Order, RewardDraft, RoomAggregate,
};
use parlor_identity::Claims;
use parlor_node::clock::{Clock, Stopwatch};
use parlor_node::ids::Randomness;
use parlor_server::config::{ServeArgs, Settings};
use parlor_server::server::Server;
use parlor_server::simulate::Client;
use parlor_writer::{AdjustPoints, ChangeSession, CreateReward, Join, Redeem, Writer};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::Instant;
use uuid::Uuid;

use super::{Args, Measured, Way, make_tenant, new_room};

/// Viewers who redeem over HTTP, each on a connection of their own.
const CLIENTS: usize = 256;
/// Redemptions under way at once straight into the writer: as many as are not waited for longer than the goal
/// at the rate of the goal.
const IN_FLIGHT: usize = 64;
/// Before the clock starts, so that what is prepared once does not count.
const WARM_UP: Duration = Duration::from_secs(1);
/// All that can be granted at once, of which each redemption takes one.
const POINTS: i64 = 1_000_000_000;

const REDEEM: &str = "mutation ($input: RedeemRewardInput!) {
  redeemReward(input: $input) { ... on Redemption { id } ... on Error { code message } }
}";

/// A room whose members are rich.
pub(super) struct Shop {
    server: Server,
    tenant_id: TenantId,
    room_id: RoomId,
    reward_id: RewardId,
    next: AtomicU64,
    ends_at: Instant,
    starts_at: Instant,
}

/// Somebody who redeems: straight into the writer, or over HTTP.
enum Viewer {
    Here { writer: Writer, actor: Actor },
    There { client: Client, input: Value },
}

pub(super) async fn measure(args: &Args) -> Result<Measured> {
    let viewers = if args.way == Way::RedeemHttp {
        CLIENTS
    } else {
        IN_FLIGHT
    };
    let shop = Arc::new(Shop::open(args, viewers).await?);
    let mut redeeming = JoinSet::new();
    for viewer in 0..viewers {
        let viewer = Viewer::new(&shop, viewer, args.way)?;
        let shop = Arc::clone(&shop);
        redeeming.spawn(async move { shop.redeem_on(viewer).await });
    }
    let mut measured = Measured {
        count: 0,
        seconds: (shop.ends_at - shop.starts_at).as_secs_f64(),
        took: Vec::new(),
    };
    for took in redeeming.join_all().await {
        measured.took.extend(took?);
    }
    measured.count = measured.took.len() as u64;
    let shop = Arc::into_inner(shop).context("everybody is done")?;
    shop.close().await;

    Ok(measured)
}

impl Shop {
    pub(super) async fn open(args: &Args, viewers: usize) -> Result<Self> {
        let settings = settings(&args.database)?;
        let server = Server::start(settings, Clock::System, Randomness::System).await?;
        let app = Arc::clone(&server.service.app);
        let (mut ids, now) = (app.ids.clone(), app.clock.now());
        let tenant = make_tenant(&app.store, &mut ids, now).await?;
        let room = new_room(&tenant, "bench".to_owned(), &mut ids, now)?;
        let (tenant_id, room_id) = (tenant.id, room.id);
        let head = LogHead::new(Epoch(ids.next_id()));
        let aggregate = RoomAggregate::create(room, head, &mut ids, now);
        app.store.insert_room(&aggregate).await?;

        let start = ChangeSession::start(None);
        let started = app.writer.submit(tenant_id, room_id, start).await;
        started.map_err(|error| anyhow!("no session was started: {error}"))?;
        let draft = RewardDraft::new("reward".to_owned(), terms(args))?;
        let create = CreateReward::new(room_id, staff()?, draft);
        let made = app.writer.submit(tenant_id, room_id, create).await;
        let reward_id = made.map_err(|error| anyhow!("no reward: {error}"))?.id;
        let mut joining = JoinSet::new();
        for viewer in 0..viewers {
            joining.spawn(enrich(app.writer.clone(), tenant_id, room_id, viewer));
        }
        for joined in joining.join_all().await {
            joined?;
        }

        let starts_at = Instant::now() + WARM_UP;
        Ok(Self {
            server,
            tenant_id,
            room_id,
            reward_id,
            next: AtomicU64::new(0),
            starts_at,
            ends_at: starts_at + Duration::from_secs(args.seconds),
        })
    }

    pub(super) async fn close(self) {
        self.server.stop().await;
    }

    /// A client that speaks for a viewer, and what it says of the room and the reward.
    pub(super) fn viewer_over_http(&self, number: usize) -> Result<(Client, Value)> {
        let app = &self.server.service.app;
        let token = app.identity.sign(&Claims {
            tenant_id: Some(self.tenant_id.0),
            role: Some("viewer".to_owned()),
            sub: Some(person(number)?.viewer_id.as_str().to_owned()),
            exp: Some(app.clock.now().unix_millis() / 1_000 + 3_600),
            ..Claims::default()
        });
        let global = |kind: &str, id: Uuid| STANDARD.encode(format!("{kind}:{id}"));
        let client = Client::new(&format!("http://{}", self.server.address), &token)?;
        let input = json!({
            "roomId": global("Room", self.room_id.0),
            "rewardId": global("Reward", self.reward_id.0),
        });

        Ok((client, input))
    }

    /// Redeems one after the other, and returns how long each took of those that count.
    async fn redeem_on(&self, viewer: Viewer) -> Result<Vec<f64>> {
        let mut took = Vec::new();
        while Instant::now() < self.ends_at {
            let since = Stopwatch::start();
            match &viewer {
                Viewer::Here { writer, actor } => self.submit(writer, actor.clone()).await?,
                Viewer::There { client, input } => self.post(client, input.clone()).await?,
            }
            if (self.starts_at..self.ends_at).contains(&Instant::now()) {
                took.push(since.seconds());
            }
        }

        Ok(took)
    }

    async fn submit(&self, writer: &Writer, actor: Actor) -> Result<()> {
        let order = Order::new(self.key(), self.reward_id, None, None)?;
        let command = Redeem::new(self.room_id, actor, order);
        let done = writer.submit(self.tenant_id, self.room_id, command).await;

        done.map(drop)
            .map_err(|error| anyhow!("not redeemed: {error}"))
    }

    async fn post(&self, client: &Client, mut input: Value) -> Result<()> {
        input["idempotencyKey"] = self.key().into();
        let answer = client.execute(REDEEM, json!({ "input": input })).await?;
        ensure!(
            answer["redeemReward"]["id"].is_string(),
            "refused: {answer}"
        );

        Ok(())
    }

    fn key(&self) -> String {
        format!("order-{}", self.next.fetch_add(1, Ordering::Relaxed))
    }
}

impl Viewer {
    fn new(shop: &Shop, number: usize, way: Way) -> Result<Self> {
        if way == Way::RedeemHttp {
            let (client, input) = shop.viewer_over_http(number)?;
            return Ok(Self::There { client, input });
        }
        let (writer, actor) = (shop.server.service.app.writer.clone(), person(number)?);

        Ok(Self::Here { writer, actor })
    }
}

/// Has a viewer join, and be granted what they spend.
async fn enrich(writer: Writer, tenant_id: TenantId, room_id: RoomId, viewer: usize) -> Result<()> {
    let actor = person(viewer)?;
    let name = actor.viewer_id.as_str().to_owned();
    let join = Join {
        viewer_id: actor.viewer_id.clone(),
        actor,
        name: name.clone(),
    };
    let joined = writer.submit(tenant_id, room_id, join).await;
    let joined = joined.map_err(|error| anyhow!("not joined: {error}"))?;
    let (kind, reason) = (AdjustmentKind::Grant, "to spend".to_owned());
    let adjustment = Adjustment::new(name, joined.id, kind, POINTS, reason)?;
    let grant = AdjustPoints::new(room_id, staff()?, adjustment);
    let granted = writer.submit(tenant_id, room_id, grant).await;

    granted
        .map(drop)
        .map_err(|error| anyhow!("not granted: {error}"))
}

/// One that goes into the queue, and whose places are counted.
fn terms(args: &Args) -> Terms {
    Terms {
        title: "Hydrate".to_owned(),
        prompt: None,
        cost: 1,
        input: RewardInput::None,
        color: None,
        icon: None,
        is_enabled: true,
        is_paused: false,
        auto_fulfills: false,
        redeemable_offline: false,
        membership_tier_min: None,
        limits: Limits {
            per_session: Some(1_000_000),
            per_viewer_and_session: Some(1_000_000),
            ..Limits::default()
        },
        refund_restores: Restores::default(),
        expires_after_ms: EXPIRES_AFTER_MS_DEFAULT,
        availability: Availability::default(),
        is_announced: args.way == Way::RedeemAnnounced,
        shows_input: false,
        draw: None,
    }
}

fn person(viewer: usize) -> Result<Actor> {
    Ok(Actor {
        viewer_id: ViewerId::parse(&format!("viewer-{viewer}"))?,
        is_staff: false,
    })
}

fn staff() -> Result<Actor> {
    Ok(Actor {
        viewer_id: ViewerId::parse("bench")?,
        is_staff: true,
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
