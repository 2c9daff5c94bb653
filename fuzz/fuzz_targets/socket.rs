#![no_main]

#[path = "../../backend/server/tests/fuzz/framing.rs"]
mod framing;
#[path = "../../backend/server/tests/fuzz/peer.rs"]
mod peer;
#[expect(dead_code, reason = "the socket's tests use all of it")]
#[path = "../../backend/server/tests/socket/server.rs"]
mod server;
#[path = "../../backend/server/tests/fuzz/socket.rs"]
mod socket;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| socket::run(bytes));
