//! A room's audit trail, followed as it grows.

use std::time::Duration;

use parlor_api::global_id;
use parlor_domain::id::RoomId;
use parlor_socket::SocketSettings;
use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::client::Client;
use crate::server::{Options, TestServer};
use crate::staff_feed::{HOUR_MS, staff, told};

on_both_engines!(
    staff_sees_what_is_done_by_authority,
    a_follower_who_comes_back_misses_nothing_and_sees_nothing_twice,
    a_position_of_another_log_or_beyond_the_end_begins_anew,
    a_newcomer_is_told_the_newest,
    a_follower_is_brought_everything_however_much_it_is,
    whoever_loses_the_capability_is_told_no_more,
    another_nodes_entries_are_found,
    nobody_else_is_let_in,
    other_news_of_the_room_are_not_told,
    a_renewed_log_begins_anew,
    a_deleted_room_ends_it,
);

const LIVE_STAFF: &str = "subscription Staff($roomId: ID!, $after: LogPosition) {
    liveStaff(roomId: $roomId, after: $after) {
        epoch afterSeq throughSeq recovered
        snapshot { seq action reason }
        entries { seq action reason actorId actorIsStaff participantId toRole }
    }
}";

/// The first message of a subscription that is `id` on `client`.
async fn follow(client: &mut Client, id: &str, room: RoomId, after: Value) -> Value {
    let variables = json!({ "roomId": global_id::room_id(room), "after": after });
    client.subscribe(id, LIVE_STAFF, variables).await;

    told(client, id).await
}

/// Where a message leads up to.
fn position(message: &Value) -> Value {
    json!({ "epoch": message["epoch"], "seq": message["throughSeq"] })
}

fn seqs(entries: &Value) -> Vec<&str> {
    let entries = entries.as_array().unwrap();

    entries
        .iter()
        .map(|entry| entry["seq"].as_str().unwrap())
        .collect()
}

/// Uses authority over the participant whose version is `version`.
async fn deny(server: &TestServer, room: RoomId, participant: &Value, version: i64, reason: &str) {
    change(
        server,
        "denyCapability",
        room,
        participant,
        json!({
            "version": version, "capability": "STAGE_SPEAK", "reason": reason,
        }),
    )
    .await;
}

async fn change(
    server: &TestServer,
    mutation: &str,
    room: RoomId,
    participant: &Value,
    more: Value,
) -> i64 {
    let kind = match mutation {
        "assignRole" => "AssignRoleInput",
        _ => "CapabilityTermsInput",
    };
    let document = format!(
        "mutation ($input: {kind}!) {{ {mutation}(input: $input) {{
            ... on Participant {{ version }} ... on Error {{ message }}
        }} }}"
    );
    let mut input = more;
    input["roomId"] = json!(global_id::room_id(room));
    input["participantId"] = participant["id"].clone();
    let changed = server
        .execute(server.tenant, &document, json!({ "input": input }))
        .await;

    changed[mutation]["version"]
        .as_i64()
        .unwrap_or_else(|| panic!("{changed}"))
}

async fn staff_sees_what_is_done_by_authority(database: String) {
    let server = TestServer::start_on(database).await;
    let room = server.live_room("main").await;
    let ada = server.join(room, "ada").await;
    let mut client = staff(&server).await;
    let first = follow(&mut client, "1", room, Value::Null).await;
    assert_eq!(first["recovered"], false);
    assert_eq!(first["snapshot"], json!([]));
    assert_eq!(
        (&first["afterSeq"], &first["throughSeq"]),
        (&json!("0"), &json!("0"))
    );

    change(
        &server,
        "assignRole",
        room,
        &ada,
        json!({ "version": 1, "role": "MODERATOR" }),
    )
    .await;

    let next = told(&mut client, "1").await;
    assert_eq!(next["recovered"], true);
    assert_eq!(next["snapshot"], Value::Null);
    assert_eq!(
        (&next["afterSeq"], &next["throughSeq"]),
        (&json!("0"), &json!("1"))
    );
    assert_eq!(
        next["entries"],
        json!([{
            "seq": "1", "action": "ROLE_ASSIGNED", "reason": null, "actorId": "staff",
            "actorIsStaff": true, "participantId": ada["id"], "toRole": "MODERATOR",
        }])
    );
}

async fn a_follower_who_comes_back_misses_nothing_and_sees_nothing_twice(database: String) {
    let server = TestServer::start_on(database).await;
    let room = server.live_room("main").await;
    let ada = server.join(room, "ada").await;
    let mut client = staff(&server).await;
    follow(&mut client, "1", room, Value::Null).await;
    deny(&server, room, &ada, 1, "first").await;
    let seen = told(&mut client, "1").await;
    drop(client);
    deny(&server, room, &ada, 2, "second").await;
    deny(&server, room, &ada, 3, "third").await;

    let mut client = staff(&server).await;
    let first = follow(&mut client, "1", room, position(&seen)).await;
    assert_eq!(first["recovered"], true);
    assert_eq!(first["afterSeq"], seen["throughSeq"]);
    assert_eq!(seqs(&first["entries"]), ["2", "3"]);

    deny(&server, room, &ada, 4, "fourth").await;
    assert_eq!(seqs(&told(&mut client, "1").await["entries"]), ["4"]);
}

async fn a_position_of_another_log_or_beyond_the_end_begins_anew(database: String) {
    let server = TestServer::start_on(database).await;
    let room = server.live_room("main").await;
    let ada = server.join(room, "ada").await;
    deny(&server, room, &ada, 1, "first").await;
    let mut client = staff(&server).await;
    let first = follow(&mut client, "1", room, Value::Null).await;

    let beyond = json!({ "epoch": first["epoch"], "seq": "2" });
    let other = json!({ "epoch": "019b7ca9-0000-79a6-b722-7d617a027a35", "seq": "0" });
    for (id, after) in [("2", beyond), ("3", other)] {
        let anew = follow(&mut client, id, room, after).await;
        assert_eq!(anew["recovered"], false, "{anew}");
        assert_eq!(seqs(&anew["snapshot"]), ["1"], "{anew}");
    }
}

async fn a_newcomer_is_told_the_newest(database: String) {
    let server = TestServer::start_on(database).await;
    let room = server.live_room("main").await;
    let ada = server.join(room, "ada").await;
    for version in 1..=52 {
        deny(&server, room, &ada, version, "again").await;
    }

    let first = follow(&mut staff(&server).await, "1", room, Value::Null).await;

    let newest: Vec<_> = (3..=52).map(|seq: i64| seq.to_string()).collect();
    assert_eq!(seqs(&first["snapshot"]), newest);
    assert_eq!(first["throughSeq"], "52");
}

async fn a_follower_is_brought_everything_however_much_it_is(database: String) {
    let server = TestServer::start_on(database).await;
    let room = server.live_room("main").await;
    let ada = server.join(room, "ada").await;
    let mut client = staff(&server).await;
    let start = follow(&mut client, "1", room, Value::Null).await;
    client.send(json!({ "id": "1", "type": "complete" })).await;
    for version in 1..=300 {
        deny(&server, room, &ada, version, "again").await;
    }

    let first = follow(&mut client, "2", room, position(&start)).await;
    let second = told(&mut client, "2").await;

    assert_eq!(
        (&first["afterSeq"], &first["throughSeq"]),
        (&json!("0"), &json!("256"))
    );
    assert_eq!(
        (&second["afterSeq"], &second["throughSeq"]),
        (&json!("256"), &json!("300"))
    );
    assert_eq!(second["entries"].as_array().unwrap().len(), 44);
}

async fn whoever_loses_the_capability_is_told_no_more(database: String) {
    let server = TestServer::start_on(database).await;
    let room = server.live_room("main").await;
    let ada = server.join(room, "ada").await;
    let version = change(
        &server,
        "assignRole",
        room,
        &ada,
        json!({ "version": 1, "role": "MODERATOR" }),
    )
    .await;
    let mut client = Client::ready(&server, Some(&server.viewer_token("ada"))).await;
    let first = follow(&mut client, "1", room, Value::Null).await;
    assert_eq!(seqs(&first["snapshot"]), ["1"]);

    change(
        &server,
        "assignRole",
        room,
        &ada,
        json!({ "version": version, "role": "MEMBER" }),
    )
    .await;

    let error = client.error("1").await;
    assert_eq!(error[0]["extensions"]["code"], "FORBIDDEN", "{error}");
}

async fn another_nodes_entries_are_found(database: String) {
    let (one, other) = TestServer::pair(database, SocketSettings::default()).await;
    let room = one.live_room("main").await;
    let ada = one.join(room, "ada").await;
    let mut client = staff(&one).await;
    follow(&mut client, "1", room, Value::Null).await;

    deny(&other, room, &ada, 1, "elsewhere").await;

    let found = told(&mut client, "1").await;
    assert_eq!(found["entries"][0]["reason"], "elsewhere");
}

async fn nobody_else_is_let_in(database: String) {
    let server = TestServer::start_on(database).await;
    let room = server.live_room("main").await;
    server.join(room, "ada").await;
    let stranger = server.new_tenant().await;
    let (_, overlay) = server.overlay_token(room).await;
    let other_staff = server.token(stranger, "staff", HOUR_MS);
    let member = server.viewer_token("ada");

    for (token, code) in [
        (Some(member.as_str()), "FORBIDDEN"),
        (Some(other_staff.as_str()), "NOT_FOUND"),
        (Some(overlay.as_str()), "FORBIDDEN"),
        (None, "UNAUTHENTICATED"),
    ] {
        let mut client = Client::ready(&server, token).await;
        let variables = json!({ "roomId": global_id::room_id(room) });
        client.subscribe("1", LIVE_STAFF, variables).await;
        let error = client.error("1").await;
        assert_eq!(error[0]["extensions"]["code"], code, "{token:?} {error}");
    }
}

async fn other_news_of_the_room_are_not_told(database: String) {
    let server = TestServer::start_on(database).await;
    let room = server.live_room("main").await;
    let ada = server.join(room, "ada").await;
    deny(&server, room, &ada, 1, "first").await;
    let mut client = staff(&server).await;
    follow(&mut client, "1", room, Value::Null).await;

    server.donate(room, "meanwhile").await;
    client.expect_quiet().await;

    deny(&server, room, &ada, 2, "second").await;
    assert_eq!(seqs(&told(&mut client, "1").await["entries"]), ["2"]);
}

async fn a_renewed_log_begins_anew(database: String) {
    let server = TestServer::start_with(Options {
        database: Some(database),
        heads_check: Duration::from_millis(10),
        ..Options::default()
    })
    .await;
    let room = server.live_room("main").await;
    let ada = server.join(room, "ada").await;
    deny(&server, room, &ada, 1, "first").await;
    let mut client = staff(&server).await;
    let first = follow(&mut client, "1", room, Value::Null).await;

    let store = &server.service.app.store;
    store.renew_epochs(&mut server.ids.clone()).await.unwrap();
    let anew = told(&mut client, "1").await;
    assert_ne!(anew["epoch"], first["epoch"]);
    assert_eq!(anew["recovered"], false);
    assert_eq!(seqs(&anew["snapshot"]), ["1"]);

    deny(&server, room, &ada, 2, "second").await;
    let next = told(&mut client, "1").await;
    assert_eq!(
        (&next["epoch"], &next["recovered"]),
        (&anew["epoch"], &json!(true))
    );
    assert_eq!(seqs(&next["entries"]), ["2"]);
}

async fn a_deleted_room_ends_it(database: String) {
    let server = TestServer::start_on(database).await;
    let room = server.room(server.tenant, "main", true).await;
    let mut client = staff(&server).await;
    follow(&mut client, "1", room, Value::Null).await;

    let document = "mutation ($input: DeleteRoomInput!) {
        deleteRoom(input: $input) { ... on DeletedRoom { id } ... on Error { message } }
    }";
    let input = json!({ "roomId": global_id::room_id(room), "version": 1 });
    let deleted = server
        .execute(server.tenant, document, json!({ "input": input }))
        .await;
    assert!(deleted["deleteRoom"]["id"].is_string(), "{deleted}");

    let error = client.error("1").await;
    assert_eq!(error[0]["extensions"]["code"], "NOT_FOUND", "{error}");
}
