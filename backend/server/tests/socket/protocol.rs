//! Probes of `graphql-transport-ws`, one a test.

use std::time::Duration;

use parlor_socket::SocketSettings;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::client::{Client, PATIENCE, Received};
use crate::server::{Options, START_MS, TestServer};

const TYPENAME: &str = "{ __typename }";

async fn closed_after(message: &str) -> (u16, String) {
    let server = TestServer::start().await;
    let mut client = Client::connect(&server).await;
    client.send_raw(Message::text(message)).await;
    client.close().await
}

#[tokio::test]
async fn without_an_init_the_socket_is_closed_in_time() {
    let init_timeout = Duration::from_millis(20);
    let sockets = SocketSettings {
        init_timeout,
        ..SocketSettings::default()
    };
    let server = TestServer::start_with(Options {
        sockets,
        ..Options::default()
    })
    .await;
    let mut client = Client::connect(&server).await;

    assert_eq!(
        client.close().await,
        (4408, "Connection initialisation timeout".to_owned())
    );
}

#[tokio::test]
async fn what_is_not_json_closes_the_socket() {
    let (code, reason) = closed_after("{").await;

    assert_eq!(code, 4400);
    assert!(reason.starts_with("the message is not JSON"), "{reason}");
}

#[tokio::test]
async fn an_unknown_type_closes_the_socket() {
    let expected = (4400, r#"unknown message type "start""#.to_owned());

    assert_eq!(closed_after(r#"{"type":"start"}"#).await, expected);
}

#[tokio::test]
async fn binary_and_too_large_messages_close_the_socket() {
    let server = TestServer::start().await;
    let mut client = Client::connect(&server).await;
    client.send_raw(Message::binary(vec![1, 2, 3])).await;
    assert_eq!(
        client.close().await,
        (4400, "messages are text, not binary".to_owned())
    );

    let mut client = Client::connect(&server).await;
    client.send_raw(Message::text("x".repeat(70_000))).await;
    let (code, reason) = client.close().await;
    assert_eq!(code, 4400);
    assert!(
        reason.starts_with("the message could not be read"),
        "{reason}"
    );
}

#[tokio::test]
async fn subscribing_before_the_acknowledgement_closes_the_socket() {
    let subscribe = json!({ "id": "1", "type": "subscribe", "payload": { "query": TYPENAME } });

    let expected = (4401, "Unauthorized".to_owned());
    assert_eq!(closed_after(&subscribe.to_string()).await, expected);
}

#[tokio::test]
async fn a_second_init_closes_the_socket() {
    let server = TestServer::start().await;
    let mut client = Client::ready(&server, None).await;
    client.init(None).await;

    let expected = (4429, "Too many initialisation requests".to_owned());
    assert_eq!(client.close().await, expected);
}

#[tokio::test]
async fn an_id_in_use_closes_the_socket() {
    let server = TestServer::start().await;
    let room = server.live_room("a").await;
    let mut client = Client::ready(&server, None).await;
    client.follow("one", room, json!({})).await;
    client.feed("one").await;
    client.follow("one", room, json!({})).await;

    assert_eq!(
        client.close().await,
        (4409, "Subscriber for one already exists".to_owned())
    );
}

#[tokio::test]
async fn a_syntax_error_ends_the_operation_and_nothing_else() {
    let server = TestServer::start().await;
    let mut client = Client::ready(&server, None).await;
    client.subscribe("1", "subscription {", json!({})).await;

    assert_eq!(
        client.error("1").await[0]["extensions"]["code"],
        "VALIDATION"
    );
    client.subscribe("1", TYPENAME, json!({})).await;
    assert_eq!(client.message().await["type"], "next");
}

#[tokio::test]
async fn an_invalid_operation_ends_with_an_error_before_anything_is_executed() {
    let server = TestServer::start().await;
    let mut client = Client::ready(&server, None).await;
    let cases = [
        (
            "subscription { liveRoom(roomId: \"x\") { nothing } }",
            json!({}),
        ),
        ("subscription { liveRoom { epoch } }", json!({})),
        (
            "subscription ($x: ID!) { liveRoom(roomId: $x) { epoch } }",
            json!({}),
        ),
        ("subscription { a: __typename b: __typename }", json!({})),
        ("{ nothing }", json!({})),
        ("mutation { nothing }", json!({})),
    ];

    for (query, variables) in cases {
        client.subscribe("1", query, variables).await;
        let errors = client.error("1").await;
        assert_eq!(
            errors[0]["extensions"]["code"], "VALIDATION",
            "{query}: {errors}"
        );
    }
}

#[tokio::test]
async fn a_ping_is_answered_with_clock_stamps() {
    let server = TestServer::start().await;
    let mut client = Client::connect(&server).await;
    client
        .send(json!({ "type": "ping", "payload": { "clientSentAt": 12.5 } }))
        .await;

    let payload =
        json!({ "clientSentAt": 12.5, "serverReceivedAt": START_MS, "serverSentAt": START_MS });
    assert_eq!(
        client.message().await,
        json!({ "type": "pong", "payload": payload })
    );

    client.send(json!({ "type": "ping" })).await;
    let payload = json!({ "serverReceivedAt": START_MS, "serverSentAt": START_MS });
    assert_eq!(
        client.message().await,
        json!({ "type": "pong", "payload": payload })
    );
    client
        .send(json!({ "type": "pong", "payload": null }))
        .await;
    client.expect_quiet().await;
}

#[tokio::test]
async fn a_client_that_says_nothing_and_answers_probes_is_pinged_and_kept() {
    let sockets = SocketSettings {
        probe_after: Duration::from_millis(1),
        probe_answer_max: PATIENCE,
        ping_after: Duration::from_millis(20),
        ..SocketSettings::default()
    };
    let server = TestServer::start_with(Options {
        sockets,
        ..Options::default()
    })
    .await;
    let mut client = Client::ready(&server, None).await;

    let ping = json!({ "type": "ping", "payload": { "serverSentAt": START_MS } });
    for _ in 0..3 {
        assert_eq!(client.message().await, ping);
    }
}

#[tokio::test]
async fn a_clients_complete_stops_exactly_that_operation() {
    let server = TestServer::start().await;
    let room = server.live_room("a").await;
    let mut client = Client::ready(&server, None).await;
    client.follow("one", room, json!({})).await;
    client.feed("one").await;
    client.follow("two", room, json!({})).await;
    client.feed("two").await;

    client
        .send(json!({ "id": "one", "type": "complete" }))
        .await;
    client
        .send(json!({ "id": "never begun", "type": "complete" }))
        .await;
    client.expect_quiet().await;
    server.donate(room, "a").await;
    client.feed("two").await;
    client.expect_quiet().await;

    client.follow("one", room, json!({})).await;
    client.feed("one").await;
}

#[tokio::test]
async fn a_rejected_init_closes_the_socket() {
    let server = TestServer::start().await;
    let (room, stranger) = (server.live_room("a").await, server.new_tenant().await);
    let (_, secret) = server.overlay_token(room).await;
    let good = server.token(stranger, "staff", 600_000);
    let tokens = [
        "nonsense".to_owned(),
        format!("{good}x"),
        server.token(stranger, "staff", -600_000),
        format!("{secret}x"),
    ];

    for token in tokens {
        let mut client = Client::connect(&server).await;
        client.init(Some(&token)).await;
        let (code, reason) = client.close().await;
        assert_eq!(code, 4403, "{token}: {reason}");
    }
    Client::ready(&server, Some(&good)).await;
    Client::ready(&server, Some(&secret)).await;
}

#[tokio::test]
async fn another_subprotocol_is_not_acceptable() {
    let server = TestServer::start().await;
    let connected = Client::connect_with(server.address, None, |request| {
        request.headers_mut().remove("sec-websocket-protocol");
    });

    let expected = Received::Close {
        code: 4406,
        reason: "Subprotocol not acceptable".to_owned(),
    };
    assert_eq!(connected.await.unwrap().receive().await, expected);
}

#[tokio::test]
async fn pages_of_other_origins_may_not_connect() {
    let server = TestServer::start_with(Options {
        allowed_origin: vec!["https://good.example".to_owned()],
        ..Options::default()
    })
    .await;
    let own = format!("http://{}", server.address);

    for (origin, expected) in [
        ("https://good.example", true),
        (own.as_str(), true),
        ("https://bad.example", false),
    ] {
        let connected = Client::connect_with(server.address, None, |request| {
            request
                .headers_mut()
                .insert("origin", origin.parse().unwrap());
        });
        assert_eq!(connected.await.is_ok(), expected, "{origin}");
    }
}

#[tokio::test]
async fn queries_and_mutations_are_answered_once() {
    let server = TestServer::start().await;
    let token = server.token(server.tenant, "staff", 600_000);
    let mut client = Client::ready(&server, Some(&token)).await;

    client.subscribe("q", "{ __typename }", json!({})).await;
    let payload = json!({ "data": { "__typename": "Query" } });
    let next = json!({ "id": "q", "type": "next", "payload": payload });
    assert_eq!(client.message().await, next);
    assert_eq!(
        client.message().await,
        json!({ "id": "q", "type": "complete" })
    );

    let create = r#"mutation { createRoom(input: { slug: "made", title: "t" }) { __typename } }"#;
    client.subscribe("m", create, json!({})).await;
    let payload = json!({ "data": { "createRoom": { "__typename": "Room" } } });
    let next = json!({ "id": "m", "type": "next", "payload": payload });
    assert_eq!(client.message().await, next);
    assert_eq!(
        client.message().await,
        json!({ "id": "m", "type": "complete" })
    );
}

#[tokio::test]
async fn one_socket_has_a_limit_of_operations() {
    let sockets = SocketSettings {
        operations_max: 1,
        ..SocketSettings::default()
    };
    let server = TestServer::start_with(Options {
        sockets,
        ..Options::default()
    })
    .await;
    let room = server.live_room("a").await;
    let mut client = Client::ready(&server, None).await;
    client.follow("one", room, json!({})).await;
    client.feed("one").await;

    client.follow("two", room, json!({})).await;
    let errors = client.error("two").await;
    assert_eq!(
        errors[0]["message"],
        "a socket has at most 1 operations at once"
    );
    server.donate(room, "a").await;
    client.feed("one").await;
}
