//! The look at a document's text before the parser's, which recurses as deep as brackets are nested.
//!
//! It cuts the text where the parser does (its grammar is `async-graphql-parser`'s `graphql.pest`).
//! Where that can read one text in two ways it is refused: a block string that does not end would be
//! read again as an empty string and what follows it, from every place where one may begin.

use async_graphql::Pos;

use super::limits::{NAME_BYTES_MAX, NESTING_MAX, TOKENS_MAX};
use super::refusal::{Reason, Refusal, at_most};

/// Goes through `text` once, and holds it to the limits that the parser relies on.
pub(super) fn check(text: &str) -> Result<(), Refusal> {
    let mut scan = Scan {
        text,
        at: 0,
        tokens: 0,
        open: Vec::new(),
    };
    while let Some(byte) = scan.peek() {
        scan.token(byte)?;
        at_most("tokens", scan.tokens, TOKENS_MAX)?;
        at_most("levels of nesting", scan.open.len(), NESTING_MAX)?;
    }

    Ok(())
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
    tokens: usize,
    /// What closes each bracket that is open.
    open: Vec<u8>,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn token(&mut self, byte: u8) -> Result<(), Refusal> {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b',' => self.at += 1,
            b'#' => self.skip_while(|byte| !matches!(byte, b'\r' | b'\n')),
            b'"' => return self.string(),
            b'{' => self.bracket(b'}'),
            b'[' => self.bracket(b']'),
            b'(' => self.bracket(b')'),
            b'}' | b']' | b')' => return self.closing_bracket(byte),
            b'0' => self.mark(1),
            b'1'..=b'9' => {
                self.tokens += 1;
                self.skip_while(|byte| byte.is_ascii_digit());
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => return self.name(),
            _ if self.rest().starts_with("...") => self.mark(3),
            _ if self.rest().starts_with('\u{feff}') => self.at += '\u{feff}'.len_utf8(),
            _ => {
                let mark = self.rest().chars().next().map_or(1, char::len_utf8);
                self.mark(mark);
            }
        }

        Ok(())
    }

    fn mark(&mut self, length: usize) {
        self.tokens += 1;
        self.at += length;
    }

    fn skip_while(&mut self, is_part: impl Fn(u8) -> bool) {
        while self.peek().is_some_and(&is_part) {
            self.at += 1;
        }
    }

    fn bracket(&mut self, closing: u8) {
        self.open.push(closing);
        self.mark(1);
    }

    fn closing_bracket(&mut self, byte: u8) -> Result<(), Refusal> {
        if self.open.pop() != Some(byte) {
            return Err(Refusal::at(
                self.position(),
                Reason::Unopened(char::from(byte)),
            ));
        }

        self.mark(1);
        Ok(())
    }

    fn name(&mut self) -> Result<(), Refusal> {
        let start = self.at;
        self.skip_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        self.tokens += 1;

        at_most("bytes in a name", self.at - start, NAME_BYTES_MAX)
    }

    fn string(&mut self) -> Result<(), Refusal> {
        let length = if self.rest().starts_with("\"\"\"") {
            block_string_bytes(self.rest())
        } else {
            string_bytes(self.rest())
        };
        let Some(length) = length else {
            return Err(Refusal::at(self.position(), Reason::EndlessString));
        };

        self.mark(length);
        Ok(())
    }

    fn position(&self) -> Pos {
        let before = &self.text[..self.at];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);

        Pos {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

/// How long the block string is that `text` begins with.
fn block_string_bytes(text: &str) -> Option<usize> {
    let mut at = 3;
    loop {
        let rest = &text[at..];
        let end = rest.find("\"\"\"")?;
        let is_escaped = rest[..end].ends_with('\\');
        at += end + 3;
        if !is_escaped {
            return Some(at);
        }
    }
}

/// How long the string is that `text` begins with. An escape hides the one character after it.
fn string_bytes(text: &str) -> Option<usize> {
    let mut bytes = text.bytes().enumerate().skip(1);
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return Some(at + 1),
            b'\r' | b'\n' => return None,
            b'\\' => {
                bytes.next();
            }
            _ => {}
        }
    }

    None
}
