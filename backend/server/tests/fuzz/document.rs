//! Documents, with or without variables, over HTTP. What keeps the limits is executed in little time,
//! and nothing ends the server.

use std::cell::RefCell;
use std::time::Duration;

use parlor_server::simulate::{Client, ClientError};
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::time::Instant;

use crate::server::TestServer;

/// How long an answer may take: a hundred times the slowest that keeps the limits, with an optimised
/// program.
const ANSWER_MAX: Duration = Duration::from_secs(10);

thread_local! {
    static SCENE: RefCell<Option<Scene>> = const { RefCell::new(None) };
}

struct Scene {
    runtime: Runtime,
    client: Client,
    _server: TestServer,
}

pub(crate) fn run(bytes: &[u8]) {
    let Ok(content) = std::str::from_utf8(bytes) else {
        return;
    };
    let (text, variables) = content.split_once('\0').unwrap_or((content, "{}"));
    let variables = serde_json::from_str(variables).unwrap_or(Value::Null);

    SCENE.with_borrow_mut(|scene| scene.get_or_insert_with(Scene::start).ask(text, variables));
}

impl Scene {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime can be made");
        let (server, token) = runtime.block_on(async {
            let server = TestServer::start().await;
            server.live_room("main").await;
            let token = server.token(server.tenant, "viewer", 3_600_000);
            (server, token)
        });
        let url = format!("http://{}", server.address);
        let client = Client::new(&url, &token).expect("it is an address");

        Self {
            runtime,
            client,
            _server: server,
        }
    }

    fn ask(&self, text: &str, variables: Value) {
        let asked = Instant::now();
        let answer = self.runtime.block_on(self.client.execute(text, variables));
        match answer {
            Ok(_) | Err(ClientError::Failed { .. }) => {}
            Err(ClientError::Refused(status, _)) if status.is_client_error() => {}
            Err(error) => panic!("there is no answer: {error}"),
        }
        let took = asked.elapsed();
        assert!(took < ANSWER_MAX, "the answer took {took:?}");
    }
}
