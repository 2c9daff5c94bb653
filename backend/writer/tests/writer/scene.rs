//! Nodes without sockets, on one database and one clock.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use parlor_domain::contribution::{ContributionKind, RawReport, Report, Status};
use parlor_domain::event::LogHead;
use parlor_domain::hype_train::{HypeTrain, Level, Phase, Program};
use parlor_domain::id::{Epoch, RoomId, TenantId};
use parlor_domain::room::{Room, RoomDraft, RoomState};
use parlor_domain::room_aggregate::RoomAggregate;
use parlor_domain::tenant::{Tenant, TenantDraft};
use parlor_domain::time::ServerTime;
use parlor_node::clock::{Clock, TestClock};
use parlor_node::ids::{Ids, Randomness};
use parlor_store::{Committed, InsertRoom, Settings, Store};
use parlor_writer::{ChangeSession, Command, Guards, Publish, RecordContribution, Setup, Writer};

/// When every test begins, in milliseconds.
pub(crate) const START_MS: i64 = 1_767_323_045_000;
/// How long a level of a train lasts.
pub(crate) const LEVEL_MS: i64 = 60_000;
/// How much fills the first level.
pub(crate) const GOAL: i64 = 1_000;
/// How long a test waits for what happens by itself. It only bounds failures.
const PATIENCE: Duration = Duration::from_secs(10);

/// A database, and the time that its nodes go by.
pub(crate) struct Scene {
    database: String,
    pub(crate) clock: TestClock,
    ids: Ids,
    pub(crate) store: Store,
    pub(crate) tenant_id: TenantId,
}

/// A writer on a store of its own.
pub(crate) struct Node {
    pub(crate) store: Store,
    pub(crate) writer: Writer,
    pub(crate) guards: Guards,
    /// What it has told, a batch of a room each.
    pub(crate) told: Arc<Told>,
}

/// Whoever is told of commits: they are kept for the test.
#[derive(Default)]
pub(crate) struct Told(Mutex<Vec<Committed>>);

impl Told {
    pub(crate) fn take(&self) -> Vec<Committed> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Publish for Told {
    fn publish(&self, committed: Committed) {
        self.0.lock().unwrap().push(committed);
    }
}

impl Scene {
    pub(crate) async fn make(database: String) -> Self {
        let clock = TestClock::new(ServerTime::from_unix_millis(START_MS));
        let mut ids = Ids::new(Clock::Test(clock.clone()), Randomness::seeded(8));
        let store = Store::connect(&Settings::new(&database)).await.unwrap();
        store.migrate().await.unwrap();
        let tenant_id = TenantId::next(&mut ids);
        let draft = TenantDraft::named("A tenant");
        let tenant = Tenant::create(draft, tenant_id, ServerTime::from_unix_millis(START_MS));
        assert!(store.create_tenant(&tenant.unwrap()).await.unwrap());

        Self {
            database,
            clock,
            ids,
            store,
            tenant_id,
        }
    }

    pub(crate) fn now(&self) -> ServerTime {
        Clock::Test(self.clock.clone()).now()
    }

    pub(crate) async fn start_node(&self) -> Node {
        self.start_node_with(Guards::default()).await
    }

    pub(crate) async fn start_node_with(&self, guards: Guards) -> Node {
        // One lane, so that what waits together is written together.
        let settings = Settings {
            lanes: Some(1),
            ..Settings::new(&self.database)
        };
        let store = Store::connect(&settings).await.unwrap();
        let clock = Clock::Test(self.clock.clone());
        let told = Arc::<Told>::default();
        let writer = Writer::start(Setup {
            store: store.clone(),
            publisher: Arc::clone(&told) as Arc<dyn Publish>,
            clock,
            ids: self.ids.clone(),
            batch_max: 256,
            guards: guards.clone(),
        })
        .await;

        Node {
            store,
            writer,
            guards,
            told,
        }
    }

    /// A live room whose train starts with the first contribution.
    pub(crate) async fn live_room(&self, node: &Node, slug: &str) -> RoomId {
        let room_id = self.room(slug).await;
        let start = ChangeSession::start(None);
        node.submit(self, room_id, start).await;

        room_id
    }

    pub(crate) async fn room(&self, slug: &str) -> RoomId {
        let (mut ids, now) = (self.ids.clone(), self.now());
        let draft = RoomDraft {
            slug: slug.to_owned(),
            title: slug.to_owned(),
            stream_id: None,
            state: RoomState::Open,
            delay_ms: None,
            ingest_offset_ms: None,
            anonymous_read: None,
            admission: None,
            stage_size: None,
            interruption_grace_ms: None,
            reference_currency: None,
            program: Some(Program {
                kickoff_events: 1,
                kickoff_viewers: 1,
                levels: vec![Level {
                    goal: GOAL,
                    reward: None,
                }],
                seconds_per_level: LEVEL_MS / 1_000,
                cooldown_ms: 0,
                ..Program::default()
            }),
        };
        let tenant = Tenant::create(TenantDraft::named("A tenant"), self.tenant_id, now).unwrap();
        let room_id = RoomId::next(&mut ids);
        let room = Room::create(draft, &tenant, room_id, now).unwrap();
        let head = LogHead::new(Epoch::next(&mut ids));
        let room = RoomAggregate::create(room, head, &mut ids, now);
        let inserted = self.store.insert_room(&room).await.unwrap();
        assert_eq!(inserted, InsertRoom::Inserted);

        room_id
    }

    pub(crate) async fn train(&self, room_id: RoomId) -> HypeTrain {
        let room = self.store.room(room_id).await.unwrap().unwrap();
        room.train.unwrap()
    }

    /// Waits until the room's train is over, and returns when it was.
    pub(crate) async fn trains_end(&self, room_id: RoomId) -> ServerTime {
        let over = async {
            loop {
                let train = self.train(room_id).await;
                if train.phase == Phase::Ended {
                    return train.ended_at.unwrap();
                }
                tokio::task::yield_now().await;
            }
        };

        tokio::time::timeout(PATIENCE, over)
            .await
            .expect("the train ends")
    }
}

impl Node {
    pub(crate) async fn submit<C: Command<On = RoomAggregate>>(
        &self,
        scene: &Scene,
        room_id: RoomId,
        command: C,
    ) -> C::Answer {
        let done = self.writer.submit(scene.tenant_id, room_id, command).await;
        done.unwrap_or_else(|_| panic!("the command is done"))
    }

    /// Records a settled donation under a key that is also its reference.
    pub(crate) async fn give(&self, scene: &Scene, room_id: RoomId, key: &str, amount: i64) {
        self.submit(
            scene,
            room_id,
            RecordContribution::new(room_id, donation(key, amount)),
        )
        .await;
    }

    /// Goes away. Whatever it kept in memory alone is gone with it.
    pub(crate) async fn stop(self) {
        self.writer.stop().await;
        self.store.close().await;
    }
}

pub(crate) fn donation(key: &str, amount: i64) -> Report {
    Report::parse(RawReport {
        idempotency_key: key.to_owned(),
        provider: "stripe".to_owned(),
        contribution_ref: Some(key.to_owned()),
        kind: Some(ContributionKind::Donation),
        status: Some(Status::Settled),
        amount: Some(amount),
        currency: Some("EUR".to_owned()),
        viewer_id: Some("ann".to_owned()),
        ..RawReport::default()
    })
    .unwrap()
}
