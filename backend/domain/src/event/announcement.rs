//! What a room's staff announces.

use serde::{Deserialize, Serialize};

use crate::invalid::{Invalid, check_text};

/// The longest announcement, in bytes: the three lines that an alert has, in a script of two bytes a letter.
const TEXT_BYTES_MAX: usize = 300;

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
        check_text("text", text, 1, TEXT_BYTES_MAX)?;

        Ok(Self {
            text: text.to_owned(),
        })
    }
}
