//! What is sold in a room, and to whom: made before anything goes wrong.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::access::token;
use crate::caller::Caller;

/// Members who earn and spend in each room: so few that they get in each other's way.
const PATRONS: usize = 5;
/// Points that a watched minute brings each of them.
pub const SLOT_POINTS: i64 = 5;
/// How often the limited reward can be redeemed in a session, by everybody and by one viewer: so few that
/// both limits are reached, and so many that both matter.
pub const PER_SESSION: i64 = 6;
pub const PER_VIEWER_AND_SESSION: i64 = 2;
/// The title of the limited one.
pub const LIMITED: &str = "Limited";

const CREATE: &str = "mutation ($input: CreateRewardInput!) {
    createReward(input: $input) { ... on Reward { id } ... on Error { message code } } }";
const PROGRAMME: &str = "mutation ($input: UpdateEarningProgrammeInput!) {
    updateEarningProgramme(input: $input) {
        ... on EarningProgramme { version } ... on Error { message code } } }";
const JOIN: &str = "mutation ($input: JoinRoomInput!) {
    joinRoom(input: $input) { ... on Participant { id } ... on Error { message code } } }";

/// A room that sells.
#[derive(Debug)]
pub struct Shop {
    /// Its global id.
    pub room: String,
    /// The global ids of what it sells.
    pub rewards: Vec<String>,
    pub patrons: Vec<Patron>,
}

/// A member with an account.
#[derive(Debug)]
pub struct Patron {
    pub name: String,
    /// Their global id in the room.
    pub id: String,
}

impl Shop {
    /// Opens a shop in a room. Whatever is asked for it may be asked again; a busy machine has to be.
    pub async fn open(caller: &mut Caller, room: &str) -> Result<Self> {
        let staff = token("service", "staff");
        let input = json!({
            "roomId": room, "expectedVersion": 1, "points": SLOT_POINTS.to_string(), "slots": 1,
        });
        let changed = ask(caller, &staff, PROGRAMME, input).await;
        let changed = &changed["updateEarningProgramme"];
        // Which is what is said of one that was changed before.
        let is_changed = changed["version"] == 2 || changed["code"] == "STALE_VERSION";
        ensure!(is_changed, "no programme: {changed}");

        let mut rewards = Vec::new();
        for reward in rewards_of(room) {
            let made = ask(caller, &staff, CREATE, reward).await;
            let id = made["createReward"]["id"].as_str();
            rewards.push(id.with_context(|| format!("no reward: {made}"))?.to_owned());
        }
        let mut patrons = Vec::new();
        for number in 0..PATRONS {
            let name = format!("patron-{number}");
            let input = json!({ "roomId": room, "name": name });
            let joined = ask(caller, &token("viewer", &name), JOIN, input).await;
            let id = joined["joinRoom"]["id"].as_str();
            let id = id
                .with_context(|| format!("no member: {joined}"))?
                .to_owned();
            patrons.push(Patron { name, id });
        }

        Ok(Self {
            room: room.to_owned(),
            rewards,
            patrons,
        })
    }
}

/// One with limits, one that everybody is told of, one that fulfills itself, and one that is drawn. What is said with each is the key
/// of the order, by which it is found again.
fn rewards_of(room: &str) -> [Value; 4] {
    let reward = |title: &str, cost: &str| {
        json!({
            "idempotencyKey": format!("{title} in {room}"), "roomId": room, "title": title, "cost": cost,
            "input": { "text": {} }, "redeemableOffline": true, "isAnnounced": false,
        })
    };
    let (mut limited, mut announced, mut prompt, mut drawn) = (
        reward(LIMITED, "10"),
        reward("Announced", "5"),
        reward("Prompt", "3"),
        reward("Drawn", "1"),
    );
    limited["limits"] = json!({
        "perSession": PER_SESSION.to_string(),
        "perViewerAndSession": PER_VIEWER_AND_SESSION.to_string(),
    });
    announced["isAnnounced"] = json!(true);
    prompt["autoFulfills"] = json!(true);
    // The shortest that there is, so that what is entered in one step is drawn in the next.
    drawn["draw"] = json!({ "windowMs": "5000", "winners": 1 });

    [limited, announced, prompt, drawn]
}

async fn ask(caller: &mut Caller, token: &str, document: &str, input: Value) -> Value {
    let variables = json!({ "input": input });

    caller.until_answered(token, document, &variables).await
}
