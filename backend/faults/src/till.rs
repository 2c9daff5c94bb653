//! Where points come and go: people who are granted and charged points, have them taken back, watch and redeem, and
//! staff who sees to what was redeemed, two of them to the same at once. What they dispute is seen to in `court`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use fastrand::Rng;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::access::{global_id, token, uuid_of};
use crate::accounts::{Move, Settled};
use crate::caller::Caller;
use crate::http;
use crate::shop::{Patron, Shop};

/// How long to wait between two acts.
const PACE: Duration = Duration::from_millis(15);
/// One in so many that was acknowledged is asked again all the same.
const ASKED_AGAIN: u32 = 5;
/// What each has from the first, so that something is redeemed however the dice fall: enough for one or two rewards,
/// so that many are refused for want of points all the same.
const FIRST_POINTS: i64 = 12;
/// Points that are taken back at once, at most: so few that debts are paid again.
const TAKEN_BACK_MAX: i64 = 40;
/// How many characters of a time say its minute.
const MINUTE_CHARS: usize = "2026-01-02T03:04".len();

const ORDER: &str = "mutation ($input: RedeemRewardInput!) {
    redeemReward(input: $input) { ... on Redemption { id status } ... on Error { message code } } }";
const REFUND: &str = "mutation ($input: RefundRedemptionInput!) {
    refundRedemption(input: $input) { ... on Redemption { id } ... on Error { message code } } }";
const CLAW_BACK: &str = "mutation ($input: PointsInput!) {
    clawBackPoints(input: $input) {
        ... on PointsClawback { taken owed } ... on Error { message code } } }";
const CREDIT: &str = "mutation ($input: CreditWatchingInput!) {
    creditWatching(input: $input) {
        ... on WatchCredit { viewers { viewerId outcome } } ... on Error { message code } } }";
const LOOK: &str = "query ($roomId: ID!, $participantId: ID!) {
    pointsAccount(roomId: $roomId, participantId: $participantId) { balance held available debt }
    economy(roomId: $roomId) { minted burned owed outstanding } }";

/// Somebody at the till of a room.
pub struct Till {
    pub caller: Caller,
    /// Who turns to another node at the same time.
    pub others: Caller,
    pub shop: Arc<Shop>,
    pub rng: Rng,
    /// What keys begin with.
    pub name: String,
    pub acts: u64,
}

impl Till {
    /// Acts until it is told to stop.
    pub async fn work_on(
        mut self,
        stopping: &AtomicBool,
        acknowledged: &watch::Sender<u64>,
    ) -> Result<()> {
        let shop = Arc::clone(&self.shop);
        for patron in &shop.patrons {
            self.acts += 1;
            self.move_points(patron, FIRST_POINTS).await?;
        }
        while !stopping.load(Ordering::Acquire) {
            self.acts += 1;
            match self.rng.u32(0..16) {
                0..=2 => self.grant_or_charge().await?,
                3..=4 => self.watch().await?,
                5..=9 => self.redeem(None).await?,
                10..=13 => self.settle_at_once().await?,
                14 => self.refund().await?,
                _ => self.look().await?,
            }
            acknowledged.send_modify(|count| *count += 1);
            sleep_until(Instant::now() + PACE).await;
        }
        Ok(())
    }

    /// Sees to cases until it is told to stop, and makes what they are about. One in each room, so that it is known
    /// what each case was told to hold last.
    pub async fn judge_on(
        mut self,
        stopping: &AtomicBool,
        acknowledged: &watch::Sender<u64>,
    ) -> Result<()> {
        let shop = Arc::clone(&self.shop);
        while !stopping.load(Ordering::Acquire) {
            self.acts += 1;
            match self.rng.u32(0..12) {
                0 => self.claw_back().await?,
                1 => {
                    let points = self.rng.i64(1..4);
                    let patron = self.patron(&shop);
                    self.move_points(patron, -points).await?;
                }
                2..=4 => self.redeem(shop.rewards.last()).await?,
                _ => self.go_to_court().await?,
            }
            acknowledged.send_modify(|count| *count += 1);
            sleep_until(Instant::now() + PACE).await;
        }
        Ok(())
    }

    async fn grant_or_charge(&mut self) -> Result<()> {
        let shop = Arc::clone(&self.shop);
        let patron = self.patron(&shop);
        let grants = self.rng.u32(0..4) > 0;
        let points = self.rng.i64(20..90);

        self.move_points(patron, if grants { points } else { -points })
            .await
    }

    async fn move_points(&mut self, patron: &Patron, points: i64) -> Result<()> {
        let (shop, key) = (Arc::clone(&self.shop), self.key());
        let act = if points > 0 {
            "grantPoints"
        } else {
            "chargePoints"
        };
        let document = format!(
            "mutation ($input: PointsInput!) {{ {act}(input: $input) {{
                ... on PointsTransfer {{ seq }} ... on Error {{ message code }} }} }}"
        );
        let moved = Move {
            viewer: patron.name.clone(),
            points,
        };
        self.caller
            .ledger()
            .accounts(&shop.room)
            .moves
            .insert(key.clone(), moved);
        let input = json!({
            "idempotencyKey": key, "roomId": shop.room, "participantId": patron.id,
            "points": points.abs().to_string(), "reason": key,
        });
        for _ in 0..self.times() {
            let answer = self.ask("staff", &document, &input).await;
            match answer[act]["seq"].as_str() {
                Some(seq) => {
                    let mut ledger = self.caller.ledger();
                    ledger.accounts(&shop.room).acknowledge_move(&key, seq)?;
                }
                None => expect_refusal(&answer[act], &["INSUFFICIENT_POINTS"])?,
            }
        }
        Ok(())
    }

    /// Takes points back, more of them than somebody has now and then, so that they are in debt.
    async fn claw_back(&mut self) -> Result<()> {
        let shop = Arc::clone(&self.shop);
        let (key, patron) = (self.key(), self.patron(&shop));
        let points = self.rng.i64(1..TAKEN_BACK_MAX);
        let taken = Move {
            viewer: patron.name.clone(),
            points,
        };
        self.caller
            .ledger()
            .accounts(&shop.room)
            .clawbacks
            .insert(key.clone(), taken);
        let input = json!({
            "idempotencyKey": key, "roomId": shop.room, "participantId": patron.id,
            "points": points.to_string(), "reason": key,
        });
        for _ in 0..self.times() {
            let answer = self.ask("staff", CLAW_BACK, &input).await;
            let answer = &answer["clawBackPoints"];
            let part = |field: &str| -> Result<i64> {
                let text = answer[field].as_str();
                Ok(text
                    .with_context(|| format!("nothing was taken back: {answer}"))?
                    .parse()?)
            };
            let parts = [part("taken")?, part("owed")?];
            let mut ledger = self.caller.ledger();
            let accounts = ledger.accounts(&shop.room);
            accounts.acknowledge_clawback(&key, parts)?;
        }
        Ok(())
    }

    /// Reports who watched the minute in which the session began, as far as it was heard of one.
    async fn watch(&mut self) -> Result<()> {
        let shop = Arc::clone(&self.shop);
        let Some(heard) = self.caller.ledger().shows.get(&shop.room).cloned() else {
            return Ok(());
        };
        let minute = heard.started_at.chars().take(MINUTE_CHARS);
        let minute: String = minute.collect();
        let viewers: Vec<&str> = shop
            .patrons
            .iter()
            .filter(|_| self.rng.bool())
            .map(|patron| &*patron.name)
            .collect();
        if viewers.is_empty() {
            return Ok(());
        }
        let slots = viewers
            .iter()
            .map(|viewer| ((*viewer).to_owned(), minute.clone()));
        self.caller
            .ledger()
            .accounts(&shop.room)
            .watched
            .extend(slots);
        let input = json!({
            "roomId": shop.room, "sessionId": heard.id, "minute": heard.started_at,
            "viewerIds": viewers,
        });
        let answer = self.ask("staff", CREDIT, &input).await;
        let told = answer["creditWatching"]["viewers"].as_array();
        let told = told.with_context(|| format!("a report was refused: {answer}"))?;
        let mut ledger = self.caller.ledger();
        for viewer in told {
            let (name, outcome) = (&viewer["viewerId"], &viewer["outcome"]);
            let name = name.as_str().context("a viewer has an id")?;
            let outcome = outcome.as_str().context("a viewer has an outcome")?;
            ledger
                .accounts(&shop.room)
                .acknowledge_minute(name, &minute, outcome)?;
        }

        Ok(())
    }

    /// Redeems one of the rewards, or the one that is given.
    async fn redeem(&mut self, given: Option<&String>) -> Result<()> {
        let shop = Arc::clone(&self.shop);
        let (key, patron) = (self.key(), self.patron(&shop));
        let any = self.rng.usize(0..shop.rewards.len());
        let reward = given.unwrap_or(&shop.rewards[any]);
        self.caller
            .ledger()
            .accounts(&shop.room)
            .orders
            .insert(key.clone(), patron.name.clone());
        let input = json!({
            "idempotencyKey": key, "roomId": shop.room, "rewardId": reward, "input": key,
        });
        let token = token("viewer", &patron.name);
        for _ in 0..self.times() {
            let variables = json!({ "input": input });
            let answer = self.caller.until_answered(&token, ORDER, &variables).await;
            match id_of(&answer["redeemReward"]) {
                Some(id) => {
                    let mut ledger = self.caller.ledger();
                    let accounts = ledger.accounts(&shop.room);
                    accounts.acknowledge_order(&key, &id)?;
                    if answer["redeemReward"]["status"] == "FULFILLED" {
                        let (status, by) = ("fulfilled", "");
                        accounts.acknowledge_settlement(&id, Settled { status, by })?;
                    }
                }
                None => expect_refusal(
                    &answer["redeemReward"],
                    &[
                        "SESSION_LIMIT",
                        "VIEWER_LIMIT",
                        "ALREADY_ENTERED",
                        "INSUFFICIENT_POINTS",
                    ],
                )?,
            }
        }
        Ok(())
    }

    /// Has two see to the same redemption at once, one to fulfill and one to cancel it, at different nodes if there
    /// are. Neither asks again: what has no answer stays unknown to them.
    async fn settle_at_once(&mut self) -> Result<()> {
        let shop = Arc::clone(&self.shop);
        let Some((id, uuid)) = self.redemption(None) else {
            return Ok(());
        };
        let (Some(here), Some(there)) = (self.caller.next_address(), self.others.next_address())
        else {
            return Ok(());
        };
        let input = json!({ "roomId": shop.room, "redemptionId": id });
        let (fulfilled, canceled) = tokio::join!(
            settle(&here, "ann", "fulfillRedemption", &input),
            settle(&there, "bob", "cancelRedemption", &input),
        );
        let mut winners = 0;
        let sides = [
            (&fulfilled, "fulfilled", "ann"),
            (&canceled, "canceled", "bob"),
        ];
        let mut ledger = self.caller.ledger();
        let accounts = ledger.accounts(&shop.room);
        for (answer, status, by) in sides {
            let Some(answer) = answer else {
                continue;
            };
            if id_of(answer).is_some() {
                winners += 1;
                accounts.acknowledge_settlement(&uuid, Settled { status, by })?;
            } else {
                let codes = [
                    "ALREADY_FULFILLED",
                    "ALREADY_CANCELED",
                    "IN_DRAW",
                    "NOT_DRAWN",
                ];
                expect_refusal(answer, &codes)?;
            }
        }
        ensure!(winners < 2, "{uuid} was fulfilled and canceled");
        let is_told = |answer: &Option<Value>| {
            let code = answer.as_ref().and_then(|answer| answer["code"].as_str());
            matches!(code, Some("ALREADY_FULFILLED" | "ALREADY_CANCELED"))
        };
        accounts.duels += u64::from(winners == 1 && (is_told(&fulfilled) || is_told(&canceled)));

        Ok(())
    }

    async fn refund(&mut self) -> Result<()> {
        let shop = Arc::clone(&self.shop);
        let Some((id, uuid)) = self.redemption(Some("fulfilled")) else {
            return Ok(());
        };
        let key = self.key();
        self.caller
            .ledger()
            .accounts(&shop.room)
            .refunds
            .insert(key.clone(), uuid);
        let input = json!({
            "idempotencyKey": key, "roomId": shop.room, "redemptionId": id, "points": "1",
            "reason": key,
        });
        for _ in 0..self.times() {
            let answer = self.ask("staff", REFUND, &input).await;
            if id_of(&answer["refundRedemption"]).is_some() {
                let mut ledger = self.caller.ledger();
                ledger.accounts(&shop.room).refunded.insert(key.clone());
            } else {
                expect_refusal(
                    &answer["refundRedemption"],
                    &["NOT_FULFILLED", "ALREADY_REFUNDED"],
                )?;
            }
        }
        Ok(())
    }

    /// Looks at an account, whatever happens meanwhile.
    async fn look(&mut self) -> Result<()> {
        let shop = Arc::clone(&self.shop);
        let patron = self.patron(&shop);
        let variables = json!({ "roomId": shop.room, "participantId": patron.id });
        let staff = token("service", "staff");
        let seen = self.caller.until_answered(&staff, LOOK, &variables).await;
        let number = |of: &str, field: &str| -> Result<i64> {
            let text = seen[of][field].as_str();
            Ok(text
                .with_context(|| format!("no {field}: {seen}"))?
                .parse()?)
        };
        let of = |field| number("pointsAccount", field);
        let (balance, held, available) = (of("balance")?, of("held")?, of("available")?);
        let debt = of("debt")?;
        ensure!(
            held >= 0 && available >= 0 && balance == held + available,
            "{} has {balance}, of which {held} are held",
            patron.name
        );
        ensure!(
            debt == 0 || debt > 0 && available == 0,
            "{} owes {debt} and has {available} to spend",
            patron.name
        );
        let of = |field| number("economy", field);
        let (minted, burned, owed) = (of("minted")?, of("burned")?, of("owed")?);
        let outstanding = of("outstanding")?;
        ensure!(
            burned >= 0 && outstanding >= 0 && minted + owed == burned + outstanding,
            "the room has minted {minted}, and {burned} of it is gone"
        );

        Ok(())
    }

    pub(crate) async fn ask(&mut self, subject: &str, document: &str, input: &Value) -> Value {
        let token = token("service", subject);
        let variables = json!({ "input": input });

        self.caller
            .until_answered(&token, document, &variables)
            .await
    }

    pub(crate) fn key(&self) -> String {
        format!("{}-{}", self.name, self.acts)
    }

    fn patron<'a>(&mut self, shop: &'a Shop) -> &'a Patron {
        &shop.patrons[self.rng.usize(0..shop.patrons.len())]
    }

    /// How often to ask the same.
    pub(crate) fn times(&mut self) -> usize {
        if self.rng.u32(0..ASKED_AGAIN) == 0 {
            2
        } else {
            1
        }
    }

    /// A redemption that is known to have become that, or of which nobody was told that it was seen to, as its
    /// global id and its UUID's digits.
    fn redemption(&mut self, status: Option<&str>) -> Option<(String, String)> {
        let mut ledger = self.caller.ledger();
        let accounts = ledger.accounts(&self.shop.room);
        let became = |uuid: &&String| accounts.settled.get(*uuid).map(|settled| settled.status);
        let uuids = accounts.redeemed.values();
        let uuids = uuids.filter(|uuid| became(uuid) == status);
        let uuids: Vec<_> = uuids.cloned().collect();
        drop(ledger);
        if uuids.is_empty() {
            return None;
        }
        let uuid = uuids[self.rng.usize(0..uuids.len())].clone();

        Some((global_id("Redemption", &uuid), uuid))
    }
}

/// What one of two was answered, if they were.
async fn settle(address: &str, by: &str, act: &str, input: &Value) -> Option<Value> {
    let document = format!(
        "mutation ($input: SettleRedemptionInput!) {{ {act}(input: $input) {{
            ... on Redemption {{ id }} ... on Error {{ message code }} }} }}"
    );
    let token = token("service", by);
    let answer = http::execute(address, &token, &document, &json!({ "input": input })).await;

    answer.ok().map(|answer| answer[act].clone())
}

pub(crate) fn id_of(answer: &Value) -> Option<String> {
    answer["id"].as_str().and_then(uuid_of)
}

pub(crate) fn expect_refusal(answer: &Value, codes: &[&str]) -> Result<()> {
    let code = answer["code"].as_str().unwrap_or_default();
    if !codes.contains(&code) {
        bail!("refused otherwise than expected: {answer}");
    }

    Ok(())
}
