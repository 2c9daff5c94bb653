//! Measures what comparing the heads of watched rooms with the database costs: one statement, however
//! many rooms there are and are watched.
//!
//! Makes the rooms on the database it is given, reads the heads of some again and again, and adds up
//! the processor's time in this process and in its one connection's backend on a PostgreSQL of this
//! machine. Prints one line of JSON, in which one check a second is a share of one core.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use parlor_domain::id::{RoomId, TenantId};
use parlor_domain::tenant::{Tenant, TenantDraft};
use parlor_live::hub::HEADS_CHECK;
use parlor_node::clock::{Clock, Stopwatch};
use parlor_node::ids::{Ids, Randomness};
use parlor_store::{Settings, Store};
use parlor_test_database::{Database, Engine};
use serde_json::json;
use uuid::Uuid;

#[derive(Debug, Parser)]
struct Args {
    /// An empty database
    #[arg(long)]
    database: String,
    /// Rooms that there are
    #[arg(long, default_value_t = 100_000)]
    rooms: u32,
    /// Those of them that somebody watches
    #[arg(long, default_value_t = 1_000)]
    watched: u32,
    /// How often they are compared
    #[arg(long, default_value_t = 500)]
    checks: u32,
}

/// What a tick of the processor's time is in `/proc`, on every Linux of today.
const TICKS_PER_S: f64 = 100.0;

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    let engine = if args.database.starts_with("sqlite") {
        Engine::Sqlite
    } else {
        Engine::Postgres
    };
    let settings = Settings {
        pool_size: 1,
        ..Settings::new(&args.database)
    };
    let store = Store::connect(&settings).await?;
    store.migrate().await?;
    let database = Database {
        engine,
        url: args.database.clone(),
    };
    let tenant_id = make_tenant(&store).await?;
    make_rooms(&database, tenant_id, args.rooms).await;
    // Spread over the table, as rooms that are watched are.
    let step = (args.rooms / args.watched).max(1);
    let watched: Vec<_> = (0..args.watched).map(|n| room_id(n * step)).collect();
    ensure!(store.heads(&watched).await?.len() == watched.len());

    let backends = backends(&database, engine).await;
    let before = processor_s(&backends)?;
    let stopwatch = Stopwatch::start();
    for _ in 0..args.checks {
        store.heads(&watched).await?;
    }
    let elapsed_s = stopwatch.seconds();
    let used_s = processor_s(&backends)? - before;
    store.close().await;

    let check_ms = used_s * 1_000.0 / f64::from(args.checks);
    let result = json!({
        "rooms": args.rooms,
        "watched": args.watched,
        "check_ms": elapsed_s * 1_000.0 / f64::from(args.checks),
        "check_cpu_ms": check_ms,
        "share_of_a_core": check_ms / 1_000.0 / HEADS_CHECK.as_secs_f64(),
    });
    println!("{result}");
    Ok(())
}

async fn make_tenant(store: &Store) -> Result<TenantId> {
    let id = TenantId::next(&mut Ids::new(Clock::System, Randomness::System));
    let tenant = Tenant::create(TenantDraft::named("bench"), id, Clock::System.now())?;
    store.create_tenant(&tenant).await?;

    Ok(id)
}

fn room_id(n: u32) -> RoomId {
    RoomId(Uuid::from_u128(u128::from(n)))
}

/// Rooms of nothing, and a census beside each.
async fn make_rooms(database: &Database, tenant_id: TenantId, count: u32) {
    let tenant = tenant_id.0.simple();
    let last = count - 1;
    let (numbers, id, tenant) = match database.engine {
        Engine::Sqlite => (
            format!(
                "WITH RECURSIVE numbers (n) AS
                     (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})"
            ),
            "unhex(printf('%032x', n))",
            format!("unhex('{tenant}')"),
        ),
        Engine::Postgres => (
            format!("WITH numbers (n) AS (SELECT generate_series(0, {last}))"),
            "lpad(to_hex(n), 32, '0')::uuid",
            format!("'{tenant}'::uuid"),
        ),
    };
    database
        .run(&format!(
            "INSERT INTO rooms (id, tenant_id, slug, title, state, version, delay_ms,
                 ingest_offset_ms, anonymous_read, program, created_at, updated_at, epoch,
                 head_seq, last_occurred_at, last_display_at, first_kept_seq, keyframe_seq)
             {numbers} SELECT {id}, {tenant}, 'room-' || n, 'Room', 'open', 1, 0, 0, TRUE, '{{}}',
                 0, 0, {id}, 0, 0, 0, 1, 0 FROM numbers;
             INSERT INTO room_censuses (room_id, tenant_id, joined, owners, role_holders, on_stage,
                 waiting)
             SELECT id, tenant_id, 0, 0, 0, 0, 0 FROM rooms"
        ))
        .await;
}

/// The processes whose time counts, as folders of `/proc`.
async fn backends(database: &Database, engine: Engine) -> Vec<PathBuf> {
    let mut processes = vec![PathBuf::from("/proc/self")];
    if engine == Engine::Postgres {
        let pid = database
            .number(
                "SELECT pid::bigint FROM pg_stat_activity
                 WHERE application_name = 'parlor' AND datname = current_database()",
            )
            .await;
        processes.push(format!("/proc/{pid}").into());
    }

    processes
}

/// The processor's time that `processes` have used, user and system.
fn processor_s(processes: &[PathBuf]) -> Result<f64> {
    let mut ticks = 0;
    for process in processes {
        let stat = std::fs::read_to_string(process.join("stat"))?;
        // The name, in parentheses, may have spaces.
        let (_, fields) = stat.rsplit_once(')').context("a process has a name")?;
        let fields: Vec<_> = fields.split_whitespace().collect();
        for field in [11, 12] {
            ticks += fields[field].parse::<u32>()?;
        }
    }

    Ok(f64::from(ticks) / TICKS_PER_S)
}
