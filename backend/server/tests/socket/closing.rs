//! Sockets that the server has to close, and what it says.

use std::time::Duration;

use parlor_domain::time::ServerTime;
use parlor_socket::SocketSettings;
use serde_json::json;

use crate::client::{Client, PATIENCE, Received, seqs};
use crate::server::{Options, START_MS, TestServer};

#[tokio::test]
async fn a_slow_consumer_is_closed_and_never_skipped() {
    let sockets = SocketSettings {
        outbound_messages_max: 8,
        close_timeout: PATIENCE,
        ..SocketSettings::default()
    };
    let server = TestServer::start_with(Options {
        sockets,
        send_buffer_bytes: Some(4_096),
        ..Options::default()
    })
    .await;
    let room = server.live_room("a").await;
    let connected = Client::connect_with(server.address, Some(4_096), |_| ()).await;
    let mut slow = connected.unwrap();
    slow.init(None).await;
    slow.message().await;
    slow.follow("1", room, json!({})).await;
    let start = slow.feed("1").await;
    let mut quick = Client::ready(&server, None).await;
    quick.follow("1", room, json!({})).await;
    quick.feed("1").await;

    // More than the two kernel buffers and the queue hold.
    for n in 0..200 {
        server.donate(room, &format!("donor {n}")).await;
        quick.feed("1").await;
    }

    let mut through = start["throughSeq"].clone();
    let mut received = 0;
    let (code, reason) = loop {
        match slow.receive().await {
            Received::Message(message) => {
                let feed = &message["payload"]["data"]["liveRoom"];
                assert_eq!(feed["afterSeq"], through);
                assert!(!seqs(&feed["events"]).is_empty());
                through = feed["throughSeq"].clone();
                received += 1;
            }
            Received::Close { code, reason } => break (code, reason),
            Received::End => panic!("the connection ended without a close"),
        }
    };
    assert_eq!(code, 1013, "{reason}");
    assert!(reason.starts_with("slow consumer"), "{reason}");
    assert!(received < 200, "the consumer was not slow");
}

#[tokio::test]
async fn a_drain_sends_sockets_away_to_come_back() {
    let server = TestServer::start().await;
    let room = server.live_room("a").await;
    let mut following = Client::ready(&server, None).await;
    following.follow("1", room, json!({})).await;
    following.feed("1").await;
    let mut waiting = Client::connect(&server).await;

    server.drain();

    for client in [&mut following, &mut waiting] {
        let expected = (1012, "the server goes away, come back".to_owned());
        assert_eq!(client.close().await, expected);
    }
    drop((following, waiting));
    tokio::time::timeout(PATIENCE, server.service.sockets.drain())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_token_that_runs_out_is_announced_and_closes_the_socket() {
    let sockets = SocketSettings {
        token_warning: Duration::from_hours(1),
        token_grace: Duration::ZERO,
        ..SocketSettings::default()
    };
    let server = TestServer::start_with(Options {
        sockets,
        ..Options::default()
    })
    .await;
    let token = server.token(server.tenant, "viewer", 60_000);
    let expires_at = START_MS + 60_000;
    server
        .clock
        .set(ServerTime::from_unix_millis(expires_at - 50));
    let mut client = Client::ready(&server, Some(&token)).await;

    let payload = json!({ "serverSentAt": expires_at - 50, "tokenExpiresAt": expires_at });
    assert_eq!(
        client.message().await,
        json!({ "type": "ping", "payload": payload })
    );
    assert_eq!(client.close().await, (4403, "the token expired".to_owned()));
}

#[tokio::test]
async fn a_revoked_overlay_token_closes_its_sockets() {
    let sockets = SocketSettings {
        token_check: Duration::from_millis(10),
        ..SocketSettings::default()
    };
    let server = TestServer::start_with(Options {
        sockets,
        ..Options::default()
    })
    .await;
    let room = server.room(server.tenant, "a", false).await;
    let (_, kept) = server.overlay_token(room).await;
    let (id, revoked) = server.overlay_token(room).await;
    let mut others = Client::ready(&server, Some(&kept)).await;
    let mut client = Client::ready(&server, Some(&revoked)).await;
    client.follow("1", room, json!({})).await;
    client.feed("1").await;

    let document = "mutation ($id: ID!) { revokeOverlayToken(id: $id) { __typename } }";
    server
        .execute(server.tenant, document, json!({ "id": id }))
        .await;

    assert_eq!(
        client.close().await,
        (4403, "the overlay token was revoked".to_owned())
    );
    others.expect_quiet().await;
}

#[tokio::test]
async fn a_peer_that_says_nothing_is_given_up() {
    let sockets = SocketSettings {
        probe_after: Duration::from_millis(1),
        probe_answer_max: Duration::ZERO,
        ..SocketSettings::default()
    };
    let server = TestServer::start_with(Options {
        sockets,
        ..Options::default()
    })
    .await;
    let mut client = Client::ready(&server, None).await;

    assert_eq!(
        client.close().await,
        (1013, "nothing heard for 0 s".to_owned())
    );
}
