#![no_main]

#[path = "../../backend/server/tests/fuzz/document.rs"]
mod document;
#[expect(dead_code, reason = "the socket's tests use all of it")]
#[path = "../../backend/server/tests/socket/server.rs"]
mod server;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| document::run(bytes));
