//! A cursor names its list: one of another list is refused, whichever two they are.

use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::server::Api;
use crate::shop::{Shop, room};

on_both_engines! { a_cursor_of_another_list_is_refused }

/// Lists of a room, or of the tenant: how each is asked for, and where its connection is in the answer.
const LISTS: [(&str, &str); 10] = [
    ("roomsConnection(PAGE)", "roomsConnection"),
    ("roomsConnection(states: [OPEN], PAGE)", "roomsConnection"),
    ("auditConnection(roomId: $room, PAGE)", "auditConnection"),
    (
        "participantsConnection(roomId: $room, PAGE)",
        "participantsConnection",
    ),
    (
        "participantsConnection(roomId: $room, role: MEMBER, PAGE)",
        "participantsConnection",
    ),
    (
        "sessionsConnection(roomId: $room, PAGE)",
        "sessionsConnection",
    ),
    (
        "redemptionsConnection(roomId: $room, PAGE)",
        "redemptionsConnection",
    ),
    (
        "redemptionsConnection(roomId: $room, status: UNFULFILLED, PAGE)",
        "redemptionsConnection",
    ),
    (
        "ownRedemptionsConnection(roomId: $room, PAGE)",
        "ownRedemptionsConnection",
    ),
    (
        "pointsAccount(roomId: $room) { statementConnection(PAGE) FIELDS }",
        "pointsAccount",
    ),
];

async fn read(api: &Api, token: &str, room: &str, list: &str, after: Option<&str>) -> Value {
    let after = after.map_or_else(String::new, |after| format!(", after: \"{after}\""));
    let page = format!("page: {{ first: 5{after} }}");
    let fields = "{ pageInfo { endCursor } }";
    let asked = if list.contains("FIELDS") {
        list.replace("FIELDS", fields)
    } else {
        format!("{list} {fields}")
    };
    let document = format!("query ($room: ID) {{ {} }}", asked.replace("PAGE", &page));
    let document = if document.contains("$room,") || document.contains("$room)") {
        document.replace("$room: ID", "$room: ID!")
    } else {
        document.replace(" ($room: ID)", "")
    };
    api.execute(token, &document, json!({ "room": room })).await
}

async fn a_cursor_of_another_list_is_refused(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    let shop = Shop::open(&api, &room).await;
    let staff_in_room = json!({ "roomId": room, "name": "staff" });
    let joined = api.mutate("joinRoom", staff_in_room).await;
    shop.grant(&joined["id"], "100").await;
    let reward = shop.make(json!({})).await;
    shop.redeem(&api.staff, &reward, json!({})).await;

    let mut cursors = Vec::new();
    for (list, name) in LISTS {
        let read = read(&api, &api.staff, &room, list, None).await;
        let mut connection = &read["data"][name];
        if name == "pointsAccount" {
            connection = &connection["statementConnection"];
        }
        let cursor = connection["pageInfo"]["endCursor"].as_str();
        cursors.push(
            cursor
                .unwrap_or_else(|| panic!("{list}: {read}"))
                .to_owned(),
        );
    }
    for (own, (list, _)) in LISTS.into_iter().enumerate() {
        for (of, cursor) in cursors.iter().enumerate() {
            let read = read(&api, &api.staff, &room, list, Some(cursor)).await;
            let code = &read["errors"][0]["extensions"]["code"];
            let expected = if of == own {
                Value::Null
            } else {
                json!("VALIDATION")
            };
            assert_eq!(
                *code, expected,
                "{list} after one of {}: {read}",
                LISTS[of].0
            );
        }
    }

    // The same list of another room is another list.
    let elsewhere = api.room("elsewhere").await;
    let (list, _) = LISTS[3];
    let read = read(&api, &api.staff, &elsewhere, list, Some(&cursors[3])).await;
    assert_eq!(
        read["errors"][0]["extensions"]["code"], "VALIDATION",
        "{read}"
    );
}
