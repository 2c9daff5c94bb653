//! Who may do what: tokens of every kind, and tenants who never see each other.

use axum::http::StatusCode;
use parlor_identity::{Claims, sign_with};
use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::server::{Api, SECRET, claims, mutation_document, token};

on_both_engines! {
    a_token_that_says_too_little_or_too_late_is_refused_by_name,
    only_staff_and_whoever_may_change_anything,
    another_tenants_room_answers_like_an_unknown_one,
    an_overlay_token_reads_its_room_until_it_is_revoked,
    anonymous_callers_read_what_the_room_allows,
    a_tenant_that_does_not_exist_makes_no_rooms,
}

const UNKNOWN_ROOM: &str = "Um9vbTowMTk0ZmUzNy0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDA=";
/// When every test begins, in seconds.
const START_S: f64 = 1_767_323_045.0;
const READ: &str = "query ($id: ID!) { room(id: $id) { id title } node(id: $id) { id } }";

async fn a_token_that_says_too_little_or_too_late_is_refused_by_name(database: String) {
    let api = Api::start(&database).await;
    let sign = |change: fn(&mut Claims)| {
        let mut claims = claims(api.tenant, "staff");
        change(&mut claims);
        sign_with(SECRET, &claims)
    };
    let expires_now = |claims: &mut Claims| claims.exp = Some(crate::server::START_MS / 1_000);
    let raw = |more: Value| {
        let mut said = serde_json::to_value(claims(api.tenant, "staff")).unwrap();
        let more = more.as_object().unwrap().clone();
        said.as_object_mut().unwrap().extend(more);
        sign_with(SECRET, &said)
    };
    let begins_late = |claims: &mut Claims| claims.nbf = Some(crate::server::START_MS / 1_000 + 61);
    // {"alg":"none"}, and the claims of a good token without a signature.
    let payload = api.staff.split('.').nth(1).unwrap();
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{payload}.");
    let foreign = sign_with(
        "another secret, and that is long enough",
        &claims(api.tenant, "staff"),
    );
    let tampered = api
        .staff
        .replace(payload, &payload.chars().rev().collect::<String>());

    for (token, code) in [
        ("nonsense".to_owned(), "TOKEN_MALFORMED"),
        ("a.b.c".to_owned(), "TOKEN_MALFORMED"),
        (unsigned, "TOKEN_UNSIGNED"),
        (foreign, "TOKEN_UNSIGNED"),
        (tampered, "TOKEN_UNSIGNED"),
        (sign(expires_now), "TOKEN_EXPIRED"),
        (sign(begins_late), "TOKEN_NOT_YET_VALID"),
        (sign(|claims| claims.exp = None), "TOKEN_CLAIMS_MISSING"),
        (
            sign(|claims| claims.tenant_id = None),
            "TOKEN_CLAIMS_MISSING",
        ),
        (sign(|claims| claims.sub = None), "TOKEN_CLAIMS_MISSING"),
        ("pot_unknown".to_owned(), "TOKEN_UNKNOWN"),
        (raw(json!({ "exp": "soon" })), "TOKEN_CLAIM_INVALID"),
        (raw(json!({ "tenant_id": "acme" })), "TOKEN_CLAIM_INVALID"),
        (raw(json!({ "sub": ["ana"] })), "TOKEN_CLAIM_INVALID"),
        (raw(json!({ "roles": 1 })), "TOKEN_CLAIM_INVALID"),
        (raw(json!({ "exp": null })), "TOKEN_CLAIMS_MISSING"),
        (raw(json!({ "exp": START_S })), "TOKEN_EXPIRED"),
        (raw(json!({ "exp": START_S - 0.001 })), "TOKEN_EXPIRED"),
        (
            raw(json!({ "nbf": START_S + 60.001 })),
            "TOKEN_NOT_YET_VALID",
        ),
    ] {
        let body = json!({ "query": "{ __typename }" }).to_string();
        let answer = api.post(&token, &[], body).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{token}");
        assert_eq!(answer.code(), code, "{token}");
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
    }

    // As issuers write them.
    for claims in [
        json!({ "exp": START_S + 0.001 }),
        json!({ "nbf": START_S + 60.0 }),
        json!({ "sub": 42 }),
        json!({ "sub": null, "user_id": 42 }),
        json!({ "aud": [{ "odd": 1 }], "iss": 7, "iat": "yesterday", "jti": null }),
        json!({ "role": ["viewer", "staff"], "roles": null }),
    ] {
        let token = raw(claims.clone());
        let answer = api.execute(&token, "{ __typename }", json!({})).await;
        assert_eq!(answer["data"]["__typename"], "Query", "{claims}");
    }

    // The clock of whoever signed this is a minute ahead.
    let early = sign(|claims| claims.nbf = Some(crate::server::START_MS / 1_000 + 60));
    let answer = api.execute(&early, "{ __typename }", json!({})).await;
    assert_eq!(answer["data"]["__typename"], "Query");

    let basic = [("authorization", "Basic dXNlcjpwYXNz")];
    let answer = api.post("", &basic, r#"{"query":"{ __typename }"}"#).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::UNAUTHORIZED, "TOKEN_MALFORMED")
    );
}

async fn only_staff_and_whoever_may_change_anything(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let overlay = api
        .mutate(
            "createOverlayToken",
            json!({ "roomId": room, "label": "OBS" }),
        )
        .await;
    let overlay_secret = overlay["secret"].as_str().unwrap().to_owned();
    let head = api.head(&room).await;

    for (caller, code) in [
        (String::new(), "UNAUTHENTICATED"),
        (token(api.tenant, "viewer"), "STAFF_ONLY"),
        (token(api.tenant, "Staff"), "STAFF_ONLY"),
        (overlay_secret, "OVERLAY_TOKEN_READS_ONLY"),
    ] {
        for (mutation, input) in mutations(&room, &overlay["overlayToken"]["id"]) {
            let refused = api.mutate_as(&caller, mutation, input).await;
            // These are for whoever has the capability in the room.
            let code = match (code, mutation) {
                ("STAFF_ONLY", "updateRoom" | "startSession" | "endSession") => "NOT_JOINED",
                _ => code,
            };
            assert_eq!(
                refused["__typename"], "AuthError",
                "{mutation} by {caller:?}: {refused}"
            );
            assert_eq!(refused["code"], code, "{mutation} by {caller:?}: {refused}");
        }
        let listed = api
            .execute(&caller, "{ roomsConnection { totalCount } }", json!({}))
            .await;
        assert_eq!(listed["data"], Value::Null, "{caller:?}");
    }
    assert_eq!(api.head(&room).await, head);

    for role in ["owner", "admin", "service"] {
        let change = json!({ "roomId": room, "label": role });
        let made = api
            .mutate_as(&token(api.tenant, role), "createOverlayToken", change)
            .await;
        assert_eq!(made["__typename"], "CreatedOverlayToken", "{role}");
    }
}

async fn another_tenants_room_answers_like_an_unknown_one(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let overlay = api
        .mutate(
            "createOverlayToken",
            json!({ "roomId": room, "label": "OBS" }),
        )
        .await;
    let overlay = &overlay["overlayToken"]["id"];
    let given = api
        .mutate("recordContribution", mutations(&room, overlay)[4].1.clone())
        .await;
    let stranger = api.other_staff().await;
    let head = api.head(&room).await;
    let unknown_overlay =
        json!("T3ZlcmxheVRva2VuOjAxOTRmZTM3LTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMA==");

    let theirs = mutations(&room, overlay);
    let unknown = mutations(UNKNOWN_ROOM, &unknown_overlay);
    let malformed = mutations("not an id", &json!("not an id"));
    // The first makes a room of the caller's own.
    for ((theirs, unknown), malformed) in theirs.into_iter().zip(unknown).zip(malformed).skip(1) {
        let mutation = theirs.0;
        let mut answers = Vec::new();
        for (_, input) in [theirs, unknown, malformed] {
            let mut answer = api.mutate_as(&stranger, mutation, input).await;
            assert_eq!(
                answer["__typename"], "NotFoundError",
                "{mutation}: {answer}"
            );
            answer["resourceId"] = Value::Null;
            answers.push(answer);
        }
        assert!(
            answers.iter().all(|answer| *answer == answers[0]),
            "{mutation}: {answers:?}"
        );
    }
    for id in [
        room.as_str(),
        overlay.as_str().unwrap(),
        given["id"].as_str().unwrap(),
        UNKNOWN_ROOM,
    ] {
        let read = api.execute(&stranger, READ, json!({ "id": id })).await;
        assert_eq!(
            read,
            json!({ "data": { "room": null, "node": null } }),
            "{id}"
        );
    }
    let listed = api
        .execute(&stranger, "{ roomsConnection { totalCount } }", json!({}))
        .await;
    assert_eq!(listed["data"]["roomsConnection"]["totalCount"], 0);
    assert_eq!(api.head(&room).await, head);

    // The same slug and the same key are free for somebody else.
    let own = json!({ "slug": "show", "title": "Theirs", "state": "OPEN" });
    let own = api.mutate_as(&stranger, "createRoom", own).await;
    let input = mutations(own["id"].as_str().unwrap(), overlay)[4].1.clone();
    let own_given = api.mutate_as(&stranger, "recordContribution", input).await;
    assert_eq!(own_given["__typename"], "Contribution");
    assert_ne!(own_given["id"], given["id"]);
}

async fn an_overlay_token_reads_its_room_until_it_is_revoked(database: String) {
    let api = Api::start(&database).await;
    let (room, other) = (api.room("show").await, api.room("other").await);
    let made = api
        .mutate(
            "createOverlayToken",
            json!({ "roomId": room, "label": "OBS" }),
        )
        .await;
    let secret = made["secret"].as_str().unwrap();
    let id = &made["overlayToken"]["id"];
    assert!(secret.starts_with("pot_") && secret.len() == 47, "{secret}");
    let url = made["browserSourceUrl"].as_str().unwrap();
    assert_eq!(
        url,
        format!("https://parlor.example/overlay/#room={room}&token={secret}")
    );

    let read = api.execute(secret, READ, json!({ "id": room })).await;
    assert_eq!(read["data"]["room"]["title"], "show");
    let read = api.execute(secret, READ, json!({ "id": other })).await;
    assert_eq!(read["data"]["room"], Value::Null);

    for label in [String::new(), "l".repeat(101)] {
        let input = json!({ "roomId": room, "label": label });
        let refused = api.mutate("createOverlayToken", input).await;
        assert_eq!(refused["field"], "label");
    }

    let revoked = api.mutate("revokeOverlayToken", json!({ "id": id })).await;
    assert_eq!(revoked["revokedAt"], "2026-01-02T03:04:05.000Z");
    api.clock.advance_millis(1_000);
    assert_eq!(
        api.mutate("revokeOverlayToken", json!({ "id": id })).await,
        revoked
    );
    let body = json!({ "query": "{ __typename }" }).to_string();
    let answer = api.post(secret, &[], body).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::UNAUTHORIZED, "TOKEN_REVOKED")
    );
}

async fn anonymous_callers_read_what_the_room_allows(database: String) {
    let api = Api::start(&database).await;
    let room = |slug: &str, state: &str, anonymous_read: bool| json!({ "slug": slug, "title": slug, "state": state, "anonymousRead": anonymous_read });
    let public = api.room_with(room("public", "OPEN", true)).await;
    let closed = api.room_with(room("closed", "OPEN", false)).await;
    let draft = api.room_with(room("draft", "DRAFT", true)).await;
    let viewer = token(api.tenant, "viewer");

    for (room, by_anyone, by_viewers) in [
        (&public, true, true),
        (&closed, false, true),
        (&draft, false, false),
    ] {
        for (caller, may_read) in [("", by_anyone), (&viewer, by_viewers), (&api.staff, true)] {
            let read = api.execute(caller, READ, json!({ "id": room })).await;
            assert_eq!(
                !read["data"]["room"].is_null(),
                may_read,
                "{room} by {caller:?}"
            );
            assert_eq!(
                !read["data"]["node"].is_null(),
                may_read,
                "{room} by {caller:?}"
            );
        }
    }
}

async fn a_tenant_that_does_not_exist_makes_no_rooms(database: String) {
    let api = Api::start(&database).await;
    let nobody =
        parlor_domain::id::TenantId("00000000-0000-7000-8000-000000000001".parse().unwrap());

    let input = json!({ "slug": "show", "title": "Show" });
    let refused = api
        .mutate_as(&token(nobody, "staff"), "createRoom", input)
        .await;
    assert_eq!(
        (&refused["__typename"], &refused["code"]),
        (&json!("AuthError"), &json!("UNKNOWN_TENANT"))
    );
}

/// Every mutation, with input that would be fine.
fn mutations(room: &str, overlay: &Value) -> [(&'static str, Value); 7] {
    let mutations = [
        ("createRoom", json!({ "slug": "mine", "title": "Mine" })),
        (
            "updateRoom",
            json!({ "id": room, "version": 1, "title": "Mine now" }),
        ),
        ("startSession", json!({ "roomId": room })),
        ("endSession", json!({ "roomId": room })),
        (
            "recordContribution",
            json!({
                "roomId": room, "idempotencyKey": "k", "kind": "DONATION", "amount": "5",
                "currency": "EUR",
            }),
        ),
        (
            "createOverlayToken",
            json!({ "roomId": room, "label": "Mine" }),
        ),
        ("revokeOverlayToken", json!({ "id": overlay })),
    ];
    for (mutation, input) in &mutations {
        mutation_document(mutation, input.clone());
    }

    mutations
}
