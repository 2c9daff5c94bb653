//! What is redeemed is paid for once, by whoever asked for it, whatever becomes of the answer.

use parlor::{Api, CommandError, NewRedemption, Redemption, RedemptionStatus};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::task::JoinHandle;

use crate::server::{Asked, Server, within};

/// How often a client asks before it says that it went wrong.
const TRIES: usize = 4;

type Redeeming = JoinHandle<Result<Redemption, CommandError>>;

/// A folder that is not there yet, and goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let name = format!("parlor-points-{}-{test}", std::process::id());

        Self(std::env::temp_dir().join(name))
    }

    /// Commands of an application that has just been started.
    fn api(&self, server: &Server, token: &str) -> Arc<Api> {
        let folder = self.0.to_str().unwrap().to_owned();

        Api::new(&server.url(), Some(token.to_owned()), Some(folder)).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Says that what is being redeemed is refused, as of somebody else than is signed in.
async fn is_another_viewers(redeeming: Redeeming) {
    let refused = within(redeeming).await.unwrap();
    assert!(
        matches!(&refused, Err(CommandError::Forbidden { code, .. }) if code == "VIEWER_CHANGED"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn an_answer_that_is_lost_is_asked_for_again_by_the_same_key() {
    let (server, folder) = (Server::start().await, Folder::new("lost"));
    let api = folder.api(&server, "ana");
    let redeeming = redeem(&api, order());
    assert_eq!(who_asks(&server, "ana").await, "ana");
    let first = asked(&server).await;
    let lost = first.input();
    drop(first);

    let again = asked(&server).await;
    assert_eq!(again.input(), lost);
    assert_eq!((&lost["cost"], &lost["input"]), (&json!("30"), &json!("4")));
    again.answer(&redeemed()).await;
    let redemption = within(redeeming).await.unwrap().unwrap();
    assert_eq!(redemption.status, RedemptionStatus::Unfulfilled);
    assert_eq!(noted(&folder), 0);

    // The next one is another.
    let next = redeem(&api, order());
    let other = asked(&server).await;
    assert_ne!(other.input()["idempotencyKey"], lost["idempotencyKey"]);
    other.answer(&redeemed()).await;
    within(next).await.unwrap().unwrap();
}

#[tokio::test]
async fn what_an_application_that_ended_had_asked_for_is_settled_by_the_next() {
    let (server, folder) = (Server::start().await, Folder::new("restart"));
    let lost = lose(&server, &folder).await;

    let next = folder.api(&server, "ana renewed");
    let settling = settle(&next);
    who_asks(&server, "ana").await;
    let again = asked(&server).await;
    assert_eq!(again.input(), lost);
    again.answer(&redeemed()).await;
    let settled = within(settling).await.unwrap().unwrap();
    assert_eq!(settled.len(), 1);
    assert!(settled[0].is_answered);
    assert_eq!(settled[0].input.as_deref(), Some("4"));
    assert_eq!(settled[0].redemption.as_ref().unwrap().id, "r1");

    // That is all: nothing more is asked.
    assert_eq!(
        within(next.settle_redemptions("room-1".to_owned())).await,
        Ok(vec![])
    );
}

#[tokio::test]
async fn the_same_order_after_a_restart_costs_what_it_cost_when_it_was_asked_for_first() {
    let (server, folder) = (Server::start().await, Folder::new("again"));
    let lost = lose(&server, &folder).await;

    let next = folder.api(&server, "ana");
    let redeeming = redeem(
        &next,
        NewRedemption {
            cost: Some(90),
            ..order()
        },
    );
    who_asks(&server, "ana").await;
    let again = asked(&server).await;
    assert_eq!(again.input(), lost);
    again.answer(&redeemed()).await;
    within(redeeming).await.unwrap().unwrap();
}

#[tokio::test]
async fn nobody_pays_for_what_somebody_else_has_asked_for() {
    let (server, folder) = (Server::start().await, Folder::new("other"));
    lose(&server, &folder).await;

    // After a restart: who they are is all that is asked.
    let of_ben = folder.api(&server, "ben");
    let settling = settle(&of_ben);
    who_asks(&server, "ben").await;
    assert_eq!(within(settling).await.unwrap(), Ok(vec![]));
    assert_eq!(noted(&folder), 1);
    // And while it is asked.
    let of_ana = folder.api(&server, "ana");
    let redeeming = redeem(&of_ana, order());
    who_asks(&server, "ana").await;
    let unanswered = asked(&server).await;
    of_ana.set_token("ben".to_owned());
    drop(unanswered);
    who_asks(&server, "ben").await;
    is_another_viewers(redeeming).await;
    assert_eq!(noted(&folder), 1);
}

#[tokio::test]
async fn what_becomes_of_an_order_is_not_told_to_whoever_is_signed_in_since() {
    let (server, folder) = (Server::start().await, Folder::new("since"));
    lose(&server, &folder).await;
    let api = folder.api(&server, "ana");
    let settling = settle(&api);
    who_asks(&server, "ana").await;
    let asked = asked(&server).await;
    api.set_token("ben".to_owned());
    asked.answer(&redeemed()).await;
    who_asks(&server, "ben").await;

    assert_eq!(within(settling).await.unwrap(), Ok(vec![]));
    assert_eq!(noted(&folder), 0);
}

#[tokio::test]
async fn a_request_goes_out_with_the_token_that_was_found_to_be_the_viewers() {
    let (server, folder) = (Server::start().await, Folder::new("token"));
    let api = folder.api(&server, "ana");
    let redeeming = redeem(&api, order());
    let access = server.accept_request().await;
    // Too late for this request, and it is not made with it.
    api.set_token("ben".to_owned());
    assert_eq!(access.token(), "ana");
    access.answer(&member("ana")).await;
    who_asks(&server, "ben").await;

    let refused = within(redeeming).await.unwrap();
    assert!(
        matches!(refused, Err(CommandError::Forbidden { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn whoever_signs_in_while_it_is_asked_who_pays_does_not() {
    let (server, folder) = (Server::start().await, Folder::new("while"));
    let api = folder.api(&server, "ana");
    let redeeming = redeem(&api, order());
    who_asks(&server, "ana").await;
    let unanswered = asked(&server).await;
    api.set_token("ana renewed".to_owned());
    drop(unanswered);
    let access = server.accept_request().await;
    api.set_token("ben".to_owned());
    access.answer(&member("ana")).await;

    let again = asked(&server).await;
    assert_eq!(again.token(), "ana renewed");
    again.answer(&redeemed()).await;
    within(redeeming).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_refusal_says_which_rule_and_is_an_answer() {
    let (server, folder) = (Server::start().await, Folder::new("refused"));
    let api = folder.api(&server, "ana");
    let poor = json!({
        "__typename": "ConflictError", "message": "too few", "code": "INSUFFICIENT_POINTS",
    });
    let typo = json!({
        "__typename": "ValidationError", "message": "no number", "code": "VALIDATION",
        "field": "input", "constraint": "number",
    });
    let redeeming = redeem(&api, order());
    who_asks(&server, "ana").await;
    asked(&server).await.answer(&answer(&poor)).await;
    assert_eq!(
        within(redeeming).await.unwrap(),
        Err(CommandError::Conflict {
            reason: "too few".to_owned(),
            code: "INSUFFICIENT_POINTS".to_owned()
        })
    );
    let redeeming = redeem(&api, order());
    asked(&server).await.answer(&answer(&typo)).await;
    assert_eq!(
        within(redeeming).await.unwrap(),
        Err(CommandError::Invalid {
            reason: "no number".to_owned(),
            field: Some("input".to_owned()),
            constraint: Some("number".to_owned())
        })
    );
    assert_eq!(noted(&folder), 0);
}

#[tokio::test]
async fn who_never_joined_has_nothing_to_redeem_by() {
    let (server, folder) = (Server::start().await, Folder::new("stranger"));
    let api = folder.api(&server, "eve");
    let redeeming = redeem(&api, order());
    let nobody = json!({ "data": { "roomAccess": { "participant": null, "capabilities": [] } } });
    server.answer(&nobody).await;

    let refused = within(redeeming).await.unwrap();
    assert!(
        matches!(&refused, Err(CommandError::Forbidden { code, .. }) if code == "NOT_JOINED"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn what_cannot_be_noted_is_not_asked_for() {
    let (server, folder) = (Server::start().await, Folder::new("full"));
    std::fs::write(&folder.0, "a file").unwrap();
    let api = folder.api(&server, "ana");
    let redeeming = redeem(&api, order());
    who_asks(&server, "ana").await;

    let failed = within(redeeming).await.unwrap();
    std::fs::remove_file(&folder.0).unwrap();
    assert!(
        matches!(&failed, Err(CommandError::Conflict { code, .. }) if code == "NOT_NOTED"),
        "{failed:?}"
    );
}

#[tokio::test]
async fn what_is_too_old_by_the_next_try_is_not_asked_for_again() {
    let (server, folder) = (Server::start().await, Folder::new("suspended"));
    let redeeming = redeem(&folder.api(&server, "ana"), order());
    who_asks(&server, "ana").await;
    let first = asked(&server).await;
    // As after a suspension of longer than a note is kept.
    let aged: Vec<Value> = notes(&folder)
        .into_iter()
        .map(|mut note| {
            let at = note["at_unix_millis"].as_i64().unwrap();
            note["at_unix_millis"] = json!(at - 10 * 60_000);
            note
        })
        .collect();
    note_down(&folder, &aged);
    drop(first);

    let unanswered = within(redeeming).await.unwrap();
    assert!(
        matches!(unanswered, Err(CommandError::Unreachable { .. })),
        "{unanswered:?}"
    );
    assert_eq!(server.waiting(), None);
}

#[tokio::test]
async fn what_another_call_has_the_answer_to_is_not_settled_again() {
    let (server, folder) = (Server::start().await, Folder::new("settled"));
    let api = folder.api(&server, "ana");
    // Two that are not answered.
    let orders = ["one", "two"].map(|key| NewRedemption {
        idempotency_key: Some(key.to_owned()),
        ..order()
    });
    let lost = orders.map(|order| redeem(&api, order));
    for _ in 0..2 {
        who_asks(&server, "ana").await;
    }
    for _ in 0..2 * TRIES {
        drop(asked(&server).await);
    }
    for redeeming in lost {
        within(redeeming).await.unwrap().unwrap_err();
    }
    let settling = settle(&api);
    let first = asked(&server).await;
    // The other one is answered elsewhere meanwhile.
    let left: Vec<Value> = notes(&folder)
        .into_iter()
        .filter(|note| note["key"] == first.input()["idempotencyKey"])
        .collect();
    assert_eq!(left.len(), 1);
    note_down(&folder, &left);
    first.answer(&redeemed()).await;

    let settled = within(settling).await.unwrap().unwrap();
    assert_eq!(settled.len(), 1, "{settled:?}");
    assert_eq!(server.waiting(), None);
}

#[tokio::test]
async fn a_room_that_is_hidden_from_whoever_is_signed_in_since_loses_no_key() {
    let (server, folder) = (Server::start().await, Folder::new("hidden"));
    let api = folder.api(&server, "ana");
    let redeeming = redeem(&api, order());
    who_asks(&server, "ana").await;
    let unanswered = asked(&server).await;
    api.set_token("ben".to_owned());
    drop(unanswered);
    server.answer(&refused("NOT_FOUND")).await;

    is_another_viewers(redeeming).await;
    assert_eq!(noted(&folder), 1);
}

#[tokio::test]
async fn what_the_server_finds_malformed_is_forgotten_and_what_it_does_not_find_is_not() {
    for (code, kept) in [("VALIDATION", 0), ("NOT_FOUND", 1), ("FORBIDDEN", 1)] {
        let (server, folder) = (Server::start().await, Folder::new(code));
        let redeeming = redeem(&folder.api(&server, "ana"), order());
        who_asks(&server, "ana").await;
        asked(&server).await.answer(&refused(code)).await;

        within(redeeming).await.unwrap().unwrap_err();
        assert_eq!(noted(&folder), kept, "{code}");
    }
}

#[tokio::test]
async fn where_the_server_is_away_one_is_asked_for_and_the_others_wait() {
    let (server, folder) = (Server::start().await, Folder::new("away"));
    let lost = lose(&server, &folder).await;
    let mut both = notes(&folder);
    let mut other = both[0].clone();
    other["key"] = json!("other");
    both.push(other);
    note_down(&folder, &both);

    let settling = settle(&folder.api(&server, "ana"));
    who_asks(&server, "ana").await;
    for _ in 0..TRIES {
        assert_eq!(asked(&server).await.input(), lost);
    }
    let settled = within(settling).await.unwrap().unwrap();
    assert_eq!(settled.len(), 2);
    assert!(settled.iter().all(|one| !one.is_answered));
    assert_eq!(server.waiting(), None);
    assert_eq!(noted(&folder), 2);
}

#[tokio::test]
async fn two_who_ask_for_the_same_at_once_ask_by_one_key() {
    let (server, folder) = (Server::start().await, Folder::new("twice"));
    let both = [0, 1].map(|_| redeem(&folder.api(&server, "ana"), order()));
    // Who each is, and then what they ask for.
    for _ in 0..2 {
        who_asks(&server, "ana").await;
    }
    let (one, other) = (asked(&server).await, asked(&server).await);
    assert_eq!(one.input(), other.input());
    one.answer(&redeemed()).await;
    other.answer(&redeemed()).await;
    for redeeming in both {
        within(redeeming).await.unwrap().unwrap();
    }
}

/// Has Ana redeem, and the answer be lost until the client gives up. Returns what was asked for.
async fn lose(server: &Server, folder: &Folder) -> Value {
    let redeeming = redeem(&folder.api(server, "ana"), order());
    who_asks(server, "ana").await;
    let mut lost = Value::Null;
    for _ in 0..TRIES {
        lost = asked(server).await.input();
    }
    let given_up = within(redeeming).await.unwrap();
    assert!(
        matches!(given_up, Err(CommandError::Unreachable { .. })),
        "{given_up:?}"
    );
    assert_eq!(noted(folder), 1);

    lost
}

fn redeem(api: &Arc<Api>, order: NewRedemption) -> Redeeming {
    let api = Arc::clone(api);

    tokio::spawn(async move { api.redeem(order).await })
}

fn settle(api: &Arc<Api>) -> JoinHandle<Result<Vec<parlor::SettledRedemption>, CommandError>> {
    let api = Arc::clone(api);

    tokio::spawn(async move { api.settle_redemptions("room-1".to_owned()).await })
}

/// Waits until it is asked who the caller is, and says so. Returns the token that they asked with.
async fn who_asks(server: &Server, name: &str) -> String {
    let access = server.accept_request().await;
    let (token, query) = (access.token().to_owned(), access.query());
    assert!(query.contains("roomAccess"), "{query}");
    access.answer(&member(name)).await;

    token
}

/// Waits until a redemption is asked for.
async fn asked(server: &Server) -> Asked {
    let asked = server.accept_request().await;
    let query = asked.query();
    assert!(query.contains("redeemReward"), "{query}");
    assert!(asked.token().starts_with("ana"), "{}", asked.token());

    asked
}

/// How many orders are not answered, by what is on the disk.
fn noted(folder: &Folder) -> usize {
    notes(folder).len()
}

fn notes(folder: &Folder) -> Vec<Value> {
    let text = std::fs::read(folder.0.join("redemptions.json")).unwrap();

    serde_json::from_slice(&text).unwrap()
}

/// Has these be noted, as by somebody else or at another time.
fn note_down(folder: &Folder, notes: &[Value]) {
    std::fs::write(folder.0.join("redemptions.json"), json!(notes).to_string()).unwrap();
}

/// An answer that is none of the operation's own.
fn refused(code: &str) -> Value {
    json!({ "errors": [{ "message": "no", "extensions": { "code": code } }] })
}

fn order() -> NewRedemption {
    NewRedemption {
        room_id: "room-1".to_owned(),
        reward_id: "w1".to_owned(),
        cost: Some(30),
        input: Some("4".to_owned()),
        idempotency_key: None,
    }
}

fn member(name: &str) -> Value {
    let at = "2026-01-02T03:04:05.000Z";
    let participant = json!({
        "id": name, "name": name, "role": "MEMBER", "membership": "JOINED", "stageRole": "AUDIENCE",
        "requestedSeq": null, "isListed": true, "isOnline": true, "version": 3, "joinedAt": at,
        "leftAt": null, "private": null,
    });

    json!({ "data": { "roomAccess": { "participant": participant, "capabilities": [] } } })
}

fn redeemed() -> Value {
    answer(&json!({
        "__typename": "Redemption", "id": "r1", "rewardId": "w1", "title": "A number", "cost": "30",
        "input": "4", "status": "UNFULFILLED", "redeemedAt": "2026-01-02T03:04:05.678Z",
        "settledAt": null, "refunded": "0", "expiresAt": null,
    }))
}

fn answer(redeem_reward: &Value) -> Value {
    json!({ "data": { "redeemReward": redeem_reward } })
}
