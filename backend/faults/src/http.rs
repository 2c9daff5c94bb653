//! Operations over HTTP, each on a connection of its own, so that no fault of one is another's.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long an answer is waited for before the same is sent to another node. A right client gives a
/// server longer; the fault under test is not how long it takes.
const ANSWER_MAX: Duration = Duration::from_secs(3);

/// Has `document` executed at `address`, and returns its data. An error means that nobody knows
/// whether it was.
pub async fn execute(
    address: &str,
    token: &str,
    document: &str,
    variables: &Value,
) -> Result<Value> {
    let body = json!({ "query": document, "variables": variables }).to_string();
    let exchange = timeout(ANSWER_MAX, post(address, token, &body)).await;
    let answer = exchange.context("no answer came in time")??;
    if let Some(error) = answer["errors"].get(0) {
        bail!("{error}");
    }
    ensure!(answer["data"].is_object(), "no data: {answer}");

    Ok(answer["data"].clone())
}

/// Whether the server at `address` says that it is ready.
pub async fn is_ready(address: &str) -> bool {
    matches!(readiness(address).await, Ok((true, _)))
}

/// Whether the server at `address` says that it is ready, and what it says.
pub async fn readiness(address: &str) -> Result<(bool, String)> {
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let answer = timeout(ANSWER_MAX, exchange(address, &request)).await;

    let answer = answer.context("no answer came in time")??;
    let (head, body) = answer.split_once("\r\n\r\n").context("no whole answer")?;

    Ok((head.starts_with("HTTP/1.1 200"), body.trim().to_owned()))
}

async fn post(address: &str, token: &str, body: &str) -> Result<Value> {
    let request = format!(
        "POST /graphql HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nAuthorization: Bearer {token}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = exchange(address, &request).await?;
    let (_, body) = answer.split_once("\r\n\r\n").context("no whole answer")?;
    // The server says how long a body is; it is in one piece, so it is never sent in chunks.
    serde_json::from_str(body).with_context(|| format!("an answer that is no JSON: {answer}"))
}

async fn exchange(address: &str, request: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;

    Ok(String::from_utf8(answer)?)
}
