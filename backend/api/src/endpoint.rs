//! GraphQL over HTTP, by the working draft of that name.

mod answer;

use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use async_graphql::{Request, ServerError};
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{self, FromRequest, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use metrics::histogram;
use parlor_identity::{Caller, IdentityError};
use parlor_node::clock::Stopwatch;
use serde::Deserialize;

use super::ParlorSchema;
use super::document::{Documents, JsonVariables};
use super::fault::Fault;
use crate::deadline::Deadline;
use crate::{App, json};
use answer::{
    MediaType, answer, answer_failed, answer_unexecuted, refuse, refuse_late, refuse_page,
    refuse_token,
};

pub(crate) use answer::{refuse_for, refuse_plainly};

/// What operations are executed with.
#[derive(Clone)]
pub struct Endpoint {
    pub app: Arc<App>,
    pub schema: ParlorSchema,
}

/// What a POST carries.
#[derive(Deserialize)]
struct Body {
    query: String,
    #[serde(rename = "operationName")]
    operation_name: Option<String>,
    variables: Option<JsonVariables>,
    #[serde(default, rename = "extensions")]
    _extensions: Option<serde_json::Map<String, serde_json::Value>>,
}

/// A body that came whole before the request's deadline.
pub struct Received(pub(crate) Bytes);

/// An operation that can be executed.
struct Prepared {
    request: Request,
    /// `None` if the execution is to say why there is none.
    operation: Option<OperationType>,
}

/// Executes the operation of a POST.
pub async fn post(
    State(endpoint): State<Endpoint>,
    Extension(deadline): Extension<Deadline>,
    headers: HeaderMap,
    Received(body): Received,
) -> axum::response::Response {
    let Some(media_type) = MediaType::accepted(&headers) else {
        return StatusCode::NOT_ACCEPTABLE.into_response();
    };
    if !is_json(&headers) {
        let message = "a request's content type must be application/json";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return refuse(media_type, status, message, "VALIDATION");
    }
    let admitted = deadline.meet(admit(&endpoint.app, &headers, media_type));
    let caller = match admitted.await {
        Ok(Ok(caller)) => caller,
        Ok(Err(refusal)) => return *refusal,
        Err(late) => return refuse_late(media_type, StatusCode::SERVICE_UNAVAILABLE, late),
    };
    let body = match read(&body) {
        Ok(body) => body,
        Err(message) => return refuse(media_type, StatusCode::BAD_REQUEST, &message, "VALIDATION"),
    };
    let Prepared { request, operation } = match prepare(&endpoint.app.documents, body) {
        Ok(prepared) => prepared,
        Err(error) => return answer_unexecuted(media_type, &error),
    };

    let stopwatch = Stopwatch::start();
    let executed = deadline.meet(endpoint.schema.execute(request.data(caller)));
    let executed = executed.await;
    histogram!("parlor_graphql_request_seconds").record(stopwatch.seconds());
    match executed {
        Ok(response) => answer(media_type, response),
        Err(late) => answer_failed(media_type, Fault::of_late(operation, late)),
    }
}

/// Finds out who asks, and whether they may from where they do.
async fn admit(
    app: &App,
    headers: &HeaderMap,
    media_type: MediaType,
) -> Result<Caller, Box<axum::response::Response>> {
    let caller = authenticate(app, headers).await;
    let caller = caller.map_err(|error| Box::new(refuse_token(media_type, error)))?;
    let checked = app.origins.check_caller(&caller).await;
    checked.map_err(|refusal| Box::new(refuse_page(media_type, refusal)))?;

    Ok(caller)
}

/// The same for what is no operation of GraphQL, and whose refusals are in plain JSON.
pub(crate) async fn admit_plainly(
    app: &App,
    headers: &HeaderMap,
) -> Result<Caller, Box<axum::response::Response>> {
    admit(app, headers, MediaType::Json).await
}

async fn authenticate(app: &App, headers: &HeaderMap) -> Result<Caller, IdentityError> {
    let authorization = match headers.get(AUTHORIZATION) {
        Some(value) => Some(value.to_str().map_err(|_| IdentityError::Malformed)?),
        None => None,
    };

    Ok(Caller {
        origin: app.origins.foreign(headers),
        ..app.identity.authenticate(authorization).await?
    })
}

fn read(body: &[u8]) -> Result<Body, String> {
    json::read(body).map_err(|error| format!("the request is no GraphQL request in JSON: {error}"))
}

fn prepare(documents: &Documents, body: Body) -> Result<Prepared, ServerError> {
    let document = documents.read(&body.query)?;
    let variables = document.variables(body.variables.unwrap_or_default())?;
    let operation = document.operation(body.operation_name.as_deref());

    Ok(Prepared {
        operation: operation.map(|operation| operation.ty),
        request: document.request(body.operation_name, variables),
    })
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|value| value.split(';').next());

    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

impl<S: Send + Sync> FromRequest<S> for Received {
    type Rejection = axum::response::Response;

    async fn from_request(request: extract::Request, state: &S) -> Result<Self, Self::Rejection> {
        let deadline = Deadline::of(request.extensions());
        let media_type = MediaType::accepted(request.headers()).unwrap_or(MediaType::Json);
        match deadline.meet(Bytes::from_request(request, state)).await {
            Ok(Ok(body)) => Ok(Self(body)),
            Ok(Err(rejection)) => Err(rejection.into_response()),
            Err(late) => Err(refuse_late(media_type, StatusCode::REQUEST_TIMEOUT, late)),
        }
    }
}
