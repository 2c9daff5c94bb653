//! The API's own scalars.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use parlor_domain::currency;
use parlor_domain::time::ServerTime;

use super::rfc3339::{format_time, parse_time};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Time(pub(crate) ServerTime);

/// A text that is no reason to refuse what it came with; nothing if it is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReportedText(pub(crate) Option<String>);

impl ReportedText {
    /// What is no text is nothing to be seen.
    pub(crate) fn seen(self) -> String {
        self.0.unwrap_or_default()
    }
}

/// A time that is no reason to refuse what it came with; nothing if it is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReportedTime(pub(crate) Option<ServerTime>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Int64(pub(crate) i64);

// Any text is taken in, because a wrong code is refused by name, not as a malformed document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Currency(pub(crate) String);

/// A date and time as in RFC 3339. It is always written in UTC with milliseconds:
/// `2026-01-02T03:04:05.678Z`. In input the decimals may be fewer or none, and an offset such as
/// `+02:00` may stand for `Z`; of what is finer than a millisecond, the millisecond is kept.
#[Scalar]
impl ScalarType for Time {
    fn parse(value: Value) -> InputValueResult<Self> {
        if let Value::String(text) = &value {
            return parse_time(text)
                .map(Self)
                .map_err(|error| InputValueError::custom(format!("{text:?} is {error}")));
        }

        Err(InputValueError::expected_type(value))
    }

    fn to_value(&self) -> Value {
        Value::String(format_time(self.0))
    }
}

/// A date and time as in RFC 3339, as others write it: what is none is taken, and left out.
#[Scalar]
impl ScalarType for ReportedTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let time = Time::parse(value).ok();

        Ok(Self(time.map(|time| time.0)))
    }

    fn to_value(&self) -> Value {
        self.0.map_or(Value::Null, |at| Time(at).to_value())
    }
}

/// A text, as others write it: a number is what it reads, and anything else is taken, and left out.
#[Scalar]
impl ScalarType for ReportedText {
    fn parse(value: Value) -> InputValueResult<Self> {
        let text = if let Value::String(text) = value {
            Some(text)
        } else if let Value::Number(number) = value {
            Some(number.to_string())
        } else {
            None
        };

        Ok(Self(text))
    }

    fn to_value(&self) -> Value {
        self.0.clone().map_or(Value::Null, Value::String)
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

/// An ISO 4217 currency code: three capital letters, such as `EUR`. In input small ones will do.
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

impl From<&currency::Currency> for Currency {
    fn from(currency: &currency::Currency) -> Self {
        Self(currency.as_str().to_owned())
    }
}

/// A whole number of GraphQL's own `Int`, for values that a check keeps far inside 32 bits.
pub(crate) fn int(number: impl TryInto<i32>) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_is_none_is_repeated_with_what_is_wrong() {
        let refusal = Time::parse(Value::from("1969-12-31T23:59:59Z")).unwrap_err();
        let said = format!("{refusal:?}");
        assert!(said.contains("1969-12-31T23:59:59Z"), "{said}");
        assert!(said.contains("outside of the years"), "{said}");
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
