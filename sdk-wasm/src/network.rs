//! What the browser tells of the network, and what of it is worth acting on.
//!
//! `online` ends every wait: what was tried while there was no network failed for that reason alone.
//! `offline` is not acted on. The browser says so of interfaces, not of paths: a socket may outlive a
//! moment without any, and one that has not says so by its silence. For the same reason the state at
//! the start, `navigator.onLine`, is not asked for.

use js_sys::Function;
use wasm_bindgen::JsValue;

use crate::page::{self, Tell};

/// As long as it lives, the page tells whenever the browser is online again.
pub(crate) struct Return {
    stop: Function,
}

impl Return {
    pub(crate) fn follow(tell: &Tell) -> Self {
        Self {
            stop: page::follow_network(tell),
        }
    }
}

impl Drop for Return {
    fn drop(&mut self) {
        let _ = self.stop.call0(&JsValue::NULL);
    }
}

/// Returns whether a server at `url` is on this machine, so that no network lies in between, as when
/// a streamer runs both OBS and the server.
pub(crate) fn is_loopback(url: &str) -> bool {
    // Behind the scheme and the nothing between two slashes.
    let authority = url.split(['/', '?', '#']).nth(2).unwrap_or_default();
    if authority.starts_with("[::1]") {
        return true;
    }
    let host = authority.split(':').next().unwrap_or_default();

    let is_name = host == "localhost" || host.ends_with(".localhost");
    let is_address = host
        .strip_prefix("127.")
        .is_some_and(|rest| rest.split('.').all(|part| part.parse::<u8>().is_ok()));

    is_name || is_address
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_a_server_on_this_machine_is_reached_without_a_network() {
        let cases = [
            ("ws://127.0.0.1:8080/graphql/ws", true),
            ("ws://localhost/graphql/ws", true),
            ("ws://parlor.localhost:8080/graphql/ws", true),
            ("ws://[::1]:8080/graphql/ws", true),
            ("wss://parlor.example.com/graphql/ws", false),
            ("ws://192.168.0.127:8080/graphql/ws", false),
            ("wss://127.example.com/graphql/ws", false),
            ("wss://localhost.example.com/graphql/ws", false),
        ];
        for (url, expected) in cases {
            assert_eq!(is_loopback(url), expected, "{url}");
        }
    }
}
