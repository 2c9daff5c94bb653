//! Points through the API: granted, charged, read by whom they concern, and kept from everyone else.

use parlor_api::format_time;
use parlor_domain::time::ServerTime;
use parlor_node::clock::Clock;
use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::person::{Person, viewer};
use crate::server::Api;

on_both_engines! {
    points_are_granted_charged_and_explained,
    a_request_that_is_repeated_moves_points_once,
    only_those_whom_it_concerns_read_points,
    what_cannot_be_done_is_refused_by_name,
    what_is_taken_back_and_is_not_there_is_owed,
    the_trail_says_who_moved_how_much,
    the_books_stand_where_their_transfers_say,
    what_was_moved_is_told_by_period,
    a_room_with_books_is_kept,
}

const QUARTER_MS: i64 = 15 * 60 * 1_000;

const ACCOUNT: &str = "query ($room: ID!, $who: ID, $page: ConnectionInput) {
    pointsAccount(roomId: $room, participantId: $who) {
        participantId balance held available debt
        statementConnection(page: $page) {
            totalCount pageInfo { endCursor hasNextPage }
            nodes { id seq kind points balanceAfter debtPoints reason actorId at }
        }
    }
}";

async fn account(api: &Api, token: &str, variables: Value) -> Value {
    let read = api.execute(token, ACCOUNT, variables).await;
    assert_eq!(read["errors"], Value::Null, "{read}");
    read["data"]["pointsAccount"].clone()
}

fn input(room: &str, who: &Person<'_>, key: &str, points: &str) -> Value {
    json!({
        "idempotencyKey": key, "roomId": room, "participantId": who.id, "points": points,
        "reason": format!("because of {key}"),
    })
}

async fn points_are_granted_charged_and_explained(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let ana = Person::join(&api, &room, "ana").await;
    let none = account(&api, &ana.token, json!({ "room": room })).await;
    assert_eq!(
        (&none["balance"], &none["available"]),
        (&json!("0"), &json!("0"))
    );
    assert_eq!(none["statementConnection"]["nodes"], json!([]));

    let granted = api
        .mutate("grantPoints", input(&room, &ana, "k1", "100"))
        .await;
    assert_eq!(granted["__typename"], "PointsTransfer", "{granted}");
    assert_eq!(
        (&granted["points"], &granted["balanceAfter"]),
        (&json!("100"), &json!("100"))
    );
    let charged = api
        .mutate("chargePoints", input(&room, &ana, "k2", "30"))
        .await;
    assert_eq!(
        (&charged["points"], &charged["balanceAfter"]),
        (&json!("-30"), &json!("70"))
    );

    let own = account(&api, &ana.token, json!({ "room": room })).await;
    assert_eq!(own["participantId"], ana.id);
    assert_eq!((&own["balance"], &own["held"]), (&json!("70"), &json!("0")));
    let lines = &own["statementConnection"];
    assert_eq!(lines["totalCount"], 2);
    let told: Vec<_> = lines["nodes"].as_array().unwrap().iter().collect();
    assert_eq!(
        (&told[0]["id"], &told[1]["id"]),
        (&charged["id"], &granted["id"])
    );
    assert_eq!(told[0]["kind"], "CHARGED");
    assert_eq!(told[0]["reason"], "because of k2");
    assert_eq!(
        told[0]["actorId"],
        Value::Null,
        "members are not told who it was"
    );

    let page = json!({ "room": room, "page": { "first": 1 } });
    let first = account(&api, &ana.token, page).await;
    let info = &first["statementConnection"]["pageInfo"];
    assert_eq!(info["hasNextPage"], true);
    let page = json!({ "room": room, "page": { "first": 1, "after": info["endCursor"] } });
    let second = account(&api, &ana.token, page).await;
    assert_eq!(
        second["statementConnection"]["nodes"][0]["id"],
        granted["id"]
    );
}

async fn a_request_that_is_repeated_moves_points_once(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let ana = Person::join(&api, &room, "ana").await;
    let first = api
        .mutate("grantPoints", input(&room, &ana, "k", "5"))
        .await;
    let again = api
        .mutate("grantPoints", input(&room, &ana, "k", "5"))
        .await;
    assert_eq!(again, first);

    let api = api.restart(&database, 60_000).await;
    let ana_id = json!({ "id": first["id"] });
    let again = api
        .mutate(
            "grantPoints",
            json!({
                "idempotencyKey": "k", "roomId": room, "participantId": input_id(&api, &room).await,
                "points": "5", "reason": "because of k",
            }),
        )
        .await;
    assert_eq!(again["id"], ana_id["id"], "{again}");
    for (mutation, points) in [("grantPoints", "6"), ("chargePoints", "5")] {
        let refused = api
            .mutate(
                mutation,
                json!({
                    "idempotencyKey": "k", "roomId": room,
                    "participantId": input_id(&api, &room).await,
                    "points": points, "reason": "because of k",
                }),
            )
            .await;
        assert_eq!(refused["code"], "KEY_REUSED", "{refused}");
    }
}

/// The participant who is `ana`.
async fn input_id(api: &Api, room: &str) -> Value {
    let access = "query ($room: ID!) { roomAccess(roomId: $room) { participant { id } } }";
    let read = api
        .execute(&viewer(api, "ana"), access, json!({ "room": room }))
        .await;
    read["data"]["roomAccess"]["participant"]["id"].clone()
}

async fn only_those_whom_it_concerns_read_points(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let olga = Person::join(&api, &room, "olga").await.made_owner().await;
    let ana = Person::join(&api, &room, "ana").await;
    let ben = Person::join(&api, &room, "ben").await;
    api.mutate("grantPoints", input(&room, &ana, "k", "5"))
        .await;
    let of_ana = json!({ "room": room, "who": ana.id });

    for token in [&api.staff, &olga.token] {
        let read = account(&api, token, of_ana.clone()).await;
        assert_eq!(read["balance"], "5");
        assert_eq!(
            read["statementConnection"]["nodes"][0]["actorId"],
            "somebody"
        );
    }
    let own = account(&api, &ana.token, of_ana.clone()).await;
    assert_eq!(own["balance"], "5");
    for (token, code) in [
        (ben.token.as_str(), "FORBIDDEN"),
        (&viewer(&api, "zoe"), "FORBIDDEN"),
        ("", "UNAUTHENTICATED"),
        (&api.other_staff().await, "NOT_FOUND"),
    ] {
        let read = api.execute(token, ACCOUNT, of_ana.clone()).await;
        assert_eq!(read["errors"][0]["extensions"]["code"], code, "{read}");
    }

    let stranger = account(&api, &viewer(&api, "zoe"), json!({ "room": room })).await;
    assert_eq!(stranger, Value::Null);
    let elsewhere = api.room("elsewhere").await;
    let read = json!({ "room": elsewhere, "who": ana.id });
    assert_eq!(account(&api, &api.staff, read).await, Value::Null);
}

async fn what_cannot_be_done_is_refused_by_name(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let olga = Person::join(&api, &room, "olga").await.made_owner().await;
    let ana = Person::join(&api, &room, "ana").await;
    let refused = async |token: &str, mutation: &str, more: Value| {
        let mut asked = input(&room, &ana, "k", "5");
        for (name, value) in more.as_object().unwrap() {
            asked[name] = value.clone();
        }
        api.mutate_as(token, mutation, asked).await
    };

    for (more, field) in [
        (json!({ "points": "0" }), "points"),
        (json!({ "points": "-5" }), "points"),
        (json!({ "points": "1000000001" }), "points"),
        (json!({ "points": i64::MAX.to_string() }), "points"),
        (json!({ "reason": "" }), "reason"),
        (json!({ "reason": "a\u{0}b" }), "reason"),
        (json!({ "idempotencyKey": "" }), "idempotencyKey"),
        (json!({ "idempotencyKey": "a\u{0}b" }), "idempotencyKey"),
    ] {
        let refusal = refused(&api.staff, "grantPoints", more).await;
        assert_eq!(refusal["__typename"], "ValidationError", "{refusal}");
        assert_eq!(refusal["field"], field);
    }
    for (token, mutation, more, code) in [
        (&api.staff, "chargePoints", json!({}), "INSUFFICIENT_POINTS"),
        (
            &api.staff,
            "grantPoints",
            json!({ "participantId": "nobody" }),
            "NOT_FOUND",
        ),
        (
            &api.staff,
            "grantPoints",
            json!({ "roomId": "nowhere" }),
            "NOT_FOUND",
        ),
        (
            &olga.token,
            "grantPoints",
            json!({ "participantId": olga.id }),
            "ON_ONESELF",
        ),
        (&ana.token, "grantPoints", json!({}), "CAPABILITY_MISSING"),
    ] {
        let refusal = refused(token, mutation, more).await;
        assert_eq!(refusal["code"], code, "{refusal}");
    }
    api.mutate(
        "updateRoom",
        json!({ "id": room, "version": 1, "state": "ARCHIVED" }),
    )
    .await;
    let refusal = refused(&api.staff, "grantPoints", json!({})).await;
    assert_eq!(refusal["code"], "ROOM_ARCHIVED", "{refusal}");

    let own = account(&api, &ana.token, json!({ "room": room })).await;
    assert_eq!(own["statementConnection"]["totalCount"], 0);
}

async fn what_is_taken_back_and_is_not_there_is_owed(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let ana = Person::join(&api, &room, "ana").await;
    let grant = async |key: &str, points: &str| {
        let input = input(&room, &ana, key, points);
        api.mutate("grantPoints", input).await
    };
    grant("k1", "100").await;
    let claw_back = async |token: &str, key: &str, points: &str| {
        let input = input(&room, &ana, key, points);
        api.mutate_as(token, "clawBackPoints", input).await
    };
    let first = claw_back(&api.staff, "k2", "130").await;
    let by = json!({ "reason": "because of k2", "actorId": "somebody" });
    let line = |more: Value| {
        let mut line = by.clone();
        for (name, value) in more.as_object().unwrap() {
            line[name] = value.clone();
        }
        line
    };
    assert_eq!(
        first,
        json!({
            "__typename": "PointsClawback", "points": "130", "taken": "100", "owed": "30",
            "transfers": [
                line(json!({ "seq": "2", "kind": "CLAWED_BACK", "points": "-100",
                    "balanceAfter": "0", "debtPoints": "0" })),
                line(json!({ "seq": "3", "kind": "DEBT_INCURRED", "points": "0",
                    "balanceAfter": "0", "debtPoints": "30" })),
            ],
        })
    );
    let granted = grant("k3", "20").await;
    assert_eq!(granted["balanceAfter"], "20");

    assert_eq!(
        claw_back(&api.staff, "k2", "130").await,
        first,
        "nothing more"
    );
    assert_eq!(
        claw_back(&api.staff, "k2", "131").await["code"],
        "KEY_REUSED"
    );
    let refused = claw_back(&ana.token, "k2", "1").await;
    assert_eq!(refused["code"], "CAPABILITY_MISSING");

    let own = account(&api, &ana.token, json!({ "room": room })).await;
    assert_eq!(
        (&own["balance"], &own["available"], &own["debt"]),
        (&json!("0"), &json!("0"), &json!("10"))
    );
    let lines = own["statementConnection"]["nodes"].as_array().unwrap();
    let told = |line: &Value| (line["kind"].clone(), line["debtPoints"].clone());
    let told: Vec<_> = lines[..3].iter().map(told).collect();
    let [paid, granted, incurred] = [
        ("DEBT_PAID", "-20"),
        ("GRANTED", "0"),
        ("DEBT_INCURRED", "30"),
    ]
    .map(|(kind, points)| (json!(kind), json!(points)));
    assert_eq!(told, [paid, granted, incurred]);
    let economy =
        "query ($room: ID!) { economy(roomId: $room) { minted burned owed outstanding } }";
    let read = api
        .execute(&api.staff, economy, json!({ "room": room }))
        .await;
    assert_eq!(
        read["data"]["economy"],
        json!({ "minted": "120", "burned": "130", "owed": "10", "outstanding": "0" })
    );
    let trail = "query ($room: ID!) { auditConnection(roomId: $room, page: { last: 2 }) {
        nodes { action points transferSeq } } }";
    let read = api
        .execute(&api.staff, trail, json!({ "room": room }))
        .await;
    assert_eq!(
        read["data"]["auditConnection"]["nodes"][0],
        json!({ "action": "POINTS_CLAWED_BACK", "points": "130", "transferSeq": "2" })
    );
}

async fn the_trail_says_who_moved_how_much(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let olga = Person::join(&api, &room, "olga").await.made_owner().await;
    let ana = Person::join(&api, &room, "ana").await;
    let granted = input(&room, &ana, "k1", "9");
    api.mutate_as(&olga.token, "grantPoints", granted).await;
    api.mutate("chargePoints", input(&room, &ana, "k2", "4"))
        .await;

    let document = "query ($room: ID!) { auditConnection(roomId: $room, page: { last: 2 }) {
        nodes { action actorId participantId points transferSeq } } }";
    let read = api
        .execute(&api.staff, document, json!({ "room": room }))
        .await;
    assert_eq!(
        read["data"]["auditConnection"]["nodes"],
        json!([
            {
                "action": "POINTS_GRANTED", "actorId": "olga", "participantId": ana.id,
                "points": "9", "transferSeq": "1",
            },
            {
                "action": "POINTS_CHARGED", "actorId": "somebody", "participantId": ana.id,
                "points": "4", "transferSeq": "2",
            },
        ])
    );
}

async fn what_was_moved_is_told_by_period(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let ana = Person::join(&api, &room, "ana").await;
    let document = "query ($room: ID!, $bounds: [Time!]!) {
        economyPeriods(roomId: $room, bounds: $bounds) {
            from until minted burned turnovers { kind points transferCount } } }";
    let periods = async |token: &str, bounds: &[&str]| {
        let variables = json!({ "room": room, "bounds": bounds });
        api.execute(token, document, variables).await
    };
    let now = Clock::Test(api.clock.clone()).now().unix_millis();
    let quarter = now - now % QUARTER_MS + QUARTER_MS;
    api.clock.advance_millis(quarter - now - 1);
    api.mutate("grantPoints", input(&room, &ana, "k1", "9"))
        .await;
    api.clock.advance_millis(1);
    api.mutate("grantPoints", input(&room, &ana, "k2", "20"))
        .await;
    api.mutate("grantPoints", input(&room, &ana, "k3", "1"))
        .await;
    api.mutate("chargePoints", input(&room, &ana, "k4", "4"))
        .await;
    api.mutate("grantPoints", input(&room, &ana, "k3", "1"))
        .await;

    let at = |millis: i64| format_time(ServerTime::from_unix_millis(quarter + millis));
    let bounds = [at(-QUARTER_MS), at(0), at(QUARTER_MS), at(2 * QUARTER_MS)];
    let bounds = bounds.each_ref().map(String::as_str);
    let read = periods(&api.staff, &bounds).await;
    let moved = |kind: &str, points: &str, count: &str| json!({ "kind": kind, "points": points, "transferCount": count });
    assert_eq!(
        read["data"]["economyPeriods"],
        json!([
            {
                "from": bounds[0], "until": bounds[1], "minted": "9", "burned": "0",
                "turnovers": [moved("GRANTED", "9", "1")],
            },
            {
                "from": bounds[1], "until": bounds[2], "minted": "21", "burned": "4",
                "turnovers": [moved("GRANTED", "21", "2"), moved("CHARGED", "4", "1")],
            },
            {
                "from": bounds[2], "until": bounds[3], "minted": "0", "burned": "0",
                "turnovers": [],
            },
        ])
    );

    let refused = periods(&ana.token, &bounds).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN");
    for (wrong, why) in [
        (vec![bounds[0]], "has 2 to 367 instants"),
        (vec![bounds[0]; 368], "has 2 to 367 instants"),
        (vec![bounds[1], bounds[0]], "later than the one before"),
        (vec![bounds[0], bounds[0]], "later than the one before"),
        (vec![bounds[0], &at(1)], "at a full quarter of an hour"),
    ] {
        let refused = periods(&api.staff, &wrong).await;
        let message = refused["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains(why), "{message}");
    }
}

async fn the_books_stand_where_their_transfers_say(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let ana = Person::join(&api, &room, "ana").await;
    let document = "query ($room: ID!) { economy(roomId: $room) {
        minted burned owed outstanding transferCount digest } }";
    let economy = async |token: &str| {
        let read = api.execute(token, document, json!({ "room": room })).await;
        read["data"]["economy"].clone()
    };
    let empty = economy(&api.staff).await;
    assert_eq!(
        (&empty["minted"], &empty["transferCount"]),
        (&json!("0"), &json!("0"))
    );
    api.mutate("grantPoints", input(&room, &ana, "k1", "9"))
        .await;
    api.mutate("chargePoints", input(&room, &ana, "k2", "4"))
        .await;

    let stands = economy(&api.staff).await;
    assert_eq!(stands["minted"], "9");
    assert_eq!(stands["burned"], "4");
    assert_eq!(
        (&stands["owed"], &stands["outstanding"]),
        (&json!("0"), &json!("5"))
    );
    assert_eq!(stands["transferCount"], "2");
    assert_eq!(stands["digest"].as_str().unwrap().len(), 64);
    assert_ne!(stands["digest"], empty["digest"]);
    let refused = api
        .execute(&ana.token, document, json!({ "room": room }))
        .await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN");
}

async fn a_room_with_books_is_kept(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let ana = Person::join(&api, &room, "ana").await;
    api.mutate("grantPoints", input(&room, &ana, "k1", "9"))
        .await;

    let refused = api
        .mutate("deleteRoom", json!({ "roomId": room, "version": 1 }))
        .await;
    assert_eq!(refused["code"], "HAS_BOOKS", "{refused}");
}
