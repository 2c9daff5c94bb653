//! Who is online, by name in the log and by count beside it.

use std::time::Duration;

use parlor_api::global_id;
use parlor_domain::id::{NodeId, RoomId, ViewerId};
use parlor_domain::room_aggregate::PresenceChange;
use parlor_socket::SocketSettings;
use parlor_test_database::on_both_engines;
use parlor_writer::ChangePresence;
use serde_json::{Value, json};

use crate::client::{Client, LIVE_ROOM};
use crate::server::{Options, TestServer};

on_both_engines!(
    a_named_person_is_seen_to_come_and_go,
    whoever_joins_while_connected_is_online_at_once,
    several_devices_are_one_person,
    a_drop_within_the_grace_shows_nothing,
    only_people_of_the_audience_are_counted,
    whoever_leaves_is_offline_though_they_still_watch,
    a_count_is_told_once_in_its_time_and_rides_on_events,
    a_document_that_does_not_ask_is_sent_nothing,
);

const WITH_PRESENCE: &str = "subscription Live($roomId: ID!) {
    liveRoom(roomId: $roomId) {
        afterSeq throughSeq recovered
        snapshot { __typename }
        events { __typename ...P }
        presence { onlineCount }
    }
}
fragment P on RoomEvent {
    ... on ParticipantJoined { participant { name isOnline version } }
    ... on ParticipantLeft { participant { name isOnline version } }
    ... on ParticipantPresenceChanged { participant { name isOnline version } }
}";

/// A node that is none of those under test.
pub(crate) const ELSEWHERE: NodeId = NodeId(uuid::Uuid::max());

/// A server that tells every change of the count.
pub(crate) async fn start(database: String) -> TestServer {
    start_telling(database, Duration::ZERO).await
}

pub(crate) async fn start_telling(database: String, presence_every: Duration) -> TestServer {
    TestServer::start_with(Options {
        database: Some(database),
        sockets: SocketSettings {
            presence_every,
            ..SocketSettings::default()
        },
        ..Options::default()
    })
    .await
}

/// A client that follows a room, and the count that it was told first.
pub(crate) async fn follow(
    server: &TestServer,
    token: Option<&str>,
    room: RoomId,
) -> (Client, Value) {
    let mut client = Client::ready(server, token).await;
    let variables = json!({ "roomId": global_id::room_id(room) });
    client.subscribe("1", WITH_PRESENCE, variables).await;
    let first = client.feed("1").await;
    assert!(first["snapshot"].is_array(), "{first}");

    (client, first["presence"]["onlineCount"].clone())
}

pub(crate) async fn follow_as(server: &TestServer, name: &str, room: RoomId) -> Client {
    follow(server, Some(&server.viewer_token(name)), room)
        .await
        .0
}

/// Reads on until the count is `expected`, and returns the events that came with it.
pub(crate) async fn until_count(client: &mut Client, expected: i64) -> Vec<Value> {
    let mut events = Vec::new();
    loop {
        let feed = client.feed("1").await;
        assert_eq!(feed["recovered"], true, "{feed}");
        events.extend(feed["events"].as_array().unwrap().clone());
        if feed["presence"]["onlineCount"] == expected {
            return events;
        }
    }
}

/// Waits until the server has noticed that sockets were closed, down to `count`.
async fn until_open(server: &TestServer, observer: &mut Client, count: usize) {
    for _ in 0..100_000 {
        if server.service.sockets.open_count() == count {
            return;
        }
        observer.expect_quiet().await;
    }
    panic!("sockets stay open");
}

/// Waits until as many people's presence is written.
pub(crate) async fn until_written(server: &TestServer, observer: &mut Client, count: usize) {
    let app = &server.service.app;
    for _ in 0..100_000 {
        let found = app.store.presences_of_node(app.presence.node_id(), 100);
        if found.await.unwrap().len() == count {
            return;
        }
        observer.expect_quiet().await;
    }
    panic!("presence is not written");
}

/// Makes the room so large that its audience is told by count.
pub(crate) async fn crowd(server: &TestServer, room: RoomId) {
    for n in 0..=parlor_domain::participant::SMALL_ROOM_MAX {
        server.join(room, &format!("person {n}")).await;
    }
}

async fn a_named_person_is_seen_to_come_and_go(database: String) {
    let server = start(database).await;
    let room = server.live_room("a").await;
    let joined = server.join(room, "ana").await;
    assert_eq!(joined["isOnline"], false);
    let (mut observer, count) = follow(&server, None, room).await;
    assert_eq!(count, 0);

    let ana = follow_as(&server, "ana", room).await;
    let came = until_count(&mut observer, 1).await;
    drop(ana);
    until_open(&server, &mut observer, 1).await;
    server.clock.advance_millis(5_000);
    let went = until_count(&mut observer, 0).await;

    let change = |is_online: bool| {
        json!([{ "__typename": "ParticipantPresenceChanged",
            "participant": { "name": "ana", "isOnline": is_online, "version": 1 } }])
    };
    assert_eq!(Value::Array(came), change(true));
    assert_eq!(Value::Array(went), change(false));
}

async fn whoever_joins_while_connected_is_online_at_once(database: String) {
    let server = start(database).await;
    let room = server.live_room("a").await;
    let mut ana = follow_as(&server, "ana", room).await;
    until_written(&server, &mut ana, 1).await;

    let joined = server.join(room, "ana").await;

    assert_eq!(joined["isOnline"], true);
    assert_eq!(
        until_count(&mut ana, 1).await,
        [json!({ "__typename": "ParticipantJoined",
            "participant": { "name": "ana", "isOnline": true, "version": 1 } })]
    );
}

async fn several_devices_are_one_person(database: String) {
    let server = start(database).await;
    let room = server.live_room("a").await;
    server.join(room, "ana").await;
    let (mut observer, _) = follow(&server, None, room).await;
    let phone = follow_as(&server, "ana", room).await;
    until_count(&mut observer, 1).await;

    let (mut tablet, count) = follow(&server, Some(&server.viewer_token("ana")), room).await;
    assert_eq!(count, 1);
    drop(phone);
    until_open(&server, &mut observer, 2).await;
    server.clock.advance_millis(60_000);
    observer.expect_quiet().await;

    tablet.send(json!({ "id": "1", "type": "complete" })).await;
    tablet.expect_quiet().await;
    server.clock.advance_millis(5_000);
    until_count(&mut observer, 0).await;
}

async fn a_drop_within_the_grace_shows_nothing(database: String) {
    let server = start(database).await;
    let room = server.live_room("a").await;
    server.join(room, "ana").await;
    let (mut observer, _) = follow(&server, None, room).await;
    let mut ana = follow_as(&server, "ana", room).await;
    until_count(&mut observer, 1).await;

    for _ in 0..5 {
        drop(ana);
        until_open(&server, &mut observer, 1).await;
        server.clock.advance_millis(4_999);
        ana = follow_as(&server, "ana", room).await;
    }
    server.clock.advance_millis(60_000);
    server.donate(room, "last").await;

    let feed = observer.feed("1").await;
    assert_eq!(feed["events"][0]["__typename"], "ContributionReceived");
    assert_eq!(feed["presence"], json!(null));
    let changes = server.log(room).await;
    let changes = changes
        .iter()
        .filter(|event| format!("{:?}", event.body).starts_with("ParticipantPresenceChanged"));
    assert_eq!(changes.count(), 1);
}

async fn only_people_of_the_audience_are_counted(database: String) {
    let server = start(database).await;
    let room = server.live_room("a").await;
    for name in ["ana", "somebody"] {
        server.join(room, name).await;
    }
    let (mut observer, _) = follow(&server, None, room).await;
    let staff = server.token(server.tenant, "staff", 600_000);
    let (_, overlay) = server.overlay_token(room).await;
    let (_, count) = follow(&server, Some(&staff), room).await;
    assert_eq!(count, 0);
    follow(&server, Some(&overlay), room).await;
    let _stranger = follow_as(&server, "not in the room", room).await;

    let _ana = follow_as(&server, "ana", room).await;
    let came = until_count(&mut observer, 1).await;
    assert_eq!(came[0]["participant"]["name"], "ana", "{came:?}");
    observer.expect_quiet().await;
}

async fn whoever_leaves_is_offline_though_they_still_watch(database: String) {
    let server = start(database).await;
    let room = server.live_room("a").await;
    server.join(room, "ana").await;
    let (mut observer, _) = follow(&server, None, room).await;
    let mut ana = follow_as(&server, "ana", room).await;
    until_count(&mut observer, 1).await;

    let leave = "mutation ($input: LeaveRoomInput!) {
        leaveRoom(input: $input) { ... on Participant { isOnline } }
    }";
    let input = json!({ "input": { "roomId": global_id::room_id(room) } });
    ana.subscribe("leave", leave, input).await;
    let events = until_count(&mut observer, 0).await;

    assert_eq!(
        events,
        [json!({ "__typename": "ParticipantLeft",
            "participant": { "name": "ana", "isOnline": false, "version": 2 } })]
    );
    server.join(room, "ana").await;
    let events = until_count(&mut observer, 1).await;
    assert_eq!(events[0]["participant"]["isOnline"], true);
}

async fn a_count_is_told_once_in_its_time_and_rides_on_events(database: String) {
    let server = start_telling(database, Duration::from_hours(1)).await;
    let room = server.live_room("a").await;
    crowd(&server, room).await;
    let (mut observer, count) = follow(&server, None, room).await;
    assert_eq!(count, 0);

    // The first change is told, in a message of its own where nobody is named.
    server.donate(room, "before").await;
    assert_eq!(observer.feed("1").await["presence"], json!(null));
    let mut people = vec![follow_as(&server, "person 100", room).await];
    let told = observer.feed("1").await;
    assert_eq!(told["presence"], json!({ "onlineCount": 1 }));
    assert_eq!(
        (&told["events"], &told["snapshot"]),
        (&json!([]), &json!(null))
    );
    assert_eq!(told["afterSeq"], told["throughSeq"]);

    for n in 50..60 {
        people.push(follow_as(&server, &format!("person {n}"), room).await);
    }
    let mut latest = follow(&server, None, room).await;
    while latest.1 != 11 {
        latest = follow(&server, None, room).await;
    }
    server.donate(room, "after").await;
    // Everyone but the hundredth and first is named, and their coming is an event.
    let mut events = Vec::new();
    while !events.contains(&json!("ContributionReceived")) {
        let feed = observer.feed("1").await;
        assert_eq!(feed["presence"], json!(null));
        let kinds = feed["events"].as_array().unwrap().iter();
        events.extend(kinds.map(|event| event["__typename"].clone()));
    }
}

async fn a_document_that_does_not_ask_is_sent_nothing(database: String) {
    let server = start(database).await;
    let room = server.live_room("a").await;
    crowd(&server, room).await;
    let skipping = "subscription ($roomId: ID!, $no: Boolean!) {
        liveRoom(roomId: $roomId) { throughSeq ...P @include(if: $no) }
    }
    fragment P on RoomFeed { presence { onlineCount } }";
    let mut quiet = Vec::new();
    for document in [LIVE_ROOM, skipping] {
        let mut client = Client::ready(&server, None).await;
        let variables = json!({ "roomId": global_id::room_id(room), "no": false });
        client.subscribe("1", document, variables).await;
        client.feed("1").await;
        quiet.push(client);
    }
    let (mut observer, _) = follow(&server, None, room).await;

    let _someone = follow_as(&server, "person 100", room).await;
    until_count(&mut observer, 1).await;

    for client in &mut quiet {
        client.expect_quiet().await;
    }
}

/// Has somebody come or go as if they were connected to another node.
pub(crate) async fn change_elsewhere(
    server: &TestServer,
    room: RoomId,
    arrived: &[&str],
    departed: &[&str],
) {
    let viewer = |name: &&str| ViewerId::parse(name).unwrap();
    let change = PresenceChange {
        node_id: ELSEWHERE,
        arrived: arrived.iter().map(viewer).collect(),
        departed: departed.iter().map(viewer).collect(),
    };
    let writer = &server.service.app.writer;
    let written = writer.submit(server.tenant, room, ChangePresence(change));
    written.await.unwrap();
}
