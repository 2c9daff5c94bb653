//! A player, as a page gives it: an object with a method `playhead()`.
//!
//! What it says is a page's code, and may be anything. One that throws, or whose position is no
//! number, is one that does not know where it is.

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
}

/// Where a player's picture is.
pub(crate) struct Position {
    /// Its program date-time, in milliseconds since 1970.
    pub(crate) at_ms: f64,
    /// Whether it moves.
    pub(crate) playing: bool,
    /// How fast; 1 is normal.
    pub(crate) rate: f64,
}

impl Player {
    /// Asks the player, which may do anything meanwhile.
    pub(crate) fn position(&self) -> Option<Position> {
        let answer = self.playhead().ok().flatten()?;
        let rate = answer.rate().ok()?;
        let rate = if rate.is_undefined() || rate.is_null() {
            1.0
        } else {
            rate.as_f64()?
        };
        let at_ms = answer.position_ms().ok()?.as_f64()?;
        if !(at_ms.is_finite() && rate.is_finite()) {
            return None;
        }

        Some(Position {
            at_ms,
            playing: answer.playing().ok()?.is_truthy(),
            rate,
        })
    }
}
