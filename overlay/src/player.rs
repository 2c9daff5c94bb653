//! A player, as a page gives it: an object with a method `playhead()`.
//!
//! What it says is a page's code, and may be anything. One that throws, or whose position is no
//! number, is one that does not know where it is.

use alloc::vec::Vec;

use parlor_sdk_core::{Instant, Playhead, PlayheadQuality};
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// An object that a page gives to `attachPlayer`.
    #[derive(Clone)]
    pub type Player;
}

#[wasm_bindgen(raw_module = "./asking.js")]
extern "C" {
    fn ask(player: &Player, lead_ms: f64) -> Option<Vec<f64>>;
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
        let Some(answer) = ask(self, lead_ms) else {
            return Place::Unknown;
        };

        read(&answer, instant_of).map_or(Place::Unreadable, Place::At)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "any number that changes tells a seek"
)]
fn read(answer: &[f64], instant_of: impl FnOnce(f64) -> Option<Instant>) -> Option<Playhead> {
    let &[position_ms, rate, seeks, at_ms, playing, is_frame] = answer else {
        return None;
    };
    let playhead = Playhead::read(position_ms, playing > 0.0, rate, seeks as u32)?;

    Some(playhead.stamped(instant_of(at_ms), PlayheadQuality::of(is_frame > 0.0)))
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
