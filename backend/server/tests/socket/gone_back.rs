//! Logs that went back: what was told of a room is not in the database any more.

use std::time::Duration;

use parlor_domain::id::RoomId;
use parlor_test_database::{Database, on_both_engines};
use serde_json::{Value, json};

use crate::client::{Client, position, seqs};
use crate::server::{Options, TestServer};

on_both_engines!(
    a_log_that_lacks_what_was_told_begins_anew,
    a_log_that_went_back_and_on_begins_anew,
    a_commit_in_the_place_of_another_begins_a_log_anew,
);

const CLOSED: (u16, &str) = (1012, "the room's log was interrupted");

async fn start(database: &Database, heads_check: Duration) -> (TestServer, RoomId, Client) {
    let server = TestServer::start_with(Options {
        database: Some(database.url.clone()),
        heads_check,
        ..Options::default()
    })
    .await;
    let room = server.live_room("a").await;
    let mut client = Client::ready(&server, None).await;
    client.follow("1", room, json!({})).await;
    client.feed("1").await;

    (server, room, client)
}

/// Takes the log back to `seq`, as a backup does, and then has `more` happen, at once.
async fn take_back(database: &Database, seq: i64, more: &str) {
    let sql = format!(
        "BEGIN;
         DELETE FROM events WHERE seq > {seq};
         DELETE FROM parts WHERE seq > {seq};
         DELETE FROM room_trains;
         UPDATE rooms SET head_seq = {seq};
         {more}
         COMMIT;"
    );
    database.run(&sql).await;
}

/// The whole log as somebody sees it who comes back with the position that they had.
async fn come_back(server: &TestServer, room: RoomId, before: &Value) -> Vec<i64> {
    let mut client = Client::ready(server, None).await;
    client.follow("1", room, position(before)).await;
    let first = client.feed("1").await;
    assert_eq!(first["recovered"], false);
    assert_ne!(first["epoch"], before["epoch"]);

    let beginning = json!({ "after": { "epoch": first["epoch"], "seq": "0" } });
    client.follow("2", room, beginning).await;
    seqs(&client.feed("2").await["events"])
}

async fn a_log_that_lacks_what_was_told_begins_anew(database: Database) {
    let (server, room, mut client) = start(&database, Duration::from_millis(10)).await;
    server.donate(room, "a").await;
    let told = client.feed("1").await;
    assert_eq!(seqs(&told["events"]), [3, 4]);

    take_back(&database, 2, "").await;

    let (code, reason) = client.close().await;
    assert_eq!((code, &*reason), CLOSED);
    assert_eq!(come_back(&server, room, &told).await, [1, 2]);
}

async fn a_log_that_went_back_and_on_begins_anew(database: Database) {
    let (server, room, mut client) = start(&database, Duration::from_millis(10)).await;
    server.donate(room, "a").await;
    let told = client.feed("1").await;

    // When heads are compared next the log is longer than it ever was here.
    let other =
        "INSERT INTO events (room_id, seq, tenant_id, id, occurred_at, display_at, part, body)
         SELECT room_id, seq + 2, tenant_id, room_id, occurred_at, display_at, part, body
         FROM events WHERE seq <= 2;
         INSERT INTO events (room_id, seq, tenant_id, id, occurred_at, display_at, part, body)
         SELECT room_id, 5, tenant_id, tenant_id, occurred_at, display_at, part, body
         FROM events WHERE seq = 1;
         UPDATE rooms SET head_seq = 5;";
    take_back(&database, 2, other).await;

    let (code, reason) = client.close().await;
    assert_eq!((code, &*reason), CLOSED);
    assert_eq!(come_back(&server, room, &told).await, [1, 2, 3, 4, 5]);
}

async fn a_commit_in_the_place_of_another_begins_a_log_anew(database: Database) {
    // The first that is heard of it is what this node commits there.
    let (server, room, mut client) = start(&database, Duration::from_hours(1)).await;
    server.donate(room, "a").await;
    let told = client.feed("1").await;

    take_back(&database, 2, "").await;
    server.end_session(room).await;

    let (code, reason) = client.close().await;
    assert_eq!((code, &*reason), CLOSED);
    assert_eq!(come_back(&server, room, &told).await, [1, 2, 3]);
}
