//! `parlor redemptions`: the queue of what viewers redeemed, worked off from a terminal.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Map, Value, json};

use super::listing::{LimitArgs, Listing};
use super::print;
use super::staff::{KeyArgs, Refused, StaffArgs, StaffRoom, cell, print_json};
use super::table::{plain, table};

/// How many the API sees to at once.
const SETTLED_AT_ONCE: usize = 100;
/// How many people are asked about at once, each by a field of its own: the API takes twenty, with the room.
const NAMES_AT_ONCE: usize = 16;

const FIELDS: &str =
    "id rewardId participantId title cost input status redeemedAt settledAt settledBy
    refunded expiresAt metadata drawId drawnAt";

#[derive(Debug, Args)]
pub(super) struct RedemptionsArgs {
    #[command(subcommand)]
    command: RedemptionsCommand,
}

#[derive(Debug, Subcommand)]
enum RedemptionsCommand {
    /// List what was redeemed in a room, the oldest first
    List(ListArgs),

    /// Spend the points of redemptions that were seen to
    ///
    /// Prints a line for each, and exits with 1 if one was refused.
    #[command(visible_alias = "fulfil")]
    Fulfill(SettleArgs),

    /// Give the points of redemptions back that nobody sees to
    ///
    /// Prints a line for each, and exits with 1 if one was refused.
    Cancel(SettleArgs),

    /// Give back what a redemption had cost that was fulfilled, or a part of it
    Refund(RefundArgs),
}

#[derive(Debug, Args)]
struct ListArgs {
    #[command(flatten)]
    staff: StaffArgs,

    /// Only what became that
    #[arg(long, value_enum, ignore_case = true)]
    status: Option<Status>,

    /// Only those of one reward, by its id
    #[arg(long, value_name = "ID")]
    reward: Option<String>,

    /// Only those of one participant, by their id
    #[arg(long, value_name = "ID")]
    participant: Option<String>,

    #[command(flatten)]
    limit: LimitArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Status {
    Unfulfilled,
    Fulfilled,
    Canceled,
    Expired,
    Entered,
    NotDrawn,
}

#[derive(Debug, Args)]
struct SettleArgs {
    #[command(flatten)]
    staff: StaffArgs,

    /// The redemptions, by their ids
    #[arg(value_name = "ID", required = true)]
    ids: Vec<String>,
}

#[derive(Debug, Args)]
struct RefundArgs {
    #[command(flatten)]
    staff: StaffArgs,

    /// The redemption, by its id
    #[arg(value_name = "ID")]
    id: String,

    /// How many points; all that is left unless given
    #[arg(long, value_name = "POINTS")]
    points: Option<i64>,

    /// What the member reads in their statement
    #[arg(long, value_name = "TEXT")]
    reason: String,

    #[command(flatten)]
    key: KeyArgs,
}

pub(super) async fn redemptions(args: RedemptionsArgs) -> Result<()> {
    match args.command {
        RedemptionsCommand::List(args) => list(&args).await,
        RedemptionsCommand::Fulfill(args) => {
            settle(&args, "fulfillRedemptions", "FulfilledRedemptions").await
        }
        RedemptionsCommand::Cancel(args) => {
            settle(&args, "cancelRedemptions", "CanceledRedemptions").await
        }
        RedemptionsCommand::Refund(args) => refund(&args).await,
    }
}

async fn list(args: &ListArgs) -> Result<()> {
    let room = args.staff.open().await?;
    let found = read(&room, args).await?;
    if args.staff.json {
        print_json(&found.nodes)?;
    } else {
        let names = names(&room, &found.nodes).await?;
        print(&listed(&found.nodes, &names))?;
    }

    found.say_if_more();
    Ok(())
}

async fn read(room: &StaffRoom, args: &ListArgs) -> Result<Listing> {
    let document = format!(
        "query ($room: ID!, $status: RedemptionStatus, $reward: ID, $who: ID, $page: ConnectionInput) {{
            redemptionsConnection(
                roomId: $room, status: $status, rewardId: $reward, participantId: $who, page: $page
            ) {{ nodes {{ {FIELDS} }} totalCount pageInfo {{ endCursor hasNextPage }} }}
        }}"
    );
    let variables = json!({
        "status": args.status.map(Status::as_str),
        "reward": args.reward,
        "who": args.participant,
    });

    Listing::read(
        room,
        &args.limit,
        "redemptionsConnection",
        &document,
        variables,
    )
    .await
}

/// What those are called who redeemed, by their ids.
async fn names(room: &StaffRoom, redemptions: &[Value]) -> Result<BTreeMap<String, String>> {
    let who: BTreeSet<_> = redemptions
        .iter()
        .map(|one| cell(one, "participantId"))
        .collect();
    let who: Vec<_> = who.into_iter().collect();

    let mut names = BTreeMap::new();
    for some in who.chunks(NAMES_AT_ONCE) {
        let variables = some.iter().enumerate();
        let variables = variables.map(|(index, id)| (format!("p{index}"), json!(id)));
        let variables: Map<_, _> = variables.collect();
        let declared = variables.keys().map(|name| format!("${name}: ID!"));
        let fields = variables
            .keys()
            .map(|name| format!("{name}: participant(id: ${name}) {{ name }}"));
        // The room is a variable of every query, and one that is not used would be refused.
        let document = format!(
            "query ($room: ID!, {}) {{ room(id: $room) {{ id }} {} }}",
            declared.collect::<Vec<_>>().join(", "),
            fields.collect::<Vec<_>>().join(" "),
        );
        let answer = room.query(&document, Value::Object(variables)).await?;
        for (index, id) in some.iter().enumerate() {
            let name = cell(&answer[format!("p{index}")], "name");
            names.insert(id.clone(), name);
        }
    }

    Ok(names)
}

fn listed(redemptions: &[Value], names: &BTreeMap<String, String>) -> String {
    let rows: Vec<_> = redemptions
        .iter()
        .map(|one| {
            let name = names.get(&cell(one, "participantId"));
            [
                cell(one, "id"),
                cell(one, "status"),
                cell(one, "redeemedAt"),
                cell(one, "cost"),
                cell(one, "refunded"),
                name.cloned().unwrap_or_default(),
                cell(one, "title"),
                cell(one, "input"),
            ]
        })
        .collect();
    let head = [
        "ID", "STATUS", "REDEEMED", "COST", "REFUNDED", "BY", "REWARD", "INPUT",
    ];

    table(head, &rows)
}

/// Has redemptions settled by `mutation`, whose answer is an `object`.
async fn settle(args: &SettleArgs, mutation: &str, object: &str) -> Result<()> {
    let document = format!(
        "mutation ($input: SettleRedemptionsInput!) {{ done: {mutation}(input: $input) {{
            ... on {object} {{
                results {{ ... on Redemption {{ {FIELDS} }} ... on Error {{ code message }} }}
            }}
            ... on Error {{ code message }}
        }} }}"
    );
    let room = args.staff.open().await?;
    let (all, mut answered, mut refused) = (args.ids.len(), 0, 0);
    for ids in args.ids.chunks(SETTLED_AT_ONCE) {
        let input = json!({ "redemptionIds": ids });
        let done = room.mutate(&document, input).await;
        let done = done.with_context(|| format!("{answered} of {all} were answered"))?;
        let done = match done {
            Ok(done) => done,
            Err(refused) => bail!("{refused}"),
        };
        let results = done["results"].as_array().map(Vec::as_slice);
        for (id, result) in ids.iter().zip(results.unwrap_or_default()) {
            answered += 1;
            refused += u64::from(Refused::read(result).is_some());
            print(&settled(id, result, args.staff.json))?;
        }
    }

    match (refused, all - answered) {
        (0, 0) => Ok(()),
        (refused, 0) => bail!("{refused} of {all} refused"),
        (_, missing) => bail!("the server said nothing of {missing} of {all}"),
    }
}

/// What became of the redemption called `id`, on a line.
fn settled(id: &str, result: &Value, json: bool) -> String {
    match (Refused::read(result), json) {
        (Some(Refused { code, message }), true) => {
            let refused = json!({ "id": id, "error": { "code": code, "message": message } });
            format!("{refused}\n")
        }
        (None, true) => format!("{result}\n"),
        (Some(refused), false) => format!("refused {id}: {refused}\n"),
        (None, false) => told(result),
    }
}

async fn refund(args: &RefundArgs) -> Result<()> {
    let document = format!(
        "mutation ($input: RefundRedemptionInput!) {{ done: refundRedemption(input: $input) {{
            ... on Redemption {{ {FIELDS} }} ... on Error {{ code message }}
        }} }}"
    );
    let room = args.staff.open().await?;
    let input = json!({
        "redemptionId": args.id,
        "points": args.points.map(|points| points.to_string()),
        "reason": args.reason,
    });
    let done = room.mutate_once(&document, input, &args.key.key()).await?;
    if args.staff.json {
        return print_json(&[done]);
    }

    let (id, cost, refunded) = (
        cell(&done, "id"),
        cell(&done, "cost"),
        cell(&done, "refunded"),
    );
    print(&format!(
        "refunded {id}: {refunded} of {cost} points have come back\n"
    ))
}

fn told(redemption: &Value) -> String {
    let (id, cost) = (cell(redemption, "id"), cell(redemption, "cost"));
    let status = cell(redemption, "status").to_lowercase();
    let title = plain(&cell(redemption, "title"));

    format!("{status} {id}: {title} for {cost}\n")
}

impl Status {
    /// As the API writes it.
    fn as_str(self) -> &'static str {
        match self {
            Self::Unfulfilled => "UNFULFILLED",
            Self::Fulfilled => "FULFILLED",
            Self::Canceled => "CANCELED",
            Self::Expired => "EXPIRED",
            Self::Entered => "ENTERED",
            Self::NotDrawn => "NOT_DRAWN",
        }
    }
}
