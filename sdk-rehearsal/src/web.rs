//! The rehearsal as JavaScript calls it.

use wasm_bindgen::prelude::{JsError, wasm_bindgen};

/// Replays a recording and returns its display plan.
#[wasm_bindgen]
pub fn rehearse(recording: &str) -> Result<String, JsError> {
    Ok(crate::rehearse(recording)?)
}
