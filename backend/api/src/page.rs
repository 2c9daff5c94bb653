//! Pages of a list, by the gateway's conventions: `first` after a cursor, or `last` before one.
//!
//! A cursor names its list, and what reads cursors is what writes them: so one of another list is refused, where its
//! number would have meant some other place.

use std::fmt::Debug;

use async_graphql::{InputObject, SimpleObject};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parlor_store::{Cursor, Page, PageRequest};
use sha2::{Digest, Sha256};
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

/// How much of a digest tells lists apart, in bytes: a client that mixes cursors up is found out, and one that
/// makes them up has nothing from it.
const TAG_BYTES: usize = 6;

/// A list of which a part is asked for.
pub(super) struct Asked {
    /// Which part.
    pub(super) part: PageRequest,
    list: String,
}

/// Reads what part of a list is asked for. The list is called `name`, and is the one of its connection's lists that
/// `of` says: whose it is, and what it is narrowed to.
pub(super) fn request(
    name: &'static str,
    of: &impl Debug,
    input: Option<ConnectionInput>,
) -> Result<Asked, Fault> {
    let input = input.unwrap_or_default();
    let list = list_tag(name, of);
    let part = part(&list, &input)?;

    Ok(Asked { part, list })
}

/// What tells a list from others in its cursors.
pub(super) fn list_tag(name: &'static str, of: &impl Debug) -> String {
    let digest = Sha256::digest(format!("{name} {of:?}"));
    URL_SAFE_NO_PAD.encode(&digest[..TAG_BYTES])
}

impl ConnectionInput {
    /// What part of a list is asked for, where cursors are the list's own and it goes one way, at most `most` at once.
    pub(super) fn forward(&self, most: i32) -> Result<(u32, Option<&str>, Option<&str>), Fault> {
        if self.last.is_some() {
            return Err(Fault::Validation(
                "this list is read from its first on: by `first` and `after`, not by `last`"
                    .to_owned(),
            ));
        }

        Ok((
            limit(self, most)?,
            self.after.as_deref(),
            self.before.as_deref(),
        ))
    }
}

/// Reads how much of a list is asked for, of which `most` come at once.
fn limit(input: &ConnectionInput, most: i32) -> Result<u32, Fault> {
    let (field, count) = match input.last {
        Some(last) => ("last", last),
        None => ("first", input.first.unwrap_or(PAGE_DEFAULT)),
    };
    let limit = u32::try_from(count)
        .ok()
        .filter(|_| (1..=most).contains(&count));
    limit.ok_or_else(|| {
        Fault::Validation(format!(
            "`{field}` must be between 1 and {most}, not {count}"
        ))
    })
}

fn part(of: &str, input: &ConnectionInput) -> Result<PageRequest, Fault> {
    Ok(PageRequest {
        limit: limit(input, PAGE_MAX)?,
        after: parse_cursor(of, input.after.as_deref())?,
        before: parse_cursor(of, input.before.as_deref())?,
        from_end: input.last.is_some(),
    })
}

impl Asked {
    /// Writes where a row is in the list.
    pub(super) fn cursor(&self, number: impl Into<i64>, id: Uuid) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}:{}:{id}", self.list, number.into()))
    }
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

/// A connection of a list: `connection!(RoomsConnection { RoomEdge }, asked, page, |row| (number, uuid))`.
macro_rules! connection {
    ($connection:ident { $edge:ident }, $asked:expr, $page:expr, $place:expr) => {{
        let page = $page;
        let cursors: Vec<_> = page
            .items
            .iter()
            .map($place)
            .map(|(number, id)| $asked.cursor(number, id))
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

fn parse_cursor(list: &str, cursor: Option<&str>) -> Result<Option<Cursor>, Fault> {
    let Some(cursor) = cursor else {
        return Ok(None);
    };
    let read = read_cursor(list, cursor).ok_or_else(|| not_of_list(cursor));

    read.map(Some)
}

/// Says that `cursor` is none of the list's.
pub(super) fn not_of_list(cursor: &str) -> Fault {
    let shown: String = cursor.chars().take(40).collect();
    Fault::Validation(format!("{shown:?} is not a cursor of this list"))
}

fn read_cursor(list: &str, cursor: &str) -> Option<Cursor> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let (of, place) = text.split_once(':')?;
    let (number, id) = place.split_once(':').filter(|_| of == list)?;

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
        let request = |input| request("rooms", &1, Some(input));
        let asked = request(input()).unwrap();
        assert_eq!(asked.part.limit, 10);
        let cursor = asked.cursor(7, Uuid::max());
        let own = ConnectionInput {
            after: Some(cursor.clone()),
            ..input()
        };
        assert_eq!(request(own).unwrap().part.after.unwrap().number, 7);

        let other = list_tag("rooms", &2);
        for input in [
            ConnectionInput {
                after: Some(URL_SAFE_NO_PAD.encode(format!("{other}:7:{}", Uuid::max()))),
                ..input()
            },
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
            assert_eq!(request(input).err().unwrap().code(), "VALIDATION");
        }
    }
}
