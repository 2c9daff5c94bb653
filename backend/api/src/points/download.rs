//! A member's statement as a file: `GET /statement.csv`.
//!
//! It is read as the connection reads it, page by page and in turn with whoever else reads statements, and is sent
//! when it is whole: a file that breaks off in the middle would look like one that is whole.

use std::sync::Arc;

use async_graphql::ID;
use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use parlor_domain::id::ViewerId;
use parlor_domain::participant::{Capability, Participant};
use parlor_domain::points::StatementLine;
use parlor_identity::Caller;
use parlor_store::{StatementCursor, StatementRequest};
use serde::Deserialize;

use super::statement::{self, LINES_MAX, Of};
use super::{Line, csv};
use crate::deadline::Deadline;
use crate::endpoint::{admit_plainly, refuse_for};
use crate::fault::Fault;
use crate::people::Reader;
use crate::{App, global_id, page};

/// The header with the cursor to go on from; there is none when a file has the oldest line.
pub const NEXT_HEADER: &str = "parlor-next";

/// Lines of a file, unless it is said how many.
const FILE_LINES_DEFAULT: i64 = 1_000;
/// Lines of a file at most: twenty pages of the connection. The dearest are of minutes that a thousand members
/// watched, and take a millisecond each without the compiler's optimizations: far less than a request's time, also
/// where others wait for their turn.
const FILE_LINES_MAX: i64 = 2_000;

/// What is asked for. A name that is none is refused: without its `viewerId` a request is for other lines.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Asked {
    room_id: ID,
    viewer_id: Option<String>,
    before: Option<String>,
    lines: Option<i64>,
}

/// A part of a statement, newest first.
struct Part {
    lines: Vec<StatementLine>,
    /// Where older lines begin, if there are any.
    next: Option<StatementCursor>,
}

/// Answers with the lines of a member's statement that are older than `before`, newest first.
pub async fn download_statement(
    State(app): State<Arc<App>>,
    Extension(deadline): Extension<Deadline>,
    headers: HeaderMap,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Response {
    let answered = async {
        let caller = admit_plainly(&app, &headers)
            .await
            .map_err(|refusal| *refusal)?;
        let asked = asked.map_err(|rejection| Fault::Validation(rejection.body_text()));
        let asked = asked.map_err(|fault| refuse_for(&fault))?.0;
        let file = file(&app, &caller, &asked).await;

        file.map_err(|fault| refuse_for(&fault))
    };
    match deadline.meet(answered).await {
        Ok(Ok(answer) | Err(answer)) => answer,
        Err(late) => refuse_for(&Fault::of_late(None, late)),
    }
}

async fn file(app: &App, caller: &Caller, asked: &Asked) -> Result<Response, Fault> {
    let limit = limit(asked.lines)?;
    let room_id = global_id::parse_room_id(&asked.room_id);
    let reader = match room_id {
        Some(room_id) => Reader::of_room(app, caller, room_id).await?,
        None => None,
    };
    let reader = reader.ok_or_else(Fault::no_room)?;
    let whose = whose(app, caller, &reader, asked.viewer_id.as_deref()).await?;
    let of = (reader.room().1, whose.number);
    let before = asked.before.as_deref();
    let part = read(app, &reader, of, before, limit).await?;

    let sees_actors = reader.require(Capability::PointsRead).is_ok();
    let lines = part.lines.into_iter();
    let body = csv::write(lines.map(|line| Line { line, sees_actors }.into()));
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (
            CONTENT_DISPOSITION,
            "attachment; filename=\"statement.csv\"",
        ),
        (CACHE_CONTROL, "no-store"),
    ];
    let mut response = (headers, body).into_response();
    if let Some(next) = part.next {
        let cursor = HeaderValue::try_from(statement::write_cursor(of, next));
        let cursor = cursor.expect("a cursor is letters and digits");
        response.headers_mut().insert(NEXT_HEADER, cursor);
    }

    Ok(response)
}

fn limit(lines: Option<i64>) -> Result<usize, Fault> {
    let lines = lines.unwrap_or(FILE_LINES_DEFAULT);
    let limit = usize::try_from(lines).ok();
    let limit = limit.filter(|_| (1..=FILE_LINES_MAX).contains(&lines));
    limit.ok_or_else(|| {
        Fault::Validation(format!(
            "`lines` must be between 1 and {FILE_LINES_MAX}, not {lines}; an answer says by \
             `{NEXT_HEADER}` what is `before` older lines"
        ))
    })
}

/// The member whose statement it is: the caller, unless somebody else is named, which needs `POINTS_READ`.
async fn whose(
    app: &App,
    caller: &Caller,
    reader: &Reader,
    viewer_id: Option<&str>,
) -> Result<Participant, Fault> {
    let (tenant_id, actor) = caller.principal.person()?;
    let nobody = || Fault::NotFound("there is no such participant of the room".to_owned());
    let Some(viewer_id) = viewer_id.filter(|id| *id != actor.viewer_id.as_str()) else {
        return reader.own().cloned().ok_or_else(nobody);
    };
    reader.require(Capability::PointsRead)?;
    let viewer_id = ViewerId::parse(viewer_id);
    let viewer_id = viewer_id.map_err(|invalid| Fault::Validation(invalid.to_string()))?;
    let room_id = reader.room().1;
    let found = app
        .store
        .participant_of_viewer(tenant_id, room_id, &viewer_id);

    found.await?.ok_or_else(nobody)
}

async fn read(
    app: &App,
    reader: &Reader,
    of: Of,
    before: Option<&str>,
    limit: usize,
) -> Result<Part, Fault> {
    let (tenant_id, room_id) = reader.room();
    let mut after = before.map(|text| statement::cursor(of, text)).transpose()?;
    let mut lines = Vec::new();
    loop {
        let page = StatementRequest {
            limit: page_lines(limit - lines.len()),
            after,
            before: None,
        };
        let found = app.store.statement_page(tenant_id, room_id, of.1, page);
        let not_of_list = || page::not_of_list(before.unwrap_or_default());
        let found = found.await?.ok_or_else(not_of_list)?;
        after = found.items.last().map(|(_, cursor)| *cursor);
        lines.extend(found.items.into_iter().map(|(line, _)| line));
        if !found.has_next || lines.len() >= limit {
            let next = after.filter(|_| found.has_next);
            return Ok(Part { lines, next });
        }
    }
}

/// How many lines to read next of those that are `missing`.
fn page_lines(missing: usize) -> u32 {
    let most = LINES_MAX.unsigned_abs();
    u32::try_from(missing).map_or(most, |missing| missing.min(most))
}
