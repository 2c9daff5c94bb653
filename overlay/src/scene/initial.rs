//! The letter that stands for a name.

/// Characters of one letter that are kept. The longest family emoji has eleven; a name made of
/// nothing but combining marks must not become a tower.
const PARTS_MAX: usize = 12;

/// Returns the first letter of `name` as a reader sees it: with its accents, an emoji whole, a flag
/// as both its halves.
///
/// An approximation of Unicode's grapheme clusters, whose tables would outweigh this widget: Indic
/// conjuncts and Korean written in single jamo lose what follows the first letter.
pub(crate) fn initial(name: &str) -> &str {
    let name = name.trim_start_matches(|c: char| c.is_whitespace() || is_joint(c) || is_mark(c));
    let mut end = 0;
    let mut joins = false;
    let mut flags = 0;
    for (at, c) in name.char_indices().take(PARTS_MAX) {
        flags = if is_flag(c) { flags + 1 } else { 0 };
        let continues = at == 0 || joins || is_joint(c) || is_mark(c) || flags == 2;
        if !continues {
            break;
        }
        joins = c == '\u{200d}';
        end = at + c.len_utf8();
    }

    // Not by an index, whose panic would bring formatting into the module.
    name.get(..end).unwrap_or_default()
}

/// What changes the look of the character before it, or ties it to the next.
const fn is_joint(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}'
        | '\u{e0020}'..='\u{e007f}')
}

/// Accents and vowel signs of the scripts that most names are in, and marks of direction.
const fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{487}' | '\u{591}'..='\u{5bd}'
        | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{93a}'..='\u{93c}'
        | '\u{93e}'..='\u{94f}' | '\u{e31}' | '\u{e34}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}'
        | '\u{1ab0}'..='\u{1aff}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}' | '\u{20d0}'..='\u{20f0}' | '\u{3099}' | '\u{309a}'
        | '\u{fe20}'..='\u{fe2f}')
}

const fn is_flag(c: char) -> bool {
    matches!(c, '\u{1f1e6}'..='\u{1f1ff}')
}

#[cfg(test)]
mod tests {
    use super::{PARTS_MAX, initial};

    #[test]
    fn the_first_letter_is_whole() {
        let cases = [
            ("Ada", "A"),
            ("  ben", "b"),
            ("e\u{301}mile", "e\u{301}"),
            ("👩‍👩‍👧‍👦 family", "👩‍👩‍👧‍👦"),
            ("👍🏽", "👍🏽"),
            ("🇩🇪🇫🇷", "🇩🇪"),
            ("❤️ love", "❤️"),
            ("\u{202e}evil", "e"),
            ("مريم", "م"),
            ("李雷", "李"),
            ("", ""),
            ("   ", ""),
        ];
        for (name, letter) in cases {
            assert_eq!(initial(name), letter, "{name:?}");
        }
    }

    #[test]
    fn a_tower_of_accents_ends() {
        let tower = ["z", &"\u{301}".repeat(400)].concat();

        assert_eq!(initial(&tower).chars().count(), PARTS_MAX);
    }
}
