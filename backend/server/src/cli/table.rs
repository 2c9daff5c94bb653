//! Tables for people, on a terminal.

use std::fmt::Write;

/// Writes `rows` below `head`. Each column is as wide as its widest cell; what may be long comes last.
pub(super) fn table<const COLUMNS: usize>(
    head: [&str; COLUMNS],
    rows: &[[String; COLUMNS]],
) -> String {
    let rows = rows
        .iter()
        .map(|row| row.each_ref().map(|cell| plain(cell)));
    let lines: Vec<_> = std::iter::once(head.map(str::to_owned))
        .chain(rows)
        .collect();
    let mut widths = [0; COLUMNS];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.chars().count().max(*width);
        }
    }

    let mut text = String::new();
    for line in &lines {
        let mut written = String::new();
        for (width, cell) in widths.iter().zip(line) {
            write!(written, "{cell:width$}  ").expect("a string takes text");
        }
        text.push_str(written.trim_end());
        text.push('\n');
    }

    text
}

/// What viewers typed, without what a terminal would take for an order: to move its cursor, to ring, to write the
/// other way.
pub(super) fn plain(text: &str) -> String {
    let turns = |char| matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');

    text.chars()
        .map(|char| match char {
            '\n' | '\t' => ' ',
            _ if char.is_control() || turns(char) => char::REPLACEMENT_CHARACTER,
            _ => char,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_need_and_a_terminal_is_given_no_orders() {
        let row = |id: &str, text: &str| [id.to_owned(), text.to_owned()];
        let rows = [row("1", "größer"), row("1000", "\u{1b}[2J\u{202e}a\nb")];

        assert_eq!(
            table(["ID", "TEXT"], &rows),
            "ID    TEXT\n1     größer\n1000  \u{fffd}[2J\u{fffd}a b\n"
        );
    }
}
