//! Redemptions that nobody sees to: they expire by themselves, also while nothing runs.

use std::time::Duration;

use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::server::Api;
use crate::shop::{Shop, room};

on_both_engines! {
    what_nobody_sees_to_expires_by_itself_after_the_session,
    what_expired_while_nothing_ran_expired_when_it_should_have,
}

/// How long a test waits for what happens by itself.
const PATIENCE: Duration = Duration::from_secs(20);
/// The shortest, within which tokens are good.
const EXPIRES_AFTER_MS: i64 = 60_000;

/// The redemption, as staff reads it, once it is no longer open.
async fn settled(api: &Api, id: &Value) -> Value {
    let document = "query ($id: ID!) { redemption(id: $id) {
        status redeemedAt settledAt settledBy expiresAt } }";
    let settled = async {
        loop {
            let read = api.execute(&api.staff, document, json!({ "id": id })).await;
            let redemption = &read["data"]["redemption"];
            if redemption["status"] != "UNFULFILLED" {
                return redemption.clone();
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, settled)
        .await
        .expect("it expires")
}

async fn what_nobody_sees_to_expires_by_itself_after_the_session(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    let shop = Shop::open(&api, &room).await;
    let usual = shop.make(json!({})).await;
    assert_eq!(usual["expiresAfterMs"], "86400000", "a day: {usual}");
    let made = json!({ "expiresAfterMs": EXPIRES_AFTER_MS.to_string() });
    let reward = shop.make(made).await;
    let redemption = shop.redeem(&shop.ana.token, &reward, json!({})).await;
    assert_eq!(redemption["expiresAt"], Value::Null, "{redemption}");
    api.mutate("endSession", json!({ "roomId": room })).await;
    assert_eq!(shop.balance().await, (json!("100"), json!("30")));

    api.clock.advance_millis(EXPIRES_AFTER_MS);
    let expired = settled(&api, &redemption["id"]).await;
    assert_eq!(expired["status"], "EXPIRED", "{expired}");
    assert_eq!(expired["settledAt"], expired["expiresAt"], "{expired}");
    assert_eq!(expired["settledBy"], Value::Null);
    assert_eq!(shop.balance().await, (json!("100"), json!("0")));
    for mutation in ["fulfillRedemption", "cancelRedemption"] {
        let told = shop.settle(&api.staff, mutation, &redemption).await;
        assert_eq!(told["code"], "ALREADY_EXPIRED", "{told}");
    }
}

async fn what_expired_while_nothing_ran_expired_when_it_should_have(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    let (redemption, offline) = {
        let shop = Shop::open(&api, &room).await;
        let made = json!({
            "expiresAfterMs": EXPIRES_AFTER_MS.to_string(), "redeemableOffline": true, "cost": "1",
        });
        let reward = shop.make(made).await;
        let redemption = shop.redeem(&shop.ana.token, &reward, json!({})).await;
        api.mutate("endSession", json!({ "roomId": room })).await;
        let offline = shop
            .redeem(&shop.ana.token, &reward, json!({ "idempotencyKey": "off" }))
            .await;
        assert_ne!(offline["expiresAt"], Value::Null, "{offline}");
        (redemption, offline)
    };

    let api = api.restart(&database, 10 * EXPIRES_AFTER_MS).await;
    for id in [&redemption["id"], &offline["id"]] {
        let expired = settled(&api, id).await;
        assert_eq!(expired["status"], "EXPIRED", "{expired}");
        assert_eq!(expired["settledAt"], expired["expiresAt"], "{expired}");
        assert_eq!(
            expired["settledAt"], "2026-01-02T03:05:05.000Z",
            "{expired}"
        );
    }
}
