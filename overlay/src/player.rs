//! A player, as a page gives it: an object with a method `playhead()`.
//!
//! What it says is a page's code, and may be anything. One that throws, or whose position is no
//! number, is one that does not know where it is.

use parlor_sdk_core::Playhead;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    /// An object that a page gives to `attachPlayer`.
    #[derive(Clone)]
    pub type Player;
    /// What its `playhead()` returns.
    type Answer;

    #[wasm_bindgen(method, catch)]
    fn playhead(this: &Player) -> Result<Option<Answer>, JsValue>;
    #[wasm_bindgen(method, getter, catch, js_name = positionMs)]
    fn position_ms(this: &Answer) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, getter, catch)]
    fn playing(this: &Answer) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, getter, catch)]
    fn rate(this: &Answer) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, getter, catch)]
    fn seeks(this: &Answer) -> Result<JsValue, JsValue>;
}

impl Player {
    /// Asks the player, which may do anything meanwhile, where its picture will be in `lead_ms`.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "any number that changes tells a seek"
    )]
    pub(crate) fn ask(&self, lead_ms: f64) -> Option<Playhead> {
        let answer = self.playhead().ok().flatten()?;
        let rate = answer.rate().ok()?;
        let rate = if rate.is_undefined() || rate.is_null() {
            1.0
        } else {
            rate.as_f64()?
        };
        let position_ms = answer.position_ms().ok()?.as_f64()?;
        let playing = answer.playing().ok()?.is_truthy();
        let ahead_ms = if playing { lead_ms * rate } else { 0.0 };

        let seeks = answer.seeks().ok()?.as_f64().unwrap_or(0.0) as u32;

        Playhead::read(position_ms + ahead_ms, playing, rate, seeks)
    }
}
