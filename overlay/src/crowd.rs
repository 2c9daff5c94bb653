//! People who are told together, in words.

use alloc::string::String;

use parlor_sdk_core::Crowd;

use crate::words;

/// Who it is, if it is one.
pub(crate) fn only_one(crowd: &Crowd) -> Option<&str> {
    (crowd.count() == 1).then(|| words::shown_name(crowd.names().first().map(String::as_str)))
}

/// How many they are: `1 person`, `12 people`, `200+ people`.
pub(crate) fn people(crowd: &Crowd) -> String {
    if crowd.is_beyond_count() {
        return [&figure(crowd, 0), " people"].concat();
    }

    words::people(crowd.count())
}

/// How many they are but for `named` of them, if that is anybody: `3`, `198+`.
pub(crate) fn others(crowd: &Crowd, named: usize) -> Option<String> {
    let named = words::count(named);

    (crowd.count() > named).then(|| figure(crowd, named))
}

fn figure(crowd: &Crowd, without: i64) -> String {
    let more = if crowd.is_beyond_count() { "+" } else { "" };

    [&words::grouped(crowd.count() - without), more].concat()
}

#[cfg(test)]
mod tests {
    use super::{others, people};
    use parlor_sdk_core::Crowd;

    #[test]
    fn people_are_counted_once_as_far_as_they_are_told_apart() {
        for (named, anonymous, all, but_for_two) in [
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

            assert_eq!(people(&crowd), all, "{named} and {anonymous}");
            let shown = crowd.names().len().min(2);
            let others = others(&crowd, shown);
            assert_eq!(others.as_deref(), but_for_two, "{named} and {anonymous}");
        }
    }
}
