//! JSON from clients, some of which cut texts within a character.
//!
//! Half of a UTF-16 pair as an escape, and bytes that are no UTF-8, are no text in any language of ours, and
//! would cost the whole request. They are read as U+0000 instead, which no field takes either: each says so
//! by its name, but for the words of a paid gift, which are amended. So nothing but those words can ever
//! stand for another text than the one that was meant.

use serde::de::DeserializeOwned;

/// What stands for a broken character.
const STAND_IN: &[u8] = br"\u0000";

/// Reads `bytes`, with a stand-in for each broken character.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice(bytes).or_else(|error| {
        let whole = with_whole_characters(bytes);
        // What is wrong besides is told of what came.
        serde_json::from_slice(&whole).map_err(|_| error)
    })
}

fn with_whole_characters(bytes: &[u8]) -> Vec<u8> {
    let mut whole = Vec::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        let mut rest = chunk.valid().as_bytes();
        // An escape of what is no character cannot be made whole: the stand-in would become its text.
        let mut is_escaped = false;
        while let Some((&first, after)) = rest.split_first() {
            let (taken, is_broken) = match (first, after) {
                (b'\\', [b'u', ..]) => unicode_escape(rest),
                // What follows a backslash is of its escape, and begins none.
                (b'\\', [_, ..]) => (2, false),
                _ => (1, false),
            };
            is_escaped = rest == b"\\";
            whole.extend(if is_broken { STAND_IN } else { &rest[..taken] });
            rest = &rest[taken..];
        }
        match chunk.invalid() {
            [] => (),
            broken if is_escaped => whole.extend(broken),
            _ => whole.extend(STAND_IN),
        }
    }

    whole
}

/// How many bytes belong to the escape at the beginning of `text`, and whether it is half a pair.
fn unicode_escape(text: &[u8]) -> (usize, bool) {
    const ESCAPE: usize = r"\uXXXX".len();

    match (unit(text), unit(text.get(ESCAPE..).unwrap_or_default())) {
        (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => (2 * ESCAPE, false),
        (Some(0xd800..0xe000), _) => (ESCAPE, true),
        (Some(_), _) => (ESCAPE, false),
        (None, _) => (2, false),
    }
}

/// The unit of UTF-16 that the escape at the beginning of `text` stands for.
fn unit(text: &[u8]) -> Option<u32> {
    let digits = text.strip_prefix(br"\u")?.get(..4)?;
    let digit = |digit: &u8| char::from(*digit).to_digit(16);

    digits
        .iter()
        .try_fold(0, |unit, one| Some(unit * 16 + digit(one)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_character_is_read_as_a_zero_and_nothing_else_is_touched() {
        for (came, expected) in [
            (&br#""\ud83d""#[..], "\0"),
            (br#""\ud83d\ude00""#, "😀"),
            (br#""\ude00\ud83d""#, "\0\0"),
            (br#""\uD83D\uD83D\uDE00 \uDE00""#, "\0😀 \0"),
            (br#""\ud83d\n\\ud83d\\\ud83d""#, "\0\n\\ud83d\\\0"),
            (b"\"a\xf0\x9f\x98\"", "a\0"),
            (b"\"\xff\xc3\xa4\\ud83d\"", "\0ä\0"),
            (br#""\u00e4""#, "ä"),
        ] {
            let read: String = read(came).unwrap();
            assert_eq!(read, expected, "{}", String::from_utf8_lossy(came));
        }
    }

    #[test]
    fn what_is_no_json_besides_stays_none() {
        for came in [
            &br#""\ud83d"#[..],
            br#""\ud83d\q""#,
            br#""\ud83""#,
            b"\"\\\xff\"",
            b"\xff",
            b"\\ud83d",
        ] {
            let read = read::<String>(came);
            read.expect_err(&String::from_utf8_lossy(came));
        }
    }
}
