//! Operations over HTTP.
//!
//! hyper alone, on the same lines as the socket's: whoever can open the one can open the other, and
//! a client for everything that HTTP can be would be the larger half of this library. A line serves
//! one request; commands are rare.

use crate::dial::dial;
use crate::server_url::ServerUrl;
use graphql_client::{GraphQLQuery, QueryBody, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::num::TryFromIntError;
use std::time::Duration;
use tokio::time::timeout;

/// How long an answer may take, with everything: longer than a phone's change of network.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// The largest answer is a page of rooms, some 100 KB.
const ANSWER_MAX_BYTES: usize = 1024 * 1024;

/// The codes of a token that is not good, and of one that is not good for this.
const UNAUTHENTICATED: &str = "UNAUTHENTICATED";
const FORBIDDEN: &str = "FORBIDDEN";

/// Why there is no data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// There was no answer. What was asked for may have happened.
    Unreachable(String),
    /// The token is not good for this.
    Forbidden { reason: String, code: String },
    /// The server says that the operation is not sensible.
    Invalid(String),
    /// There is no such thing, or it is not the token's to see.
    NotFound(String),
    /// The server did not answer as it should.
    Broken(String),
}

/// Runs the operation `Q` once.
pub(crate) async fn execute<Q: GraphQLQuery>(
    server: &ServerUrl,
    token: Option<&str>,
    variables: Q::Variables,
) -> Result<Q::ResponseData, Fault> {
    let body = Q::build_query(variables);
    let api = server.api();
    let exchange = send(&api, request(&api, token, &body)?);
    let (status, answer) = timeout(ANSWER_TIMEOUT, exchange)
        .await
        .map_err(|_| Fault::Unreachable("no answer in time".to_owned()))??;

    read(status, &answer)
}

fn request<V: Serialize>(
    api: &Uri,
    token: Option<&str>,
    body: &QueryBody<V>,
) -> Result<Request<Full<Bytes>>, Fault> {
    let body = serde_json::to_vec(body).map_err(|error| Fault::Broken(error.to_string()))?;
    let mut request = Request::new(Full::new(Bytes::from(body)));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = api.path().parse().expect("a path is a request's target");

    let host = api.authority().map_or("", |authority| authority.as_str());
    let headers = request.headers_mut();
    headers.insert(
        HOST,
        HeaderValue::from_str(host).expect("an authority is a header's value"),
    );
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(
        ACCEPT,
        HeaderValue::from_static("application/graphql-response+json, application/json"),
    );
    if let Some(token) = token {
        let value = HeaderValue::from_str(&format!("Bearer {token}"))
            .map_err(|_| forbidden("the token is not one".to_owned(), UNAUTHENTICATED))?;
        headers.insert(AUTHORIZATION, value);
    }

    Ok(request)
}

async fn send(api: &Uri, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), Fault> {
    let unreachable = |error: &dyn std::error::Error| Fault::Unreachable(error.to_string());

    let line = dial(api).await.map_err(|error| unreachable(&error))?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(line))
        .await
        .map_err(|error| unreachable(&error))?;
    // Ends with its error, which the answer reports as well, or when `sender` goes.
    let connection = tokio::spawn(connection);
    let exchange = async {
        let answer = sender
            .send_request(request)
            .await
            .map_err(|error| unreachable(&error))?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), ANSWER_MAX_BYTES)
            .collect()
            .await
            .map_err(|error| Fault::Unreachable(error.to_string()))?;

        Ok((status, body.to_bytes()))
    };
    let answer = exchange.await;
    connection.abort();

    answer
}

fn read<D: DeserializeOwned>(status: StatusCode, answer: &[u8]) -> Result<D, Fault> {
    let answer: Response<D> = serde_json::from_slice(answer)
        .map_err(|error| Fault::Broken(format!("{status}, and not an answer: {error}")))?;

    if let Some(error) = answer.errors.unwrap_or_default().into_iter().next() {
        let code = error
            .extensions
            .as_ref()
            .and_then(|extensions| extensions.get("code")?.as_str());
        return Err(match (status, code) {
            (_, Some(code @ (UNAUTHENTICATED | FORBIDDEN))) => forbidden(error.message, code),
            (StatusCode::UNAUTHORIZED, _) => forbidden(error.message, UNAUTHENTICATED),
            (StatusCode::FORBIDDEN, _) => forbidden(error.message, FORBIDDEN),
            (_, Some("VALIDATION")) => Fault::Invalid(error.message),
            (_, Some("NOT_FOUND")) => Fault::NotFound(error.message),
            _ => Fault::Broken(error.message),
        });
    }

    answer
        .data
        .ok_or_else(|| Fault::Broken(format!("{status}, and no data")))
}

/// `Int` has 32 bits, as a version has.
impl From<TryFromIntError> for Fault {
    fn from(error: TryFromIntError) -> Self {
        Self::Broken(error.to_string())
    }
}

fn forbidden(reason: String, code: &str) -> Fault {
    Fault::Forbidden {
        reason,
        code: code.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, forbidden, read};
    use hyper::StatusCode;

    #[test]
    fn an_answer_is_data_or_the_first_error_by_its_code() {
        let read = |answer: &str| read::<u32>(StatusCode::OK, answer.as_bytes());
        let error = |code: &str| {
            format!(r#"{{"errors":[{{"message":"no","extensions":{{"code":"{code}"}}}}]}}"#)
        };

        assert_eq!(read(r#"{"data":7}"#), Ok(7));
        assert_eq!(
            read(&error("UNAUTHENTICATED")),
            Err(forbidden("no".to_owned(), "UNAUTHENTICATED"))
        );
        assert_eq!(
            read(&error("VALIDATION")),
            Err(Fault::Invalid("no".to_owned()))
        );
        assert_eq!(
            read(&error("NOT_FOUND")),
            Err(Fault::NotFound("no".to_owned()))
        );
        assert_eq!(
            read(&error("INTERNAL")),
            Err(Fault::Broken("no".to_owned()))
        );
        assert!(matches!(read("<html>"), Err(Fault::Broken(_))));
        assert!(matches!(read("{}"), Err(Fault::Broken(_))));
    }
}
