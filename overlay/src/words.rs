//! The words and figures on stage, in one place.
//!
//! Whole numbers only: formatting one float would add more to the download than this whole module.

use alloc::string::String;

/// Returns `value` with its thousands set apart: `12,400`.
pub(crate) fn grouped(value: i64) -> String {
    written(value, 1, ",")
}

/// Returns the bare digits of `value`: `12400`.
pub(crate) fn digits(value: i64) -> String {
    written(value, 1, "")
}

/// The standard library's way is made for every kind of number, each with code of its own.
fn written(value: i64, width: usize, comma: &str) -> String {
    let mut text = String::from(if value < 0 { "-" } else { "" });
    write(&mut text, value.unsigned_abs(), width, 0, comma);

    text
}

/// Appends the digits of `value` that have `place` behind them, and zeros before them up to `width`.
fn write(text: &mut String, value: u64, width: usize, place: usize, comma: &str) {
    if value >= 10 || width > 1 {
        write(text, value / 10, width.saturating_sub(1), place + 1, comma);
    }
    text.push(char::from(b'0' + (value % 10) as u8));
    if place > 0 && place.is_multiple_of(3) {
        text.push_str(comma);
    }
}

/// Returns what was added: `+500`.
pub(crate) fn plus(value: i64) -> String {
    ["+", &grouped(value)].concat()
}

/// Returns minor units as people write the currency: `€25`, `$7.50`, `¥500`, `20 CHF`.
pub(crate) fn money(minor_units: i64, currency: &str) -> String {
    let decimals: u32 = match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX"
        | "UYI" | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        "CLF" | "UYW" => 4,
        _ => 2,
    };
    let unit = 10_i64.pow(decimals);
    let mut figure = grouped(minor_units / unit);
    let rest = (minor_units % unit).abs();
    if rest > 0 {
        figure.push('.');
        figure.push_str(&padded(rest, decimals as usize));
    }
    let sign = match currency {
        "EUR" => "€",
        "USD" => "$",
        "GBP" => "£",
        "JPY" => "¥",
        "KRW" => "₩",
        "INR" => "₹",
        _ => return [&figure, " ", currency].concat(),
    };

    [sign, &figure].concat()
}

/// Returns what is left as `1:47`, so that it reads `0:00` only once nothing is left.
pub(crate) fn countdown(left_ms: i64) -> String {
    let seconds = left_ms.max(0).saturating_add(999) / 1000;

    [&digits(seconds / 60), ":", &padded(seconds % 60, 2)].concat()
}

/// Returns `value`, which is not below 0, with zeros before it up to `width` digits.
pub(crate) fn padded(value: i64, width: usize) -> String {
    written(value, width, "")
}

/// Returns a length as a number to do sums with.
pub(crate) fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

/// Returns `1 person`, `5 people`.
pub(crate) fn people(count: i64) -> String {
    counted(count, "person", "people")
}

/// Returns `count` with the word that agrees with it.
pub(crate) fn counted(count: i64, one: &str, many: &str) -> String {
    let word = if count == 1 { one } else { many };

    [grouped(count).as_str(), " ", word].concat()
}

/// Returns the name to show for somebody who may have given none.
pub(crate) fn shown_name(name: Option<&str>) -> &str {
    name.map(str::trim)
        .filter(|name| !name.is_empty())
        .unwrap_or("Anonymous")
}

/// Returns `name`, which people typed, to stand among words of ours: whichever way it is written, it
/// turns nothing but itself. What would reach beyond it is left out.
pub(crate) fn named(name: Option<&str>) -> String {
    const FIRST_STRONG_ISOLATE: char = '\u{2068}';
    const POP_DIRECTIONAL_ISOLATE: char = '\u{2069}';

    let name = shown_name(name);
    // Our words are written from the left to the right, as are these.
    if name.is_ascii() {
        return String::from(name);
    }
    let mut text = String::from(FIRST_STRONG_ISOLATE);
    let steers = |c: &char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.extend(name.chars().filter(|c| !steers(c)));
    text.push(POP_DIRECTIONAL_ISOLATE);

    text
}

#[cfg(test)]
mod tests {
    use super::{countdown, grouped, money, named, shown_name};

    #[test]
    fn thousands_are_set_apart() {
        for (value, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (-1_234_567, "-1,234,567"),
        ] {
            assert_eq!(grouped(value), text);
        }
        assert_eq!(grouped(i64::MIN), "-9,223,372,036,854,775,808");
    }

    #[test]
    fn money_reads_as_people_write_it() {
        let cases = [
            (2_500, "EUR", "€25"),
            (750, "USD", "$7.50"),
            (100_005, "GBP", "£1,000.05"),
            (500, "JPY", "¥500"),
            (2_000, "CHF", "20 CHF"),
            (1_500, "KWD", "1.500 KWD"),
        ];
        for (minor_units, currency, text) in cases {
            assert_eq!(money(minor_units, currency), text);
        }
    }

    /// As the server counts amounts.
    #[test]
    fn every_currency_has_the_decimals_of_iso_4217() {
        for line in include_str!("../../fixtures/currencies.txt").lines() {
            let (currency, decimals) = line.split_once(' ').unwrap();
            // What has no minor unit has no amounts to show.
            let Ok(decimals) = decimals.parse() else {
                continue;
            };
            let shown: String = money(1, currency)
                .chars()
                .filter(|c| c.is_ascii_digit() || *c == '.')
                .collect();
            let expected = match decimals {
                0 => String::from("1"),
                decimals => ["0.", &"0".repeat(decimals - 1), "1"].concat(),
            };
            assert_eq!(shown, expected, "{currency}");
        }
    }

    #[test]
    fn a_countdown_reads_zero_only_at_zero() {
        for (left_ms, text) in [(107_000, "1:47"), (1, "0:01"), (0, "0:00"), (-5, "0:00")] {
            assert_eq!(countdown(left_ms), text);
        }
    }

    #[test]
    fn somebody_without_a_name_is_anonymous() {
        assert_eq!(shown_name(None), "Anonymous");
        assert_eq!(shown_name(Some("  ")), "Anonymous");
        assert_eq!(shown_name(Some("Ada")), "Ada");
    }

    #[test]
    fn a_name_turns_nothing_but_itself() {
        for (name, text) in [
            ("Ada (she)", "Ada (she)"),
            ("מריה (il)", "\u{2068}מריה (il)\u{2069}"),
            ("\u{202e}live", "\u{2068}live\u{2069}"),
            ("\u{2069}\u{202e}live", "\u{2068}live\u{2069}"),
            ("Zoë", "\u{2068}Zoë\u{2069}"),
        ] {
            assert_eq!(named(Some(name)), text);
        }
        assert_eq!(named(None), "Anonymous");
    }
}
