#![no_main]

#[path = "../../sdk-core/tests/fuzz/frame.rs"]
mod frame;
#[path = "../../sdk-core/tests/fuzz/viewer.rs"]
mod viewer;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| frame::run(bytes));
