//! What fan-out costs, by the server's own counters. Alone in its process, which they count.

#![expect(clippy::unwrap_used, reason = "whatever is not there fails the test")]
#![expect(
    dead_code,
    reason = "the client and the server are shared with larger tests"
)]

#[path = "socket/client.rs"]
mod client;
#[path = "socket/server.rs"]
mod server;

use client::Client;
use serde_json::json;
use server::TestServer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const SUBSCRIBERS: usize = 25;
const DONATIONS: usize = 10;

#[tokio::test]
async fn a_live_message_is_executed_once_for_all_who_share_it() {
    parlor_server::http::install_recorder();
    let server = TestServer::start().await;
    let room = server.live_room("a").await;
    let mut clients = Vec::new();
    for n in 0..SUBSCRIBERS {
        let mut client = Client::ready(&server, None).await;
        client.follow(&n.to_string(), room, json!({})).await;
        client.feed(&n.to_string()).await;
        clients.push(client);
    }

    for n in 0..DONATIONS {
        server.donate(room, &n.to_string()).await;
        for (id, client) in clients.iter_mut().enumerate() {
            client.feed(&id.to_string()).await;
        }
    }

    assert_eq!(
        metric(&server, "parlor_group_executions_total").await,
        DONATIONS
    );
    assert_eq!(metric(&server, "parlor_subscribers").await, SUBSCRIBERS);
    assert_eq!(metric(&server, "parlor_groups").await, 1);
    assert_eq!(metric(&server, "parlor_rooms_watched").await, 1);
    // An acknowledgement and a snapshot each before that.
    let sent = SUBSCRIBERS * (2 + DONATIONS);
    assert_eq!(
        metric(&server, "parlor_socket_messages_sent_total").await,
        sent
    );

    server.drain();
    for client in &mut clients {
        client.close().await;
    }
    drop(clients);
    server.service.sockets.drain().await;
    let closes = metric(&server, r#"parlor_socket_closes_total{code="1012"}"#).await;
    assert_eq!(closes, SUBSCRIBERS);
    assert_eq!(metric(&server, "parlor_sockets_open").await, 0);
    for name in [
        "parlor_subscribers",
        "parlor_groups",
        "parlor_rooms_watched",
    ] {
        comes_to_nothing(&server, name).await;
    }
}

/// The group hears of its members' leaving by message, so each look gives it a turn.
async fn comes_to_nothing(server: &TestServer, name: &str) {
    for _ in 0..1_000 {
        if metric(server, name).await == 0 {
            return;
        }
    }

    panic!("{name} stays above 0 with nobody there");
}

/// Reads a metric as a monitor would.
async fn metric(server: &TestServer, name: &str) -> usize {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = "GET /metrics HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let line = answer
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));

    line.unwrap_or_else(|| panic!("no {name} in {answer}"))
        .parse()
        .unwrap()
}
