//! A statement's lines as CSV (RFC 4180), for spreadsheets and for programs.
//!
//! Words that people chose are shown by a spreadsheet and never computed: what would begin a formula is given an
//! apostrophe in front.

use async_graphql::ID;
use async_graphql::resolver_utils::EnumType;
use csv::{Terminator, WriterBuilder};

use super::{PointsTransfer, TransferKind};
use crate::rfc3339::format_time;

/// The columns, called as in the API.
const HEAD: [&str; 14] = [
    "seq",
    "at",
    "kind",
    "points",
    "balanceAfter",
    "reason",
    "actorId",
    "redemptionId",
    "correctsSeq",
    "sessionId",
    "minute",
    "debtPoints",
    "disputeId",
    "multiplierBp",
];

/// What some spreadsheet takes for the beginning of a formula, or skips before one; also in full width, as
/// keyboards in Asia have them.
const BEGINS_FORMULA: [char; 11] = [
    '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
];

/// Writes the head and `lines`, a row each.
pub(super) fn write(lines: impl Iterator<Item = PointsTransfer>) -> Vec<u8> {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new());
    let rows = lines.map(row);
    let written = std::iter::once(HEAD.map(str::to_owned))
        .chain(rows)
        .try_for_each(|row| writer.write_record(row));
    written.expect("memory takes all, and rows are of one length");

    writer.into_inner().expect("memory takes all")
}

fn row(line: PointsTransfer) -> [String; HEAD.len()] {
    let PointsTransfer {
        id: _,
        seq,
        at,
        kind,
        points,
        balance_after,
        debt_points,
        reason,
        actor_id,
        redemption_id,
        corrects_seq,
        dispute_id,
        session_id,
        minute,
        multiplier_bp,
    } = line;
    let id = |id: Option<ID>| id.map_or_else(String::new, |id| id.0);

    [
        seq.0.to_string(),
        format_time(at.0),
        name(kind).to_owned(),
        points.0.to_string(),
        balance_after.0.to_string(),
        words(reason),
        words(actor_id),
        id(redemption_id),
        corrects_seq.map_or_else(String::new, |seq| seq.0.to_string()),
        id(session_id),
        minute.map_or_else(String::new, |minute| format_time(minute.0)),
        debt_points.0.to_string(),
        id(dispute_id),
        multiplier_bp.map_or_else(String::new, |bp| bp.to_string()),
    ]
}

/// As the API writes it.
fn name(kind: TransferKind) -> &'static str {
    let mut all = TransferKind::items().iter();
    let item = all.find(|item| item.value == kind);

    item.expect("the items are all kinds").name
}

/// What people chose.
fn words(text: Option<String>) -> String {
    let text = text.unwrap_or_default();
    if text.starts_with(BEGINS_FORMULA) {
        return format!("'{text}");
    }

    text
}

#[cfg(test)]
mod tests {
    use parlor_domain::time::ServerTime;
    use uuid::Uuid;

    use super::*;

    fn line(reason: &str) -> PointsTransfer {
        let at = ServerTime::from_unix_millis(0);
        PointsTransfer {
            points: (-30).into(),
            reason: Some(reason.to_owned()),
            ..PointsTransfer::new(Uuid::nil(), 7, at, TransferKind::Charged)
        }
    }

    #[test]
    fn words_come_back_as_they_were_and_numbers_are_numbers() {
        for reason in ["plain", "a,b", "say \"hi\"", "two\r\nlines", "'quoted", ""] {
            let written = write([line(reason)].into_iter());
            let mut reader = csv::Reader::from_reader(&written[..]);
            let row = reader.records().next().unwrap().unwrap();
            assert_eq!(&row[5], reason);
            assert_eq!((&row[0], &row[2], &row[3]), ("7", "CHARGED", "-30"));
            assert_eq!(&row[1], "1970-01-01T00:00:00.000Z");
        }
    }

    #[test]
    fn nothing_that_people_wrote_begins_a_formula() {
        for first in BEGINS_FORMULA {
            assert_eq!(words(Some(format!("{first}1"))), format!("'{first}1"));
        }
        assert_eq!(words(Some("1=1".to_owned())), "1=1");
    }

    #[test]
    fn rows_end_as_the_standard_says_also_where_there_are_none() {
        let head = format!("{}\r\n", HEAD.join(","));
        assert_eq!(write(std::iter::empty()), head.as_bytes());
    }
}
