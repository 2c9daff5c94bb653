//! One execution of a `liveRoom` operation: a message in, a response out.

use std::sync::Arc;

use async_graphql::{Request, Response, ServerError, Value};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use parlor_api::feed::{FeedMessage, FeedSource};
use parlor_api::{ParlorSchema, make_presentable};
use parlor_identity::Caller;
use tokio::sync::mpsc;

/// A subscription's resolver, waiting for messages.
pub(crate) struct Execution {
    pub(super) messages: mpsc::Sender<FeedMessage>,
    pub(super) responses: BoxStream<'static, Response>,
}

impl Execution {
    /// Starts an execution for whoever may read what it is given.
    pub(crate) fn start(schema: &ParlorSchema, request: Request) -> Self {
        let (messages, receiver) = mpsc::channel(1);
        let request = request
            .data(Caller::anonymous())
            .data(FeedSource::of_messages(receiver));

        Self {
            messages,
            responses: schema.execute_stream(request),
        }
    }

    /// Executes the operation for `message`. `None` if it came to an end.
    pub(crate) async fn run(&mut self, message: FeedMessage) -> Option<Response> {
        self.messages.send(message).await.ok()?;
        self.responses.next().await
    }
}

/// Whether `response` says that there is nothing to execute, rather than what came of it.
pub(crate) fn is_refusal(response: &Response) -> bool {
    response.data == Value::Null && !response.errors.is_empty()
}

/// A result as it goes into `next`.
pub(crate) fn payload(mut response: Response) -> Arc<str> {
    make_presentable(&mut response.errors);
    serde_json::to_string(&response)
        .expect("a response is plain JSON")
        .into()
}

/// Errors as they go into `error`.
pub(crate) fn errors_json(mut errors: Vec<ServerError>) -> String {
    make_presentable(&mut errors);
    serde_json::to_string(&errors).expect("errors are plain JSON")
}

/// An error of the socket's own as it goes into `error`.
pub(crate) fn error_json(message: &str, code: &str) -> String {
    serde_json::json!([{ "message": message, "extensions": { "code": code } }]).to_string()
}
