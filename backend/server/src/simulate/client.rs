//! A small GraphQL client for a server nearby.

use axum::body::Bytes;
use axum::http::{Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

/// The largest answer that is read. A page of rooms fits many times.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Sends operations to one server as one caller. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: legacy::Client<HttpConnector, Full<Bytes>>,
    endpoint: Uri,
    authorization: String,
}

/// Why an operation has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("{0:?} is not an address such as http://127.0.0.1:8080")]
    Address(String),
    #[error("no server can be reached at {endpoint}")]
    Unreachable {
        endpoint: Uri,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("the server answered {0}: {1}")]
    Refused(StatusCode, String),
    #[error("the operation failed: {message} ({code})")]
    Failed { message: String, code: String },
}

impl ClientError {
    /// Whether the same again may have an answer.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Address(_) => false,
            Self::Unreachable { .. } => true,
            Self::Refused(status, _) => status.is_server_error(),
            Self::Failed { code, .. } => matches!(code.as_str(), "OVERLOADED" | "TIMEOUT"),
        }
    }
}

impl Client {
    /// A client of the server at `url`, which is its address without a path.
    pub fn new(url: &str, token: &str) -> Result<Self, ClientError> {
        let address = || ClientError::Address(url.to_owned());
        let endpoint: Uri = format!("{}/graphql", url.trim_end_matches('/'))
            .parse()
            .map_err(|_| address())?;
        // Encrypted connections are for the public side; the audience sits on the same machine.
        if endpoint.scheme_str() != Some("http") {
            return Err(address());
        }

        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Ok(Self {
            http: legacy::Client::builder(TokioExecutor::new()).build(connector),
            endpoint,
            authorization: format!("Bearer {token}"),
        })
    }

    /// Has `document` executed, and returns its data.
    pub async fn execute(&self, document: &str, variables: Value) -> Result<Value, ClientError> {
        let (status, answer) = self
            .post(&json!({ "query": document, "variables": variables }))
            .await?;
        let first = &answer["errors"][0];
        if let Some(message) = first["message"].as_str() {
            let code = first["extensions"]["code"].as_str().unwrap_or_default();
            let (message, code) = (message.to_owned(), code.to_owned());
            return Err(ClientError::Failed { message, code });
        }
        if !status.is_success() {
            return Err(ClientError::Refused(status, answer.to_string()));
        }

        Ok(answer["data"].clone())
    }

    fn unreachable(
        &self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> ClientError {
        ClientError::Unreachable {
            endpoint: self.endpoint.clone(),
            source: source.into(),
        }
    }

    async fn post(&self, body: &Value) -> Result<(StatusCode, Value), ClientError> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(&self.endpoint)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, &self.authorization)
            .body(Full::from(body.to_string()))
            .map_err(|error| self.unreachable(error))?;
        let response = self.http.request(request).await;
        let response = response.map_err(|error| self.unreachable(error))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX)
            .collect()
            .await;
        let body = body.map_err(|error| self.unreachable(error))?.to_bytes();

        let answer = serde_json::from_slice(&body).map_err(|_| {
            ClientError::Refused(status, String::from_utf8_lossy(&body).into_owned())
        })?;
        Ok((status, answer))
    }
}
