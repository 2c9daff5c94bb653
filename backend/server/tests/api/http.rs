//! GraphQL over HTTP, its limits, and the routes around it.

use axum::http::{Method, StatusCode};
use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::server::Api;

on_both_engines! {
    answers_come_with_the_status_and_type_that_the_client_understands,
    what_asks_for_too_much_is_not_executed,
    pages_of_other_sites_need_leave,
    a_page_may_add_headers_of_its_tools,
    the_server_says_how_it_is,
    files_come_with_their_type_and_policy,
}

const NEW_TYPE: (&str, &str) = ("accept", "application/graphql-response+json");

async fn answers_come_with_the_status_and_type_that_the_client_understands(database: String) {
    let api = Api::start(&database).await;
    let fine = r#"{"query":"{ __typename }"}"#;
    for (headers, body, status, code) in [
        (vec![], fine, 200, None),
        (vec![NEW_TYPE], fine, 200, None),
        (vec![("accept", "*/*")], fine, 200, None),
        (vec![("accept", "text/html")], fine, 406, Some("")),
        (
            vec![("content-type", "text/plain")],
            fine,
            415,
            Some("VALIDATION"),
        ),
        (
            vec![("content-type", "application/json; charset=utf-8")],
            fine,
            200,
            None,
        ),
        (vec![], "{", 400, Some("VALIDATION")),
        (vec![], "[]", 400, Some("VALIDATION")),
        (vec![], r#"{"query":1}"#, 400, Some("VALIDATION")),
        (
            vec![],
            r#"{"query":"{ __typename }","variables":[1]}"#,
            400,
            Some("VALIDATION"),
        ),
        (vec![], r#"{"query":"{"}"#, 200, Some("VALIDATION")),
        (vec![NEW_TYPE], r#"{"query":"{"}"#, 400, Some("VALIDATION")),
        (
            vec![NEW_TYPE],
            r#"{"query":"{ nothing }"}"#,
            400,
            Some("VALIDATION"),
        ),
        (
            vec![NEW_TYPE],
            r#"{"query":"{ room(id: $id) { id } }"}"#,
            400,
            Some("VALIDATION"),
        ),
        (
            vec![NEW_TYPE],
            r#"{"query":"query a { __typename }","operationName":"b"}"#,
            400,
            Some("VALIDATION"),
        ),
        (
            vec![NEW_TYPE],
            r#"{"query":"subscription { liveRoom(roomId: \"x\") { epoch } }"}"#,
            400,
            Some("VALIDATION"),
        ),
    ] {
        let answer = api.post("", &headers, body).await;
        assert_eq!(
            answer.status.as_u16(),
            status,
            "{headers:?} {body}: {answer:?}"
        );
        let Some(code) = code else {
            assert_eq!(answer.body, r#"{"data":{"__typename":"Query"}}"#);
            continue;
        };
        if !code.is_empty() {
            assert_eq!(answer.code(), code, "{headers:?} {body}: {answer:?}");
            assert!(!answer.body.contains("\"data\""), "{answer:?}");
        }
    }

    let answer = api.post("", &[NEW_TYPE], fine).await;
    assert_eq!(
        answer.header("content-type"),
        "application/graphql-response+json; charset=utf-8"
    );
    let answer = api.request(Method::PUT, "/graphql", &[], fine).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    let explorer = api.get("/graphql", &[("accept", "text/html")]).await;
    assert!(explorer.header("content-type").starts_with("text/html"));
}

async fn what_asks_for_too_much_is_not_executed(database: String) {
    let api = Api::start(&database).await;
    let aliases = repeat(51, |n| format!("a{n}: slug"));
    let create = repeat(21, |n| {
        format!(r#"m{n}: createRoom(input: {{ slug: "r{n}", title: "r" }}) {{ __typename }}"#)
    });
    for document in [
        format!("mutation {{ {create} }}"),
        format!("{{ roomsConnection {{ nodes {{ {aliases} }} }} }}"),
        format!(
            "{{ roomsConnection {{ nodes {{ {} }} }} }}",
            "slug ".repeat(2_000)
        ),
        format!("{}x{}", "{ a ".repeat(40), "}".repeat(40)),
    ] {
        let answer = api.execute(&api.staff, &document, json!({})).await;
        assert_eq!(
            answer["errors"][0]["extensions"]["code"], "VALIDATION",
            "{answer}"
        );
        assert!(
            answer["errors"][0]["message"]
                .as_str()
                .unwrap()
                .contains("more than"),
            "{answer}"
        );
    }
    let rooms = api
        .execute(&api.staff, "{ roomsConnection { totalCount } }", json!({}))
        .await;
    assert_eq!(rooms["data"]["roomsConnection"]["totalCount"], 0);

    let body = json!({ "query": "{ __typename }", "variables": { "x": "y".repeat(300_000) } });
    let answer = api.post(&api.staff, &[], body.to_string()).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);

    let introspection = "{ __schema { types { fields { args { type { ofType { ofType { ofType {
        ofType { ofType { ofType { ofType { name } } } } } } } } } } } } }";
    let answer = api.execute("", introspection, json!({})).await;
    assert_eq!(answer["errors"], Value::Null);
}

async fn pages_of_other_sites_need_leave(database: String) {
    let api = Api::start(&database).await;
    for (origin, allowed) in [
        ("https://a.example", true),
        ("https://b.example", false),
        ("http://a.example", false),
    ] {
        let asked = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            (
                "access-control-request-headers",
                "authorization,content-type",
            ),
        ];
        let answer = api.request(Method::OPTIONS, "/graphql", &asked, "").await;
        let granted = answer.header("access-control-allow-origin");
        assert_eq!(granted, if allowed { origin } else { "" });

        let answer = api
            .post("", &[("origin", origin)], r#"{"query":"{ __typename }"}"#)
            .await;
        let granted = answer.header("access-control-allow-origin");
        assert_eq!(granted, if allowed { origin } else { "" });
    }
}

async fn a_page_may_add_headers_of_its_tools(database: String) {
    let api = Api::start(&database).await;
    let preflight = async |path: &str, origin: &str, method: &str, names: &str| {
        let asked = [
            ("origin", origin),
            ("access-control-request-method", method),
            ("access-control-request-headers", names),
        ];
        let answer = api.request(Method::OPTIONS, path, &asked, "").await;
        assert!(answer.status.is_success(), "{path}: {answer:?}");
        (
            answer.header("access-control-allow-origin").to_owned(),
            answer.header("access-control-allow-headers").to_owned(),
        )
    };
    for names in [
        "authorization,content-type",
        "authorization,baggage,content-type,sentry-trace",
        "traceparent,tracestate",
        "apollo-require-preflight,apollographql-client-name,content-type",
        "x-requested-with",
        "x-headers-yet-to-come",
    ] {
        let own = preflight("/graphql", "https://a.example", "POST", names).await;
        assert_eq!(own, ("https://a.example".to_owned(), names.to_owned()));
        let (granted, _) = preflight("/graphql", "https://b.example", "POST", names).await;
        assert_eq!(granted, "");

        for path in ["/parlor-overlay.js", "/sdk/index.js"] {
            let any = preflight(path, "https://b.example", "GET", names).await;
            assert_eq!(any, ("*".to_owned(), names.to_owned()));
        }
    }

    let answer = api
        .request(Method::PUT, "/parlor-overlay.js", &[], "")
        .await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.header("allow"), "GET, HEAD, OPTIONS");
}

async fn the_server_says_how_it_is(database: String) {
    let api = Api::start(&database).await;
    parlor_server::http::install_recorder();
    api.room("show").await;
    let room = api.room("other").await;
    api.mutate("startSession", json!({ "roomId": room })).await;

    assert_eq!(api.get("/healthz", &[]).await.status, StatusCode::OK);
    assert_eq!(api.get("/readyz", &[]).await.status, StatusCode::OK);
    let metrics = api.get("/metrics", &[]).await;
    assert!(
        metrics.body.contains("parlor_writer_commands_total"),
        "{}",
        metrics.body
    );

    api.server.service.app.draining.send_replace(true);
    assert!(api.server.service.app.is_draining());
}

async fn files_come_with_their_type_and_policy(database: String) {
    let api = Api::start(&database).await;
    let missing = api.get("/no/such/thing.js", &[]).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    assert_eq!(missing.header("x-content-type-options"), "nosniff");
    assert!(
        missing
            .header("content-security-policy")
            .contains("script-src 'self' 'wasm-unsafe-eval'")
    );
    assert_eq!(
        api.get("/../Cargo.toml", &[]).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        api.get("/%2e%2e/Cargo.toml", &[]).await.status,
        StatusCode::NOT_FOUND
    );

    let module = api
        .get("/parlor_overlay_bg.wasm", &[("accept-encoding", "br")])
        .await;
    if module.status == StatusCode::OK {
        assert_eq!(module.header("content-type"), "application/wasm");
    }
    let page = api.get("/overlay/", &[]).await;
    assert!(page.header("content-type").starts_with("text/html"));
}

fn repeat(times: usize, part: impl Fn(usize) -> String) -> String {
    (0..times).map(part).collect::<Vec<_>>().join(" ")
}
