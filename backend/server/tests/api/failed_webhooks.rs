//! What services told of and could not have its effect: listed for the tenant's staff, and tried again.

use std::time::Duration;

use axum::http::StatusCode;
use parlor_identity::{Claims, sign_with};
use parlor_test_database::{Database, on_both_engines};
use serde_json::{Value, json};

use crate::server::{Api, SECRET, START_MS, claims};
use crate::webhooks::{
    BATCH, PATIENCE, REFUND, is_reversed, is_settled, parlor, recorded, stripe, tell,
    tell_by_stripe,
};

on_both_engines! {
    what_cannot_have_its_effect_is_listed_and_tries_again,
    what_may_still_be_recorded_is_waited_for,
}

/// What failed, once something has.
async fn failed(api: &Api, staff: &str) -> Value {
    let document =
        "{ failedWebhookDeliveries { id sourceId adapter messageId receivedAt reason } }";
    let mut answer = api.execute(staff, document, json!({})).await;
    assert_eq!(answer["errors"], Value::Null, "{answer}");
    answer["data"]["failedWebhookDeliveries"].take()
}

async fn redeliver(api: &Api, staff: &str, id: &Value) -> Value {
    let document = "mutation ($id: ID!) { done: redeliverWebhook(id: $id) {
        __typename ... on RedeliveredWebhook { id } ... on Error { code } } }";
    let mut answer = api.execute(staff, document, json!({ "id": id })).await;
    answer["data"]["done"].take()
}

async fn until(api: &Api, is: fn(&Value) -> bool) -> Value {
    let mut ticks = tokio::time::interval(Duration::from_millis(50));
    let wait = async {
        loop {
            let failed = failed(api, &api.staff).await;
            if is(&failed) {
                return failed;
            }
            ticks.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap()
}

async fn what_cannot_have_its_effect_is_listed_and_tries_again(database: Database) {
    let mut api = Api::start(&database.url).await;
    let claims = Claims {
        exp: Some(START_MS / 1_000 + 2 * 3_600),
        ..claims(api.tenant, "staff")
    };
    api.staff = sign_with(SECRET, &claims);
    let room = api.room("show").await;
    let source = parlor(&api).await;
    // What is told of with it is recorded all the same.
    let body = BATCH.replacen("ROOM", "nonsense", 1).replace("ROOM", &room);
    let answer = tell(&api, &source, "msg_1", &body).await;
    assert_eq!(answer.status, StatusCode::OK);
    recorded(&api, ("shop", "order-2:paid"), is_settled).await;
    let listed = until(&api, |failed| failed[0].is_object()).await;
    let read = |field: &str| listed[0][field].as_str().unwrap();
    assert_eq!(
        [read("messageId"), read("adapter"), read("reason")],
        ["msg_1", "PARLOR", "there is no such room"]
    );
    assert_eq!(read("sourceId"), source.id);
    let other = api.other_staff().await;
    assert_eq!(failed(&api, &other).await, json!([]));
    let id = &listed[0]["id"];
    assert_eq!(redeliver(&api, &other, id).await["code"], "NOT_FOUND");
    // There is still no such room.
    assert_eq!(redeliver(&api, &api.staff, id).await["id"], *id);
    until(&api, |failed| failed[0].is_object()).await;

    // A refund waits for its payment for an hour.
    let by_stripe = stripe(&api).await;
    api.clock.advance_millis(1_000);
    let answer = tell_by_stripe(&api, &by_stripe, REFUND).await;
    assert_eq!(answer.status, StatusCode::OK);
    api.clock.advance_millis(3_700_000);
    let listed = until(&api, |failed| failed[1].is_object()).await;
    let refund = &listed[0];
    assert_eq!(refund["adapter"], "STRIPE", "the newest first: {listed}");
    assert_eq!(
        refund["reason"],
        "the payment that went back was not told of"
    );
    let payment = "pi_3SxParlorPayment0001";
    let gift = json!({
        "roomId": room, "idempotencyKey": "by hand", "provider": "stripe", "contributionRef": payment,
        "kind": "DONATION", "amount": "500", "currency": "EUR",
    });
    let gift = api.mutate("recordContribution", gift).await;
    assert_eq!(gift["status"], "SETTLED", "{gift}");
    let again = redeliver(&api, &api.staff, &refund["id"]).await;
    assert_eq!(again["id"], refund["id"], "{again}");
    recorded(&api, ("stripe", payment), is_reversed).await;
    until(&api, |failed| failed[1].is_null()).await;
    let done = redeliver(&api, &api.staff, &refund["id"]).await;
    assert_eq!(done["code"], "NOT_FOUND", "it has had its effect");
    // What was told is kept for as long as it may be needed.
    let kept = async |state: &str| {
        let count = format!("SELECT COUNT(body) FROM webhook_deliveries WHERE state = '{state}'");
        database.number(&count).await
    };
    assert_eq!([kept("failed").await, kept("done").await], [1, 0]);
    api.server.stop().await;
}

/// Also if another part of the message never can be.
async fn what_may_still_be_recorded_is_waited_for(database: Database) {
    let api = Api::start(&database.url).await;
    let room = api.room("show").await;
    let source = parlor(&api).await;
    database.run("UPDATE rooms SET state = 'broken'").await;
    let body = BATCH.replacen("ROOM", "nonsense", 1).replace("ROOM", &room);
    let answer = tell(&api, &source, "msg_1", &body).await;
    assert_eq!(answer.status, StatusCode::OK);

    let tried = "SELECT COUNT(*) FROM due_work WHERE kind = 'webhook_delivery' AND attempts > 0";
    let mut ticks = tokio::time::interval(Duration::from_millis(50));
    let wait = async {
        while database.number(tried).await == 0 {
            ticks.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap();
    database.run("UPDATE rooms SET state = 'open'").await;
    api.clock.advance_millis(60_000);
    recorded(&api, ("shop", "order-2:paid"), is_settled).await;
    let listed = until(&api, |failed| failed[0].is_object()).await;
    assert_eq!(listed[0]["reason"], "there is no such room");
    api.server.stop().await;
}
