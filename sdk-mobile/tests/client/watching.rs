//! What the viewer watches is told by itself, and never as another viewer's.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parlor::{Client, Config, Placement, WatchOutcome, WatchedMinute};
use serde_json::{Value, json};
use std::sync::Arc;

use crate::app::config;
use crate::server::{BASE, Peer, Server, snapshot, within};

/// The minute that [`BASE`] lies in.
const MINUTE: i64 = BASE - BASE % 60_000;

#[tokio::test]
async fn what_was_watched_is_told_and_known() {
    let (server, client, _peer) = watch(true).await;
    let told = report(&server, &client, taken(&json!(null))).await;

    assert_eq!(told["roomId"], "room-1");
    assert_eq!(told["sessionId"], "session-1");
    assert_eq!(
        told["lease"], "lease-0",
        "it was asked for as the picture began"
    );
    let span = &told["spans"][0];
    assert_eq!(told["spans"].as_array().unwrap().len(), 1);
    assert_eq!(span["rate"], 1.0);
    let picture = span["playheadUntil"].as_f64().unwrap() - span["playheadFrom"].as_f64().unwrap();
    assert!((1.0..10.0).contains(&picture), "{span}");
    let minute = WatchedMinute {
        minute_unix_millis: MINUTE,
        played_seconds: 2,
        outcome: None,
        points: 0,
    };
    assert_eq!(client.watched().minutes, [minute]);

    // What is not decided is told again, and what is decided is not.
    let again = report(&server, &client, taken(&json!("TOO_SHORT"))).await;
    assert_eq!(again["spans"][0]["from"], span["from"]);
    assert_eq!(
        client.watched().minutes[0].outcome,
        Some(WatchOutcome::TooShort)
    );
    assert_eq!(client.watched().refusal, None);
    within(client.report_watched()).await;
}

#[tokio::test]
async fn who_is_refused_tells_nothing_until_there_is_another_token() {
    let (server, client, _peer) = watch(true).await;
    let refused = json!({ "__typename": "AuthError", "message": "not you", "code": "FORBIDDEN" });
    let first = report(&server, &client, refused).await;
    let refusal = client.watched().refusal;
    assert_eq!(refusal.as_deref(), Some("not allowed: not you"));
    within(client.report_watched()).await;

    client.set_token(token("ana", "renewed"));
    let second = report(&server, &client, taken(&json!(null))).await;
    assert_eq!(second["spans"][0]["from"], first["spans"][0]["from"]);
}

#[tokio::test]
async fn a_room_that_is_not_found_is_told_of_again() {
    let (server, client, _peer) = watch(true).await;
    let absent = json!({
        "__typename": "NotFoundError", "message": "there is no room", "code": "NOT_FOUND",
        "resourceType": "Room", "resourceId": "room-1",
    });
    let first = report(&server, &client, absent).await;
    let refusal = client.watched().refusal;
    assert!(refusal.unwrap().contains("there is no room"));

    let second = report(&server, &client, taken(&json!(null))).await;
    assert_eq!(second["spans"][0]["from"], first["spans"][0]["from"]);
    assert_eq!(client.watched().refusal, None);
}

#[tokio::test]
async fn what_one_viewer_watched_is_not_told_as_the_next_ones() {
    let (server, client, _peer) = watch(true).await;
    report(&server, &client, taken(&json!(null))).await;
    assert_eq!(client.watched().minutes.len(), 1);

    client.set_token(token("ben", "first"));
    assert_eq!(client.watched().minutes, []);
    // There is nothing to tell, so no server is asked.
    within(client.report_watched()).await;
}

#[tokio::test]
async fn whose_a_token_is_is_read_as_the_server_does() {
    let by = |claims: Value| format!("e30.{}.none", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let ana = json!({ "tenant_id": "t", "user_id": "ana", "sub": "device" });
    for (next, is_same) in [
        (
            json!({ "tenant_id": "t", "user_id": "ana", "sub": "another device" }),
            true,
        ),
        (
            json!({ "tenant_id": "t", "user_id": null, "sub": "ana" }),
            true,
        ),
        (
            json!({ "tenant_id": "t", "user_id": "ben", "sub": "device" }),
            false,
        ),
        (
            json!({ "tenant_id": "u", "user_id": "ana", "sub": "device" }),
            false,
        ),
        (json!({ "tenant_id": "t" }), false),
    ] {
        let (server, client, _peer) = watch(true).await;
        client.set_token(by(ana.clone()));
        assert_eq!(client.watched().minutes, []);
        play(&client, Some(&server)).await;
        report(&server, &client, taken(&json!(null))).await;
        assert_eq!(client.watched().minutes.len(), 1);

        client.set_token(by(next.clone()));
        assert_eq!(client.watched().minutes.len() == 1, is_same, "{next}");
    }
}

#[tokio::test]
async fn a_refusal_of_the_token_before_says_nothing_of_the_next() {
    let (server, client, _peer) = watch(true).await;
    let reporting = tokio::spawn({
        let client = client.clone();
        async move { client.report_watched().await }
    });
    let asked = server.accept_request().await;
    client.set_token(token("ana", "renewed"));
    let refused =
        json!({ "__typename": "AuthError", "message": "expired", "code": "UNAUTHENTICATED" });
    asked
        .answer(&json!({ "data": { "reportWatching": refused } }))
        .await;
    within(reporting).await.unwrap();

    assert_eq!(client.watched().refusal, None);
    report(&server, &client, taken(&json!(null))).await;
}

#[tokio::test]
async fn who_goes_away_tells_before() {
    let (server, client, _peer) = watch(true).await;

    client.pause();
    let told = server
        .answer(&json!({ "data": { "reportWatching": taken(&json!(null)) } }))
        .await;
    assert_eq!(told["variables"]["input"]["sessionId"], "session-1");
}

#[tokio::test]
async fn nothing_is_told_where_the_application_does_not_want_it() {
    let (_server, client, _peer) = watch(false).await;

    within(client.report_watched()).await;
    assert_eq!(client.watched().minutes, []);
}

/// A client of a live session whose picture has played for a second and a half.
async fn watch(reports_watching: bool) -> (Server, Arc<Client>, Peer) {
    let server = Server::start().await;
    let client = Client::connect(Config {
        placement: Placement::Player,
        token: Some(token("ana", "first")),
        reports_watching,
        ..config(&server, "room-1")
    });
    let client = client.unwrap();
    client.set_playhead(BASE + 500, false, 10_000);
    let mut peer = server.accept().await;
    let (id, _) = peer.subscription().await;
    let mut first = snapshot(5);
    first["snapshot"] = json!([{
        "__typename": "SessionStarted", "seq": "1", "timing": "LIVE", "part": "session",
        "occurredAt": "2026-01-02T03:00:00.000Z", "displayAt": "2026-01-02T03:00:00.000Z",
        "session": {
            "id": "session-1", "startedAt": "2026-01-02T03:00:00.000Z", "interruptedAt": null,
            "endedAt": null, "delayMs": 0,
        },
    }]);
    peer.feed(&id, first).await;
    let is_in_time = async {
        while client.clock_error_ms().is_none() || client.room().session.is_none() {
            tokio::task::yield_now().await;
        }
    };
    within(is_in_time).await;

    play(&client, reports_watching.then_some(&server)).await;

    (server, client, peer)
}

/// Has the picture play for a second and a half. `server` gives the lease that is asked for as it begins.
async fn play(client: &Client, server: Option<&Server>) {
    let from = client.picture_time_unix_millis().unwrap();
    client.set_playhead(from, true, 10_000);
    if let Some(server) = server {
        let lease = json!({ "__typename": "WatchReport", "minutes": [], "lease": "lease-0" });
        let asked = server
            .answer(&json!({ "data": { "reportWatching": lease } }))
            .await;
        assert_eq!(asked["variables"]["input"]["spans"], json!([]));
    }
    let has_played = async {
        while client.picture_time_unix_millis().unwrap() < from + 1_500 {
            tokio::task::yield_now().await;
        }
    };
    within(has_played).await;
    let until = client.picture_time_unix_millis().unwrap();
    client.set_playhead(until, true, 10_000);
}

/// Has the client tell what was watched, answers that, and returns what it told.
async fn report(server: &Server, client: &Arc<Client>, answer: Value) -> Value {
    let data = json!({ "data": { "reportWatching": answer } });
    let reporting = tokio::spawn({
        let client = client.clone();
        async move { client.report_watched().await }
    });
    let request = server.answer(&data).await;
    within(reporting).await.unwrap();

    request["variables"]["input"].clone()
}

fn taken(outcome: &Value) -> Value {
    let minute = json!({
        "minute": "2026-01-02T03:04:00.000Z", "playedSeconds": 2, "outcome": outcome, "points": "0",
    });

    json!({ "__typename": "WatchReport", "minutes": [minute], "lease": "lease-1" })
}

fn token(sub: &str, id: &str) -> String {
    let claims = json!({ "sub": sub, "jti": id }).to_string();

    format!("e30.{}.none", URL_SAFE_NO_PAD.encode(claims))
}
