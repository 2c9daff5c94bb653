//! Currencies, by their codes.

mod iso_4217;

use serde::{Deserialize, Serialize};

use crate::invalid::Invalid;

/// An ISO 4217 code, in capital letters. It may be one that the standard does not list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Currency(String);

/// What ISO 4217 says of a currency's minor unit, in which amounts are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MinorUnit {
    /// It is the currency's unit with so many decimals.
    Decimals(u32),
    /// There is none, as of gold.
    None,
    /// The code is not listed.
    Unlisted,
}

impl Currency {
    /// Takes a code of three letters. Providers write them in either case, and mean the same money.
    pub fn parse(code: &str) -> Result<Self, Invalid> {
        Self::parse_field("currency", code)
    }

    /// The same, of a field that is called otherwise.
    pub fn parse_field(field: &'static str, code: &str) -> Result<Self, Invalid> {
        if code.len() == 3 && code.bytes().all(|b| b.is_ascii_alphabetic()) {
            return Ok(Self(code.to_ascii_uppercase()));
        }

        let constraint = "an ISO 4217 code such as `EUR`";
        Err(Invalid::new(field, constraint, format!("{code:?}")))
    }

    /// The euro, which rooms count in unless they say otherwise.
    pub fn euro() -> Self {
        Self("EUR".to_owned())
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How the currency's amounts are counted.
    pub fn minor_unit(&self) -> MinorUnit {
        let is_among = |codes: &[&str]| codes.binary_search(&self.as_str()).is_ok();
        let with_decimals: [(u32, &[&str]); 4] = [
            (0, &iso_4217::WITHOUT_DECIMALS),
            (2, &iso_4217::TWO_DECIMALS),
            (3, &iso_4217::THREE_DECIMALS),
            (4, &iso_4217::FOUR_DECIMALS),
        ];
        let found = with_decimals.iter().find(|(_, codes)| is_among(codes));

        match found {
            Some((decimals, _)) => MinorUnit::Decimals(*decimals),
            None if is_among(&iso_4217::WITHOUT_MINOR_UNIT) => MinorUnit::None,
            None => MinorUnit::Unlisted,
        }
    }

    /// Checks that amounts can be counted in the currency.
    pub(crate) fn check_countable(&self, field: &'static str) -> Result<(), Invalid> {
        match self.minor_unit() {
            MinorUnit::Decimals(_) => Ok(()),
            MinorUnit::None | MinorUnit::Unlisted => {
                let constraint = "a code that ISO 4217 lists with a minor unit";
                Err(Invalid::new(field, constraint, self.as_str()))
            }
        }
    }
}
