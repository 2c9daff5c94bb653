//! Minutes credited through the writer.

use std::sync::Arc;

use anyhow::{Result, anyhow};
use parlor_domain::event::LogHead;
use parlor_domain::id::{Epoch, IdSource, RoomId, SessionId, TenantId, ViewerId};
use parlor_domain::points::MemberNumber;
use parlor_domain::room_aggregate::{RoomAggregate, WatchProof, WatchedMinute};
use parlor_domain::watching::{Minute, NumberSet};
use parlor_node::clock::{Clock, Stopwatch, TestClock};
use parlor_store::{Committed, Store};
use parlor_writer::{ChangeSession, CreditWatching, Guards, Publish, Setup, Writer};
use tokio::task::JoinSet;

use super::{Args, Measured, SET, Way, make_tenant, new_room, time};

const MINUTE_MS: i64 = 60_000;
/// Sets that are under way at once.
const SETS: u32 = 64;
/// Commands in one transaction, as a server has it unless told otherwise.
const BATCH_MAX: usize = 256;

/// Nobody follows the rooms.
struct Nobody;

impl Publish for Nobody {
    fn publish(&self, _: Committed) {}
}

struct Bench {
    writer: Writer,
    clock: TestClock,
    tenant_id: TenantId,
    said_by: ViewerId,
    /// Whether members' own devices say so, and not the tenant's server.
    by_devices: bool,
    rooms: Vec<(RoomId, SessionId)>,
}

/// A set to credit, and the room whose members they are.
type Set = (usize, NumberSet);

type Acknowledged = Result<(usize, f64)>;

pub(super) async fn measure(args: &Args, store: Store) -> Result<Measured> {
    let rooms = if args.way == Way::Spread { 1 } else { 4 };
    let bench = Bench::start(&store, rooms, args).await?;
    if args.way == Way::Spread {
        bench.fill(args.members).await?;
    }
    let sets = || match args.way {
        Way::Spread => spread(args.members),
        Way::Present
        | Way::Devices
        | Way::Rows
        | Way::RedeemHttp
        | Way::RedeemWriter
        | Way::RedeemAnnounced
        | Way::Statement => present(rooms),
    };

    // One minute before the clock starts, so that what is prepared once does not count.
    let mut first = JoinSet::new();
    bench.credit(sets(), &mut first).await?;
    for done in first.join_all().await {
        done?;
    }
    let stopwatch = Stopwatch::start();
    let mut measured = Measured {
        count: 0,
        seconds: 0.0,
        took: Vec::new(),
    };
    let mut under_way = JoinSet::new();
    while stopwatch.millis() < i64::try_from(args.seconds * 1_000)? {
        let done = bench.credit(sets(), &mut under_way).await?;
        measured.add(done)?;
    }
    measured.add(under_way.join_all().await)?;
    measured.seconds = stopwatch.seconds();
    bench.writer.stop().await;

    Ok(measured)
}

impl Measured {
    fn add(&mut self, done: Vec<Acknowledged>) -> Result<()> {
        for one in done {
            let (counted, took) = one?;
            self.count += counted as u64;
            self.took.push(took);
        }

        Ok(())
    }
}

impl Bench {
    async fn start(store: &Store, rooms: usize, args: &Args) -> Result<Self> {
        let (clock, mut ids) = time();
        let now = Clock::Test(clock.clone()).now();
        let tenant = make_tenant(store, &mut ids, now).await?;
        let writer = Writer::start(Setup {
            store: store.clone(),
            publisher: Arc::new(Nobody),
            clock: Clock::Test(clock.clone()),
            ids: ids.clone(),
            batch_max: BATCH_MAX,
            guards: Guards::default(),
        })
        .await;
        let mut bench = Self {
            writer,
            clock,
            tenant_id: tenant.id,
            said_by: ViewerId::parse("the-tenants-server")?,
            by_devices: args.way == Way::Devices,
            rooms: Vec::new(),
        };
        for number in 0..rooms {
            let room = new_room(&tenant, format!("bench-{number}"), &mut ids, now)?;
            let room_id = room.id;
            let head = LogHead::new(Epoch(ids.next_id()));
            let mut aggregate = RoomAggregate::create(room, head, &mut ids, now);
            // As if so many had joined. Every slot brings points, so that each is a line of somebody's statement.
            aggregate.census.numbered = i64::from(args.members);
            aggregate.changes.census = true;
            aggregate.earning.programme.slots = 1;
            aggregate.changes.earning = true;
            store.insert_room(&aggregate).await?;
            let start = ChangeSession::start(None);
            let started = bench.writer.submit(tenant.id, room_id, start).await;
            let session = started.map_err(|error| anyhow!("no session was started: {error}"))?;
            bench.rooms.push((room_id, session.id));
        }

        Ok(bench)
    }

    /// Has every member watch a minute, so that each page is full.
    async fn fill(&self, members: u32) -> Result<()> {
        let sets: Vec<Set> = (0..members)
            .step_by(1_024)
            .map(|first| (0, neighbours(first, 1_024.min(members - first))))
            .collect();
        for sets in sets.chunks(16) {
            let mut under_way = JoinSet::new();
            self.credit(sets.to_vec(), &mut under_way).await?;
            for done in under_way.join_all().await {
                done?;
            }
        }

        Ok(())
    }

    /// Moves on by a minute, and has that credited to `sets`, when all but the last minute's are done. Returns
    /// what was.
    async fn credit(
        &self,
        sets: Vec<Set>,
        under_way: &mut JoinSet<Acknowledged>,
    ) -> Result<Vec<Acknowledged>> {
        self.clock.advance_millis(MINUTE_MS);
        let minute = Minute::of(Clock::Test(self.clock.clone()).now());
        let (count, mut done) = (sets.len(), Vec::new());
        for (room, members) in sets {
            let (room_id, session_id) = self.rooms[room];
            let command = CreditWatching(WatchedMinute {
                session_id: Some(session_id),
                minute,
                proof: self.proof(room, &members),
                members,
            });
            let (writer, tenant_id) = (self.writer.clone(), self.tenant_id);
            under_way.spawn(async move {
                let since = Stopwatch::start();
                let credited = writer.submit(tenant_id, room_id, command).await;
                let credited = credited.map_err(|error| anyhow!("not credited: {error}"))?;
                Ok((credited.counted().len(), since.seconds()))
            });
        }
        while under_way.len() > count {
            done.extend(under_way.join_next().await.transpose()?);
        }

        Ok(done)
    }
}

impl Bench {
    /// Who says so. Members of two rooms are never one person.
    fn proof(&self, room: usize, members: &NumberSet) -> WatchProof {
        if !self.by_devices {
            return WatchProof::Staff(self.said_by.clone());
        }
        let members = members.as_slice().iter();
        let viewers = members.map(|member| {
            let viewer = ViewerId::parse(&format!("viewer-{room}-{}", member.0));
            (*member, viewer.expect("the id is short"))
        });

        WatchProof::Devices(viewers.collect())
    }
}

fn neighbours(first: u32, count: u32) -> NumberSet {
    let members = (first..first + count).map(MemberNumber);
    NumberSet::new(members.collect()).expect("a set is small")
}

fn present(rooms: usize) -> Vec<Set> {
    let sets = 0..SETS / u32::try_from(rooms).expect("rooms are few");
    let of_room = |room| {
        sets.clone()
            .map(move |set| (room, neighbours(set * SET, SET)))
    };

    (0..rooms).flat_map(of_room).collect()
}

fn spread(members: u32) -> Vec<Set> {
    let set = || {
        let members = (0..SET).map(|_| MemberNumber(fastrand::u32(0..members)));
        (
            0,
            NumberSet::new(members.collect()).expect("a set is small"),
        )
    };

    (0..16).map(|_| set()).collect()
}
