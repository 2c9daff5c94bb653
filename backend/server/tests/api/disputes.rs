//! Disputes through the API: opened by whom they concern, decided by staff, and kept from everyone else.

use parlor_identity::{Claims, sign_with};
use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::person::{Person, viewer};
use crate::server::{Api, SECRET, START_MS, claims};
use crate::shop::{Shop, room};

on_both_engines! {
    a_case_goes_from_its_opening_to_its_end,
    cases_are_listed_by_whom_they_are_about_as_redemptions_are,
    what_is_held_is_taken_and_the_statement_names_the_case,
    only_those_whom_it_concerns_read_a_case,
    what_cannot_be_done_about_a_case_is_refused_by_name,
    whoever_opened_as_many_as_a_day_has_is_told_when_there_can_be_more,
}

const FIELDS: &str =
    "id roomId participantId redemptionId transferSeq reason isByStaff openedBy openedAt status held
    closedAt closedBy resolution returned clawedBack";

impl Shop<'_> {
    async fn disputed(&self, token: &str, more: Value) -> Value {
        self.asked(
            token,
            "openDispute",
            &json!({ "reason": "never done" }),
            &more,
        )
        .await
    }

    async fn decided(&self, mutation: &str, case: &Value, more: Value) -> Value {
        let of_case = json!({ "disputeId": case["id"] });
        self.asked(&self.olga.token, mutation, &of_case, &more)
            .await
    }

    async fn asked(&self, token: &str, mutation: &str, usual: &Value, more: &Value) -> Value {
        let mut input = json!({ "idempotencyKey": "k", "roomId": self.room });
        for part in [usual, more] {
            for (name, value) in part.as_object().unwrap() {
                input[name] = value.clone();
            }
        }
        self.api.mutate_as(token, mutation, input).await
    }

    async fn case(&self, token: &str, id: &Value) -> Value {
        let document = format!("query ($id: ID!) {{ dispute(id: $id) {{ {FIELDS} }} }}");
        let read = self.api.execute(token, &document, json!({ "id": id }));
        read.await["data"]["dispute"].clone()
    }

    /// A redemption of Ana's that was fulfilled.
    async fn fulfilled(&self) -> Value {
        let reward = self.make(json!({})).await;
        let bought = self.redeem(&self.ana.token, &reward, json!({})).await;
        self.settle(&self.api.staff, "fulfillRedemption", &bought)
            .await
    }
}

async fn a_case_goes_from_its_opening_to_its_end(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    let shop = Shop::open(&api, &room).await;
    let paid = shop.fulfilled().await;
    let case = shop
        .disputed(&shop.ana.token, json!({ "redemptionId": paid["id"] }))
        .await;
    assert_eq!(case["__typename"], "Dispute", "{case}");
    assert_eq!(
        [
            &case["status"],
            &case["roomId"],
            &case["redemptionId"],
            &case["participantId"],
            &case["isByStaff"]
        ],
        [
            &json!("OPEN"),
            &json!(room),
            &paid["id"],
            &shop.ana.id,
            &json!(false)
        ]
    );
    let again = shop
        .disputed(&shop.ana.token, json!({ "redemptionId": paid["id"] }))
        .await;
    assert_eq!(again, case);

    let held = shop
        .decided("holdDispute", &case, json!({ "points": "500" }))
        .await;
    assert_eq!(held["held"], "70");
    assert_eq!(shop.balance().await, (json!("70"), json!("70")));
    let own = shop.case(&shop.ana.token, &case["id"]).await;
    assert_eq!(
        (&own["held"], &own["openedBy"]),
        (&json!("70"), &json!("ana"))
    );
    let withdrawal = json!({ "disputeId": case["id"] });
    let refused = shop
        .asked(&shop.ana.token, "withdrawDispute", &withdrawal, &json!({}))
        .await;
    assert_eq!(refused["code"], "HELD_BY_STAFF", "{refused}");

    let resolution = json!({ "resolution": "half of it", "giveBack": "15" });
    let done = shop
        .decided("resolveDispute", &case, resolution.clone())
        .await;
    assert_eq!(
        [
            &done["status"],
            &done["returned"],
            &done["held"],
            &done["closedBy"]
        ],
        [
            &json!("RESOLVED"),
            &json!("15"),
            &json!("0"),
            &json!("olga")
        ]
    );
    assert_eq!(
        shop.decided("resolveDispute", &case, resolution).await,
        done
    );
    assert_eq!(shop.balance().await, (json!("85"), json!("0")));
    let own = shop.case(&shop.ana.token, &case["id"]).await;
    assert_eq!(
        (&own["resolution"], &own["closedBy"]),
        (&json!("half of it"), &Value::Null)
    );

    let list = format!(
        "query ($room: ID!, $status: DisputeStatus) {{
            disputesConnection(roomId: $room, status: $status) {{ totalCount nodes {{ {FIELDS} }} }}
            ownDisputesConnection(roomId: $room) {{ totalCount }}
        }}"
    );
    assert_eq!(own["roomId"], json!(room));
    for (status, count) in [(json!("RESOLVED"), 1), (json!("OPEN"), 0), (Value::Null, 1)] {
        let read = api
            .execute(
                &shop.olga.token,
                &list,
                json!({ "room": room, "status": status }),
            )
            .await;
        assert_eq!(
            read["data"]["disputesConnection"]["totalCount"], count,
            "{read}"
        );
        assert_eq!(read["data"]["ownDisputesConnection"]["totalCount"], 0);
    }
}

async fn cases_are_listed_by_whom_they_are_about_as_redemptions_are(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    let shop = Shop::open(&api, &room).await;
    let paid = shop.fulfilled().await;
    let case = shop
        .disputed(&shop.ana.token, json!({ "redemptionId": paid["id"] }))
        .await;
    let of = "query ($room: ID!, $who: ID) {
        disputesConnection(roomId: $room, participantId: $who) { nodes { id roomId } }
        redemptionsConnection(roomId: $room, participantId: $who) { nodes { participantId } } }";
    for (who, is_found) in [
        (&shop.ana.id, true),
        (&shop.olga.id, false),
        (&json!("nobody"), false),
    ] {
        let read = api
            .execute(&shop.olga.token, of, json!({ "room": room, "who": who }))
            .await;
        let (disputes, redemptions) = if is_found {
            let (dispute, redemption) = (
                json!({ "id": case["id"], "roomId": room }),
                json!({ "participantId": who }),
            );
            (json!([dispute]), json!([redemption]))
        } else {
            (json!([]), json!([]))
        };
        assert_eq!(
            read["data"],
            json!({
                "disputesConnection": { "nodes": disputes },
                "redemptionsConnection": { "nodes": redemptions },
            }),
            "{who}"
        );
    }
}

async fn what_is_held_is_taken_and_the_statement_names_the_case(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    let shop = Shop::open(&api, &room).await;
    let of_ana = json!({ "participantId": shop.ana.id, "transferSeq": "1" });
    let case = shop.disputed(&shop.olga.token, of_ana).await;
    assert_eq!(
        (&case["isByStaff"], &case["transferSeq"]),
        (&json!(true), &json!("1"))
    );
    shop.decided("holdDispute", &case, json!({ "points": "60" }))
        .await;
    let taken = json!({ "resolution": "a bot", "clawBack": "130" });
    let done = shop.decided("resolveDispute", &case, taken).await;
    assert_eq!(done["clawedBack"], "130", "{done}");

    let account = "query ($room: ID!) { pointsAccount(roomId: $room) { balance debt
        statementConnection(page: { first: 2 }) { nodes { kind points debtPoints disputeId reason } } } }";
    let read = api
        .execute(&shop.ana.token, account, json!({ "room": room }))
        .await;
    let line = |kind: &str, points: &str, debt: &str| json!({ "kind": kind, "points": points, "debtPoints": debt, "disputeId": case["id"], "reason": "a bot" });
    assert_eq!(
        read["data"]["pointsAccount"],
        json!({ "balance": "0", "debt": "30", "statementConnection": { "nodes": [
            line("DEBT_INCURRED", "0", "30"), line("CLAWED_BACK", "-100", "0"),
        ] } })
    );
    let trail = "query ($room: ID!) { auditConnection(roomId: $room, page: { last: 3 }) {
        nodes { action points transferSeq disputeId participantId } } }";
    let read = api
        .execute(&api.staff, trail, json!({ "room": room }))
        .await;
    let told = |action: &str, points: Value, seq: Value| {
        json!({
            "action": action, "points": points, "transferSeq": seq, "disputeId": case["id"],
            "participantId": shop.ana.id,
        })
    };
    assert_eq!(
        read["data"]["auditConnection"]["nodes"],
        json!([
            told("DISPUTE_OPENED", Value::Null, Value::Null),
            told("DISPUTE_HELD", json!("60"), Value::Null),
            told("DISPUTE_RESOLVED", json!("130"), json!("2")),
        ])
    );
    let own = shop.case(&shop.ana.token, &case["id"]).await;
    assert_eq!(
        (&own["openedBy"], &own["closedBy"]),
        (&Value::Null, &Value::Null)
    );
}

async fn only_those_whom_it_concerns_read_a_case(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    let shop = Shop::open(&api, &room).await;
    let ben = Person::join(&api, &room, "ben").await;
    let case = shop
        .disputed(&shop.ana.token, json!({ "transferSeq": "1" }))
        .await;
    for token in [&shop.ana.token, &shop.olga.token, &api.staff] {
        assert_eq!(shop.case(token, &case["id"]).await["id"], case["id"]);
    }
    for token in [&ben.token, &viewer(&api, "zoe"), &api.other_staff().await] {
        assert_eq!(shop.case(token, &case["id"]).await, Value::Null);
    }
    assert_eq!(
        shop.case(&shop.ana.token, &json!("nonsense")).await,
        Value::Null
    );
    let list = "query ($room: ID!) { disputesConnection(roomId: $room) { totalCount } }";
    let read = api
        .execute(&shop.ana.token, list, json!({ "room": room }))
        .await;
    assert_eq!(
        read["errors"][0]["extensions"]["code"], "FORBIDDEN",
        "{read}"
    );
    let own = "query ($room: ID!) { ownDisputesConnection(roomId: $room) { nodes { id } } }";
    for (token, nodes) in [
        (&shop.ana.token, json!([{ "id": case["id"] }])),
        (&ben.token, json!([])),
    ] {
        let read = api.execute(token, own, json!({ "room": room })).await;
        assert_eq!(read["data"]["ownDisputesConnection"]["nodes"], nodes);
    }
}

async fn what_cannot_be_done_about_a_case_is_refused_by_name(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    let shop = Shop::open(&api, &room).await;
    let ben = Person::join(&api, &room, "ben").await;
    for (token, more, code) in [
        (&shop.ana.token, json!({}), "VALIDATION"),
        (
            &shop.ana.token,
            json!({ "transferSeq": "1", "redemptionId": "r" }),
            "VALIDATION",
        ),
        (
            &shop.ana.token,
            json!({ "transferSeq": "1", "reason": " " }),
            "VALIDATION",
        ),
        (&shop.ana.token, json!({ "transferSeq": "9" }), "NOT_FOUND"),
        (&shop.ana.token, json!({ "redemptionId": "r" }), "NOT_FOUND"),
        (&ben.token, json!({ "transferSeq": "1" }), "NOT_FOUND"),
        (
            &ben.token,
            json!({ "transferSeq": "1", "participantId": shop.ana.id }),
            "CAPABILITY_MISSING",
        ),
        (
            &api.staff,
            json!({ "transferSeq": "1", "participantId": "nobody" }),
            "NOT_FOUND",
        ),
        (&api.staff, json!({ "transferSeq": "1" }), "NOT_JOINED"),
    ] {
        let refused = shop.disputed(token, more.clone()).await;
        assert_eq!(refused["code"], code, "{more}: {refused}");
    }
    let case = shop
        .disputed(&shop.ana.token, json!({ "transferSeq": "1" }))
        .await;
    let again = json!({ "transferSeq": "1", "idempotencyKey": "again" });
    let refused = shop.disputed(&shop.ana.token, again).await;
    assert_eq!(refused["code"], "ALREADY_DISPUTED", "{refused}");
    let which = refused["message"].as_str().unwrap();
    assert!(which.ends_with(case["id"].as_str().unwrap()), "{which}");
    let words = |more: Value| {
        let mut input = json!({ "resolution": "so be it" });
        for (name, value) in more.as_object().unwrap() {
            input[name] = value.clone();
        }
        input
    };
    for (mutation, more, code) in [
        ("holdDispute", json!({ "points": "-1" }), "VALIDATION"),
        (
            "resolveDispute",
            words(json!({ "giveBack": "0" })),
            "VALIDATION",
        ),
        (
            "resolveDispute",
            words(json!({ "giveBack": "1", "clawBack": "1" })),
            "VALIDATION",
        ),
        (
            "resolveDispute",
            words(json!({ "clawBack": "1", "isDismissed": true })),
            "VALIDATION",
        ),
        (
            "resolveDispute",
            words(json!({ "giveBack": "1" })),
            "REFUND_TOO_MUCH",
        ),
        ("withdrawDispute", json!({}), "NOT_FOUND"),
    ] {
        let refused = shop.decided(mutation, &case, more.clone()).await;
        assert_eq!(refused["code"], code, "{mutation} {more}: {refused}");
    }
}

async fn whoever_opened_as_many_as_a_day_has_is_told_when_there_can_be_more(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    let shop = Shop::open(&api, &room).await;
    for number in 0..20 {
        shop.grant(&shop.ana.id, &format!("{}", 1 + number)).await;
    }
    // The usual token lasts no day.
    let lasting = Claims {
        sub: Some("ana".to_owned()),
        exp: Some(START_MS / 1_000 + 2 * 86_400),
        ..claims(api.tenant, "viewer")
    };
    let lasting = sign_with(SECRET, &lasting);
    let open = async |line: u32| {
        let key = format!("line {line}");
        let input = json!({ "transferSeq": line.to_string(), "idempotencyKey": key });
        shop.disputed(&lasting, input).await
    };
    for line in 1..=20 {
        let case = open(line).await;
        let withdrawal = json!({ "disputeId": case["id"], "idempotencyKey": format!("w {line}") });
        let withdrawn = shop
            .asked(&shop.ana.token, "withdrawDispute", &withdrawal, &json!({}))
            .await;
        assert_eq!(withdrawn["status"], "WITHDRAWN", "{line}: {withdrawn}");
    }
    let refused = open(21).await;
    assert_eq!(refused["code"], "TOO_MANY_DISPUTES_TODAY", "{refused}");
    let message = refused["message"].as_str().unwrap();
    assert!(
        message.starts_with("20 disputes were opened within a day")
            && message.contains(", until 20"),
        "{message}"
    );
    api.clock.advance_millis(86_400_000);
    assert_eq!(open(21).await["status"], "OPEN");
}
