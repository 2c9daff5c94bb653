//! A room's settings: set and set back, each alone, all under one version.

use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::person::{Person, viewer};
use crate::server::Api;

on_both_engines! {
    a_setting_changes_alone_and_goes_back_to_its_default,
    a_wrong_setting_is_named_and_changes_nothing,
    of_two_who_change_settings_one_is_told_that_the_version_is_old,
    a_room_can_admit_only_those_it_knows,
}

const SETTINGS: &str = "query ($id: ID!) { room(id: $id) {
    version delayMs ingestOffsetMs anonymousRead admission stageSize interruptionGraceMs
    hypeTrainProgram { kickoffEvents }
} }";

async fn settings(api: &Api, room: &str) -> Value {
    let read = api
        .execute(&api.staff, SETTINGS, json!({ "id": room }))
        .await;
    read["data"]["room"].clone()
}

fn program(kickoff_events: i32) -> Value {
    json!({
        "kickoffEvents": kickoff_events, "kickoffViewers": 1, "kickoffWindowMs": 60_000,
        "levels": [{ "goal": 100 }], "secondsPerLevel": 60, "cooldownMs": 0,
    })
}

async fn a_setting_changes_alone_and_goes_back_to_its_default(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let fresh = settings(&api, &room).await;
    // setting, value, how it reads
    let cases = [
        ("delayMs", json!(8_000), json!(8_000)),
        ("ingestOffsetMs", json!(-250), json!(-250)),
        ("anonymousRead", json!(true), json!(true)),
        ("admission", json!("KNOWN"), json!("KNOWN")),
        ("stageSize", json!(3), json!(3)),
        ("interruptionGraceMs", json!(0), json!(0)),
        (
            "hypeTrainProgram",
            program(7),
            json!({ "kickoffEvents": 7 }),
        ),
    ];

    let mut expected = fresh.clone();
    let mut version = 1;
    for (setting, value, read) in &cases {
        let change = json!({ "id": room, "version": version, *setting: value });
        let changed = api.mutate("updateRoom", change).await;
        assert_eq!(changed["__typename"], "Room", "{setting}: {changed}");
        version += 1;
        expected[*setting] = read.clone();
        expected["version"] = json!(version);
        assert_eq!(settings(&api, &room).await, expected, "{setting}");
    }
    for (setting, ..) in &cases {
        assert_ne!(expected[*setting], fresh[*setting], "{setting} was changed");
        let change = json!({ "id": room, "version": version, *setting: null });
        api.mutate("updateRoom", change).await;
        version += 1;
        expected[*setting] = fresh[*setting].clone();
        expected["version"] = json!(version);
        assert_eq!(settings(&api, &room).await, expected, "{setting}");
    }
}

async fn a_wrong_setting_is_named_and_changes_nothing(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let before = settings(&api, &room).await;
    for (setting, value, field) in [
        ("delayMs", json!(-1), "delayMs"),
        ("ingestOffsetMs", json!(86_400_001), "ingestOffsetMs"),
        ("stageSize", json!(0), "stageSize"),
        ("stageSize", json!(-1), "stageSize"),
        ("stageSize", json!(51), "stageSize"),
        ("interruptionGraceMs", json!(-1), "interruptionGraceMs"),
        (
            "interruptionGraceMs",
            json!(3_600_001),
            "interruptionGraceMs",
        ),
        ("hypeTrainProgram", program(0), "kickoffEvents"),
    ] {
        let change = json!({ "id": room, "version": 1, "title": "Other", setting: value });
        let refused = api.mutate("updateRoom", change).await;
        assert_eq!(refused["field"], field, "{setting} {value}: {refused}");

        let input = json!({ "slug": "other", "title": "Other", setting: value });
        let refused = api.mutate("createRoom", input).await;
        assert_eq!(refused["field"], field, "{setting} {value}: {refused}");
    }
    assert_eq!(settings(&api, &room).await, before);
}

async fn of_two_who_change_settings_one_is_told_that_the_version_is_old(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;

    let delay = json!({ "id": room, "version": 1, "delayMs": 5_000 });
    let size = json!({ "id": room, "version": 1, "stageSize": 4 });
    let (delay, size) = tokio::join!(
        api.mutate("updateRoom", delay),
        api.mutate("updateRoom", size)
    );

    let now = settings(&api, &room).await;
    assert_eq!(now["version"], 2);
    let (done, refused) = if delay["__typename"] == "Room" {
        (delay, size)
    } else {
        (size, delay)
    };
    assert_eq!(
        (&done["version"], &refused["code"]),
        (&json!(2), &json!("STALE_VERSION"))
    );
    let changed = (now["delayMs"] == 5_000, now["stageSize"] == 4);
    assert_ne!(
        changed.0, changed.1,
        "one of them, and nothing of the other's"
    );
}

async fn a_room_can_admit_only_those_it_knows(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let ana = Person::join(&api, &room, "Ana").await;
    let change = json!({ "id": room, "version": 1, "admission": "KNOWN" });
    api.mutate("updateRoom", change).await;

    let input = json!({ "roomId": room, "name": "Zoe" });
    let refused = api
        .mutate_as(&viewer(&api, "Zoe"), "joinRoom", input.clone())
        .await;
    assert_eq!(refused["code"], "NOT_ADMITTED", "{refused}");
    api.mutate_as(&ana.token, "leaveRoom", json!({ "roomId": room }))
        .await;
    let back = Person::join(&api, &room, "Ana").await;
    assert_eq!(back.id, ana.id);

    let mut on_behalf = input.clone();
    on_behalf["viewerId"] = json!("Zoe");
    let let_in = api.mutate("joinRoom", on_behalf).await;
    assert_eq!(let_in["__typename"], "Participant", "{let_in}");
    let again = api.mutate_as(&viewer(&api, "Zoe"), "joinRoom", input).await;
    assert_eq!(again["id"], let_in["id"]);
}
