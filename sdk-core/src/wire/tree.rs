//! JSON as a tree, from which readers take what they know by name.
//!
//! One shape for every message costs a fifth of the code that a type for each of them does, and in
//! a browser code is what counts.

use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

/// A JSON value.
#[derive(Debug, Default)]
pub(crate) enum Tree {
    #[default]
    Nothing,
    Truth(bool),
    Integer(i64),
    /// A number that is no 64-bit integer: it is there, and no reader takes it.
    OtherNumber,
    Text(String),
    List(Vec<Tree>),
    Record(Vec<(String, Tree)>, Span),
}

/// Where in the text that was read a record stands, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Tree {
    /// Returns a record as it stands in `text`, which it was read from.
    pub(crate) fn written<'a>(&self, text: &'a str) -> Option<&'a str> {
        let Self::Record(_, Span { start, end }) = self else {
            return None;
        };

        text.get(*start as usize..*end as usize)
    }

    /// Takes the field called `name` out of a record. What is missing is nothing.
    pub(crate) fn take(&mut self, name: &str) -> Self {
        match self.field(name) {
            Some(field) => mem::take(field),
            None => Self::Nothing,
        }
    }

    /// Returns whether the field called `name` is there and not null.
    pub(crate) fn has(&mut self, name: &str) -> bool {
        self.field(name)
            .is_some_and(|field| !matches!(field, Self::Nothing))
    }

    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        let Self::Text(text) = self.take(name) else {
            return None;
        };

        Some(text)
    }

    pub(crate) fn integer(&mut self, name: &str) -> Option<i64> {
        let Self::Integer(integer) = self.take(name) else {
            return None;
        };

        Some(integer)
    }

    /// Takes an integer of at most 32 bits.
    pub(crate) fn small(&mut self, name: &str) -> Option<i32> {
        self.integer(name)?.try_into().ok()
    }

    /// Takes an integer that is carried as text.
    pub(crate) fn decimal(&mut self, name: &str) -> Option<i64> {
        whole(&self.text(name)?)
    }

    pub(crate) fn truth(&mut self, name: &str) -> Option<bool> {
        let Self::Truth(truth) = self.take(name) else {
            return None;
        };

        Some(truth)
    }

    pub(crate) fn list(&mut self, name: &str) -> Option<Vec<Self>> {
        let Self::List(list) = self.take(name) else {
            return None;
        };

        Some(list)
    }

    fn field(&mut self, name: &str) -> Option<&mut Self> {
        let Self::Record(fields, _) = self else {
            return None;
        };

        // Of a name that stands twice the last counts, as for `JSON.parse`.
        fields
            .iter_mut()
            .rfind(|(other, _)| other == name)
            .map(|(_, field)| field)
    }
}

/// Reads a whole number that is nothing but digits, perhaps with a minus before them.
pub(super) fn whole(text: &str) -> Option<i64> {
    /// Of the largest number there is.
    const DIGITS_MAX: usize = 19;

    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || digits.len() > DIGITS_MAX {
        return None;
    }
    let mut value: u64 = 0;
    for byte in digits.bytes() {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = value * 10 + u64::from(byte - b'0');
    }

    if digits.len() == text.len() {
        i64::try_from(value).ok()
    } else {
        (value <= i64::MIN.unsigned_abs()).then_some(value.cast_signed().wrapping_neg())
    }
}
