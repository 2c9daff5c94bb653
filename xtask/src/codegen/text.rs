//! Text for people in what is generated.

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

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn lines_are_as_full_as_they_may_be() {
        let words = ["ab", "cd", "efghij", "k", "l"];

        assert_eq!(wrapped(&words, 5), ["ab cd", "efghij", "k l"]);
        assert_eq!(wrapped(&[], 5), [""; 0]);
    }
}
