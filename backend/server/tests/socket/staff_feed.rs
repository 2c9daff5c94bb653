//! Somebody who follows what a room's staff sees.

use serde_json::{Value, json};

use crate::client::Client;
use crate::server::TestServer;

/// No token expires while a test runs.
pub(crate) const HOUR_MS: i64 = 3_600_000;

/// The next message of the subscription that is `id` on `client`.
pub(crate) async fn told(client: &mut Client, id: &str) -> Value {
    let mut message = client.message().await;
    assert_eq!(
        (&message["type"], &message["id"]),
        (&json!("next"), &json!(id)),
        "{message}"
    );

    message["payload"]["data"]["liveStaff"].take()
}

/// A socket of the tenant's staff.
pub(crate) async fn staff(server: &TestServer) -> Client {
    Client::ready(server, Some(&server.token(server.tenant, "staff", HOUR_MS))).await
}

/// Which are told of, each with its status.
pub(crate) fn statuses(told: &Value) -> Vec<(&str, &str)> {
    let told = told.as_array().unwrap().iter();
    told.map(|one| (id(one), one["status"].as_str().unwrap()))
        .collect()
}

pub(crate) fn ids(told: &Value) -> Vec<&str> {
    told.as_array().unwrap().iter().map(id).collect()
}

pub(crate) fn id(one: &Value) -> &str {
    one["id"].as_str().unwrap()
}
