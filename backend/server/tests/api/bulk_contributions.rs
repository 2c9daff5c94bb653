//! Many messages in one request: each recorded once, answered for itself, and in its room's order.

use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::person::Person;
use crate::server::Api;

on_both_engines! {
    many_messages_are_each_answered_for_themselves_and_recorded_once,
    what_is_said_of_one_gift_is_taken_in_its_order,
    a_request_that_is_none_records_nothing,
}

async fn record(api: &Api, token: &str, contributions: Value) -> Value {
    let document =
        "mutation ($input: RecordContributionsInput!) { recordContributions(input: $input) {
        __typename
        ... on RecordedContributions { results {
            __typename
            ... on Contribution { id contributionRef status amendments { field } }
            ... on Error { code }
        } }
        ... on ValidationError { field constraint }
        ... on Error { code }
    } }";
    let variables = json!({ "input": { "contributions": contributions } });
    let answer = api.execute(token, document, variables).await;
    assert_eq!(answer["errors"], Value::Null, "{answer}");

    answer["data"]["recordContributions"].clone()
}

fn donation(room: &str, key: &str, more: &Value) -> Value {
    let mut input = json!({
        "roomId": room, "idempotencyKey": key, "provider": "stripe", "kind": "DONATION",
        "amount": "500", "currency": "EUR", "viewerId": "v1", "viewerName": "Mira",
    });
    for (name, value) in more.as_object().unwrap() {
        input[name] = value.clone();
    }
    input
}

async fn many_messages_are_each_answered_for_themselves_and_recorded_once(database: String) {
    let api = Api::start(&database).await;
    let live = async |slug: &str| {
        api.live_room_with(json!({ "slug": slug, "title": slug, "state": "OPEN" }))
            .await
    };
    let rooms = [live("one").await, live("two").await];
    let mut messages: Vec<_> = (0..96)
        .map(|n| donation(&rooms[n % 2], &format!("k{n}"), &json!({})))
        .collect();
    messages.push(donation(&rooms[0], "k0", &json!({})));
    messages.push(donation(&rooms[0], "k2", &json!({ "amount": "501" })));
    messages.push(donation(&rooms[0], "bad", &json!({ "amount": "0" })));
    messages.push(donation("nowhere", "lost", &json!({ "viewerId": "" })));
    let answer = record(&api, &api.staff, json!(messages)).await;

    let results = answer["results"].as_array().unwrap();
    assert_eq!(results.len(), 100, "{answer}");
    for (n, result) in results[..96].iter().enumerate() {
        assert_eq!(result["contributionRef"], format!("k{n}"), "{result}");
        assert_eq!(result["status"], "SETTLED");
    }
    assert_eq!(results[96], results[0]);
    let codes: Vec<_> = results[97..]
        .iter()
        .map(|one| one["code"].clone())
        .collect();
    assert_eq!(codes, ["KEY_REUSED", "VALIDATION", "NOT_FOUND"]);
    for room in &rooms {
        let document = "query ($id: ID!) { room(id: $id) { hypeTrain { total } } }";
        let read = api.execute(&api.staff, document, json!({ "id": room }));
        let total = read.await["data"]["room"]["hypeTrain"]["total"].take();
        assert_eq!(total, (48 * 500).to_string());
    }

    // Sent again, as after an answer that was lost.
    let heads = [api.head(&rooms[0]).await, api.head(&rooms[1]).await];
    let api = api.restart(&database, 1_000).await;
    assert_eq!(record(&api, &api.staff, json!(messages)).await, answer);
    let after = [api.head(&rooms[0]).await, api.head(&rooms[1]).await];
    assert_eq!(after, heads);
}

async fn what_is_said_of_one_gift_is_taken_in_its_order(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let messages: Vec<_> = (0..99)
        .map(|n| {
            let (gift, status) = (n / 3, ["PENDING", "SETTLED", "REVERSED"][n % 3]);
            let more = json!({ "contributionRef": format!("gift {gift}"), "status": status });
            donation(&room, &format!("k{n}"), &more)
        })
        .collect();
    let answer = record(&api, &api.staff, json!(messages)).await;
    for (n, result) in answer["results"].as_array().unwrap().iter().enumerate() {
        assert_eq!(result["status"], messages[n]["status"], "{n}: {result}");
    }
}

async fn a_request_that_is_none_records_nothing(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let many = |count: usize| {
        let messages = (0..count).map(|n| donation(&room, &format!("k{n}"), &json!({})));
        Value::Array(messages.collect())
    };
    for count in [0, 101] {
        let refused = record(&api, &api.staff, many(count)).await;
        assert_eq!(refused["field"], "contributions", "{refused}");
    }
    let ana = Person::join(&api, &room, "ana").await;
    let before = api.head(&room).await;
    let refused = record(&api, &ana.token, many(2)).await;
    assert_eq!(refused["__typename"], "AuthError", "{refused}");
    let elsewhere = record(&api, &api.other_staff().await, many(1)).await;
    assert_eq!(elsewhere["results"][0]["code"], "NOT_FOUND", "{elsewhere}");
    assert_eq!(api.head(&room).await, before);
}
