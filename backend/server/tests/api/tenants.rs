//! Tenants by the operator's hand: made, listed, changed, and held to their limits.

use axum::http::StatusCode;
use parlor_identity::{Claims, sign_with};
use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::keys::es256;
use crate::server::{Api, SECRET, START_MS, claims, token};

on_both_engines! {
    to_everyone_but_the_operator_there_are_no_tenants,
    an_operator_makes_and_lists_tenants,
    a_tenant_is_changed_against_its_version,
    what_is_wrong_with_a_tenant_is_named,
    an_operator_acts_in_nobodys_room,
    a_new_room_takes_its_tenants_defaults,
    rooms_and_overlay_tokens_are_limited,
}

pub(crate) const TENANT: &str = "... on Tenant {
    id uuid name version allowedOrigins
    roomDefaults { delayMs ingestOffsetMs anonymousRead stageSize interruptionGraceMs }
    limits { rooms overlayTokensPerRoom socketsPerNode }
    keys { kid algorithm jwk standing addedAt retiresAt }
    createdAt updatedAt
}";
const UUID: &str = "01fffe37-0000-7000-8000-00000000ac3e";
const READ: &str = "query ($id: ID!) { tenant(id: $id) { id name } node(id: $id) { id } }";

pub(crate) fn operator() -> String {
    sign_with(
        SECRET,
        &Claims {
            role: Some("operator".to_owned()),
            sub: Some("ops".to_owned()),
            exp: Some(START_MS / 1_000 + 3_600),
            ..Claims::default()
        },
    )
}

/// Has a mutation of tenants done, and returns the member of its result.
pub(crate) async fn mutate(api: &Api, caller: &str, mutation: &str, input: Value) -> Value {
    let (input_type, object) = match mutation {
        "createTenant" => ("CreateTenantInput", TENANT),
        "updateTenant" => ("UpdateTenantInput", TENANT),
        "addTenantKey" => ("AddTenantKeyInput", KEY),
        "retireTenantKey" => ("RetireTenantKeyInput", KEY),
        other => panic!("there is no mutation {other}"),
    };
    let (declared, given) = match mutation {
        "updateTenant" => ("$id: ID!, ", "id: $id, "),
        _ => ("", ""),
    };
    let validation = match mutation {
        "retireTenantKey" => "",
        _ => "... on ValidationError { field constraint }",
    };
    let document = format!(
        "mutation ({declared}$input: {input_type}!) {{ {mutation}({given}input: $input) {{
            __typename {object} ... on Error {{ message code }} {validation}
        }} }}"
    );
    let mut input = input;
    let id = match mutation {
        "updateTenant" => input.as_object_mut().unwrap().remove("id"),
        _ => None,
    };
    let answer = api
        .execute(caller, &document, json!({ "id": id, "input": input }))
        .await;
    assert_eq!(answer["errors"], Value::Null, "{answer}");

    answer["data"][mutation].clone()
}

const KEY: &str = "... on TenantKey { kid algorithm jwk standing addedAt retiresAt }";

/// The tenant that the test server begins with, by its global id.
pub(crate) async fn own_tenant(api: &Api) -> Value {
    let document = format!("{{ tenantsConnection {{ nodes {{ __typename {TENANT} }} }} }}");
    let listed = api.execute(&operator(), &document, json!({})).await;
    let nodes = listed["data"]["tenantsConnection"]["nodes"].as_array();
    let uuid = api.tenant.to_string();

    let own = nodes.unwrap().iter().find(|node| node["uuid"] == uuid);
    own.unwrap_or_else(|| panic!("{listed}")).clone()
}

/// Changes the test server's own tenant.
pub(crate) async fn update_own(api: &Api, change: Value) -> Value {
    let own = own_tenant(api).await;
    let mut input = change;
    input["id"] = own["id"].clone();
    input["version"] = own["version"].clone();

    mutate(api, &operator(), "updateTenant", input).await
}

async fn to_everyone_but_the_operator_there_are_no_tenants(database: String) {
    let api = Api::start(&database).await;
    let own = own_tenant(&api).await;
    let unknown = "VGVuYW50OjAxOTRmZTM3LTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMA==";
    let room = api.room("show").await;
    let overlay = json!({ "roomId": room, "label": "OBS" });
    let overlay = api.mutate("createOverlayToken", overlay).await;
    let overlay = overlay["secret"].as_str().unwrap();
    let key = es256("k", 1);
    let mut both = claims(api.tenant, "operator");
    both.roles = vec!["operator".to_owned()];

    for (caller, code) in [
        (String::new(), "UNAUTHENTICATED"),
        (token(api.tenant, "viewer"), "OPERATOR_ONLY"),
        (api.staff.clone(), "OPERATOR_ONLY"),
        (token(api.tenant, "owner"), "OPERATOR_ONLY"),
        (sign_with(SECRET, &both), "OPERATOR_ONLY"),
        (overlay.to_owned(), "OPERATOR_ONLY"),
    ] {
        let listed = api
            .execute(&caller, "{ tenantsConnection { totalCount } }", json!({}))
            .await;
        assert_eq!(listed["data"], Value::Null, "{caller:?}");
        for id in [own["id"].as_str().unwrap(), unknown, "not an id"] {
            let read = api.execute(&caller, READ, json!({ "id": id })).await;
            let nothing = json!({ "data": { "tenant": null, "node": null } });
            assert_eq!(read, nothing, "{caller:?}");

            for (mutation, input) in [
                ("createTenant", json!({ "name": "Mine" })),
                (
                    "updateTenant",
                    json!({ "id": id, "version": 1, "name": "Mine" }),
                ),
                ("addTenantKey", json!({ "tenantId": id, "jwk": key.jwk() })),
                ("retireTenantKey", json!({ "tenantId": id, "kid": "k" })),
            ] {
                let refused = mutate(&api, &caller, mutation, input).await;
                assert_eq!(
                    (&refused["__typename"], &refused["code"]),
                    (&json!("AuthError"), &json!(code)),
                    "{mutation} by {caller:?}"
                );
            }
        }
    }
    assert_eq!(own_tenant(&api).await, own);

    // Whoever signs for the server is its operator only for as long as the token says.
    let mut stale = Claims {
        role: Some("operator".to_owned()),
        sub: Some("ops".to_owned()),
        exp: Some(START_MS / 1_000),
        ..Claims::default()
    };
    let body = json!({ "query": "{ __typename }" }).to_string();
    let answer = api
        .post(&sign_with(SECRET, &stale), &[], body.clone())
        .await;
    assert_eq!(answer.code(), "TOKEN_EXPIRED");
    stale.exp = None;
    let answer = api.post(&sign_with(SECRET, &stale), &[], body).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.code(), "TOKEN_CLAIMS_MISSING");
}

async fn an_operator_makes_and_lists_tenants(database: String) {
    let api = Api::start(&database).await;
    let input = json!({
        "uuid": UUID, "name": "Acme", "allowedOrigins": ["https://www.acme.example"],
        "roomDefaults": { "delayMs": 8_000, "anonymousRead": true },
        "limits": { "rooms": 5 },
    });
    let made = mutate(&api, &operator(), "createTenant", input.clone()).await;
    let expected = json!({
        "__typename": "Tenant", "id": made["id"], "uuid": UUID, "name": "Acme", "version": 1,
        "allowedOrigins": ["https://www.acme.example"],
        "roomDefaults": {
            "delayMs": 8_000, "ingestOffsetMs": 0, "anonymousRead": true, "stageSize": 10,
            "interruptionGraceMs": 600_000,
        },
        "limits": { "rooms": 5, "overlayTokensPerRoom": 100, "socketsPerNode": 100_000 },
        "keys": [],
        "createdAt": "2026-01-02T03:04:05.000Z", "updatedAt": "2026-01-02T03:04:05.000Z",
    });
    assert_eq!(made, expected);

    // A call whose answer was lost can be made again; another one of the same id is refused.
    api.clock.advance_millis(1_000);
    let again = mutate(&api, &operator(), "createTenant", input.clone()).await;
    assert_eq!(again, made);
    let mut other = input;
    other["name"] = json!("Not Acme");
    let refused = mutate(&api, &operator(), "createTenant", other).await;
    assert_eq!(refused["code"], "TENANT_EXISTS");

    let nameless = mutate(
        &api,
        &operator(),
        "createTenant",
        json!({ "name": "Later" }),
    )
    .await;
    let read = api
        .execute(&operator(), READ, json!({ "id": nameless["id"] }))
        .await;
    assert_eq!(read["data"]["tenant"]["name"], "Later");
    assert_eq!(read["data"]["node"]["id"], nameless["id"]);

    let page = "query ($page: ConnectionInput) { tenantsConnection(page: $page) {
        totalCount nodes { name } pageInfo { endCursor hasNextPage }
    } }";
    let first = json!({ "page": { "first": 2 } });
    let first = api.execute(&operator(), page, first).await;
    let first = &first["data"]["tenantsConnection"];
    assert_eq!(first["totalCount"], 3);
    assert_eq!(
        first["nodes"],
        json!([{ "name": "A tenant" }, { "name": "Acme" }])
    );
    let rest = json!({ "page": { "first": 2, "after": first["pageInfo"]["endCursor"] } });
    let rest = api.execute(&operator(), page, rest).await;
    let rest = &rest["data"]["tenantsConnection"];
    assert_eq!(rest["nodes"], json!([{ "name": "Later" }]));
    assert_eq!(rest["pageInfo"]["hasNextPage"], false);

    // Its tokens hold at once.
    let tenant = parlor_domain::id::TenantId(UUID.parse().unwrap());
    let room = json!({ "slug": "show", "title": "Show" });
    let room = api
        .mutate_as(&token(tenant, "staff"), "createRoom", room)
        .await;
    assert_eq!(room["__typename"], "Room", "{room}");
}

async fn a_tenant_is_changed_against_its_version(database: String) {
    let api = Api::start(&database).await;
    let own = own_tenant(&api).await;
    api.clock.advance_millis(1_000);
    let change = json!({
        "id": own["id"], "version": 1, "allowedOrigins": ["https://b.example", "https://a.example"],
        "limits": { "socketsPerNode": 7 },
    });
    let changed = mutate(&api, &operator(), "updateTenant", change.clone()).await;
    assert_eq!(changed["version"], 2);
    assert_eq!(changed["name"], own["name"]);
    assert_eq!(
        changed["allowedOrigins"],
        json!(["https://a.example", "https://b.example"])
    );
    assert_eq!(changed["limits"]["socketsPerNode"], 7);
    assert_eq!(changed["limits"]["rooms"], own["limits"]["rooms"]);
    assert_eq!(changed["updatedAt"], "2026-01-02T03:04:06.000Z");

    let stale = mutate(&api, &operator(), "updateTenant", change).await;
    assert_eq!(
        (&stale["__typename"], &stale["code"]),
        (&json!("ConflictError"), &json!("STALE_VERSION"))
    );
    assert_eq!(own_tenant(&api).await, changed);

    let unnamed = json!({ "id": own["id"], "version": 2, "name": "Renamed" });
    let renamed = mutate(&api, &operator(), "updateTenant", unnamed).await;
    assert_eq!(renamed["allowedOrigins"], changed["allowedOrigins"]);
    let back = json!({ "id": own["id"], "version": 3, "allowedOrigins": null });
    let back = mutate(&api, &operator(), "updateTenant", back).await;
    assert_eq!(back["allowedOrigins"], Value::Null);

    let unknown = json!({ "id": "nonsense", "version": 1 });
    let refused = mutate(&api, &operator(), "updateTenant", unknown).await;
    assert_eq!(refused["__typename"], "NotFoundError");
}

async fn what_is_wrong_with_a_tenant_is_named(database: String) {
    let api = Api::start(&database).await;
    for (input, field) in [
        (json!({ "name": "" }), "name"),
        (json!({ "name": "x", "uuid": "7" }), "uuid"),
        (
            json!({ "name": "x", "allowedOrigins": ["example.com"] }),
            "allowedOrigins",
        ),
        (
            json!({ "name": "x", "limits": { "rooms": -1 } }),
            "limits.rooms",
        ),
        (
            json!({ "name": "x", "limits": { "socketsPerNode": 20_000_000 } }),
            "limits.socketsPerNode",
        ),
        (
            json!({ "name": "x", "roomDefaults": { "stageSize": 51 } }),
            "roomDefaults.stageSize",
        ),
        (
            json!({ "name": "x", "roomDefaults": { "delayMs": -1 } }),
            "roomDefaults.delayMs",
        ),
    ] {
        let refused = mutate(&api, &operator(), "createTenant", input.clone()).await;
        assert_eq!(refused["__typename"], "ValidationError", "{input}");
        assert_eq!(refused["field"], field, "{input}");
    }
}

async fn an_operator_acts_in_nobodys_room(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let open = json!({ "slug": "open", "title": "Open", "state": "OPEN", "anonymousRead": true });
    let open = api.room_with(open).await;

    for (mutation, input) in [
        ("createRoom", json!({ "slug": "mine", "title": "Mine" })),
        (
            "updateRoom",
            json!({ "id": room, "version": 1, "title": "Mine" }),
        ),
        ("startSession", json!({ "roomId": room })),
        (
            "createOverlayToken",
            json!({ "roomId": room, "label": "Mine" }),
        ),
        ("joinRoom", json!({ "roomId": room, "name": "Ops" })),
    ] {
        let refused = api.mutate_as(&operator(), mutation, input).await;
        assert_eq!(
            (&refused["__typename"], &refused["code"]),
            (&json!("AuthError"), &json!("OPERATOR_HAS_NO_TENANT")),
            "{mutation}"
        );
    }
    let read = "query ($id: ID!) { room(id: $id) { title } }";
    for (room, seen) in [(&room, Value::Null), (&open, json!({ "title": "Open" }))] {
        let found = api.execute(&operator(), read, json!({ "id": room })).await;
        assert_eq!(found["data"]["room"], seen);
    }
}

async fn a_new_room_takes_its_tenants_defaults(database: String) {
    let api = Api::start(&database).await;
    let defaults = json!({ "roomDefaults": {
        "delayMs": 8_000, "ingestOffsetMs": -250, "anonymousRead": true, "stageSize": 4,
    } });
    assert_eq!(update_own(&api, defaults).await["version"], 2);

    let silent = json!({ "slug": "silent", "title": "Silent" });
    let room = api.mutate("createRoom", silent).await;
    assert_eq!(room["delayMs"], 8_000);
    assert_eq!(room["ingestOffsetMs"], -250);
    assert_eq!(room["anonymousRead"], true);

    let outspoken = json!({
        "slug": "outspoken", "title": "Outspoken", "delayMs": 0, "anonymousRead": false,
    });
    let room = api.mutate("createRoom", outspoken).await;
    assert_eq!(
        (&room["delayMs"], &room["anonymousRead"]),
        (&json!(0), &json!(false))
    );

    // Somebody else's rooms are as they were.
    let others = json!({ "slug": "silent", "title": "Silent" });
    let other_staff = api.other_staff().await;
    let room = api.mutate_as(&other_staff, "createRoom", others).await;
    assert_eq!(
        (&room["delayMs"], &room["anonymousRead"]),
        (&json!(0), &json!(false))
    );
}

async fn rooms_and_overlay_tokens_are_limited(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("one").await;
    let limits = json!({ "limits": { "rooms": 2, "overlayTokensPerRoom": 1 } });
    update_own(&api, limits).await;

    api.room("two").await;
    let third = json!({ "slug": "three", "title": "Three" });
    let refused = api.mutate("createRoom", third.clone()).await;
    assert_eq!(
        (&refused["__typename"], &refused["code"]),
        (&json!("ConflictError"), &json!("TOO_MANY_ROOMS"))
    );
    let other_staff = api.other_staff().await;
    let theirs = api.mutate_as(&other_staff, "createRoom", third).await;
    assert_eq!(theirs["__typename"], "Room");

    let input = json!({ "roomId": room, "label": "OBS" });
    let first = api.mutate("createOverlayToken", input.clone()).await;
    let document = "mutation ($input: CreateOverlayTokenInput!) {
        createOverlayToken(input: $input) { __typename ... on Error { code } }
    }";
    let refused = api
        .execute(&api.staff, document, json!({ "input": input }))
        .await;
    assert_eq!(
        refused["data"]["createOverlayToken"],
        json!({ "__typename": "ConflictError", "code": "TOO_MANY_OVERLAY_TOKENS" })
    );
    let revoked = json!({ "id": first["overlayToken"]["id"] });
    api.mutate("revokeOverlayToken", revoked).await;
    let again = api.mutate("createOverlayToken", input).await;
    assert_eq!(again["__typename"], "CreatedOverlayToken");
}
