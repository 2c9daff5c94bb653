//! The demo's audience: people who watch, earn by it, and redeem now and then.

use std::time::Duration;

use anyhow::{Context, Result};
use parlor_api::format_time;
use parlor_domain::id::TenantId;
use parlor_domain::time::ServerTime;
use parlor_node::clock::Clock;
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use super::people::{admit, token};
use super::points::Reward;
use crate::server::Server;
use crate::simulate::{Client, until_answered};

/// The audience: enough of them that one or another can always afford something.
const NAMES: [&str; 8] = [
    "Jonas",
    "Łukasz",
    "さくら",
    "Ольга",
    "مريم",
    "Chukwuemeka",
    "Þórdís",
    "Ayşe",
];

/// What they have to begin with, so that something is redeemed before minutes were watched.
const WELCOME_POINTS: &str = "150";

/// Between two redemptions, at the audience's own rate.
const REDEEMS_EVERY_MS: std::ops::RangeInclusive<u64> = 9_000..=21_000;

/// How many of theirs may wait to be seen to: what a person who has just opened the queue can look over.
const WAITING_MAX: i64 = 6;

const MINUTE_MS: i64 = 60_000;

const CREDIT: &str = "mutation ($input: CreditWatchingInput!) {
  creditWatching(input: $input) { ... on WatchCredit { countedCount } ... on Error { message } }
}";
const WAITING: &str = "query ($room: ID!) {
  redemptionsConnection(roomId: $room, status: UNFULFILLED) { totalCount }
}";
const REDEEM: &str = "mutation ($input: RedeemRewardInput!) {
  redeemReward(input: $input) { ... on Redemption { id } ... on Error { message } }
}";
const AVAILABLE: &str = "query ($room: ID!) { pointsAccount(roomId: $room) { available } }";

/// The audience of one session.
pub(super) struct Watchers {
    room: String,
    session: String,
    clock: Clock,
    ids: Vec<String>,
    /// As each of them.
    clients: Vec<Client>,
    rewards: Vec<Reward>,
}

impl Watchers {
    /// Lets the audience into `room`.
    pub(super) async fn invite(
        staff: &Client,
        server: &Server,
        tenant_id: TenantId,
        room: &str,
        session: &str,
        rewards: Vec<Reward>,
    ) -> Result<Self> {
        let (mut ids, mut clients) = (Vec::new(), Vec::new());
        for (number, name) in NAMES.into_iter().enumerate() {
            let id = format!("demo-watcher-{number}");
            admit(staff, room, &id, name, WELCOME_POINTS).await?;
            let token = token(server, tenant_id, &id, "viewer");
            clients.push(Client::new(&format!("http://{}", server.address), &token)?);
            ids.push(id);
        }

        Ok(Self {
            room: room.to_owned(),
            session: session.to_owned(),
            clock: server.service.app.clock.clone(),
            ids,
            clients,
            rewards,
        })
    }

    /// Reports each minute, once it is over, as a tenant's server does that sees who watches.
    pub(super) async fn watch(&self, staff: &Client) -> Result<()> {
        loop {
            let now = self.clock.now().unix_millis();
            let minute = now - now.rem_euclid(MINUTE_MS);
            let left = (minute + MINUTE_MS - now).unsigned_abs();
            sleep_until(Instant::now() + Duration::from_millis(left)).await;

            let input = json!({ "input": {
                "roomId": self.room,
                "sessionId": self.session,
                "minute": format_time(ServerTime::from_unix_millis(minute)),
                "viewerIds": self.ids,
            } });
            let credited = until_answered(staff, CREDIT, &input).await?;
            credited["creditWatching"]["countedCount"]
                .as_i64()
                .with_context(|| format!("a minute was refused: {credited}"))?;
        }
    }

    /// Redeems now and then, as long as not too much waits to be seen to.
    pub(super) async fn redeem(&self, staff: &Client, seed: u64, rate: f64) -> Result<()> {
        let mut rng = fastrand::Rng::with_seed(seed);
        for number in 0_u64.. {
            let wait = Duration::from_millis(rng.u64(REDEEMS_EVERY_MS)).div_f64(rate);
            sleep_until(Instant::now() + wait).await;

            let who = &self.clients[rng.usize(..self.clients.len())];
            let of_room = json!({ "room": self.room });
            let own = until_answered(who, AVAILABLE, &of_room).await?;
            let has = own["pointsAccount"]["available"].as_str();
            let has: i64 = has.and_then(|has| has.parse().ok()).unwrap_or_default();
            let waiting = until_answered(staff, WAITING, &of_room).await?;
            let waiting = waiting["redemptionsConnection"]["totalCount"].as_i64();
            let is_full = waiting.unwrap_or_default() >= WAITING_MAX;
            let affordable: Vec<_> = self
                .rewards
                .iter()
                .filter(|reward| reward.cost <= has && !(is_full && reward.is_queued))
                .collect();
            let Some(reward) = rng.choice(affordable) else {
                continue;
            };
            let input = json!({ "input": {
                "roomId": self.room,
                "idempotencyKey": format!("demo {number}"),
                "rewardId": reward.id,
                "input": rng.choice(reward.says),
            } });
            // What is refused, as while a reward cools down, is no matter: they will try something else.
            until_answered(who, REDEEM, &input).await?;
        }

        Ok(())
    }
}
