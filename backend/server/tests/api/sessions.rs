//! Streams that go away: back in time they are the same session, and else it ended when they went.

use std::time::Duration;

use parlor_identity::{Claims, sign_with};
use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::server::{Api, claims, token};

on_both_engines! {
    a_stream_that_comes_back_in_time_is_the_same_session,
    a_session_ends_by_itself_when_its_stream_does_not_come_back,
    a_session_whose_grace_ran_out_while_the_server_was_down_ended_when_it_was_interrupted,
    only_those_who_run_sessions_interrupt_them,
    a_rooms_sessions_are_listed_for_everyone_who_may_read_it,
}

/// How long a test waits for what happens by itself.
const PATIENCE: Duration = Duration::from_secs(20);
const GRACE_MS: i64 = 60_000;

async fn live_room(api: &Api) -> String {
    let input = json!({
        "slug": "s", "title": "s", "state": "OPEN", "interruptionGraceMs": GRACE_MS,
    });
    api.live_room_with(input).await
}

async fn present_session(api: &Api, room: &str) -> Value {
    let document = "query ($id: ID!) { room(id: $id) {
        interruptionGraceMs session { id startedAt interruptedAt endedAt }
    } }";
    let read = api
        .execute(&api.staff, document, json!({ "id": room }))
        .await;
    assert_eq!(read["data"]["room"]["interruptionGraceMs"], GRACE_MS);

    read["data"]["room"]["session"].clone()
}

async fn session(api: &Api, id: &Value) -> Value {
    let document =
        "query ($id: ID!) { node(id: $id) { ... on Session { interruptedAt endedAt } } }";
    let read = api.execute(&api.staff, document, json!({ "id": id })).await;

    read["data"]["node"].clone()
}

async fn ended(api: &Api, id: &Value) -> Value {
    let ended = async {
        loop {
            let session = session(api, id).await;
            if session["endedAt"].is_string() {
                return session;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, ended)
        .await
        .expect("the session ends")
}

async fn a_stream_that_comes_back_in_time_is_the_same_session(database: String) {
    let api = Api::start(&database).await;
    let never_live = json!({ "roomId": api.room("never-live").await });
    let refused = api.mutate("resumeSession", never_live).await;
    assert_eq!(refused["code"], "NOT_LIVE");
    let message = refused["message"].as_str().unwrap();
    assert!(
        message.starts_with("the room has no session to resume"),
        "{message}"
    );

    let room = live_room(&api).await;
    let input = json!({ "roomId": room });
    let refused = api.mutate("resumeSession", input.clone()).await;
    assert_eq!(refused["code"], "NOT_INTERRUPTED");

    api.clock.advance_millis(1_000);
    let interrupted = api.mutate("interruptSession", input.clone()).await;
    assert_eq!(interrupted["interruptedAt"], "2026-01-02T03:04:06.000Z");
    assert_eq!(interrupted["endedAt"], Value::Null);
    assert_eq!(present_session(&api, &room).await["id"], interrupted["id"]);
    for (mutation, code) in [
        ("interruptSession", "SESSION_INTERRUPTED"),
        ("startSession", "SESSION_INTERRUPTED"),
    ] {
        assert_eq!(api.mutate(mutation, input.clone()).await["code"], code);
    }

    api.clock.advance_millis(GRACE_MS - 1);
    let resumed = api.mutate("resumeSession", input).await;
    assert_eq!(resumed["id"], interrupted["id"]);
    assert_eq!(resumed["interruptedAt"], Value::Null);
    assert_eq!(api.head(&room).await.seq, 4);
}

async fn a_session_ends_by_itself_when_its_stream_does_not_come_back(database: String) {
    let api = Api::start(&database).await;
    let room = live_room(&api).await;
    let input = json!({ "roomId": room });
    api.clock.advance_millis(1_000);
    let interrupted = api.mutate("interruptSession", input.clone()).await;

    api.clock.advance_millis(GRACE_MS);
    let ended = ended(&api, &interrupted["id"]).await;

    assert_eq!(ended["endedAt"], interrupted["interruptedAt"]);
    assert_eq!(ended["interruptedAt"], Value::Null);
    assert_eq!(present_session(&api, &room).await, Value::Null);
    assert_eq!(api.head(&room).await.seq, 4);
    assert_eq!(
        api.mutate("resumeSession", input.clone()).await["code"],
        "NOT_LIVE"
    );
    let next = api.mutate("startSession", input).await;
    assert_eq!(next["startedAt"], "2026-01-02T03:05:06.000Z");
}

async fn a_session_whose_grace_ran_out_while_the_server_was_down_ended_when_it_was_interrupted(
    database: String,
) {
    let api = Api::start(&database).await;
    let room = live_room(&api).await;
    let interrupted = api
        .mutate("interruptSession", json!({ "roomId": room }))
        .await;

    // Down for a part of the grace: the session waits on.
    let api = api.restart(&database, GRACE_MS / 2).await;
    assert_eq!(present_session(&api, &room).await["id"], interrupted["id"]);

    let api = api.restart(&database, 10 * GRACE_MS).await;
    let ended = ended(&api, &interrupted["id"]).await;
    assert_eq!(ended["endedAt"], interrupted["interruptedAt"]);
    assert_eq!(api.head(&room).await.seq, 4);
}

async fn only_those_who_run_sessions_interrupt_them(database: String) {
    let api = Api::start(&database).await;
    let room = live_room(&api).await;
    let owner = sign_with(
        crate::server::SECRET,
        &Claims {
            sub: Some("owner".to_owned()),
            ..claims(api.tenant, "viewer")
        },
    );
    let viewer = token(api.tenant, "viewer");
    let mut ids = Vec::new();
    for token in [&owner, &viewer] {
        let input = json!({ "roomId": room, "name": "Somebody" });
        ids.push(api.mutate_as(token, "joinRoom", input).await);
    }
    let input = json!({
        "roomId": room, "participantId": ids[0]["id"], "version": 1, "role": "OWNER",
    });
    api.mutate("assignRole", input).await;

    let input = json!({ "roomId": room });
    for (token, mutation, expected) in [
        ("", "interruptSession", "AuthError"),
        (viewer.as_str(), "interruptSession", "AuthError"),
        (&owner, "interruptSession", "Session"),
        (viewer.as_str(), "resumeSession", "AuthError"),
        (&api.other_staff().await, "resumeSession", "NotFoundError"),
        (&owner, "resumeSession", "Session"),
    ] {
        let answer = api.mutate_as(token, mutation, input.clone()).await;
        assert_eq!(answer["__typename"], expected, "{mutation}: {answer}");
    }
}

async fn a_rooms_sessions_are_listed_for_everyone_who_may_read_it(database: String) {
    let api = Api::start(&database).await;
    let room = live_room(&api).await;
    let input = json!({ "roomId": room });
    for _ in 0..2 {
        api.clock.advance_millis(1_000);
        api.mutate("endSession", input.clone()).await;
        api.mutate("startSession", input.clone()).await;
    }
    let document =
        "query ($id: ID!, $page: ConnectionInput) { sessionsConnection(roomId: $id, page: $page) {
        totalCount nodes { startedAt endedAt } pageInfo { endCursor hasNextPage }
    } }";
    let page = async |token: &str, page: Value| {
        let read = api
            .execute(token, document, json!({ "id": room, "page": page }))
            .await;
        read["data"]["sessionsConnection"].clone()
    };
    let viewer = token(api.tenant, "viewer");

    let first = page(&viewer, json!({ "first": 2 })).await;
    assert_eq!(first["nodes"][0]["startedAt"], "2026-01-02T03:04:07.000Z");
    assert_eq!(first["nodes"][0]["endedAt"], Value::Null);
    assert_eq!(first["nodes"][1]["endedAt"], "2026-01-02T03:04:07.000Z");
    assert_eq!(
        (&first["totalCount"], &first["pageInfo"]["hasNextPage"]),
        (&json!(3), &json!(true))
    );
    let rest = json!({ "first": 2, "after": first["pageInfo"]["endCursor"] });
    let rest = page(&viewer, rest).await;
    assert_eq!(rest["nodes"][0]["startedAt"], "2026-01-02T03:04:05.000Z");
    assert_eq!(rest["pageInfo"]["hasNextPage"], false);

    for caller in ["", &api.other_staff().await] {
        let refused = api.execute(caller, document, json!({ "id": room })).await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "NOT_FOUND");
    }
}
