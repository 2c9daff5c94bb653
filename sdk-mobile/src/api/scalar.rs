//! The schema's own scalars, as numbers.

use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// `Time`: milliseconds since 1970 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Time(pub(crate) i64);

/// `ReportedText`, which is a text where it is given by us.
pub(crate) type ReportedText = String;

/// `ReportedTime`, which is a [`Time`] where it is given by us.
pub(crate) type ReportedTime = Time;

/// `Int64`, which travels as a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Int64(pub(crate) i64);

/// `ID`: opaque.
pub(crate) type Id = String;

/// `Currency`: an ISO 4217 code.
pub(crate) type Currency = String;

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;

        parse_time(&text)
            .map(Self)
            .ok_or_else(|| invalid(&text, "a time such as 2026-01-02T03:04:05.678Z"))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_time(self.0))
    }
}

impl<'de> Deserialize<'de> for Int64 {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;

        text.parse()
            .map(Self)
            .map_err(|_| invalid(&text, "a decimal number of 64 bits"))
    }
}

impl Serialize for Int64 {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

fn invalid<E: Error>(text: &str, expected: &'static str) -> E {
    E::invalid_value(Unexpected::Str(text), &expected)
}

/// Reads the one form that the schema allows. The days are counted as in Howard Hinnant's
/// `days_from_civil`, in years that begin in March.
fn parse_time(text: &str) -> Option<i64> {
    let punctuation = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    let bytes = text.as_bytes();
    let well_formed = bytes.len() == 24
        && bytes.is_ascii()
        && bytes[19] == b'.'
        && bytes[23] == b'Z'
        && punctuation.iter().all(|(at, sign)| bytes[*at] == *sign);
    if !well_formed {
        return None;
    }
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        let digits = &text[range];
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| digits.parse().ok()).flatten()
    };
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let valid = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !valid {
        return None;
    }

    let march_year = if month <= 2 { year - 1 } else { year };
    let era = march_year.div_euclid(400);
    let year_of_era = march_year - era * 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era * 146_097 + day_of_era - 719_468;

    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000 + number(20..23)?)
}

/// Writes what [`parse_time`] reads, by Howard Hinnant's `civil_from_days`.
fn format_time(unix_millis: i64) -> String {
    let days = unix_millis.div_euclid(86_400_000) + 719_468;
    let of_day = unix_millis.rem_euclid(86_400_000);
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = (march_month + 2) % 12 + 1;
    let year = year_of_era + era * 400 + i64::from(month <= 2);

    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
        of_day / 3_600_000,
        of_day / 60_000 % 60,
        of_day / 1_000 % 60,
        of_day % 1_000
    )
}

#[cfg(test)]
mod tests {
    use super::{format_time, parse_time};

    const TIMES: [(&str, i64); 6] = [
        ("1970-01-01T00:00:00.000Z", 0),
        ("1969-12-31T23:59:59.999Z", -1),
        ("2000-02-29T12:00:00.000Z", 951_825_600_000),
        ("2024-12-31T23:59:59.999Z", 1_735_689_599_999),
        ("2026-01-02T03:04:05.678Z", 1_767_323_045_678),
        ("2100-03-01T00:00:00.000Z", 4_107_542_400_000),
    ];

    #[test]
    fn a_time_is_read_and_written_to_the_millisecond() {
        for (text, unix_millis) in TIMES {
            assert_eq!(parse_time(text), Some(unix_millis), "{text}");
            assert_eq!(format_time(unix_millis), text);
        }
    }

    #[test]
    fn any_other_form_is_no_time() {
        for text in [
            "",
            "2026-01-02T03:04:05Z",
            "2026-01-02 03:04:05.678Z",
            "2026-01-02T03:04:05.678+",
            "2026-13-02T03:04:05.678Z",
            "2026-01-02T24:04:05.678Z",
            "2026-01-02T03:04:+5.678Z",
            "2026-01-02T03:04:05.67éZ",
        ] {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }
}
