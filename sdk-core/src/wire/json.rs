//! Reads JSON.
//!
//! By hand, for a browser would load what libraries know beyond this: streams, floats, and what is wrong with a
//! text that is none. Numbers that are no 64-bit integer are only passed over.

use alloc::string::String;
use alloc::vec::Vec;

use super::tree::{Span, Tree, whole};

/// How deep a message may be nested; a train's contributors are at 9. A tree is dropped by
/// recursion, so what comes off the wire must not say how deep.
const DEPTH_MAX: u32 = 32;

/// How many values a message may hold. The longest replay has 5,000 events of at most 70; a value
/// takes 32 bytes, and may be two characters on the wire.
const VALUES_MAX: usize = 1_000_000;

impl Tree {
    /// Reads a text, or returns `None` if it is not JSON, nested too deep or has too many values.
    pub(crate) fn read(text: &str) -> Option<Self> {
        u32::try_from(text.len()).ok()?;
        let mut reading = Reading {
            text,
            at: 0,
            values_left: VALUES_MAX,
        };
        let value = reading.value(DEPTH_MAX)?;
        reading.pass_space();

        (reading.at == text.len()).then_some(value)
    }
}

/// A text being read.
struct Reading<'a> {
    text: &'a str,
    /// How much of it has been, in bytes.
    at: usize,
    values_left: usize,
}

impl Reading<'_> {
    /// Reads a value, within what is left of the limits.
    fn value(&mut self, depth_left: u32) -> Option<Tree> {
        self.values_left = self.values_left.checked_sub(1)?;
        self.pass_space();
        let start = self.place();

        Some(match self.next()? {
            b'"' => Tree::Text(self.string()?),
            b'[' => {
                let depth_left = depth_left.checked_sub(1)?;
                let mut list = Vec::new();
                let mut goes_on = !self.passes(b']');
                while goes_on {
                    list.push(self.value(depth_left)?);
                    goes_on = self.goes_on(b']')?;
                }
                Tree::List(list)
            }
            b'{' => {
                let depth_left = depth_left.checked_sub(1)?;
                let mut record = Vec::new();
                let mut goes_on = !self.passes(b'}');
                while goes_on {
                    self.passes(b'"').then_some(())?;
                    let name = self.string()?;
                    self.passes(b':').then_some(())?;
                    record.push((name, self.value(depth_left)?));
                    goes_on = self.goes_on(b'}')?;
                }
                let end = self.place();
                Tree::Record(record, Span { start, end })
            }
            b'n' => self.word("ull", Tree::Nothing)?,
            b't' => self.word("rue", Tree::Truth(true))?,
            b'f' => self.word("alse", Tree::Truth(false))?,
            _ => {
                self.at -= 1;
                self.number()?
            }
        })
    }

    /// Returns whether another item follows; `None` if neither that nor the end does.
    fn goes_on(&mut self, end: u8) -> Option<bool> {
        if self.passes(end) {
            return Some(false);
        }

        self.passes(b',').then_some(true)
    }

    /// Reads the rest of a word that means `value`.
    fn word(&mut self, rest: &str, value: Tree) -> Option<Tree> {
        let is_there = self
            .text
            .as_bytes()
            .get(self.at..)?
            .starts_with(rest.as_bytes());
        self.at += rest.len();

        is_there.then_some(value)
    }

    fn number(&mut self) -> Option<Tree> {
        let start = self.at;
        self.is_at(b'-');
        if !self.is_at(b'0') {
            self.digits()?;
        }
        let integer = self.text.get(start..self.at)?;
        let mut is_integer = true;
        if self.is_at(b'.') {
            self.digits()?;
            is_integer = false;
        }
        if self.is_at(b'e') || self.is_at(b'E') {
            let _ = self.is_at(b'+') || self.is_at(b'-');
            self.digits()?;
            is_integer = false;
        }
        let integer = if is_integer { whole(integer) } else { None };

        Some(integer.map_or(Tree::OtherNumber, Tree::Integer))
    }

    /// Passes over digits, of which there must be one.
    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }

        (self.at > start).then_some(())
    }

    /// Reads a string behind its first quote.
    fn string(&mut self) -> Option<String> {
        let mut text = String::new();
        loop {
            let start = self.at;
            while !matches!(self.peek()?, b'"' | b'\\' | ..=0x1f) {
                self.at += 1;
            }
            text.push_str(self.text.get(start..self.at)?);
            match self.next()? {
                b'"' => return Some(text),
                b'\\' => text.push(self.escaped()?),
                _ => return None,
            }
        }
    }

    /// Reads what is escaped behind its backslash.
    fn escaped(&mut self) -> Option<char> {
        Some(match self.next()? {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            byte @ (b'"' | b'\\' | b'/') => char::from(byte),
            b'u' => {
                let mut code = self.unit()?;
                // The first half of a pair, which is nothing without the second.
                if (0xd800..0xdc00).contains(&code) {
                    if self.next()? != b'\\' || self.next()? != b'u' {
                        return None;
                    }
                    let second = self.unit()?.checked_sub(0xdc00)?;
                    if second >= 0x400 {
                        return None;
                    }
                    code = 0x10000 + ((code - 0xd800) << 10) + second;
                }
                char::from_u32(code)?
            }
            _ => return None,
        })
    }

    /// Reads four hexadecimal digits.
    fn unit(&mut self) -> Option<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            unit = unit * 16 + char::from(self.next()?).to_digit(16)?;
        }

        Some(unit)
    }

    fn pass_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Passes over `byte` if it comes next, whatever space is before it.
    fn passes(&mut self, byte: u8) -> bool {
        self.pass_space();

        self.is_at(byte)
    }

    /// Passes over `byte` if it comes next.
    fn is_at(&mut self, byte: u8) -> bool {
        let is_at = self.peek() == Some(byte);
        self.at += usize::from(is_at);

        is_at
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;

        Some(byte)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the length of the text has 32 bits"
    )]
    const fn place(&self) -> u32 {
        self.at as u32
    }
}

#[cfg(test)]
mod tests {
    use super::{DEPTH_MAX, Tree, VALUES_MAX};
    use crate::wire::tree::whole;

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
    fn a_whole_number_carried_as_text_is_its_digits() {
        let cases = [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("007", Some(7)),
            ("9223372036854775807", Some(i64::MAX)),
            ("9223372036854775808", None),
            ("-9223372036854775808", Some(i64::MIN)),
            ("-9223372036854775809", None),
            ("99999999999999999999", None),
            ("", None),
            ("-", None),
            ("+1", None),
            ("1 ", None),
            ("١", None),
        ];
        for (text, expected) in cases {
            assert_eq!(whole(text), expected, "{text}");
        }
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
            ".5",
            "1.e1",
            "--1",
            "truE",
            "{,}",
            r#"{"a":}"#,
            "-",
            "+1",
            "1e",
            r#"""#,
            r#""\x""#,
            r#""\ud800""#,
            r#""\ud800\n""#,
            r#""\ud800\u0041""#,
            r#""\ud800\ue000""#,
            r#""\udc00""#,
            r#""\u00g0""#,
            r#""\u+123""#,
            r#""\u00"#,
            "\"\n\"",
            "1 2",
        ];
        for text in texts {
            assert!(Tree::read(text).is_none(), "{text}");
        }
    }

    /// With every byte of a text left out, doubled or exchanged, what another reader takes for JSON is read, and
    /// nothing else.
    #[test]
    fn a_damaged_text_is_read_where_another_reader_takes_it_for_json() {
        let text =
            r#" {"a":[1,-20.5,3e2,true,false,null,"\u00e9\\\n\ud83d\ude82"] , "b":{"c":""}} "#;
        let mut read_count = 0;
        for at in 0..text.len() {
            for new in [
                "", "0", "\"", "\\", ",", "]", "}", ":", " ", "e", "-", ".", "\u{1}", "é",
            ] {
                for behind in [at, at + 1] {
                    let damaged = [&text[..at], new, &text[behind..]].concat();
                    let is_json = serde_json::from_str::<serde_json::Value>(&damaged).is_ok();
                    assert_eq!(Tree::read(&damaged).is_some(), is_json, "{damaged}");
                    read_count += u32::from(is_json);
                }
            }
        }

        assert!(read_count > 100, "{read_count} of them are JSON");
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
