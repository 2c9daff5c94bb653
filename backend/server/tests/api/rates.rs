//! What gifts are worth: rates that a tenant's staff sets, what a room counts in, and what is left without hype.

use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::server::{Api, token};
use crate::tenants::operator;

on_both_engines! {
    rates_are_set_and_read_by_the_tenants_staff_alone,
    rates_are_set_against_their_version,
    what_is_wrong_with_a_table_is_named_and_sets_nothing,
    gifts_of_like_worth_move_a_train_alike,
    what_has_no_hype_says_why_and_moves_no_train,
    what_a_room_counts_in_holds_for_what_comes_after,
    a_program_says_what_contributions_weigh,
    what_a_gift_is_worth_outlives_its_rates_and_the_server,
}

const RATES: &str = "version base rates { currency rate } setAt";
const CONTRIBUTION: &str = "id status hype notCounted worth { amount currency }";
const ROOM: &str = "id version referenceCurrency
    hypeTrainProgram { version weights { donationBasisPoints membership giftedMembership } }";
const EURO: [(&str, &str); 4] = [
    ("JPY", "160"),
    ("KRW", "1500"),
    ("IDR", "17500"),
    ("KWD", "0.32"),
];

fn table(version: i32, rates: &[(&str, &str)]) -> Value {
    let rates: Vec<_> = rates
        .iter()
        .map(|(currency, rate)| json!({ "currency": currency, "rate": rate }))
        .collect();
    json!({ "version": version, "base": "EUR", "rates": rates })
}

/// Has a mutation done whose answer, unless it is refused, has `fields` of `object`.
async fn done(api: &Api, caller: &str, call: (&str, &str, &str, &str), variables: Value) -> Value {
    let (mutation, declared, object, fields) = call;
    let id = if declared.contains("$id") {
        "id: $id, "
    } else {
        ""
    };
    let document = format!(
        "mutation ({declared}) {{ done: {mutation}({id}input: $input) {{
            __typename ... on {object} {{ {fields} }}
            ... on Error {{ code message }} ... on ValidationError {{ field }}
        }} }}"
    );
    let answer = api.execute(caller, &document, variables).await;
    assert_eq!(answer["errors"], Value::Null, "{answer}");
    answer["data"]["done"].clone()
}

async fn set(api: &Api, caller: &str, input: Value) -> Value {
    let declared = "$input: SetCurrencyRatesInput!";
    let call = ("setCurrencyRates", declared, "CurrencyRates", RATES);
    done(api, caller, call, json!({ "input": input })).await
}

async fn read(api: &Api, caller: &str) -> Value {
    let document = format!("{{ currencyRates {{ {RATES} }} }}");
    api.execute(caller, &document, json!({})).await
}

async fn give(api: &Api, input: Value) -> Value {
    let declared = "$input: RecordContributionInput!";
    let call = ("recordContribution", declared, "Contribution", CONTRIBUTION);
    done(api, &api.staff, call, json!({ "input": input })).await
}

fn donation(room: &str, key: &str, amount: i64, currency: &str) -> Value {
    json!({
        "roomId": room, "idempotencyKey": key, "provider": "stripe", "kind": "DONATION",
        "amount": amount.to_string(), "currency": currency, "viewerId": key,
    })
}

/// A live room whose trains start with the second contribution, of whomever, with goals of 1,000.
async fn room(api: &Api, slug: &str) -> String {
    let program = program(&json!(null));
    let input =
        json!({ "slug": slug, "title": slug, "state": "OPEN", "hypeTrainProgram": program });
    api.live_room_with(input).await
}

fn program(weights: &Value) -> Value {
    json!({
        "kickoffEvents": 2, "kickoffViewers": 1, "kickoffWindowMs": 30_000,
        "levels": [{ "goal": "1000" }], "secondsPerLevel": 60, "cooldownMs": 0,
        "weights": weights,
    })
}

async fn update(api: &Api, room: &str, change: Value) -> Value {
    let document = "query ($id: ID!) { room(id: $id) { version } }";
    let answer = api
        .execute(&api.staff, document, json!({ "id": room }))
        .await;
    let mut input = change;
    input["version"] = answer["data"]["room"]["version"].clone();
    let declared = "$id: ID!, $input: UpdateRoomInput!";
    let call = ("updateRoom", declared, "Room", ROOM);
    let variables = json!({ "id": room, "input": input });
    done(api, &api.staff, call, variables).await
}

async fn train(api: &Api, room: &str) -> Value {
    let document = "query ($id: ID!) { room(id: $id) { hypeTrain {
        phase level progress goal total contributorCount } } }";
    let answer = api
        .execute(&api.staff, document, json!({ "id": room }))
        .await;
    answer["data"]["room"]["hypeTrain"].clone()
}

async fn rates_are_set_and_read_by_the_tenants_staff_alone(database: String) {
    let api = Api::start(&database).await;
    assert_eq!(
        read(&api, &api.staff).await["data"]["currencyRates"],
        Value::Null
    );
    for (caller, code) in [
        (String::new(), "UNAUTHENTICATED"),
        (token(api.tenant, "viewer"), "STAFF_ONLY"),
        (operator(), "OPERATOR_HAS_NO_TENANT"),
    ] {
        let refused = set(&api, &caller, table(0, &EURO)).await;
        assert_eq!(refused["code"], code, "{refused}");
        let hidden = read(&api, &caller).await;
        assert_eq!(hidden["data"], Value::Null, "{hidden}");
    }

    let made = set(
        &api,
        &api.staff,
        table(0, &[("usd", "1.0840"), ("JPY", "160")]),
    )
    .await;
    assert_eq!(
        (&made["version"], &made["base"]),
        (&json!(1), &json!("EUR"))
    );
    assert_eq!(
        made["rates"],
        json!([{ "currency": "JPY", "rate": "160" }, { "currency": "USD", "rate": "1.084" }])
    );
    let mut found = read(&api, &api.staff).await["data"]["currencyRates"].take();
    found["__typename"] = json!("CurrencyRates");
    assert_eq!(found, made);
    let other = api.other_staff().await;
    assert_eq!(
        read(&api, &other).await["data"]["currencyRates"],
        Value::Null
    );
    let made = set(&api, &other, table(0, &EURO)).await;
    assert_eq!(made["version"], 1, "each tenant has a table of its own");
}

async fn rates_are_set_against_their_version(database: String) {
    let api = Api::start(&database).await;
    for (version, expected) in [
        (1, "STALE_VERSION"),
        (0, ""),
        (0, "STALE_VERSION"),
        (2, "STALE_VERSION"),
        (1, ""),
    ] {
        let answer = set(&api, &api.staff, table(version, &EURO)).await;
        let code = answer["code"].as_str().unwrap_or_default();
        assert_eq!(code, expected, "{version}: {answer}");
    }
}

async fn what_is_wrong_with_a_table_is_named_and_sets_nothing(database: String) {
    let api = Api::start(&database).await;
    let many = vec![("USD", "1"); 201];
    for (rates, field) in [
        (&[("USD", "0")][..], "rates.rate"),
        (&[("USD", "-1")], "rates.rate"),
        (&[("USD", "1e3")], "rates.rate"),
        (&[("USD", "9999999999999999")], "rates.rate"),
        (&[("EUR", "2")], "rates.rate"),
        (&[("USD", "1"), ("usd", "1")], "rates.currency"),
        (&[("ZZZ", "1")], "rates.currency"),
        (&[("XAU", "1")], "rates.currency"),
        (&many, "rates"),
    ] {
        let refused = set(&api, &api.staff, table(0, rates)).await;
        assert_eq!(refused["code"], "VALIDATION", "{refused}");
        assert_eq!(refused["field"], field, "{refused}");
    }
    let refused = set(
        &api,
        &api.staff,
        json!({ "version": 0, "base": "XXX", "rates": [] }),
    );
    assert_eq!(refused.await["field"], "base");
    assert_eq!(
        read(&api, &api.staff).await["data"]["currencyRates"],
        Value::Null
    );
}

async fn gifts_of_like_worth_move_a_train_alike(database: String) {
    let api = Api::start(&database).await;
    set(&api, &api.staff, table(0, &EURO)).await;
    let mut trains = Vec::new();
    // Twelve euros each.
    for (code, amount) in [
        ("EUR", 1_200),
        ("JPY", 1_920),
        ("KRW", 18_000),
        ("IDR", 21_000_000),
        ("KWD", 3_840),
    ] {
        let room = room(&api, &code.to_lowercase()).await;
        for n in 0..2 {
            let given = give(&api, donation(&room, &format!("{code}-{n}"), amount, code)).await;
            assert_eq!(given["hype"], "1200", "{given}");
            assert_eq!(
                given["worth"],
                json!({ "amount": "1200", "currency": "EUR" })
            );
            assert_eq!(given["notCounted"], Value::Null);
        }
        trains.push(train(&api, &room).await);
    }

    let expected = json!({
        "phase": "RUNNING", "level": 3, "progress": "400", "goal": "1000", "total": "2400",
        "contributorCount": 2,
    });
    assert_eq!(trains, vec![expected; 5]);
}

async fn what_has_no_hype_says_why_and_moves_no_train(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api, "show").await;
    let unrated = give(&api, donation(&room, "before", 500, "JPY")).await;
    assert_eq!(unrated["notCounted"], "NO_RATE", "without a table");
    set(&api, &api.staff, table(0, &EURO)).await;
    for (key, amount, code, why) in [
        ("a", 500, "GBP", "NO_RATE"),
        ("b", 500, "XAU", "NO_MINOR_UNIT"),
        ("c", 500, "zzz", "UNKNOWN_CURRENCY"),
        ("d", 1, "IDR", "TOO_SMALL"),
    ] {
        let given = give(&api, donation(&room, key, amount, code)).await;
        assert_eq!(
            (&given["status"], &given["hype"]),
            (&json!("SETTLED"), &json!("0"))
        );
        assert_eq!(given["notCounted"], why, "{given}");
        let again = give(&api, donation(&room, key, amount, code)).await;
        assert_eq!(again, given);
        // Staff finds it on the contribution as well.
        let document = format!(
            "query ($id: ID!) {{ node(id: $id) {{ __typename ... on Contribution {{ {CONTRIBUTION} }} }} }}"
        );
        let id = json!({ "id": given["id"] });
        let found = api.execute(&api.staff, &document, id).await;
        assert_eq!(found["data"]["node"], given);
    }
    assert_eq!(train(&api, &room).await, Value::Null);
}

async fn what_a_room_counts_in_holds_for_what_comes_after(database: String) {
    let api = Api::start(&database).await;
    set(&api, &api.staff, table(0, &EURO)).await;
    let declared = "$input: CreateRoomInput!";
    let call = ("createRoom", declared, "Room", ROOM);
    let create = |slug: &str, currency: Value| {
        json!({ "input": {
            "slug": slug, "title": "a", "state": "OPEN", "referenceCurrency": currency,
        } })
    };
    let made = done(&api, &api.staff, call, create("won", json!("krw"))).await;
    assert_eq!(made["referenceCurrency"], "KRW");
    let usual = done(&api, &api.staff, call, create("usual", json!(null))).await;
    assert_eq!(usual["referenceCurrency"], "EUR");
    for currency in ["XAU", "ZZZ", "euro"] {
        let refused = done(&api, &api.staff, call, create("no", json!(currency))).await;
        assert_eq!(refused["field"], "referenceCurrency", "{refused}");
    }

    let room = made["id"].as_str().unwrap();
    let pending = |key: &str, status: &str| {
        let mut input = donation(room, key, 200, "EUR");
        input["contributionRef"] = json!("gift");
        input["viewerId"] = json!("ana");
        input["status"] = json!(status);
        input
    };
    let first = give(&api, pending("a", "PENDING")).await;
    assert_eq!(
        first["worth"],
        json!({ "amount": "3000", "currency": "KRW" })
    );

    let changed = update(&api, room, json!({ "referenceCurrency": "JPY" })).await;
    assert_eq!(changed["referenceCurrency"], "JPY");
    let settled = give(&api, pending("b", "SETTLED")).await;
    assert_eq!(
        (&settled["worth"], &settled["hype"]),
        (&first["worth"], &json!("3000"))
    );
    let next = give(&api, donation(room, "c", 200, "EUR")).await;
    assert_eq!(next["worth"], json!({ "amount": "320", "currency": "JPY" }));

    let refused = update(&api, room, json!({ "referenceCurrency": "XXX" })).await;
    assert_eq!(refused["field"], "referenceCurrency");
    let unchanged = update(&api, room, json!({ "title": "Another" })).await;
    assert_eq!(unchanged["referenceCurrency"], "JPY");
    let usual = update(&api, room, json!({ "referenceCurrency": null })).await;
    assert_eq!(usual["referenceCurrency"], "EUR");
}

async fn a_program_says_what_contributions_weigh(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api, "show").await;
    let of = |changed: &Value| changed["hypeTrainProgram"]["weights"].clone();
    let weigh = async |weights: Value| {
        update(
            &api,
            &room,
            json!({ "hypeTrainProgram": program(&weights) }),
        )
        .await
    };
    let usual = json!({
        "donationBasisPoints": 10_000, "membership": [500, 1_000, 2_500],
        "giftedMembership": [500, 1_000, 2_500],
    });
    assert_eq!(of(&weigh(json!(null)).await), usual);
    assert_eq!(of(&weigh(json!({})).await), usual);
    for (weights, field) in [
        (
            json!({ "donationBasisPoints": -1 }),
            "weights.donationBasisPoints",
        ),
        (
            json!({ "donationBasisPoints": 1_000_001 }),
            "weights.donationBasisPoints",
        ),
        (json!({ "membership": [1, 2] }), "weights.membership"),
        (json!({ "membership": [1, 2, 3, 4] }), "weights.membership"),
        (
            json!({ "giftedMembership": [1, 2, -3] }),
            "weights.giftedMembership",
        ),
    ] {
        let refused = weigh(weights).await;
        assert_eq!(refused["field"], field, "{refused}");
    }
    let weights = json!({
        "donationBasisPoints": 25_000, "membership": [1, 2, 3], "giftedMembership": [0, 40, 50],
    });
    assert_eq!(of(&weigh(weights.clone()).await), weights);

    let membership = |key: &str, kind: &str, tier: i32, quantity: i32| {
        json!({
            "roomId": room, "idempotencyKey": key, "kind": kind, "tier": tier, "quantity": quantity,
        })
    };
    for (input, hype, why) in [
        (donation(&room, "a", 3, "EUR"), "7", Value::Null),
        (membership("b", "MEMBERSHIP", 3, 1), "3", Value::Null),
        (
            membership("c", "GIFTED_MEMBERSHIPS", 2, 5),
            "200",
            Value::Null,
        ),
        (
            membership("d", "GIFTED_MEMBERSHIPS", 1, 5),
            "0",
            json!("WEIGHTLESS"),
        ),
    ] {
        let given = give(&api, input).await;
        assert_eq!((&given["hype"], &given["notCounted"]), (&json!(hype), &why));
    }
    assert_eq!(train(&api, &room).await["total"], "210");
}

async fn what_a_gift_is_worth_outlives_its_rates_and_the_server(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api, "show").await;
    set(&api, &api.staff, table(0, &EURO)).await;
    let with = |key: &str, status: &str| {
        let mut input = donation(&room, key, 1_600, "JPY");
        input["contributionRef"] = json!("gift");
        input["viewerId"] = json!("ana");
        input["status"] = json!(status);
        input
    };
    let first = give(&api, with("a", "PENDING")).await;
    assert_eq!(first["hype"], "1000");
    give(&api, donation(&room, "other", 500, "EUR")).await;

    set(&api, &api.staff, table(1, &[("JPY", "1")])).await;
    let api = api.restart(&database, 1_000).await;
    assert_eq!(give(&api, with("a", "PENDING")).await, first);
    let settled = give(&api, with("b", "SETTLED")).await;
    assert_eq!(
        (&settled["hype"], &settled["worth"]),
        (&first["hype"], &first["worth"])
    );
    assert_eq!(train(&api, &room).await["total"], "1500");
    let reversed = give(&api, with("c", "REVERSED")).await;
    assert_eq!(
        (&reversed["hype"], &reversed["worth"]),
        (&first["hype"], &first["worth"])
    );
    assert_eq!(train(&api, &room).await["total"], "500");
}
