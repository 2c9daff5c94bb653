//! People are erased in steps, by whoever comes to it, and whatever a step was broken off by.

use parlor_domain::contribution::{Report, Status, Viewer};
use parlor_domain::erasure::{ErasureRefusal, ErasureRequest};
use parlor_domain::event::EventBody;
use parlor_domain::id::{ErasureId, NodeId, RoomId, TenantId, ViewerId};
use parlor_store::{DueKind, DueWork, ErasureStep, Store};

use crate::harness::{Database, Engine, on_both_engines};
use crate::scene::{
    SeededIds, at, donation, events_after, lease, live_room, record, report, tenant,
};

on_both_engines! {
    an_erasure_goes_on_wherever_it_was_broken_off,
    whoever_lost_the_lease_erases_nothing,
    what_settles_and_is_reversed_between_two_steps_counts_where_it_did,
    of_whoever_is_found_in_one_place_alone_something_is_kept,
    whoever_comes_again_meanwhile_is_erased_as_well,
    however_often_somebody_comes_it_ends,
    who_is_connected_to_a_node_that_lives_stays_so,
}

/// More than are changed at once.
const GIFTS: usize = 1_100;
/// What a step changes at most of each kind of row that there may be any number of, and the kinds.
const CHANGED_MAX: i64 = 3 * 1_000;
/// Longer than a lease.
const LATER_MS: i64 = 6_000;

struct Scene {
    store: Store,
    ids: SeededIds,
    tenant_id: TenantId,
    rooms: Vec<RoomId>,
    now_ms: i64,
}

impl Scene {
    /// Rooms in which ann and bob have given.
    async fn open(database: &Database, gifts: &[usize]) -> Self {
        let (store, mut ids) = (database.open().await, SeededIds::new(1));
        let tenant_id = tenant(&store, &mut ids).await;
        let mut rooms = Vec::new();
        for (room, count) in gifts.iter().enumerate() {
            let room_id = live_room(&store, &format!("room-{room}"), tenant_id, &mut ids).await;
            rooms.push(room_id);
            let given: Vec<_> = (0..*count)
                .map(|one| donation(&format!("{room} {one}"), "ann", 100))
                .chain([donation(&format!("{room} bob"), "bob", 100)])
                .collect();
            for some in given.chunks(200) {
                let (answers, _) = record(&store, tenant_id, room_id, some, &mut ids, at(10))
                    .await
                    .unwrap();
                assert!(answers.iter().all(Result::is_ok));
            }
        }

        Self {
            store,
            ids,
            tenant_id,
            rooms,
            now_ms: 1_000,
        }
    }

    async fn begin(&mut self, key: &str) -> Result<ErasureId, ErasureRefusal> {
        let request = ErasureRequest {
            id: ErasureId::next(&mut self.ids),
            tenant_id: self.tenant_id,
            idempotency_key: key.to_owned(),
            user_id: ViewerId::parse("ann").unwrap(),
            requested_by: ViewerId::parse("staff").unwrap(),
            requested_at: at(self.now_ms),
        };
        let begun = self.store.begin_erasure(&request).await.unwrap();
        begun.map(|erasure| erasure.id)
    }

    /// Has the provider say that of the gift `key`, and not who gave.
    async fn say(&mut self, room: usize, key: &str, status: Status) {
        let id = format!("{key} {status:?}");
        let said = Report {
            viewer: Some(Viewer {
                id: None,
                name: Some("ann".to_owned()),
            }),
            ..report(&id, key, "ann", 100, status)
        };
        self.record(room, said).await;
    }

    async fn record(&mut self, room: usize, said: Report) {
        let (tenant_id, room_id) = (self.tenant_id, self.rooms[room]);
        let said = [said];
        let recorded = record(
            &self.store,
            tenant_id,
            room_id,
            &said,
            &mut self.ids,
            at(20),
        );
        let (answers, _) = recorded.await.unwrap();
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    }

    async fn finished(&self, id: ErasureId) -> bool {
        let erasure = self.store.erasure(self.tenant_id, id).await.unwrap();
        erasure.unwrap().finished_at.is_some()
    }

    /// Takes the work as a node does that comes when the one before has died.
    async fn claim(&mut self) -> Option<DueWork> {
        self.now_ms += LATER_MS;
        let holder = u128::try_from(self.now_ms).unwrap();
        let lease = lease(holder, at(self.now_ms));
        let claimed = self.store.claim_due(DueKind::Erasure, lease, 1).await;
        claimed.unwrap().pop()
    }

    async fn step(&mut self, work: &mut DueWork) -> ErasureStep {
        let lease = lease(1, at(self.now_ms));
        let step = self.store.erase_step(work, lease, &mut self.ids).await;
        step.unwrap()
    }

    async fn changed(&self, id: ErasureId) -> i64 {
        let erasure = self.store.erasure(self.tenant_id, id).await.unwrap();
        erasure.unwrap().rows_changed
    }
}

async fn an_erasure_goes_on_wherever_it_was_broken_off(database: Database) {
    let mut scene = Scene::open(&database, &[3, GIFTS, 2]).await;
    let before = scene.store.head(scene.rooms[1]).await.unwrap().unwrap();
    let id = scene.begin("k").await.unwrap();
    let (mut steps, mut changed) = (0, 0);
    while let Some(mut work) = scene.claim().await {
        scene.step(&mut work).await;
        let now = scene.changed(id).await;
        assert!(
            now - changed <= CHANGED_MAX,
            "{} rows in one step",
            now - changed
        );
        (steps, changed) = (steps + 1, now);
        assert!(steps < 200, "it does not end");
    }

    let erasure = scene
        .store
        .erasure(scene.tenant_id, id)
        .await
        .unwrap()
        .unwrap();
    assert!(erasure.finished_at.is_some(), "{erasure:?}");
    assert_eq!((erasure.rooms, erasure.rooms_done), (3, 3), "{erasure:?}");
    assert!(steps > 10, "all of it in {steps} steps");
    let head = scene.store.head(scene.rooms[1]).await.unwrap().unwrap();
    assert_ne!(head.epoch, before.epoch);
    assert_eq!(head.seq, before.seq);
    let events = events_after(&scene.store, scene.rooms[1], head.epoch, 0, 10_000).await;
    let named: Vec<_> = events
        .iter()
        .filter_map(|event| {
            if let EventBody::ContributionReceived(alert) = &event.body {
                return Some(alert.name.as_deref());
            }
            None
        })
        .collect();
    assert_eq!(named.len(), GIFTS + 1);
    assert_eq!(named.iter().flatten().count(), 1, "{named:?}");
    assert_eq!(scene.begin("again").await, Err(ErasureRefusal::NobodyKnown));
}

async fn whoever_lost_the_lease_erases_nothing(database: Database) {
    let mut scene = Scene::open(&database, &[2]).await;
    let id = scene.begin("k").await.unwrap();
    let mut lost = scene.claim().await.unwrap();
    let mut held = scene.claim().await.unwrap();
    assert_eq!(scene.step(&mut lost).await, ErasureStep::Done);
    assert_eq!(scene.changed(id).await, 0);
    let mut steps = 0;
    while scene.step(&mut held).await != ErasureStep::Done {
        steps += 1;
        assert!(steps < 50, "it does not end");
    }
    assert!(scene.changed(id).await > 0);
    assert_eq!(scene.claim().await, None);
}

async fn what_settles_and_is_reversed_between_two_steps_counts_where_it_did(database: Database) {
    let mut scene = Scene::open(&database, &[3]).await;
    let late = report("late", "late", "ann", 100, Status::Pending);
    scene.record(0, late).await;
    for gift in 0..GIFTS {
        scene
            .record(0, donation(&format!("more {gift}"), "ann", 100))
            .await;
    }
    let id = scene.begin("k").await.unwrap();
    let named = "SELECT COUNT(*) FROM contributions WHERE viewer_name LIKE 'ann%'";
    let total = database.number(named).await;
    let (mut steps, mut is_between) = (0, false);
    while let Some(mut work) = scene.claim().await {
        scene.step(&mut work).await;
        steps += 1;
        assert!(steps < 200, "it does not end");
        let left = database.number(named).await;
        if !is_between && left > 0 && left < total {
            is_between = true;
            scene.say(0, "late", Status::Settled).await;
            scene.say(0, "0 0", Status::Reversed).await;
            scene.say(0, "more 1", Status::Reversed).await;
        }
    }
    assert!(is_between, "all names went in one step");
    assert!(scene.finished(id).await);
    let of_ann =
        "SELECT COUNT(*) FROM contributions WHERE viewer_id = 'ann' OR viewer_name LIKE 'ann%'";
    assert_eq!(database.number(of_ann).await, 0);
    let contributors = "SELECT COUNT(*) FROM hype_train_contributors";
    assert_eq!(database.number(contributors).await, 2);
    let differs = "SELECT COUNT(*) FROM hype_train_contributors c WHERE c.hype <> (
        SELECT SUM(g.hype) FROM contributions g
        WHERE g.train_id = c.train_id AND g.viewer_id = c.viewer_id AND g.status = 'settled')";
    assert_eq!(database.number(differs).await, 0);

    // What is said of it later counts there as well.
    scene.say(0, "late", Status::Reversed).await;
    assert_eq!(database.number(differs).await, 0);
    assert_eq!(database.number(of_ann).await, 0);
}

async fn of_whoever_is_found_in_one_place_alone_something_is_kept(database: Database) {
    let mut scene = Scene::open(&database, &[]).await;
    let id = match database.engine {
        Engine::Sqlite => "X'00000000000000000000000000000001'",
        Engine::Postgres => "'00000000-0000-0000-0000-000000000001'::uuid",
    };
    let tenant = "(SELECT id FROM tenants)";
    let places = [
        (
            "erasures",
            format!(
                "INSERT INTO erasures (id, tenant_id, idempotency_key, requested_by, requested_at, finished_at, rooms,
                     rooms_done, rows_changed, passes)
                 VALUES ({id}, {tenant}, 'of another', 'ann', 0, 0, 0, 0, 0, 1)"
            ),
        ),
        (
            "presences",
            format!(
                "INSERT INTO presences (room_id, viewer_id, node_id, tenant_id) VALUES ({id}, 'ann', {id}, {tenant})"
            ),
        ),
        (
            "watch_places",
            format!(
                "INSERT INTO watch_places (minute, tenant_id, viewer_id, place, room_id)
                 VALUES (7, {tenant}, 'ann', 0, {id})"
            ),
        ),
        (
            "redemptions",
            format!(
                "INSERT INTO redemptions (id, tenant_id, room_id, reward_id, participant_id, number, title, cost,
                     status, redeemed_at, paid_seq, refunded, made_offline, queue_seq, settled_by)
                 VALUES ({id}, {tenant}, {id}, {id}, {id}, 1, 'x', 1, 'canceled', 0, 1, 0, FALSE, 1, 'ann')"
            ),
        ),
    ];
    for (table, insert) in places {
        assert_eq!(scene.begin(table).await, Err(ErasureRefusal::NobodyKnown));
        database.run(&insert).await;
        let id = scene.begin(table).await.expect(table);
        let mut steps = 0;
        while let Some(mut work) = scene.claim().await {
            scene.step(&mut work).await;
            steps += 1;
            assert!(steps < 50, "{table}: it does not end");
        }
        assert!(scene.finished(id).await, "{table}");
    }
    assert_eq!(scene.begin("last").await, Err(ErasureRefusal::NobodyKnown));
}

const PASSES: &str = "SELECT passes FROM erasures";
const OF_ANN: &str = "SELECT COUNT(*) FROM contributions WHERE viewer_id = 'ann'";

async fn whoever_comes_again_meanwhile_is_erased_as_well(database: Database) {
    let mut scene = Scene::open(&database, &[2, 2]).await;
    let id = scene.begin("k").await.unwrap();
    let (mut steps, mut is_back) = (0, false);
    while let Some(mut work) = scene.claim().await {
        scene.step(&mut work).await;
        steps += 1;
        assert!(steps < 100, "it does not end");
        // Two gifts of the second room are left.
        if !is_back && database.number(OF_ANN).await == 2 {
            is_back = true;
            scene.record(0, donation("again", "ann", 100)).await;
        }
    }
    assert!(is_back && scene.finished(id).await);
    assert_eq!(database.number(OF_ANN).await, 0);
    assert_eq!(database.number(PASSES).await, 2);
    let erasure = scene.store.erasure(scene.tenant_id, id).await.unwrap();
    let erasure = erasure.unwrap();
    assert_eq!((erasure.rooms, erasure.rooms_done), (3, 3), "{erasure:?}");
    let ids = "SELECT COUNT(DISTINCT viewer_id) FROM contributions WHERE viewer_id LIKE 'erased:%'";
    assert_eq!(database.number(ids).await, 3, "each time they were another");
}

async fn however_often_somebody_comes_it_ends(database: Database) {
    let mut scene = Scene::open(&database, &[2]).await;
    let id = scene.begin("k").await.unwrap();
    let mut steps = 0;
    while let Some(mut work) = scene.claim().await {
        scene.step(&mut work).await;
        steps += 1;
        assert!(steps < 200, "it does not end");
        let gift = format!("again {steps}");
        scene.record(0, donation(&gift, "ann", 100)).await;
    }
    assert!(scene.finished(id).await);
    assert_eq!(database.number(PASSES).await, 10);
}

async fn who_is_connected_to_a_node_that_lives_stays_so(database: Database) {
    let mut scene = Scene::open(&database, &[2]).await;
    for node in ["living", "ended"] {
        let id = NodeId::next(&mut scene.ids);
        scene.store.add_node(id, 5_000, at(0)).await.unwrap();
        let node_id = match database.engine {
            Engine::Sqlite => format!("X'{}'", id.0.simple()),
            Engine::Postgres => format!("'{}'::uuid", id.0),
        };
        let insert = format!(
            "INSERT INTO presences (room_id, viewer_id, node_id, tenant_id)
             SELECT id, 'ann', {node_id}, tenant_id FROM rooms"
        );
        database.run(&insert).await;
        if node == "ended" {
            assert!(scene.store.end_node(id, 0, at(1)).await.unwrap());
        }
    }
    let id = scene.begin("k").await.unwrap();
    let mut steps = 0;
    while let Some(mut work) = scene.claim().await {
        scene.step(&mut work).await;
        steps += 1;
        assert!(steps < 50, "it does not end");
    }
    assert!(scene.finished(id).await);
    let rows = "SELECT COUNT(*) FROM presences";
    let ended =
        format!("{rows} WHERE node_id IN (SELECT id FROM nodes WHERE ended_at IS NOT NULL)");
    assert_eq!(
        (database.number(rows).await, database.number(&ended).await),
        (1, 0)
    );
    assert_eq!(
        database.number(PASSES).await,
        1,
        "it waits for nobody to go"
    );
}
