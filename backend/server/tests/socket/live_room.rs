//! Where a feed starts, who may read it, and that nothing is missing from it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use parlor_api::global_id;
use parlor_domain::id::RoomId;
use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::client::{Client, LIVE_ROOM, position, seqs};
use crate::server::{Options, START_MS, TestServer};

on_both_engines!(
    without_a_start_a_feed_begins_with_the_state_at_the_head,
    a_feed_goes_on_from_a_position,
    at_the_head_there_is_nothing_to_recover,
    what_cannot_be_recovered_begins_anew,
    a_feed_begins_at_a_media_time,
    a_malformed_start_is_refused_and_the_socket_kept,
    an_unknown_room_and_one_of_others_answer_alike,
    a_room_that_closes_to_the_public_turns_its_readers_out,
    a_gap_in_the_publications_is_filled_from_the_log,
    a_last_publication_that_is_lost_shows_in_the_heads,
    a_log_that_was_renewed_sends_its_followers_back_to_the_start,
    whoever_follows_a_deleted_room_is_told_that_it_is_not_there,
    a_room_that_another_node_deleted_shows_in_the_heads,
);

fn number(value: &Value) -> i64 {
    value.as_str().unwrap().parse().unwrap()
}

async fn without_a_start_a_feed_begins_with_the_state_at_the_head(database: String) {
    let server = TestServer::start_on(database).await;
    let room = server.live_room("a").await;
    server.donate(room, "a").await;
    let head = server.log(room).await.last().unwrap().seq;
    let mut client = Client::ready(&server, None).await;

    client.follow("1", room, json!({})).await;
    let feed = client.feed("1").await;

    assert_eq!(
        (number(&feed["afterSeq"]), number(&feed["throughSeq"])),
        (head, head)
    );
    assert_eq!(feed["recovered"], false);
    assert_eq!(feed["events"], json!([]));
    assert_eq!(feed["snapshot"][0]["room"]["title"], "a");
    assert_eq!(feed["snapshot"][1]["part"], "session");
    assert_eq!(feed["snapshot"][2]["part"], "train");

    server.donate(room, "b").await;
    let live = client.feed("1").await;
    assert_eq!(live["afterSeq"], feed["throughSeq"]);
    assert_eq!(
        (&live["recovered"], &live["snapshot"]),
        (&json!(true), &json!(null))
    );
    assert_eq!(seqs(&live["events"]), [head + 1, head + 2]);
}

async fn a_feed_goes_on_from_a_position(database: String) {
    let server = TestServer::start_on(database).await;
    let room = server.live_room("a").await;
    let mut client = Client::ready(&server, None).await;
    client.follow("1", room, json!({})).await;
    let start = client.feed("1").await;
    server.donate(room, "a").await;
    server.donate(room, "b").await;
    let log = server.log(room).await;

    client.follow("2", room, position(&start)).await;
    let mut resumed = loop {
        let message = client.message().await;
        if message["id"] == "2" {
            break message["payload"]["data"]["liveRoom"].clone();
        }
    };

    assert_eq!(
        (&resumed["recovered"], &resumed["snapshot"]),
        (&json!(true), &json!(null))
    );
    assert_eq!(resumed["afterSeq"], start["throughSeq"]);
    assert_eq!(number(&resumed["throughSeq"]), log.last().unwrap().seq);
    let expected: Vec<_> = log.iter().map(|event| event.seq).skip(2).collect();
    assert_eq!(seqs(&resumed["events"].take()), expected);
}

async fn at_the_head_there_is_nothing_to_recover(database: String) {
    let server = TestServer::start_on(database).await;
    let room = server.live_room("a").await;
    let mut client = Client::ready(&server, None).await;
    client.follow("1", room, json!({})).await;
    let start = client.feed("1").await;

    client.follow("2", room, position(&start)).await;
    let resumed = client.feed("2").await;

    assert_eq!(resumed["recovered"], true);
    assert_eq!(resumed["events"], json!([]));
    assert_eq!(resumed["throughSeq"], start["throughSeq"]);
}

async fn what_cannot_be_recovered_begins_anew(database: String) {
    let server = TestServer::start_on(database).await;
    let (room, other) = (server.live_room("a").await, server.live_room("b").await);
    let mut client = Client::ready(&server, None).await;
    client.follow("1", room, json!({})).await;
    let start = client.feed("1").await;
    client.follow("2", other, json!({})).await;
    let elsewhere = client.feed("2").await;
    let cases = [
        (
            "of another log",
            json!({ "epoch": elsewhere["epoch"], "seq": "1" }),
        ),
        (
            "beyond the head",
            json!({ "epoch": start["epoch"], "seq": "3" }),
        ),
    ];

    for (case, after) in cases {
        client.follow(case, room, json!({ "after": after })).await;
        let feed = client.feed(case).await;
        assert_eq!(feed["recovered"], false, "{case}");
        assert_eq!(feed["snapshot"], start["snapshot"], "{case}");
        assert_eq!(feed["throughSeq"], start["throughSeq"], "{case}");
    }
}

async fn a_feed_begins_at_a_media_time(database: String) {
    let server = TestServer::start_on(database).await;
    let room = server.live_room("a").await;
    for key in ["a", "b", "c"] {
        server.clock.advance_millis(10_000);
        server.donate(room, key).await;
    }
    server.update_room(room, 1, json!({ "title": "b" })).await;
    let log = server.log(room).await;
    let updated = log.last().unwrap().seq;
    let second = log
        .iter()
        .rfind(|event| event.occurred_at.unix_millis() == START_MS + 20_000);
    let seq = second.unwrap().seq;
    let mut client = Client::ready(&server, None).await;

    // An instant appears in the picture 5 s after it happened in this room.
    for (at_ms, expected) in [(25_000, seq), (24_999, seq - 2), (2_000, 0)] {
        let at = parlor_domain::time::ServerTime::from_unix_millis(START_MS + at_ms);
        let id = at_ms.to_string();
        client
            .follow(&id, room, json!({ "at": parlor_api::format_time(at) }))
            .await;
        let feed = client.feed(&id).await;

        assert_eq!(feed["recovered"], false);
        assert_eq!(number(&feed["afterSeq"]), expected, "{at_ms}");
        let since: Vec<_> = log
            .iter()
            .map(|event| event.seq)
            .filter(|seq| *seq > expected)
            .collect();
        assert_eq!(seqs(&feed["events"]), since, "{at_ms}");
        // The picture is as it was then, and the rest as it is now.
        let (mut live, mut picture) = (Vec::new(), Vec::new());
        for event in feed["snapshot"].as_array().unwrap() {
            let kind = event["__typename"].as_str().unwrap();
            let part = if kind.starts_with("HypeTrain") {
                &mut picture
            } else {
                &mut live
            };
            part.push(number(&event["seq"]));
        }
        assert_eq!(live, [2, updated], "{at_ms}");
        let train = log.iter().rfind(|event| {
            event.seq <= expected && event.body.part() == Some(parlor_domain::event::Part::Train)
        });
        let train: Vec<_> = train.map(|event| event.seq).into_iter().collect();
        assert_eq!(picture, train, "{at_ms}");
    }
}

async fn a_malformed_start_is_refused_and_the_socket_kept(database: String) {
    let server = TestServer::start_on(database).await;
    let room = server.live_room("a").await;
    let mut client = Client::ready(&server, None).await;
    client.follow("1", room, json!({})).await;
    let epoch = client.feed("1").await["epoch"].clone();
    let starts = [
        json!({ "after": { "epoch": "nonsense", "seq": "1" } }),
        json!({ "after": { "epoch": "a\0b", "seq": "1" } }),
        json!({ "after": { "epoch": epoch, "seq": "1\0" } }),
        json!({ "at": "2026-01-02T03:04:05.678Z\0" }),
        json!({ "after": { "epoch": epoch, "seq": "one" } }),
        json!({ "after": { "epoch": epoch, "seq": "-1" } }),
        json!({ "after": { "epoch": epoch } }),
        json!({ "after": 7 }),
        json!({ "at": "yesterday" }),
        json!({ "at": "2026-01-02T03:04:05.678Z", "after": { "epoch": epoch, "seq": "1" } }),
    ];

    for start in starts {
        client.follow("2", room, start.clone()).await;
        let errors = client.error("2").await;
        assert_eq!(
            errors[0]["extensions"]["code"], "VALIDATION",
            "{start}: {errors}"
        );
    }
    server.donate(room, "a").await;
    client.feed("1").await;
}

async fn an_unknown_room_and_one_of_others_answer_alike(database: String) {
    let server = TestServer::start_on(database).await;
    let stranger = server.new_tenant().await;
    let theirs = server.room(stranger, "theirs", false).await;
    let token = server.token(server.tenant, "staff", 600_000);
    let room_ids = [
        global_id::room_id(theirs),
        global_id::room_id(RoomId(server.tenant.0)),
        "nonsense".to_owned(),
    ];

    for token in [None, Some(token.as_str())] {
        let mut client = Client::ready(&server, token).await;
        let mut answers = Vec::new();
        for room_id in &room_ids {
            client
                .subscribe("1", LIVE_ROOM, json!({ "roomId": room_id }))
                .await;
            answers.push(client.error("1").await);
        }
        assert_eq!(answers[0][0]["extensions"]["code"], "NOT_FOUND");
        assert!(
            answers.iter().all(|answer| *answer == answers[0]),
            "{answers:?}"
        );
    }
    let token = server.token(stranger, "viewer", 600_000);
    let mut client = Client::ready(&server, Some(&token)).await;
    client.follow("1", theirs, json!({})).await;
    client.feed("1").await;
}

async fn a_room_that_closes_to_the_public_turns_its_readers_out(database: String) {
    let server = TestServer::start_on(database).await;
    let room = server.live_room("a").await;
    let token = server.token(server.tenant, "viewer", 600_000);
    let mut inside = Client::ready(&server, Some(&token)).await;
    inside.follow("1", room, json!({})).await;
    inside.feed("1").await;
    let mut outside = Client::ready(&server, None).await;
    outside.follow("1", room, json!({})).await;
    outside.feed("1").await;

    server
        .update_room(room, 1, json!({ "anonymousRead": false }))
        .await;

    assert_eq!(
        outside.error("1").await[0]["extensions"]["code"],
        "NOT_FOUND"
    );
    assert_eq!(
        inside.feed("1").await["events"][0]["__typename"],
        "RoomUpdated"
    );
    server.donate(room, "a").await;
    inside.feed("1").await;
    outside.expect_quiet().await;
}

async fn a_gap_in_the_publications_is_filled_from_the_log(database: String) {
    let server = TestServer::start_on(database).await;
    let room = server.live_room("a").await;
    let mut client = Client::ready(&server, None).await;
    client.follow("1", room, json!({})).await;
    let start = number(&client.feed("1").await["throughSeq"]);

    server.publications.loses.store(true, Ordering::SeqCst);
    server.donate(room, "lost").await;
    client.expect_quiet().await;
    server.publications.loses.store(false, Ordering::SeqCst);
    server.donate(room, "published").await;

    let mut received = Vec::new();
    let expected: Vec<_> = server
        .log(room)
        .await
        .iter()
        .map(|event| event.seq)
        .collect();
    let expected = &expected[usize::try_from(start).unwrap()..];
    while received.len() < expected.len() {
        received.extend(seqs(&client.feed("1").await["events"]));
    }
    assert_eq!(received, expected);
}

async fn a_last_publication_that_is_lost_shows_in_the_heads(database: String) {
    let heads_check = Duration::from_millis(10);
    let server = TestServer::start_with(Options {
        database: Some(database),
        heads_check,
        ..Options::default()
    })
    .await;
    let room = server.live_room("a").await;
    let mut client = Client::ready(&server, None).await;
    client.follow("1", room, json!({})).await;
    client.feed("1").await;

    server.publications.loses.store(true, Ordering::SeqCst);
    server.donate(room, "lost").await;

    assert_eq!(seqs(&client.feed("1").await["events"]), [3, 4]);
}

async fn a_log_that_was_renewed_sends_its_followers_back_to_the_start(database: String) {
    let heads_check = Duration::from_millis(10);
    let server = TestServer::start_with(Options {
        database: Some(database),
        heads_check,
        ..Options::default()
    })
    .await;
    let room = server.live_room("a").await;
    let mut client = Client::ready(&server, None).await;
    client.follow("1", room, json!({})).await;
    let start = client.feed("1").await;

    server
        .service
        .app
        .store
        .renew_epochs(&mut server.ids.clone())
        .await
        .unwrap();

    assert_eq!(
        client.close().await,
        (1012, "the room's log was interrupted".to_owned())
    );
    let mut client = Client::ready(&server, None).await;
    client.follow("1", room, position(&start)).await;
    assert_eq!(client.feed("1").await["recovered"], false);
}

async fn delete(server: &TestServer, room: RoomId) {
    let document = "mutation ($input: DeleteRoomInput!) {
        deleteRoom(input: $input) { ... on DeletedRoom { id } ... on Error { message } }
    }";
    let input = json!({ "roomId": global_id::room_id(room), "version": 1 });
    let variables = json!({ "input": input });
    let deleted = server.execute(server.tenant, document, variables).await;
    assert!(deleted["deleteRoom"]["id"].is_string(), "{deleted}");
}

async fn whoever_follows_a_deleted_room_is_told_that_it_is_not_there(database: String) {
    let server = TestServer::start_on(database).await;
    let room = server.room(server.tenant, "a", true).await;
    let other = server.live_room("other").await;
    let (mut one, mut two) = (
        Client::ready(&server, None).await,
        Client::ready(&server, None).await,
    );
    for client in [&mut one, &mut two] {
        client.follow("1", room, json!({})).await;
        client.feed("1").await;
    }
    two.follow("2", other, json!({})).await;
    two.feed("2").await;

    delete(&server, room).await;

    for client in [&mut one, &mut two] {
        let errors = client.error("1").await;
        assert_eq!(errors[0]["extensions"]["code"], "NOT_FOUND");
    }
    // The socket goes on, and the room is not there for whoever asks again.
    two.follow("1", room, json!({})).await;
    assert_eq!(two.error("1").await[0]["extensions"]["code"], "NOT_FOUND");
    server.donate(other, "a").await;
    assert_eq!(seqs(&two.feed("2").await["events"]), [3, 4]);
}

async fn a_room_that_another_node_deleted_shows_in_the_heads(database: String) {
    let server = TestServer::start_with(Options {
        database: Some(database),
        heads_check: Duration::from_millis(10),
        ..Options::default()
    })
    .await;
    let room = server.room(server.tenant, "a", true).await;
    let mut client = Client::ready(&server, None).await;
    client.follow("1", room, json!({})).await;
    client.feed("1").await;

    server.publications.loses.store(true, Ordering::SeqCst);
    delete(&server, room).await;

    assert_eq!(
        client.error("1").await[0]["extensions"]["code"],
        "NOT_FOUND"
    );
}
