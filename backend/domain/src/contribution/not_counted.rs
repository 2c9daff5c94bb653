//! Why a contribution has no hype, and how much one is worth at most.

use serde::{Deserialize, Serialize};

/// The largest worth, in minor units: a thousand times the largest amount, and so that thousands of them still add up
/// in 64 bits.
pub const WORTH_MAX: i64 = 1_000_000_000_000_000;

/// Why a contribution has no hype, in the order the reasons are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotCounted {
    /// ISO 4217 does not list its currency.
    UnknownCurrency,
    /// It is in something of which ISO 4217 has no minor unit, such as gold.
    NoMinorUnit,
    /// The tenant's rates lack its currency or the room's.
    NoRate,
    /// By the room's program, its kind weighs nothing.
    Weightless,
    /// It is worth less than one of hype.
    TooSmall,
}

impl NotCounted {
    pub const ALL: [Self; 5] = [
        Self::UnknownCurrency,
        Self::NoMinorUnit,
        Self::NoRate,
        Self::Weightless,
        Self::TooSmall,
    ];

    /// The name in storage.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnknownCurrency => "unknown_currency",
            Self::NoMinorUnit => "no_minor_unit",
            Self::NoRate => "no_rate",
            Self::Weightless => "weightless",
            Self::TooSmall => "too_small",
        }
    }
}
