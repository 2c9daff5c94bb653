//! The pages and the overlay's files, built by `cargo xtask web` and carried inside the binary.

use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, ALLOW, CACHE_CONTROL, CONTENT_TYPE,
    ETAG, IF_NONE_MATCH, LOCATION, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "../../target/web/"]
#[allow_missing = true]
struct Web;

/// Shown in place of pages that were not built.
const NOT_BUILT: &str = "<!doctype html><meta charset=utf-8><title>Parlor</title>\
    <p>This Parlor was built without its web pages. Run <code>cargo xtask web</code>, then start \
    it again. <a href=\"/graphql\">The API</a> works as it is.";

/// What can be done with a file.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");

/// Serves one file, or a folder's index.
pub(super) async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method == Method::OPTIONS {
        return answer_preflight(&headers);
    }
    if method != Method::GET && method != Method::HEAD {
        return (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, METHODS)]).into_response();
    }
    let path = uri.path().trim_start_matches('/');
    let index = format!("{path}index.html");
    let name = if path.is_empty() || path.ends_with('/') {
        index.as_str()
    } else {
        path
    };

    if let Some(file) = Web::get(name) {
        return answer(name, file, &headers);
    }
    if Web::get(&format!("{path}/index.html")).is_some() {
        // Relative addresses within a page need the slash.
        return (
            StatusCode::PERMANENT_REDIRECT,
            [(LOCATION, format!("/{path}/"))],
        )
            .into_response();
    }
    if path.is_empty() && Web::get("player/index.html").is_some() {
        return (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, "/player/")]).into_response();
    }
    if Web::iter().next().is_none() && content_type(name).starts_with("text/html") {
        return (StatusCode::NOT_FOUND, Html(NOT_BUILT)).into_response();
    }

    (StatusCode::NOT_FOUND, "there is nothing here\n").into_response()
}

/// Lets any page fetch the files as it likes: its tracing may add headers of its own.
fn answer_preflight(headers: &HeaderMap) -> Response {
    let mut granted = HeaderMap::new();
    granted.insert(ALLOW, METHODS);
    granted.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    granted.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    granted.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    granted.insert(
        VARY,
        HeaderValue::from_static("access-control-request-headers"),
    );
    if let Some(asked) = headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        granted.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }

    (StatusCode::NO_CONTENT, granted).into_response()
}

fn answer(name: &str, file: EmbeddedFile, headers: &HeaderMap) -> Response {
    let etag = etag(&file);
    let common = [
        (ETAG, etag.clone()),
        // Names stay the same from build to build, so every use asks whether the file changed.
        (CACHE_CONTROL, "no-cache".to_owned()),
        // Any page may embed the overlay; these files are the same for everyone.
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*".to_owned()),
    ];
    let known = headers
        .get(IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok());
    if known.is_some_and(|known| known.split(',').any(|tag| tag.trim() == etag)) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }

    (common, [(CONTENT_TYPE, content_type(name))], file.data).into_response()
}

fn etag(file: &EmbeddedFile) -> String {
    let hash = file.metadata.sha256_hash();

    // Weak, because the same tag goes with the file in every content encoding.
    format!("W/\"{}\"", URL_SAFE_NO_PAD.encode(&hash[..16]))
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "txt" | "md" | "ts" => "text/plain; charset=utf-8",
        "m3u8" => "application/vnd.apple.mpegurl",
        _ => "application/octet-stream",
    }
}
