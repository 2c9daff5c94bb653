//! A request of a service, from its first header to its being kept.
//!
//! Nothing is written, and nothing but the source looked up, before the signature is known to be right; and nothing is
//! acknowledged before it is kept.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Extension;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use metrics::counter;
use parlor_domain::id::{WebhookDeliveryId, WebhookSourceId};
use parlor_domain::time::ServerTime;
use parlor_store::{NewDelivery, StoreError, WebhookSource};
use parlor_webhooks::{Adapter, Headers, LiveSecret, Request, Secret, Untold, Unverified};
use parlor_writer::NotDone;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::pace::Pace;
use crate::App;
use crate::deadline::Deadline;
use crate::endpoint::{Received, refuse_for, refuse_plainly};
use crate::fault::Fault;

/// Sources that are looked up at once: so whoever asks for what is none keeps no connection from others.
const LOOKUPS_AT_ONCE: usize = 4;

/// What a server keeps between the requests of services.
#[derive(Debug)]
pub struct Webhooks {
    pace: Mutex<Pace>,
    lookups: Semaphore,
}

/// What became of a request.
enum Outcome {
    /// It is kept, and will have its effect.
    Kept,
    /// It was kept before.
    Repeated,
    /// It is no concern of Parlor's.
    Ignored,
    Refused(Refused),
    Failed(Fault),
}

/// Why a request is not taken, in the order of the checks.
enum Refused {
    Encoded,
    /// It is of a type that the source's adapter does not read.
    ContentType(&'static str),
    /// There is no such source, or it is disabled, which nobody is told apart.
    Unknown,
    Unverified(Unverified),
    TooFast {
        wait_ms: i64,
    },
    Unreadable(String),
}

impl Default for Webhooks {
    fn default() -> Self {
        Self {
            pace: Mutex::default(),
            lookups: Semaphore::new(LOOKUPS_AT_ONCE),
        }
    }
}

/// Answers a request of a service.
pub async fn receive_contributions(
    State(app): State<Arc<App>>,
    Extension(deadline): Extension<Deadline>,
    id: Result<Path<Uuid>, PathRejection>,
    headers: HeaderMap,
    Received(body): Received,
) -> Response {
    // What is no id names no source, and takes as long as one that names none.
    let id = WebhookSourceId(id.map_or(Uuid::nil(), |Path(id)| id));
    let received = deadline.meet(receive(&app, id, &headers, &body)).await;
    let (adapter, outcome) = match received {
        Ok(received) => received,
        Err(late) => (None, Outcome::Failed(Fault::of_late(None, late))),
    };
    let adapter = adapter.map_or("unknown", Adapter::as_str);
    let name = outcome.name();
    counter!("parlor_webhook_requests_total", "adapter" => adapter, "outcome" => name).increment(1);

    outcome.answer()
}

async fn receive(
    app: &App,
    id: WebhookSourceId,
    headers: &HeaderMap,
    body: &[u8],
) -> (Option<Adapter>, Outcome) {
    if headers.contains_key(CONTENT_ENCODING) {
        return (None, Outcome::Refused(Refused::Encoded));
    }
    let Ok(received_at) = app.writer.stamp() else {
        let fault = Fault::of_not_done::<()>(&NotDone::ClockUntrusted);
        return (None, Outcome::Failed(fault));
    };
    let source = match look_up(app, id).await {
        Ok(source) => source,
        Err(error) => return (None, Outcome::Failed(error.into())),
    };
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let request = Request {
        headers: Headers {
            webhook_id: text("webhook-id"),
            webhook_timestamp: text("webhook-timestamp"),
            webhook_signature: text("webhook-signature"),
            stripe_signature: text("stripe-signature"),
        },
        body,
        received_at,
    };
    let Some(source) = source.filter(|source| !source.is_disabled) else {
        // As much work as for a source that is there, so that the time tells nothing.
        let nobodys = LiveSecret {
            secret: Secret::generate([0; parlor_webhooks::SECRET_BYTES]),
            retires_at: None,
        };
        let _unverified = parlor_webhooks::verify(Adapter::Parlor, &[nobodys], request);
        return (None, Outcome::Refused(Refused::Unknown));
    };
    let content_type = text(CONTENT_TYPE.as_str());
    let outcome = keep(app, &source, request, content_type).await;

    (Some(source.adapter), outcome)
}

async fn look_up(app: &App, id: WebhookSourceId) -> Result<Option<WebhookSource>, StoreError> {
    let permit = app.webhooks.lookups.acquire().await;
    let _permit = permit.expect("nobody closes the semaphore");

    app.store.webhook_source(id).await
}

/// Verifies a request and keeps what it says: a function of the source, the headers, the body and the time, by whatever
/// way they came.
async fn keep(
    app: &App,
    source: &WebhookSource,
    request: Request<'_>,
    content_type: Option<&str>,
) -> Outcome {
    let expected = match source.adapter {
        Adapter::Parlor | Adapter::Stripe => "application/json",
        Adapter::Kofi => "application/x-www-form-urlencoded",
    };
    let essence = content_type.and_then(|value| value.split(';').next());
    if !essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(expected)) {
        return Outcome::Refused(Refused::ContentType(expected));
    }
    let verified = parlor_webhooks::verify(source.adapter, &source.secrets, request);
    let message_id = match verified {
        Ok(message_id) => message_id,
        Err(unverified) => return Outcome::Refused(Refused::Unverified(unverified)),
    };
    if let Err(wait_ms) = app.webhooks.admit(source.id, request.received_at) {
        return Outcome::Refused(Refused::TooFast { wait_ms });
    }
    match (
        source.adapter,
        parlor_webhooks::read(source.adapter, request.body),
    ) {
        (_, Err(Untold::Ignored(_))) => return Outcome::Ignored,
        // A tenant's own server is told what is wrong. Another service would say the same again for days, and it has money.
        (Adapter::Parlor, Err(Untold::Unreadable(why))) => {
            return Outcome::Refused(Refused::Unreadable(why));
        }
        (Adapter::Stripe | Adapter::Kofi, Err(Untold::Unreadable(_))) | (_, Ok(_)) => (),
    }

    let delivery = NewDelivery {
        id: WebhookDeliveryId::next(&mut app.ids.clone()),
        source,
        message_id: &message_id,
        received_at: request.received_at,
        digest: Sha256::digest(request.body).into(),
        body: request.body,
    };
    match app.store.keep_delivery(delivery).await {
        Ok(true) => Outcome::Kept,
        Ok(false) => Outcome::Repeated,
        Err(error) => Outcome::Failed(error.into()),
    }
}

impl Webhooks {
    fn admit(&self, source: WebhookSourceId, now: ServerTime) -> Result<(), i64> {
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        pace.admit(source, now)
    }
}

impl Outcome {
    /// Its name in the metrics.
    fn name(&self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Repeated => "repeated",
            Self::Ignored => "ignored",
            Self::Refused(refused) => refused.code(),
            Self::Failed(_) => "failed",
        }
    }

    fn answer(&self) -> Response {
        match self {
            Self::Kept | Self::Repeated | Self::Ignored => {
                axum::Json(serde_json::json!({ "received": true })).into_response()
            }
            Self::Refused(refused) => refused.answer(),
            Self::Failed(fault) => refuse_for(fault),
        }
    }
}

impl Refused {
    fn code(&self) -> &'static str {
        match self {
            Self::Encoded => "CONTENT_ENCODING_UNSUPPORTED",
            Self::ContentType(_) => "CONTENT_TYPE_UNSUPPORTED",
            Self::Unknown => "NOT_FOUND",
            Self::Unverified(unverified) => unverified.code(),
            Self::TooFast { .. } => "TOO_MANY_REQUESTS",
            Self::Unreadable(_) => "VALIDATION",
        }
    }

    fn answer(&self) -> Response {
        let (status, message) = match self {
            Self::Encoded => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "a webhook's body must not be encoded".to_owned(),
            ),
            Self::ContentType(expected) => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                format!("the source's content type must be {expected}"),
            ),
            Self::Unknown => (StatusCode::NOT_FOUND, "there is no such source".to_owned()),
            Self::Unverified(unverified) => (StatusCode::UNAUTHORIZED, unverified.to_string()),
            Self::TooFast { .. } => (
                StatusCode::TOO_MANY_REQUESTS,
                "the source tells of more than 20 messages a second".to_owned(),
            ),
            Self::Unreadable(why) => (StatusCode::BAD_REQUEST, why.clone()),
        };
        let mut response = refuse_plainly(status, &message, self.code());
        if let Self::TooFast { wait_ms } = self {
            let seconds = (wait_ms + 999) / 1_000;
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(seconds));
        }

        response
    }
}
