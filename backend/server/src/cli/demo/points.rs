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

/// What there is to redeem, and what is said with it.
const REWARDS: [(&str, i64, &str, &[&str]); 4] = [
    ("Take a sip", 50, "#35c2a5", &[]),
    (
        "Say it on air",
        80,
        "#8b7bff",
        &[
            "hello from Lisbon",
            "это лучший стрим",
            "どうぞ続けて！",
            "one more round",
        ],
    ),
    (
        "Pick the next map",
        120,
        "#ff9f43",
        &["Harbour", "Old Town", "Space"],
    ),
    ("A minute of silence", 400, "#ff6b81", &[]),
];

/// Has viewers earn faster than anybody would outside a demo, before its session begins, which keeps to what is so
/// then; and makes the rewards.
pub(super) async fn set_up(client: &Client, room: &str) -> Result<Vec<Reward>> {
    let programme = json!({ "input": {
        "roomId": room, "expectedVersion": 1, "points": "20", "slots": 1, "firstWatchBonus": "100",
    } });
    let updated = client.execute(UPDATE_PROGRAMME, programme).await?;
    text_of(&updated["updateEarningProgramme"], "points")?;

    let mut made = Vec::new();
    for (title, cost, color, says) in REWARDS {
        let mut input = json!({
            "roomId": room, "idempotencyKey": title, "title": title, "cost": cost.to_string(), "color": color,
        });
        for (name, value) in particulars(title, says).as_object().into_iter().flatten() {
            input[name] = value.clone();
        }
        let created = client
            .execute(CREATE_REWARD, json!({ "input": input }))
            .await?;
        made.push(Reward {
            id: text_of(&created["createReward"], "id")?,
            cost,
            is_queued: !input["autoFulfills"].as_bool().unwrap_or_default(),
            says,
        });
    }

    Ok(made)
}

/// What is particular about each reward: one of every kind of them.
fn particulars(title: &str, says: &[&str]) -> Value {
    match title {
        "Take a sip" => json!({
            "prompt": "Have Mira take a sip", "autoFulfills": true, "limits": { "cooldownMs": "10000" },
        }),
        "Say it on air" => json!({
            "prompt": "Up to 80 letters.", "input": { "text": { "pattern": ".{1,80}" } },
            "showsInput": true,
        }),
        "Pick the next map" => json!({ "input": { "choice": says } }),
        _ => json!({ "limits": { "perSession": "1" }, "availability": { "trainLevelMin": 2 } }),
    }
}
