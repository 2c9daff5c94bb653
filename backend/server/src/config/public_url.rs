//! The address that people reach a server by, as it is put in front of paths.

use anyhow::{Context, Result, bail, ensure};
use axum::http::Uri;
use axum::http::uri::Scheme;

/// Reads `text` as browsers do: the name in small letters, the port left out where it goes without saying, and
/// no slash at the end. An empty text is none, as an environment variable without a value.
pub(super) fn read(text: &str) -> Result<Option<String>> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }

    let url = read_url(text);
    url.map(Some).with_context(|| {
        format!(
            "--public-url must be an address such as `https://live.example.com`, and is `{text}`"
        )
    })
}

fn read_url(text: &str) -> Result<String> {
    let uri: Uri = text.parse()?;
    let port_known = match uri.scheme() {
        Some(scheme) if *scheme == Scheme::HTTPS => 443,
        Some(scheme) if *scheme == Scheme::HTTP => 80,
        Some(_) | None => bail!("it does not start with https:// or http://"),
    };
    let authority = uri.authority().context("it names no host")?;
    ensure!(
        !uri.host().unwrap_or_default().is_empty(),
        "it names no host"
    );
    ensure!(!authority.as_str().contains('@'), "it names a user");
    ensure!(
        uri.query().is_none() && !text.contains('#'),
        "links are made by what is put behind it, so it ends with its path"
    );

    let host = authority.host();
    let behind = authority.as_str().strip_prefix(host).unwrap_or_default();
    let port = match behind.strip_prefix(':') {
        Some(port) => port.parse::<u16>().context("its port is none")?,
        None => port_known,
    };
    let port = if port == port_known {
        String::new()
    } else {
        format!(":{port}")
    };
    let host = host.to_ascii_lowercase();
    let path = uri.path().trim_end_matches('/');

    Ok(format!(
        "{}://{host}{port}{path}",
        uri.scheme_str().unwrap_or_default()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_browsers_do() {
        for (text, read_as) in [
            ("https://live.example.com", "https://live.example.com"),
            (" https://live.example.com/\n", "https://live.example.com"),
            ("https://LIVE.example.com", "https://live.example.com"),
            ("HTTPS://live.example.com", "https://live.example.com"),
            ("https://live.example.com:443", "https://live.example.com"),
            ("http://live.example.com:80/", "http://live.example.com"),
            ("http://live.example.com:443", "http://live.example.com:443"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("https://example.com/Parlor//", "https://example.com/Parlor"),
        ] {
            assert_eq!(read(text).unwrap().as_deref(), Some(read_as), "{text}");
        }
        for none in ["", " "] {
            assert_eq!(read(none).unwrap(), None);
        }
    }

    #[test]
    fn what_no_link_can_be_made_of_is_refused_by_name() {
        for text in [
            "live.example.com",
            "live.example.com:8080",
            "//live.example.com",
            "/parlor",
            "ftp://live.example.com",
            "wss://live.example.com",
            "https://",
            "https:///parlor",
            "https://live.example.com:",
            "https://live.example.com:port",
            "https://live.example.com:99999",
            "https://user@live.example.com",
            "https://user:word@live.example.com",
            "https://live.example.com/?a=b",
            "https://live.example.com?",
            "https://live.example.com/#a",
            "https://live example.com",
            "https://a.example.com,https://b.example.com",
        ] {
            let refusal = match read(text) {
                Ok(url) => panic!("{text} was read as {url:?}"),
                Err(refusal) => format!("{refusal:#}"),
            };
            assert!(refusal.contains("--public-url"), "{refusal}");
            assert!(refusal.contains(text), "{refusal}");
        }
    }
}
