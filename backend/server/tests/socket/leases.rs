//! Nodes that fall silent, leave or die, and what becomes of the people who were connected to them.

use std::time::Duration;

use parlor_domain::id::NodeId;
use parlor_live::presence::PresenceSettings;
use parlor_socket::SocketSettings;
use parlor_store::{NodeRow, RoomNeeds};
use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::client::{Client, PATIENCE};
use crate::presence::{
    ELSEWHERE, change_elsewhere, crowd, follow, follow_as, until_count, until_written,
};
use crate::server::{Options, TestServer, at_once};

on_both_engines!(
    a_silent_node_is_cleared_up_and_comes_back_under_another_name,
    a_node_that_leaves_has_its_people_taken_out_by_the_others,
    whoever_finds_what_a_dead_node_left_clears_it_all,
    somebody_who_stops_without_a_word_is_soon_not_online,
);

/// Two nodes on one database, which tell of people as soon as they come and go.
async fn two_nodes(database: String) -> (TestServer, TestServer) {
    let sockets = SocketSettings {
        presence_every: Duration::ZERO,
        ..SocketSettings::default()
    };

    TestServer::pair(database, sockets).await
}

/// Has a node look at the others until it has seen them be silent: a test's checks stand for hours.
async fn look_twice(server: &TestServer) {
    for _ in 0..2 {
        server.service.app.presence.check().await.unwrap();
    }
}

async fn a_silent_node_is_cleared_up_and_comes_back_under_another_name(database: String) {
    let (one, other) = two_nodes(database).await;
    let room = one.live_room("a").await;
    crowd(&one, room).await;
    let (mut observer, _) = follow(&one, None, room).await;
    let mut people = Vec::new();
    for n in 0..5 {
        people.push(follow_as(&other, &format!("person {n}"), room).await);
    }
    until_count(&mut observer, 5).await;
    let (silent, own) = (&other.service.app.presence, &one.service.app.presence);
    let former = silent.node_id();

    look_twice(&one).await;
    until_count(&mut observer, 0).await;
    let store = &one.service.app.store;
    let left = store.presences_of_node(former, 10).await.unwrap();
    assert_eq!(left, []);

    // It was only slow, and finds out.
    silent.beat().await.unwrap();
    assert_ne!(silent.node_id(), former);
    until_count(&mut observer, 5).await;
    silent.beat().await.unwrap();
    own.check().await.unwrap();
    observer.expect_quiet().await;
    // Nobody finds themselves silent.
    for presence in [silent, own] {
        let lease = lease(&one, presence.node_id()).await;
        assert_eq!((lease.lease_ms, lease.has_ended), (10_000, false));
    }
}

async fn a_node_that_leaves_has_its_people_taken_out_by_the_others(database: String) {
    let (one, other) = two_nodes(database).await;
    let room = one.live_room("a").await;
    for name in ["ana", "ben", "cem"] {
        one.join(room, name).await;
    }
    let (mut observer, _) = follow(&one, None, room).await;
    let ana = follow_as(&other, "ana", room).await;
    let ben = follow_as(&other, "ben", room).await;
    until_count(&mut observer, 2).await;

    let leaving = &other.service.app.presence;
    leaving.leave().await;
    assert_eq!(lease(&one, leaving.node_id()).await.lease_ms, 5_000);
    let _late = follow_as(&other, "cem", room).await;
    drop((ana, ben));
    let _ben = follow_as(&one, "ben", room).await;
    let mut elsewhere = Client::ready(&one, None).await;
    until_written(&one, &mut elsewhere, 1).await;
    look_twice(&one).await;

    // Whoever came back elsewhere meanwhile was never gone, and who came too late is not known.
    let mut events = until_count(&mut observer, 1).await;
    let names = |event: &Value| event["participant"]["name"].clone();
    let is_offline = |event: &Value| event["participant"]["isOnline"] == false;
    // The count is not ordered with the log, and may come first.
    while !events.iter().any(is_offline) {
        events.extend(
            observer.feed("1").await["events"]
                .as_array()
                .unwrap()
                .clone(),
        );
    }
    assert!(
        !events.iter().any(|event| names(event) == "cem"),
        "{events:?}"
    );
    events.retain(is_offline);
    assert_eq!(
        events,
        [json!({ "__typename": "ParticipantPresenceChanged",
            "participant": { "name": "ana", "isOnline": false, "version": 1 } })]
    );
}

async fn whoever_finds_what_a_dead_node_left_clears_it_all(database: String) {
    let options = Options {
        database: Some(database),
        ..Options::default()
    };
    let server = TestServer::start_with(options).await;
    let app = &server.service.app;
    let (store, now) = (&app.store, app.clock.now());
    store.add_node(ELSEWHERE, 10_000, now).await.unwrap();
    let kept = server.live_room("kept").await;
    let deleted = server.room(server.tenant, "deleted", true).await;
    let names: Vec<_> = (0..1_100).map(|n| format!("person {n}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    for room in [kept, deleted] {
        change_elsewhere(&server, room, &names, &[]).await;
    }
    // Behind the writer's back, which would clear up after the room, as it does in time.
    let mut needs = RoomNeeds::new(server.tenant, deleted);
    needs.contributions.any = true;
    needs.points.ledger = true;
    let mut batch = store.begin(&[needs]).await.unwrap();
    let room = batch.room(server.tenant, deleted).unwrap();
    room.delete_room(room.room.version).unwrap();
    batch.commit().await.unwrap();
    // Whoever ended the lease had no time for the rest.
    assert!(store.end_node(ELSEWHERE, 0, now).await.unwrap());

    let check = tokio::time::timeout(PATIENCE, app.presence.check());
    check.await.expect("an end of it").unwrap();

    assert!(!lease(&server, ELSEWHERE).await.has_presences);
}

async fn somebody_who_stops_without_a_word_is_soon_not_online(database: String) {
    let options = |seed, probe: Duration| Options {
        database: Some(database.clone()),
        heads_check: Duration::from_millis(10),
        sockets: SocketSettings {
            presence_every: Duration::ZERO,
            probe_after: probe,
            probe_answer_max: probe,
            // Whoever does not answer is not waited for.
            close_timeout: Duration::from_hours(1),
            ..SocketSettings::default()
        },
        presence: PresenceSettings {
            grace_ms: 0,
            ..at_once()
        },
        seed,
        ..Options::default()
    };
    let one = TestServer::start_with(options(1, PATIENCE)).await;
    let mut other = TestServer::start_with(options(11, Duration::from_millis(500))).await;
    other.tenant = one.tenant;
    let room = one.live_room("a").await;
    one.join(room, "ana").await;
    let (mut observer, _) = follow(&one, None, room).await;

    // From here on nobody reads what the server says to her.
    let _ana = follow_as(&other, "ana", room).await;

    let mut changes = Vec::new();
    while changes.len() < 2 {
        let feed = observer.feed("1").await;
        let events = feed["events"].as_array().unwrap().clone();
        changes.extend(
            events
                .iter()
                .map(|event| event["participant"]["isOnline"].clone()),
        );
    }
    assert_eq!(changes, [json!(true), json!(false)]);
}

async fn lease(server: &TestServer, node_id: NodeId) -> NodeRow {
    let nodes = server.service.app.store.nodes().await.unwrap();

    *nodes.iter().find(|node| node.id == node_id).unwrap()
}
