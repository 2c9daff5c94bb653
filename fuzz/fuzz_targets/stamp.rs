#![no_main]

#[path = "../../sdk-core/tests/fuzz/stamp.rs"]
mod stamp;
#[path = "../../sdk-core/tests/fuzz/viewer.rs"]
mod viewer;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stamp::run(bytes));
