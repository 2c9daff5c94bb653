//! Deleting a room: who may, when, and what is gone.

use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::person::Person;
use crate::server::Api;

on_both_engines! {
    a_deleted_room_is_gone_for_everyone_and_its_slug_is_free,
    a_room_that_something_hangs_on_is_kept,
    only_staff_deletes_rooms,
}

async fn delete(api: &Api, token: &str, room: &str, version: i32) -> Value {
    let input = json!({ "roomId": room, "version": version });
    api.mutate_as(token, "deleteRoom", input).await
}

async fn a_deleted_room_is_gone_for_everyone_and_its_slug_is_free(database: String) {
    let api = Api::start(&database).await;
    let room = api
        .live_room_with(json!({ "slug": "s", "title": "s", "state": "OPEN" }))
        .await;
    let ana = Person::join(&api, &room, "Ana").await;
    let token = json!({ "roomId": room, "label": "OBS" });
    let token = api.mutate("createOverlayToken", token).await;
    let session = api.mutate("endSession", json!({ "roomId": room })).await;

    let deleted = delete(&api, &api.staff, &room, 1).await;

    assert_eq!(
        (&deleted["id"], &deleted["slug"]),
        (&json!(room), &json!("s"))
    );
    let document = "query ($room: ID!, $session: ID!, $person: ID!) {
        room(id: $room) { id }
        session: node(id: $session) { id }
        participant(id: $person) { id }
        roomBySlug(slug: \"s\") { id }
        roomsConnection { totalCount }
    }";
    let variables = json!({ "room": room, "session": session["id"], "person": ana.id });
    let read = api.execute(&api.staff, document, variables).await;
    let data = &read["data"];
    for gone in ["room", "session", "participant", "roomBySlug"] {
        assert_eq!(data[gone], Value::Null, "{gone}");
    }
    assert_eq!(data["roomsConnection"]["totalCount"], 0);
    let by_overlay = api
        .execute(
            token["secret"].as_str().unwrap(),
            "{ roomBySlug(slug: \"s\") { id } }",
            json!({}),
        )
        .await;
    assert_eq!(
        by_overlay["errors"][0]["extensions"]["code"],
        "TOKEN_UNKNOWN"
    );
    for (mutation, input) in [
        ("startSession", json!({ "roomId": room })),
        ("deleteRoom", json!({ "roomId": room, "version": 1 })),
        ("joinRoom", json!({ "roomId": room, "name": "Ben" })),
    ] {
        let answer = api.mutate(mutation, input).await;
        assert_eq!(
            answer["__typename"], "NotFoundError",
            "{mutation}: {answer}"
        );
    }

    assert_ne!(api.room("s").await, room);
    // Whatever it left behind stands in nobody's way.
    let api = api.restart(&database, 1_000).await;
    assert_eq!(
        delete(&api, &api.staff, &room, 1).await["code"],
        "NOT_FOUND"
    );
}

async fn a_room_that_something_hangs_on_is_kept(database: String) {
    let api = Api::start(&database).await;
    let room = api
        .live_room_with(json!({ "slug": "s", "title": "s", "state": "OPEN" }))
        .await;
    let input = json!({
        "roomId": room, "idempotencyKey": "k", "kind": "DONATION", "amount": "5",
        "currency": "EUR", "viewerId": "ada", "status": "PENDING",
    });
    api.mutate("recordContribution", input).await;
    let head = api.head(&room).await;

    assert_eq!(
        delete(&api, &api.staff, &room, 2).await["code"],
        "STALE_VERSION"
    );
    assert_eq!(
        delete(&api, &api.staff, &room, 1).await["code"],
        "SESSION_LIVE"
    );
    assert_eq!(api.head(&room).await, head);
    api.mutate("endSession", json!({ "roomId": room })).await;
    let refused = delete(&api, &api.staff, &room, 1).await;
    assert_eq!(refused["code"], "HAS_CONTRIBUTIONS");
    assert!(
        refused["message"].as_str().unwrap().contains("archive it"),
        "{refused}"
    );

    let archived = json!({ "id": room, "version": 1, "state": "ARCHIVED" });
    assert_eq!(
        api.mutate("updateRoom", archived).await["state"],
        "ARCHIVED"
    );
}

async fn only_staff_deletes_rooms(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("s").await;
    let olga = Person::join(&api, &room, "Olga").await.made_owner().await;

    for (token, expected) in [
        ("", "UNAUTHENTICATED"),
        (olga.token.as_str(), "STAFF_ONLY"),
        (&api.other_staff().await, "NOT_FOUND"),
    ] {
        assert_eq!(delete(&api, token, &room, 1).await["code"], expected);
    }
    assert_eq!(
        delete(&api, &api.staff, &room, 1).await["__typename"],
        "DeletedRoom"
    );
}
