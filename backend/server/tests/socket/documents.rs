//! Documents that would freeze or fell a node, over the socket.

use serde_json::{Value, json};

use crate::client::Client;
use crate::corpus::Asked;
use crate::server::TestServer;

#[tokio::test]
async fn no_document_freezes_or_fells_the_server() {
    let server = TestServer::start().await;
    let mut client = Client::ready(&server, None).await;
    for asked in Asked::all() {
        let name = &asked.name;
        client
            .subscribe(name, &asked.text, asked.variables.clone())
            .await;
        let first = client.message().await;
        assert_eq!(first["id"], **name, "{first}");
        if asked.is_refused() == Some(true) {
            assert_eq!(first["type"], "error", "{name}: {first}");
            let code = &first["payload"][0]["extensions"]["code"];
            assert_eq!(*code, "VALIDATION", "{name}: {first}");
        }
        if first["type"] == "next" {
            let last = client.message().await;
            assert_eq!(last, json!({ "type": "complete", "id": name }));
        }
    }

    client
        .subscribe("alive", "{ __typename }", Value::Null)
        .await;
    let alive = client.message().await;
    assert_eq!(alive["payload"]["data"], json!({ "__typename": "Query" }));
}
