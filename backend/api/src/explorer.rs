//! A page to try the API in: one file that loads nothing from anywhere, so that it works on a
//! machine without a network and lets no one else's script see a token.

use std::sync::LazyLock;

use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::response::{Html, IntoResponse};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

const PAGE: &str = include_str!("explorer/page.html");
const STYLE: &str = include_str!("explorer/page.css");
const SCRIPT: &str = include_str!("explorer/page.js");

struct Explorer {
    page: String,
    policy: String,
}

static EXPLORER: LazyLock<Explorer> = LazyLock::new(|| Explorer {
    page: PAGE
        .replace("/*STYLE*/", STYLE)
        .replace("/*SCRIPT*/", SCRIPT),
    policy: format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; \
         connect-src 'self' ws: wss:; img-src data:; base-uri 'none'; form-action 'none'",
        STANDARD.encode(Sha256::digest(SCRIPT)),
        STANDARD.encode(Sha256::digest(STYLE)),
    ),
});

/// Shows the explorer.
pub async fn explore() -> impl IntoResponse {
    (
        [(CONTENT_SECURITY_POLICY, EXPLORER.policy.as_str())],
        Html(EXPLORER.page.as_str()),
    )
}
