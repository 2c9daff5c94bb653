//! GraphQL over HTTP, by the working draft of that name.

use std::sync::Arc;

use async_graphql::{Request, Response, ServerError};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::IntoResponse;
use metrics::histogram;
use serde::Deserialize;

use super::ParlorSchema;
use super::document::{Document, JsonVariables};
use super::errors::make_presentable;
use crate::app::App;
use crate::clock::Stopwatch;
use crate::identity::{Caller, IdentityError};
use crate::origins::{self, PageRefusal};

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

/// The two ways to write an answer. In the older one a refused document is a 200 as well, for
/// clients that look no further than the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MediaType {
    GraphqlResponse,
    Json,
}

/// Executes the operation of a POST.
pub async fn post(
    State(endpoint): State<Endpoint>,
    headers: HeaderMap,
    body: Bytes,
) -> axum::response::Response {
    let Some(media_type) = MediaType::accepted(&headers) else {
        return StatusCode::NOT_ACCEPTABLE.into_response();
    };
    if !is_json(&headers) {
        let message = "a request's content type must be application/json";
        return refuse(
            media_type,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            message,
            "VALIDATION",
        );
    }
    let caller = match authenticate(&endpoint.app, &headers).await {
        Ok(caller) => caller,
        Err(error) => return refuse_token(media_type, &error),
    };
    if let Err(refusal) = origins::check_caller(&endpoint.app, &caller).await {
        return refuse_page(media_type, refusal);
    }
    let request = match read(&body) {
        Ok(request) => request,
        Err(message) => return refuse(media_type, StatusCode::BAD_REQUEST, &message, "VALIDATION"),
    };
    let request = match prepare(request) {
        Ok(request) => request,
        Err(error) => return answer_unexecuted(media_type, &error),
    };

    let stopwatch = Stopwatch::start();
    let response = endpoint.schema.execute(request.data(caller)).await;
    histogram!("parlor_graphql_request_seconds").record(stopwatch.seconds());
    answer(media_type, response)
}

async fn authenticate(app: &App, headers: &HeaderMap) -> Result<Caller, IdentityError> {
    let authorization = match headers.get(AUTHORIZATION) {
        Some(value) => Some(value.to_str().map_err(|_| IdentityError::Malformed)?),
        None => None,
    };

    Ok(Caller {
        origin: origins::foreign_origin(app, headers),
        ..app.identity.authenticate(authorization).await?
    })
}

fn read(body: &[u8]) -> Result<Body, String> {
    serde_json::from_slice(body)
        .map_err(|error| format!("the request is no GraphQL request in JSON: {error}"))
}

fn prepare(body: Body) -> Result<Request, ServerError> {
    let document = Document::parse(body.query)?;
    let variables = document.variables(body.variables.unwrap_or_default())?;

    Ok(document.request(body.operation_name, variables))
}

fn answer(media_type: MediaType, mut response: Response) -> axum::response::Response {
    make_presentable(&mut response.errors);
    let was_executed = response.errors.iter().all(|error| !error.path.is_empty());
    if !was_executed {
        // A document that was not executed has no `data` at all.
        let errors = serde_json::json!({ "errors": response.errors });
        return write(media_type, media_type.status_unexecuted(), &errors);
    }

    write(media_type, StatusCode::OK, &response)
}

fn answer_unexecuted(media_type: MediaType, error: &ServerError) -> axum::response::Response {
    let errors = serde_json::json!({ "errors": [error] });
    write(media_type, media_type.status_unexecuted(), &errors)
}

fn refuse_token(media_type: MediaType, error: &IdentityError) -> axum::response::Response {
    if let IdentityError::Store(error) = error {
        tracing::error!(
            error = error as &dyn std::error::Error,
            "a token could not be looked up"
        );
        let message = "something went wrong here; it was logged";
        return refuse(
            media_type,
            StatusCode::INTERNAL_SERVER_ERROR,
            message,
            "INTERNAL",
        );
    }

    let mut response = refuse(
        media_type,
        StatusCode::UNAUTHORIZED,
        &error.to_string(),
        error.code(),
    );
    let challenge = HeaderValue::from_static("Bearer");
    response
        .headers_mut()
        .insert(axum::http::header::WWW_AUTHENTICATE, challenge);
    response
}

fn refuse_page(media_type: MediaType, refusal: PageRefusal) -> axum::response::Response {
    match refusal {
        PageRefusal::Origin(_) => {
            let message = refusal.to_string();
            refuse(
                media_type,
                StatusCode::FORBIDDEN,
                &message,
                "ORIGIN_FORBIDDEN",
            )
        }
        PageRefusal::Store(error) => refuse_token(media_type, &error.into()),
    }
}

fn refuse(
    media_type: MediaType,
    status: StatusCode,
    message: &str,
    code: &str,
) -> axum::response::Response {
    let errors = serde_json::json!({
        "errors": [{ "message": message, "extensions": { "code": code } }],
    });

    write(media_type, status, &errors)
}

fn write(
    media_type: MediaType,
    status: StatusCode,
    body: &impl serde::Serialize,
) -> axum::response::Response {
    let body = serde_json::to_vec(body).expect("answers are plain JSON");
    let headers = [
        (CONTENT_TYPE, media_type.as_str()),
        (CACHE_CONTROL, "no-store"),
    ];

    (status, headers, body).into_response()
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|value| value.split(';').next());

    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

impl MediaType {
    /// The first that the client takes, or the older one if it does not say.
    fn accepted(headers: &HeaderMap) -> Option<Self> {
        let Some(accept) = headers.get(ACCEPT) else {
            return Some(Self::Json);
        };
        let accept = accept.to_str().ok()?;

        accept.split(',').find_map(|range| {
            match range
                .split(';')
                .next()?
                .trim()
                .to_ascii_lowercase()
                .as_str()
            {
                "application/graphql-response+json" => Some(Self::GraphqlResponse),
                "application/json" | "application/*" | "*/*" => Some(Self::Json),
                _ => None,
            }
        })
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }

    fn status_unexecuted(self) -> StatusCode {
        match self {
            Self::GraphqlResponse => StatusCode::BAD_REQUEST,
            Self::Json => StatusCode::OK,
        }
    }
}
