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

/// The same for what people read, of which something has to be seen.
pub fn check_words(
    field: &'static str,
    words: &str,
    min: usize,
    max: usize,
) -> Result<(), Invalid> {
    check_text(field, words, min, max)?;
    if min > 0 && is_blank(words) {
        let constraint = "words of which something is seen";
        return Err(Invalid::new(field, constraint, format!("{words:?}")));
    }

    Ok(())
}

/// Whether nothing is to be seen of `words`, however long they are: blanks, and what Unicode has drawn by nobody
/// (`Default_Ignorable_Code_Point`), such as marks of direction and fillers.
pub fn is_blank(words: &str) -> bool {
    words.chars().all(|c| c.is_whitespace() || is_unseen(c))
}

fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
            // A pattern of Braille without a dot is a letter, and looks like a space.
            | '\u{2800}'
    )
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

#[cfg(test)]
mod tests {
    use super::{check_text, check_words};

    #[test]
    fn words_of_which_nothing_is_seen_are_refused_by_their_field() {
        for unseen in [
            " ",
            "\n",
            "\u{200b}",
            "\u{200d}\u{fe0f}",
            " \u{2060} ",
            "\u{202e}\u{202c}",
            "\u{3164}",
            "\u{2800}",
            "\u{ad}\u{feff}",
            "\u{e0067}\u{e007f}",
        ] {
            let refused = check_words("title", unseen, 1, 100).unwrap_err();
            assert_eq!(refused.field, "title", "{unseen:?}");
            // What programs alone read may be anything.
            check_text("idempotencyKey", unseen, 1, 100).unwrap();
        }
        check_words("title", "", 0, 100).unwrap();
        for seen in [
            "a",
            "\u{200b}a",
            "❤\u{fe0f}",
            "👨\u{200d}👩\u{200d}👧",
            "مريم",
            "-",
            "\u{301}",
        ] {
            check_words("title", seen, 1, 100).unwrap();
        }
        assert!(check_words("title", "bell\u{7}", 1, 100).is_err());
    }
}
