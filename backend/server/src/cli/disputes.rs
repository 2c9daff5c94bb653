//! `parlor disputes`: the cases about members' points, seen to from a terminal.

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::listing::{LimitArgs, Listing};
use super::print;
use super::staff::{KeyArgs, StaffArgs, StaffRoom, cell, print_json};
use super::table::{plain, table};

const FIELDS: &str =
    "id roomId participantId redemptionId transferSeq reason isByStaff openedBy openedAt status held
    closedAt closedBy resolution returned clawedBack";

#[derive(Debug, Args)]
pub(super) struct DisputesArgs {
    #[command(subcommand)]
    command: DisputesCommand,
}

#[derive(Debug, Subcommand)]
enum DisputesCommand {
    /// List what is disputed in a room, the oldest first
    List(ListArgs),

    /// Show one dispute, with everything that was said
    Show(ShowArgs),

    /// Open a dispute about a redemption or a line of somebody's statement
    ///
    /// It is opened about whom `--participant` names; without one, about whoever the token is of.
    Open(OpenArgs),

    /// Hold points of the member for a dispute, so that they are not spent meanwhile
    ///
    /// The number takes the place of what was held before; 0 lets go of all.
    Hold(HoldArgs),

    /// End a dispute, with points that are given or taken back, or with words alone
    Resolve(ResolveArgs),

    /// Take back a dispute that was opened by whoever the token is of
    Withdraw(WithdrawArgs),
}

#[derive(Debug, Args)]
struct ListArgs {
    #[command(flatten)]
    staff: StaffArgs,

    /// Only what became that
    #[arg(long, value_enum, ignore_case = true)]
    status: Option<Status>,

    /// Only those about one participant, by their id
    #[arg(long, value_name = "ID")]
    participant: Option<String>,

    #[command(flatten)]
    limit: LimitArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Status {
    Open,
    Resolved,
    Dismissed,
    Withdrawn,
}

#[derive(Debug, Args)]
struct ShowArgs {
    #[command(flatten)]
    staff: StaffArgs,

    /// The dispute, by its id
    #[arg(value_name = "ID")]
    id: String,
}

#[derive(Debug, Args)]
#[group(id = "subject", required = true, multiple = false, args = ["redemption", "line"])]
struct OpenArgs {
    #[command(flatten)]
    staff: StaffArgs,

    /// Whose it is, by their participant's id
    #[arg(long, value_name = "ID")]
    participant: Option<String>,

    /// The redemption that it is about, by its id
    #[arg(long, value_name = "ID")]
    redemption: Option<String>,

    /// The line of the statement that it is about, by its position
    #[arg(long, value_name = "SEQ")]
    line: Option<i64>,

    /// What is wrong
    #[arg(long, value_name = "TEXT")]
    reason: String,

    #[command(flatten)]
    key: KeyArgs,
}

#[derive(Debug, Args)]
struct WithdrawArgs {
    #[command(flatten)]
    staff: StaffArgs,

    /// The dispute, by its id
    #[arg(value_name = "ID")]
    id: String,

    #[command(flatten)]
    key: KeyArgs,
}

#[derive(Debug, Args)]
struct HoldArgs {
    #[command(flatten)]
    staff: StaffArgs,

    /// The dispute, by its id
    #[arg(value_name = "ID")]
    id: String,

    /// How many points; all that there are to hold if there are fewer
    #[arg(long, value_name = "POINTS")]
    points: i64,

    #[command(flatten)]
    key: KeyArgs,
}

#[derive(Debug, Args)]
struct ResolveArgs {
    #[command(flatten)]
    staff: StaffArgs,

    /// The dispute, by its id
    #[arg(value_name = "ID")]
    id: String,

    /// What the member reads
    #[arg(long, value_name = "TEXT")]
    resolution: String,

    /// How many points are given back to the member
    #[arg(long, value_name = "POINTS", conflicts_with_all = ["claw_back", "dismiss"])]
    give_back: Option<i64>,

    /// How many points are taken back from the member, what is held first
    #[arg(long, value_name = "POINTS", conflicts_with = "dismiss")]
    claw_back: Option<i64>,

    /// Nothing was found to be wrong
    #[arg(long)]
    dismiss: bool,

    #[command(flatten)]
    key: KeyArgs,
}

pub(super) async fn disputes(args: DisputesArgs) -> Result<()> {
    match args.command {
        DisputesCommand::List(args) => list(&args).await,
        DisputesCommand::Show(args) => show(&args).await,
        DisputesCommand::Open(args) => open(&args).await,
        DisputesCommand::Hold(args) => hold(&args).await,
        DisputesCommand::Resolve(args) => resolve(&args).await,
        DisputesCommand::Withdraw(args) => withdraw(&args).await,
    }
}

async fn list(args: &ListArgs) -> Result<()> {
    let room = args.staff.open().await?;
    let found = read(&room, args).await?;
    if args.staff.json {
        print_json(&found.nodes)?;
    } else {
        print(&listed(&found.nodes))?;
    }

    found.say_if_more();
    Ok(())
}

async fn read(room: &StaffRoom, args: &ListArgs) -> Result<Listing> {
    let document = format!(
        "query ($room: ID!, $status: DisputeStatus, $who: ID, $page: ConnectionInput) {{
            disputesConnection(roomId: $room, status: $status, participantId: $who, page: $page) {{
                nodes {{ {FIELDS} }} totalCount pageInfo {{ endCursor hasNextPage }}
            }}
        }}"
    );
    let variables = json!({
        "status": args.status.map(Status::as_str),
        "who": args.participant,
    });

    Listing::read(
        room,
        &args.limit,
        "disputesConnection",
        &document,
        variables,
    )
    .await
}

fn listed(disputes: &[Value]) -> String {
    let rows: Vec<_> = disputes
        .iter()
        .map(|one| {
            [
                cell(one, "id"),
                cell(one, "status"),
                cell(one, "openedAt"),
                cell(one, "openedBy"),
                about(one),
                cell(one, "held"),
                cell(one, "returned"),
                cell(one, "clawedBack"),
                cell(one, "reason"),
            ]
        })
        .collect();
    let head = [
        "ID",
        "STATUS",
        "OPENED",
        "BY",
        "ABOUT",
        "HELD",
        "RETURNED",
        "CLAWED BACK",
        "REASON",
    ];

    table(head, &rows)
}

/// What it is about: a redemption's id, or a line by its position.
fn about(dispute: &Value) -> String {
    match cell(dispute, "transferSeq") {
        seq if seq.is_empty() => cell(dispute, "redemptionId"),
        seq => format!("line {seq}"),
    }
}

async fn show(args: &ShowArgs) -> Result<()> {
    let room = args.staff.open().await?;
    let document = format!(
        "query ($room: ID!, $id: ID!) {{ room(id: $room) {{ id }} dispute(id: $id) {{ {FIELDS} }} }}"
    );
    let mut answer = room.query(&document, json!({ "id": args.id })).await?;
    let dispute = answer["dispute"].take();
    // One of another room's is none of this one's.
    if dispute.is_null() || dispute["roomId"] != answer["room"]["id"] {
        anyhow::bail!("there is no dispute {}", plain(&args.id));
    }
    if args.staff.json {
        return print_json(&[dispute]);
    }

    let told = |field: &str| plain(&cell(&dispute, field));
    let mut lines = vec![
        format!("{} {}", told("status").to_lowercase(), told("id")),
        format!("about {} of {}", about(&dispute), told("participantId")),
        format!("opened {} by {}", told("openedAt"), told("openedBy")),
        format!("reason: {}", told("reason")),
        format!("held {}", told("held")),
    ];
    if !cell(&dispute, "closedAt").is_empty() {
        lines.push(format!(
            "closed {} by {}",
            told("closedAt"),
            told("closedBy")
        ));
        lines.push(format!("resolution: {}", told("resolution")));
        let (returned, clawed_back) = (told("returned"), told("clawedBack"));
        lines.push(format!("returned {returned}, clawed back {clawed_back}"));
    }
    print(&format!("{}\n", lines.join("\n")))
}

async fn open(args: &OpenArgs) -> Result<()> {
    let input = json!({
        "participantId": args.participant,
        "redemptionId": args.redemption,
        "transferSeq": args.line.map(|seq| seq.to_string()),
        "reason": args.reason,
    });
    let (mutation, of_input) = ("openDispute", "OpenDisputeInput");
    let done = decide(&args.staff, &args.key, mutation, of_input, input).await?;
    if args.staff.json {
        return print_json(&[done]);
    }

    let (id, whose) = (cell(&done, "id"), cell(&done, "participantId"));
    print(&format!("opened {id}: about {} of {whose}\n", about(&done)))
}

async fn withdraw(args: &WithdrawArgs) -> Result<()> {
    let input = json!({ "disputeId": args.id });
    let (mutation, of_input) = ("withdrawDispute", "WithdrawDisputeInput");
    let done = decide(&args.staff, &args.key, mutation, of_input, input).await?;
    if args.staff.json {
        return print_json(&[done]);
    }

    print(&format!("withdrawn {}\n", cell(&done, "id")))
}

async fn hold(args: &HoldArgs) -> Result<()> {
    let input = json!({ "disputeId": args.id, "points": args.points.to_string() });
    let done = decide(
        &args.staff,
        &args.key,
        "holdDispute",
        "HoldDisputeInput",
        input,
    )
    .await?;
    if args.staff.json {
        return print_json(&[done]);
    }

    let (id, held) = (cell(&done, "id"), cell(&done, "held"));
    let asked = args.points.to_string();
    let few = if held == asked {
        String::new()
    } else {
        format!(" of {asked}, for the member has no more to hold")
    };
    print(&format!("held {id}: {held} points{few}\n"))
}

async fn resolve(args: &ResolveArgs) -> Result<()> {
    let text = |points: Option<i64>| points.map(|points| points.to_string());
    let input = json!({
        "disputeId": args.id,
        "resolution": args.resolution,
        "giveBack": text(args.give_back),
        "clawBack": text(args.claw_back),
        "isDismissed": args.dismiss,
    });
    let (mutation, of_input) = ("resolveDispute", "ResolveDisputeInput");
    let done = decide(&args.staff, &args.key, mutation, of_input, input).await?;
    if args.staff.json {
        return print_json(&[done]);
    }

    let status = cell(&done, "status").to_lowercase();
    let (id, returned, clawed_back) = (
        cell(&done, "id"),
        cell(&done, "returned"),
        cell(&done, "clawedBack"),
    );
    print(&format!(
        "{status} {id}: {returned} points given back, {clawed_back} taken back\n"
    ))
}

/// Has something decided once about a dispute, whose answer it is.
async fn decide(
    staff: &StaffArgs,
    key: &KeyArgs,
    mutation: &str,
    of_input: &str,
    input: Value,
) -> Result<Value> {
    let document = format!(
        "mutation ($input: {of_input}!) {{ done: {mutation}(input: $input) {{
            ... on Dispute {{ {FIELDS} }} ... on Error {{ code message }}
        }} }}"
    );
    let room = staff.open().await?;

    room.mutate_once(&document, input, &key.key()).await
}

impl Status {
    /// As the API writes it.
    fn as_str(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Resolved => "RESOLVED",
            Self::Dismissed => "DISMISSED",
            Self::Withdrawn => "WITHDRAWN",
        }
    }
}
