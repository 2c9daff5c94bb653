//! The queue through the API: narrowed, worked off together, and noted on by the tenant's server.

use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::person::Person;
use crate::server::Api;
use crate::shop::{Shop, room};

on_both_engines! {
    a_queue_is_narrowed_by_status_reward_and_participant,
    redemptions_are_seen_to_together_and_answered_each_for_itself,
    metadata_is_the_tenants_own,
}

/// The ids of the queue that `narrowed` narrows.
async fn queue(api: &Api, room: &str, narrowed: Value) -> Value {
    let document = "query ($room: ID!, $status: RedemptionStatus, $reward: ID, $who: ID) {
        redemptionsConnection(
            roomId: $room, status: $status, rewardId: $reward, participantId: $who
        ) { nodes { id } } }";
    let mut variables = narrowed;
    variables["room"] = json!(room);
    let read = api.execute(&api.staff, document, variables).await;
    read["data"]["redemptionsConnection"]["nodes"].clone()
}

async fn a_queue_is_narrowed_by_status_reward_and_participant(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    let shop = Shop::open(&api, &room).await;
    let ben = Person::join(&api, &room, "ben").await;
    shop.grant(&ben.id, "100").await;
    let (one, other) = (shop.make(json!({})).await, shop.make(json!({})).await);
    assert_ne!(one["id"], other["id"]);
    let key = |key: &str| json!({ "idempotencyKey": key });
    let ana = &shop.ana.token;
    let first = shop.redeem(ana, &one, key("a")).await;
    api.clock.advance_millis(1);
    let second = shop.redeem(ana, &other, key("b")).await;
    api.clock.advance_millis(1);
    let third = shop.redeem(&ben.token, &one, key("c")).await;
    shop.settle(&api.staff, "fulfillRedemption", &first).await;

    let ids = |which: &[&Value]| -> Value {
        which.iter().map(|one| json!({ "id": one["id"] })).collect()
    };
    for (narrowed, found) in [
        (json!({}), ids(&[&first, &second, &third])),
        (json!({ "status": "UNFULFILLED" }), ids(&[&second, &third])),
        (json!({ "reward": one["id"] }), ids(&[&first, &third])),
        (json!({ "who": shop.ana.id }), ids(&[&first, &second])),
        (
            json!({ "who": shop.ana.id, "status": "UNFULFILLED", "reward": other["id"] }),
            ids(&[&second]),
        ),
        (json!({ "reward": "nothing" }), ids(&[])),
        (json!({ "who": one["id"] }), ids(&[])),
    ] {
        assert_eq!(
            queue(&api, &room, narrowed.clone()).await,
            found,
            "{narrowed}"
        );
    }
}

async fn redemptions_are_seen_to_together_and_answered_each_for_itself(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    let shop = Shop::open(&api, &room).await;
    let reward = shop.make(json!({ "cost": "1" })).await;
    let mut ids = Vec::new();
    for number in 0..4 {
        let key = json!({ "idempotencyKey": format!("k{number}") });
        let made = shop.redeem(&shop.ana.token, &reward, key).await;
        ids.push(made["id"].clone());
    }
    let settle = async |token: &str, mutation: &str, ids: Value| {
        let input = json!({ "roomId": room, "redemptionIds": ids });
        api.mutate_as(token, mutation, input).await
    };

    let told = settle(
        &shop.olga.token,
        "fulfillRedemptions",
        json!([ids[0], ids[1], ids[0], "nothing"]),
    );
    assert_eq!(
        told.await["results"],
        json!([
            { "id": ids[0], "status": "FULFILLED" },
            { "id": ids[1], "status": "FULFILLED" },
            { "code": "ALREADY_FULFILLED" },
            { "code": "NOT_FOUND" },
        ])
    );
    let told = settle(&api.staff, "cancelRedemptions", json!([ids[1], ids[2]])).await;
    assert_eq!(
        told["results"],
        json!([{ "code": "ALREADY_FULFILLED" }, { "id": ids[2], "status": "CANCELED" }])
    );
    assert_eq!(shop.balance().await, (json!("98"), json!("1")));

    let told = settle(&shop.ana.token, "cancelRedemptions", json!([ids[3]])).await;
    assert_eq!(told["results"], json!([{ "code": "CAPABILITY_MISSING" }]));
    for ids in [json!([]), vec![ids[3].clone(); 101].into()] {
        let told = settle(&api.staff, "fulfillRedemptions", ids).await;
        assert_eq!(told["field"], "redemptionIds", "{told}");
    }
    let stranger = api.other_staff().await;
    let told = settle(&stranger, "cancelRedemptions", json!([ids[3]])).await;
    assert_eq!(told["resourceType"], "Room", "{told}");
}

async fn metadata_is_the_tenants_own(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    let shop = Shop::open(&api, &room).await;
    let reward = shop.make(json!({})).await;
    let redemption = shop.redeem(&shop.ana.token, &reward, json!({})).await;
    let note = async |token: &str, metadata: Value| {
        let input = json!({
            "roomId": room, "redemptionId": redemption["id"], "metadata": metadata,
        });
        api.mutate_as(token, "setRedemptionMetadata", input).await
    };
    let noted = note(&api.staff, json!("{\"order\": 7}")).await;
    assert_eq!(noted["metadata"], "{\"order\": 7}", "{noted}");
    let refused = note(&shop.olga.token, json!("x")).await;
    assert_eq!(refused["code"], "STAFF_ONLY", "{refused}");
    for wrong in [json!(""), json!("x".repeat(2_001)), json!("a\u{0}b")] {
        let refused = note(&api.staff, wrong).await;
        assert_eq!(refused["field"], "metadata", "{refused}");
    }
    let one = "query ($id: ID!) { redemption(id: $id) { metadata } }";
    for (token, seen) in [
        (&shop.olga.token, json!("{\"order\": 7}")),
        (&shop.ana.token, Value::Null),
    ] {
        let read = api.execute(token, one, json!({ "id": redemption["id"] }));
        assert_eq!(read.await["data"]["redemption"]["metadata"], seen);
    }
    let gone = note(&api.staff, Value::Null).await;
    assert_eq!(
        (&gone["metadata"], &gone["status"]),
        (&Value::Null, &json!("UNFULFILLED"))
    );
}
