//! Writes JSON text: strings and integers are all that the client sends.

use alloc::borrow::ToOwned;
use alloc::string::String;

/// A text being written.
pub(crate) struct Writer(String);

impl Writer {
    pub(crate) fn new(start: &str) -> Self {
        Self(start.to_owned())
    }

    pub(crate) fn finish(self) -> String {
        self.0
    }

    /// Appends text that is JSON already.
    pub(crate) fn raw(&mut self, text: &str) {
        self.0.push_str(text);
    }

    /// Appends the inside of a JSON string.
    pub(crate) fn escaped(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '"' | '\\' => {
                    self.0.push('\\');
                    self.0.push(character);
                }
                '\0'..='\u{1f}' => {
                    self.raw("\\u00");
                    self.hex_digit(character as u32 >> 4);
                    self.hex_digit(character as u32 & 15);
                }
                _ => self.0.push(character),
            }
        }
    }

    /// Appends a document with each run of whitespace as one space. It must hold no strings.
    pub(crate) fn compacted(&mut self, document: &str) {
        let mut separator = "";
        for word in document.split_ascii_whitespace() {
            self.raw(separator);
            self.raw(word);
            separator = " ";
        }
    }

    pub(crate) fn integer(&mut self, value: i64) {
        if value < 0 {
            self.raw("-");
        }
        self.digits(value.unsigned_abs(), 1);
    }

    /// Appends `value` in decimal with at least `width` digits.
    pub(crate) fn digits(&mut self, value: u64, width: u32) {
        if value >= 10 || width > 1 {
            self.digits(value / 10, width.saturating_sub(1));
        }
        self.0.push(char::from(b'0' + (value % 10) as u8));
    }

    fn hex_digit(&mut self, value: u32) {
        self.0
            .push(char::from(b"0123456789abcdef"[(value & 15) as usize]));
    }
}

#[cfg(test)]
mod tests {
    use super::Writer;

    #[test]
    fn a_hostile_string_stays_inside_its_quotes() {
        let text = "\"}\\\n\u{1f}\u{7f}é🚂";
        let mut out = Writer::new("\"");
        out.escaped(text);
        out.raw("\"");

        let read: String = serde_json::from_str(&out.finish()).unwrap();
        assert_eq!(read, text);
    }

    #[test]
    fn integers_are_written_at_both_ends() {
        for value in [i64::MIN, -10, -1, 0, 9, 10, 1_000, i64::MAX] {
            let mut out = Writer::new("");
            out.integer(value);
            assert_eq!(out.finish(), value.to_string());
        }
    }
}
