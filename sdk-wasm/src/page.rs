//! What the driver asks of the page, and how it is told what happens there. The scripts throw nothing.

use alloc::string::String;

use parlor_sdk_core::RoomEvent;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

/// What the page calls with one of the kinds below, and with what came. `sockets.js` says what other numbers need.
pub(crate) type Tell = Closure<dyn Fn(u32, JsValue)>;

/// The timer has run out.
pub(crate) const TIMEOUT: u32 = 0;
/// The browser is online again.
pub(crate) const ONLINE: u32 = 1;
/// The socket is open.
pub(crate) const OPENED: u32 = 2;
/// The socket brought a text.
pub(crate) const RECEIVED: u32 = 3;
/// The socket has closed, with a code.
pub(crate) const CLOSED: u32 = 4;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    pub(crate) fn set_timeout(tell: &Tell, wait_ms: i32, kind: u32) -> i32;
    #[wasm_bindgen(js_name = clearTimeout)]
    pub(crate) fn clear_timeout(id: i32);
}

#[wasm_bindgen(raw_module = "./page.js")]
extern "C" {
    /// What is followed of the way to a server.
    pub(crate) type Network;

    /// Has it told whenever the browser is online again, unless no network leads to `url`.
    #[wasm_bindgen(constructor)]
    pub(crate) fn follow(url: &str, tell: &Tell) -> Network;
    /// Tells no more.
    #[wasm_bindgen(method)]
    pub(crate) fn leave(this: &Network);
    /// Returns what the page's clock reads, in milliseconds, which may be no number.
    #[wasm_bindgen(js_name = readClock)]
    pub(crate) fn read_clock() -> f64;
}

#[wasm_bindgen(raw_module = "./sockets.js")]
extern "C" {
    /// What behaves like a `WebSocket` on which others may speak as well.
    pub(crate) type Socket;

    /// Opens one, unless the address is none or the page's policy forbids it.
    #[wasm_bindgen(js_name = openSocket)]
    pub(crate) fn open_socket(
        url: &str,
        protocol: &str,
        token: Option<String>,
        tell: &Tell,
    ) -> Option<Socket>;
    /// Sends a text. A socket that is closing says so by itself.
    #[wasm_bindgen(method)]
    pub(crate) fn send(this: &Socket, text: &str);
    /// Lets go of it, and nothing more is heard of it. A code is for one that is good for nobody.
    #[wasm_bindgen(method)]
    pub(crate) fn close(this: &Socket, code: Option<u16>);
}

#[wasm_bindgen(raw_module = "./events.js")]
extern "C" {
    #[wasm_bindgen(js_name = canRead)]
    fn can_read_text(type_name: &str, json: &str) -> bool;
}

/// Returns whether pages can read `event`: what reads it there says so. What is drawn is among it.
pub fn can_read(event: &RoomEvent) -> bool {
    can_read_text(&event.type_name, event.payload.as_json())
}
