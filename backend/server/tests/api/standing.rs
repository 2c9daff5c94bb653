//! What a viewer is told of a reward before they redeem it.

use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::person::{Person, viewer};
use crate::server::Api;
use crate::shop::{Shop, room};

on_both_engines! {
    a_viewer_reads_what_is_left_to_them_and_why_not,
    a_viewer_reads_which_rule_is_not_met,
}

async fn a_viewer_reads_what_is_left_to_them_and_why_not(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    let shop = Shop::open(&api, &room).await;
    let ben = Person::join(&api, &room, "ben").await;
    let limits = json!({ "perViewerAndSession": "2", "viewerCooldownMs": "60000" });
    let reward = shop.make(json!({ "limits": limits })).await;
    let standing = async |token: &str| {
        let document = "query ($room: ID!) { rewards(roomId: $room) {
            standing { placesLeft cooldownEndsAt canRedeem refusal { code } } } }";
        let read = api.execute(token, document, json!({ "room": room })).await;
        read["data"]["rewards"][0]["standing"].clone()
    };
    let refused = |code: &str, places: &str, until: Value| {
        json!({
            "placesLeft": places, "cooldownEndsAt": until, "canRedeem": false,
            "refusal": { "code": code },
        })
    };

    let (ana, none) = (&shop.ana.token, Value::Null);
    let open = json!({
        "placesLeft": "2", "cooldownEndsAt": null, "canRedeem": true, "refusal": null,
    });
    assert_eq!(standing(ana).await, open);
    let poor = refused("INSUFFICIENT_POINTS", "2", none.clone());
    assert_eq!(standing(&ben.token).await, poor);
    let stranger = refused("NOT_JOINED", "2", none.clone());
    assert_eq!(standing(&viewer(&api, "zoe")).await, stranger);

    shop.redeem(ana, &reward, json!({ "idempotencyKey": "a" }))
        .await;
    let until = json!("2026-01-02T03:05:05.000Z");
    assert_eq!(standing(ana).await, refused("COOLDOWN", "1", until));
    api.clock.advance_millis(60_000);
    shop.redeem(ana, &reward, json!({ "idempotencyKey": "b" }))
        .await;
    let until = json!("2026-01-02T03:06:05.000Z");
    assert_eq!(standing(ana).await, refused("VIEWER_LIMIT", "0", until));
    api.mutate("endSession", json!({ "roomId": room })).await;
    assert_eq!(standing(ana).await["refusal"]["code"], "NOT_LIVE");
}

async fn a_viewer_reads_which_rule_is_not_met(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    let shop = Shop::open(&api, &room).await;
    let rules = [
        (json!({ "titleContains": "Chess" }), "TITLE_CONTAINS"),
        (json!({ "trainLevelMin": 1 }), "TRAIN_LEVEL_MIN"),
        (json!({ "onlineMin": "1" }), "ONLINE_MIN"),
    ];
    let document = "query ($room: ID!) { rewards(roomId: $room) {
        id availability { titleContains trainLevelMin onlineMin }
        standing { canRedeem refusal { code rule message } } } }";
    let read = async |reward: &Value| {
        let read = api.execute(&shop.ana.token, document, json!({ "room": room }));
        let read = read.await["data"]["rewards"].clone();
        let mut found = read.as_array().unwrap().iter();
        found.find(|one| one["id"] == reward["id"]).unwrap().clone()
    };
    let mut made = Vec::new();
    for (rule, name) in rules {
        let reward = shop
            .make(json!({ "availability": rule, "cost": "1" }))
            .await;
        let told = read(&reward).await;
        for (field, value) in rule.as_object().unwrap() {
            assert_eq!(told["availability"][field], *value, "{told}");
        }
        let refusal = &told["standing"]["refusal"];
        assert_eq!(
            (&refusal["code"], &refusal["rule"]),
            (&json!("NOT_AVAILABLE"), &json!(name))
        );
        let key = json!({ "idempotencyKey": name });
        let refused = shop.redeem(&shop.ana.token, &reward, key).await;
        assert_eq!(refused["code"], "NOT_AVAILABLE", "{refused}");
        assert_eq!(refused["message"], refusal["message"]);
        made.push(reward);
    }

    let rooms = json!({ "id": room, "title": "late night chess", "version": 1 });
    api.mutate("updateRoom", rooms).await;
    assert_eq!(read(&made[0]).await["standing"]["canRedeem"], true);
    for wrong in [
        json!({ "titleContains": "" }),
        json!({ "trainLevelMin": 0 }),
        json!({ "trainLevelMin": -1 }),
        json!({ "onlineMin": "-1" }),
    ] {
        let refused = shop.make(json!({ "availability": wrong })).await;
        assert_eq!(refused["__typename"], "ValidationError", "{refused}");
    }
}
