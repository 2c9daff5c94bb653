//! Reads that fail for a while: whoever follows a room, or is about to, hears nothing of it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use parlor_api::global_id;
use parlor_domain::id::RoomId;
use parlor_socket::SocketSettings;
use parlor_test_database::{Database, on_both_engines};
use serde_json::{Value, json};

use crate::client::{Client, position, seqs};
use crate::server::{Options, TestServer};

on_both_engines!(
    a_subscription_starts_once_the_database_can_be_read,
    a_subscription_resumes_once_the_database_can_be_read,
    nobody_is_sent_away_while_it_is_not_known_who_may_read_a_room,
    a_gap_is_filled_once_the_log_can_be_read,
    a_caller_is_let_in_once_they_can_be_looked_up,
    tokens_hold_while_they_cannot_be_looked_up,
    an_audit_trail_goes_on_once_it_can_be_read,
    a_database_that_stays_away_closes_sockets_to_come_back,
);

/// A server, a room, and somebody whose pings show that time passes.
struct Scene {
    database: Database,
    server: TestServer,
    room: RoomId,
    observer: Client,
}

impl Scene {
    async fn set(database: Database, sockets: SocketSettings, heads_check: Duration) -> Self {
        let server = TestServer::start_with(Options {
            database: Some(database.url.clone()),
            sockets,
            heads_check,
            ..Options::default()
        })
        .await;
        let room = server.live_room("a").await;
        let observer = Client::ready(&server, None).await;

        Self {
            database,
            server,
            room,
            observer,
        }
    }

    async fn usual(database: Database) -> Self {
        Self::set(database, SocketSettings::default(), Duration::from_hours(1)).await
    }

    /// Has every read of a table fail.
    async fn hide(&self, table: &str) {
        let hide = format!("ALTER TABLE {table} RENAME TO hidden");
        self.database.run(&hide).await;
    }

    /// Shows the table again, once reads have failed more than once.
    async fn show_after_failures(&mut self, table: &str) {
        let hub = &self.server.service.app.hub;
        let enough = hub.failed_reads() + 2;
        while hub.failed_reads() < enough {
            self.observer.expect_quiet().await;
        }
        let show = format!("ALTER TABLE hidden RENAME TO {table}");
        self.database.run(&show).await;
    }
}

async fn a_subscription_starts_once_the_database_can_be_read(database: Database) {
    let mut scene = Scene::usual(database).await;
    let mut client = Client::ready(&scene.server, None).await;

    scene.hide("parts").await;
    client.follow("1", scene.room, json!({})).await;
    scene.show_after_failures("parts").await;

    let first = client.feed("1").await;
    assert_eq!(seqs(&first["snapshot"]), [1, 2]);
}

async fn a_subscription_resumes_once_the_database_can_be_read(database: Database) {
    let mut scene = Scene::usual(database).await;
    let mut client = Client::ready(&scene.server, None).await;
    client.follow("1", scene.room, json!({})).await;
    let first = client.feed("1").await;
    drop(client);
    scene.server.donate(scene.room, "a").await;
    let mut client = Client::ready(&scene.server, None).await;

    scene.hide("events").await;
    client.follow("1", scene.room, position(&first)).await;
    scene.show_after_failures("events").await;

    let resumed = client.feed("1").await;
    assert_eq!(resumed["recovered"], true);
    assert_eq!(seqs(&resumed["events"]), [3, 4]);
}

async fn nobody_is_sent_away_while_it_is_not_known_who_may_read_a_room(database: Database) {
    let mut scene = Scene::usual(database).await;
    let viewer = scene.server.viewer_token("ana");
    let mut client = Client::ready(&scene.server, Some(&viewer)).await;
    let mut stranger = Client::ready(&scene.server, None).await;
    for client in [&mut client, &mut stranger] {
        client.follow("1", scene.room, json!({})).await;
        client.feed("1").await;
    }

    // The change is committed, and heard of when the room cannot be read.
    let publications = &scene.server.publications;
    publications.loses.store(true, Ordering::SeqCst);
    let closed = json!({ "anonymousRead": false });
    scene.server.update_room(scene.room, 1, closed).await;
    scene.hide("room_trains").await;
    scene.server.publications.find();
    scene.show_after_failures("room_trains").await;

    assert_eq!(seqs(&client.feed("1").await["events"]), [3]);
    let errors = stranger.error("1").await;
    assert_eq!(errors[0]["extensions"]["code"], "NOT_FOUND");
}

async fn a_gap_is_filled_once_the_log_can_be_read(database: Database) {
    let every = Duration::from_millis(10);
    let mut scene = Scene::set(database, SocketSettings::default(), every).await;
    let mut client = Client::ready(&scene.server, None).await;
    client.follow("1", scene.room, json!({})).await;
    client.feed("1").await;

    let publications = &scene.server.publications;
    publications.loses.store(true, Ordering::SeqCst);
    scene.hide("rooms").await;
    scene.show_after_failures("rooms").await;
    scene.server.donate(scene.room, "a").await;

    assert_eq!(seqs(&client.feed("1").await["events"])[0], 3);
}

async fn a_caller_is_let_in_once_they_can_be_looked_up(database: Database) {
    let mut scene = Scene::usual(database).await;
    let (_, secret) = scene.server.overlay_token(scene.room).await;
    let mut client = Client::connect(&scene.server).await;

    scene.hide("overlay_tokens").await;
    client.init(Some(&secret)).await;
    scene.show_after_failures("overlay_tokens").await;

    assert_eq!(client.message().await, json!({ "type": "connection_ack" }));
}

async fn tokens_hold_while_they_cannot_be_looked_up(database: Database) {
    let sockets = SocketSettings {
        token_check: Duration::from_millis(10),
        ..SocketSettings::default()
    };
    let mut scene = Scene::set(database, sockets, Duration::from_hours(1)).await;
    let (id, secret) = scene.server.overlay_token(scene.room).await;
    let mut client = Client::ready(&scene.server, Some(&secret)).await;

    scene.hide("overlay_tokens").await;
    scene.show_after_failures("overlay_tokens").await;
    client.expect_quiet().await;

    let document = "mutation ($id: ID!) { revokeOverlayToken(id: $id) { __typename } }";
    let tenant = scene.server.tenant;
    let revoked = scene.server.execute(tenant, document, json!({ "id": id }));
    revoked.await;
    assert_eq!(client.close().await.0, 4403);
}

async fn an_audit_trail_goes_on_once_it_can_be_read(database: Database) {
    let mut scene = Scene::usual(database).await;
    let token = scene
        .server
        .token(scene.server.tenant, "staff", 600_000_000);
    let mut client = Client::ready(&scene.server, Some(&token)).await;
    let document = "subscription ($roomId: ID!) {
        liveStaff(roomId: $roomId) { snapshot { seq } entries { seq } }
    }";
    let variables = json!({ "roomId": global_id::room_id(scene.room) });

    scene.hide("audit_entries").await;
    client.subscribe("1", document, variables).await;
    scene.show_after_failures("audit_entries").await;

    let first = client.message().await;
    let feed = &first["payload"]["data"]["liveStaff"];
    assert_eq!(feed["snapshot"], Value::Array(Vec::new()), "{first}");
}

async fn a_database_that_stays_away_closes_sockets_to_come_back(database: Database) {
    let sockets = SocketSettings {
        admission_patience: Duration::ZERO,
        start_patience: Duration::ZERO,
        ..SocketSettings::default()
    };
    let scene = Scene::set(database, sockets, Duration::from_hours(1)).await;
    let (_, secret) = scene.server.overlay_token(scene.room).await;
    let mut following = Client::ready(&scene.server, None).await;
    let mut waiting = Client::connect(&scene.server).await;

    scene.hide("parts").await;
    following.follow("1", scene.room, json!({})).await;
    let away = (1013, "the database is away, come back".to_owned());
    assert_eq!(following.close().await, away);
    let show = "ALTER TABLE hidden RENAME TO parts";
    scene.database.run(show).await;

    scene.hide("overlay_tokens").await;
    waiting.init(Some(&secret)).await;
    assert_eq!(waiting.close().await, away);
    // The plans of what was asked are looked at when the test is over.
    let show = "ALTER TABLE hidden RENAME TO overlay_tokens";
    scene.database.run(show).await;
}
