//! Odd words in paid gifts: the money is recorded, and the answer says what was done to the words.

use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::server::Api;

on_both_engines! {
    words_that_do_not_fit_cost_no_gift,
    words_that_were_cut_within_a_character_cost_no_request,
    what_decides_money_is_refused_however_it_is_broken,
    who_or_when_it_was_costs_no_gift,
    who_gave_may_be_told_until_it_has_settled,
    a_retry_is_told_of_the_same_amendments,
    a_name_without_an_id_is_shown_and_counts_for_nobody,
}

/// How a request holds a text that JSON has no way to write well.
const ODD: &str = "ODD";

/// Reports a donation in `room` with `fields`, in which [`ODD`] stands for the bytes of `odd`.
async fn report(api: &Api, room: &str, fields: &Value, odd: &[u8]) -> Value {
    let document =
        "mutation ($input: RecordContributionInput!) { recordContribution(input: $input) {
        __typename
        ... on Contribution { viewerId viewerName message currency hype amendments { field kind } }
        ... on ValidationError { field }
    } }";
    let mut input = json!({
        "roomId": room, "idempotencyKey": "k", "provider": "stripe", "kind": "DONATION",
        "amount": "500", "currency": "EUR", "viewerId": "v1", "viewerName": "Mira",
    });
    for (name, value) in fields.as_object().unwrap() {
        input[name] = value.clone();
    }
    let body = json!({ "query": document, "variables": { "input": input } }).to_string();
    let parts: Vec<_> = body.split(ODD).map(str::as_bytes).collect();
    let answer = api.post(&api.staff, &[], parts.join(odd)).await;
    let answer: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(answer["errors"], Value::Null, "{fields}: {answer}");

    answer["data"]["recordContribution"].clone()
}

fn amendments(of: &[(&str, &str)]) -> Value {
    let one = |(field, kind): &(&str, &str)| json!({ "field": field, "kind": kind });
    of.iter().map(one).collect()
}

/// What may come in a field, what it becomes, and what the answer says of it.
fn odd_words() -> Vec<(&'static str, Value, Value, &'static [&'static str])> {
    // 18 bytes, and one character to look at.
    let family = "👩\u{200d}👩\u{200d}👧";

    vec![
        (
            "viewerName",
            json!("ก".repeat(100)),
            json!("ก".repeat(100)),
            &[][..],
        ),
        (
            "viewerName",
            json!("ก".repeat(101)),
            json!("ก".repeat(100)),
            &["TRIMMED"],
        ),
        (
            "viewerName",
            json!(family.repeat(23)),
            json!(family.repeat(22)),
            &["TRIMMED"],
        ),
        (
            "viewerName",
            json!(format!("a{}", "\u{301}".repeat(250))),
            json!(format!("a{}", "\u{301}".repeat(199))),
            &["TRIMMED"],
        ),
        (
            "viewerName",
            json!("n".repeat(100)),
            json!("n".repeat(100)),
            &[],
        ),
        ("viewerName", json!(""), Value::Null, &["LEFT_OUT"]),
        ("viewerName", json!(" \t "), Value::Null, &["LEFT_OUT"]),
        ("viewerName", json!("\u{0}"), Value::Null, &["LEFT_OUT"]),
        ("viewerName", json!(" Mira "), json!(" Mira "), &[]),
        ("viewerName", Value::Null, Value::Null, &[]),
        (
            "viewerName",
            json!("Mi\u{1b}[1mra"),
            json!("Mi [1mra"),
            &["REPLACED"],
        ),
        (
            "message",
            json!("😀".repeat(500)),
            json!("😀".repeat(500)),
            &[],
        ),
        (
            "message",
            json!("🇩🇪".repeat(501)),
            json!("🇩🇪".repeat(500)),
            &["TRIMMED"],
        ),
        (
            "message",
            json!("m".repeat(10_000)),
            json!("m".repeat(500)),
            &["TRIMMED"],
        ),
        (
            "message",
            json!("\u{1}ACTION waves\u{1}"),
            json!("ACTION waves"),
            &["REPLACED"],
        ),
        (
            "message",
            json!("one\r\ntwo\tthree"),
            json!("one\ntwo three"),
            &["REPLACED"],
        ),
        ("message", json!("one\ntwo"), json!("one\ntwo"), &[]),
        (
            "message",
            json!(format!("\u{7}{}", "m".repeat(501))),
            json!("m".repeat(500)),
            &["REPLACED", "TRIMMED"],
        ),
        ("message", json!(""), Value::Null, &["LEFT_OUT"]),
        ("message", json!("\u{fffd}"), json!("\u{fffd}"), &[]),
        ("currency", json!("eur"), json!("EUR"), &["REPLACED"]),
        ("currency", json!("Usd"), json!("USD"), &["REPLACED"]),
    ]
}

async fn words_that_do_not_fit_cost_no_gift(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    for (n, (field, came, recorded, told)) in odd_words().into_iter().enumerate() {
        let fields = json!({ "idempotencyKey": format!("k{n}"), field: came });
        let answer = report(&api, &room, &fields, b"").await;
        assert_eq!(answer["__typename"], "Contribution", "{fields}: {answer}");
        assert_eq!(answer[field], recorded, "{fields}");
        let told: Vec<_> = told.iter().map(|kind| (field, *kind)).collect();
        assert_eq!(answer["amendments"], amendments(&told), "{fields}");
    }

    let everything = json!({ "viewerName": "", "message": "a\u{0}b", "currency": "eur" });
    let answer = report(&api, &room, &everything, b"").await;
    let told = [
        ("currency", "REPLACED"),
        ("viewerName", "LEFT_OUT"),
        ("message", "REPLACED"),
    ];
    assert_eq!(answer["amendments"], amendments(&told));
}

async fn words_that_were_cut_within_a_character_cost_no_request(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;

    for (n, (odd, recorded)) in [
        (&br"so good \ud83d"[..], "so good"),
        (br"so good \uDE00!", "so good  !"),
        (br"\ud83d\ud83d\ude00", "😀"),
        (br"\ud83d\u0041", "A"),
        (br"\\\ud83d\\ud83d", "\\ \\ud83d"),
        (b"so good \xf0\x9f\x98", "so good"),
        (b"\xffso good", "so good"),
    ]
    .into_iter()
    .enumerate()
    {
        let fields = json!({ "idempotencyKey": format!("cut{n}"), "message": ODD });
        let answer = report(&api, &room, &fields, odd).await;
        assert_eq!(answer["message"], recorded, "{fields}: {answer}");
        assert_eq!(answer["amendments"], amendments(&[("message", "REPLACED")]));
        let fields = json!({ "idempotencyKey": format!("cut name {n}"), "viewerName": ODD });
        let answer = report(&api, &room, &fields, odd).await;
        assert_eq!(answer["viewerName"], recorded, "{fields}: {answer}");
    }
}

async fn what_decides_money_is_refused_however_it_is_broken(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let before = api.head(&room).await;

    for field in ["idempotencyKey", "provider", "contributionRef", "currency"] {
        for odd in [&br"a\ud83d"[..], b"a\xf0\x9f\x98", br"a\u0000", b""] {
            let answer = report(&api, &room, &json!({ field: ODD }), odd).await;
            assert_eq!(answer["__typename"], "ValidationError", "{field}: {answer}");
            assert_eq!(answer["field"], field);
        }
    }
    assert_eq!(api.head(&room).await, before);

    // What is broken otherwise is no request, and is told as what it is.
    for (body, said) in [
        (&b"{\"query\":\"{ a }\xff"[..], "EOF"),
        (b"{\"query\":\xff}", "expected value"),
        (b"\xff\xfe", "expected value"),
        (br#"{"query":"\ud83d\q"}"#, "escape"),
        (br#"{"query":"\ud8"}"#, "escape"),
    ] {
        let answer = api.post(&api.staff, &[], body).await;
        assert_eq!(answer.status, 400, "{}", answer.body);
        assert!(answer.body.contains(said), "{}", answer.body);
    }
}

async fn who_or_when_it_was_costs_no_gift(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let long = "v".repeat(129);
    for (n, (field, came, recorded)) in [
        ("viewerId", json!(""), None),
        ("viewerId", json!("a\u{0}"), None),
        ("viewerId", json!(long), None),
        ("viewerId", json!(ODD), None),
        (
            "viewerId",
            json!(9_007_199_254_740_993_i64),
            Some("9007199254740993"),
        ),
        ("viewerId", json!(u64::MAX), Some("18446744073709551615")),
        ("viewerId", json!("0042"), Some("0042")),
        ("viewerId", json!({ "id": "ana" }), None),
        ("viewerId", json!(true), None),
        ("viewerName", json!(["Mira"]), None),
        ("viewerName", json!(1.5), Some("1.5")),
        ("message", json!(42), Some("42")),
        ("message", json!(false), None),
        ("occurredAt", json!("yesterday"), None),
        ("occurredAt", json!(""), None),
        ("occurredAt", json!(1_700_000_000), None),
        ("occurredAt", json!("1969-12-31T23:59:59Z"), None),
        ("occurredAt", json!("10000-01-01T00:00:00Z"), None),
        ("occurredAt", json!("2025-12-31T23:59:59+02:00"), Some("")),
    ]
    .into_iter()
    .enumerate()
    {
        let fields = json!({ "idempotencyKey": format!("k{n}"), field: came });
        let answer = report(&api, &room, &fields, br"a\ud83d").await;
        assert_eq!(answer["__typename"], "Contribution", "{fields}: {answer}");
        let told = [(field, "LEFT_OUT")];
        let told = if recorded.is_none() { &told[..] } else { &[] };
        assert_eq!(answer["amendments"], amendments(told), "{fields}");
        if field == "occurredAt" {
            assert_eq!(answer["viewerName"], "Mira");
        } else {
            assert_eq!(answer[field], json!(recorded), "{fields}");
        }
    }
}

async fn who_gave_may_be_told_until_it_has_settled(database: String) {
    let api = Api::start(&database).await;
    let program = json!({
        "kickoffEvents": 2, "kickoffViewers": 2, "kickoffWindowMs": 60_000,
        "levels": [{ "goal": 10_000 }], "secondsPerLevel": 60, "cooldownMs": 0,
    });
    let room = json!({ "slug": "s", "title": "s", "state": "OPEN", "hypeTrainProgram": program });
    let room = api.live_room_with(room).await;
    for viewer in ["a", "b"] {
        let gift = json!({ "idempotencyKey": viewer, "viewerId": viewer });
        report(&api, &room, &gift, b"").await;
    }
    let tell = async |key: &str, status: &str, more: Value| {
        let mut said = json!({
            "idempotencyKey": key, "contributionRef": "gift", "status": status,
            "viewerId": null, "viewerName": null,
        });
        for (name, value) in more.as_object().unwrap() {
            said[name] = value.clone();
        }
        report(&api, &room, &said, b"").await
    };
    let train = async || {
        let document = "query ($id: ID!) { room(id: $id) { hypeTrain {
            total contributorCount topContributor { name hype }
        } } }";
        let variables = json!({ "id": room });
        let mut read = api.execute(&api.staff, document, variables).await;
        read["data"]["room"]["hypeTrain"].take()
    };
    let before = train().await;

    // Each in a request of its own.
    tell("k1", "PENDING", json!({})).await;
    let named = json!({ "viewerId": "q", "viewerName": "Q", "message": "so good" });
    tell("k2", "PENDING", named).await;
    let settled = tell("k3", "SETTLED", json!({})).await;
    let q = (json!("q"), json!("Q"), json!("so good"));
    let who = |of: &Value| {
        (
            of["viewerId"].clone(),
            of["viewerName"].clone(),
            of["message"].clone(),
        )
    };
    assert_eq!(who(&settled), q);
    assert_eq!(train().await["contributorCount"], 3);
    let other = tell("k4", "REVERSED", json!({ "viewerId": "w" })).await;
    assert_eq!(other["__typename"], "ConflictError");
    let reversed = tell("k5", "REVERSED", json!({})).await;
    assert_eq!(who(&reversed), q);
    assert_eq!(train().await, before);
}

async fn a_retry_is_told_of_the_same_amendments(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let fields = json!({ "viewerName": "", "message": ODD, "currency": "eur" });
    let first = report(&api, &room, &fields, br"so good \ud83d").await;
    assert_eq!(first["amendments"].as_array().unwrap().len(), 3);
    let after_first = api.head(&room).await;

    let api = api.restart(&database, 1_000).await;
    assert_eq!(
        report(&api, &room, &fields, br"so good \ud83d").await,
        first
    );
    // What came is the content: other words are another message, also if they become the same.
    let fitting = json!({ "viewerName": null, "message": "so good" });
    let other = report(&api, &room, &fitting, b"").await;
    assert_eq!(other["__typename"], "ConflictError", "{other}");
    assert_eq!(api.head(&room).await, after_first);
}

async fn a_name_without_an_id_is_shown_and_counts_for_nobody(database: String) {
    let api = Api::start(&database).await;
    let program = json!({
        "kickoffEvents": 2, "kickoffViewers": 2, "kickoffWindowMs": 60_000,
        "levels": [{ "goal": 10_000 }], "secondsPerLevel": 60, "cooldownMs": 0,
    });
    let room = json!({ "slug": "s", "title": "s", "state": "OPEN", "hypeTrainProgram": program });
    let room = api.live_room_with(room).await;
    let from = |key: &str, name: &str| json!({ "idempotencyKey": key, "viewerId": null, "viewerName": name });

    for (key, name) in [("a", "Ben"), ("b", "Zoë")] {
        let answer = report(&api, &room, &from(key, name), b"").await;
        assert_eq!(
            (
                &answer["viewerId"],
                &answer["viewerName"],
                &answer["amendments"]
            ),
            (&Value::Null, &json!(name), &json!([])),
            "{answer}"
        );
    }
    let document = "query ($id: ID!) { room(id: $id) { hypeTrain { phase } } }";
    let read = api
        .execute(&api.staff, document, json!({ "id": room }))
        .await;
    assert_eq!(
        read["data"]["room"]["hypeTrain"],
        json!({ "phase": "APPROACHING" })
    );

    // What was recorded reads back, also as a later message's.
    let reversed = json!({ "contributionRef": "a", "status": "REVERSED" });
    let mut reversed_from = from("c", "Ben");
    reversed_from
        .as_object_mut()
        .unwrap()
        .extend(reversed.as_object().unwrap().clone());
    let answer = report(&api, &room, &reversed_from, b"").await;
    assert_eq!(answer["viewerName"], "Ben", "{answer}");
    let again = report(&api, &room, &from("a", "Ben"), b"").await;
    assert_eq!(again["viewerName"], "Ben", "{again}");
}
