//! People who are told together rather than one by one.

use alloc::string::String;
use alloc::vec::Vec;

use crate::words;

/// People told apart. Bounds memory; of more there are "200+".
const TOLD_APART_MAX: usize = 200;

/// Who was there, each once, as far as they can be told apart.
#[derive(Debug, Default)]
pub(crate) struct Crowd {
    names: Vec<String>,
    anonymous: i64,
    /// Whether somebody came who could not be told apart from those before.
    is_beyond_count: bool,
}

impl Crowd {
    /// Takes in somebody, by the name they go by.
    pub(crate) fn add(&mut self, name: Option<&str>) {
        match name {
            Some(name) if self.names.iter().any(|known| known == name) => {}
            Some(name) if self.names.len() < TOLD_APART_MAX => self.names.push(String::from(name)),
            Some(_) => self.is_beyond_count = true,
            None => self.anonymous += 1,
        }
    }

    /// Those who gave a name, in the order in which they came.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether nobody is there.
    pub(crate) fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// Who it is, if it is one.
    pub(crate) fn only_one(&self) -> Option<&str> {
        match (self.names.as_slice(), self.anonymous) {
            ([name], 0) => Some(words::shown_name(Some(name))),
            ([], 1) => Some(words::shown_name(None)),
            _ => None,
        }
    }

    /// How many they are: `1 person`, `12 people`, `200+ people`.
    pub(crate) fn people(&self) -> String {
        if self.is_beyond_count {
            return [&self.figure(0), " people"].concat();
        }

        words::people(self.count())
    }

    /// How many they are but for `named` of them, if that is anybody: `3`, `198+`.
    pub(crate) fn others(&self, named: usize) -> Option<String> {
        let named = words::count(named);

        (self.count() > named).then(|| self.figure(named))
    }

    fn count(&self) -> i64 {
        words::count(self.names.len()) + self.anonymous
    }

    fn figure(&self, without: i64) -> String {
        let more = if self.is_beyond_count { "+" } else { "" };

        [&words::grouped(self.count() - without), more].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::Crowd;

    #[test]
    fn people_are_counted_once_as_far_as_they_are_told_apart() {
        for (named, anonymous, people, others) in [
            (1, 0, "1 person", None),
            (0, 2, "2 people", Some("2")),
            (2, 0, "2 people", None),
            (5, 1, "6 people", Some("4")),
            (200, 0, "200 people", Some("198")),
            (201, 0, "200+ people", Some("198+")),
            (999, 3, "203+ people", Some("201+")),
        ] {
            let mut crowd = Crowd::default();
            for _ in 0..2 {
                for number in 0..named {
                    crowd.add(Some(&format!("viewer {number}")));
                }
            }
            for _ in 0..anonymous {
                crowd.add(None);
            }

            assert_eq!(crowd.people(), people, "{named} and {anonymous}");
            let shown = crowd.names().len().min(2);
            assert_eq!(
                crowd.others(shown).as_deref(),
                others,
                "{named} and {anonymous}"
            );
        }
    }
}
