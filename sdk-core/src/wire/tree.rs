//! JSON as a tree, from which readers take what they know by name.
//!
//! One shape for every message costs a fifth of the code that a type for each of them does, and in
//! a browser code is what counts.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem;
use miniserde::de::{Map, Seq, Visitor};
use miniserde::{Deserialize, Result, json, make_place};

/// How deep a message may be nested; a train's contributors are at 9. A tree is dropped by
/// recursion, so what comes off the wire must not say how deep.
const DEPTH_MAX: u32 = 32;

/// How many values a message may hold. The longest replay has 5,000 events of at most 70; a value
/// takes 32 bytes, and may be two characters on the wire.
const VALUES_MAX: usize = 1_000_000;

/// A JSON value. Numbers that are no 64-bit integers are read as nothing.
#[derive(Debug, Default)]
pub(crate) enum Tree {
    #[default]
    Nothing,
    Truth(bool),
    Integer(i64),
    Text(String),
    List(Vec<Tree>),
    Record(Vec<(String, Tree)>),
}

impl Tree {
    /// Reads a text, or returns `None` if it is not JSON, nested too deep or has too many values.
    pub(crate) fn read(text: &str) -> Option<Self> {
        if !is_within_limits(text) {
            return None;
        }

        json::from_str(text).ok()
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

    /// Returns how many bytes all its texts have together.
    pub(crate) fn text_bytes(&self) -> usize {
        match self {
            Self::Nothing | Self::Truth(_) | Self::Integer(_) => 0,
            Self::Text(text) => text.len(),
            Self::List(list) => list.iter().map(Self::text_bytes).sum(),
            Self::Record(fields) => fields.iter().map(|(_, field)| field.text_bytes()).sum(),
        }
    }

    fn field(&mut self, name: &str) -> Option<&mut Self> {
        let Self::Record(fields) = self else {
            return None;
        };

        // Of a name that stands twice the last counts, as for `JSON.parse`.
        fields
            .iter_mut()
            .rfind(|(other, _)| other == name)
            .map(|(_, field)| field)
    }
}

/// Returns whether brackets are nested at most [`DEPTH_MAX`] deep and commas part at most
/// [`VALUES_MAX`] values, those in strings aside.
fn is_within_limits(text: &str) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_u32, false, false);
    let mut values = 1;
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => {
                depth += 1;
                values += 1;
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => {}
        }
        if depth > DEPTH_MAX || values > VALUES_MAX {
            return false;
        }
    }

    true
}

make_place!(Place);

impl Deserialize for Tree {
    fn begin(out: &mut Option<Self>) -> &mut dyn Visitor {
        Place::new(out)
    }
}

impl Visitor for Place<Tree> {
    fn null(&mut self) -> Result<()> {
        self.out = Some(Tree::Nothing);
        Ok(())
    }

    fn boolean(&mut self, truth: bool) -> Result<()> {
        self.out = Some(Tree::Truth(truth));
        Ok(())
    }

    fn string(&mut self, text: &str) -> Result<()> {
        self.out = Some(Tree::Text(text.to_owned()));
        Ok(())
    }

    fn negative(&mut self, integer: i64) -> Result<()> {
        self.out = Some(Tree::Integer(integer));
        Ok(())
    }

    fn nonnegative(&mut self, integer: u64) -> Result<()> {
        self.out = Some(match i64::try_from(integer) {
            Ok(integer) => Tree::Integer(integer),
            Err(_) => Tree::Nothing,
        });
        Ok(())
    }

    fn float(&mut self, _: f64) -> Result<()> {
        self.null()
    }

    fn seq(&mut self) -> Result<Box<dyn Seq + '_>> {
        Ok(Box::new(Builder {
            out: &mut self.out,
            names: Vec::new(),
            values: Vec::new(),
            next: None,
        }))
    }

    fn map(&mut self) -> Result<Box<dyn Map + '_>> {
        Ok(Box::new(Builder {
            out: &mut self.out,
            names: Vec::new(),
            values: Vec::new(),
            next: None,
        }))
    }
}

/// A list or record being read; a list has no names.
struct Builder<'a> {
    out: &'a mut Option<Tree>,
    names: Vec<String>,
    values: Vec<Tree>,
    next: Option<Tree>,
}

impl Builder<'_> {
    fn keep_last(&mut self) {
        self.values.extend(self.next.take());
    }
}

impl Seq for Builder<'_> {
    fn element(&mut self) -> Result<&mut dyn Visitor> {
        self.keep_last();
        Ok(Tree::begin(&mut self.next))
    }

    fn finish(&mut self) -> Result<()> {
        self.keep_last();
        *self.out = Some(Tree::List(mem::take(&mut self.values)));
        Ok(())
    }
}

impl Map for Builder<'_> {
    fn key(&mut self, name: &str) -> Result<&mut dyn Visitor> {
        self.keep_last();
        self.names.push(name.to_owned());
        Ok(Tree::begin(&mut self.next))
    }

    fn finish(&mut self) -> Result<()> {
        self.keep_last();
        let names = mem::take(&mut self.names);
        let values = mem::take(&mut self.values);
        *self.out = Some(Tree::Record(names.into_iter().zip(values).collect()));
        Ok(())
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
        assert_eq!(tree.integer("text"), None);
        assert_eq!(tree.text("missing"), None);
        assert_eq!(tree.decimal("decimal"), Some(i64::MIN));
        assert_eq!(tree.small("small"), None);
        assert_eq!((tree.integer("big"), tree.integer("half")), (None, None));
        assert!(matches!(
            tree.list("list").unwrap()[..],
            [Tree::Integer(1), Tree::Integer(-2), Tree::Truth(true)]
        ));
        assert!(matches!(tree.take("deep").take("er"), Tree::Record(_)));
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
        assert!(Tree::read(&format!("[{}[]]", "[],".repeat(VALUES_MAX / 2))).is_none());
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
