//! Logs that were trimmed: whoever lacks what is gone is told, and nobody is passed over.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join_all;
use parlor_api::{format_time, global_id};
use parlor_domain::id::RoomId;
use parlor_domain::time::ServerTime;
use parlor_store::{KEYFRAME_EVERY, LogKeep};
use parlor_test_database::{Database, on_both_engines};
use serde_json::{Value, json};

use crate::client::{Client, Received, position, seqs};
use crate::server::{Options, START_MS, TestServer};

on_both_engines!(
    whoever_comes_back_to_what_is_gone_begins_anew,
    a_catch_up_that_the_trimming_overtakes_ends_without_a_gap,
    a_node_that_lacks_what_is_gone_goes_on_at_the_head,
);

/// What is kept, in events.
const KEPT: i64 = KEYFRAME_EVERY;
const DONATIONS: usize = 300;
/// So many at a time, so that nobody who reads nothing meanwhile is given up for that.
const AT_ONCE: usize = 25;
/// How long a log that has grown may go unlooked at.
const LOOK_AFTER_MS: i64 = 10 * 60 * 1_000;
/// How long a test waits for what happens by itself. It only bounds failures.
const PATIENCE: Duration = Duration::from_secs(30);
/// What the kernel is told to hold back at either end, for a peer that reads nothing.
const KERNEL_BYTES: u32 = 4_096;

async fn start(database: &Database) -> (TestServer, RoomId) {
    let server = TestServer::start_with(Options {
        database: Some(database.url.clone()),
        log_keep: LogKeep {
            events: KEPT,
            ..LogKeep::default()
        },
        send_buffer_bytes: Some(KERNEL_BYTES),
        ..Options::default()
    })
    .await;
    let room = server.live_room("a").await;

    (server, room)
}

async fn donate(server: &TestServer, room: RoomId) {
    let donors: Vec<_> = (0..DONATIONS).map(|n| format!("donor {n}")).collect();
    for donors in donors.chunks(AT_ONCE) {
        join_all(donors.iter().map(|donor| server.donate(room, donor))).await;
    }
}

/// Waits until the log was trimmed, and returns the first position that is kept.
async fn trimmed(server: &TestServer, database: &Database) -> i64 {
    server.clock.advance_millis(LOOK_AFTER_MS);
    let trimmed = async {
        loop {
            let first = database.number("SELECT first_kept_seq FROM rooms").await;
            let oldest = database.number("SELECT MIN(seq) FROM events").await;
            if first > 1 && first == oldest {
                return first;
            }
        }
    };
    tokio::time::timeout(PATIENCE, trimmed)
        .await
        .expect("the log is trimmed")
}

async fn first_message(server: &TestServer, room: RoomId, start: Value) -> Value {
    let mut client = Client::ready(server, None).await;
    client.follow("1", room, start).await;
    client.feed("1").await
}

fn after(epoch: &Value, seq: i64) -> Value {
    json!({ "after": { "epoch": epoch, "seq": seq.to_string() } })
}

fn number(value: &Value) -> i64 {
    value.as_str().unwrap().parse().unwrap()
}

async fn whoever_comes_back_to_what_is_gone_begins_anew(database: Database) {
    let (server, room) = start(&database).await;
    donate(&server, room).await;
    let told = first_message(&server, room, json!({})).await;
    let head_seq = number(&told["throughSeq"]);
    let first = trimmed(&server, &database).await;

    for seq in [0, first - 2] {
        let feed = first_message(&server, room, after(&told["epoch"], seq)).await;
        assert_eq!(feed["recovered"], false, "{seq}");
        assert_eq!(feed["snapshot"].as_array().unwrap().len(), 3, "{seq}");
        assert!(number(&feed["afterSeq"]) >= head_seq, "{seq}");
    }
    for seq in [first - 1, first] {
        let feed = first_message(&server, room, after(&told["epoch"], seq)).await;
        assert_eq!(feed["recovered"], true, "{seq}");
        assert_eq!(seqs(&feed["events"])[0], seq + 1);
    }
    let document = "query ($roomId: ID!, $after: LogPosition!) {
        roomEvents(roomId: $roomId, after: $after) { recovered events { seq } leftOutFrom }
    }";
    for (seq, recovered) in [(0, false), (first - 2, false), (first - 1, true)] {
        let mut variables = after(&told["epoch"], seq);
        variables["roomId"] = global_id::room_id(room).into();
        let answer = server.execute(server.tenant, document, variables).await;
        let page = &answer["roomEvents"];
        assert_eq!(page["recovered"], recovered, "{seq}");
        assert_eq!(seqs(&page["events"]).is_empty(), !recovered, "{seq}");
        assert_eq!(page["leftOutFrom"], Value::Null, "{seq}");
    }

    // Before all that is kept, the picture is where the log begins.
    let at = format_time(ServerTime::from_unix_millis(START_MS - 1));
    let feed = first_message(&server, room, json!({ "at": at })).await;
    assert_eq!(number(&feed["afterSeq"]), first - 1);
    assert_eq!(seqs(&feed["events"])[0], first);
    let state = seqs(&feed["snapshot"]);
    assert_eq!(state[..2], [1, 2], "the room and its session");
    assert!(state.len() == 3 && state[2] < first, "the train: {state:?}");
}

async fn a_catch_up_that_the_trimming_overtakes_ends_without_a_gap(database: Database) {
    let (server, room) = start(&database).await;
    donate(&server, room).await;
    let mut other = Client::ready(&server, None).await;
    other.follow("1", room, json!({})).await;
    let epoch = other.feed("1").await["epoch"].take();

    let connected = Client::connect_with(server.address, Some(KERNEL_BYTES), |_| ()).await;
    let mut client = connected.unwrap();
    client.init(None).await;
    client.message().await;
    client.follow("1", room, after(&epoch, 0)).await;
    let mut last = client.feed("1").await;
    assert_eq!(last["recovered"], true);
    let first = trimmed(&server, &database).await;

    let code = loop {
        match client.receive_text().await {
            Ok(text) => {
                let message: Value = serde_json::from_str(&text).unwrap();
                let feed = &message["payload"]["data"]["liveRoom"];
                assert_eq!(feed["afterSeq"], last["throughSeq"]);
                let expected = number(&feed["afterSeq"]) + 1..=number(&feed["throughSeq"]);
                assert!(seqs(&feed["events"]).into_iter().eq(expected));
                last = feed.clone();
            }
            Err(Received::Close { code, .. }) => break code,
            Err(other) => panic!("{other:?}"),
        }
    };
    assert_eq!(code, 1012, "what comes next is gone");
    assert!(number(&last["throughSeq"]) < first - 1);

    let mut client = Client::ready(&server, None).await;
    client.follow("1", room, position(&last)).await;
    let feed = client.feed("1").await;
    assert_eq!(feed["recovered"], false);
    assert!(feed["snapshot"].is_array());
}

async fn a_node_that_lacks_what_is_gone_goes_on_at_the_head(database: Database) {
    let (server, room) = start(&database).await;
    let mut client = Client::ready(&server, None).await;
    client.follow("1", room, json!({})).await;
    let start = client.feed("1").await;

    server.publications.loses.store(true, Ordering::SeqCst);
    donate(&server, room).await;
    trimmed(&server, &database).await;
    server.publications.loses.store(false, Ordering::SeqCst);
    server.donate(room, "published").await;

    let closed = tokio::time::timeout(PATIENCE, client.close()).await;
    let (code, _) = closed.expect("the follower is told");
    assert_eq!(code, 1012, "what comes next is gone");
    let mut client = Client::ready(&server, None).await;
    client.follow("1", room, position(&start)).await;
    let feed = client.feed("1").await;
    assert_eq!(feed["recovered"], false);
    server.donate(room, "another").await;
    let live = client.feed("1").await;
    assert_eq!(live["afterSeq"], feed["throughSeq"]);
}
