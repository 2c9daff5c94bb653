//! Processes whose clocks are wrong.

use std::time::Duration;

use parlor_api::global_id::{self, parse_room_id};
use parlor_domain::id::RoomId;
use parlor_node::clock::Clock;
use parlor_store::{Settings, Store};
use parlor_test_database::Engine;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::program::{Program, make_tenant};
use crate::wall_clock::WallClock;

const MINUTE_MS: i64 = 60_000;
/// How long a test waits for what happens by itself. It only bounds failures.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn a_test_steps_the_clock_of_a_process_that_runs() {
    parlor_test_database::run(Engine::Sqlite, |database: String| async move {
        let clock = WallClock::ahead_by(10 * MINUTE_MS);
        let program = clock.start(&database);
        let store = Store::connect(&Settings::new(&database)).await.unwrap();
        make_tenant(&store).await;

        for (slug, offset_ms) in [
            ("ahead", 10 * MINUTE_MS),
            ("behind", -10 * MINUTE_MS),
            ("right", 0),
        ] {
            clock.set_ahead_by(offset_ms);
            let before = Clock::System.now().plus_millis(offset_ms);
            let room_id = make_room(&program, slug).await;
            let after = Clock::System.now().plus_millis(offset_ms);
            let room = store.room(room_id).await.unwrap().unwrap().room;
            assert!((before..=after).contains(&room.created_at), "{slug}");
        }
        store.close().await;
    });
}

#[test]
fn a_node_whose_clock_is_wrong_writes_nothing_until_it_is_put_right() {
    parlor_test_database::run(Engine::Postgres, |database: String| async move {
        let clock = WallClock::ahead_by(0);
        let (wrong, right) = (clock.start(&database), Program::start(&database));
        let store = Store::connect(&Settings::new(&database)).await.unwrap();
        make_tenant(&store).await;
        let room_id = make_room(&wrong, "show").await;

        for offset_ms in [50 * MINUTE_MS, -10 * MINUTE_MS, 3_000, -3_000] {
            clock.set_ahead_by(offset_ms);
            // At once, before anybody has compared the clocks.
            let said = start_session(&wrong, room_id).await.unwrap_err();
            assert!(said.contains("clock is wrong"), "{offset_ms}: {said}");
            assert!(said.ends_with("(OVERLOADED)"), "{offset_ms}: {said}");
            readiness(&wrong, "this node's clock is").await;
        }
        readiness(&right, "ok").await;
        start_session(&right, room_id).await.unwrap();

        clock.set_ahead_by(1_000);
        readiness(&wrong, "ok").await;
        let end = "mutation($room: ID!) { endSession(input: { roomId: $room }) { __typename } }";
        let variables = json!({ "room": global_id::room_id(room_id) });
        let staff = wrong.client("staff", "staff");
        let ended = staff.execute(end, variables).await.unwrap();
        assert_eq!(ended["endSession"]["__typename"], "Session", "{ended}");
        let head = store.room(room_id).await.unwrap().unwrap().head;
        assert!(head.occurred_at <= Clock::System.now().plus_millis(2_000));
        store.close().await;
    });
}

#[test]
fn a_room_stamped_ahead_goes_on_at_once_when_the_clock_is_put_right() {
    parlor_test_database::run(Engine::Sqlite, |database: String| async move {
        let clock = WallClock::ahead_by(50 * MINUTE_MS);
        let program = clock.start(&database);
        let store = Store::connect(&Settings::new(&database)).await.unwrap();
        make_tenant(&store).await;
        let room_id = make_room(&program, "show").await;
        let ahead = store.room(room_id).await.unwrap().unwrap().head;
        assert!(ahead.occurred_at > Clock::System.now().plus_millis(40 * MINUTE_MS));

        clock.set_ahead_by(0);
        let before = Clock::System.now();
        start_session(&program, room_id).await.unwrap();
        let head = store.room(room_id).await.unwrap().unwrap().head;
        assert!((before..=Clock::System.now()).contains(&head.occurred_at));
        assert_ne!(head.epoch, ahead.epoch);
        assert_eq!(head.seq, ahead.seq + 1);
        store.close().await;
    });
}

/// Starts a session, or says why not.
async fn start_session(program: &Program, room_id: RoomId) -> Result<(), String> {
    let start = "mutation($room: ID!) { startSession(input: { roomId: $room }) { __typename } }";
    let variables = json!({ "room": global_id::room_id(room_id) });
    let staff = program.client("staff", "staff");
    let started = staff.execute(start, variables).await;
    let started = started.map_err(|error| error.to_string())?;
    assert_eq!(
        started["startSession"]["__typename"], "Session",
        "{started}"
    );

    Ok(())
}

/// Waits until the server says so of itself.
async fn readiness(program: &Program, said: &str) {
    let said_so = async {
        while !readyz(program).await.starts_with(said) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, said_so)
        .await
        .unwrap_or_else(|_| panic!("it does not say `{said}`"));
}

async fn make_room(program: &Program, slug: &str) -> RoomId {
    let staff = program.client("staff", "staff");
    let create =
        "mutation($slug: String!) { createRoom(input: { slug: $slug, title: $slug, state: OPEN }) {
        ... on Room { id } } }";
    let made = staff
        .execute(create, json!({ "slug": slug }))
        .await
        .unwrap();

    parse_room_id(made["createRoom"]["id"].as_str().unwrap()).unwrap()
}

/// What the server says of itself.
async fn readyz(program: &Program) -> String {
    let mut stream = TcpStream::connect(&program.address).await.unwrap();
    stream
        .write_all(b"GET /readyz HTTP/1.0\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();

    body.to_owned()
}
