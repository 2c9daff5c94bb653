//! Fields of what services send, of which nothing is certain.

use parlor_domain::contribution::RawTime;
use parlor_domain::time::ServerTime;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The text of a field, if it has any.
pub(crate) fn text(of: &Value, field: &str) -> Option<String> {
    of[field]
        .as_str()
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

/// Words that people wrote or ids, which may have come as a number. What is no text is nothing to be seen.
pub(crate) fn words(of: &Value, field: &str) -> Option<String> {
    read_words(&of[field])
}

/// The same, of the field's value.
pub(crate) fn read_words(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => Some(String::new()),
    }
}

/// A whole number, which may have come as text.
pub(crate) fn integer(of: &Value, field: &str) -> Option<i64> {
    let value = &of[field];
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// A time by RFC 3339.
pub(crate) fn rfc_3339(of: &Value, field: &str) -> Option<RawTime> {
    let value = &of[field];
    if value.is_null() {
        return None;
    }
    let at = value
        .as_str()
        .and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
    let millis = at.and_then(|at| i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok());

    Some(millis.map_or(RawTime::Unreadable, |millis| {
        RawTime::At(ServerTime::from_unix_millis(millis))
    }))
}

/// A time in seconds since 1970.
pub(crate) fn unix_seconds(of: &Value, field: &str) -> Option<ServerTime> {
    let millis = of[field].as_i64()?.checked_mul(1_000)?;

    Some(ServerTime::from_unix_millis(millis))
}
