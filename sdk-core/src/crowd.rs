//! People who are told together rather than one by one.

use alloc::string::String;
use alloc::vec::Vec;

/// People told apart. Bounds memory; of more there are "200+".
const TOLD_APART_MAX: usize = 200;

/// Who was there, each once, as far as they can be told apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Crowd {
    names: Vec<String>,
    anonymous: i64,
    is_beyond_count: bool,
}

impl Crowd {
    /// Takes in somebody, by the name they go by.
    pub fn add(&mut self, name: Option<&str>) {
        match name {
            Some(name) if self.names.iter().any(|known| known == name) => {}
            Some(name) if self.names.len() < TOLD_APART_MAX => self.names.push(String::from(name)),
            Some(_) => self.is_beyond_count = true,
            None => self.anonymous += 1,
        }
    }

    /// Returns those who gave a name, in the order in which they came: as typed, text and never markup.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns how many they are, as far as they can be told apart. Each without a name is one.
    pub fn count(&self) -> i64 {
        i64::try_from(self.names.len())
            .unwrap_or(i64::MAX)
            .saturating_add(self.anonymous)
    }

    /// Returns whether somebody came who could not be told apart from those before: they are more then
    /// than [`Self::count`].
    pub const fn is_beyond_count(&self) -> bool {
        self.is_beyond_count
    }
}
