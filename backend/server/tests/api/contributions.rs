//! Contributions: recorded once, whatever goes wrong in between, and refused by name.

use futures_util::future::join_all;
use parlor_api::global_id::parse_room_id;
use parlor_domain::event::Event;
use parlor_store::LogPosition;
use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::server::Api;

on_both_engines! {
    bad_input_is_refused_by_name_and_writes_nothing,
    a_retry_gets_the_first_answer_and_adds_nothing,
    a_key_with_other_content_is_refused,
    fifty_reports_at_once_under_one_key_are_one_contribution,
    many_at_once_are_all_recorded_in_one_gapless_log,
    an_archived_room_takes_money_from_providers_but_nothing_by_hand,
    a_pending_contribution_counts_once_it_has_settled_and_a_reversal_takes_it_back,
    what_people_type_stays_text,
}

/// A donation that is fine.
fn donation(room: &str, key: &str) -> Value {
    json!({
        "roomId": room, "idempotencyKey": key, "provider": "stripe", "kind": "DONATION",
        "amount": "500", "currency": "EUR", "viewerId": "v1", "viewerName": "Mira",
    })
}

fn with(mut input: Value, change: &Value) -> Value {
    for (name, value) in change.as_object().unwrap() {
        input[name] = value.clone();
    }
    input
}

async fn log(api: &Api, room: &str) -> Vec<Event> {
    let store = &api.server.service.app.store;
    let room_id = parse_room_id(room).unwrap();
    let epoch = api.head(room).await.epoch;

    let beginning = LogPosition { epoch, seq: 0 };
    let read = store.events_after(room_id, beginning, 10_000).await;
    read.unwrap().events().unwrap()
}

async fn bad_input_is_refused_by_name_and_writes_nothing(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let before = api.head(&room).await;

    for (change, field) in [
        (json!({ "amount": "0" }), "amount"),
        (json!({ "amount": "-5" }), "amount"),
        (json!({ "amount": "1000000000001" }), "amount"),
        (json!({ "amount": null }), "amount"),
        (json!({ "currency": null }), "currency"),
        (json!({ "currency": "EURO" }), "currency"),
        (json!({ "currency": "E€" }), "currency"),
        (json!({ "tier": 1 }), "tier"),
        (json!({ "quantity": 2 }), "quantity"),
        (json!({ "kind": "MEMBERSHIP" }), "tier"),
        (json!({ "kind": "MEMBERSHIP", "tier": 4 }), "tier"),
        (
            json!({ "kind": "GIFTED_MEMBERSHIPS", "tier": 1, "quantity": 0 }),
            "quantity",
        ),
        (json!({ "idempotencyKey": "" }), "idempotencyKey"),
        (
            json!({ "idempotencyKey": "k".repeat(201) }),
            "idempotencyKey",
        ),
        (
            json!({ "contributionRef": "k".repeat(201) }),
            "contributionRef",
        ),
        (json!({ "provider": "" }), "provider"),
    ] {
        let refused = api
            .mutate("recordContribution", with(donation(&room, "k"), &change))
            .await;
        assert_eq!(
            refused["__typename"], "ValidationError",
            "{change}: {refused}"
        );
        assert_eq!(refused["code"], "VALIDATION", "{change}: {refused}");
        assert_eq!(refused["field"], field, "{change}: {refused}");
        assert!(
            !refused["constraint"].as_str().unwrap().is_empty(),
            "{change}: {refused}"
        );
        assert_eq!(api.head(&room).await, before, "{change}");
    }

    // What cannot even be read is an error of the request.
    for change in [
        json!({ "amount": "12.5" }),
        json!({ "amount": "9223372036854775808" }),
        json!({ "kind": "BRIBE" }),
        json!({ "unknown": 1 }),
    ] {
        let document = "mutation ($input: RecordContributionInput!) {
            recordContribution(input: $input) { __typename }
        }";
        let input = with(donation(&room, "k"), &change);
        let refused = api
            .execute(&api.staff, document, json!({ "input": input }))
            .await;
        assert_eq!(
            refused["errors"][0]["extensions"]["code"], "VALIDATION",
            "{change}: {refused}"
        );
    }
    assert_eq!(api.head(&room).await, before);

    // None of the refusals has used up the key.
    let recorded = api.mutate("recordContribution", donation(&room, "k")).await;
    assert_eq!(recorded["__typename"], "Contribution");
}

async fn a_retry_gets_the_first_answer_and_adds_nothing(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let first = api.mutate("recordContribution", donation(&room, "k")).await;
    assert_eq!(
        (&first["status"], &first["hype"]),
        (&json!("SETTLED"), &json!("500"))
    );
    let after_first = api.head(&room).await;

    api.clock.advance_millis(5_000);
    let again = api.mutate("recordContribution", donation(&room, "k")).await;
    assert_eq!(again, first);
    assert_eq!(api.head(&room).await, after_first);

    let api = api.restart(&database, 1_000).await;
    let again = api.mutate("recordContribution", donation(&room, "k")).await;
    assert_eq!(again, first);
    assert_eq!(api.head(&room).await, after_first);
}

async fn a_key_with_other_content_is_refused(database: String) {
    let api = Api::start(&database).await;
    let (room, other_room) = (api.room("show").await, api.room("other").await);
    api.mutate("recordContribution", donation(&room, "k")).await;
    let (before, other_before) = (api.head(&room).await, api.head(&other_room).await);

    for change in [
        json!({ "amount": "501" }),
        json!({ "currency": "USD" }),
        json!({ "message": "now with a message" }),
        json!({ "viewerName": "Zoë" }),
        json!({ "status": "PENDING" }),
        json!({ "roomId": other_room }),
    ] {
        let refused = api
            .mutate("recordContribution", with(donation(&room, "k"), &change))
            .await;
        assert_eq!(
            refused["__typename"], "ConflictError",
            "{change}: {refused}"
        );
        assert_eq!(refused["code"], "KEY_REUSED", "{change}: {refused}");
    }
    let same_ref = json!({ "idempotencyKey": "k2", "contributionRef": "k", "amount": "9" });
    let refused = api
        .mutate("recordContribution", with(donation(&room, "k"), &same_ref))
        .await;
    assert_eq!(refused["code"], "CONTRIBUTION_DIFFERS");
    let elsewhere = json!({ "idempotencyKey": "k3", "contributionRef": "k", "roomId": other_room });
    let refused = api
        .mutate("recordContribution", with(donation(&room, "k"), &elsewhere))
        .await;
    assert_eq!(refused["code"], "CONTRIBUTION_DIFFERS");
    assert_eq!(api.head(&room).await, before);
    assert_eq!(api.head(&other_room).await, other_before);

    // Keys are the provider's own: another one may use the same.
    let paypal = with(donation(&room, "k"), &json!({ "provider": "paypal" }));
    assert_eq!(
        api.mutate("recordContribution", paypal).await["__typename"],
        "Contribution"
    );
}

async fn fifty_reports_at_once_under_one_key_are_one_contribution(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;

    let reports = (0..50).map(|_| api.mutate("recordContribution", donation(&room, "k")));
    let answers = join_all(reports).await;

    assert_eq!(answers[0]["__typename"], "Contribution");
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    let received = log(&api, &room).await;
    let moments = received
        .iter()
        .filter(|event| event.body.part().is_none())
        .count();
    assert_eq!(moments, 1);
}

async fn many_at_once_are_all_recorded_in_one_gapless_log(database: String) {
    let api = Api::start(&database).await;
    let live = async |slug: &str| {
        api.live_room_with(json!({ "slug": slug, "title": slug, "state": "OPEN" }))
            .await
    };
    let rooms = [live("one").await, live("two").await, live("three").await];

    let answers = join_all((0..120).map(|n| {
        let change = json!({ "viewerId": format!("v{}", n % 7) });
        let input = with(donation(&rooms[n % 3], &format!("k{n}")), &change);
        api.mutate("recordContribution", input)
    }))
    .await;

    assert!(
        answers
            .iter()
            .all(|answer| answer["__typename"] == "Contribution")
    );
    for room in &rooms {
        let events = log(&api, room).await;
        let seqs: Vec<_> = events.iter().map(|event| event.seq).collect();
        assert_eq!(seqs, (1..=api.head(room).await.seq).collect::<Vec<_>>());
        assert_eq!(
            events
                .iter()
                .filter(|event| event.body.part().is_none())
                .count(),
            40
        );
        let document = "query ($id: ID!) { room(id: $id) { hypeTrain { total phase } } }";
        let read = api
            .execute(&api.staff, document, json!({ "id": room }))
            .await;
        assert_eq!(read["data"]["room"]["hypeTrain"]["total"], "20000");
    }
}

async fn an_archived_room_takes_money_from_providers_but_nothing_by_hand(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let archive = json!({ "id": room, "version": 1, "state": "ARCHIVED" });
    assert_eq!(api.mutate("updateRoom", archive).await["state"], "ARCHIVED");
    let before = api.head(&room).await;

    let by_hand = with(donation(&room, "k"), &json!({ "provider": "staff" }));
    let refused = api.mutate("recordContribution", by_hand).await;
    assert_eq!(refused["__typename"], "ConflictError");
    assert_eq!(refused["code"], "ROOM_ARCHIVED");
    assert_eq!(api.head(&room).await, before);

    let recorded = api.mutate("recordContribution", donation(&room, "k")).await;
    assert_eq!(recorded["status"], "SETTLED");
}

async fn a_pending_contribution_counts_once_it_has_settled_and_a_reversal_takes_it_back(
    database: String,
) {
    let api = Api::start(&database).await;
    let program = json!({
        "kickoffEvents": 1, "kickoffViewers": 1, "kickoffWindowMs": 60_000,
        "levels": [{ "goal": 10_000 }], "secondsPerLevel": 60, "cooldownMs": 0,
    });
    let room = json!({ "slug": "s", "title": "s", "state": "OPEN", "hypeTrainProgram": program });
    let room = api.live_room_with(room).await;
    let report = async |key: &str, status: &str| {
        let change = json!({ "contributionRef": "payment-1", "status": status });
        api.mutate("recordContribution", with(donation(&room, key), &change))
            .await
    };
    let total = async || {
        let document = "query ($id: ID!) { room(id: $id) { hypeTrain { total } } }";
        let read = api
            .execute(&api.staff, document, json!({ "id": room }))
            .await;
        read["data"]["room"]["hypeTrain"]["total"].clone()
    };

    let pending = report("k1", "PENDING").await;
    assert_eq!(
        (&pending["status"], total().await),
        (&json!("PENDING"), Value::Null)
    );
    let settled = report("k2", "SETTLED").await;
    assert_eq!(
        (&settled["id"], total().await),
        (&pending["id"], json!("500"))
    );
    report("k3", "SETTLED").await;
    assert_eq!(total().await, "500");
    let reversed = report("k4", "REVERSED").await;
    assert_eq!(
        (&reversed["status"], total().await),
        (&json!("REVERSED"), json!("0"))
    );
    let too_late = report("k5", "SETTLED").await;
    assert_eq!(
        (&too_late["status"], total().await),
        (&json!("REVERSED"), json!("0"))
    );

    let document = "query ($id: ID!) { node(id: $id) { ... on Contribution { status viewerId } } }";
    let read = api
        .execute(&api.staff, document, json!({ "id": pending["id"] }))
        .await;
    assert_eq!(
        read["data"]["node"],
        json!({ "status": "REVERSED", "viewerId": "v1" })
    );
}

async fn what_people_type_stays_text(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    for (n, typed) in [
        "'; DROP TABLE rooms; --",
        "<script>alert(1)</script>",
        "{}{0}%s%n\n\tand a second line".replace('\t', " ").as_str(),
        "👩‍🚀 مريم \u{202e}tfel ot thgir",
        "\\u0000 \\\" \u{2028}",
    ]
    .into_iter()
    .enumerate()
    {
        let change = json!({ "viewerName": typed, "message": typed, "viewerId": typed });
        let input = with(donation(&room, &format!("k{n}")), &change);
        let recorded = api.mutate("recordContribution", input).await;
        assert_eq!(recorded["viewerName"], typed);
        assert_eq!(recorded["viewerId"], typed);
    }
}
