//! Words that do not fit, made to.

use unicode_segmentation::UnicodeSegmentation;

use crate::invalid::{Length, is_blank};

/// What was done to a field so that it could be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amendment {
    /// By its name in the API.
    pub field: &'static str,
    pub kind: AmendmentKind,
}

/// How a field was amended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmendmentKind {
    /// What is longer than the field may be was cut off its end.
    Trimmed,
    /// What no text may hold has become a space, and what is written otherwise has become the usual.
    Replaced,
    /// There was nothing to be seen in it, or it was no id or no time.
    LeftOut,
}

impl Amendment {
    pub(crate) fn new(field: &'static str, kind: AmendmentKind) -> Self {
        Self { field, kind }
    }
}

/// Makes `words` fit into `most` without control characters but line breaks, and notes in
/// `amendments` what that took. What comes back is what came if nothing is noted.
pub(crate) fn fit(
    field: &'static str,
    words: String,
    most: Length,
    amendments: &mut Vec<Amendment>,
) -> Option<String> {
    let mut words = words;
    let mut kinds = Vec::new();
    if words.chars().any(is_unfit) {
        words = without_unfit(&words);
        kinds.push(AmendmentKind::Replaced);
    }
    if end_within(&words, most) < words.len() {
        // Blanks at the ends go first, for they show nothing.
        words = String::from(words.trim());
        words.truncate(end_within(&words, most));
        kinds.push(AmendmentKind::Trimmed);
    }
    let is_blank = is_blank(&words);
    if is_blank {
        kinds = vec![AmendmentKind::LeftOut];
    }

    amendments.extend(kinds.into_iter().map(|kind| Amendment::new(field, kind)));
    (!is_blank).then_some(words)
}

fn is_unfit(c: char) -> bool {
    c.is_control() && c != '\n'
}

/// `words` with a space for each run of what no text may hold, so that what it parts stays apart.
fn without_unfit(words: &str) -> String {
    let lines = words.replace("\r\n", "\n");
    let parts: Vec<_> = lines
        .split(is_unfit)
        .filter(|part| !part.is_empty())
        .collect();

    parts.join(" ").trim().to_owned()
}

/// Where `words` can end within `most`: between what people see as characters, for half a flag is another one. Only a
/// character that alone is too long is taken apart.
fn end_within(words: &str, most: Length) -> usize {
    let mut end = 0;
    for character in words.graphemes(true).take(most.characters) {
        if end + character.len() > most.bytes {
            break;
        }
        end += character.len();
    }
    if end == 0 {
        return words.floor_char_boundary(most.bytes);
    }

    end
}
