//! Where members and staff see to cases: opened by both, held for, withdrawn, and resolved, by two of the staff at once
//! as well.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::access::{global_id, token};
use crate::cases::{Cases, End, Ended, Opening};
use crate::http;
use crate::till::{Till, expect_refusal, id_of};

/// Points that a case is to hold at most, and that are taken back by it.
const POINTS_MAX: i64 = 40;

const OPEN: &str = "mutation ($input: OpenDisputeInput!) {
    openDispute(input: $input) { ... on Dispute { id } ... on Error { message code } } }";
const HOLD: &str = "mutation ($input: HoldDisputeInput!) {
    holdDispute(input: $input) { ... on Dispute { id held } ... on Error { message code } } }";
const RESOLVE: &str = "mutation ($input: ResolveDisputeInput!) {
    resolveDispute(input: $input) {
        ... on Dispute { id status returned clawedBack } ... on Error { message code } } }";
const WITHDRAW: &str = "mutation ($input: WithdrawDisputeInput!) {
    withdrawDispute(input: $input) { ... on Dispute { id } ... on Error { message code } } }";

impl Till {
    /// Something that is done about cases.
    pub(crate) async fn go_to_court(&mut self) -> Result<()> {
        match self.rng.u32(0..10) {
            0..=3 => self.dispute().await,
            4..=5 => self.hold().await,
            6..=7 => self.resolve_at_once().await,
            8 => self.resolve().await,
            _ => self.withdraw().await,
        }
    }

    /// Opens a case about something that a patron is known to have redeemed, or was given or charged: in their own
    /// name, or as staff.
    async fn dispute(&mut self) -> Result<()> {
        let shop = Arc::clone(&self.shop);
        let about_line = self.rng.bool();
        let Some((about, mut input)) = self.disputed(about_line) else {
            return Ok(());
        };
        let key = self.key();
        input["idempotencyKey"] = json!(key);
        input["roomId"] = json!(shop.room);
        input["reason"] = json!(key);
        let (by, token) = if self.rng.u32(0..3) == 0 {
            let patron = shop.patrons.iter().find(|patron| patron.name == about);
            input["participantId"] = json!(patron.context("a patron's")?.id);
            ("staff".to_owned(), token("service", "staff"))
        } else {
            (about.clone(), token("viewer", &about))
        };
        let opening = Opening { by, about };
        self.note_opening(&key, opening);
        for _ in 0..self.times() {
            let variables = json!({ "input": input });
            let answer = self.caller.until_answered(&token, OPEN, &variables).await;
            let answer = &answer["openDispute"];
            match id_of(answer) {
                Some(id) => {
                    let mut ledger = self.caller.ledger();
                    let cases = &mut ledger.accounts(&shop.room).cases;
                    cases.acknowledge_opening(&key, &id)?;
                }
                None => expect_refusal(
                    answer,
                    &[
                        "ALREADY_DISPUTED",
                        "NOTHING_MOVED",
                        "TOO_MANY_DISPUTES",
                        "TOO_MANY_DISPUTES_TODAY",
                    ],
                )?,
            }
        }
        Ok(())
    }

    fn note_opening(&mut self, key: &str, opening: Opening) {
        let mut ledger = self.caller.ledger();
        let cases = &mut ledger.accounts(&self.shop.room).cases;
        cases.openings.insert(key.to_owned(), opening);
    }

    /// Whose it is, and what of an opening's input says which.
    fn disputed(&mut self, about_line: bool) -> Option<(String, Value)> {
        let takes = self.rng.bool();
        let mut ledger = self.caller.ledger();
        let accounts = ledger.accounts(&self.shop.room);
        let of_key = |key: &String| {
            if about_line {
                accounts.moves[key].viewer.clone()
            } else {
                accounts.orders[key].clone()
            }
        };
        let known = if about_line {
            &accounts.moved
        } else {
            &accounts.redeemed
        };
        // What took something is what can be given back, so half of all lines are such.
        let is_fitting = |key: &&String| !(about_line && takes) || accounts.moves[*key].points < 0;
        let known = known.iter().filter(|(key, _)| is_fitting(key));
        let known = known.map(|(key, found)| (of_key(key), found));
        let known: Vec<_> = known.map(|(who, found)| (who, found.clone())).collect();
        drop(ledger);
        if known.is_empty() {
            return None;
        }
        let (who, found) = known[self.rng.usize(0..known.len())].clone();
        let input = if about_line {
            json!({ "transferSeq": found })
        } else {
            json!({ "redemptionId": global_id("Redemption", &found) })
        };

        Some((who, input))
    }

    async fn hold(&mut self) -> Result<()> {
        let shop = Arc::clone(&self.shop);
        let Some((case, _)) = self.open_case() else {
            return Ok(());
        };
        let points = self.rng.i64(0..POINTS_MAX);
        let input = json!({
            "idempotencyKey": self.key(), "roomId": shop.room,
            "disputeId": global_id("Dispute", &case), "points": points.to_string(),
        });
        for _ in 0..self.times() {
            let answer = self.ask("staff", HOLD, &input).await;
            let answer = &answer["holdDispute"];
            if id_of(answer).is_some() {
                let held = number(answer, "held")?;
                let mut ledger = self.caller.ledger();
                let cases = &mut ledger.accounts(&shop.room).cases;
                cases.acknowledge_hold(&case, held, points)?;
            } else {
                expect_refusal(answer, &["ALREADY_CLOSED"])?;
            }
        }
        Ok(())
    }

    async fn resolve(&mut self) -> Result<()> {
        let shop = Arc::clone(&self.shop);
        let Some((case, _)) = self.open_case() else {
            return Ok(());
        };
        let (key, kind) = (self.key(), self.rng.u32(0..4));
        let (ended, input) = self.ending(&case, &key, kind);
        for _ in 0..self.times() {
            let answer = self.ask("staff", RESOLVE, &input).await;
            let answer = &answer["resolveDispute"];
            let mut ledger = self.caller.ledger();
            take_end(
                &mut ledger.accounts(&shop.room).cases,
                &case,
                &ended,
                answer,
            )?;
        }
        Ok(())
    }

    /// Has two end the same case at once, at different nodes if there are, one by moving points and one in words.
    /// Neither asks again: what has no answer stays unknown to them.
    async fn resolve_at_once(&mut self) -> Result<()> {
        let shop = Arc::clone(&self.shop);
        let Some((case, _)) = self.open_case() else {
            return Ok(());
        };
        let (Some(here), Some(there)) = (self.caller.next_address(), self.others.next_address())
        else {
            return Ok(());
        };
        let kinds = (self.rng.u32(0..2), self.rng.u32(2..4));
        let key = self.key();
        let ann = self.ending(&case, &format!("{key}-ann"), kinds.0);
        let bob = self.ending(&case, &format!("{key}-bob"), kinds.1);
        let (moved, said) = tokio::join!(end(&here, "ann", &ann.1), end(&there, "bob", &bob.1));
        let mut winners = 0;
        let mut ledger = self.caller.ledger();
        let cases = &mut ledger.accounts(&shop.room).cases;
        for (answer, ended) in [(&moved, &ann.0), (&said, &bob.0)] {
            if let Some(answer) = answer {
                winners += u64::from(take_end(cases, &case, ended, answer)?);
            }
        }
        ensure!(winners < 2, "{case} was ended twice");
        let is_told = |answer: &Option<Value>| {
            let answer = answer.as_ref();
            answer.is_some_and(|answer| answer["code"] == "ALREADY_CLOSED")
        };
        cases.duels += u64::from(winners == 1 && (is_told(&moved) || is_told(&said)));

        Ok(())
    }

    /// An end that is noted as sent, and the input that asks for it: by giving back, taking back, or one of two sorts of
    /// words.
    fn ending(&mut self, case: &str, key: &str, kind: u32) -> (Ended, Value) {
        let points = if kind == 0 {
            self.rng.i64(1..3)
        } else {
            self.rng.i64(1..POINTS_MAX)
        };
        let mut input = json!({
            "idempotencyKey": key, "roomId": self.shop.room, "disputeId": global_id("Dispute", case),
            "resolution": key,
        });
        let mut ended = Ended {
            status: "resolved",
            returned: 0,
            clawed_back: 0,
            resolution: key.to_owned(),
        };
        match kind {
            0 => {
                input["giveBack"] = json!(points.to_string());
                ended.returned = points;
            }
            1 => {
                input["clawBack"] = json!(points.to_string());
                ended.clawed_back = points;
            }
            2 => {
                input["isDismissed"] = json!(true);
                ended.status = "dismissed";
            }
            _ => {}
        }
        self.note_end(key, case, &ended);

        (ended, input)
    }

    fn note_end(&mut self, key: &str, case: &str, comes_to: &Ended) {
        let end = End {
            case: case.to_owned(),
            comes_to: comes_to.clone(),
        };
        let mut ledger = self.caller.ledger();
        let cases = &mut ledger.accounts(&self.shop.room).cases;
        cases.endings.insert(key.to_owned(), end);
    }

    async fn withdraw(&mut self) -> Result<()> {
        let shop = Arc::clone(&self.shop);
        let Some((case, opening)) = self.open_case() else {
            return Ok(());
        };
        let key = self.key();
        let ended = Ended {
            status: "withdrawn",
            returned: 0,
            clawed_back: 0,
            resolution: String::new(),
        };
        self.note_end(&key, &case, &ended);
        let is_own = opening.by == opening.about;
        let token = token(if is_own { "viewer" } else { "service" }, &opening.by);
        let input = json!({
            "idempotencyKey": key, "roomId": shop.room, "disputeId": global_id("Dispute", &case),
        });
        for _ in 0..self.times() {
            let variables = json!({ "input": input });
            let answer = self
                .caller
                .until_answered(&token, WITHDRAW, &variables)
                .await;
            let answer = &answer["withdrawDispute"];
            if id_of(answer).is_some() {
                let mut ledger = self.caller.ledger();
                let cases = &mut ledger.accounts(&shop.room).cases;
                cases.acknowledge_end(&case, &ended)?;
            } else {
                expect_refusal(answer, &["ALREADY_CLOSED", "HELD_BY_STAFF"])?;
            }
        }
        Ok(())
    }

    /// One of the cases that nobody was told the end of.
    fn open_case(&mut self) -> Option<(String, Opening)> {
        let mut ledger = self.caller.ledger();
        let open = ledger.accounts(&self.shop.room).cases.open();
        drop(ledger);
        if open.is_empty() {
            return None;
        }

        Some(open[self.rng.usize(0..open.len())].clone())
    }
}

/// Takes in what somebody was answered who wanted to end a case. Returns whether they did.
fn take_end(cases: &mut Cases, case: &str, ended: &Ended, answer: &Value) -> Result<bool> {
    if id_of(answer).is_none() {
        let codes = ["ALREADY_CLOSED", "REFUND_TOO_MUCH", "NOT_FULFILLED"];
        expect_refusal(answer, &codes)?;
        return Ok(false);
    }
    let status = answer["status"].as_str().unwrap_or_default().to_lowercase();
    let moved = (number(answer, "returned")?, number(answer, "clawedBack")?);
    ensure!(
        status == ended.status && moved == (ended.returned, ended.clawed_back),
        "{case} was to come to {ended:?} and was acknowledged as {answer}"
    );
    cases.acknowledge_end(case, ended)?;

    Ok(true)
}

/// What one of two was answered, if they were.
async fn end(address: &str, by: &str, input: &Value) -> Option<Value> {
    let variables = json!({ "input": input });
    let answer = http::execute(address, &token("service", by), RESOLVE, &variables).await;

    answer.ok().map(|answer| answer["resolveDispute"].clone())
}

fn number(answer: &Value, field: &str) -> Result<i64> {
    let text = answer[field].as_str();

    Ok(text
        .with_context(|| format!("no {field}: {answer}"))?
        .parse()?)
}
