//! The lines of a statement, by the gateway's conventions, with cursors of their own.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parlor_domain::id::RoomId;
use parlor_domain::points::{MemberNumber, StatementLine};
use parlor_store::{Page, StatementCursor, StatementRequest};

use super::{Line, StatementConnection, StatementEdge};
use crate::fault::Fault;
use crate::page::{self, ConnectionInput};
use crate::scalar::int;

/// Whose statement it is.
pub(super) type Of = (RoomId, MemberNumber);

/// Lines of a statement that come at once: each that tells of watching is a row of its own to look up, of some
/// kilobytes.
pub(super) const LINES_MAX: i32 = 100;

/// Reads what part of a statement is asked for.
pub(super) fn request(of: Of, input: &ConnectionInput) -> Result<StatementRequest, Fault> {
    let (limit, after, before) = input.forward(LINES_MAX)?;
    let parse = |text: &str| cursor(of, text);

    Ok(StatementRequest {
        limit,
        after: after.map(parse).transpose()?,
        before: before.map(parse).transpose()?,
    })
}

/// Reads a place in the statement.
pub(super) fn cursor(of: Of, text: &str) -> Result<StatementCursor, Fault> {
    read(&list_tag(of), text).ok_or_else(|| page::not_of_list(text))
}

/// Writes one.
pub(super) fn write_cursor(of: Of, cursor: StatementCursor) -> String {
    write(&list_tag(of), cursor)
}

/// The refusal of a cursor that looked like one.
pub(super) fn not_of_statement(input: &ConnectionInput) -> Fault {
    let cursor = input
        .forward(LINES_MAX)
        .ok()
        .and_then(|(_, after, _)| after);
    page::not_of_list(cursor.unwrap_or_default())
}

pub(super) fn connection(
    of: Of,
    page: Page<(StatementLine, StatementCursor)>,
    sees_actors: bool,
) -> StatementConnection {
    let list = list_tag(of);
    let places = page.items.iter().map(|(_, at)| *at);
    let cursors: Vec<_> = places.map(|at| write(&list, at)).collect();
    let page_info = page::info(&page, &cursors);
    let total_count = int(page.total_count);
    let lines = page.items.into_iter();
    let nodes: Vec<_> = lines
        .map(|(line, _)| Line { line, sees_actors }.into())
        .collect();
    let edges = nodes.iter().cloned().zip(cursors);

    StatementConnection {
        edges: edges
            .map(|(node, cursor)| StatementEdge { cursor, node })
            .collect(),
        nodes,
        page_info,
        total_count,
    }
}

/// What a cursor begins with, so that another list's is none.
fn list_tag(of: Of) -> String {
    page::list_tag("statement", &of)
}

fn write(list: &str, cursor: StatementCursor) -> String {
    let StatementCursor { seq, credit_seq } = cursor;
    URL_SAFE_NO_PAD.encode(format!("{list}:{seq}:{credit_seq}"))
}

fn read(list: &str, cursor: &str) -> Option<StatementCursor> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let (of, place) = text.split_once(':')?;
    let (seq, credit_seq) = place.split_once(':')?;
    if of != list {
        return None;
    }

    Some(StatementCursor {
        seq: seq.parse().ok()?,
        credit_seq: credit_seq.parse().ok()?,
    })
}
