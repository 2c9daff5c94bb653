//! Where a web page comes from, as its browser says.

use std::fmt;

use crate::invalid::Invalid;

/// The longest origin, in bytes: a host name has at most 253, and a scheme and a port go with it.
const ORIGIN_BYTES_MAX: usize = 300;
/// Ports that browsers leave out, by their scheme.
const DEFAULT_PORTS: [(&str, &str); 2] = [("http", "80"), ("https", "443")];

/// An origin in the form that browsers send, or `*` for every page.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(String);

impl Origin {
    /// Takes `text` as an origin, or says what is wrong with it. One that no browser would send is
    /// refused, for it would look like leave and let nobody in.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text == "*" || is_sent_by_browsers(text) {
            return Ok(Self(text.to_owned()));
        }

        let constraint = "an origin such as `https://www.example.com`, in lower case, without a \
             path, a slash at its end or the scheme's usual port, or `*`";
        Err(Invalid::new(
            "allowedOrigins",
            constraint,
            format!("{text:?}"),
        ))
    }

    /// The origin as browsers write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a page of `origin` is meant.
    pub fn allows(&self, origin: &str) -> bool {
        self.0 == "*" || self.0 == origin
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_sent_by_browsers(text: &str) -> bool {
    let Some((scheme, authority)) = text.split_once("://") else {
        return false;
    };
    let (host, port) = split_port(authority);
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b));
    // What stands for other scripts is punycode by the time a browser sends it.
    let is_host = !host.is_empty()
        && host
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._[]:".contains(&b));
    let is_port = port.is_none_or(|port| {
        let has_usual_form = port
            .parse::<u16>()
            .is_ok_and(|number| number.to_string() == port);
        has_usual_form && !DEFAULT_PORTS.contains(&(scheme, port))
    });

    text.len() <= ORIGIN_BYTES_MAX && is_scheme && is_host && is_port
}

/// An authority's host and its port, of which an IPv6 host in brackets has colons as well.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_a_browser_would_send() {
        for origin in [
            "https://example.com",
            "http://localhost:3000",
            "http://[::1]:8080",
            "http://[::1]",
            "https://xn--bcher-kva.example",
            "capacitor://localhost",
            "https://example.com:80",
            "*",
        ] {
            assert!(Origin::parse(origin).is_ok(), "{origin}");
        }
        for odd in [
            "",
            "example.com",
            "https://",
            "https://Example.com",
            "HTTPS://example.com",
            "https://example.com/",
            "https://example.com/live",
            "https://example.com:443",
            "http://example.com:80",
            "https://example.com:0443",
            "https://example.com:",
            "https://example.com:99999",
            "https://user@example.com",
            "https://*.example.com",
            "https://bücher.example",
            "null",
            "1a://example.com",
        ] {
            assert!(Origin::parse(odd).is_err(), "{odd}");
        }
        let long = format!("https://{}.example", "a".repeat(300));
        assert!(Origin::parse(&long).is_err());
    }

    #[test]
    fn only_the_star_allows_more_than_itself() {
        let site = Origin::parse("https://a.example").unwrap();
        assert!(site.allows("https://a.example"));
        for other in [
            "http://a.example",
            "https://a.example:8443",
            "https://b.a.example",
            "null",
        ] {
            assert!(!site.allows(other), "{other}");
            assert!(Origin::parse("*").unwrap().allows(other));
        }
    }
}
