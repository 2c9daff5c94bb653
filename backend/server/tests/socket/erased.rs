//! Rooms of people who were erased, as those see them who follow.

use parlor_api::global_id;
use parlor_domain::id::RoomId;
use parlor_socket::SocketSettings;
use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::client::{Client, position};
use crate::server::TestServer;

on_both_engines! { whoever_follows_starts_anew_on_every_node_and_is_told_no_name }

const NAME: &str = "ada mkname7f3a";

async fn follow(server: &TestServer, room: RoomId, token: Option<&str>) -> (Client, Value) {
    let mut client = Client::ready(server, token).await;
    client.follow("1", room, json!({})).await;
    let told = client.feed("1").await;

    (client, told)
}

async fn whoever_follows_starts_anew_on_every_node_and_is_told_no_name(database: String) {
    let (one, other) = TestServer::pair(database, SocketSettings::default()).await;
    let room = one.live_room("a").await;
    one.join(room, NAME).await;
    let (mut own, _) = follow(&other, room, Some(&other.viewer_token(NAME))).await;
    let (mut here, _) = follow(&one, room, None).await;
    let (mut there, _) = follow(&other, room, None).await;
    let give = "mutation ($input: RecordContributionInput!) { recordContribution(input: $input) { __typename } }";
    let input = json!({
        "roomId": global_id::room_id(room), "idempotencyKey": "gift", "kind": "DONATION", "amount": "100",
        "currency": "EUR", "viewerId": NAME, "viewerName": NAME,
    });
    one.execute(one.tenant, give, json!({ "input": input }))
        .await;
    // That they came online may be told before.
    let mut told = there.feed("1").await;
    while !told["events"].to_string().contains("ContributionReceived") {
        told = there.feed("1").await;
    }
    assert!(told.to_string().contains(NAME), "{told}");

    let erase =
        "mutation ($user: String!) { erasePerson(input: { idempotencyKey: \"k\", userId: $user }) {
        __typename } }";
    let erased = one
        .execute(one.tenant, erase, json!({ "user": NAME }))
        .await;
    assert_eq!(erased["erasePerson"]["__typename"], "Erasure");
    for client in [&mut own, &mut here, &mut there] {
        let (code, reason) = client.close().await;
        assert_eq!((code, &*reason), (1012, "the room's log was interrupted"));
    }

    for server in [&one, &other] {
        let mut client = Client::ready(server, None).await;
        client.follow("1", room, position(&told)).await;
        let anew = client.feed("1").await;
        assert_eq!(anew["recovered"], false);
        let beginning = json!({ "after": { "epoch": anew["epoch"], "seq": "0" } });
        client.follow("2", room, beginning).await;
        let log = client.feed("2").await;
        let kinds = log["events"].to_string();
        assert!(kinds.contains("ContributionReceived"), "{log}");
        for message in [anew, log] {
            assert!(!message.to_string().contains("mkname7f3a"), "{message}");
        }
    }
}
