//! `parlor persons`: a person erased from all rooms of a tenant.

use std::fmt::Write;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::print;
use super::staff::{KeyArgs, ServerArgs, cell, done, print_json};
use crate::simulate::Client;

const FIELDS: &str =
    "id status requestedBy requestedAt finishedAt roomCount doneRoomCount changedRowCount";
/// What a dry run counts, and what it calls that.
const HELD: [(&str, &str); 11] = [
    (
        "roomCount",
        "rooms that they have joined, from which they are put out",
    ),
    (
        "soleOwnershipCount",
        "of these that are left without an owner",
    ),
    (
        "contributionCount",
        "contributions, without name and message from then on",
    ),
    (
        "membershipCount",
        "paid memberships that they have or pay for, which are nobody's from then on",
    ),
    ("hypeTrainCount", "hype trains that they have given to"),
    ("redemptionCount", "redemptions, without what they said"),
    (
        "disputeCount",
        "disputes about their points, without the words",
    ),
    (
        "transferCount",
        "transfers of their points, without the words",
    ),
    (
        "actCount",
        "acts of theirs, which are nobody's from then on",
    ),
    (
        "answerCount",
        "answers to idempotency keys of theirs, which go",
    ),
    (
        "whereaboutCount",
        "places where they are connected, or watched within the hour",
    ),
];
/// How often it is asked how far an erasure has come.
const ASK_EVERY: Duration = Duration::from_millis(500);

#[derive(Debug, Args)]
pub(super) struct PersonsArgs {
    #[command(subcommand)]
    command: PersonsCommand,
}

#[derive(Debug, Subcommand)]
enum PersonsCommand {
    /// Erase a person, and wait until nothing of them is left
    ///
    /// It goes on by itself if this command is ended; `show` says how far it has come.
    Erase(EraseArgs),

    /// Show how far an erasure has come
    Show(ShowArgs),
}

#[derive(Debug, Args)]
struct CommonArgs {
    #[command(flatten)]
    server: ServerArgs,

    /// Print JSON, for programs
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct EraseArgs {
    /// The person, by the tenant's own id
    #[arg(value_name = "USER")]
    user: String,

    /// Say what would go, and how many of each, and change nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    key: KeyArgs,

    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Debug, Args)]
struct ShowArgs {
    /// The erasure, by its id
    #[arg(value_name = "ID")]
    id: String,

    #[command(flatten)]
    common: CommonArgs,
}

pub(super) async fn persons(args: PersonsArgs) -> Result<()> {
    match args.command {
        PersonsCommand::Erase(args) => erase(&args).await,
        PersonsCommand::Show(args) => {
            let found = read(&args.common.server.client()?, &args.id).await?;
            tell(&found, args.common.json)
        }
    }
}

async fn erase(args: &EraseArgs) -> Result<()> {
    let client = args.common.server.client()?;
    if args.dry_run {
        return show_holdings(&client, args).await;
    }

    let document = format!(
        "mutation ($input: ErasePersonInput!) {{ done: erasePerson(input: $input) {{
            ... on Erasure {{ {FIELDS} }} ... on Error {{ code message }}
        }} }}"
    );
    let input = json!({ "idempotencyKey": args.key.key(), "userId": args.user });
    let mut erasure = done(&client, &document, json!({ "input": input })).await?;
    let id = cell(&erasure, "id");
    let mut ticks = tokio::time::interval(ASK_EVERY);
    let mut told = String::new();
    while erasure["status"] != "FINISHED" {
        let progress = progress(&erasure);
        if progress != told {
            say(&progress);
            told = progress;
        }
        ticks.tick().await;
        erasure = read(&client, &id).await?;
    }

    tell(&erasure, args.common.json)
}

async fn show_holdings(client: &Client, args: &EraseArgs) -> Result<()> {
    let fields = HELD.map(|(field, _)| field).join(" ");
    let document =
        format!("query ($user: String!) {{ held: personHoldings(userId: $user) {{ {fields} }} }}");
    let mut answer = client
        .execute(&document, json!({ "user": args.user }))
        .await?;
    let held = answer["held"].take();
    if args.common.json {
        return print_json(&[held]);
    }
    if held.is_null() {
        bail!("nothing is kept of a person of that id");
    }
    let mut text = String::new();
    for (field, what) in HELD {
        let count = cell(&held, field);
        writeln!(text, "{count:>8} {what}").expect("a string takes text");
    }
    text.push_str("and whatever the logs of these rooms tell of them. Nothing was changed.\n");

    print(&text)
}

async fn read(client: &Client, id: &str) -> Result<Value> {
    let document = format!("query ($id: ID!) {{ erasure(id: $id) {{ {FIELDS} }} }}");
    let mut answer = client.execute(&document, json!({ "id": id })).await?;
    let erasure = answer["erasure"].take();
    if erasure.is_null() {
        bail!("there is no erasure {id:?} for this token");
    }

    Ok(erasure)
}

fn tell(erasure: &Value, as_json: bool) -> Result<()> {
    if as_json {
        return print_json(std::slice::from_ref(erasure));
    }

    print(&format!("{}\n", progress(erasure)))
}

fn progress(erasure: &Value) -> String {
    let [id, done, rooms, rows] =
        ["id", "doneRoomCount", "roomCount", "changedRowCount"].map(|field| cell(erasure, field));
    let state = if erasure["status"] == "FINISHED" {
        "finished"
    } else {
        "under way"
    };

    format!("erasure {id} is {state}: {done} of {rooms} rooms, {rows} rows")
}

/// Tells whoever waits, beside what the command prints.
#[expect(
    clippy::print_stderr,
    reason = "it is said to whoever typed the command"
)]
fn say(line: &str) {
    eprintln!("{line}");
}
