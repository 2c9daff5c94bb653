//! The cases about points, followed by staff as they are seen to.

use std::time::Duration;

use parlor_api::global_id;
use parlor_test_database::{Database, on_both_engines};
use serde_json::{Value, json};

use crate::client::Client;
use crate::economy::Scene;
use crate::server::Options;
use crate::staff_feed::{id, ids, staff, statuses, told};

on_both_engines!(
    staff_sees_what_is_disputed_and_what_becomes_of_it,
    each_is_told_once_as_it_is_now_to_whoever_comes_back,
    a_newcomer_is_told_what_is_open_the_oldest_first,
    a_follower_is_brought_everything_however_much_it_is,
    all_that_staff_follows_is_told_together_and_goes_on_apart,
    what_is_asked_for_is_what_one_needs_the_right_to,
    whoever_loses_the_capability_is_told_no_more,
    another_nodes_disputes_are_found,
    a_renewed_log_begins_all_of_it_anew,
    a_position_of_another_log_or_beyond_the_end_begins_anew,
    what_was_opened_before_there_were_positions_is_told,
);

const DISPUTES: &str = "subscription Staff($roomId: ID!, $after: LogPosition) {
    liveStaff(roomId: $roomId, disputesAfter: $after) {
        epoch
        disputes {
            afterSeq throughSeq recovered openCount
            snapshot { id status held }
            disputes { id roomId participantId transferSeq reason isByStaff openedBy status held closedBy resolution }
        }
    }
}";

const ALL: &str = "subscription Staff($roomId: ID!, $disputesAfter: LogPosition) {
    liveStaff(roomId: $roomId, disputesAfter: $disputesAfter) {
        epoch throughSeq recovered entries { action }
        queue { throughSeq recovered snapshot { id } redemptions { id } }
        disputes { throughSeq recovered snapshot { id } disputes { id status } }
    }
}";

/// The first message of a subscription that is `id` on `client`.
async fn follow(client: &mut Client, id: &str, scene: &Scene, after: Value) -> Value {
    let variables = json!({ "roomId": global_id::room_id(scene.room), "after": after });
    client.subscribe(id, DISPUTES, variables).await;

    told(client, id).await
}

/// Where a message leads up to.
fn position(message: &Value) -> Value {
    json!({ "epoch": message["epoch"], "seq": message["disputes"]["throughSeq"] })
}

/// What has changed by a message, and how.
fn changed(message: &Value) -> Vec<(&str, &str)> {
    statuses(&message["disputes"]["disputes"])
}

/// A viewer of the room who has as many lines, each of a point.
async fn viewer(scene: &Scene, name: &str, lines: usize) -> Value {
    let participant = scene.server.join(scene.room, name).await;
    for line in 0..lines {
        scene
            .grant(&participant, 1, &format!("{name} {line}"))
            .await;
    }

    participant
}

/// Has a viewer dispute a line of theirs.
async fn dispute(scene: &Scene, name: &str, seq: usize) -> Value {
    let input = json!({
        "idempotencyKey": format!("line {seq}"), "transferSeq": seq.to_string(), "reason": "not mine",
    });
    // Each is opened at a time of its own, so that they are not told in that order by chance.
    scene.server.clock.advance_millis(1);
    scene
        .act_as(scene.server.viewer(name), "openDispute", input)
        .await
}

/// Has staff dispute a line of somebody's.
async fn dispute_by_staff(scene: &Scene, participant: &Value, seq: usize) -> Value {
    let input = json!({
        "idempotencyKey": format!("line {seq}"), "transferSeq": seq.to_string(), "reason": "a bot",
        "participantId": participant["id"],
    });
    scene.act("openDispute", input).await
}

async fn hold(scene: &Scene, dispute: &Value, points: i64) {
    let input = json!({
        "idempotencyKey": format!("hold {points}"), "disputeId": dispute["id"],
        "points": points.to_string(),
    });
    scene.act("holdDispute", input).await;
}

async fn resolve(scene: &Scene, dispute: &Value, is_dismissed: bool) {
    let input = json!({
        "idempotencyKey": id(dispute), "disputeId": dispute["id"], "resolution": "so be it",
        "isDismissed": is_dismissed,
    });
    scene.act("resolveDispute", input).await;
}

async fn staff_sees_what_is_disputed_and_what_becomes_of_it(database: String) {
    let scene = Scene::usual(database).await;
    let ana = viewer(&scene, "ana", 2).await;
    let mut client = staff(&scene.server).await;
    let first = follow(&mut client, "1", &scene, Value::Null).await;
    assert_eq!(
        first["disputes"],
        json!({
            "afterSeq": "0", "throughSeq": "0", "recovered": false, "openCount": "0",
            "snapshot": [], "disputes": [],
        })
    );

    let opened = dispute(&scene, "ana", 1).await;
    let next = told(&mut client, "1").await;
    let mut case = json!({
        "id": opened["id"], "roomId": global_id::room_id(scene.room), "participantId": ana["id"],
        "transferSeq": "1", "reason": "not mine", "isByStaff": false, "openedBy": "ana",
        "status": "OPEN", "held": "0", "closedBy": null, "resolution": null,
    });
    assert_eq!(
        next["disputes"],
        json!({
            "afterSeq": "0", "throughSeq": "1", "recovered": true, "openCount": "1",
            "snapshot": null, "disputes": [case],
        })
    );

    hold(&scene, &opened, 2).await;
    case["held"] = json!("2");
    let next = told(&mut client, "1").await;
    assert_eq!(next["disputes"]["disputes"], json!([case]));
    resolve(&scene, &opened, true).await;
    for (field, value) in [
        ("held", "0"),
        ("status", "DISMISSED"),
        ("closedBy", "staff"),
        ("resolution", "so be it"),
    ] {
        case[field] = json!(value);
    }
    let next = told(&mut client, "1").await;
    assert_eq!(next["disputes"]["disputes"], json!([case]));
    assert_eq!(next["disputes"]["openCount"], "0");

    let opened = dispute(&scene, "ana", 2).await;
    told(&mut client, "1").await;
    let input = json!({ "idempotencyKey": "w", "disputeId": opened["id"] });
    scene
        .act_as(scene.server.viewer("ana"), "withdrawDispute", input)
        .await;
    let next = told(&mut client, "1").await;
    assert_eq!(changed(&next), [(id(&opened), "WITHDRAWN")]);
    assert_eq!(next["disputes"]["throughSeq"], "5");
}

async fn each_is_told_once_as_it_is_now_to_whoever_comes_back(database: String) {
    let scene = Scene::usual(database).await;
    viewer(&scene, "ana", 3).await;
    let mut client = staff(&scene.server).await;
    follow(&mut client, "1", &scene, Value::Null).await;
    let one = dispute(&scene, "ana", 1).await;
    let seen = told(&mut client, "1").await;
    drop(client);

    let other = dispute(&scene, "ana", 2).await;
    let third = dispute(&scene, "ana", 3).await;
    resolve(&scene, &one, true).await;
    hold(&scene, &other, 1).await;
    resolve(&scene, &other, false).await;

    let mut client = staff(&scene.server).await;
    let first = follow(&mut client, "1", &scene, position(&seen)).await;
    assert_eq!(first["disputes"]["recovered"], true);
    assert_eq!(first["disputes"]["snapshot"], Value::Null);
    assert_eq!(
        changed(&first),
        [
            (id(&third), "OPEN"),
            (id(&one), "DISMISSED"),
            (id(&other), "RESOLVED")
        ]
    );
    assert_eq!(first["disputes"]["throughSeq"], "6");
    assert_eq!(first["disputes"]["openCount"], "1");
    resolve(&scene, &third, true).await;
    assert_eq!(
        changed(&told(&mut client, "1").await),
        [(id(&third), "DISMISSED")]
    );
}

/// As many cases, of members who have three each.
async fn many(scene: &Scene, count: usize) -> Vec<Value> {
    let mut opened = Vec::new();
    for number in 0..count.div_ceil(3) {
        let name = format!("m{number}");
        viewer(scene, &name, 3).await;
        for line in 1..=3.min(count - 3 * number) {
            opened.push(dispute(scene, &name, 3 * number + line).await);
        }
    }

    opened
}

async fn a_newcomer_is_told_what_is_open_the_oldest_first(database: String) {
    let scene = Scene::usual(database).await;
    let opened = many(&scene, 103).await;
    resolve(&scene, &opened[0], true).await;
    resolve(&scene, &opened[2], false).await;

    let mut client = staff(&scene.server).await;
    let first = follow(&mut client, "1", &scene, Value::Null).await;

    let mut open: Vec<_> = opened.iter().map(id).collect();
    open.remove(2);
    open.remove(0);
    assert_eq!(ids(&first["disputes"]["snapshot"]), open[..100]);
    assert_eq!(first["disputes"]["openCount"], "101");
    // What did not fit is told as soon as something becomes of it.
    resolve(&scene, &opened[102], true).await;
    assert_eq!(
        changed(&told(&mut client, "1").await),
        [(id(&opened[102]), "DISMISSED")]
    );
}

async fn a_follower_is_brought_everything_however_much_it_is(database: String) {
    let scene = Scene::usual(database).await;
    let mut client = staff(&scene.server).await;
    let start = follow(&mut client, "1", &scene, Value::Null).await;
    client.send(json!({ "id": "1", "type": "complete" })).await;
    let opened = many(&scene, 130).await;

    let mut seen = Vec::new();
    let mut message = follow(&mut client, "2", &scene, position(&start)).await;
    let mut through = json!("0");
    for expected in [100, 30] {
        assert_eq!(message["disputes"]["afterSeq"], through);
        through = message["disputes"]["throughSeq"].clone();
        let part = ids(&message["disputes"]["disputes"]);
        assert_eq!(part.len(), expected);
        seen.extend(part.into_iter().map(str::to_owned));
        if seen.len() < opened.len() {
            message = told(&mut client, "2").await;
        }
    }
    assert_eq!(seen, opened.iter().map(id).collect::<Vec<_>>());
    client.expect_quiet().await;
}

async fn all_that_staff_follows_is_told_together_and_goes_on_apart(database: String) {
    let scene = Scene::usual(database).await;
    let ana = viewer(&scene, "ana", 1).await;
    let mut client = staff(&scene.server).await;
    let variables = json!({ "roomId": global_id::room_id(scene.room) });
    client.subscribe("1", ALL, variables).await;
    let first = told(&mut client, "1").await;
    assert_eq!(first["throughSeq"], "1", "the grant");
    assert_eq!(first["disputes"]["snapshot"], json!([]));

    let case = dispute_by_staff(&scene, &ana, 1).await;
    let next = told(&mut client, "1").await;
    assert_eq!(next["entries"][0]["action"], "DISPUTE_OPENED");
    assert_eq!(changed(&next), [(id(&case), "OPEN")]);
    assert_eq!(next["queue"]["redemptions"], json!([]));
    scene.grant(&ana, 1, "again").await;
    let next = told(&mut client, "1").await;
    assert_eq!(next["entries"][0]["action"], "POINTS_GRANTED");
    assert_eq!(next["disputes"]["disputes"], json!([]));
    assert_eq!(
        (&next["throughSeq"], &next["disputes"]["throughSeq"]),
        (&json!("3"), &json!("1"))
    );
    drop(client);

    hold(&scene, &case, 1).await;
    let mut client = staff(&scene.server).await;
    let variables = json!({
        "roomId": global_id::room_id(scene.room),
        "disputesAfter": { "epoch": next["epoch"], "seq": "1" },
    });
    client.subscribe("1", ALL, variables).await;
    let first = told(&mut client, "1").await;
    assert_eq!(first["disputes"]["recovered"], true);
    assert_eq!(changed(&first), [(id(&case), "OPEN")]);
    assert_eq!(first["entries"], json!([]), "the trail is told anew");
}

/// Gives a participant a role in the room.
async fn assign(scene: &Scene, participant: &Value, role: &str, version: i64) {
    let role = json!({ "participantId": participant["id"], "role": role, "version": version });
    scene.act("assignRole", role).await;
}

async fn what_is_asked_for_is_what_one_needs_the_right_to(database: String) {
    let scene = Scene::usual(database).await;
    for (name, denied) in [("ana", "AUDIT_READ"), ("ben", "POINTS_READ")] {
        let who = viewer(&scene, name, 0).await;
        assign(&scene, &who, "MODERATOR", 1).await;
        let denial = json!({
            "participantId": who["id"], "capability": denied, "version": 2, "reason": "another team",
        });
        scene.act("denyCapability", denial).await;
    }
    viewer(&scene, "zoe", 0).await;
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
    for (name, document, answer) in [
        ("ana", DISPUTES, Value::Null),
        ("ana", ALL, json!("FORBIDDEN")),
        ("ana", epoch_alone, json!("FORBIDDEN")),
        ("ben", epoch_alone, Value::Null),
        ("ben", DISPUTES, json!("FORBIDDEN")),
        ("ben", ALL, json!("FORBIDDEN")),
        ("zoe", DISPUTES, json!("FORBIDDEN")),
    ] {
        assert_eq!(ask(name, document).await, answer, "{name}: {document}");
    }
}

async fn whoever_loses_the_capability_is_told_no_more(database: String) {
    let scene = Scene::usual(database).await;
    let ana = viewer(&scene, "ana", 0).await;
    viewer(&scene, "ben", 1).await;
    assign(&scene, &ana, "MODERATOR", 1).await;
    let token = scene.server.viewer_token("ana");
    let mut client = Client::ready(&scene.server, Some(&token)).await;
    follow(&mut client, "1", &scene, Value::Null).await;
    assign(&scene, &ana, "MEMBER", 2).await;
    dispute(&scene, "ben", 1).await;

    let error = client.error("1").await;
    assert_eq!(error[0]["extensions"]["code"], "FORBIDDEN", "{error}");
}

async fn another_nodes_disputes_are_found(database: String) {
    let (one, other) = Scene::pair(database).await;
    viewer(&one, "ana", 1).await;
    let mut client = staff(&one.server).await;
    follow(&mut client, "1", &one, Value::Null).await;

    let opened = dispute(&other, "ana", 1).await;

    assert_eq!(
        changed(&told(&mut client, "1").await),
        [(id(&opened), "OPEN")]
    );
}

async fn a_renewed_log_begins_all_of_it_anew(database: String) {
    let scene = Scene::set(Options {
        database: Some(database),
        heads_check: Duration::from_millis(10),
        ..Options::default()
    })
    .await;
    viewer(&scene, "ana", 40).await;
    let reward = scene.make_reward(json!({})).await;
    let redeemed = scene.redeem("ana", &reward, "1").await;
    let opened = dispute(&scene, "ana", 1).await;
    let mut client = staff(&scene.server).await;
    let variables = json!({ "roomId": global_id::room_id(scene.room) });
    client.subscribe("1", ALL, variables).await;
    let first = told(&mut client, "1").await;

    let store = &scene.server.service.app.store;
    store
        .renew_epochs(&mut scene.server.ids.clone())
        .await
        .unwrap();
    let anew = told(&mut client, "1").await;
    assert_ne!(anew["epoch"], first["epoch"]);
    for (part, kept) in [("queue", &redeemed), ("disputes", &opened)] {
        assert_eq!(anew[part]["recovered"], false, "{anew}");
        assert_eq!(ids(&anew[part]["snapshot"]), [id(kept)], "{anew}");
    }

    // What is told next follows on that.
    scene.settle("fulfillRedemption", &redeemed).await;
    let next = told(&mut client, "1").await;
    let known = [&next["recovered"], &next["queue"]["recovered"]];
    assert_eq!((&next["epoch"], known), (&anew["epoch"], [&json!(true); 2]));
    assert_eq!(ids(&next["queue"]["redemptions"]), [id(&redeemed)]);
}

async fn a_position_of_another_log_or_beyond_the_end_begins_anew(database: String) {
    let scene = Scene::usual(database).await;
    viewer(&scene, "ana", 1).await;
    let opened = dispute(&scene, "ana", 1).await;
    let mut client = staff(&scene.server).await;
    let first = follow(&mut client, "1", &scene, Value::Null).await;

    let beyond = json!({ "epoch": first["epoch"], "seq": "2" });
    let other = json!({ "epoch": "019b7ca9-0000-79a6-b722-7d617a027a35", "seq": "0" });
    for (of, after) in [("2", beyond), ("3", other)] {
        let anew = follow(&mut client, of, &scene, after).await;
        assert_eq!(anew["disputes"]["recovered"], false, "{anew}");
        assert_eq!(ids(&anew["disputes"]["snapshot"]), [id(&opened)]);
    }
}

async fn what_was_opened_before_there_were_positions_is_told(database: Database) {
    let scene = Scene::usual(database.clone().into()).await;
    viewer(&scene, "ana", 1).await;
    let opened = dispute(&scene, "ana", 1).await;
    // As a migration leaves them that finds them there.
    database.run("UPDATE disputes SET change_seq = 0").await;
    let forget = "UPDATE room_censuses SET dispute_changes = 0";
    database.run(forget).await;

    let mut client = staff(&scene.server).await;
    let first = follow(&mut client, "1", &scene, Value::Null).await;
    assert_eq!(ids(&first["disputes"]["snapshot"]), [id(&opened)]);
    assert_eq!(
        (
            &first["disputes"]["throughSeq"],
            &first["disputes"]["openCount"]
        ),
        (&json!("0"), &json!("1"))
    );
    resolve(&scene, &opened, true).await;
    let next = told(&mut client, "1").await;
    assert_eq!(changed(&next), [(id(&opened), "DISMISSED")]);
    assert_eq!(next["disputes"]["openCount"], "0");
}
