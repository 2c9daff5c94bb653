//! Who is connected to which node, written with the room, and nodes that live and die.

use parlor_domain::id::{NodeId, RoomId, TenantId, ViewerId};
use parlor_domain::room_aggregate::{Actor, OnlineCount, PresenceChange, RoomAggregate};
use parlor_store::{Committed, NodeRow, RoomNeeds, Store};
use uuid::Uuid;

use crate::harness::{Database, on_both_engines};
use crate::scene::{SeededIds, at, live_room, tenant};

on_both_engines! {
    a_person_is_online_until_the_last_node_lets_go,
    what_is_known_already_is_not_written_again,
    whoever_joins_while_connected_is_online_at_once,
    a_set_of_people_is_written_whole,
    heads_tell_how_many_are_online,
    events_from_before_presence_are_read,
    a_lease_that_ended_stays_ended,
    only_a_node_that_did_not_beat_since_is_ended,
    what_a_node_left_behind_is_read_in_chunks,
    nodes_are_forgotten_once_they_ended_long_ago_and_left_nothing,
}

const LEASE_MS: i64 = 10_000;

struct Scene {
    store: Store,
    ids: SeededIds,
    tenant_id: TenantId,
    room_id: RoomId,
}

impl Scene {
    async fn open(database: &Database) -> Self {
        let (store, mut ids) = (database.open().await, SeededIds::new(1));
        let tenant_id = tenant(&store, &mut ids).await;
        let room_id = live_room(&store, "room", tenant_id, &mut ids).await;

        Self {
            store,
            ids,
            tenant_id,
            room_id,
        }
    }

    async fn act<T>(
        &mut self,
        viewers: &[ViewerId],
        decide: impl FnOnce(&mut RoomAggregate, &mut SeededIds) -> T,
    ) -> (T, Vec<Committed>) {
        let mut needs = RoomNeeds::new(self.tenant_id, self.room_id);
        needs.people.actors = viewers.to_vec();
        let mut batch = self.store.begin(&[needs]).await.unwrap();
        let room = batch.room(self.tenant_id, self.room_id).unwrap();
        let answer = decide(room, &mut self.ids);

        (answer, batch.commit().await.unwrap())
    }

    async fn join(&mut self, names: &[&str]) {
        let viewers = viewers(names);
        let joined = self.act(&viewers, |room, ids| {
            for id in &viewers {
                room.join(&staff(), id, id.as_str(), ids, at(1_000))
                    .unwrap();
            }
        });
        joined.await;
    }

    async fn change(&mut self, n: u128, arrived: &[&str], departed: &[&str]) -> Vec<Committed> {
        let change = PresenceChange {
            node_id: node(n),
            arrived: viewers(arrived),
            departed: viewers(departed),
        };
        let all = viewers(&[arrived, departed].concat());
        let changed = self.act(&all, |room, ids| {
            room.change_presence(&change, ids, at(2_000));
        });

        changed.await.1
    }

    async fn is_online(&self, name: &str) -> bool {
        let [viewer_id] = viewers(&[name]).try_into().unwrap();
        let found = self
            .store
            .participant_of_viewer(self.tenant_id, self.room_id, &viewer_id)
            .await;
        found.unwrap().unwrap().is_online
    }

    async fn online(&self) -> i64 {
        let view = self.store.room(self.room_id).await.unwrap().unwrap();
        view.census.online.count
    }

    async fn nodes(&self) -> Vec<NodeRow> {
        self.store.nodes().await.unwrap()
    }
}

fn node(n: u128) -> NodeId {
    NodeId(Uuid::from_u128(n))
}

fn viewers(names: &[&str]) -> Vec<ViewerId> {
    let viewer = |name: &&str| ViewerId::parse(name).unwrap();
    names.iter().map(viewer).collect()
}

fn staff() -> Actor {
    let [viewer_id] = viewers(&["staff"]).try_into().unwrap();
    Actor {
        viewer_id,
        is_staff: true,
    }
}

async fn a_person_is_online_until_the_last_node_lets_go(database: Database) {
    let mut scene = Scene::open(&database).await;
    scene.join(&["ana", "ben"]).await;
    scene.change(1, &["ana", "ben"], &[]).await;
    scene.change(2, &["ana"], &[]).await;
    assert_eq!(scene.online().await, 2);

    scene.change(1, &[], &["ana", "ben"]).await;
    assert!(scene.is_online("ana").await && !scene.is_online("ben").await);
    assert_eq!(scene.online().await, 1);
    scene.change(2, &[], &["ana"]).await;
    assert!(!scene.is_online("ana").await);
    assert_eq!(scene.online().await, 0);
    assert_eq!(database.number("SELECT COUNT(*) FROM presences").await, 0);
}

async fn what_is_known_already_is_not_written_again(database: Database) {
    let mut scene = Scene::open(&database).await;
    scene.join(&["ana"]).await;
    assert_eq!(scene.change(1, &["ana"], &["nobody"]).await.len(), 1);

    assert_eq!(scene.change(1, &["ana"], &["nobody"]).await, []);
    scene.change(1, &[], &["ana"]).await;
    assert_eq!(scene.change(1, &[], &["ana"]).await, []);
}

async fn whoever_joins_while_connected_is_online_at_once(database: Database) {
    let mut scene = Scene::open(&database).await;
    let committed = scene.change(1, &["ana"], &[]).await;
    // Somebody who only watches makes no event and does not count.
    assert_eq!(
        (committed[0].events.len(), committed[0].online.count),
        (0, 0)
    );

    scene.join(&["ana"]).await;
    assert!(scene.is_online("ana").await);
    assert_eq!(scene.online().await, 1);
}

async fn a_set_of_people_is_written_whole(database: Database) {
    let mut scene = Scene::open(&database).await;
    let names: Vec<_> = (0..1_000).map(|n| format!("viewer-{n}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    scene.join(&names).await;
    let before = scene.store.head(scene.room_id).await.unwrap().unwrap().seq;

    let committed = scene.change(1, &names, &[]).await;
    assert_eq!(committed[0].online.count, 1_000);
    // Of those who came while the room was small each is named once more, and then is not.
    let events = committed[0].events.len();
    assert_eq!(events, 100);
    assert_eq!(scene.online().await, 1_000);
    let rows = "SELECT COUNT(*) FROM presences";
    assert_eq!(database.number(rows).await, 1_000);

    scene.change(1, &[], &names).await;
    assert_eq!(scene.online().await, 0);
    let after = scene.store.head(scene.room_id).await.unwrap().unwrap().seq;
    assert_eq!(after, before + 100);
    assert_eq!(database.number(rows).await, 0);
}

async fn heads_tell_how_many_are_online(database: Database) {
    let mut scene = Scene::open(&database).await;
    let heads = scene.store.heads(&[scene.room_id]).await.unwrap();
    assert_eq!(heads[&scene.room_id].online, OnlineCount::default());

    scene.join(&["ana", "ben"]).await;
    let committed = scene.change(1, &["ana", "ben"], &[]).await;
    let heads = scene.store.heads(&[scene.room_id]).await.unwrap();
    let online = heads[&scene.room_id].online;
    assert_eq!(online, committed[0].online);
    assert_eq!((online.count, online.changes), (2, 2));
}

async fn events_from_before_presence_are_read(database: Database) {
    let mut scene = Scene::open(&database).await;
    scene.join(&["ana"]).await;
    let with = scene.store.snapshot(scene.room_id).await.unwrap().unwrap();
    let forget = r#"UPDATE parts SET body = REPLACE(body, '"is_online":false,', '')"#;
    let kept = r"SELECT COUNT(*) FROM parts WHERE body LIKE '%is_online%'";
    assert_eq!(database.number(kept).await, 1);
    database.run(forget).await;
    assert_eq!(database.number(kept).await, 0);

    let without = scene.store.snapshot(scene.room_id).await.unwrap().unwrap();
    assert_eq!(with, without);
}

async fn a_lease_that_ended_stays_ended(database: Database) {
    let Scene { store, .. } = Scene::open(&database).await;
    store.add_node(node(1), LEASE_MS, at(0)).await.unwrap();
    assert!(store.beat(node(1), LEASE_MS).await.unwrap());
    assert!(store.end_node(node(1), 1, at(20_000)).await.unwrap());

    assert!(!store.beat(node(1), LEASE_MS).await.unwrap());
    assert!(!store.end_node(node(1), 1, at(30_000)).await.unwrap());
    assert!(!store.beat(node(2), LEASE_MS).await.unwrap());
    let nodes = store.nodes().await.unwrap();
    assert_eq!((nodes[0].beats, nodes[0].has_ended), (1, true));
}

async fn only_a_node_that_did_not_beat_since_is_ended(database: Database) {
    let Scene { store, .. } = Scene::open(&database).await;
    store.add_node(node(1), LEASE_MS, at(0)).await.unwrap();
    assert!(store.beat(node(1), 5_000).await.unwrap());

    assert!(!store.end_node(node(1), 0, at(20_000)).await.unwrap());
    let expected = NodeRow {
        id: node(1),
        beats: 1,
        lease_ms: 5_000,
        has_ended: false,
        has_presences: false,
    };
    assert_eq!(store.nodes().await.unwrap(), [expected]);
}

async fn what_a_node_left_behind_is_read_in_chunks(database: Database) {
    let mut scene = Scene::open(&database).await;
    scene
        .store
        .add_node(node(1), LEASE_MS, at(0))
        .await
        .unwrap();
    scene.change(1, &["ana", "ben", "cem"], &[]).await;
    scene.change(2, &["dov"], &[]).await;
    assert!(scene.nodes().await[0].has_presences);

    let of_node = async |scene: &Scene, limit| {
        let found = scene.store.presences_of_node(node(1), limit).await.unwrap();
        assert!(
            found
                .iter()
                .all(|(tenant, room, _)| (*tenant, *room) == (scene.tenant_id, scene.room_id))
        );
        let names = found.into_iter().map(|(_, _, id)| id.as_str().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(of_node(&scene, 2).await, ["ana", "ben"]);
    assert_eq!(of_node(&scene, 9).await, ["ana", "ben", "cem"]);

    // A room that is there tells of departures; they are not dropped behind its back.
    scene
        .store
        .drop_presences(node(1), scene.room_id)
        .await
        .unwrap();
    assert_eq!(of_node(&scene, 9).await.len(), 3);
    let gone = RoomId(Uuid::max());
    let elsewhere = format!(
        "UPDATE presences SET room_id = {}",
        literal(&database, gone.0)
    );
    database.run(&elsewhere).await;
    scene.store.drop_presences(node(1), gone).await.unwrap();
    assert!(!scene.nodes().await[0].has_presences);
    let rest = "SELECT COUNT(*) FROM presences";
    assert_eq!(database.number(rest).await, 1, "the other node's is left");
}

async fn nodes_are_forgotten_once_they_ended_long_ago_and_left_nothing(database: Database) {
    let mut scene = Scene::open(&database).await;
    for n in 1..=3 {
        scene
            .store
            .add_node(node(n), LEASE_MS, at(0))
            .await
            .unwrap();
    }
    scene.change(1, &["ana"], &[]).await;
    for n in 1..=2 {
        assert!(scene.store.end_node(node(n), 0, at(1_000)).await.unwrap());
    }

    let hour = 3_600_000;
    scene
        .store
        .add_node(node(4), LEASE_MS, at(hour))
        .await
        .unwrap();
    assert_eq!(scene.nodes().await.len(), 4);
    let later = at(hour + 1_001);
    scene
        .store
        .add_node(node(5), LEASE_MS, later)
        .await
        .unwrap();
    let left: Vec<_> = scene.nodes().await.iter().map(|row| row.id).collect();
    assert_eq!(left, [1, 3, 4, 5].map(node));
}

/// An id as each engine writes it.
fn literal(database: &Database, id: Uuid) -> String {
    match database.engine {
        crate::harness::Engine::Sqlite => format!("X'{}'", id.simple()),
        crate::harness::Engine::Postgres => format!("'{id}'"),
    }
}
