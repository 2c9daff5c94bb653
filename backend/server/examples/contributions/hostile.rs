//! Somebody who sends what is refused, a hundred times a second, in every second second.

use std::time::Duration;

use anyhow::{Result, ensure};
use parlor_server::simulate::Client;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, SqliteConnection};
use tokio::time::{Instant, MissedTickBehavior};

use super::load::RECORD;
use super::make_room;

/// Bad commands a second.
const RATE: u32 = 100;

const UPDATE_ROOM: &str = "mutation ($id: ID!, $input: UpdateRoomInput!) {
  updateRoom(id: $id, input: $input) { ... on Room { id } ... on ConflictError { code } }
}";

/// What is bad about the commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Hostile {
    /// The slug is another room's
    SlugTaken,
    /// The contribution is another room's
    ReportedElsewhere,
    /// The key was used in another room
    KeyReused,
    /// The room cannot be read
    Unreadable,
}

pub(super) struct Caller {
    client: Client,
    document: &'static str,
    variables: Value,
    /// Part of every answer.
    refusal: &'static str,
}

impl Caller {
    /// Makes two rooms of its own, and what the commands are bad because of.
    pub(super) async fn new(kind: Hostile, client: &Client, database: &str) -> Result<Self> {
        let owner = make_room(client, "owner").await?;
        let other = make_room(client, "other").await?;
        let report = |room: &str, key: &str| {
            json!({ "input": {
                "roomId": room, "idempotencyKey": key, "contributionRef": "theirs",
                "provider": "bench", "kind": "DONATION", "amount": "5", "currency": "EUR",
                "viewerId": "mallory",
            } })
        };
        client.execute(RECORD, report(&owner, "first")).await?;

        let (document, variables, refusal) = match kind {
            Hostile::SlugTaken => {
                let change = json!({ "version": 1, "slug": "owner" });
                let variables = json!({ "id": other, "input": change });
                (UPDATE_ROOM, variables, "SLUG_TAKEN")
            }
            Hostile::ReportedElsewhere => (RECORD, report(&other, "second"), "another room"),
            Hostile::KeyReused => (RECORD, report(&other, "first"), "other content"),
            Hostile::Unreadable => {
                tear(database).await?;
                (RECORD, report(&other, "second"), "cannot be read")
            }
        };
        Ok(Self {
            client: client.clone(),
            document,
            variables,
            refusal,
        })
    }

    /// Sends in every second second after `starts_at`.
    pub(super) async fn call(self, starts_at: Instant, ends_at: Instant) -> Result<()> {
        let mut ticks = tokio::time::interval_at(starts_at, Duration::from_secs(1) / RATE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        loop {
            let due_at = ticks.tick().await;
            if due_at >= ends_at {
                return Ok(());
            }
            if (due_at - starts_at).as_secs().is_multiple_of(2) {
                continue;
            }
            let answer = self.client.execute(self.document, self.variables.clone());
            let answer = match answer.await {
                Ok(answer) => answer.to_string(),
                Err(error) => format!("{error:?}"),
            };
            ensure!(answer.contains(self.refusal), "not refused: {answer}");
        }
    }
}

/// Damages what is stored of the room `other`.
async fn tear(database: &str) -> Result<()> {
    let tear = "UPDATE rooms SET program = 'torn' WHERE slug = 'other'";
    if database.starts_with("sqlite:") {
        let mut connection = SqliteConnection::connect(database).await?;
        sqlx::raw_sql(tear).execute(&mut connection).await?;
    } else {
        let mut connection = PgConnection::connect(database).await?;
        sqlx::raw_sql(tear).execute(&mut connection).await?;
    }

    Ok(())
}
