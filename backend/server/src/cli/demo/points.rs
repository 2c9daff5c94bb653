//! What the demo's viewers earn, and what they can redeem.

use anyhow::Result;
use serde_json::{Value, json};

use super::text_of;
use crate::simulate::Client;

const UPDATE_PROGRAMME: &str = "mutation ($input: UpdateEarningProgrammeInput!) {
  updateEarningProgramme(input: $input) { ... on EarningProgramme { points } ... on Error { message } }
}";
const CREATE_REWARD: &str = "mutation ($input: CreateRewardInput!) {
  createReward(input: $input) { ... on Reward { id } ... on Error { message } }
}";

/// Something that the audience redeems.
pub(super) struct Reward {
    pub(super) id: String,
    pub(super) cost: i64,
    /// Whether somebody has to see to it.
    pub(super) is_queued: bool,
    /// What the audience says with it.
    pub(super) says: &'static [&'static str],
}

/// What there is to redeem, one of each kind, and what the audience says with it.
fn rewards() -> [(Value, &'static [&'static str]); 4] {
    let maps = &["Harbour", "Old Town", "Space"];
    let words = &[
        "hello from Lisbon",
        "это лучший стрим",
        "どうぞ続けて！",
        "one more round",
    ];

    [
        (
            json!({
                "title": "Take a sip", "cost": "50", "color": "#35c2a5", "prompt": "Have Mira take a sip",
                "autoFulfills": true, "limits": { "cooldownMs": "10000" },
            }),
            &[],
        ),
        (
            json!({
                "title": "Say it on air", "cost": "80", "color": "#8b7bff", "prompt": "Up to 80 letters.",
                "input": { "text": { "pattern": ".{1,80}" } }, "showsInput": true,
            }),
            words,
        ),
        (
            json!({
                "title": "Pick the next map", "cost": "120", "color": "#ff9f43",
                "input": { "choice": maps },
            }),
            maps,
        ),
        (
            json!({
                "title": "A minute of silence", "cost": "400", "color": "#ff6b81",
                "limits": { "perSession": "1" }, "availability": { "trainLevelMin": 2 },
            }),
            &[],
        ),
    ]
}

/// Has viewers earn faster than anybody would outside a demo, before its session begins, which keeps to what is so
/// then; and makes the rewards.
pub(super) async fn set_up(client: &Client, room: &str) -> Result<Vec<Reward>> {
    let programme = json!({ "input": {
        "roomId": room, "expectedVersion": 1, "points": "20", "slots": 1, "firstWatchBonus": "100",
    } });
    let updated = client.execute(UPDATE_PROGRAMME, programme).await?;
    text_of(&updated["updateEarningProgramme"], "points")?;

    let mut made = Vec::new();
    for (mut input, says) in rewards() {
        input["roomId"] = room.into();
        input["idempotencyKey"] = input["title"].clone();
        let variables = json!({ "input": input });
        let created = client.execute(CREATE_REWARD, variables).await?;
        made.push(Reward {
            id: text_of(&created["createReward"], "id")?,
            cost: text_of(&input, "cost")?.parse()?,
            is_queued: input["autoFulfills"] != true,
            says,
        });
    }

    Ok(made)
}
