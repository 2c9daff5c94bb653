//! Input that breaks a rule of its own, whatever the state.

use std::fmt;

/// Why a field was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` must be {constraint}, not {found}")]
pub struct Invalid {
    /// The field at fault, by its name in the API.
    pub field: &'static str,
    /// What would be accepted.
    pub constraint: String,
    /// What came, shortened.
    pub found: String,
}

/// How much of an offending value an error repeats, in characters.
const FOUND_CHARS_MAX: usize = 40;

impl Invalid {
    /// Says that `field` holds `found` where `constraint` is asked for.
    pub fn new(
        field: &'static str,
        constraint: impl Into<String>,
        found: impl fmt::Display,
    ) -> Self {
        let mut found = found.to_string();
        if found.chars().count() > FOUND_CHARS_MAX {
            found = found.chars().take(FOUND_CHARS_MAX).chain(['…']).collect();
        }

        Self {
            field,
            constraint: constraint.into(),
            found,
        }
    }
}

/// Checks that `text` has between `min` and `max` bytes and no control characters but line breaks.
pub fn check_text(field: &'static str, text: &str, min: usize, max: usize) -> Result<(), Invalid> {
    if !(min..=max).contains(&text.len()) {
        let constraint = format!("{min} to {max} bytes");
        return Err(Invalid::new(
            field,
            constraint,
            format!("{} bytes", text.len()),
        ));
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(Invalid::new(
            field,
            "text without control characters",
            format!("{text:?}"),
        ));
    }

    Ok(())
}

/// Checks that `value` lies between `min` and `max`.
pub fn check_range(field: &'static str, value: i64, min: i64, max: i64) -> Result<(), Invalid> {
    if (min..=max).contains(&value) {
        return Ok(());
    }

    Err(Invalid::new(
        field,
        format!("between {min} and {max}"),
        value,
    ))
}
