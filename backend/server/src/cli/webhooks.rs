//! `parlor webhooks`: the ways in for services that tell of payments, and what they told of in vain.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Map, Value, json};

use super::staff::{ServerArgs, cell, done, find_room, print_json};
use super::table::table;
use super::{print, read_file};

const FIELDS: &str = "id name adapter url roomId isDisabled createdAt previousSecretRetiresAt";
const FAILED: &str = "id sourceId adapter messageId receivedAt reason";

#[derive(Debug, Args)]
pub(super) struct WebhooksArgs {
    #[command(subcommand)]
    command: WebhooksCommand,
}

#[derive(Debug, Subcommand)]
enum WebhooksCommand {
    /// List the ways in, the oldest first
    List(CommonArgs),

    /// Make a way in, and show its address and, this once, its secret
    Create(CreateArgs),

    /// Rename a way in, have its money go elsewhere, or disable it for a while
    ///
    /// What it told of before still has its effect.
    Update(UpdateArgs),

    /// Put another secret in force
    ///
    /// The present one is taken for a day longer, the one before it no more.
    Rotate(RotateArgs),

    /// Take a way in away, for good
    Delete(SourceArgs),

    /// List what could not have its effect, the newest first
    Failed(CommonArgs),

    /// Have something that failed tried again, once what was in its way is mended
    Redeliver(RedeliverArgs),
}

#[derive(Debug, Args)]
struct CommonArgs {
    #[command(flatten)]
    server: ServerArgs,

    /// Print JSON, one object a line, for programs
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct SourceArgs {
    /// The way in, by its id
    #[arg(value_name = "SOURCE")]
    source: String,

    #[command(flatten)]
    common: CommonArgs,
}

/// Whose webhooks a way in takes.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Adapter {
    /// Your own servers, which sign by Standard Webhooks
    Parlor,
    /// Stripe, with the signing secret that it shows
    Stripe,
    /// Ko-fi, with its verification token and a room
    Kofi,
}

#[derive(Debug, Args)]
struct CreateArgs {
    /// Whose webhooks it takes
    #[arg(value_name = "SERVICE")]
    adapter: Adapter,

    /// What you call it
    #[arg(value_name = "NAME")]
    name: String,

    /// Where money goes of which the service says no room, by id or slug; Ko-fi always needs one
    #[arg(long, value_name = "ROOM")]
    room: Option<String>,

    #[command(flatten)]
    secret: SecretArgs,

    #[command(flatten)]
    common: CommonArgs,
}

/// Not an argument of its own, for other people of the machine see those.
#[derive(Debug, Args)]
struct SecretArgs {
    /// A file with Stripe's signing secret or Ko-fi's verification token; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct UpdateArgs {
    #[command(flatten)]
    source: SourceArgs,

    /// What you call it from now on
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Where money goes of which the service says no room, by id or slug; the empty text is nowhere
    #[arg(long, value_name = "ROOM")]
    room: Option<String>,

    /// Answer its requests as if it were not there
    #[arg(long, conflicts_with = "enable")]
    disable: bool,

    /// Take its requests again
    #[arg(long)]
    enable: bool,
}

#[derive(Debug, Args)]
struct RotateArgs {
    #[command(flatten)]
    source: SourceArgs,

    #[command(flatten)]
    secret: SecretArgs,

    /// How long the present secret is still taken, in seconds, up to a week
    #[arg(long, value_name = "SECONDS")]
    overlap_seconds: Option<i32>,
}

#[derive(Debug, Args)]
struct RedeliverArgs {
    /// What failed, by its id, as `failed` shows it
    #[arg(value_name = "DELIVERY")]
    delivery: String,

    #[command(flatten)]
    common: CommonArgs,
}

pub(super) async fn webhooks(args: WebhooksArgs) -> Result<()> {
    match args.command {
        WebhooksCommand::List(args) => list(&args).await,
        WebhooksCommand::Create(args) => create(&args).await,
        WebhooksCommand::Update(args) => update(&args).await,
        WebhooksCommand::Rotate(args) => rotate(&args).await,
        WebhooksCommand::Delete(args) => delete(&args).await,
        WebhooksCommand::Failed(args) => failed(&args).await,
        WebhooksCommand::Redeliver(args) => redeliver(&args).await,
    }
}

async fn list(args: &CommonArgs) -> Result<()> {
    let sources = listed(args, "webhookSources", FIELDS).await?;
    if args.json {
        return print_json(&sources);
    }
    let rows: Vec<_> = sources
        .iter()
        .map(|source| {
            let state = if source["isDisabled"] == true {
                "disabled"
            } else {
                "enabled"
            };
            [
                cell(source, "id"),
                cell(source, "adapter"),
                state.to_owned(),
                cell(source, "name"),
                cell(source, "url"),
            ]
        })
        .collect();

    print(&table(["ID", "SERVICE", "STATE", "NAME", "URL"], &rows))
}

async fn create(args: &CreateArgs) -> Result<()> {
    let client = args.common.server.client()?;
    let adapter = match args.adapter {
        Adapter::Parlor => "PARLOR",
        Adapter::Stripe => "STRIPE",
        Adapter::Kofi => "KOFI",
    };
    let mut input = Map::new();
    input.insert("name".to_owned(), json!(args.name));
    input.insert("adapter".to_owned(), json!(adapter));
    if let Some(room) = &args.room {
        input.insert("roomId".to_owned(), json!(find_room(&client, room).await?));
    }
    args.secret.put(&mut input)?;

    let mutation = format!(
        "mutation ($input: CreateWebhookSourceInput!) {{ done: createWebhookSource(input: $input) {{
            ... on WebhookSourceWithSecret {{ secret source {{ {FIELDS} }} }} ... on Error {{ code message }}
        }} }}"
    );
    let made = done(&client, &mutation, json!({ "input": input })).await?;
    show_once(&made, args.common.json)
}

async fn update(args: &UpdateArgs) -> Result<()> {
    let common = &args.source.common;
    let client = common.server.client()?;
    let mut input = Map::new();
    input.insert("id".to_owned(), json!(args.source.source));
    if let Some(name) = &args.name {
        input.insert("name".to_owned(), json!(name));
    }
    if let Some(room) = &args.room {
        let room = match room.as_str() {
            "" => Value::Null,
            room => json!(find_room(&client, room).await?),
        };
        input.insert("roomId".to_owned(), room);
    }
    if args.disable || args.enable {
        input.insert("isDisabled".to_owned(), json!(args.disable));
    }
    if input.len() == 1 {
        bail!("nothing is to change; name what, such as `--disable`");
    }

    let mutation = format!(
        "mutation ($input: UpdateWebhookSourceInput!) {{ done: updateWebhookSource(input: $input) {{
            ... on WebhookSource {{ {FIELDS} }} ... on Error {{ code message }}
        }} }}"
    );
    let source = done(&client, &mutation, json!({ "input": input })).await?;
    if common.json {
        return print_json(&[source]);
    }
    print(&format!("source {} is changed\n", args.source.source))
}

async fn rotate(args: &RotateArgs) -> Result<()> {
    let common = &args.source.common;
    let mut input = Map::new();
    input.insert("id".to_owned(), json!(args.source.source));
    if let Some(seconds) = args.overlap_seconds {
        input.insert("overlapSeconds".to_owned(), json!(seconds));
    }
    args.secret.put(&mut input)?;

    let mutation = format!(
        "mutation ($input: RotateWebhookSecretInput!) {{ done: rotateWebhookSecret(input: $input) {{
            ... on WebhookSourceWithSecret {{ secret source {{ {FIELDS} }} }} ... on Error {{ code message }}
        }} }}"
    );
    let client = common.server.client()?;
    let rotated = done(&client, &mutation, json!({ "input": input })).await?;
    show_once(&rotated, common.json)
}

async fn delete(args: &SourceArgs) -> Result<()> {
    let mutation = "mutation ($id: ID!) { done: deleteWebhookSource(id: $id) {
        ... on DeletedWebhookSource { id } ... on Error { code message } } }";
    let client = args.common.server.client()?;
    let deleted = done(&client, mutation, json!({ "id": args.source })).await?;
    if args.common.json {
        return print_json(&[deleted]);
    }
    print(&format!("source {} is deleted\n", args.source))
}

async fn failed(args: &CommonArgs) -> Result<()> {
    let deliveries = listed(args, "failedWebhookDeliveries", FAILED).await?;
    if args.json {
        return print_json(&deliveries);
    }
    let fields = ["id", "adapter", "receivedAt", "messageId", "reason"];
    let rows: Vec<_> = deliveries
        .iter()
        .map(|delivery| fields.map(|field| cell(delivery, field)))
        .collect();

    print(&table(
        ["ID", "SERVICE", "RECEIVED AT", "MESSAGE", "REASON"],
        &rows,
    ))
}

async fn redeliver(args: &RedeliverArgs) -> Result<()> {
    let mutation = "mutation ($id: ID!) { done: redeliverWebhook(id: $id) {
        ... on RedeliveredWebhook { id } ... on Error { code message } } }";
    let client = args.common.server.client()?;
    let again = done(&client, mutation, json!({ "id": args.delivery })).await?;
    if args.common.json {
        return print_json(&[again]);
    }
    print(&format!(
        "delivery {} is tried again; `parlor webhooks failed` lists it if it fails once more\n",
        args.delivery
    ))
}

impl SecretArgs {
    /// Puts the secret into `input`, if it is given.
    fn put(&self, input: &mut Map<String, Value>) -> Result<()> {
        if let Some(file) = &self.secret_file {
            let secret = read_file(Path::new(file))?;
            input.insert("secret".to_owned(), json!(secret.trim()));
        }

        Ok(())
    }
}

/// Prints a source and the secret that was made for it.
fn show_once(made: &Value, json: bool) -> Result<()> {
    if json {
        return print_json(std::slice::from_ref(made));
    }
    let (id, url) = (cell(&made["source"], "id"), cell(&made["source"], "url"));
    let secret = match made["secret"].as_str() {
        Some(secret) => format!("secret  {secret}  (shown this once)\n"),
        None => String::new(),
    };

    print(&format!("source  {id}\nurl     {url}\n{secret}"))
}

/// What the query `name` lists.
async fn listed(args: &CommonArgs, name: &str, fields: &str) -> Result<Vec<Value>> {
    let document = format!("{{ listed: {name} {{ {fields} }} }}");
    let answer = args.server.client()?.execute(&document, json!({})).await?;
    let listed = answer["listed"].as_array();

    Ok(listed.cloned().unwrap_or_default())
}
