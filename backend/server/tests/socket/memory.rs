//! What a socket holds of a log while its peer reads nothing.

use parlor_domain::id::RoomId;
use parlor_test_database::{Database, on_both_engines};
use serde_json::{Value, json};

use crate::client::{Client, Received, seqs};
use crate::server::{Options, TestServer};

on_both_engines!(
    a_peer_that_reads_nothing_is_read_no_more_than_a_page_ahead,
    whoever_reads_on_gets_everything_in_order,
);

/// What the kernel is told to hold back at either end.
const KERNEL_BYTES: u32 = 4_096;
/// What a peer that reads nothing may cost, the kernel's part included.
const HELD_BYTES_MAX: usize = 64 * 1024;

const DONATIONS: usize = 400;

async fn start(database: &Database) -> (TestServer, RoomId, Value) {
    let server = TestServer::start_with(Options {
        database: Some(database.url.clone()),
        send_buffer_bytes: Some(KERNEL_BYTES),
        ..Options::default()
    })
    .await;
    let room = server.live_room("a").await;
    for n in 0..DONATIONS {
        server.donate(room, &format!("donor {n}")).await;
    }
    let mut client = Client::ready(&server, None).await;
    client.follow("1", room, json!({})).await;
    let epoch = client.feed("1").await["epoch"].take();

    (
        server,
        room,
        json!({ "after": { "epoch": epoch, "seq": "0" } }),
    )
}

async fn follow_from_the_beginning(server: &TestServer, room: RoomId, start: &Value) -> Client {
    let connected = Client::connect_with(server.address, Some(KERNEL_BYTES), |_| ()).await;
    let mut client = connected.unwrap();
    client.init(None).await;
    client.message().await;
    client.follow("1", room, start.clone()).await;
    client
}

async fn a_peer_that_reads_nothing_is_read_no_more_than_a_page_ahead(database: Database) {
    let (server, room, start) = start(&database).await;
    let mut client = follow_from_the_beginning(&server, room, &start).await;
    let mut text = client.receive_text().await.unwrap();
    assert!(text.contains("\"recovered\":true"), "{text}");

    // Whatever was not read from the log by now will not be found there any more.
    database.run("DELETE FROM events WHERE seq > 100").await;

    let mut held_bytes = 0;
    let code = loop {
        held_bytes += text.len();
        match client.receive_text().await {
            Ok(next) => text = next,
            Err(Received::Close { code, .. }) => break code,
            Err(other) => panic!("{other:?}"),
        }
    };
    assert_eq!(code, 1012, "the log does not go on");
    assert!(held_bytes < HELD_BYTES_MAX, "{held_bytes}");
}

async fn whoever_reads_on_gets_everything_in_order(database: Database) {
    let (server, room, start) = start(&database).await;
    let mut client = follow_from_the_beginning(&server, room, &start).await;
    let head = server.log(room).await.len();

    let (mut through, mut pages) = (json!("0"), 0);
    let mut received = Vec::new();
    while received.len() < head {
        let feed = client.feed("1").await;
        assert_eq!(feed["recovered"], true);
        assert_eq!(feed["afterSeq"], through);
        through = feed["throughSeq"].clone();
        received.extend(seqs(&feed["events"]));
        pages += 1;
    }
    let expected: Vec<_> = (1..=i64::try_from(head).unwrap()).collect();
    assert_eq!(received, expected);
    assert!(pages > 2, "{pages}");

    server.donate(room, "one more").await;
    assert_eq!(client.feed("1").await["afterSeq"], through);
}
