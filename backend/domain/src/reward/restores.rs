//! What comes back with the points.

use serde::{Deserialize, Serialize};

/// What a whole refund gives back beside the points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restores {
    /// The place that the redemption took in its session, of everybody's and of the viewer's.
    pub places: bool,
    /// The time since: a cooldown that the redemption began is over.
    pub cooldown: bool,
}

/// What a cancelling gives back.
impl Default for Restores {
    fn default() -> Self {
        Self {
            places: true,
            cooldown: false,
        }
    }
}
