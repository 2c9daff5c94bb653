//! Requests that would wait for longer than they may.

use axum::http::StatusCode;
use parlor_test_database::{Database, Engine, on_both_engines};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::server::{Answer, Api, mutation_document};

on_both_engines! {
    a_mutation_that_the_database_does_not_answer_is_given_up_with_an_unknown_outcome,
    what_is_read_and_does_not_come_is_given_up,
    who_cannot_be_looked_up_yet_may_try_again,
    a_body_that_does_not_come_is_given_up,
}

/// How long requests have here: many times what they take, and few tests wait it out.
const REQUEST_TIMEOUT_MS: u64 = 500;

async fn start(database: &Database) -> Api {
    Api::start_within(&database.url, REQUEST_TIMEOUT_MS).await
}

async fn post(api: &Api, token: &str, document: &str, variables: Value) -> Answer {
    let body = json!({ "query": document, "variables": variables });
    api.post(token, &[], body.to_string()).await
}

async fn a_mutation_that_the_database_does_not_answer_is_given_up_with_an_unknown_outcome(
    database: Database,
) {
    let api = start(&database).await;
    let room = api.room("show").await;
    let mutations = [
        ("createRoom", json!({ "slug": "other", "title": "Other" })),
        ("startSession", json!({ "roomId": room })),
        (
            "createOverlayToken",
            json!({ "roomId": room, "label": "OBS" }),
        ),
    ];

    for (mutation, input) in mutations {
        let held = database.hold("rooms").await;
        let (document, variables) = mutation_document(mutation, input);
        let answer = post(&api, &api.staff, &document, variables).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        assert_eq!(answer.code(), "OUTCOME_UNKNOWN", "{answer:?}");
        assert!(answer.body.contains(r#""data":null"#), "{answer:?}");
        held.release().await;
    }

    // Whoever had left a transaction open would hold up this lock.
    database.hold("rooms").await.release().await;
    api.room("after").await;
}

async fn what_is_read_and_does_not_come_is_given_up(database: Database) {
    // On SQLite nobody who writes keeps anybody from reading.
    if database.engine == Engine::Sqlite {
        return;
    }
    let api = start(&database).await;
    let room = api.room("show").await;
    let made = api
        .mutate(
            "createOverlayToken",
            json!({ "roomId": room, "label": "OBS" }),
        )
        .await;
    let secret = made["secret"].as_str().unwrap();
    let document = "query ($id: ID!) { room(id: $id) { title } }";
    let variables = json!({ "id": room });
    let (mutation, input) = mutation_document("startSession", json!({ "roomId": room }));

    // table, token, document: what is looked up before anything is executed, and what the execution reads
    for (table, token, document, variables, status) in [
        ("rooms", api.staff.as_str(), document, &variables, 200),
        ("overlay_tokens", secret, document, &variables, 503),
        ("overlay_tokens", secret, mutation.as_str(), &input, 503),
    ] {
        let held = database.hold(table).await;
        let answer = post(&api, token, document, variables.clone()).await;
        assert_eq!(answer.code(), "TIMEOUT", "{answer:?}");
        assert_eq!(answer.status.as_u16(), status, "{answer:?}");
        held.release().await;
    }
}

async fn who_cannot_be_looked_up_yet_may_try_again(database: Database) {
    // On SQLite nobody who writes keeps anybody from reading.
    if database.engine == Engine::Sqlite {
        return;
    }
    // Longer than the store lets a statement wait.
    let api = Api::start(&database.url).await;
    let held = database.hold("overlay_tokens").await;
    let answer = post(&api, "pot_0123", "{ __typename }", json!({})).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
    assert_eq!(answer.code(), "OVERLOADED", "{answer:?}");
    held.release().await;
}

async fn a_body_that_does_not_come_is_given_up(database: Database) {
    let api = start(&database).await;
    let mut stream = TcpStream::connect(api.server.address).await.unwrap();
    let begun = "POST /graphql HTTP/1.1\r\nhost: parlor.example\r\ncontent-type: application/json\r\n\
                content-length: 100\r\n\r\n{\"query\":";
    stream.write_all(begun.as_bytes()).await.unwrap();

    let mut heard = String::new();
    stream.read_to_string(&mut heard).await.unwrap();
    assert!(heard.starts_with("HTTP/1.1 408"), "{heard}");
    assert!(heard.contains(r#""code":"TIMEOUT""#), "{heard}");
}
