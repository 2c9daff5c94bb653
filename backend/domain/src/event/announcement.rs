//! What a room's staff announces.

use serde::{Deserialize, Serialize};

use crate::invalid::{Invalid, check_words};

/// The longest announcement, in letters: what an alert has lines for, and can be read while one is shown.
const LETTERS_MAX: usize = 140;
/// The same in bytes, of which a letter has at most four.
const BYTES_MAX: usize = 4 * LETTERS_MAX;

/// A text for everyone in the room, shown once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// As typed, without the space around it: text, never markup.
    pub text: String,
}

impl Announcement {
    /// Takes what was typed, or says what is wrong with it.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        let letters = text.chars().count();
        if !(1..=LETTERS_MAX).contains(&letters) {
            let constraint = format!("1 to {LETTERS_MAX} letters beside the space around it");
            return Err(Invalid::new(
                "text",
                constraint,
                format!("{letters} letters"),
            ));
        }
        check_words("text", text, 1, BYTES_MAX)?;

        Ok(Self {
            text: text.to_owned(),
        })
    }
}
