//! JSON as a tree, from which readers take what they know by name.
//!
//! One shape for every message costs a fifth of the code that a type for each of them does, and in
//! a browser code is what counts.

use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

use hifijson::num::LexWrite;
use hifijson::str::LexAlloc;
use hifijson::token::Lex;
use hifijson::{Error, Expect, SliceLexer};

/// How deep a message may be nested; a train's contributors are at 9. A tree is dropped by
/// recursion, so what comes off the wire must not say how deep.
const DEPTH_MAX: u32 = 32;

/// How many values a message may hold. The longest replay has 5,000 events of at most 70; a value
/// takes 32 bytes, and may be two characters on the wire.
const VALUES_MAX: usize = 1_000_000;

/// What the lexer calls any text that goes beyond a limit.
const TOO_LARGE: Error = Error::Depth;

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
    start: u32,
    end: u32,
}

impl Tree {
    /// Reads a text, or returns `None` if it is not JSON, nested too deep or has too many values.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut reading = Reading {
            length: u32::try_from(text.len()).ok()?,
            values_left: VALUES_MAX,
        };

        SliceLexer::new(text.as_bytes())
            .exactly_one(Lex::ws_peek, |first, lexer| {
                reading.value(first, lexer, DEPTH_MAX)
            })
            .ok()
    }

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
        self.text(name)?.parse().ok()
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

/// A text being read.
struct Reading {
    /// In bytes.
    length: u32,
    values_left: usize,
}

impl Reading {
    /// Reads the value that begins with `first`, within what is left of the limits.
    fn value(
        &mut self,
        first: u8,
        lexer: &mut SliceLexer<'_>,
        depth_left: u32,
    ) -> Result<Tree, Error> {
        self.values_left = self.values_left.checked_sub(1).ok_or(TOO_LARGE)?;

        Ok(match first {
            b'"' => Tree::Text(lexer.discarded().str_string()?.into_owned()),
            b'-' | b'0'..=b'9' => {
                let (number, _) = lexer.num_string().validated()?;
                number.parse().map_or(Tree::OtherNumber, Tree::Integer)
            }
            b'[' => {
                let depth_left = depth_left.checked_sub(1).ok_or(TOO_LARGE)?;
                let mut list = Vec::new();
                lexer.discarded().seq(b']', Lex::ws_peek, |first, lexer| {
                    list.push(self.value(first, lexer, depth_left)?);
                    Ok::<_, Error>(())
                })?;
                Tree::List(list)
            }
            b'{' => {
                let depth_left = depth_left.checked_sub(1).ok_or(TOO_LARGE)?;
                let start = self.place(lexer);
                let mut record = Vec::new();
                lexer.discarded().seq(b'}', Lex::ws_peek, |first, lexer| {
                    lexer.expect(|_| Some(first), b'"').ok_or(Expect::String)?;
                    let name = lexer.str_string()?.into_owned();
                    lexer.expect(Lex::ws_peek, b':').ok_or(Expect::Colon)?;
                    let first = lexer.ws_peek().ok_or(Expect::Value)?;
                    record.push((name, self.value(first, lexer, depth_left)?));
                    Ok::<_, Error>(())
                })?;
                let end = self.place(lexer);
                Tree::Record(record, Span { start, end })
            }
            _ => {
                let truth = lexer.null_or_bool().ok_or(Expect::Value)?;
                truth.map_or(Tree::Nothing, Tree::Truth)
            }
        })
    }

    /// Returns how much of the text has been read.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "what is left is no longer than the text, whose length has 32 bits"
    )]
    fn place(&self, lexer: &SliceLexer<'_>) -> u32 {
        self.length - lexer.as_slice().len() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::{DEPTH_MAX, Tree, VALUES_MAX};

    #[test]
    fn fields_are_taken_by_name_and_type() {
        let text = r#"{"text":"a","none":null,"list":[1,-2,true],"big":18446744073709551615,
            "half":0.5,"decimal":"-9223372036854775808","deep":{"er":{}},"small":2147483648}"#;
        let mut tree = Tree::read(text).unwrap();

        assert!(tree.has("text") && !tree.has("none") && !tree.has("missing"));
        assert!(tree.has("half") && tree.has("big"), "they are there");
        assert_eq!(tree.integer("text"), None);
        assert_eq!(tree.text("missing"), None);
        assert_eq!(tree.decimal("decimal"), Some(i64::MIN));
        assert_eq!(tree.small("small"), None);
        assert_eq!((tree.integer("big"), tree.integer("half")), (None, None));
        assert!(matches!(
            tree.list("list").unwrap()[..],
            [Tree::Integer(1), Tree::Integer(-2), Tree::Truth(true)]
        ));
        assert!(matches!(tree.take("deep").take("er"), Tree::Record(..)));
    }

    #[test]
    fn a_record_is_found_as_it_stands_in_the_text() {
        let text = r#" {"é":[ {"a":"}\""} , 7],"b":{ } } "#;
        let mut tree = Tree::read(text).unwrap();

        assert_eq!(tree.written(text), Some(text.trim()));
        let list = tree.list("é").unwrap();
        assert_eq!(list[0].written(text), Some(r#"{"a":"}\""}"#));
        assert_eq!(list[1].written(text), None);
        assert_eq!(tree.take("b").written(text), Some("{ }"));
    }

    #[test]
    fn what_is_no_json_is_not_read() {
        let texts = [
            "",
            "nul",
            "nulls",
            "[1,]",
            "[1 2]",
            "[",
            "{",
            r#"{"a"}"#,
            r#"{"a" 1}"#,
            r#"{"a":1,}"#,
            "{1:1}",
            "01",
            "1.",
            "-",
            "+1",
            "1e",
            r#"""#,
            r#""\x""#,
            r#""\ud800""#,
            "\"\n\"",
            "1 2",
        ];
        for text in texts {
            assert!(Tree::read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn escapes_are_resolved() {
        let mut tree = Tree::read(r#" { "\u0061" : "\"\\\/\b\n\u00e9\ud83d\ude82" } "#).unwrap();

        assert_eq!(tree.text("a").as_deref(), Some("\"\\/\u{8}\né🚂"));
    }

    #[test]
    fn of_a_name_that_stands_twice_the_last_counts() {
        let mut tree = Tree::read(r#"{"seq":1,"other":2,"seq":3}"#).unwrap();

        assert_eq!(tree.integer("seq"), Some(3));
    }

    #[test]
    fn a_message_has_a_limited_number_of_values() {
        let list = |values: usize| format!("[{}0]", "0,".repeat(values - 2));
        assert!(Tree::read(&list(VALUES_MAX)).is_some());
        assert!(Tree::read(&list(VALUES_MAX + 1)).is_none());
        assert!(Tree::read(&format!("[{}[]]", "[],".repeat(VALUES_MAX))).is_none());
        assert!(Tree::read(&format!("\"{}\"", ",".repeat(VALUES_MAX))).is_some());
    }

    #[test]
    fn only_brackets_outside_strings_make_a_text_deep() {
        let deep = |depth: u32| "[".repeat(depth as usize) + &"]".repeat(depth as usize);

        assert!(Tree::read(&deep(DEPTH_MAX)).is_some());
        assert!(Tree::read(&deep(DEPTH_MAX + 1)).is_none());
        assert!(Tree::read(&deep(1_000_000)).is_none());
        let brackets = "[".repeat(100);
        assert!(Tree::read(&format!(r#"["\"{brackets}","\\"]"#)).is_some());
        assert!(Tree::read(&format!(r#"["\\",{brackets}"#)).is_none());
    }
}
