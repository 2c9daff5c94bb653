//! A player, as a page gives it: an object with a method `playhead()`.
//!
//! What it says is a page's code, and may be anything. One that throws, or whose position is no
//! number, is one that does not know where it is.

use parlor_sdk_core::{Instant, Playhead, PlayheadQuality};
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
    #[wasm_bindgen(method, getter, catch, js_name = atMs)]
    fn at_ms(this: &Answer) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, getter, catch)]
    fn quality(this: &Answer) -> Result<JsValue, JsValue>;
}

/// Where a player says that its picture is.
pub(crate) enum Place {
    At(Playhead),
    /// It does not know.
    Unknown,
    /// It said what is no place, or threw.
    Unreadable,
}

impl Player {
    /// Asks the player, which may do anything meanwhile, where its picture will be in `lead_ms`. A stamp of
    /// its answer is made an instant by `instant_of`.
    pub(crate) fn ask(
        &self,
        lead_ms: f64,
        instant_of: impl FnOnce(f64) -> Option<Instant>,
    ) -> Place {
        match self.playhead() {
            Ok(None) => Place::Unknown,
            Ok(Some(answer)) => answer
                .read(lead_ms, instant_of)
                .map_or(Place::Unreadable, Place::At),
            Err(_) => Place::Unreadable,
        }
    }
}

impl Answer {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "any number that changes tells a seek"
    )]
    fn read(
        &self,
        lead_ms: f64,
        instant_of: impl FnOnce(f64) -> Option<Instant>,
    ) -> Option<Playhead> {
        let rate = self.rate().ok()?;
        let rate = if rate.is_undefined() || rate.is_null() {
            1.0
        } else {
            rate.as_f64()?
        };
        let position_ms = self.position_ms().ok()?.as_f64()?;
        let playing = self.playing().ok()?.is_truthy();
        let ahead_ms = if playing { lead_ms * rate } else { 0.0 };

        let seeks = self.seeks().ok()?.as_f64().unwrap_or(0.0) as u32;
        let true_at = self.at_ms().ok()?.as_f64().and_then(instant_of);
        let is_frame = self.quality().ok()?.as_string().as_deref() == Some("frame");

        let playhead = Playhead::read(position_ms + ahead_ms, playing, rate, seeks)?;
        Some(playhead.stamped(true_at, PlayheadQuality::of(is_frame)))
    }
}

/// Seeks of all players that there have been: to the client they are one.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seeks {
    /// What the present player counts.
    told: Option<u32>,
    count: u32,
}

impl Seeks {
    /// Returns the seeks with what the present player counts by now.
    pub(crate) fn and(self, told: u32) -> Self {
        let is_another = self.told != Some(told);

        Self {
            told: Some(told),
            count: self.count.wrapping_add(u32::from(is_another)),
        }
    }

    /// Returns the seeks with the exchange of one player for another, whose picture is anywhere.
    pub(crate) fn of_another_player(self) -> Self {
        Self { told: None, ..self }
    }

    pub(crate) fn count(self) -> u32 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::Seeks;

    #[test]
    fn another_player_is_a_seek_whatever_it_counts() {
        let first = Seeks::default().and(3);
        assert_eq!(first.and(3).count(), first.count());
        assert_ne!(first.and(4).count(), first.count());
        for told in [2, 3, 4] {
            assert_ne!(first.of_another_player().and(told).count(), first.count());
        }
    }
}
