//! One rate: an exact decimal.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::currency::Currency;
use crate::invalid::Invalid;

/// The digits of a rate, without zeros at its ends: more than anybody publishes, and what converting by stays exact.
pub const RATE_DIGITS_MAX: usize = 15;
/// How many of them may be decimals.
pub const RATE_DECIMALS_MAX: usize = 10;

/// How much of a currency one of the base is worth: `digits / 10^decimals`, above zero, without zeros at the end of
/// its decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rate {
    digits: u64,
    decimals: u32,
}

impl Rate {
    /// Of the base.
    pub const ONE: Self = Self {
        digits: 1,
        decimals: 0,
    };

    /// Reads the rate of `currency`: digits, and after a point more of them.
    pub fn parse(currency: &Currency, text: &str) -> Result<Self, Invalid> {
        let found = || format!("{} {text:?}", currency.as_str());
        text.parse().map_err(|why| {
            let constraint = match why {
                NotARate::Malformed => "a decimal above zero such as `1.0843`".to_owned(),
                NotARate::TooPrecise => format!(
                    "at most {RATE_DIGITS_MAX} digits, {RATE_DECIMALS_MAX} of them after the point"
                ),
            };
            Invalid::new("rates.rate", constraint, found())
        })
    }

    pub(super) fn digits(self) -> u64 {
        self.digits
    }

    pub(super) fn decimals(self) -> u32 {
        self.decimals
    }
}

/// Why a text is no rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotARate {
    #[error("it is no decimal above zero")]
    Malformed,
    #[error("it has too many digits")]
    TooPrecise,
}

impl std::str::FromStr for Rate {
    type Err = NotARate;

    fn from_str(text: &str) -> Result<Self, NotARate> {
        let (whole, decimals) = match text.split_once('.') {
            Some((whole, decimals)) if !decimals.is_empty() => (whole, decimals),
            Some(_) => return Err(NotARate::Malformed),
            None => (text, ""),
        };
        let is_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !is_digits(whole) || !is_digits(decimals) {
            return Err(NotARate::Malformed);
        }

        let decimals = decimals.trim_end_matches('0');
        let digits = [whole, decimals].concat();
        let digits = digits.trim_start_matches('0');
        if digits.is_empty() {
            return Err(NotARate::Malformed);
        }
        if digits.len() > RATE_DIGITS_MAX || decimals.len() > RATE_DECIMALS_MAX {
            return Err(NotARate::TooPrecise);
        }
        Ok(Self {
            digits: digits.parse().map_err(|_| NotARate::TooPrecise)?,
            decimals: u32::try_from(decimals.len()).map_err(|_| NotARate::TooPrecise)?,
        })
    }
}

impl TryFrom<String> for Rate {
    type Error = NotARate;

    fn try_from(text: String) -> Result<Self, NotARate> {
        text.parse()
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> Self {
        rate.to_string()
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = 10_u64.pow(self.decimals);
        let (whole, rest) = (self.digits / unit, self.digits % unit);
        if self.decimals == 0 {
            return write!(f, "{whole}");
        }

        let width = usize::try_from(self.decimals).unwrap_or_default();
        write!(f, "{whole}.{rest:0width$}")
    }
}
