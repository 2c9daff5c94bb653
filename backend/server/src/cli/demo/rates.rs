//! What currencies are worth in the demo: about what they were once, for whoever looks at gifts in several.

use anyhow::Result;
use serde_json::json;

use super::text_of;
use crate::simulate::Client;

const SET_RATES: &str = "mutation ($input: SetCurrencyRatesInput!) {
  setCurrencyRates(input: $input) { ... on CurrencyRates { base } ... on Error { message } }
}";
const BASE: &str = "EUR";
/// How much of each currency a euro is worth.
const RATES: [(&str, &str); 7] = [
    ("GBP", "0.85"),
    ("IDR", "17500"),
    ("INR", "92"),
    ("JPY", "165"),
    ("KRW", "1500"),
    ("KWD", "0.335"),
    ("USD", "1.1"),
];

/// Sets the rates, so that the audience's gifts in whatever currency move the train.
pub(super) async fn set_up(client: &Client) -> Result<()> {
    let rates = RATES.map(|(currency, rate)| json!({ "currency": currency, "rate": rate }));
    let input = json!({ "version": 0, "base": BASE, "rates": rates });
    let set = client.execute(SET_RATES, json!({ "input": input })).await?;

    text_of(&set["setCurrencyRates"], "base").map(drop)
}
