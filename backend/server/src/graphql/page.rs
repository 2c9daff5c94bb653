//! Pages of a list, by the gateway's conventions: `first` after a cursor, or `last` before one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parlor_domain::id::RoomId;
use parlor_domain::time::ServerTime;
use parlor_store::{PageRequest, RoomCursor, RoomView, RoomsPage};
use uuid::Uuid;

use super::fault::Fault;
use super::input::ConnectionInput;
use super::object::Room;
use super::query::{PageInfo, RoomEdge, RoomsConnection};
use super::scalar::int;

/// How many of a list come when the client does not say.
const PAGE_DEFAULT: i32 = 50;
/// How many of a list come at most. A page of rooms is read from one index in a few milliseconds.
const PAGE_MAX: i32 = 500;

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

/// Gives a part of a list its shape.
pub(super) fn connection(page: RoomsPage) -> RoomsConnection {
    let cursors: Vec<_> = page.rooms.iter().map(cursor).collect();
    let edges = page
        .rooms
        .iter()
        .zip(&cursors)
        .map(|(view, cursor)| RoomEdge {
            cursor: cursor.clone(),
            node: Room::from(view.clone()),
        });

    RoomsConnection {
        edges: edges.collect(),
        page_info: PageInfo {
            start_cursor: cursors.first().cloned(),
            end_cursor: cursors.last().cloned(),
            has_next_page: page.has_next,
            has_previous_page: page.has_previous,
        },
        total_count: int(page.total_count),
        nodes: page.rooms.into_iter().map(Room::from).collect(),
    }
}

fn cursor(view: &RoomView) -> String {
    let room = &view.room;
    URL_SAFE_NO_PAD.encode(format!("{}:{}", room.created_at.unix_millis(), room.id))
}

fn parse_cursor(cursor: &str) -> Result<RoomCursor, Fault> {
    read_cursor(cursor).ok_or_else(|| {
        let shown: String = cursor.chars().take(40).collect();
        Fault::Validation(format!("{shown:?} is not a cursor of this list"))
    })
}

fn read_cursor(cursor: &str) -> Option<RoomCursor> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let (created_at, id) = text.split_once(':')?;

    Some(RoomCursor {
        created_at: ServerTime::from_unix_millis(created_at.parse().ok()?),
        id: RoomId(Uuid::try_parse(id).ok()?),
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
