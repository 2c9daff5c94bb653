//! Amounts that services write as decimals.

use parlor_domain::currency::{Currency, MinorUnit};

/// How many minor units of `currency` the decimal `amount` is, exactly; `None` if that cannot be said.
pub(crate) fn minor_units(amount: &str, currency: &Currency) -> Option<i64> {
    let MinorUnit::Decimals(decimals) = currency.minor_unit() else {
        return None;
    };
    let decimals = usize::try_from(decimals).ok()?;
    let (whole, fraction) = amount.trim().split_once('.').unwrap_or((amount.trim(), ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let (kept, rest) = fraction.split_at(decimals.min(fraction.len()));
    if rest.bytes().any(|byte| byte != b'0') {
        return None;
    }

    format!("{whole}{kept:0<decimals$}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_is_as_many_minor_units_as_its_currency_has() {
        for (amount, currency, units) in [
            ("3.00", "USD", Some(300)),
            ("3", "USD", Some(300)),
            ("3.5", "EUR", Some(350)),
            ("500", "JPY", Some(500)),
            ("500.00", "JPY", Some(500)),
            ("500.50", "JPY", None),
            ("1.234", "KWD", Some(1_234)),
            ("1.239", "USD", None),
            ("1,50", "EUR", None),
            ("-1.00", "EUR", None),
            (".50", "EUR", None),
            ("", "EUR", None),
            ("1.00", "XAU", None),
            ("1.00", "ZZZ", None),
            ("99999999999999999999", "EUR", None),
        ] {
            let code = Currency::parse(currency).expect("it has three letters");
            assert_eq!(minor_units(amount, &code), units, "{amount} {currency}");
        }
    }
}
