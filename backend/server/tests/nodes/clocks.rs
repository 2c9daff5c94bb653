//! Processes whose clocks are wrong.

use parlor_domain::id::RoomId;
use parlor_server::clock::Clock;
use parlor_server::graphql::global_id::parse_room_id;
use parlor_store::{Settings, Store};
use parlor_test_database::Engine;
use serde_json::json;

use crate::program::{Program, make_tenant};
use crate::wall_clock::WallClock;

const MINUTE_MS: i64 = 60_000;

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

async fn make_room(program: &Program, slug: &str) -> RoomId {
    let staff = program.client("staff", "staff");
    let create = "mutation($slug: String!) { createRoom(input: { slug: $slug, title: $slug }) {
        ... on Room { id } } }";
    let made = staff
        .execute(create, json!({ "slug": slug }))
        .await
        .unwrap();

    parse_room_id(made["createRoom"]["id"].as_str().unwrap()).unwrap()
}
