//! Rewards through the API: made by owners, redeemed by viewers, seen to by moderators.

use parlor_api::global_id;
use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::person::{Person, viewer};
use crate::server::{Api, token};
use crate::shop::{Shop, room};

on_both_engines! {
    a_reward_is_made_redeemed_and_fulfilled,
    a_reward_is_changed_and_deleted,
    every_kind_of_input_is_told_and_checked,
    what_cannot_be_redeemed_is_refused_by_name,
    hundreds_who_redeem_at_once_get_what_there_is_and_no_more,
    redemptions_are_for_whom_they_concern,
    terms_that_make_no_sense_are_refused_by_name,
    the_same_key_makes_one_reward,
    the_room_is_told_as_much_of_a_redemption_as_its_reward_says,
}

async fn a_reward_is_made_redeemed_and_fulfilled(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    let shop = Shop::open(&api, &room).await;
    let reward = shop.make(json!({ "prompt": "Have me take a sip" })).await;
    assert_eq!(reward["__typename"], "Reward", "{reward}");
    assert_eq!(reward["input"]["kind"], "NONE");
    assert_eq!(
        (&reward["isEnabled"], &reward["isPaused"]),
        (&json!(true), &json!(false))
    );

    let list = "query ($room: ID!) { rewards(roomId: $room) { id title cost } }";
    let listed = api
        .execute(&shop.ana.token, list, json!({ "room": room }))
        .await;
    assert_eq!(
        listed["data"]["rewards"],
        json!([{ "id": reward["id"], "title": "Hydrate", "cost": "30" }])
    );
    let redeemed = shop
        .redeem(&shop.ana.token, &reward, json!({ "cost": "30" }))
        .await;
    assert_eq!(redeemed["status"], "UNFULFILLED", "{redeemed}");
    assert_eq!(shop.balance().await, (json!("100"), json!("30")));
    let economy = "query ($room: ID!) { economy(roomId: $room) { outstanding held } }";
    let held = async || {
        let read = api
            .execute(&api.staff, economy, json!({ "room": room }))
            .await;
        read["data"]["economy"].clone()
    };
    let stands = json!({ "outstanding": "100", "held": "30" });
    assert_eq!(held().await, stands);
    // Sent again, it is the same one.
    let again = shop
        .redeem(&shop.ana.token, &reward, json!({ "cost": "30" }))
        .await;
    assert_eq!(again["id"], redeemed["id"]);

    let queue = "query ($room: ID!) {
        redemptionsConnection(roomId: $room, status: UNFULFILLED) {
            totalCount nodes { id participantId title input } } }";
    let queued = api
        .execute(&shop.olga.token, queue, json!({ "room": room }))
        .await;
    let queued = &queued["data"]["redemptionsConnection"];
    assert_eq!(queued["totalCount"], 1);
    assert_eq!(queued["nodes"][0]["participantId"], shop.ana.id);

    let settled = shop
        .settle(&shop.olga.token, "fulfillRedemption", &redeemed)
        .await;
    assert_eq!(settled["status"], "FULFILLED", "{settled}");
    assert_eq!(shop.balance().await, (json!("70"), json!("0")));
    assert_eq!(held().await, json!({ "outstanding": "70", "held": "0" }));
    for mutation in ["fulfillRedemption", "cancelRedemption"] {
        let told = shop.settle(&api.staff, mutation, &redeemed).await;
        assert_eq!(told["code"], "ALREADY_FULFILLED", "{told}");
    }
    let statement = "query ($room: ID!) { pointsAccount(roomId: $room) {
        statementConnection { nodes { kind points redemptionId reason } } } }";
    let told = api
        .execute(&shop.ana.token, statement, json!({ "room": room }))
        .await;
    assert_eq!(
        told["data"]["pointsAccount"]["statementConnection"]["nodes"][0],
        json!({ "kind": "REDEEMED", "points": "-30", "redemptionId": redeemed["id"], "reason": null })
    );

    let canceled = shop
        .redeem(&shop.ana.token, &reward, json!({ "idempotencyKey": "k2" }))
        .await;
    let canceled = shop
        .settle(&shop.olga.token, "cancelRedemption", &canceled)
        .await;
    assert_eq!(canceled["status"], "CANCELED", "{canceled}");
    assert_eq!(shop.balance().await, (json!("70"), json!("0")));
}

async fn a_reward_is_changed_and_deleted(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    let shop = Shop::open(&api, &room).await;
    let reward = shop.make(json!({
        "prompt": "p", "color": "#ff8800", "limits": { "perSession": "5", "cooldownMs": "1000" },
    }));
    let reward = reward.await;
    let change = |version: i32, more: Value| {
        let mut input = json!({ "roomId": room, "rewardId": reward["id"], "version": version });
        for (name, value) in more.as_object().unwrap() {
            input[name] = value.clone();
        }
        input
    };

    let input = change(
        1,
        json!({ "prompt": null, "cost": "31", "limits": { "perSession": "6" } }),
    );
    let changed = api.mutate_as(&shop.olga.token, "updateReward", input).await;
    assert_eq!(changed["version"], 2, "{changed}");
    assert_eq!(
        (&changed["prompt"], &changed["color"]),
        (&Value::Null, &json!("#ff8800"))
    );
    assert_eq!(changed["limits"]["perSession"], "6");
    assert_eq!(
        changed["limits"]["cooldownMs"],
        Value::Null,
        "limits are given whole"
    );
    let stale = change(1, json!({ "cost": "32" }));
    let stale = api.mutate_as(&shop.olga.token, "updateReward", stale).await;
    assert_eq!(stale["code"], "STALE_VERSION", "{stale}");
    let mine = change(2, json!({ "cost": "1" }));
    let refused = api.mutate_as(&shop.ana.token, "updateReward", mine).await;
    assert_eq!(refused["code"], "CAPABILITY_MISSING", "{refused}");

    let hidden = change(2, json!({ "isEnabled": false }));
    api.mutate_as(&shop.olga.token, "updateReward", hidden)
        .await;
    let list = "query ($room: ID!) { rewards(roomId: $room) { isEnabled } }";
    for (token, seen) in [
        (&shop.olga.token, json!([{ "isEnabled": false }])),
        (&shop.ana.token, json!([])),
    ] {
        let listed = api.execute(token, list, json!({ "room": room })).await;
        assert_eq!(listed["data"]["rewards"], seen, "{listed}");
    }
    let deleted = api.mutate("deleteReward", change(3, json!({}))).await;
    assert_eq!(deleted["__typename"], "Reward", "{deleted}");
    let listed = api.execute(&api.staff, list, json!({ "room": room })).await;
    assert_eq!(listed["data"]["rewards"], json!([]));
    let gone = shop.redeem(&shop.ana.token, &reward, json!({})).await;
    assert_eq!(
        (&gone["code"], &gone["resourceType"]),
        (&json!("NOT_FOUND"), &json!("Reward"))
    );
}

async fn every_kind_of_input_is_told_and_checked(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    let shop = Shop::open(&api, &room).await;
    for (number, (input, told, wrong, right)) in [
        (
            json!({ "none": true }),
            json!({ "kind": "NONE" }),
            "x",
            Value::Null,
        ),
        (
            json!({ "text": { "pattern": "https://.+" } }),
            json!({ "kind": "TEXT", "pattern": "https://.+" }),
            "x",
            json!("https://example.com"),
        ),
        (
            json!({ "number": { "min": "1", "max": "6" } }),
            json!({ "kind": "NUMBER", "min": "1", "max": "6" }),
            "7",
            json!("6"),
        ),
        (
            json!({ "choice": ["red", "blue"] }),
            json!({ "kind": "CHOICE", "choices": ["red", "blue"] }),
            "green",
            json!("red"),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let reward = shop.make(json!({ "input": input, "cost": "1" })).await;
        for (name, value) in told.as_object().unwrap() {
            assert_eq!(reward["input"][name], *value, "{reward}");
        }
        let key = format!("k{number}");
        let asked = json!({ "idempotencyKey": key, "input": wrong });
        let refused = shop.redeem(&shop.ana.token, &reward, asked).await;
        assert_eq!(refused["__typename"], "ValidationError", "{refused}");
        assert_eq!(refused["field"], "input");
        // A request that was refused uses up no key.
        let asked = json!({ "idempotencyKey": key, "input": right });
        let redeemed = shop.redeem(&shop.ana.token, &reward, asked).await;
        assert_eq!(redeemed["input"], right, "{redeemed}");
    }
}

async fn what_cannot_be_redeemed_is_refused_by_name(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    let shop = Shop::open(&api, &room).await;
    let refusal = async |token: &str, made: Value, asked: Value| {
        let reward = shop.make(made).await;
        let refused = shop.redeem(token, &reward, asked).await;
        refused["code"].clone()
    };
    let ana = &shop.ana.token;

    assert_eq!(
        refusal(ana, json!({ "isPaused": true }), json!({})).await,
        "REWARD_PAUSED"
    );
    assert_eq!(
        refusal(ana, json!({ "isEnabled": false }), json!({})).await,
        "NOT_FOUND"
    );
    assert_eq!(
        refusal(ana, json!({}), json!({ "cost": "29" })).await,
        "COST_CHANGED"
    );
    assert_eq!(
        refusal(ana, json!({ "cost": "101" }), json!({})).await,
        "INSUFFICIENT_POINTS"
    );
    assert_eq!(
        refusal(ana, json!({}), json!({ "rewardId": "nothing" })).await,
        "NOT_FOUND"
    );
    assert_eq!(
        refusal(ana, json!({}), json!({ "roomId": "nowhere" })).await,
        "NOT_FOUND"
    );
    assert_eq!(
        refusal(ana, json!({}), json!({ "idempotencyKey": "" })).await,
        "VALIDATION"
    );
    let stranger = viewer(&api, "zoe");
    assert_eq!(refusal(&stranger, json!({}), json!({})).await, "NOT_JOINED");
    let limits =
        json!({ "limits": { "perViewerAndSession": "1", "cooldownMs": "60000" }, "cost": "1" });
    let limited = shop.make(limits).await;
    let first = shop
        .redeem(ana, &limited, json!({ "idempotencyKey": "first" }))
        .await;
    assert_eq!(first["status"], "UNFULFILLED", "{first}");
    let second = shop
        .redeem(ana, &limited, json!({ "idempotencyKey": "second" }))
        .await;
    assert_eq!(second["code"], "VIEWER_LIMIT", "{second}");
    shop.grant(&shop.olga.id, "5").await;
    let other = shop.redeem(&shop.olga.token, &limited, json!({})).await;
    assert_eq!(other["code"], "COOLDOWN", "{other}");

    let overlay = api
        .mutate(
            "createOverlayToken",
            json!({ "roomId": room, "label": "obs" }),
        )
        .await;
    let refused = shop
        .redeem(overlay["secret"].as_str().unwrap(), &limited, json!({}))
        .await;
    assert_eq!(refused["code"], "OVERLAY_TOKEN_READS_ONLY", "{refused}");
    let reward = shop.make(json!({})).await;
    api.mutate("endSession", json!({ "roomId": room })).await;
    let offline = shop.redeem(ana, &reward, json!({})).await;
    assert_eq!(offline["code"], "NOT_LIVE", "{offline}");
    assert_eq!(shop.balance().await, (json!("100"), json!("1")));
}

async fn hundreds_who_redeem_at_once_get_what_there_is_and_no_more(database: String) {
    const PEOPLE: usize = 100;
    const PLACES: usize = 25;

    let api = Api::start(&database).await;
    let room = room(&api).await;
    let shop = Shop::open(&api, &room).await;
    let made = json!({ "limits": { "perSession": PLACES.to_string() }, "cost": "1" });
    let reward = shop.make(made).await;
    let mut tokens = Vec::new();
    for number in 0..PEOPLE {
        let person = Person::join(&api, &room, &format!("viewer {number}")).await;
        shop.grant(&person.id, "1").await;
        tokens.push(person.token);
    }

    // Each sends it twice, as a phone with a bad network does.
    let orders = tokens
        .iter()
        .chain(&tokens)
        .map(|token| shop.redeem(token, &reward, json!({})));
    let answers = futures_util::future::join_all(orders).await;
    let redeemed: std::collections::BTreeSet<_> = answers
        .iter()
        .filter_map(|answer| answer["id"].as_str())
        .collect();
    let refused = answers
        .iter()
        .filter(|answer| answer["code"] == "SESSION_LIMIT");
    assert_eq!(redeemed.len(), PLACES);
    assert_eq!(refused.count(), 2 * (PEOPLE - PLACES));
    let queue = "query ($room: ID!) { redemptionsConnection(roomId: $room) { totalCount } }";
    let queued = api
        .execute(&api.staff, queue, json!({ "room": room }))
        .await;
    assert_eq!(
        queued["data"]["redemptionsConnection"]["totalCount"],
        PLACES
    );
}

async fn redemptions_are_for_whom_they_concern(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    let shop = Shop::open(&api, &room).await;
    let ben = Person::join(&api, &room, "ben").await;
    let reward = shop.make(json!({})).await;
    let redeemed = shop.redeem(&shop.ana.token, &reward, json!({})).await;

    let own = "query ($room: ID!) { ownRedemptionsConnection(roomId: $room) { nodes { id } } }";
    let of = async |token: &str| {
        let read = api.execute(token, own, json!({ "room": room })).await;
        read["data"]["ownRedemptionsConnection"]["nodes"].clone()
    };
    assert_eq!(of(&shop.ana.token).await, json!([{ "id": redeemed["id"] }]));
    assert_eq!(of(&ben.token).await, json!([]));
    let all = "query ($room: ID!) { redemptionsConnection(roomId: $room) { totalCount } }";
    for token in [&ben.token, &shop.ana.token] {
        let read = api.execute(token, all, json!({ "room": room })).await;
        assert_eq!(
            read["errors"][0]["extensions"]["code"], "FORBIDDEN",
            "{read}"
        );
        let told = shop.settle(token, "cancelRedemption", &redeemed).await;
        assert_eq!(told["code"], "CAPABILITY_MISSING", "{told}");
    }
    let told = shop
        .settle(&api.other_staff().await, "cancelRedemption", &redeemed)
        .await;
    assert_eq!(told["code"], "NOT_FOUND", "{told}");
    // Nobody sees to their own, and nobody is told who saw to theirs.
    shop.grant(&shop.olga.id, "30").await;
    let owners = shop.redeem(&shop.olga.token, &reward, json!({})).await;
    let told = shop
        .settle(&shop.olga.token, "cancelRedemption", &owners)
        .await;
    assert_eq!(told["code"], "ON_ONESELF", "{told}");
    let canceled = shop.settle(&api.staff, "cancelRedemption", &owners).await;
    assert_eq!(canceled["settledBy"], "somebody", "{canceled}");
    let one = "query ($id: ID!) { redemption(id: $id) { status } }";
    for (token, seen) in [
        (&shop.ana.token, json!({ "status": "UNFULFILLED" })),
        (&shop.olga.token, json!({ "status": "UNFULFILLED" })),
        (&ben.token, Value::Null),
        (&api.other_staff().await, Value::Null),
    ] {
        let read = api
            .execute(token, one, json!({ "id": redeemed["id"] }))
            .await;
        assert_eq!(read["data"]["redemption"], seen, "{read}");
    }
    let elsewhere = api.room("elsewhere").await;
    let input = json!({ "roomId": elsewhere, "redemptionId": redeemed["id"] });
    let told = api.mutate("cancelRedemption", input).await;
    assert_eq!(told["resourceType"], "Redemption", "{told}");
    let anonymous = "query ($room: ID!) { rewards(roomId: $room) { id } }";
    let read = api.execute("", anonymous, json!({ "room": room })).await;
    assert_eq!(read["data"]["rewards"], Value::Null);
}

async fn terms_that_make_no_sense_are_refused_by_name(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    let shop = Shop::open(&api, &room).await;
    for (made, field) in [
        (json!({ "title": "" }), "title"),
        (json!({ "cost": "0" }), "cost"),
        (json!({ "cost": "-1" }), "cost"),
        (json!({ "color": "red" }), "color"),
        (
            json!({ "input": { "text": { "pattern": "(" } } }),
            "input.text.pattern",
        ),
        (
            json!({ "input": { "number": { "min": "2", "max": "1" } } }),
            "input.number.max",
        ),
        (json!({ "input": { "choice": ["a"] } }), "input.choice"),
        (
            json!({ "limits": { "perSession": "0" } }),
            "limits.perSession",
        ),
        (json!({ "title": "a\u{0}b" }), "title"),
        (json!({ "title": "\u{200b}\u{2060}" }), "title"),
        (json!({ "prompt": " \u{3164}" }), "prompt"),
        (
            json!({ "input": { "choice": ["a", "\u{200d}"] } }),
            "input.choice",
        ),
        (
            json!({ "availability": { "titleContains": "\u{feff}" } }),
            "availability.titleContains",
        ),
    ] {
        let refused = shop.make(made).await;
        assert_eq!(refused["__typename"], "ValidationError", "{refused}");
        assert_eq!(refused["field"], field, "{refused}");
    }
}

async fn the_same_key_makes_one_reward(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    let shop = Shop::open(&api, &room).await;
    let keyed = |cost: &str| json!({ "idempotencyKey": "k", "cost": cost });
    let first = shop.make(keyed("30")).await;
    let again = shop.make(keyed("30")).await;
    assert_eq!(again["id"], first["id"], "{again}");
    let other = shop.make(keyed("31")).await;
    assert_eq!(other["code"], "KEY_REUSED", "{other}");
    let unnamed = shop.make(json!({ "idempotencyKey": "" })).await;
    assert_eq!(unnamed["field"], "idempotencyKey", "{unnamed}");
}

async fn the_room_is_told_as_much_of_a_redemption_as_its_reward_says(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    let shop = Shop::open(&api, &room).await;
    let text = json!({ "text": {} });
    let usual = shop.make(json!({ "input": text, "cost": "10" })).await;
    assert_eq!(
        (&usual["isAnnounced"], &usual["showsInput"]),
        (&json!(true), &json!(false)),
        "{usual}"
    );
    let shown = json!({ "input": text, "cost": "10", "color": "#ff8800", "showsInput": true });
    let shown = shop.make(shown).await;
    let silent = json!({ "isAnnounced": false, "cost": "10", "showsInput": true, "input": text });
    let silent = shop.make(silent).await;
    let start = api.head(&room).await;

    let mut ids = Vec::new();
    for (key, reward) in [("a", &usual), ("b", &shown), ("c", &silent), ("b", &shown)] {
        let more = json!({ "idempotencyKey": key, "input": "a <b>song</b>" });
        let redeemed = shop.redeem(&shop.ana.token, reward, more).await;
        assert_eq!(redeemed["status"], "UNFULFILLED", "{redeemed}");
        ids.push(redeemed);
    }
    for (mutation, redeemed) in [
        ("fulfillRedemption", &ids[0]),
        ("cancelRedemption", &ids[1]),
    ] {
        shop.settle(&shop.olga.token, mutation, redeemed).await;
    }

    let log = "query ($room: ID!, $after: LogPosition!) { roomEvents(roomId: $room, after: $after) { events {
        __typename timing part ... on RewardRedeemed {
            redemption { id rewardId participantId name title cost color input } } } } }";
    let after = json!({ "epoch": global_id::epoch(start.epoch), "seq": start.seq.to_string() });
    // As anybody sees it who may read the room.
    let stranger = token(api.tenant, "stranger");
    let read = api
        .execute(&stranger, log, json!({ "room": room, "after": after }))
        .await;
    let told = |redeemed: &Value, reward: &Value, input: Value| {
        json!({
            "__typename": "RewardRedeemed", "timing": "PICTURE", "part": null,
            "redemption": {
                "id": redeemed["id"], "rewardId": reward["id"], "participantId": shop.ana.id, "name": "ana",
                "title": "Hydrate", "cost": "10", "color": reward["color"], "input": input,
            },
        })
    };
    let expected = json!([
        told(&ids[0], &usual, Value::Null),
        told(&ids[1], &shown, json!("a <b>song</b>")),
    ]);
    assert_eq!(read["data"]["roomEvents"]["events"], expected, "{read}");

    let change = json!({
        "roomId": room, "rewardId": silent["id"], "version": 1, "isAnnounced": true, "showsInput": false,
    });
    let changed = api
        .mutate_as(&shop.olga.token, "updateReward", change)
        .await;
    assert_eq!(
        (&changed["isAnnounced"], &changed["showsInput"]),
        (&json!(true), &json!(false)),
        "{changed}"
    );
}
