//! Text for people in what is generated, and names as Rust has them.

/// Returns `words` in lines of at most `width` characters, longer words in lines of their own.
pub(super) fn wrapped(words: &[&str], width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(last) if last.chars().count() + 1 + word.chars().count() <= width => {
                last.push(' ');
                last.push_str(word);
            }
            Some(_) | None => lines.push((*word).to_owned()),
        }
    }

    lines
}

/// `kickoffEventsNeeded` as `kickoff_events_needed`.
pub(super) fn snake_case(name: &str) -> String {
    let mut out = String::new();
    for character in name.chars() {
        if character.is_uppercase() {
            out.push('_');
        }
        out.extend(character.to_lowercase());
    }

    out
}

/// `GIFTED_MEMBERSHIPS` as `GiftedMemberships`.
pub(super) fn capitalised(name: &str) -> String {
    let mut out = String::new();
    for word in name.split('_') {
        let (first, rest) = word.split_at(1);
        out.push_str(first);
        out.push_str(&rest.to_lowercase());
    }

    out
}

#[cfg(test)]
mod tests {
    use super::{capitalised, snake_case, wrapped};

    #[test]
    fn lines_are_as_full_as_they_may_be() {
        let words = ["ab", "cd", "efghij", "k", "l"];

        assert_eq!(wrapped(&words, 5), ["ab cd", "efghij", "k l"]);
        assert_eq!(wrapped(&[], 5), [""; 0]);
    }

    #[test]
    fn names_are_written_as_rust_has_them() {
        assert_eq!(snake_case("kickoffEventsNeeded"), "kickoff_events_needed");
        assert_eq!(snake_case("id"), "id");
        assert_eq!(capitalised("GIFTED_MEMBERSHIPS"), "GiftedMemberships");
        assert_eq!(capitalised("HOST"), "Host");
    }
}
