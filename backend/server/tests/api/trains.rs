//! Trains over time: they end by themselves, also when their time ran out while nothing ran.

use std::time::Duration;

use parlor_api::global_id::parse_room_id;
use parlor_domain::hype_train::{HypeTrain, Phase};
use parlor_domain::time::ServerTime;
use parlor_test_database::on_both_engines;
use serde_json::json;

use crate::server::{Api, START_MS};

on_both_engines! {
    a_train_ends_by_itself_when_its_time_is_over,
    a_train_that_ran_out_while_the_server_was_down_ended_when_it_should_have,
    a_train_goes_on_after_a_restart_and_keeps_its_time,
    a_kickoff_that_nobody_joins_lapses,
}

/// How long a test waits for what happens by itself.
const PATIENCE: Duration = Duration::from_secs(20);
const LEVEL_MS: i64 = 60_000;

/// A room whose train starts with the first contribution, at level 1 of 1,000.
async fn room(api: &Api, kickoff_events: u32) -> String {
    let program = json!({
        "kickoffEvents": kickoff_events, "kickoffViewers": 1, "kickoffWindowMs": 30_000,
        "levels": [{ "goal": 1_000 }], "secondsPerLevel": LEVEL_MS / 1_000, "cooldownMs": 0,
    });
    let input = json!({ "slug": "s", "title": "s", "state": "OPEN", "hypeTrainProgram": program });
    api.live_room_with(input).await
}

async fn give(api: &Api, room: &str, key: &str, amount: i64) {
    let input = json!({
        "roomId": room, "idempotencyKey": key, "kind": "DONATION", "amount": amount.to_string(),
        "currency": "EUR", "viewerId": "v1",
    });
    let given = api.mutate("recordContribution", input).await;
    assert_eq!(given["__typename"], "Contribution", "{given}");
}

async fn train(api: &Api, room: &str) -> HypeTrain {
    let room_id = parse_room_id(room).unwrap();
    let view = api
        .server
        .service
        .app
        .store
        .room(room_id)
        .await
        .unwrap()
        .unwrap();
    view.train.unwrap()
}

async fn ended_train(api: &Api, room: &str) -> HypeTrain {
    let ended = async {
        loop {
            let train = train(api, room).await;
            if train.phase == Phase::Ended {
                return train;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, ended)
        .await
        .expect("the train ends")
}

fn at(after_start_ms: i64) -> ServerTime {
    ServerTime::from_unix_millis(START_MS + after_start_ms)
}

async fn a_train_ends_by_itself_when_its_time_is_over(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api, 1).await;
    give(&api, &room, "k1", 300).await;
    api.clock.advance_millis(LEVEL_MS);
    give(&api, &room, "k2", 100).await;
    assert_eq!(train(&api, &room).await.phase, Phase::Running);
    let seq = api.head(&room).await.seq;

    api.clock.advance_millis(5_000);
    let ended = ended_train(&api, &room).await;
    assert_eq!((ended.total, ended.level), (400, 1));
    assert_eq!(ended.ended_at, Some(at(LEVEL_MS)));
    assert_eq!(api.head(&room).await.seq, seq + 1);
}

async fn a_train_that_ran_out_while_the_server_was_down_ended_when_it_should_have(
    database: String,
) {
    let api = Api::start(&database).await;
    let room = room(&api, 1).await;
    give(&api, &room, "k1", 300).await;

    let api = api.restart(&database, 10 * LEVEL_MS).await;
    let ended = ended_train(&api, &room).await;
    assert_eq!(ended.ended_at, Some(at(LEVEL_MS)));
    assert_eq!(ended.total, 300);

    // What comes now belongs to the next train.
    give(&api, &room, "k2", 50).await;
    let next = train(&api, &room).await;
    assert_ne!(next.id, ended.id);
    assert_eq!((next.phase, next.total), (Phase::Running, 50));
}

async fn a_train_goes_on_after_a_restart_and_keeps_its_time(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api, 1).await;
    give(&api, &room, "k1", 300).await;
    let before = train(&api, &room).await;

    let api = api.restart(&database, LEVEL_MS / 2).await;
    assert_eq!(train(&api, &room).await, before);
    give(&api, &room, "k2", 900).await;
    let leveled_up = train(&api, &room).await;
    assert_eq!(
        (leveled_up.id, leveled_up.level, leveled_up.progress),
        (before.id, 2, 200)
    );
    assert_eq!(leveled_up.expires_at, at(LEVEL_MS / 2 + LEVEL_MS));

    api.clock.advance_millis(LEVEL_MS + 1_000);
    let ended = ended_train(&api, &room).await;
    assert_eq!((ended.id, ended.total), (before.id, 1_200));
    assert_eq!(ended.ended_at, Some(leveled_up.expires_at));
}

async fn a_kickoff_that_nobody_joins_lapses(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api, 3).await;
    give(&api, &room, "k1", 300).await;
    assert_eq!(train(&api, &room).await.phase, Phase::Approaching);

    api.clock.advance_millis(31_000);
    let lapsed = ended_train(&api, &room).await;
    assert_eq!(lapsed.level, 0);
}
