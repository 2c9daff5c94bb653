//! Refunds through the API: in whole and in part, asked for twice and at once.

use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::server::Api;
use crate::shop::{Shop, room};

on_both_engines! {
    what_was_fulfilled_is_given_back_and_the_statement_says_so,
    ten_refunds_at_once_give_back_what_was_paid_and_no_more,
    what_cannot_be_given_back_is_refused_by_name,
}

impl Shop<'_> {
    async fn refund(&self, token: &str, redemption: &Value, more: Value) -> Value {
        let mut input = json!({
            "idempotencyKey": "r", "roomId": self.room, "redemptionId": redemption["id"],
            "reason": "the stream broke off",
        });
        for (name, value) in more.as_object().unwrap() {
            input[name] = value.clone();
        }
        self.api.mutate_as(token, "refundRedemption", input).await
    }

    async fn paid(&self) -> Value {
        let reward = self.make(json!({ "autoFulfills": true })).await;
        self.redeem(&self.ana.token, &reward, json!({})).await
    }
}

async fn what_was_fulfilled_is_given_back_and_the_statement_says_so(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    let shop = Shop::open(&api, &room).await;
    let paid = shop.paid().await;
    assert_eq!(paid["refunded"], "0", "{paid}");
    assert_eq!(shop.balance().await, (json!("70"), json!("0")));

    let part = shop
        .refund(&shop.olga.token, &paid, json!({ "points": "10" }))
        .await;
    assert_eq!(
        (&part["status"], &part["refunded"]),
        (&json!("FULFILLED"), &json!("10"))
    );
    // Sent again, it is the same one.
    shop.refund(&shop.olga.token, &paid, json!({ "points": "10" }))
        .await;
    assert_eq!(shop.balance().await, (json!("80"), json!("0")));
    let rest = shop.refund(&api.staff, &paid, json!({})).await;
    assert_eq!(rest["refunded"], "30", "{rest}");

    let statement = "query ($room: ID!) { pointsAccount(roomId: $room) {
        statementConnection(page: { first: 2 }) {
            nodes { kind points balanceAfter redemptionId reason correctsSeq } } }
        }";
    let told = api
        .execute(&shop.ana.token, statement, json!({ "room": room }))
        .await;
    let lines = &told["data"]["pointsAccount"]["statementConnection"]["nodes"];
    let line = |points: &str, after: &str| {
        json!({
            "kind": "REFUNDED", "points": points, "balanceAfter": after, "correctsSeq": "2",
            "redemptionId": paid["id"], "reason": "the stream broke off",
        })
    };
    assert_eq!(
        *lines,
        json!([line("20", "100"), line("10", "80")]),
        "{told}"
    );
    let trail = "query ($room: ID!) { auditConnection(roomId: $room, page: { last: 1 }) {
        nodes { action points transferSeq } } }";
    let told = api
        .execute(&api.staff, trail, json!({ "room": room }))
        .await;
    assert_eq!(
        told["data"]["auditConnection"]["nodes"][0],
        json!({ "action": "POINTS_REFUNDED", "points": "20", "transferSeq": "4" }),
        "{told}"
    );
}

async fn ten_refunds_at_once_give_back_what_was_paid_and_no_more(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    let shop = Shop::open(&api, &room).await;
    let paid = shop.paid().await;

    // Seven points each, of thirty: four have it, and two are left.
    let refunds = (0..10).map(|number| {
        let more = json!({ "idempotencyKey": format!("r{number}"), "points": "7" });
        shop.refund(&api.staff, &paid, more)
    });
    let answers = futures_util::future::join_all(refunds).await;
    let given = answers.iter().filter(|one| one["refunded"] != Value::Null);
    let refused = answers
        .iter()
        .filter(|one| one["code"] == "REFUND_TOO_MUCH");
    assert_eq!((given.count(), refused.count()), (4, 6), "{answers:?}");
    assert_eq!(shop.balance().await, (json!("98"), json!("0")));

    let refunds = (0..10).map(|number| {
        let more = json!({ "idempotencyKey": format!("all{number}") });
        shop.refund(&api.staff, &paid, more)
    });
    let answers = futures_util::future::join_all(refunds).await;
    let given = answers.iter().filter(|one| one["refunded"] == "30");
    let refused = answers
        .iter()
        .filter(|one| one["code"] == "ALREADY_REFUNDED");
    assert_eq!((given.count(), refused.count()), (1, 9), "{answers:?}");
    assert_eq!(shop.balance().await, (json!("100"), json!("0")));
}

async fn what_cannot_be_given_back_is_refused_by_name(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    let shop = Shop::open(&api, &room).await;
    let paid = shop.paid().await;
    let reward = shop.make(json!({})).await;
    let open = shop
        .redeem(
            &shop.ana.token,
            &reward,
            json!({ "idempotencyKey": "open" }),
        )
        .await;
    let elsewhere = api.room("elsewhere").await;
    let staff = &api.staff;

    for (token, redemption, more, code) in [
        (staff, &open, json!({}), "NOT_FULFILLED"),
        (staff, &paid, json!({ "points": "31" }), "REFUND_TOO_MUCH"),
        (staff, &paid, json!({ "points": "0" }), "VALIDATION"),
        (staff, &paid, json!({ "points": "-1" }), "VALIDATION"),
        (staff, &paid, json!({ "reason": "" }), "VALIDATION"),
        (staff, &paid, json!({ "redemptionId": "x" }), "NOT_FOUND"),
        (staff, &paid, json!({ "roomId": elsewhere }), "NOT_FOUND"),
        (&shop.ana.token, &paid, json!({}), "CAPABILITY_MISSING"),
    ] {
        let told = shop.refund(token, redemption, more).await;
        assert_eq!(told["code"], code, "{told}");
    }
    let other = shop
        .refund(&api.other_staff().await, &paid, json!({}))
        .await;
    assert_eq!(other["code"], "NOT_FOUND", "{other}");
    assert_eq!(shop.balance().await, (json!("70"), json!("30")));
}
