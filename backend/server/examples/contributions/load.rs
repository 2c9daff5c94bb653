//! The load: in a closed loop, which finds how much goes through, or in an open one, which finds how
//! long each takes at a rate that goes on whatever happens.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parlor_domain::contribution::{ContributionKind, RawReport, Report, Status};
use parlor_domain::id::{RoomId, TenantId};
use parlor_server::simulate::Client;
use parlor_writer::{RecordContribution, Writer};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};

use super::hostile::Caller;
use super::{Args, WARM_UP};

pub(super) const RECORD: &str = "mutation ($input: RecordContributionInput!) {
  recordContribution(input: $input) { ... on Contribution { id } ... on Error { message } }
}";

/// How contributions get to the rooms.
pub(super) struct Way {
    writer: Option<Writer>,
    client: Client,
    tenant_id: TenantId,
    /// As the API calls them, and by their own ids.
    pub(super) rooms: Vec<(String, RoomId)>,
    next: AtomicU64,
}

/// What was measured: when each contribution was done, and how long it took.
pub(super) struct Measured {
    done: Vec<(Duration, Duration)>,
}

impl Way {
    pub(super) fn new(
        client: Client,
        writer: Option<Writer>,
        tenant_id: TenantId,
        rooms: Vec<String>,
    ) -> Result<Self> {
        let rooms = rooms
            .into_iter()
            .map(|room| Ok((room.clone(), room_id(&room)?)))
            .collect::<Result<_>>()?;

        Ok(Self {
            client,
            writer,
            tenant_id,
            rooms,
            next: AtomicU64::new(0),
        })
    }

    async fn record_next(&self) -> Result<()> {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let index = usize::try_from(n)? % self.rooms.len();

        match &self.writer {
            Some(writer) => self.write(writer, n, self.rooms[index].1).await,
            None => self.post(n, &self.rooms[index].0).await,
        }
    }

    async fn write(&self, writer: &Writer, n: u64, room_id: RoomId) -> Result<()> {
        let key = format!("bench-{n}");
        let report = Report::parse(RawReport {
            idempotency_key: key,
            provider: "bench".to_owned(),
            kind: Some(ContributionKind::Donation),
            status: Some(Status::Settled),
            amount: Some(i64::try_from(n % 500 + 1)?),
            currency: Some("EUR".to_owned()),
            viewer_id: Some(format!("viewer-{}", n % 1_000)),
            viewer_name: Some("A viewer".to_owned()),
            message: Some("keep it up".to_owned()),
            ..RawReport::default()
        })?;
        let command = RecordContribution::new(room_id, report);
        let done = writer.submit(self.tenant_id, room_id, command).await;

        done.map(drop).map_err(|error| anyhow!("not done: {error}"))
    }

    async fn post(&self, n: u64, room: &str) -> Result<()> {
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
        let answer = self
            .client
            .execute(RECORD, json!({ "input": input }))
            .await?;
        ensure!(
            answer["recordContribution"]["id"].is_string(),
            "refused: {answer}"
        );

        Ok(())
    }
}

/// Loads the server, and notes what was done after the warm-up.
pub(super) async fn measure(
    way: &Arc<Way>,
    hostile: Option<Caller>,
    args: &Args,
) -> Result<Measured> {
    let starts_at = Instant::now() + WARM_UP;
    let ends_at = starts_at + Duration::from_secs(args.seconds);
    let hostile = hostile.map(|caller| tokio::spawn(caller.call(starts_at, ends_at)));
    let sent = match args.rate {
        Some(rate) => open_loop(way, rate, ends_at).await?,
        None => closed_loop(way, args.connections, ends_at).await?,
    };
    if let Some(hostile) = hostile {
        hostile.await??;
    }

    let done = sent
        .into_iter()
        .filter(|(done_at, _)| (starts_at..ends_at).contains(done_at))
        .map(|(done_at, took)| (done_at - starts_at, took));
    Ok(Measured {
        done: done.collect(),
    })
}

type Sent = Vec<(Instant, Duration)>;

async fn closed_loop(way: &Arc<Way>, connections: usize, ends_at: Instant) -> Result<Sent> {
    let mut senders = JoinSet::new();
    for _ in 0..connections {
        let way = Arc::clone(way);
        senders.spawn(async move {
            let mut sent = Sent::new();
            loop {
                let sent_at = Instant::now();
                if sent_at >= ends_at {
                    return Ok::<_, anyhow::Error>(sent);
                }
                way.record_next().await?;
                sent.push((Instant::now(), sent_at.elapsed()));
            }
        });
    }

    let mut all = Sent::new();
    while let Some(sent) = senders.join_next().await {
        all.extend(sent??);
    }
    Ok(all)
}

/// A latency begins when the contribution should have been sent, so that a server that holds up the
/// sender is told so.
async fn open_loop(way: &Arc<Way>, rate: u32, ends_at: Instant) -> Result<Sent> {
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut sending = JoinSet::new();
    let mut all = Sent::new();
    loop {
        let due_at = ticks.tick().await;
        if due_at >= ends_at {
            break;
        }
        let way = Arc::clone(way);
        sending.spawn(async move {
            way.record_next().await?;
            Ok::<_, anyhow::Error>((Instant::now(), due_at.elapsed()))
        });
        while let Some(sent) = sending.try_join_next() {
            all.push(sent??);
        }
    }
    while let Some(sent) = sending.join_next().await {
        all.push(sent??);
    }

    Ok(all)
}

impl Measured {
    pub(super) fn report(self, args: &Args) -> Value {
        // Somebody is hostile in every second second.
        let quiet = self.done.iter();
        let quiet = quiet
            .filter(|(done_at, _)| done_at.as_secs() % 2 == 0)
            .count();
        let mut latencies: Vec<_> = self.done.iter().map(|(_, took)| *took).collect();
        latencies.sort_unstable();
        let percentile = |percent: usize| {
            let index = latencies.len().saturating_sub(1) * percent / 100;
            latencies.get(index).map_or(0, Duration::as_micros)
        };

        json!({
            "per_s": latencies.len() as u64 / args.seconds,
            "quiet": quiet,
            "hostile": self.done.len() - quiet,
            "p50_us": percentile(50),
            "p99_us": percentile(99),
            "connections": args.connections,
            "rooms": args.rooms,
            "seconds": args.seconds,
        })
    }
}

/// The id behind one of the API's, which is `Room:` and the id, in base64.
fn room_id(global_id: &str) -> Result<RoomId> {
    let text = String::from_utf8(STANDARD.decode(global_id)?)?;
    let id = text.strip_prefix("Room:").context("the id of a room")?;

    Ok(RoomId(id.parse()?))
}
