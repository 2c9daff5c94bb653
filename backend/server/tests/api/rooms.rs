//! Rooms and sessions: made, read, changed, listed, and refused.

use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::server::{Api, token};

on_both_engines! {
    a_room_is_made_read_changed_and_listed,
    a_refused_room_is_not_made,
    a_refused_change_leaves_no_trace,
    a_session_runs_once_at_a_time,
    pages_of_rooms_join_without_a_gap,
    rooms_are_found_by_slug_state_and_stream,
    an_announcement_is_made_once_by_whoever_may,
}

async fn a_room_is_made_read_changed_and_listed(database: String) {
    let api = Api::start(&database).await;
    let input = json!({
        "slug": "the-show", "title": "The <b>Show</b> 🚂", "state": "OPEN", "delayMs": 8_000,
        "hypeTrainProgram": {
            "kickoffEvents": 2, "kickoffViewers": 1, "kickoffWindowMs": 60_000,
            "levels": [{ "goal": "100", "reward": "Confetti" }, { "goal": 5_000_000_000_i64 }],
            "secondsPerLevel": 60, "cooldownMs": 0,
        },
    });
    let room = api.mutate("createRoom", input).await;

    assert_eq!(room["title"], "The <b>Show</b> 🚂");
    assert_eq!(
        (&room["version"], &room["delayMs"]),
        (&json!(1), &json!(8_000))
    );
    assert_eq!(room["createdAt"], "2026-01-02T03:04:05.000Z");
    assert_eq!(room["hypeTrainProgram"]["levels"][1]["goal"], "5000000000");
    assert_eq!(api.head(room["id"].as_str().unwrap()).await.seq, 1);

    api.clock.advance_millis(1_500);
    let change = json!({ "id": room["id"], "version": 1, "title": "Later", "streamId": "s1" });
    let changed = api.mutate("updateRoom", change).await;
    assert_eq!(
        (&changed["version"], &changed["streamId"]),
        (&json!(2), &json!("s1"))
    );
    assert_eq!(changed["updatedAt"], "2026-01-02T03:04:06.500Z");
    assert_eq!(changed["createdAt"], room["createdAt"]);
    let change = json!({ "id": room["id"], "version": 2, "streamId": null });
    assert_eq!(
        api.mutate("updateRoom", change).await["streamId"],
        Value::Null
    );

    let document = "query ($id: ID!) {
        room(id: $id) { title version }
        node(id: $id) { id ... on Room { slug } }
        roomsConnection(states: OPEN) { totalCount nodes { id } }
    }";
    let read = api
        .execute(&api.staff, document, json!({ "id": room["id"] }))
        .await;
    assert_eq!(
        read["data"]["room"],
        json!({ "title": "Later", "version": 3 })
    );
    assert_eq!(read["data"]["node"]["slug"], "the-show");
    assert_eq!(read["data"]["roomsConnection"]["totalCount"], 1);
    assert_eq!(api.head(room["id"].as_str().unwrap()).await.seq, 3);
}

async fn a_refused_room_is_not_made(database: String) {
    let api = Api::start(&database).await;
    api.room("taken").await;
    let program = |change: Value| {
        let mut program = json!({
            "kickoffEvents": 3, "kickoffViewers": 2, "kickoffWindowMs": 60_000,
            "levels": [{ "goal": 100 }], "secondsPerLevel": 60, "cooldownMs": 0,
        });
        for (name, value) in change.as_object().unwrap() {
            program[name] = value.clone();
        }
        json!({ "hypeTrainProgram": program })
    };

    for (change, code, field) in [
        (json!({ "slug": "taken" }), "SLUG_TAKEN", None),
        (json!({ "slug": "" }), "VALIDATION", Some("slug")),
        (json!({ "slug": "No Spaces" }), "VALIDATION", Some("slug")),
        (
            json!({ "slug": "x".repeat(65) }),
            "VALIDATION",
            Some("slug"),
        ),
        (json!({ "title": "" }), "VALIDATION", Some("title")),
        (
            json!({ "title": "é".repeat(101) }),
            "VALIDATION",
            Some("title"),
        ),
        (json!({ "title": "bell\u{7}" }), "VALIDATION", Some("title")),
        (json!({ "title": "\u{202e}" }), "VALIDATION", Some("title")),
        (
            json!({ "streamId": "x".repeat(129) }),
            "VALIDATION",
            Some("streamId"),
        ),
        (json!({ "state": "ARCHIVED" }), "VALIDATION", Some("state")),
        (json!({ "delayMs": -1 }), "VALIDATION", Some("delayMs")),
        (
            json!({ "delayMs": 86_400_001 }),
            "VALIDATION",
            Some("delayMs"),
        ),
        (
            json!({ "ingestOffsetMs": -86_400_001 }),
            "VALIDATION",
            Some("ingestOffsetMs"),
        ),
        (
            program(json!({ "kickoffEvents": -1 })),
            "VALIDATION",
            Some("kickoffEvents"),
        ),
        (
            program(json!({ "kickoffViewers": 4 })),
            "VALIDATION",
            Some("kickoffViewers"),
        ),
        (
            program(json!({ "levels": [] })),
            "VALIDATION",
            Some("levels"),
        ),
        (
            program(json!({ "levels": [{ "goal": 0 }] })),
            "VALIDATION",
            Some("levels.goal"),
        ),
        (
            program(json!({ "secondsPerLevel": 0 })),
            "VALIDATION",
            Some("secondsPerLevel"),
        ),
    ] {
        let mut input = json!({ "slug": "new", "title": "New" });
        for (name, value) in change.as_object().unwrap() {
            input[name] = value.clone();
        }
        let refused = api.mutate("createRoom", input).await;

        assert_eq!(refused["code"], code, "{change}: {refused}");
        assert_eq!(
            refused.get("field").and_then(Value::as_str),
            field,
            "{change}: {refused}"
        );
    }
    let listed = api
        .execute(&api.staff, "{ roomsConnection { totalCount } }", json!({}))
        .await;
    assert_eq!(listed["data"]["roomsConnection"]["totalCount"], 1);
}

async fn a_refused_change_leaves_no_trace(database: String) {
    let api = Api::start(&database).await;
    api.room("taken").await;
    let room = api.room("show").await;
    api.mutate("startSession", json!({ "roomId": room })).await;
    let before = api.head(&room).await;

    for (change, code) in [
        (json!({ "version": 2 }), "STALE_VERSION"),
        (json!({ "version": 0, "title": "" }), "STALE_VERSION"),
        (
            json!({ "version": 1, "state": "DRAFT" }),
            "STATE_OUT_OF_ORDER",
        ),
        (json!({ "version": 1, "state": "ARCHIVED" }), "SESSION_LIVE"),
        (json!({ "version": 1, "slug": "taken" }), "SLUG_TAKEN"),
        (json!({ "version": 1, "title": "" }), "VALIDATION"),
    ] {
        let mut input = change.clone();
        input["id"] = json!(room);
        let refused = api.mutate("updateRoom", input).await;
        assert_eq!(refused["code"], code, "{change}: {refused}");
        assert_eq!(api.head(&room).await, before, "{change}");
    }

    let change = json!({ "id": room, "version": 1, "title": "Still at version one" });
    assert_eq!(api.mutate("updateRoom", change).await["version"], 2);
}

async fn a_session_runs_once_at_a_time(database: String) {
    let api = Api::start(&database).await;
    let draft = api
        .room_with(json!({ "slug": "draft", "title": "Draft" }))
        .await;
    let open = json!({ "slug": "open", "title": "Open", "state": "OPEN", "delayMs": 8_000 });
    let room = api.room_with(open).await;

    let refused = api.mutate("startSession", json!({ "roomId": draft })).await;
    assert_eq!(refused["code"], "ROOM_NOT_OPEN");
    let refused = api.mutate("endSession", json!({ "roomId": room })).await;
    assert_eq!(refused["code"], "NOT_LIVE");
    let refused = api
        .mutate("startSession", json!({ "roomId": room, "delayMs": -1 }))
        .await;
    assert_eq!(
        (&refused["code"], &refused["field"]),
        (&json!("VALIDATION"), &json!("delayMs"))
    );
    assert_eq!(api.head(&room).await.seq, 1);

    let session = api.mutate("startSession", json!({ "roomId": room })).await;
    assert_eq!(
        (&session["delayMs"], &session["endedAt"]),
        (&json!(8_000), &Value::Null)
    );
    let refused = api.mutate("startSession", json!({ "roomId": room })).await;
    assert_eq!(refused["code"], "ALREADY_LIVE");

    api.clock.advance_millis(60_000);
    let ended = api.mutate("endSession", json!({ "roomId": room })).await;
    assert_eq!(ended["id"], session["id"]);
    assert_eq!(ended["endedAt"], "2026-01-02T03:05:05.000Z");
    let next = api
        .mutate("startSession", json!({ "roomId": room, "delayMs": 0 }))
        .await;
    assert_ne!(next["id"], session["id"]);
    assert_eq!(next["delayMs"], 0);
    assert_eq!(api.head(&room).await.seq, 4);
}

async fn pages_of_rooms_join_without_a_gap(database: String) {
    let api = Api::start(&database).await;
    for n in 0..7 {
        api.room(&format!("room-{n}")).await;
        api.clock.advance_millis(n % 2);
    }
    let document = "query ($page: ConnectionInput) { roomsConnection(page: $page) {
        totalCount edges { cursor node { slug } } pageInfo { startCursor endCursor hasNextPage hasPreviousPage }
    } }";
    let page = async |page: Value| {
        let read = api
            .execute(&api.staff, document, json!({ "page": page }))
            .await;
        read["data"]["roomsConnection"].clone()
    };
    let slugs = |page: &Value| -> Vec<String> {
        let edges = page["edges"].as_array().unwrap().iter();
        edges
            .map(|edge| edge["node"]["slug"].as_str().unwrap().to_owned())
            .collect()
    };

    let first = page(json!({ "first": 3 })).await;
    let second = page(json!({ "first": 3, "after": first["pageInfo"]["endCursor"] })).await;
    let third = page(json!({ "first": 3, "after": second["pageInfo"]["endCursor"] })).await;
    let all: Vec<_> = [&first, &second, &third]
        .into_iter()
        .flat_map(slugs)
        .collect();
    assert_eq!(all, slugs(&page(Value::Null).await));
    assert_eq!(all.len(), 7);
    assert_eq!(first["totalCount"], 7);
    assert_eq!(first["pageInfo"]["hasPreviousPage"], false);
    assert_eq!(second["pageInfo"]["hasNextPage"], true);
    assert_eq!(third["pageInfo"]["hasNextPage"], false);

    let back = page(json!({ "last": 3, "before": third["pageInfo"]["startCursor"] })).await;
    assert_eq!(slugs(&back), slugs(&second));

    for wrong in [
        json!({ "after": "not a cursor" }),
        json!({ "before": "MTIzOm5vdC1hLXV1aWQ" }),
        json!({ "first": 501 }),
        json!({ "first": 0 }),
        json!({ "last": -1 }),
    ] {
        let refused = api
            .execute(&api.staff, document, json!({ "page": wrong }))
            .await;
        assert_eq!(
            refused["errors"][0]["extensions"]["code"], "VALIDATION",
            "{wrong}: {refused}"
        );
    }
}

async fn rooms_are_found_by_slug_state_and_stream(database: String) {
    let api = Api::start(&database).await;
    for (slug, state, stream) in [
        ("a", "OPEN", json!("s1")),
        ("b", "DRAFT", json!("s1")),
        ("c", "OPEN", json!("s2")),
        ("d", "DRAFT", Value::Null),
    ] {
        let input = json!({ "slug": slug, "title": slug, "state": state, "streamId": stream });
        api.room_with(input).await;
        api.clock.advance_millis(1);
    }
    let change = json!({ "id": api.room("e").await, "version": 1, "state": "ARCHIVED" });
    api.mutate("updateRoom", change).await;

    let document = "query ($states: [RoomState!], $stream: String) {
        roomsConnection(states: $states, streamId: $stream) { totalCount nodes { slug } }
    }";
    for (variables, expected) in [
        (json!({}), "abcde"),
        (json!({ "states": null, "stream": null }), "abcde"),
        (json!({ "states": [] }), "abcde"),
        (json!({ "states": ["OPEN"] }), "ac"),
        (json!({ "states": ["DRAFT", "ARCHIVED"] }), "bde"),
        (json!({ "stream": "s1" }), "ab"),
        (
            json!({ "stream": "s1", "states": ["OPEN", "ARCHIVED"] }),
            "a",
        ),
        (json!({ "stream": "S1" }), ""),
    ] {
        let read = api.execute(&api.staff, document, variables.clone()).await;
        let found = &read["data"]["roomsConnection"];
        let slugs: Vec<_> = found["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|room| &room["slug"])
            .collect();
        let expected: Vec<_> = expected
            .chars()
            .map(|slug| json!(slug.to_string()))
            .collect();
        assert_eq!(slugs, expected.iter().collect::<Vec<_>>(), "{variables}");
        assert_eq!(found["totalCount"], expected.len(), "{variables}");
    }

    let viewer = token(api.tenant, "viewer");
    let stranger = api.other_staff().await;
    let document = "query ($slug: String!) { roomBySlug(slug: $slug) { slug } }";
    for (caller, slug, is_found) in [
        (&api.staff, "a", true),
        (&api.staff, "b", true),
        (&api.staff, "A", false),
        (&viewer, "a", true),
        (&viewer, "b", false),
        (&viewer, "e", true),
        (&stranger, "a", false),
    ] {
        let read = api.execute(caller, document, json!({ "slug": slug })).await;
        let expected = if is_found {
            json!({ "slug": slug })
        } else {
            Value::Null
        };
        assert_eq!(read["data"]["roomBySlug"], expected, "{slug}");
        assert_eq!(read["errors"], Value::Null, "{slug}");
    }
    let refused = api.execute("", document, json!({ "slug": "a" })).await;
    assert_eq!(
        refused["errors"][0]["extensions"]["code"],
        "UNAUTHENTICATED"
    );
}

async fn an_announcement_is_made_once_by_whoever_may(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let document = "mutation ($input: AnnounceInput!) { announce(input: $input) {
        __typename
        ... on AnnouncementMade { id seq timing part displayAt announcement { text } }
        ... on Error { message code }
        ... on ValidationError { field }
    } }";
    let announce = async |token: &str, room: &str, key: &str, text: &str| {
        let input = json!({ "roomId": room, "idempotencyKey": key, "text": text });
        let answer = api
            .execute(token, document, json!({ "input": input }))
            .await;
        answer["data"]["announce"].clone()
    };

    let made = announce(&api.staff, &room, "one", "  We play until <midnight> ").await;
    assert_eq!(made["announcement"]["text"], "We play until <midnight>");
    assert_eq!(
        (&made["timing"], &made["part"]),
        (&json!("PICTURE"), &Value::Null)
    );
    assert_eq!(api.head(&room).await.seq.to_string(), made["seq"]);
    let again = announce(&api.staff, &room, "one", "We play until <midnight>").await;
    assert_eq!(again, made);
    assert_eq!(api.head(&room).await.seq.to_string(), made["seq"]);

    let (viewer, other) = (token(api.tenant, "viewer"), api.room("other").await);
    for (token, room, key, text, refused) in [
        (&*api.staff, &*room, "one", "Something else", "KEY_REUSED"),
        (
            &api.staff,
            &other,
            "one",
            "We play until <midnight>",
            "KEY_REUSED",
        ),
        (&api.staff, &room, "two", " \n ", "VALIDATION"),
        (&api.staff, &room, "two", &"ä".repeat(141), "VALIDATION"),
        (&api.staff, &room, "two", "bell\u{7}", "VALIDATION"),
        (&api.staff, &room, "two", "\u{200b}\u{fe0f}", "VALIDATION"),
        (&api.staff, &room, "", "text", "VALIDATION"),
        (&api.staff, "nowhere", "two", "text", "NOT_FOUND"),
        (&viewer, &room, "two", "text", "NOT_JOINED"),
    ] {
        assert_eq!(
            announce(token, room, key, text).await["code"],
            refused,
            "{text:?}"
        );
    }
    assert_eq!(api.head(&room).await.seq.to_string(), made["seq"]);
}
