//! The queue of what was redeemed, followed as it is worked off.

use parlor_api::global_id;
use parlor_test_database::{Database, on_both_engines};
use serde_json::{Value, json};

use crate::client::Client;
use crate::economy::Scene;
use crate::staff_feed::{id, ids, staff, statuses, told};

on_both_engines!(
    staff_sees_what_is_redeemed_and_what_becomes_of_it,
    each_is_told_once_as_it_is_now_to_whoever_comes_back,
    a_newcomer_is_told_what_is_open_the_oldest_first,
    a_follower_is_brought_everything_however_much_it_is,
    what_expires_leaves_the_queue,
    the_trail_and_the_queue_are_told_together_and_go_on_apart,
    what_is_asked_for_is_what_one_needs_the_right_to,
    whoever_loses_the_capability_is_told_no_more,
    another_nodes_redemptions_are_found,
    a_position_of_another_log_or_beyond_the_end_begins_anew,
    what_was_redeemed_before_there_were_positions_is_in_the_queue,
);

const QUEUE: &str = "subscription Staff($roomId: ID!, $after: LogPosition) {
    liveStaff(roomId: $roomId, queueAfter: $after) {
        epoch
        queue {
            afterSeq throughSeq recovered openCount
            snapshot { id status }
            redemptions { id rewardId participantId title cost input status settledBy refunded metadata }
        }
    }
}";

const BOTH: &str =
    "subscription Staff($roomId: ID!, $after: LogPosition, $queueAfter: LogPosition) {
    liveStaff(roomId: $roomId, after: $after, queueAfter: $queueAfter) {
        epoch afterSeq throughSeq recovered
        snapshot { seq }
        entries { seq action }
        queue { throughSeq recovered snapshot { id } redemptions { id status } }
    }
}";

/// The first message of a subscription that is `id` on `client`.
async fn follow(client: &mut Client, id: &str, scene: &Scene, after: Value) -> Value {
    let variables = json!({ "roomId": global_id::room_id(scene.room), "after": after });
    client.subscribe(id, QUEUE, variables).await;

    told(client, id).await
}

/// Where a message leads up to.
fn position(message: &Value) -> Value {
    json!({ "epoch": message["epoch"], "seq": message["queue"]["throughSeq"] })
}

/// What has changed by a message, and how.
fn changed(message: &Value) -> Vec<(&str, &str)> {
    statuses(&message["queue"]["redemptions"])
}

/// A viewer of the room who has 10,000 points.
async fn viewer(scene: &Scene, name: &str) -> Value {
    let participant = scene.server.join(scene.room, name).await;
    scene.grant(&participant, 10_000, name).await;

    participant
}

async fn staff_sees_what_is_redeemed_and_what_becomes_of_it(database: String) {
    let scene = Scene::usual(database).await;
    let ana = viewer(&scene, "ana").await;
    let reward = scene.make_reward(json!({ "input": { "text": {} } })).await;
    let mut client = staff(&scene.server).await;
    let first = follow(&mut client, "1", &scene, Value::Null).await;
    assert_eq!(
        first["queue"],
        json!({
            "afterSeq": "0", "throughSeq": "0", "recovered": false, "openCount": "0",
            "snapshot": [], "redemptions": [],
        })
    );

    let input = json!({ "rewardId": reward["id"], "idempotencyKey": "k", "input": "hello" });
    let viewer = scene.server.viewer("ana");
    let redeemed = scene.act_as(viewer, "redeemReward", input).await;
    let next = told(&mut client, "1").await;
    assert_eq!(
        next["queue"],
        json!({
            "afterSeq": "0", "throughSeq": "1", "recovered": true, "openCount": "1",
            "snapshot": null,
            "redemptions": [{
                "id": redeemed["id"], "rewardId": reward["id"], "participantId": ana["id"],
                "title": "Hydrate", "cost": "30", "input": "hello", "status": "UNFULFILLED",
                "settledBy": null, "refunded": "0", "metadata": null,
            }],
        })
    );

    scene.settle("fulfillRedemption", &redeemed).await;
    let next = told(&mut client, "1").await;
    assert_eq!(changed(&next), [(id(&redeemed), "FULFILLED")]);
    assert_eq!(next["queue"]["openCount"], "0");
    assert_eq!(next["queue"]["redemptions"][0]["settledBy"], "staff");

    let refund = json!({
        "redemptionId": redeemed["id"], "points": "10", "idempotencyKey": "f", "reason": "half full",
    });
    scene.act("refundRedemption", refund).await;
    let next = told(&mut client, "1").await;
    assert_eq!(next["queue"]["redemptions"][0]["refunded"], "10");
    let note = json!({ "redemptionId": redeemed["id"], "metadata": "order 7" });
    scene.act("setRedemptionMetadata", note).await;
    let next = told(&mut client, "1").await;
    assert_eq!(next["queue"]["redemptions"][0]["metadata"], "order 7");
    assert_eq!(next["queue"]["throughSeq"], "4");
}

async fn each_is_told_once_as_it_is_now_to_whoever_comes_back(database: String) {
    let scene = Scene::usual(database).await;
    viewer(&scene, "ana").await;
    let reward = scene.make_reward(json!({})).await;
    let mut client = staff(&scene.server).await;
    follow(&mut client, "1", &scene, Value::Null).await;
    let one = scene.redeem("ana", &reward, "1").await;
    let seen = told(&mut client, "1").await;
    drop(client);

    let other = scene.redeem("ana", &reward, "2").await;
    let third = scene.redeem("ana", &reward, "3").await;
    scene.settle("cancelRedemption", &one).await;
    scene.settle("fulfillRedemption", &other).await;

    let mut client = staff(&scene.server).await;
    let first = follow(&mut client, "1", &scene, position(&seen)).await;
    assert_eq!(first["queue"]["recovered"], true);
    assert_eq!(first["queue"]["snapshot"], Value::Null);
    assert_eq!(
        changed(&first),
        [
            (id(&third), "UNFULFILLED"),
            (id(&one), "CANCELED"),
            (id(&other), "FULFILLED")
        ]
    );
    assert_eq!(first["queue"]["throughSeq"], "5");
    scene.settle("cancelRedemption", &third).await;
    assert_eq!(
        changed(&told(&mut client, "1").await),
        [(id(&third), "CANCELED")]
    );
}

async fn a_newcomer_is_told_what_is_open_the_oldest_first(database: String) {
    let scene = Scene::usual(database).await;
    viewer(&scene, "ana").await;
    let reward = scene.make_reward(json!({ "cost": "1" })).await;
    let mut made = Vec::new();
    for number in 0..103 {
        made.push(scene.redeem("ana", &reward, &number.to_string()).await);
        scene.server.clock.advance_millis(1);
    }
    scene.settle("cancelRedemption", &made[0]).await;
    scene.settle("fulfillRedemption", &made[2]).await;

    let mut client = staff(&scene.server).await;
    let first = follow(&mut client, "1", &scene, Value::Null).await;

    let mut open: Vec<_> = made.iter().map(|one| &one["id"]).collect();
    open.remove(2);
    open.remove(0);
    assert_eq!(ids(&first["queue"]["snapshot"]), open[..100]);
    assert_eq!(first["queue"]["openCount"], "101");
    // What did not fit is told as soon as something becomes of it.
    scene.settle("cancelRedemption", &made[102]).await;
    assert_eq!(
        changed(&told(&mut client, "1").await),
        [(id(&made[102]), "CANCELED")]
    );
}

async fn a_follower_is_brought_everything_however_much_it_is(database: String) {
    let scene = Scene::usual(database).await;
    viewer(&scene, "ana").await;
    let reward = scene.make_reward(json!({ "cost": "1" })).await;
    let mut client = staff(&scene.server).await;
    let start = follow(&mut client, "1", &scene, Value::Null).await;
    client.send(json!({ "id": "1", "type": "complete" })).await;
    let mut made = Vec::new();
    for number in 0..130 {
        made.push(scene.redeem("ana", &reward, &number.to_string()).await);
    }

    let mut seen = Vec::new();
    let mut message = follow(&mut client, "2", &scene, position(&start)).await;
    let mut through = json!("0");
    for expected in [100, 30] {
        assert_eq!(message["queue"]["afterSeq"], through);
        through = message["queue"]["throughSeq"].clone();
        let part = message["queue"]["redemptions"].as_array().unwrap();
        assert_eq!(part.len(), expected);
        seen.extend(part.iter().map(|one| one["id"].clone()));
        if seen.len() < made.len() {
            message = told(&mut client, "2").await;
        }
    }
    let made: Vec<_> = made.into_iter().map(|mut one| one["id"].take()).collect();
    assert_eq!(seen, made);
    client.expect_quiet().await;
}

async fn what_expires_leaves_the_queue(database: String) {
    let scene = Scene::usual(database).await;
    viewer(&scene, "ana").await;
    let reward = json!({ "expiresAfterMs": "60000" });
    let reward = scene.make_reward(reward).await;
    let redeemed = scene.redeem("ana", &reward, "1").await;
    let mut client = staff(&scene.server).await;
    let first = follow(&mut client, "1", &scene, Value::Null).await;
    assert_eq!(ids(&first["queue"]["snapshot"]), [id(&redeemed)]);

    scene.server.end_session(scene.room).await;
    scene.server.clock.advance_millis(600_000);
    // Whoever settles it is told that it has expired, which it has by then.
    let document = "mutation ($input: SettleRedemptionInput!) {
        fulfillRedemption(input: $input) { ... on Error { code } }
    }";
    let room_id = global_id::room_id(scene.room);
    let input = json!({ "roomId": room_id, "redemptionId": redeemed["id"] });
    let tenant = scene.server.tenant;
    let late = scene
        .server
        .execute(tenant, document, json!({ "input": input }));
    assert_eq!(late.await["fulfillRedemption"]["code"], "ALREADY_EXPIRED");

    let next = told(&mut client, "1").await;
    assert_eq!(changed(&next), [(id(&redeemed), "EXPIRED")]);
    assert_eq!(next["queue"]["openCount"], "0");
}

async fn the_trail_and_the_queue_are_told_together_and_go_on_apart(database: String) {
    let scene = Scene::usual(database).await;
    let ana = viewer(&scene, "ana").await;
    let reward = scene.make_reward(json!({})).await;
    let mut client = staff(&scene.server).await;
    let variables = json!({ "roomId": global_id::room_id(scene.room) });
    client.subscribe("1", BOTH, variables).await;
    let first = told(&mut client, "1").await;
    assert_eq!(first["throughSeq"], "2", "the grant and the reward");
    assert_eq!(first["queue"]["throughSeq"], "0");

    scene.grant(&ana, 1, "again").await;
    let next = told(&mut client, "1").await;
    assert_eq!(next["entries"][0]["action"], "POINTS_GRANTED");
    assert_eq!(next["queue"]["redemptions"], json!([]));
    let redeemed = scene.redeem("ana", &reward, "1").await;
    let next = told(&mut client, "1").await;
    assert_eq!(next["entries"], json!([]));
    assert_eq!(changed(&next), [(id(&redeemed), "UNFULFILLED")]);
    assert_eq!(
        (&next["throughSeq"], &next["queue"]["throughSeq"]),
        (&json!("3"), &json!("1"))
    );
    drop(client);

    scene.grant(&ana, 1, "once more").await;
    let mut client = staff(&scene.server).await;
    let epoch = &next["epoch"];
    let variables = json!({
        "roomId": global_id::room_id(scene.room),
        "after": { "epoch": epoch, "seq": "3" },
        "queueAfter": { "epoch": epoch, "seq": "7" },
    });
    client.subscribe("1", BOTH, variables).await;
    let first = told(&mut client, "1").await;
    assert_eq!(
        (&first["recovered"], &first["snapshot"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!(first["entries"][0]["seq"], "4");
    assert_eq!(first["queue"]["recovered"], false);
    assert_eq!(ids(&first["queue"]["snapshot"]), [id(&redeemed)]);
}

/// Gives a participant a role in the room.
async fn assign(scene: &Scene, participant: &Value, role: &str, version: i64) {
    let role = json!({ "participantId": participant["id"], "role": role, "version": version });
    scene.act("assignRole", role).await;
}

async fn deny(scene: &Scene, participant: &Value, capability: &str, version: i64) {
    let denial = json!({
        "participantId": participant["id"], "capability": capability, "version": version,
        "reason": "another team",
    });
    scene.act("denyCapability", denial).await;
}

async fn what_is_asked_for_is_what_one_needs_the_right_to(database: String) {
    let scene = Scene::usual(database).await;
    let ana = viewer(&scene, "ana").await;
    assign(&scene, &ana, "MODERATOR", 1).await;
    deny(&scene, &ana, "AUDIT_READ", 2).await;
    let variables = json!({ "roomId": global_id::room_id(scene.room) });
    let ask = async |name: &str, document: &str| {
        let token = scene.server.viewer_token(name);
        let mut client = Client::ready(&scene.server, Some(&token)).await;
        client.subscribe("1", document, variables.clone()).await;
        let message = client.message().await;
        match message["type"].as_str() {
            Some("next") => Value::Null,
            _ => message["payload"][0]["extensions"]["code"].clone(),
        }
    };
    let epoch_alone = "subscription ($roomId: ID!) { liveStaff(roomId: $roomId) { epoch } }";
    let in_a_fragment = "subscription ($roomId: ID!) { liveStaff(roomId: $roomId) { ...Trail queue { openCount } } }
        fragment Trail on StaffFeed { found: entries { seq } }";

    assert_eq!(ask("ana", QUEUE).await, Value::Null);
    for document in [BOTH, epoch_alone, in_a_fragment] {
        assert_eq!(ask("ana", document).await, "FORBIDDEN", "{document}");
    }
    let ben = viewer(&scene, "ben").await;
    assert_eq!(ask("ben", QUEUE).await, "FORBIDDEN");
    assign(&scene, &ben, "MODERATOR", 1).await;
    deny(&scene, &ben, "REDEMPTION_MANAGE", 2).await;
    assert_eq!(ask("ben", epoch_alone).await, Value::Null);
    for document in [BOTH, QUEUE, in_a_fragment] {
        assert_eq!(ask("ben", document).await, "FORBIDDEN", "{document}");
    }
}

async fn whoever_loses_the_capability_is_told_no_more(database: String) {
    let scene = Scene::usual(database).await;
    let ana = viewer(&scene, "ana").await;
    viewer(&scene, "ben").await;
    assign(&scene, &ana, "MODERATOR", 1).await;
    let reward = scene.make_reward(json!({})).await;
    let token = scene.server.viewer_token("ana");
    let mut client = Client::ready(&scene.server, Some(&token)).await;
    follow(&mut client, "1", &scene, Value::Null).await;
    assign(&scene, &ana, "MEMBER", 2).await;
    scene.redeem("ben", &reward, "1").await;

    let error = client.error("1").await;
    assert_eq!(error[0]["extensions"]["code"], "FORBIDDEN", "{error}");
}

async fn another_nodes_redemptions_are_found(database: String) {
    let (one, other) = Scene::pair(database).await;
    viewer(&one, "ana").await;
    let reward = one.make_reward(json!({})).await;
    let mut client = staff(&one.server).await;
    follow(&mut client, "1", &one, Value::Null).await;

    let redeemed = other.redeem("ana", &reward, "1").await;

    assert_eq!(
        changed(&told(&mut client, "1").await),
        [(id(&redeemed), "UNFULFILLED")]
    );
}

async fn a_position_of_another_log_or_beyond_the_end_begins_anew(database: String) {
    let scene = Scene::usual(database).await;
    viewer(&scene, "ana").await;
    let reward = scene.make_reward(json!({})).await;
    let redeemed = scene.redeem("ana", &reward, "1").await;
    let mut client = staff(&scene.server).await;
    let first = follow(&mut client, "1", &scene, Value::Null).await;

    let beyond = json!({ "epoch": first["epoch"], "seq": "2" });
    let other = json!({ "epoch": "019b7ca9-0000-79a6-b722-7d617a027a35", "seq": "0" });
    for (name, after) in [("2", beyond), ("3", other)] {
        let anew = follow(&mut client, name, &scene, after).await;
        assert_eq!(anew["queue"]["recovered"], false, "{anew}");
        assert_eq!(ids(&anew["queue"]["snapshot"]), [id(&redeemed)]);
    }
}

async fn what_was_redeemed_before_there_were_positions_is_in_the_queue(database: Database) {
    let scene = Scene::usual(database.clone().into()).await;
    viewer(&scene, "ana").await;
    let reward = scene.make_reward(json!({})).await;
    let redeemed = scene.redeem("ana", &reward, "1").await;
    // As a migration leaves them that finds them there.
    database.run("UPDATE redemptions SET queue_seq = 0").await;
    let forget = "UPDATE room_censuses SET queue_changes = 0";
    database.run(forget).await;

    let mut client = staff(&scene.server).await;
    let first = follow(&mut client, "1", &scene, Value::Null).await;
    assert_eq!(ids(&first["queue"]["snapshot"]), [id(&redeemed)]);
    assert_eq!(first["queue"]["throughSeq"], "0");
    scene.settle("fulfillRedemption", &redeemed).await;
    assert_eq!(
        changed(&told(&mut client, "1").await),
        [(id(&redeemed), "FULFILLED")]
    );
}
