//! Pages of a list, by the gateway's conventions: `first` after a cursor, or `last` before one.

use async_graphql::{InputObject, SimpleObject};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parlor_store::{Cursor, Page, PageRequest};
use uuid::Uuid;

use super::fault::Fault;

/// How many of a list come when the client does not say.
const PAGE_DEFAULT: i32 = 50;
/// How many of a list come at most. A page of them is read from one index in a few milliseconds.
const PAGE_MAX: i32 = 500;

#[derive(InputObject, Default)]
pub(crate) struct ConnectionInput {
    #[graphql(default = 50)]
    first: Option<i32>,
    after: Option<String>,
    last: Option<i32>,
    before: Option<String>,
}

#[derive(SimpleObject)]
pub(crate) struct PageInfo {
    start_cursor: Option<String>,
    end_cursor: Option<String>,
    has_next_page: bool,
    has_previous_page: bool,
}

/// Reads what part of a list is asked for.
pub(super) fn request(input: &ConnectionInput) -> Result<PageRequest, Fault> {
    let (field, count) = match input.last {
        Some(last) => ("last", last),
        None => ("first", input.first.unwrap_or(PAGE_DEFAULT)),
    };
    let limit = u32::try_from(count)
        .ok()
        .filter(|_| (1..=PAGE_MAX).contains(&count));
    let limit = limit.ok_or_else(|| {
        Fault::Validation(format!(
            "`{field}` must be between 1 and {PAGE_MAX}, not {count}"
        ))
    })?;

    Ok(PageRequest {
        limit,
        after: input.after.as_deref().map(parse_cursor).transpose()?,
        before: input.before.as_deref().map(parse_cursor).transpose()?,
        from_end: input.last.is_some(),
    })
}

/// Writes where a row is in its list.
pub(super) fn cursor(number: impl Into<i64>, id: Uuid) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}:{id}", number.into()))
}

/// Says where in its list `page` is, whose rows have `cursors`.
pub(super) fn info<T>(page: &Page<T>, cursors: &[String]) -> PageInfo {
    PageInfo {
        start_cursor: cursors.first().cloned(),
        end_cursor: cursors.last().cloned(),
        has_next_page: page.has_next,
        has_previous_page: page.has_previous,
    }
}

/// A connection of a list: `connection!(RoomsConnection { RoomEdge }, page, |row| (number, uuid))`.
macro_rules! connection {
    ($connection:ident { $edge:ident }, $page:expr, $place:expr) => {{
        let page = $page;
        let cursors: Vec<_> = page
            .items
            .iter()
            .map($place)
            .map(|(number, id)| $crate::page::cursor(number, id))
            .collect();
        let edges = page.items.iter().zip(&cursors).map(|(row, cursor)| $edge {
            cursor: cursor.clone(),
            node: row.clone().into(),
        });

        $connection {
            edges: edges.collect(),
            page_info: $crate::page::info(&page, &cursors),
            total_count: $crate::scalar::int(page.total_count),
            nodes: page.items.into_iter().map(Into::into).collect(),
        }
    }};
}
pub(super) use connection;

fn parse_cursor(cursor: &str) -> Result<Cursor, Fault> {
    read_cursor(cursor).ok_or_else(|| {
        let shown: String = cursor.chars().take(40).collect();
        Fault::Validation(format!("{shown:?} is not a cursor of this list"))
    })
}

fn read_cursor(cursor: &str) -> Option<Cursor> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let (number, id) = text.split_once(':')?;

    Some(Cursor {
        number: number.parse().ok()?,
        id: Uuid::try_parse(id).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_cursors_and_counts_that_make_sense_are_taken() {
        let input = || ConnectionInput {
            first: Some(10),
            ..ConnectionInput::default()
        };
        assert_eq!(request(&input()).unwrap().limit, 10);

        for input in [
            ConnectionInput {
                first: Some(0),
                ..input()
            },
            ConnectionInput {
                first: Some(501),
                ..input()
            },
            ConnectionInput {
                last: Some(-1),
                ..input()
            },
            ConnectionInput {
                after: Some("nonsense".to_owned()),
                ..input()
            },
            ConnectionInput {
                before: Some(URL_SAFE_NO_PAD.encode("1:x")),
                ..input()
            },
        ] {
            assert_eq!(request(&input).unwrap_err().code(), "VALIDATION");
        }
    }
}
