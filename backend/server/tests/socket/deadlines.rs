//! Operations over the socket that would wait for longer than they may.

use std::time::Duration;

use parlor_api::global_id;
use parlor_socket::SocketSettings;
use parlor_test_database::{Database, Engine, on_both_engines};
use serde_json::{Value, json};

use crate::client::Client;
use crate::server::{Options, TestServer};

on_both_engines!(
    a_mutation_that_the_database_does_not_answer_ends_with_an_unknown_outcome,
    a_query_that_the_database_does_not_answer_ends,
    a_subscription_that_does_not_start_closes_the_socket_to_come_back,
    a_caller_who_cannot_be_looked_up_is_sent_away,
);

async fn start(database: &Database) -> TestServer {
    TestServer::start_with(Options {
        database: Some(database.url.clone()),
        sockets: SocketSettings {
            request_timeout: Duration::from_millis(500),
            ..SocketSettings::default()
        },
        ..Options::default()
    })
    .await
}

fn code(message: &Value) -> &Value {
    assert_eq!(message["type"], "error", "{message}");
    &message["payload"][0]["extensions"]["code"]
}

async fn a_mutation_that_the_database_does_not_answer_ends_with_an_unknown_outcome(
    database: Database,
) {
    let server = start(&database).await;
    let staff = server.token(server.tenant, "staff", 600_000);
    let mut client = Client::ready(&server, Some(&staff)).await;
    let document = "mutation ($input: CreateRoomInput!) {
        createRoom(input: $input) { ... on Room { slug } }
    }";
    let variables = |slug: &str| json!({ "input": { "slug": slug, "title": "Other" } });

    let held = database.hold("rooms").await;
    client.subscribe("1", document, variables("other")).await;
    let message = client.message().await;
    assert_eq!(code(&message), "OUTCOME_UNKNOWN", "{message}");
    held.release().await;

    // Whoever had left a transaction open would hold up this lock.
    database.hold("rooms").await.release().await;
    client.subscribe("1", document, variables("after")).await;
    let message = client.message().await;
    assert_eq!(
        message["payload"]["data"]["createRoom"]["slug"], "after",
        "{message}"
    );
}

async fn a_query_that_the_database_does_not_answer_ends(database: Database) {
    // On SQLite nobody who writes keeps anybody from reading.
    if database.engine == Engine::Sqlite {
        return;
    }
    let server = start(&database).await;
    let room = server.live_room("a").await;
    let mut client = Client::ready(&server, None).await;
    let document = "query ($id: ID!) { room(id: $id) { title } }";
    let variables = json!({ "id": global_id::room_id(room) });

    let held = database.hold("rooms").await;
    client.subscribe("1", document, variables.clone()).await;
    let message = client.message().await;
    assert_eq!(code(&message), "TIMEOUT", "{message}");
    held.release().await;

    client.subscribe("1", document, variables).await;
    let message = client.message().await;
    assert_eq!(
        message["payload"]["data"]["room"]["title"], "a",
        "{message}"
    );
}

async fn a_subscription_that_does_not_start_closes_the_socket_to_come_back(database: Database) {
    if database.engine == Engine::Sqlite {
        return;
    }
    let server = start(&database).await;
    let room = server.live_room("a").await;
    let staff = server.token(server.tenant, "staff", 600_000);
    let live_staff = "subscription ($roomId: ID!) { liveStaff(roomId: $roomId) { epoch } }";
    let variables = json!({ "roomId": global_id::room_id(room) });

    for document in [crate::client::LIVE_ROOM, live_staff] {
        let mut client = Client::ready(&server, Some(&staff)).await;
        let held = database.hold("rooms").await;
        client.subscribe("1", document, variables.clone()).await;
        let reason = "a subscription took too long to start, come back";
        assert_eq!(client.close().await, (1013, reason.to_owned()));
        held.release().await;
    }
}

async fn a_caller_who_cannot_be_looked_up_is_sent_away(database: Database) {
    if database.engine == Engine::Sqlite {
        return;
    }
    let server = start(&database).await;
    let room = server.live_room("a").await;
    let (_, secret) = server.overlay_token(room).await;
    let mut client = Client::connect(&server).await;

    let held = database.hold("overlay_tokens").await;
    client.init(Some(&secret)).await;
    let away = (1013, "the database is away, come back".to_owned());
    assert_eq!(client.close().await, away);
    held.release().await;
}
