//! What may read a whole table, each with the reason. This list may only shrink.

/// Tables that do not grow: PostgreSQL is not told that they are large, and they may be read whole. There
/// is a node for each server that runs, or ended within the hour.
pub(super) const SMALL: [&str; 1] = ["nodes"];

/// A table, and how the statement starts that may read it whole.
struct Allowed(&'static str, &'static str);

const ALLOWED: [Allowed; 3] = [
    // Every room gets a new epoch, which is done after a restore and by nobody else.
    Allowed("rooms", "UPDATE rooms SET head_seq = head_seq RETURNING id"),
    // An operator's list.
    Allowed("tenants", "SELECT COUNT(*) FROM tenants"),
    // An operator's list, one page of which ends the scan of the index that it is ordered by.
    Allowed("tenants", "SELECT tenants.id"),
];

pub(super) fn allows(text: &str, table: &str) -> bool {
    let words: Vec<_> = text.split_whitespace().collect();
    let text = words.join(" ");
    let is_allowed = |Allowed(of, starts): &Allowed| *of == table && text.starts_with(starts);

    SMALL.contains(&table) || ALLOWED.iter().any(is_allowed)
}
