//! Whose web pages may use the API over HTTP: what a preflight is told, and what a request.

use axum::http::{Method, StatusCode};
use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::server::{Answer, Api, token};
use crate::tenants::{mutate, operator, update_own};

on_both_engines! {
    a_preflight_allows_what_some_tenant_allows,
    a_request_is_judged_by_the_tenant_of_its_token,
    an_anonymous_request_is_judged_by_the_tenant_of_the_room,
}

/// The server's own setting has this one.
const OF_SERVER: &str = "https://a.example";
const OF_TENANT: &str = "https://tenant.example";
const OF_NOBODY: &str = "https://nobody.example";

async fn allow_own_page(api: &Api) {
    let change = json!({ "allowedOrigins": [OF_TENANT] });
    assert_eq!(update_own(api, change).await["version"], 2);
}

async fn ask(api: &Api, token: &str, origin: &str, query: &str, variables: Value) -> Answer {
    let body = json!({ "query": query, "variables": variables }).to_string();

    api.post(token, &[("origin", origin)], body).await
}

async fn a_preflight_allows_what_some_tenant_allows(database: String) {
    let api = Api::start(&database).await;
    let granted = async |origin: &str| {
        let asked = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            (
                "access-control-request-headers",
                "authorization,content-type",
            ),
        ];
        let answer = api.request(Method::OPTIONS, "/graphql", &asked, "").await;
        let granted = answer.header("access-control-allow-origin").to_owned();
        assert!(granted.is_empty() || granted == origin);
        !granted.is_empty()
    };
    assert!(!granted(OF_TENANT).await);

    // What was told before is told no longer.
    allow_own_page(&api).await;
    assert!(granted(OF_TENANT).await);
    assert!(granted(OF_SERVER).await);
    assert!(!granted(OF_NOBODY).await);
    update_own(&api, json!({ "allowedOrigins": [] })).await;
    assert!(!granted(OF_TENANT).await);
    let another = json!({ "name": "Another", "allowedOrigins": [OF_TENANT] });
    mutate(&api, &operator(), "createTenant", another).await;
    assert!(granted(OF_TENANT).await);
}

async fn a_request_is_judged_by_the_tenant_of_its_token(database: String) {
    let api = Api::start(&database).await;
    allow_own_page(&api).await;
    let other_staff = api.other_staff().await;
    let own_page = format!("http://{}", api.server.address);
    let create = "mutation { createRoom(input: { slug: \"x\", title: \"X\" }) { __typename } }";

    for (caller, origin, expected) in [
        (&api.staff, OF_SERVER, StatusCode::FORBIDDEN),
        (&api.staff, OF_NOBODY, StatusCode::FORBIDDEN),
        (&api.staff, "null", StatusCode::FORBIDDEN),
        (&other_staff, OF_TENANT, StatusCode::FORBIDDEN),
        (&operator(), OF_TENANT, StatusCode::FORBIDDEN),
    ] {
        let answer = ask(&api, caller, origin, create, json!({})).await;
        assert_eq!(
            (answer.status, answer.code()),
            (expected, "ORIGIN_FORBIDDEN".to_owned())
        );
        // A page that some tenant allows may read why this one does not.
        let told = answer.header("access-control-allow-origin");
        assert_eq!(
            told,
            if origin.contains("nobody") || origin == "null" {
                ""
            } else {
                origin
            }
        );
    }
    let count = "{ roomsConnection { totalCount } }";
    for caller in [&api.staff, &other_staff] {
        let rooms = api.execute(caller, count, json!({})).await;
        assert_eq!(rooms["data"]["roomsConnection"]["totalCount"], 0);
    }

    for (caller, origin) in [
        (&api.staff, OF_TENANT),
        (&api.staff, &own_page),
        (&api.staff, "https://parlor.example"),
        (&other_staff, OF_SERVER),
        (&operator(), OF_SERVER),
        (&token(api.tenant, "viewer"), OF_TENANT),
    ] {
        let answer = ask(&api, caller, origin, "{ __typename }", json!({})).await;
        assert_eq!(answer.status, StatusCode::OK, "{origin}: {answer:?}");
    }
    // Apps say nothing of an origin.
    let answer = api
        .post(&api.staff, &[], r#"{"query":"{ __typename }"}"#)
        .await;
    assert_eq!(answer.status, StatusCode::OK);
}

async fn an_anonymous_request_is_judged_by_the_tenant_of_the_room(database: String) {
    let api = Api::start(&database).await;
    allow_own_page(&api).await;
    let public = json!({ "slug": "p", "title": "P", "state": "OPEN", "anonymousRead": true });
    let mine = api.room_with(public.clone()).await;
    let other_staff = api.other_staff().await;
    let theirs = api.mutate_as(&other_staff, "createRoom", public).await;
    let theirs = theirs["id"].as_str().unwrap();
    let read = "query ($id: ID!) { room(id: $id) { title } node(id: $id) { id } }";
    let stage = "query ($id: ID!) { stage(roomId: $id) { size } }";

    for (origin, room, allowed) in [
        (OF_TENANT, mine.as_str(), true),
        (OF_TENANT, theirs, false),
        (OF_SERVER, &mine, false),
        (OF_SERVER, theirs, true),
        (OF_NOBODY, &mine, false),
    ] {
        for query in [read, stage] {
            let answer = ask(&api, "", origin, query, json!({ "id": room })).await;
            let body: Value = serde_json::from_str(&answer.body).unwrap();
            let code = &body["errors"][0]["extensions"]["code"];
            let expected = if allowed {
                Value::Null
            } else {
                json!("FORBIDDEN")
            };
            assert_eq!(*code, expected, "{origin} {query}: {body}");
        }
    }
    let read = api.execute("", read, json!({ "id": mine })).await;
    assert_eq!(read["data"]["room"]["title"], "P", "an app");
}
