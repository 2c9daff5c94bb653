//! Parlor itself. An event is a contribution that is recorded through the API.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::bench::fanout::load::Load;
use crate::bench::fanout::room::{Begins, MARK, Room, over_graphql};
use crate::bench::parlor;

const CREATE_ROOM: &str = "mutation ($input: CreateRoomInput!) {
  createRoom(input: $input) { ... on Room { id } ... on Error { message } }
}";
const RECORD: &str = "mutation ($input: RecordContributionInput!) {
  recordContribution(input: $input) { ... on Contribution { id } ... on Error { message } }
}";

pub(super) use crate::bench::parlor::prepare;

pub(super) fn open_room(load: &Load) -> Result<Room> {
    let parlor::Parlor { server, token } = parlor::start()?;
    let authorization = format!("Bearer {token}");

    let url = format!("http://{}/graphql", server.address);
    let room = json!({ "slug": "bench", "title": "Bench", "state": "OPEN", "anonymousRead": true });
    let create = json!({ "query": CREATE_ROOM, "variables": { "input": room } });
    let answer = load.post(&url, &authorization, &create)?;
    let room_id = answer["data"]["createRoom"]["id"]
        .as_str()
        .with_context(|| format!("no room was made: {answer}"))?;

    // Without a session no train starts: one contribution is one event.
    let contribution = json!({
        "roomId": room_id,
        "idempotencyKey": MARK,
        "kind": "DONATION",
        "amount": "500",
        "currency": "EUR",
        "viewerId": "ada",
        "viewerName": "Ada",
        "message": MARK,
    });
    let record = json!({ "query": RECORD, "variables": { "input": contribution } });
    let publish: Value = json!({
        "url": url,
        "headers": { "authorization": authorization },
        "body": record.to_string(),
        "taken": "{\"id\":",
    });

    Ok(Room {
        subscribe: over_graphql(room_id, Begins::WithMessage),
        publish,
        server,
    })
}
