//! Lists of a room's, read page by page.

use anyhow::{Context, Result};
use clap::Args;
use serde_json::{Value, json};

use super::staff::StaffRoom;

/// How many are asked for at once: with everything that people may have written, a page is a megabyte at most.
const PAGE: u32 = 200;
/// How many are listed at most: they are held in memory, to be put into columns.
const LISTED_MAX: u32 = 10_000;

#[derive(Debug, Args)]
pub(super) struct LimitArgs {
    /// How many at most; if there are more, standard error says so
    #[arg(
        long,
        value_name = "COUNT",
        default_value_t = 1_000,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(LISTED_MAX))
    )]
    limit: u32,
}

/// What was found, as far as it was asked for.
pub(super) struct Listing {
    pub(super) nodes: Vec<Value>,
    total: u64,
}

impl Listing {
    /// Reads `connection` of a room by `document`, which has it in pages of `$page`.
    pub(super) async fn read(
        room: &StaffRoom,
        limit: &LimitArgs,
        connection: &str,
        document: &str,
        mut variables: Value,
    ) -> Result<Self> {
        let limit = usize::try_from(limit.limit).context("so many do not fit memory")?;
        let mut nodes = Vec::new();
        let mut after = Value::Null;
        loop {
            let missing = u32::try_from(limit - nodes.len()).unwrap_or(PAGE);
            variables["page"] = json!({ "first": missing.min(PAGE), "after": after });
            let mut answer = room.query(document, variables.clone()).await?;
            let page = &mut answer[connection];
            if let Value::Array(found) = page["nodes"].take() {
                nodes.extend(found);
            }
            if page["pageInfo"]["hasNextPage"] != true || nodes.len() >= limit {
                let total = page["totalCount"].as_u64().unwrap_or_default();
                return Ok(Self { nodes, total });
            }
            after = page["pageInfo"]["endCursor"].take();
        }
    }

    /// Says so if there are more.
    #[expect(
        clippy::print_stderr,
        reason = "it is said to whoever typed the command"
    )]
    pub(super) fn say_if_more(&self) {
        let (shown, total) = (self.nodes.len(), self.total);
        if total > shown as u64 {
            eprintln!("{shown} of {total} are listed; `--limit` lists up to {LISTED_MAX}");
        }
    }
}
