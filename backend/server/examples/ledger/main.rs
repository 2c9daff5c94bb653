//! Measures how many credits for watching, or redemptions, are acknowledged a second, each of them durable: credits
//! straight into the writer as sets, or as rows beside it; redemptions over HTTP, or straight into the writer. And how
//! long a statement takes to read, however much there is of it.
//!
//! A credit is a minute that newly counts for a member. Time in the rooms goes as fast as it is credited, for a
//! minute counts once. Redemptions are all of one reward. Prints one line of JSON.

mod connected;
mod redemptions;
mod rows;
mod sets;
mod statement;

use anyhow::Result;
use clap::{Parser, ValueEnum};
use parlor_domain::id::{IdSource, TenantId};
use parlor_domain::room::{Room, RoomDraft, RoomState};
use parlor_domain::tenant::{Tenant, TenantDraft};
use parlor_domain::time::ServerTime;
use parlor_node::clock::{Clock, TestClock};
use parlor_node::ids::{Ids, Randomness};
use parlor_store::{Settings, Store};
use serde_json::json;

#[derive(Debug, Parser)]
struct Args {
    /// An empty database
    #[arg(long)]
    database: String,
    #[arg(long, value_enum)]
    way: Way,
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Members of whom some watch at random
    #[arg(long, default_value_t = 1_000_000)]
    members: u32,
    /// Transfers in the largest books whose statement is read
    #[arg(long, default_value_t = 10_000_000)]
    transfers: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Way {
    /// Everybody in four rooms of 16,000 watches, and has joined one after the other
    Present,
    /// Some at random of all members of one room watch
    Spread,
    /// The same as `present`, proved by the members' own devices
    Devices,
    /// The same as `present`, with a row of the books and a row of the balances for each credit
    Rows,
    /// One reward, redeemed by viewers over HTTP
    RedeemHttp,
    /// One reward, redeemed straight into the writer
    RedeemWriter,
    /// The same, of which everyone in the room is told
    RedeemAnnounced,
    /// A balance and a page of a statement, read over HTTP while the books grow
    Statement,
}

/// How many members one command credits, or one statement writes.
const SET: u32 = 1_000;

/// What was measured.
struct Measured {
    /// Credits or redemptions.
    count: u64,
    seconds: f64,
    /// How long the acknowledgement of a set or of a redemption took, in seconds.
    took: Vec<f64>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    let mut measured = match args.way {
        Way::Present | Way::Spread | Way::Devices => {
            sets::measure(&args, store(&args).await?).await?
        }
        Way::Rows => rows::measure(&args, &store(&args).await?).await?,
        Way::RedeemHttp | Way::RedeemWriter | Way::RedeemAnnounced => {
            redemptions::measure(&args).await?
        }
        Way::Statement => {
            println!("{}", statement::measure(&args).await?);
            return Ok(());
        }
    };

    measured.took.sort_by(f64::total_cmp);
    let percentile = |percent: usize| {
        let place = measured.took.len() * percent / 100;
        let took = measured.took.get(place).or(measured.took.last());
        took.map(|seconds| seconds * 1e3)
    };
    #[expect(
        clippy::cast_precision_loss,
        reason = "what is counted comes to millions"
    )]
    let count = measured.count as f64;
    println!(
        "{}",
        json!({
            "per_s": (count / measured.seconds).round(),
            "count": measured.count,
            "seconds": measured.seconds,
            "p50_ms": percentile(50),
            "p99_ms": percentile(99),
        })
    );
    Ok(())
}

async fn store(args: &Args) -> Result<Store> {
    let store = Store::connect(&Settings::new(&args.database)).await?;
    store.migrate().await?;

    Ok(store)
}

/// A clock that the bench moves, and ids by it.
fn time() -> (TestClock, Ids) {
    let clock = TestClock::new(ServerTime::from_unix_millis(1_800_000_000_000));
    let ids = Ids::new(Clock::Test(clock.clone()), Randomness::System);

    (clock, ids)
}

async fn make_tenant(store: &Store, ids: &mut Ids, now: ServerTime) -> Result<Tenant> {
    let id = TenantId(ids.next_id());
    let tenant = Tenant::create(TenantDraft::named("Bench"), id, now)?;
    store.create_tenant(&tenant).await?;

    Ok(tenant)
}

fn draft(slug: String) -> RoomDraft {
    RoomDraft {
        title: slug.clone(),
        slug,
        stream_id: None,
        state: RoomState::Open,
        delay_ms: None,
        ingest_offset_ms: None,
        anonymous_read: None,
        admission: None,
        stage_size: None,
        interruption_grace_ms: None,
        reference_currency: None,
        program: None,
    }
}

fn new_room(tenant: &Tenant, slug: String, ids: &mut Ids, now: ServerTime) -> Result<Room> {
    let id = parlor_domain::id::RoomId(ids.next_id());

    Ok(Room::create(draft(slug), tenant, id, now)?)
}
