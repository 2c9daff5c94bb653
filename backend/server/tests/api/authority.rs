//! Capabilities and the trail of their uses through the API.

use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::person::{Person, viewer};
use crate::server::Api;
use crate::stage::stage;

on_both_engines! {
    capabilities_are_told_and_end_by_themselves,
    the_trail_names_who_did_what,
    the_trail_tells_who_set_what_is_sold_and_earned,
    an_owner_runs_the_room_and_others_do_not,
}

async fn capabilities_are_told_and_end_by_themselves(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let olga = Person::join(&api, &room, "olga").await.made_owner().await;
    let ana = Person::join(&api, &room, "ana").await;
    let access = async |token: &str| {
        let document = "query ($room: ID!) { roomAccess(roomId: $room) {
            capabilities participant { role private { grants { capability reason } } }
        } }";
        let read = api.execute(token, document, json!({ "room": room })).await;
        read["data"]["roomAccess"].clone()
    };
    assert_eq!(
        access(&ana.token).await["capabilities"],
        json!(["STAGE_SPEAK"])
    );
    assert_eq!(
        access(&viewer(&api, "zoe")).await,
        json!({ "capabilities": [], "participant": null })
    );
    let all = access(&api.staff).await["capabilities"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(
        access(&olga.token).await["capabilities"]
            .as_array()
            .unwrap()
            .len(),
        all
    );

    let terms = json!({
        "capability": "STAGE_INVITE", "expiresAt": "2026-01-02T03:05:05.000Z", "reason": "tonight",
    });
    let granted = olga.act_on(&ana, "grantCapability", terms).await;
    assert_eq!(granted["private"]["capabilities"], Value::Null, "{granted}");
    let found = access(&ana.token).await;
    assert_eq!(
        found["capabilities"],
        json!(["STAGE_SPEAK", "STAGE_INVITE"])
    );
    assert_eq!(
        found["participant"]["private"]["grants"],
        json!([{ "capability": "STAGE_INVITE", "reason": "tonight" }])
    );
    assert_eq!(ana.act("joinStage").await["stageRole"], "SPEAKER");

    api.clock.advance_millis(60_000);
    assert_eq!(
        access(&ana.token).await["capabilities"],
        json!(["STAGE_SPEAK"])
    );
    let refused = ana.act_on(&olga, "inviteToStage", json!({})).await;
    assert_eq!(refused["code"], "CAPABILITY_MISSING");
    assert_eq!(
        refused["message"], "this needs the capability `STAGE_INVITE`",
        "a message calls it what the API does"
    );
    olga.act_on(
        &ana,
        "denyCapability",
        json!({ "capability": "STAGE_SPEAK" }),
    )
    .await;
    assert_eq!(access(&ana.token).await["capabilities"], json!([]));
    assert_eq!(stage(&api, &ana.token, &room).await["speakers"], json!([]));
}

async fn the_trail_names_who_did_what(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let olga = Person::join(&api, &room, "olga").await.made_owner().await;
    let ana = Person::join(&api, &room, "ana").await;
    api.clock.advance_millis(1);
    olga.act_on(&ana, "removeParticipant", json!({ "reason": "enough" }))
        .await;
    let trail = async |token: &str| {
        let document = "query ($room: ID!) { auditConnection(roomId: $room) { totalCount nodes {
            actorId actorIsStaff action participantId fromRole toRole reason
        } } }";
        api.execute(token, document, json!({ "room": room })).await
    };

    let read = trail(&olga.token).await;
    assert_eq!(
        read["data"]["auditConnection"]["nodes"],
        json!([
            {
                "actorId": "somebody", "actorIsStaff": true, "action": "ROLE_ASSIGNED",
                "participantId": olga.id, "fromRole": "MEMBER", "toRole": "OWNER", "reason": null,
            },
            {
                "actorId": "olga", "actorIsStaff": false, "action": "REMOVED",
                "participantId": ana.id, "fromRole": null, "toRole": null, "reason": "enough",
            },
        ])
    );
    assert_eq!(trail(&api.staff).await["data"], read["data"]);
    let refused = trail(&ana.token).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN");
    let input = json!({ "roomId": room, "name": "ana" });
    let refused = api.mutate_as(&ana.token, "joinRoom", input).await;
    assert_eq!(refused["code"], "PARTICIPANT_REMOVED");
}

async fn the_trail_tells_who_set_what_is_sold_and_earned(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let olga = Person::join(&api, &room, "olga").await.made_owner().await;
    let act = async |name: &str, input: Value| api.mutate_as(&olga.token, name, input).await;
    let made = act(
        "createReward",
        json!({ "idempotencyKey": "hat", "roomId": room, "title": "Hat", "cost": "30" }),
    )
    .await;
    let reward = json!({ "roomId": room, "rewardId": made["id"] });
    let with = |mut input: Value, more: Value| {
        input
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        input
    };
    let dearer = json!({ "version": 1, "cost": "31" });
    act("updateReward", with(reward.clone(), dearer)).await;
    act("deleteReward", with(reward, json!({ "version": 2 }))).await;
    let generous = json!({ "roomId": room, "expectedVersion": 1, "points": "1000000" });
    act("updateEarningProgramme", generous).await;
    let yen = json!({ "id": room, "version": 1, "referenceCurrency": "JPY" });
    act("updateRoom", yen).await;

    let document =
        "query ($room: ID!) { auditConnection(roomId: $room, page: { last: 5 }) { nodes {
        actorId action participantId rewardId version
    } } }";
    let read = api
        .execute(&olga.token, document, json!({ "room": room }))
        .await;
    let entry = |action: &str, reward: &Value, version: Value| {
        json!({
            "actorId": "olga", "action": action, "participantId": null, "rewardId": reward,
            "version": version,
        })
    };
    assert_eq!(
        read["data"]["auditConnection"]["nodes"],
        json!([
            entry("REWARD_CREATED", &made["id"], Value::Null),
            entry("REWARD_UPDATED", &made["id"], json!(2)),
            entry("REWARD_DELETED", &made["id"], Value::Null),
            entry("EARNING_PROGRAMME_UPDATED", &Value::Null, json!(2)),
            entry("ROOM_UPDATED", &Value::Null, json!(2)),
        ])
    );
}

async fn an_owner_runs_the_room_and_others_do_not(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let olga = Person::join(&api, &room, "olga").await.made_owner().await;
    let ana = Person::join(&api, &room, "ana").await;
    let commands = || {
        [
            (
                "updateRoom",
                json!({ "id": room, "version": 1, "title": "Ours" }),
                "Room",
            ),
            ("startSession", json!({ "roomId": room }), "Session"),
            ("endSession", json!({ "roomId": room }), "Session"),
        ]
    };

    for (caller, code) in [
        (&ana.token, "CAPABILITY_MISSING"),
        (&viewer(&api, "zoe"), "NOT_JOINED"),
    ] {
        for (mutation, input, _) in commands() {
            let refused = api.mutate_as(caller, mutation, input).await;
            assert_eq!(refused["code"], code, "{mutation}: {refused}");
        }
    }
    for (mutation, input, kind) in commands() {
        let done = api.mutate_as(&olga.token, mutation, input).await;
        assert_eq!(done["__typename"], kind, "{mutation}: {done}");
    }
}
