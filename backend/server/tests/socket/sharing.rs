//! Subscribers that share an execution, and come and go.

use std::sync::Arc;

use parlor_api::global_id;
use parlor_domain::id::RoomId;
use parlor_test_database::on_both_engines;
use serde_json::json;

use crate::client::{Client, LIVE_ROOM, position, seqs};
use crate::server::TestServer;

on_both_engines!(
    who_shares_gets_the_bytes_of_who_does_not,
    the_live_events_are_those_of_the_replay,
    a_subscriber_that_is_cut_off_again_and_again_sees_exactly_the_log,
    whoever_joins_a_busy_room_misses_nothing,
);

/// The payload of the next message, as it was written.
async fn payload(client: &mut Client) -> String {
    let text = client.receive_text().await.unwrap();
    let start = text.find(r#""payload":"#).unwrap() + r#""payload":"#.len();

    text[start..text.len() - 1].to_owned()
}

async fn who_shares_gets_the_bytes_of_who_does_not(database: String) {
    let server = TestServer::start_on(database).await;
    let room = server.live_room("a").await;
    let variables = json!({ "roomId": global_id::room_id(room) });
    let alone = format!("# a document of its own\n{LIVE_ROOM}");
    let mut clients = Vec::new();
    for (id, document) in [("a", LIVE_ROOM), ("b\"", LIVE_ROOM), ("c", &alone)] {
        let mut client = Client::ready(&server, None).await;
        client.subscribe(id, document, variables.clone()).await;
        client.receive_text().await.unwrap();
        clients.push(client);
    }

    for n in 0..20 {
        server.donate(room, &format!("donor {n}")).await;
        let mut payloads = Vec::new();
        for client in &mut clients {
            payloads.push(payload(client).await);
        }
        assert!(
            payloads[0].contains("ContributionReceived"),
            "{}",
            payloads[0]
        );
        assert_eq!(payloads[0], payloads[1]);
        assert_eq!(payloads[0], payloads[2]);
    }
}

async fn the_live_events_are_those_of_the_replay(database: String) {
    let server = TestServer::start_on(database).await;
    let room = server.live_room("a").await;
    let mut client = Client::ready(&server, None).await;
    client.follow("1", room, json!({})).await;
    let start = client.feed("1").await;
    let mut live = Vec::new();
    for n in 0..10 {
        server.donate(room, &format!("donor {n}")).await;
        live.extend(client.feed("1").await["events"].as_array().unwrap().clone());
    }

    let mut late = Client::ready(&server, None).await;
    late.follow("1", room, position(&start)).await;
    let mut replay = Vec::new();
    while replay.len() < live.len() {
        replay.extend(late.feed("1").await["events"].as_array().unwrap().clone());
    }
    assert_eq!(replay, live);
}

async fn a_subscriber_that_is_cut_off_again_and_again_sees_exactly_the_log(database: String) {
    let server = Arc::new(TestServer::start_on(database).await);
    let room = server.live_room("a").await;
    let subscribers: Vec<_> = (0..4)
        .map(|seed| tokio::spawn(follow_with_cuts(Arc::clone(&server), room, seed)))
        .collect();

    let mut n = 0;
    while !subscribers.iter().all(tokio::task::JoinHandle::is_finished) {
        server.donate(room, &format!("donor {n}")).await;
        n += 1;
        assert!(n < 5_000, "the subscribers do not come to an end");
    }

    let log: Vec<_> = server
        .log(room)
        .await
        .iter()
        .map(|event| event.seq)
        .collect();
    for subscriber in subscribers {
        let received = subscriber.await.unwrap();
        assert!(received.len() > 20, "{received:?}");
        assert_eq!(received, log[1..=received.len()]);
    }
}

/// Follows the room from its first event on, cut off 20 times, and returns what it saw.
async fn follow_with_cuts(server: Arc<TestServer>, room: RoomId, seed: u64) -> Vec<i64> {
    let mut random = fastrand::Rng::with_seed(seed);
    let head = server.service.app.store.head(room).await.unwrap().unwrap();
    let mut start = json!({ "after": { "epoch": head.epoch.to_string(), "seq": "1" } });
    let mut received = Vec::new();
    for _ in 0..20 {
        let mut client = Client::ready(&server, None).await;
        client.follow("1", room, start.clone()).await;
        for _ in 0..random.usize(1..6) {
            let feed = client.feed("1").await;
            assert_eq!(feed["recovered"], true);
            assert_eq!(feed["afterSeq"], start["after"]["seq"]);
            received.extend(seqs(&feed["events"]));
            start = position(&feed);
        }
        if random.bool() {
            client.send(json!({ "id": "1", "type": "complete" })).await;
        }
    }

    received
}

async fn whoever_joins_a_busy_room_misses_nothing(database: String) {
    let server = Arc::new(TestServer::start_on(database).await);
    let room = server.live_room("a").await;
    let newcomers: Vec<_> = (0..12)
        .map(|n| tokio::spawn(join_and_stay(Arc::clone(&server), room, n)))
        .collect();

    let mut n = 0;
    while !newcomers.iter().all(tokio::task::JoinHandle::is_finished) {
        server.donate(room, &format!("donor {n}")).await;
        n += 1;
        assert!(n < 5_000, "the newcomers do not come to an end");
    }
    for newcomer in newcomers {
        newcomer.await.unwrap();
    }
}

/// Joins at the head some way into the room's life, and reads on without a gap or an overlap.
async fn join_and_stay(server: Arc<TestServer>, room: RoomId, n: i64) {
    let mut client = Client::ready(&server, None).await;
    let mut head_seq = server
        .service
        .app
        .store
        .head(room)
        .await
        .unwrap()
        .unwrap()
        .seq;
    while head_seq < 2 + n * 4 {
        client.expect_quiet().await;
        head_seq = server
            .service
            .app
            .store
            .head(room)
            .await
            .unwrap()
            .unwrap()
            .seq;
    }

    client.follow("1", room, json!({})).await;
    let mut before = client.feed("1").await;
    assert!(before["snapshot"].is_array());
    for _ in 0..10 {
        let feed = client.feed("1").await;
        assert_eq!(feed["afterSeq"], before["throughSeq"]);
        let number = |field: &str| feed[field].as_str().unwrap().parse::<i64>().unwrap();
        let expected: Vec<_> = (number("afterSeq") + 1..=number("throughSeq")).collect();
        assert_eq!(seqs(&feed["events"]), expected);
        before = feed;
    }
}
