#![no_main]

#[path = "../../sdk-core/tests/fuzz/session.rs"]
mod session;
#[path = "../../sdk-core/tests/fuzz/viewer.rs"]
mod viewer;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| session::run(bytes));
