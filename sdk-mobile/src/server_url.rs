//! The address that an application has of its server, and what is derived from it.

use hyper::Uri;
use hyper::http::uri::{Authority, PathAndQuery};

/// Why an address cannot be a server's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum ServerUrlError {
    /// It is not an absolute address of `http`, `https`, `ws` or `wss`, such as
    /// `https://parlor.example`, without a query.
    #[error("`{url}` is not a server's address: {reason}")]
    Malformed {
        /// The address given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// A server, by its origin and the path under which it is mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerUrl {
    secure: bool,
    authority: Authority,
    /// Without a slash at its end.
    base_path: String,
}

impl ServerUrl {
    pub(crate) fn parse(url: &str) -> Result<Self, ServerUrlError> {
        let malformed = |reason: &str| ServerUrlError::Malformed {
            url: url.to_owned(),
            reason: reason.to_owned(),
        };
        let uri: Uri = url.parse().map_err(|_| malformed("it cannot be read"))?;
        let secure = match uri.scheme_str() {
            Some("http" | "ws") => false,
            Some("https" | "wss") => true,
            Some(_) => return Err(malformed("its scheme is none of http, https, ws and wss")),
            None => return Err(malformed("it has no scheme, such as https://")),
        };
        let authority = uri.authority().ok_or_else(|| malformed("it has no host"))?;
        if authority.as_str().contains('@') {
            return Err(malformed("it names a user; use a token"));
        }
        if uri.query().is_some() {
            return Err(malformed("it has a query"));
        }

        Ok(Self {
            secure,
            authority: authority.clone(),
            base_path: uri.path().trim_end_matches('/').to_owned(),
        })
    }

    /// Returns the address of the socket.
    pub(crate) fn socket(&self) -> String {
        let scheme = if self.secure { "wss" } else { "ws" };

        format!("{scheme}://{}{}/graphql/ws", self.authority, self.base_path)
    }

    /// Returns the address of the API.
    pub(crate) fn api(&self) -> Uri {
        let path = format!("{}/graphql", self.base_path);

        Uri::builder()
            .scheme(if self.secure { "https" } else { "http" })
            .authority(self.authority.clone())
            .path_and_query(
                PathAndQuery::try_from(path).expect("a path that was read can be written"),
            )
            .build()
            .expect("scheme, authority and path are there")
    }
}

#[cfg(test)]
mod tests {
    use super::{ServerUrl, ServerUrlError};

    #[test]
    fn a_servers_address_leads_to_its_socket_and_its_api() {
        for (url, socket, api) in [
            (
                "http://127.0.0.1:8080",
                "ws://127.0.0.1:8080/graphql/ws",
                "http://127.0.0.1:8080/graphql",
            ),
            (
                "https://parlor.example/",
                "wss://parlor.example/graphql/ws",
                "https://parlor.example/graphql",
            ),
            (
                "wss://example.org/parlor/",
                "wss://example.org/parlor/graphql/ws",
                "https://example.org/parlor/graphql",
            ),
            (
                "http://[::1]:8080",
                "ws://[::1]:8080/graphql/ws",
                "http://[::1]:8080/graphql",
            ),
        ] {
            let server = ServerUrl::parse(url).unwrap();
            assert_eq!(server.socket(), socket);
            assert_eq!(server.api().to_string(), api);
        }
    }

    #[test]
    fn what_is_not_a_servers_address_is_refused_by_name() {
        for (url, why) in [
            ("", "it cannot be read"),
            ("localhost", "it has no scheme"),
            ("ftp://localhost", "its scheme"),
            ("http://me:secret@localhost", "it names a user"),
            ("http://localhost/?room=1", "it has a query"),
        ] {
            let ServerUrlError::Malformed { reason, .. } = ServerUrl::parse(url).unwrap_err();
            assert!(reason.starts_with(why), "{url}: {reason}");
        }
    }
}
