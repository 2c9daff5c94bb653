//! The stage through the API: asking, inviting, speaking, and a room that is archived.

use parlor_api::global_id::parse_room_id;
use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::person::Person;
use crate::server::Api;

on_both_engines! {
    two_people_and_a_stage,
    archiving_a_room_empties_its_stage,
}

pub(crate) async fn stage(api: &Api, token: &str, room: &str) -> Value {
    let document = "query ($room: ID!) { stage(roomId: $room) {
        size isLive host { name } speakers { name } invited { name } queue { name requestedSeq }
    } }";
    let read = api.execute(token, document, json!({ "room": room })).await;
    assert_eq!(read["errors"], Value::Null, "{read}");
    read["data"]["stage"].clone()
}

async fn two_people_and_a_stage(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let olga = Person::join(&api, &room, "Olga").await.made_owner().await;
    let ana = Person::join(&api, &room, "Ana").await;
    let ben = Person::join(&api, &room, "Ben").await;

    assert_eq!(ben.act("requestStage").await["stageRole"], "REQUESTED");
    assert_eq!(ana.act("requestStage").await["stageRole"], "REQUESTED");
    let now = stage(&api, &ana.token, &room).await;
    let queue: Vec<_> = now["queue"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["name"])
        .collect();
    assert_eq!(queue, ["Ben", "Ana"]);

    let invited = olga.act_on(&ana, "inviteToStage", Value::Null).await;
    assert_eq!(
        (&invited["stageRole"], &invited["private"]),
        (&json!("INVITED"), &Value::Null)
    );
    assert_eq!(ana.act("joinStage").await["stageRole"], "SPEAKER");
    let handed = olga.act_on(&olga, "handOverHost", json!({ "fromParticipantId": null }));
    assert_eq!(handed.await["stageRole"], "HOST");
    let handed = olga.act_on(
        &ana,
        "handOverHost",
        json!({ "fromParticipantId": olga.id }),
    );
    assert_eq!(handed.await["stageRole"], "HOST");
    assert_eq!(
        olga.act_on(&ben, "declineStage", Value::Null).await["stageRole"],
        "AUDIENCE"
    );

    let now = stage(&api, &ben.token, &room).await;
    assert_eq!(
        (&now["isLive"], &now["host"]["name"]),
        (&json!(false), &json!("Ana"))
    );
    assert_eq!(now["speakers"], json!([{ "name": "Olga" }]));
    assert_eq!((&now["queue"], &now["invited"]), (&json!([]), &json!([])));
    api.mutate("startSession", json!({ "roomId": room })).await;
    assert_eq!(stage(&api, &ben.token, &room).await["isLive"], true);

    // What a newcomer's snapshot says is what was told to those who were there.
    let room_id = parse_room_id(&room).unwrap();
    let snapshot = api
        .server
        .service
        .app
        .store
        .snapshot(room_id)
        .await
        .unwrap()
        .unwrap();
    let parts: Vec<_> = snapshot
        .events
        .iter()
        .filter_map(|event| event.body.part())
        .collect();
    assert_eq!(
        parts.len(),
        5,
        "the room, its session and three people: {parts:?}"
    );

    let left = api
        .mutate_as(&ana.token, "leaveRoom", json!({ "roomId": room }))
        .await;
    assert_eq!(
        (&left["membership"], &left["isListed"]),
        (&json!("LEFT"), &json!(false))
    );
    assert_eq!(stage(&api, &ben.token, &room).await["host"], Value::Null);
}

async fn archiving_a_room_empties_its_stage(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let olga = Person::join(&api, &room, "Olga").await.made_owner().await;
    let ana = Person::join(&api, &room, "Ana").await;
    let ben = Person::join(&api, &room, "Ben").await;
    olga.act("joinStage").await;
    ana.act("requestStage").await;
    olga.act_on(&ben, "inviteToStage", Value::Null).await;
    let seq = api.head(&room).await.seq;

    let change = json!({ "id": room, "version": 1, "state": "ARCHIVED" });
    let archived = api.mutate_as(&olga.token, "updateRoom", change).await;

    assert_eq!(archived["state"], "ARCHIVED");
    let now = stage(&api, &ben.token, &room).await;
    for part in ["speakers", "invited", "queue"] {
        assert_eq!(now[part], json!([]), "{part}");
    }
    assert_eq!(api.head(&room).await.seq, seq + 4);
    assert_eq!(olga.act("joinStage").await["code"], "ROOM_ARCHIVED");
    let left = api
        .mutate_as(&ana.token, "leaveRoom", json!({ "roomId": room }))
        .await;
    assert!(left["leftAt"].is_string(), "{left}");
}
