//! Background and foreground, changes of network, and tokens that run out.

use std::sync::Arc;

use parlor::{Client, ConnectionState, Failure, TokenRequest, TokenRequestReason};
use serde_json::json;

use crate::app::{connect, contributions, overfill, reached, shown};
use crate::server::{BASE, Peer, Server, feed, snapshot, within};

#[tokio::test]
async fn an_application_in_the_background_holds_no_socket_and_comes_back_to_its_place() {
    let server = Server::start().await;
    let (client, peer, id) = following(&server).await;
    peer.feed(&id, feed(5, &contributions(6..=6))).await;
    assert_eq!(shown(&client, 1).await, [6]);

    client.pause();
    reached(&client, |state| *state == ConnectionState::Paused).await;
    assert_eq!(peer.closed().await, Some(1000));

    client.resume();
    let mut peer = server.accept().await;
    let (id, variables) = peer.subscription().await;
    assert_eq!(variables["after"], json!({"epoch": "e1", "seq": "6"}));
    peer.feed(&id, feed(6, &contributions(7..=9))).await;
    assert_eq!(shown(&client, 3).await, [7, 8, 9]);
    assert_eq!(client.stats().disconnects, 0);
}

#[tokio::test]
async fn an_application_that_has_stopped_pulling_can_still_pause() {
    let server = Server::start().await;
    let (client, peer, id) = following(&server).await;
    let sent = overfill(&peer, &id, 5).await;

    client.pause();
    reached(&client, |state| *state == ConnectionState::Paused).await;
    peer.hang_up();
    let delivered = shown(&client, 64).await;
    assert_eq!(delivered, (6..=69).collect::<Vec<_>>());

    client.resume();
    let mut peer = server.accept().await;
    let (id, variables) = peer.subscription().await;
    let after: i64 = variables["after"]["seq"].as_str().unwrap().parse().unwrap();
    peer.feed(&id, feed(after, &contributions(after + 1..=sent + 1)))
        .await;
    let missing = usize::try_from(sent + 1 - 69).unwrap();
    assert_eq!(
        shown(&client, missing).await,
        (70..=sent + 1).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn without_a_network_the_client_waits_and_with_one_it_comes_back() {
    let server = Server::start().await;
    let (client, peer, _) = following(&server).await;

    client.network_changed(false);
    reached(&client, |state| {
        *state == ConnectionState::WaitingForNetwork
    })
    .await;
    assert_eq!(peer.closed().await, Some(1000));

    client.network_changed(true);
    let mut peer = server.accept().await;
    let (_, variables) = peer.subscription().await;
    assert_eq!(variables["after"], json!({"epoch": "e1", "seq": "5"}));
}

#[tokio::test]
async fn another_network_and_an_explicit_wish_replace_the_socket() {
    let server = Server::start().await;
    let (client, peer, _) = following(&server).await;

    client.network_changed(true);
    let mut next = server.accept().await;
    assert_eq!(peer.closed().await, Some(1000));
    let (id, variables) = next.subscription().await;
    assert_eq!(variables["after"], json!({"epoch": "e1", "seq": "5"}));
    next.feed(&id, feed(5, &[])).await;

    client.reconnect();
    let mut last = server.accept().await;
    assert_eq!(next.closed().await, Some(1000));
    let (_, variables) = last.subscription().await;
    assert_eq!(variables["after"], json!({"epoch": "e1", "seq": "5"}));
}

#[tokio::test]
async fn an_expiring_token_is_asked_for_and_renewed_without_a_gap() {
    let server = Server::start().await;
    let (client, peer, _) = following(&server).await;
    warn(&peer, 77).await;
    let request = within(client.next_token_request()).await;
    assert_eq!(
        request,
        Some(TokenRequest {
            reason: TokenRequestReason::Expiring {
                expires_at_unix_millis: 77
            }
        })
    );
    let expiring = ConnectionState::Live {
        token_expires_at_unix_millis: Some(77),
    };
    reached(&client, |state| *state == expiring).await;
    let states = client.connection_states();
    assert_eq!(within(states.next()).await, Some(expiring));

    client.set_token("new".to_owned());

    let mut next = server.accept().await;
    assert_eq!(next.init["payload"]["Authorization"], "Bearer new");
    let (id, variables) = next.subscription().await;
    assert_eq!(variables["after"], json!({"epoch": "e1", "seq": "5"}));
    next.feed(&id, feed(5, &contributions(6..=6))).await;
    assert_eq!(shown(&client, 1).await, [6]);
    let live = ConnectionState::Live {
        token_expires_at_unix_millis: None,
    };
    let next_state = within(states.next()).await;
    assert_eq!(next_state, Some(live), "nothing else is seen in between");
}

#[tokio::test]
async fn every_refusal_of_a_token_asks_for_another() {
    let server = Server::start().await;
    let client = connect(&server, "room-1");
    let refused = Some(TokenRequest {
        reason: TokenRequestReason::Refused,
    });
    server.reject(4403).await;
    assert_eq!(within(client.next_token_request()).await, refused);
    assert_eq!(
        client.connection_state(),
        ConnectionState::Refused {
            failure: Failure::SignInRequired
        }
    );

    client.set_token("bad as well".to_owned());
    server.reject(4403).await;
    assert_eq!(within(client.next_token_request()).await, refused);

    client.set_token("good".to_owned());
    let peer = server.accept().await;
    assert_eq!(peer.init["payload"]["Authorization"], "Bearer good");
}

#[tokio::test]
async fn a_need_that_is_met_already_is_not_told() {
    let server = Server::start().await;
    let client = connect(&server, "room-1");
    server.reject(4403).await;
    let refused = ConnectionState::Refused {
        failure: Failure::SignInRequired,
    };
    reached(&client, |state| *state == refused).await;
    client.set_token("new".to_owned());
    let mut peer = server.accept().await;
    let (id, _) = peer.subscription().await;
    peer.feed(&id, snapshot(5)).await;
    warn(&peer, 77).await;

    let request = within(client.next_token_request()).await;
    let reason = TokenRequestReason::Expiring {
        expires_at_unix_millis: 77,
    };
    assert_eq!(request, Some(TokenRequest { reason }));
}

#[tokio::test]
async fn stopping_ends_the_wait_for_a_token_request() {
    let server = Server::start().await;
    let (client, _peer, _) = following(&server).await;
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { client.next_token_request().await }
    });

    client.stop();

    assert_eq!(within(waiting).await.unwrap(), None);
    assert_eq!(within(client.next_token_request()).await, None);
}

/// A client whose first message has come, with the server's end and the subscription's id.
async fn following(server: &Server) -> (Arc<Client>, Peer, String) {
    let client = connect(server, "room-1");
    let mut peer = server.accept().await;
    let (id, _) = peer.subscription().await;
    peer.feed(&id, snapshot(5)).await;
    let live = |state: &_| matches!(state, ConnectionState::Live { .. });
    reached(&client, live).await;

    (client, peer, id)
}

async fn warn(peer: &Peer, expires_at: i64) {
    let payload = json!({"serverSentAt": BASE, "tokenExpiresAt": expires_at});
    peer.send(&json!({"type": "ping", "payload": payload}))
        .await;
}
