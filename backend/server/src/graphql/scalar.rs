//! The API's own scalars.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use parlor_domain::contribution;
use parlor_domain::time::ServerTime;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Time(pub(crate) ServerTime);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Int64(pub(crate) i64);

// Any text is taken in, because a wrong code is refused by name, not as a malformed document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Currency(pub(crate) String);

/// A date and time in UTC as RFC 3339 with milliseconds, in exactly this form:
/// `2026-01-02T03:04:05.678Z`.
#[Scalar]
impl ScalarType for Time {
    fn parse(value: Value) -> InputValueResult<Self> {
        if let Value::String(text) = &value {
            return parse_time(text).map(Self).ok_or_else(|| {
                InputValueError::custom(format!(
                    "{text:?} is not a time such as `2026-01-02T03:04:05.678Z`"
                ))
            });
        }

        Err(InputValueError::expected_type(value))
    }

    fn to_value(&self) -> Value {
        Value::String(format_time(self.0))
    }
}

/// A signed 64-bit integer, carried as a decimal string, because `Int` is 32 bits.
#[Scalar]
impl ScalarType for Int64 {
    fn parse(value: Value) -> InputValueResult<Self> {
        let number = if let Value::Number(number) = &value {
            number.as_i64()
        } else if let Value::String(text) = &value {
            text.parse().ok()
        } else {
            None
        };

        number.map(Self).ok_or_else(|| {
            InputValueError::custom(format!("{value} is not a 64-bit integer in decimal"))
        })
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// An ISO 4217 currency code: three capital letters, such as `EUR`.
#[Scalar]
impl ScalarType for Currency {
    fn parse(value: Value) -> InputValueResult<Self> {
        if let Value::String(code) = value {
            return Ok(Self(code));
        }

        Err(InputValueError::expected_type(value))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

impl From<ServerTime> for Time {
    fn from(time: ServerTime) -> Self {
        Self(time)
    }
}

impl From<i64> for Int64 {
    fn from(number: i64) -> Self {
        Self(number)
    }
}

impl From<&contribution::Currency> for Currency {
    fn from(currency: &contribution::Currency) -> Self {
        Self(currency.as_str().to_owned())
    }
}

/// A day, in milliseconds.
const DAY_MS: i64 = 86_400_000;
/// From the first of March of year 0, where leap days come last in their year, to 1970.
const EPOCH_DAYS: i64 = 719_468;
/// Days in 400 years, after which the calendar repeats.
const ERA_DAYS: i64 = 146_097;

/// Writes `time` in the API's form. Years beyond 9999 are written as its last instant.
pub fn format_time(time: ServerTime) -> String {
    let millis = time.unix_millis().clamp(0, ServerTime::MAX.unix_millis());
    let (days, in_day) = (millis / DAY_MS, millis % DAY_MS);
    let (year, month, day) = date_of_days(days);
    let (hour, minute) = (in_day / 3_600_000, in_day / 60_000 % 60);
    let (second, milli) = (in_day / 1_000 % 60, in_day % 1_000);

    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// Reads the API's form and no other.
pub fn parse_time(text: &str) -> Option<ServerTime> {
    let bytes: &[u8; 24] = text.as_bytes().try_into().ok()?;
    let number = |from: usize, len: usize| {
        bytes[from..from + len].iter().try_fold(0, |number, byte| {
            byte.is_ascii_digit()
                .then(|| number * 10 + i64::from(byte - b'0'))
        })
    };
    let (year, month, day) = (number(0, 4)?, number(5, 2)?, number(8, 2)?);
    let (hour, minute, second) = (number(11, 2)?, number(14, 2)?, number(17, 2)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }

    let days = days_of_date(year, month, day);
    let in_day = (hour * 60 + minute) * 60_000 + second * 1_000 + number(20, 3)?;
    let time = ServerTime::from_unix_millis(days * DAY_MS + in_day);

    // Writing it again finds a wrong separator, the 30th of February and years before 1970.
    (format_time(time) == text).then_some(time)
}

/// Days since 1970 as a date, by Howard Hinnant's `civil_from_days`.
fn date_of_days(days: i64) -> (i64, i64, i64) {
    let days = days + EPOCH_DAYS;
    let (era, in_era) = (days / ERA_DAYS, days % ERA_DAYS);
    let year = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year + year / 4 - year / 100);
    let month_from_march = (5 * in_year + 2) / 153;
    let day = in_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };

    (era * 400 + year + i64::from(month <= 2), month, day)
}

/// A date as days since 1970, by Howard Hinnant's `days_from_civil`.
fn days_of_date(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, in_era) = (year.div_euclid(400), year.rem_euclid(400));
    let month_from_march = (month + 9) % 12;
    let in_year = (153 * month_from_march + 2) / 5 + day - 1;

    era * ERA_DAYS + in_era * 365 + in_era / 4 - in_era / 100 + in_year - EPOCH_DAYS
}

/// A whole number of GraphQL's own `Int`, for values that a check keeps far inside 32 bits.
pub(crate) fn int(number: impl TryInto<i32>) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_and_read_in_one_form() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_767_323_045_678, "2026-01-02T03:04:05.678Z"),
            (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] {
            let time = ServerTime::from_unix_millis(millis);
            assert_eq!(format_time(time), text);
            assert_eq!(parse_time(text), Some(time));
        }
    }

    #[test]
    fn other_forms_and_dates_that_do_not_exist_are_refused() {
        for text in [
            "",
            "2026-01-02",
            "2026-01-02T03:04:05Z",
            "2026-01-02T03:04:05.678+00:00",
            "2026-01-02 03:04:05.678Z",
            "2026-02-30T03:04:05.678Z",
            "2026-13-01T03:04:05.678Z",
            "2026-00-01T03:04:05.678Z",
            "2026-01-02T24:00:00.000Z",
            "2026-01-02T03:60:05.678Z",
            "+026-01-02T03:04:05.678Z",
            "1969-12-31T23:59:59.999Z",
            "２026-1-02T03:04:05.67Z",
        ] {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }

    #[test]
    fn long_integers_come_as_text_or_as_numbers() {
        assert_eq!(
            Int64::parse(Value::from("-9223372036854775808")).unwrap().0,
            i64::MIN
        );
        assert_eq!(Int64::parse(Value::from(5)).unwrap().0, 5);
        for value in [
            Value::from("9223372036854775808"),
            Value::from("1.0"),
            Value::from(1.5),
        ] {
            Int64::parse(value).unwrap_err();
        }
    }
}
