//! Input that breaks a rule of its own, whatever the state.

use std::fmt;
use std::sync::LazyLock;

use regex::Regex;
use unicode_segmentation::UnicodeSegmentation;

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

/// How long a text may be that people write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length {
    /// As people see them: extended grapheme clusters of Unicode (UAX #29).
    pub characters: usize,
    /// The bound behind, for one character may be put together of any number of others.
    pub bytes: usize,
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

/// The same for what has to be within `most`, and is counted as people do.
pub fn check_length(field: &'static str, words: &str, most: Length) -> Result<(), Invalid> {
    check_words(field, words, 1, most.bytes)?;
    let characters = words.graphemes(true).count();
    if characters > most.characters {
        let constraint = format!("1 to {} characters", most.characters);
        return Err(Invalid::new(
            field,
            constraint,
            format!("{characters} characters"),
        ));
    }

    Ok(())
}

/// What nobody sees: blanks, what Unicode has drawn by nobody, such as marks of direction and fillers, and a pattern
/// of Braille without a dot, which is a letter and looks like a space.
static UNSEEN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\A[\p{White_Space}\p{Default_Ignorable_Code_Point}\u{2800}]*\z")
        .expect("the pattern is one")
});

/// Whether nothing is to be seen of `words`, however long they are.
pub fn is_blank(words: &str) -> bool {
    UNSEEN.is_match(words)
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
