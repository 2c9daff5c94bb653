//! Documents that would freeze or fell a node, over HTTP.

use std::time::Duration;

use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::corpus::Asked;
use crate::server::Api;

on_both_engines! {
    no_document_freezes_or_fells_the_server,
}

/// How long an answer may take. Generous, because it only bounds failures.
const PATIENCE: Duration = Duration::from_secs(20);
/// The longest answer: all of introspection, several times.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

async fn no_document_freezes_or_fells_the_server(database: String) {
    let api = Api::start(&database).await;
    for asked in Asked::all() {
        let name = &asked.name;
        let body = json!({ "query": asked.text, "variables": asked.variables }).to_string();
        let answer = tokio::time::timeout(PATIENCE, api.post("", &[], body)).await;
        let answer = answer.unwrap_or_else(|_| panic!("{name} is not answered"));
        assert_eq!(answer.status.as_u16(), 200, "{name}");
        assert!(answer.body.len() < ANSWER_BYTES_MAX, "{name}");

        let body: Value = serde_json::from_str(&answer.body).unwrap();
        if asked.is_refused() == Some(true) {
            assert_eq!(answer.code(), "VALIDATION", "{name}: {body}");
            assert_eq!(body.get("data"), None, "{name}: {body}");
        }
    }

    let alive = api.execute("", "{ __typename }", json!({})).await;
    assert_eq!(alive, json!({ "data": { "__typename": "Query" } }));
}
