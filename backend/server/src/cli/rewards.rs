//! `parlor rewards`: what a room sells, kept from a terminal.

mod terms;

use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::print;
use super::staff::{KeyArgs, Refused, StaffArgs, StaffRoom, cell, print_json};
use super::table::table;
use terms::TermsArgs;

const FIELDS: &str = "id version title prompt cost color icon isEnabled isPaused autoFulfills
    redeemableOffline membershipTierMin isAnnounced showsInput expiresAfterMs lastRedeemedAt createdAt updatedAt
    input { kind pattern min max choices }
    limits { cooldownMs viewerCooldownMs perSession perViewerAndSession }
    refundRestores { places cooldown } availability { titleContains trainLevelMin onlineMin }
    draw { windowMs winners }";

#[derive(Debug, Args)]
pub(super) struct RewardsArgs {
    #[command(subcommand)]
    command: RewardsCommand,
}

#[derive(Debug, Subcommand)]
enum RewardsCommand {
    /// List what a room sells, in the order it was made
    List(StaffArgs),

    /// Make a reward
    ///
    /// Prints its id. It is enabled at once unless told otherwise.
    Create(CreateArgs),

    /// Change a reward; what is not named stays as it is
    Update(UpdateArgs),

    /// Delete a reward, for good
    ///
    /// What was redeemed and nobody has seen to yet stays in the queue, and what was entered is drawn when it was to be.
    Delete(DeleteArgs),
}

#[derive(Debug, Args)]
struct CreateArgs {
    #[command(flatten)]
    staff: StaffArgs,

    /// What viewers call it
    #[arg(value_name = "TITLE")]
    title: String,

    /// In points
    #[arg(long, value_name = "POINTS")]
    cost: i64,

    /// Keep it from viewers for now
    #[arg(long)]
    disabled: bool,

    /// Show it to viewers, and let nobody redeem it for now
    #[arg(long)]
    paused: bool,

    #[command(flatten)]
    terms: TermsArgs,

    #[command(flatten)]
    key: KeyArgs,
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own on the command line"
)]
#[derive(Debug, Args)]
struct UpdateArgs {
    #[command(flatten)]
    staff: StaffArgs,

    /// The reward, by its id
    #[arg(value_name = "ID")]
    id: String,

    /// What viewers call it
    #[arg(long)]
    title: Option<String>,

    /// In points
    #[arg(long, value_name = "POINTS")]
    cost: Option<i64>,

    /// Show it to viewers
    #[arg(long, conflicts_with = "disable")]
    enable: bool,

    /// Keep it from viewers
    #[arg(long)]
    disable: bool,

    /// Let nobody redeem it for now; viewers go on seeing it
    #[arg(long, conflicts_with = "resume")]
    pause: bool,

    /// Let it be redeemed again
    #[arg(long)]
    resume: bool,

    /// Refuse the change if the reward is at another version by now
    #[arg(long, value_name = "VERSION")]
    if_version: Option<i64>,

    #[command(flatten)]
    terms: TermsArgs,
}

#[derive(Debug, Args)]
struct DeleteArgs {
    #[command(flatten)]
    staff: StaffArgs,

    /// The reward, by its id
    #[arg(value_name = "ID")]
    id: String,

    /// Refuse if the reward is at another version by now
    #[arg(long, value_name = "VERSION")]
    if_version: Option<i64>,
}

pub(super) async fn rewards(args: RewardsArgs) -> Result<()> {
    match args.command {
        RewardsCommand::List(args) => list(&args).await,
        RewardsCommand::Create(args) => create(&args).await,
        RewardsCommand::Update(args) => update(&args).await,
        RewardsCommand::Delete(args) => delete(&args).await,
    }
}

async fn list(args: &StaffArgs) -> Result<()> {
    let rewards = read(&args.open().await?).await?;
    if args.json {
        return print_json(&rewards);
    }

    let rows: Vec<_> = rewards.iter().map(row).collect();
    let head = [
        "ID",
        "STATE",
        "COST",
        "ASKS",
        "PER SESSION",
        "PER VIEWER",
        "COOLDOWN MS",
        "DRAW",
        "TITLE",
    ];
    print(&table(head, &rows))
}

fn row(reward: &Value) -> [String; 9] {
    let limits = &reward["limits"];
    let state = match (&reward["isEnabled"], &reward["isPaused"]) {
        (Value::Bool(true), Value::Bool(true)) => "paused",
        (Value::Bool(true), _) => "enabled",
        _ => "disabled",
    };

    [
        cell(reward, "id"),
        state.to_owned(),
        cell(reward, "cost"),
        cell(&reward["input"], "kind").to_lowercase(),
        cell(limits, "perSession"),
        cell(limits, "perViewerAndSession"),
        cell(limits, "cooldownMs"),
        draw(&reward["draw"]),
        cell(reward, "title"),
    ]
}

/// How many win of those who enter within how long.
fn draw(draw: &Value) -> String {
    if draw.is_null() {
        return String::new();
    }

    format!("{} in {} ms", cell(draw, "winners"), cell(draw, "windowMs"))
}

async fn create(args: &CreateArgs) -> Result<()> {
    let document = document("createReward", "CreateRewardInput");
    let mut input = Map::new();
    args.terms.put(&mut input, &Value::Null);
    input.insert("title".to_owned(), json!(args.title));
    input.insert("cost".to_owned(), json!(args.cost.to_string()));
    input.insert("isEnabled".to_owned(), json!(!args.disabled));
    input.insert("isPaused".to_owned(), json!(args.paused));

    let room = args.staff.open().await?;
    let made = room
        .mutate_once(&document, Value::Object(input), &args.key.key())
        .await?;
    if args.staff.json {
        return print_json(&[made]);
    }
    print(&format!("{}\n", cell(&made, "id")))
}

async fn update(args: &UpdateArgs) -> Result<()> {
    let room = args.staff.open().await?;
    let present = find(&room, &args.id, args.if_version).await?;
    let mut input = args.change(&present);
    if input.is_empty() {
        bail!("nothing is to be changed; `parlor rewards update --help` says what can be");
    }
    input.insert("rewardId".to_owned(), json!(args.id));
    // What the change is made against is what was read: limits are given all together.
    input.insert("version".to_owned(), present["version"].clone());

    let document = document("updateReward", "UpdateRewardInput");
    let changed = done(room.mutate(&document, Value::Object(input)).await?)?;
    if args.staff.json {
        return print_json(&[changed]);
    }
    let (id, version) = (cell(&changed, "id"), cell(&changed, "version"));
    print(&format!("reward {id} is at version {version}\n"))
}

async fn delete(args: &DeleteArgs) -> Result<()> {
    let room = args.staff.open().await?;
    let present = find(&room, &args.id, args.if_version).await?;
    let input = json!({ "rewardId": args.id, "version": present["version"] });
    let document = document("deleteReward", "DeleteRewardInput");
    let deleted = done(room.mutate(&document, input).await?)?;
    if args.staff.json {
        return print_json(&[deleted]);
    }
    print(&format!("reward {} is deleted\n", cell(&deleted, "id")))
}

/// The reward called `id`, at the version that is expected, if one is.
async fn find(room: &StaffRoom, id: &str, if_version: Option<i64>) -> Result<Value> {
    let rewards = read(room).await?;
    let present = rewards.into_iter().find(|reward| reward["id"] == id);
    let present = present.with_context(|| format!("there is no reward {id:?} in the room"))?;
    let version = &present["version"];
    if let Some(expected) = if_version
        && *version != expected
    {
        bail!("the reward is at version {version}, not {expected} (STALE_VERSION)");
    }

    Ok(present)
}

/// Everything that the room sells, as far as the caller sees it.
async fn read(room: &StaffRoom) -> Result<Vec<Value>> {
    let document = format!("query ($room: ID!) {{ rewards(roomId: $room) {{ {FIELDS} }} }}");
    let mut answer = room.query(&document, json!({})).await?;
    let Value::Array(rewards) = answer["rewards"].take() else {
        bail!("there is no such room for this token");
    };

    Ok(rewards)
}

fn done(answer: Result<Value, Refused>) -> Result<Value> {
    answer.map_err(|refused| anyhow!("{refused}"))
}

fn document(mutation: &str, input: &str) -> String {
    format!(
        "mutation ($input: {input}!) {{ done: {mutation}(input: $input) {{
            ... on Reward {{ {FIELDS} }} ... on Error {{ code message }}
        }} }}"
    )
}

impl UpdateArgs {
    /// What is to change of the reward that is `present`.
    fn change(&self, present: &Value) -> Map<String, Value> {
        let switch = |on: bool, off: bool| (on || off).then_some(on);
        let mut input = Map::new();
        self.terms.put(&mut input, present);
        for (name, value) in [
            ("title", self.title.as_ref().map(|title| json!(title))),
            ("cost", self.cost.map(|cost| json!(cost.to_string()))),
            (
                "isEnabled",
                switch(self.enable, self.disable).map(Value::Bool),
            ),
            ("isPaused", switch(self.pause, self.resume).map(Value::Bool)),
        ] {
            if let Some(value) = value {
                input.insert(name.to_owned(), value);
            }
        }

        input
    }
}
