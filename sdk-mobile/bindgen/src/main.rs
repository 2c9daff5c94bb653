//! Writes the bindings of `sdk-mobile` for another language, from its built library.

fn main() {
    uniffi::uniffi_bindgen_main();
}
