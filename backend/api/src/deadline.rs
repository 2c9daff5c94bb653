//! When a request has its answer at the latest, whatever it waits for.

use std::time::Duration;

use axum::http::Extensions;
use tokio::time::Instant;

/// By when something has to be done.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    ends_at: Instant,
    span: Duration,
}

/// It was not done in time.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("there was no answer within {} ms", .0.as_millis())]
pub struct Late(Duration);

impl Deadline {
    /// A deadline `span` from now.
    pub fn after(span: Duration) -> Self {
        Self {
            ends_at: Instant::now() + span,
            span,
        }
    }

    /// The deadline of the request that has `extensions`.
    pub fn of(extensions: &Extensions) -> Self {
        let deadline = extensions.get().copied();
        deadline.expect("the router stamps every request")
    }

    /// Does `work`, and gives it up at the deadline.
    pub async fn meet<T>(self, work: impl Future<Output = T>) -> Result<T, Late> {
        let done = tokio::time::timeout_at(self.ends_at, work).await;
        done.map_err(|_elapsed| Late(self.span))
    }
}
