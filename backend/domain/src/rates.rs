//! What currencies are worth, as a tenant says.
//!
//! Rates are exact decimals and stay so: an amount is converted by whole numbers alone, so that every server comes to
//! the same.

mod rate;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::contribution::{Money, NotCounted, WORTH_MAX};
use crate::currency::{Currency, MinorUnit};
use crate::invalid::Invalid;
use crate::time::ServerTime;

pub use rate::{RATE_DECIMALS_MAX, RATE_DIGITS_MAX, Rate};

/// How many rates a table may have: above the number of codes that ISO 4217 lists.
pub const RATES_MAX: usize = 200;

/// A tenant's rates, which are set all at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateTable {
    /// Counts how often the tenant set one, so that a change made against an older one is refused.
    pub version: i32,
    /// One of it is worth so much of each other currency.
    pub base: Currency,
    /// Of the base there is none, for it is 1.
    pub rates: BTreeMap<Currency, Rate>,
    pub set_at: ServerTime,
}

/// Rates to be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatesDraft {
    /// The version of the table that they replace; 0 if there is none.
    pub version: i32,
    base: Currency,
    rates: BTreeMap<Currency, Rate>,
}

/// Why rates were not set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetRatesRefusal {
    #[error("the rates are at version {current}, not {given}")]
    StaleVersion { current: i32, given: i32 },
}

impl RatesDraft {
    /// Reads rates: of each currency, how much of it one of `base` is worth.
    pub fn parse<'a>(
        version: i32,
        base: &str,
        rates: impl ExactSizeIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, Invalid> {
        let base = Currency::parse_field("base", base)?;
        base.check_countable("base")?;
        if rates.len() > RATES_MAX {
            let constraint = format!("at most {RATES_MAX} rates");
            return Err(Invalid::new("rates", constraint, rates.len()));
        }
        let mut read = BTreeMap::new();
        for (code, rate) in rates {
            let currency = Currency::parse_field("rates.currency", code)?;
            currency.check_countable("rates.currency")?;
            let rate = Rate::parse(&currency, rate)?;
            if currency == base && rate != Rate::ONE {
                let found = format!("{currency} {rate}", currency = currency.as_str());
                return Err(Invalid::new("rates.rate", "1 for the base", found));
            }
            if read.insert(currency, rate).is_some() {
                let constraint = "each currency once";
                let found = format!("{code:?} twice");
                return Err(Invalid::new("rates.currency", constraint, found));
            }
        }
        read.remove(&base);

        Ok(Self {
            version,
            base,
            rates: read,
        })
    }
}

impl RateTable {
    /// The table that `draft` makes in the place of `present`, or why not.
    pub fn set(
        present: Option<&Self>,
        draft: RatesDraft,
        now: ServerTime,
    ) -> Result<Self, SetRatesRefusal> {
        let current = present.map_or(0, |table| table.version);
        if draft.version != current {
            let given = draft.version;
            return Err(SetRatesRefusal::StaleVersion { current, given });
        }

        Ok(Self {
            version: current + 1,
            base: draft.base,
            rates: draft.rates,
            set_at: now,
        })
    }

    fn rate(&self, currency: &Currency) -> Option<Rate> {
        if *currency == self.base {
            return Some(Rate::ONE);
        }

        self.rates.get(currency).copied()
    }
}

/// What `money` is worth in minor units of `reference`, rounded down, and [`WORTH_MAX`] at most. The reference
/// currency is worth itself, with or without a table.
pub fn worth(
    money: &Money,
    reference: &Currency,
    table: Option<&RateTable>,
) -> Result<Money, NotCounted> {
    let in_reference = |amount| Money {
        amount,
        currency: reference.clone(),
    };
    if money.currency == *reference {
        return Ok(in_reference(money.amount.min(WORTH_MAX)));
    }
    let from_decimals = match money.currency.minor_unit() {
        MinorUnit::Decimals(decimals) => decimals,
        MinorUnit::None => return Err(NotCounted::NoMinorUnit),
        MinorUnit::Unlisted => return Err(NotCounted::UnknownCurrency),
    };
    let MinorUnit::Decimals(to_decimals) = reference.minor_unit() else {
        return Err(NotCounted::NoRate);
    };
    let rates =
        table.and_then(|table| Some((table.rate(&money.currency)?, table.rate(reference)?)));
    let (from, to) = rates.ok_or(NotCounted::NoRate)?;

    // amount / 10^from_decimals / from * to * 10^to_decimals, with all powers of ten in one.
    let up = to_decimals + from.decimals();
    let down = from_decimals + to.decimals();
    let numerator = i128::from(money.amount)
        .checked_mul(to.digits().into())
        .and_then(|product| product.checked_mul(power_of_ten(up.saturating_sub(down))));
    let denominator = i128::from(from.digits()) * power_of_ten(down.saturating_sub(up));
    // What does not fit into 128 bits is above 10^38. Then `up` is the greater power, the denominator is the digits
    // of a rate alone, of which there are 15, and so the worth is far above the largest.
    let amount = numerator.map_or(WORTH_MAX.into(), |numerator| numerator / denominator);

    Ok(in_reference(
        i64::try_from(amount).map_or(WORTH_MAX, |amount| amount.min(WORTH_MAX)),
    ))
}

fn power_of_ten(exponent: u32) -> i128 {
    10_i128.pow(exponent)
}
