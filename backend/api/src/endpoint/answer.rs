//! What a POST is answered with, in either of the two ways to write it.

use async_graphql::{Response, ServerError};
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::IntoResponse;
use parlor_identity::IdentityError;
use parlor_identity::origins::PageRefusal;
use parlor_store::StoreError;

use crate::deadline::Late;
use crate::errors::make_presentable;
use crate::fault::Fault;

/// The two ways to write an answer. In the older one a refused document is a 200 as well, for
/// clients that look no further than the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MediaType {
    GraphqlResponse,
    Json,
}

pub(super) fn answer(media_type: MediaType, mut response: Response) -> axum::response::Response {
    make_presentable(&mut response.errors);
    let was_executed = response.errors.iter().all(|error| !error.path.is_empty());
    if !was_executed {
        // A document that was not executed has no `data` at all.
        let errors = serde_json::json!({ "errors": response.errors });
        return write(media_type, media_type.status_unexecuted(), &errors);
    }

    write(media_type, StatusCode::OK, &response)
}

/// Answers an operation that failed as a whole, once it had begun.
pub(super) fn answer_failed(media_type: MediaType, fault: Fault) -> axum::response::Response {
    let error = async_graphql::Error::from(fault).into_server_error(async_graphql::Pos::default());
    let error = ServerError {
        locations: Vec::new(),
        ..error
    };

    write(
        media_type,
        StatusCode::OK,
        &Response::from_errors(vec![error]),
    )
}

pub(super) fn answer_unexecuted(
    media_type: MediaType,
    error: &ServerError,
) -> axum::response::Response {
    let errors = serde_json::json!({ "errors": [error] });
    write(media_type, media_type.status_unexecuted(), &errors)
}

/// Answers a request of which nothing was done in time.
pub(super) fn refuse_late(
    media_type: MediaType,
    status: StatusCode,
    late: Late,
) -> axum::response::Response {
    let fault = Fault::of_late(None, late);
    refuse(media_type, status, fault.message(), fault.code())
}

pub(super) fn refuse_token(
    media_type: MediaType,
    error: IdentityError,
) -> axum::response::Response {
    if let IdentityError::Store(error) = error {
        return refuse_for_database(media_type, error);
    }

    let (message, code) = (error.to_string(), error.code());
    challenge(refuse(media_type, StatusCode::UNAUTHORIZED, &message, code))
}

/// Refuses what is no operation of GraphQL for `fault`, by HTTP's own means and in JSON as everything else.
pub(crate) fn refuse_for(fault: &Fault) -> axum::response::Response {
    let status = match fault {
        Fault::Validation(_) => StatusCode::BAD_REQUEST,
        Fault::NotFound(_) => StatusCode::NOT_FOUND,
        Fault::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
        Fault::Forbidden(_) => StatusCode::FORBIDDEN,
        Fault::Overloaded(_) | Fault::Timeout(_) => StatusCode::SERVICE_UNAVAILABLE,
        Fault::OutcomeUnknown(_) | Fault::Unreadable(..) | Fault::Internal => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    };
    let response = refuse(MediaType::Json, status, fault.message(), fault.code());
    if status == StatusCode::UNAUTHORIZED {
        return challenge(response);
    }

    response
}

/// Refuses what is no operation of GraphQL, by HTTP's own means and in JSON as everything else.
pub(crate) fn refuse_plainly(
    status: StatusCode,
    message: &str,
    code: &str,
) -> axum::response::Response {
    refuse(MediaType::Json, status, message, code)
}

/// Says how to make oneself known.
fn challenge(mut response: axum::response::Response) -> axum::response::Response {
    let challenge = HeaderValue::from_static("Bearer");
    response.headers_mut().insert(WWW_AUTHENTICATE, challenge);

    response
}

pub(super) fn refuse_page(media_type: MediaType, refusal: PageRefusal) -> axum::response::Response {
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
        PageRefusal::Store(error) => refuse_for_database(media_type, error),
    }
}

/// Answers a caller of whom it could not be found out who they are.
fn refuse_for_database(media_type: MediaType, error: StoreError) -> axum::response::Response {
    let status = if error.is_retryable() || error.is_out_of_reach() {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::INTERNAL_SERVER_ERROR
    };
    let fault = Fault::from(error);
    refuse(media_type, status, fault.message(), fault.code())
}

pub(super) fn refuse(
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

impl MediaType {
    /// The first that the client takes, or the older one if it does not say.
    pub(super) fn accepted(headers: &HeaderMap) -> Option<Self> {
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
