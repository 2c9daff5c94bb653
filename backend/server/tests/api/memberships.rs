//! Paid memberships: told of by a tenant's server in whatever order, read by whom they concern, and what they multiply.

use std::collections::BTreeMap;

use parlor_api::global_id::parse_room_id;
use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::erasure::erased;
use crate::person::Person;
use crate::server::Api;
use crate::shop::{self, Shop};

on_both_engines! {
    what_was_said_last_of_each_period_counts_in_whatever_order_it_comes,
    many_are_told_of_at_once_and_each_is_answered_for_itself,
    what_is_no_membership_is_refused_by_name_and_writes_nothing,
    those_whom_it_concerns_read_a_membership,
    a_membership_multiplies_what_watching_earns_as_long_as_it_holds,
    who_joins_later_has_what_was_told_of_them_before,
    what_is_for_paying_members_is_redeemed_by_them_alone,
    of_somebody_who_was_erased_nothing_comes_again,
    what_memberships_multiply_by_is_checked_and_holds_from_the_next_session_on,
}

const PERIODS: &str = "periods { startsAt endsAt status tier occurredAt }";
const STANDING: &str = "tier until months isGift giverName";

/// January, which the tests begin in.
const JANUARY: [&str; 2] = ["2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z"];
const FEBRUARY: [&str; 2] = ["2026-02-01T00:00:00.000Z", "2026-03-01T00:00:00.000Z"];

fn told(room: &str, key: &str, period: [&str; 2], status: &str, occurred_at: &str) -> Value {
    json!({
        "roomId": room, "idempotencyKey": key, "provider": "stripe", "membershipRef": "sub_1",
        "viewerId": "ana", "status": status, "tier": 2, "periodStartsAt": period[0],
        "periodEndsAt": period[1], "occurredAt": occurred_at,
    })
}

fn with(mut told: Value, changed: &[(&str, Value)]) -> Value {
    for (field, value) in changed {
        told[field] = value.clone();
    }
    told
}

async fn record_as(api: &Api, token: &str, input: Value) -> Value {
    let document = format!(
        "mutation ($input: RecordMembershipInput!) {{ done: recordMembership(input: $input) {{
            __typename
            ... on PaidMembership {{ id viewerId isGift giverId giverName standing {{ {STANDING} }} {PERIODS}
                amendments {{ field kind }} }}
            ... on Error {{ code message }} ... on ValidationError {{ field }}
        }} }}"
    );
    let mut answer = api
        .execute(token, &document, json!({ "input": input }))
        .await;
    assert_eq!(answer["errors"], Value::Null, "{answer}");
    answer["data"]["done"].take()
}

async fn record(api: &Api, input: Value) -> Value {
    let recorded = record_as(api, &api.staff, input).await;
    assert_eq!(recorded["__typename"], "PaidMembership", "{recorded}");
    recorded
}

async fn own(api: &Api, room: &str, token: &str) -> Value {
    let document =
        format!("query ($room: ID!) {{ ownMembership(roomId: $room) {{ {STANDING} }} }}");
    let mut answer = api.execute(token, &document, json!({ "room": room })).await;
    assert_eq!(answer["errors"], Value::Null, "{answer}");
    answer["data"]["ownMembership"].take()
}

async fn listed(api: &Api, room: &str, token: &str, viewer_id: Value) -> Value {
    let document = format!(
        "query ($room: ID!, $viewer: String) {{
            paidMembershipsConnection(roomId: $room, viewerId: $viewer) {{ totalCount nodes {{
                membershipRef viewerId giverId {PERIODS} }} }} }}"
    );
    let variables = json!({ "room": room, "viewer": viewer_id });
    api.execute(token, &document, variables).await
}

async fn what_was_said_last_of_each_period_counts_in_whatever_order_it_comes(database: String) {
    let api = Api::start(&database).await;
    let mut rooms = Vec::new();
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
        let room = api
            .room(&format!("show {order:?}").replace([' ', '[', ']', ','], ""))
            .await;
        // One provider's reference is one room's.
        let reference = json!(format!("sub {order:?}"));
        let of_room = |key, period, status, at| {
            with(
                told(&room, key, period, status, at),
                &[("membershipRef", reference.clone())],
            )
        };
        let messages = [
            of_room("a", JANUARY, "ACTIVE", "2026-01-01T00:00:05Z"),
            of_room("b", JANUARY, "CANCELED", "2026-01-09T00:00:00Z"),
            of_room("c", JANUARY, "ACTIVE", "2026-01-10T00:00:00Z"),
            of_room("d", FEBRUARY, "PAST_DUE", "2026-02-01T00:00:07Z"),
        ];
        for message in order.iter().chain(&order) {
            record(&api, messages[*message].clone()).await;
        }
        let read = listed(&api, &room, &api.staff, Value::Null).await;
        let memberships = &read["data"]["paidMembershipsConnection"];
        assert_eq!(memberships["totalCount"], 1, "{read}");
        rooms.push(memberships["nodes"][0]["periods"].clone());
    }

    assert_eq!(
        rooms[0],
        json!([
            { "startsAt": JANUARY[0], "endsAt": JANUARY[1], "status": "ACTIVE", "tier": 2,
                "occurredAt": "2026-01-10T00:00:00.000Z" },
            { "startsAt": FEBRUARY[0], "endsAt": FEBRUARY[1], "status": "PAST_DUE", "tier": 2,
                "occurredAt": "2026-02-01T00:00:07.000Z" },
        ])
    );
    assert_eq!((&rooms[1], &rooms[2]), (&rooms[0], &rooms[0]));
}

async fn many_are_told_of_at_once_and_each_is_answered_for_itself(database: String) {
    let api = Api::start(&database).await;
    let (room, other) = (api.room("show").await, api.room("other").await);
    let at = "2026-01-01T00:00:05Z";
    let document =
        "mutation ($input: RecordMembershipsInput!) { done: recordMemberships(input: $input) {
        __typename ... on ValidationError { field }
        ... on RecordedMemberships { results { __typename ... on PaidMembership { viewerId }
            ... on Error { code } ... on ValidationError { field } } } } }";
    let of = |viewer: &str| {
        let changed = [
            ("viewerId", json!(viewer)),
            ("membershipRef", json!(viewer)),
        ];
        with(told(&room, viewer, JANUARY, "ACTIVE", at), &changed)
    };
    let mut all: Vec<_> = (0..97)
        .map(|number| of(&format!("viewer {number}")))
        .collect();
    all.push(with(of("ana"), &[("tier", json!(4))]));
    all.push(of("ben"));
    // Of two rooms that want the same at once, one has it.
    all.push(with(of("ben"), &[("roomId", json!(other))]));
    let variables = json!({ "input": { "memberships": all } });
    let answer = api.execute(&api.staff, document, variables).await;
    let results = &answer["data"]["done"]["results"];
    assert_eq!(results[96]["viewerId"], "viewer 96", "{answer}");
    assert_eq!(results[97]["field"], "tier");
    let mut of_ben: Vec<_> = [&results[98], &results[99]]
        .map(|one| one["code"].as_str().unwrap_or("recorded"))
        .into();
    of_ben.sort_unstable();
    assert_eq!(of_ben, ["MEMBERSHIP_DIFFERS", "recorded"], "{answer}");

    let none = json!({ "input": { "memberships": [] } });
    let answer = api.execute(&api.staff, document, none).await;
    assert_eq!(answer["data"]["done"]["field"], "memberships", "{answer}");
}

async fn what_is_no_membership_is_refused_by_name_and_writes_nothing(database: String) {
    let api = Api::start(&database).await;
    let (room, other) = (api.room("show").await, api.room("other").await);
    let at = "2026-01-01T00:00:05Z";
    let good = told(&room, "a", JANUARY, "ACTIVE", at);
    for (field, value, named) in [
        ("idempotencyKey", json!(""), "idempotencyKey"),
        ("provider", json!(""), "provider"),
        ("membershipRef", json!("x".repeat(201)), "membershipRef"),
        ("viewerId", json!(""), "viewerId"),
        ("viewerId", json!("erased:1"), "viewerId"),
        ("tier", json!(0), "tier"),
        ("periodEndsAt", json!(JANUARY[0]), "periodEndsAt"),
        (
            "periodEndsAt",
            json!("2037-01-01T00:00:00Z"),
            "periodEndsAt",
        ),
        ("months", json!(-1), "months"),
    ] {
        let refused = record_as(&api, &api.staff, with(good.clone(), &[(field, value)])).await;
        assert_eq!(refused["field"], named, "{refused}");
    }
    let read = listed(&api, &room, &api.staff, Value::Null).await;
    assert_eq!(read["data"]["paidMembershipsConnection"]["totalCount"], 0);

    // A giver that cannot be kept is left out, and the gift stays one.
    let gift = with(
        good.clone(),
        &[
            ("giverId", json!("x".repeat(129))),
            ("giverName", json!("\u{200b}")),
        ],
    );
    let recorded = record(&api, gift).await;
    assert_eq!(
        (&recorded["isGift"], &recorded["giverName"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!(
        recorded["amendments"],
        json!([
            { "field": "giverId", "kind": "LEFT_OUT" }, { "field": "giverName", "kind": "LEFT_OUT" },
        ])
    );
    for (changed, code) in [
        (("viewerId", json!("ben")), "MEMBERSHIP_DIFFERS"),
        (("roomId", json!(other)), "MEMBERSHIP_DIFFERS"),
        (("roomId", json!("nonsense")), "NOT_FOUND"),
    ] {
        let refused = record_as(&api, &api.staff, with(good.clone(), &[changed])).await;
        assert_eq!(refused["code"], code, "{refused}");
    }
    let ana = Person::join(&api, &room, "ana").await;
    let refused = record_as(&api, &ana.token, good.clone()).await;
    assert_eq!(refused["code"], "STAFF_ONLY", "{refused}");

    let archive = json!({ "id": room, "version": 1, "state": "ARCHIVED" });
    assert_eq!(api.mutate("updateRoom", archive).await["state"], "ARCHIVED");
    // A provider's is taken all the same: somebody has paid.
    record(&api, good.clone()).await;
    let by_hand = with(
        good,
        &[
            ("provider", json!("staff")),
            ("membershipRef", json!("by hand")),
        ],
    );
    let refused = record_as(&api, &api.staff, by_hand).await;
    assert_eq!(refused["code"], "ROOM_ARCHIVED", "{refused}");
}

async fn those_whom_it_concerns_read_a_membership(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let ana = Person::join(&api, &room, "ana").await;
    let ben = Person::join(&api, &room, "ben").await;
    assert_eq!(own(&api, &room, &ana.token).await, Value::Null);
    let at = "2026-01-01T00:00:05Z";
    let named = [
        ("giverId", json!("zoe")),
        ("giverName", json!("Zoe")),
        ("months", json!(14)),
    ];
    record(
        &api,
        with(told(&room, "a", JANUARY, "CANCELED", at), &named),
    )
    .await;
    let standing = json!({
        "tier": 2, "until": JANUARY[1], "months": 14, "isGift": true, "giverName": "Zoe",
    });
    assert_eq!(own(&api, &room, &ana.token).await, standing);
    assert_eq!(own(&api, &room, &ben.token).await, Value::Null);
    // A higher one beside it, given by somebody who keeps that to themselves, as long as it holds.
    let hidden = [
        ("isGift", json!(true)),
        ("tier", json!(3)),
        ("membershipRef", json!("sub_2")),
    ];
    let short = ["2026-01-01T00:00:00.000Z", "2026-01-02T03:10:00.000Z"];
    record(&api, with(told(&room, "b", short, "CANCELED", at), &hidden)).await;
    let standing = json!({
        "tier": 3, "until": short[1], "months": 14, "isGift": true, "giverName": null,
    });
    assert_eq!(own(&api, &room, &ana.token).await, standing);
    api.clock.advance_millis(6 * 60_000);
    assert_eq!(
        own(&api, &room, &ana.token).await["tier"],
        2,
        "the higher one is over"
    );

    let read = listed(&api, &room, &ana.token, Value::Null).await;
    assert_eq!(
        read["errors"][0]["extensions"]["code"], "FORBIDDEN",
        "{read}"
    );
    let read = listed(&api, &room, &api.staff, json!("ana")).await;
    let found = &read["data"]["paidMembershipsConnection"];
    assert_eq!(found["totalCount"], 2, "{read}");
    assert_eq!(found["nodes"][0]["giverId"], "zoe");
    let read = listed(&api, &room, &api.staff, json!("ben")).await;
    assert_eq!(read["data"]["paidMembershipsConnection"]["totalCount"], 0);
}

/// A room whose memberships multiply, with a live session in its first whole minute.
struct Show<'a> {
    api: &'a Api,
    room: String,
    session: Value,
}

async fn update_programme(api: &Api, room: &str, version: i32, multipliers: Value) -> Value {
    let document = "mutation ($input: UpdateEarningProgrammeInput!) { done: updateEarningProgramme(input: $input) {
        __typename ... on EarningProgramme { version membershipMultipliersBp }
        ... on Error { code message } ... on ValidationError { field } } }";
    let input = json!({
        "roomId": room, "expectedVersion": version, "slots": 1, "membershipMultipliersBp": multipliers,
    });
    let mut answer = api
        .execute(&api.staff, document, json!({ "input": input }))
        .await;
    assert_eq!(answer["errors"], Value::Null, "{answer}");
    answer["data"]["done"].take()
}

impl<'a> Show<'a> {
    async fn live(api: &'a Api) -> Self {
        let room = api.room("show").await;
        let changed = update_programme(api, &room, 1, json!([12_500, 15_000, 20_000])).await;
        assert_eq!(changed["version"], 2, "{changed}");
        let session = api.mutate("startSession", json!({ "roomId": room })).await;
        api.clock.advance_millis(60_000);
        Self {
            api,
            session: session["id"].clone(),
            room,
        }
    }

    /// So long from now.
    fn at(&self, behind_ms: i64) -> String {
        let now = self.api.server.service.app.clock.now();
        parlor_api::format_time(now.plus_millis(behind_ms))
    }

    /// What a minute brings each.
    async fn watch(&self, viewers: &[&str]) -> Vec<String> {
        let report = json!({
            "roomId": self.room, "sessionId": self.session, "minute": self.at(0), "viewerIds": viewers,
        });
        let credit = self.api.mutate("creditWatching", report).await;
        let of_each = credit["viewers"].as_array();
        let of_each = of_each.unwrap_or_else(|| panic!("{credit}"));
        self.api.clock.advance_millis(60_000);
        of_each
            .iter()
            .map(|viewer| viewer["points"].as_str().unwrap().to_owned())
            .collect()
    }

    async fn statement(&self, token: &str) -> Vec<(String, Value)> {
        let document = "query ($room: ID!) { pointsAccount(roomId: $room) {
            statementConnection(page: { first: 20 }) { nodes { points multiplierBp } } } }";
        let variables = json!({ "room": self.room });
        let read = self.api.execute(token, document, variables).await;
        let lines = &read["data"]["pointsAccount"]["statementConnection"]["nodes"];
        let lines = lines.as_array().unwrap_or_else(|| panic!("{read}"));
        lines
            .iter()
            .map(|line| {
                (
                    line["points"].as_str().unwrap().to_owned(),
                    line["multiplierBp"].clone(),
                )
            })
            .collect()
    }

    async fn verify(&self) {
        let room_id = parse_room_id(&self.room).unwrap();
        let store = &self.api.server.service.app.store;
        let noted = BTreeMap::new();
        let verified = store.verify_books(self.api.tenant, room_id, &noted);
        verified.await.unwrap().unwrap();
    }
}

async fn a_membership_multiplies_what_watching_earns_as_long_as_it_holds(database: String) {
    let api = Api::start(&database).await;
    let show = Show::live(&api).await;
    let ana = Person::join(&api, &show.room, "ana").await;
    let ben = Person::join(&api, &show.room, "ben").await;
    Person::join(&api, &show.room, "zoe").await;
    let watchers = ["ana", "ben", "zoe"];
    assert_eq!(show.watch(&watchers).await, ["10", "10", "10"]);
    // Three minutes from the present one's beginning, which was five seconds ago: of tier 1, and then of tier 2.
    let (start, end) = (show.at(-5_000), show.at(175_000));
    let period = [start.as_str(), end.as_str()];
    let first = [("tier", json!(1))];
    record(
        &api,
        with(told(&show.room, "a", period, "CANCELED", &start), &first),
    )
    .await;
    assert_eq!(show.watch(&watchers).await, ["12", "10", "10"]);
    assert_eq!(
        show.watch(&watchers).await,
        ["13", "10", "10"],
        "the half is kept"
    );
    let second = [("tier", json!(2)), ("idempotencyKey", json!("b"))];
    record(
        &api,
        with(told(&show.room, "b", period, "CANCELED", &start), &second),
    )
    .await;
    assert_eq!(show.watch(&watchers).await, ["15", "10", "10"]);
    assert_eq!(
        show.watch(&watchers).await,
        ["10", "10", "10"],
        "it is over"
    );
    // What was paid out stays, whatever is told of it later.
    let late = with(told(&show.room, "c", period, "REFUNDED", &end), &[]);
    record(&api, late).await;

    let lines = show.statement(&ana.token).await;
    let expected = [
        ("10", Value::Null),
        ("15", json!(15_000)),
        ("13", json!(12_500)),
        ("12", json!(12_500)),
        ("10", Value::Null),
    ];
    assert_eq!(lines, expected.map(|(points, bp)| (points.to_owned(), bp)));
    let of_ben = show.statement(&ben.token).await;
    assert!(of_ben.iter().all(|(_, bp)| bp.is_null()), "{of_ben:?}");
    show.verify().await;
}

async fn who_joins_later_has_what_was_told_of_them_before(database: String) {
    let api = Api::start(&database).await;
    let show = Show::live(&api).await;
    let at = "2026-01-01T00:00:05Z";
    record(&api, told(&show.room, "a", JANUARY, "ACTIVE", at)).await;
    for name in ["ben", "ana"] {
        Person::join(&api, &show.room, name).await;
    }
    assert_eq!(show.watch(&["ana", "ben"]).await, ["15", "10"]);
    // Told again, with a later word of the next period.
    record(&api, told(&show.room, "b", FEBRUARY, "ACTIVE", at)).await;
    assert_eq!(show.watch(&["ana", "ben"]).await, ["15", "10"]);
    show.verify().await;
}

async fn of_somebody_who_was_erased_nothing_comes_again(database: String) {
    let api = Api::start(&database).await;
    let show = Show::live(&api).await;
    Person::join(&api, &show.room, "ana").await;
    let at = "2026-01-01T00:00:05Z";
    let gift = [("giverId", json!("zoe")), ("giverName", json!("Zoe"))];
    let told_again = async |key: &str, period, more: &[(&str, Value)]| {
        let later = "2026-01-02T00:00:00Z";
        let again = with(told(&show.room, key, period, "ACTIVE", later), more);
        record(&api, with(again, &gift)).await
    };
    record(
        &api,
        with(told(&show.room, "a", JANUARY, "ACTIVE", at), &gift),
    )
    .await;
    erased(&api, "zoe goes", "zoe").await;
    let recorded = told_again("b", JANUARY, &[]).await;
    assert!(
        recorded["giverId"].as_str().unwrap().starts_with("erased:"),
        "{recorded}"
    );
    assert_eq!(recorded["giverName"], Value::Null);
    assert_eq!(show.watch(&["ana"]).await, ["15"]);

    erased(&api, "ana goes", "ana").await;
    let recorded = told_again("c", FEBRUARY, &[]).await;
    assert!(
        recorded["viewerId"]
            .as_str()
            .unwrap()
            .starts_with("erased:"),
        "{recorded}"
    );
    assert_eq!(recorded["standing"], Value::Null);
    // Whoever comes under the same id is somebody new, whose membership is another.
    let ana = Person::join(&api, &show.room, "ana").await;
    assert_eq!(own(&api, &show.room, &ana.token).await, Value::Null);
    assert_eq!(show.watch(&["ana"]).await, ["10"]);
    told_again("d", JANUARY, &[("membershipRef", json!("sub_2"))]).await;
    assert_eq!(show.watch(&["ana"]).await, ["15"]);
    show.verify().await;
}

async fn what_memberships_multiply_by_is_checked_and_holds_from_the_next_session_on(
    database: String,
) {
    let api = Api::start(&database).await;
    let show = Show::live(&api).await;
    Person::join(&api, &show.room, "ana").await;
    record(
        &api,
        told(&show.room, "a", JANUARY, "ACTIVE", "2026-01-01T00:00:05Z"),
    )
    .await;
    for multipliers in [
        json!([10_000, 10_000]),
        json!([9_999, 10_000, 10_000]),
        json!([10_000, 10_000, 100_001]),
        json!([15_000, 12_500, 15_000]),
    ] {
        let refused = update_programme(&api, &show.room, 2, multipliers).await;
        assert_eq!(refused["field"], "membershipMultipliersBp", "{refused}");
    }
    let changed = update_programme(&api, &show.room, 2, json!([10_000, 100_000, 100_000])).await;
    assert_eq!(
        changed["membershipMultipliersBp"],
        json!([10_000, 100_000, 100_000]),
        "{changed}"
    );
    assert_eq!(
        show.watch(&["ana"]).await,
        ["15"],
        "nobody's rate changes in a show"
    );
    let end = json!({ "roomId": show.room });
    api.mutate("endSession", end).await;
    let session = api
        .mutate("startSession", json!({ "roomId": show.room }))
        .await;
    api.clock.advance_millis(60_000);
    let next = Show {
        session: session["id"].clone(),
        room: show.room.clone(),
        api: &api,
    };
    assert_eq!(next.watch(&["ana"]).await, ["100"]);
    next.verify().await;
}

async fn what_is_for_paying_members_is_redeemed_by_them_alone(database: String) {
    let api = Api::start(&database).await;
    let room = shop::room(&api).await;
    let shop = Shop::open(&api, &room).await;
    let ana = &shop.ana.token;
    let reward = shop
        .make(json!({ "membershipTierMin": 2, "icon": "\u{1f468}\u{200d}\u{1f373}" }))
        .await;
    let read = async || {
        let document = "query ($room: ID!) { rewards(roomId: $room) {
            membershipTierMin icon standing { canRedeem refusal { code message } } } }";
        let mut read = api.execute(ana, document, json!({ "room": room })).await;
        read["data"]["rewards"][0].take()
    };
    let redeem = async |key: &str| {
        let key = json!({ "idempotencyKey": key });
        shop.redeem(ana, &reward, key).await
    };
    let of_tier = |key: &str, tier: i64, at: &str| {
        let told = told(&room, key, JANUARY, "ACTIVE", at);
        with(told, &[("tier", json!(tier))])
    };

    let told = read().await;
    assert_eq!(told["membershipTierMin"], 2, "{told}");
    assert_eq!(told["icon"], "\u{1f468}\u{200d}\u{1f373}");
    record(&api, of_tier("one", 1, "2026-01-01T00:00:01Z")).await;
    let refusal = &read().await["standing"]["refusal"];
    assert_eq!(refusal["code"], "MEMBERS_ONLY", "{refusal}");
    let refused = redeem("too low").await;
    assert_eq!(
        (&refused["code"], &refused["message"]),
        (&refusal["code"], &refusal["message"])
    );
    assert_eq!(shop.balance().await, (json!("100"), json!("0")));

    record(&api, of_tier("two", 2, "2026-01-01T00:00:02Z")).await;
    assert_eq!(read().await["standing"]["canRedeem"], true);
    let redeemed = redeem("enough").await;
    assert_eq!(redeemed["status"], "UNFULFILLED", "{redeemed}");
    record(
        &api,
        with(
            of_tier("back", 2, "2026-01-01T00:00:03Z"),
            &[("status", json!("REFUNDED"))],
        ),
    )
    .await;
    assert_eq!(read().await["standing"]["refusal"]["code"], "MEMBERS_ONLY");
    let again = redeem("enough").await;
    assert_eq!(again["status"], "UNFULFILLED", "the first answer: {again}");

    let change = json!({
        "roomId": room, "rewardId": reward["id"], "version": 1, "membershipTierMin": null, "icon": null,
    });
    let changed = api
        .mutate_as(&shop.olga.token, "updateReward", change)
        .await;
    assert_eq!(changed["__typename"], "Reward", "{changed}");
    let told = read().await;
    assert_eq!(
        (&told["membershipTierMin"], &told["icon"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(told["standing"]["canRedeem"], true);
    for (field, value) in [
        ("membershipTierMin", json!(0)),
        ("membershipTierMin", json!(-1)),
        ("membershipTierMin", json!(4)),
        ("membershipTierMin", json!(257)),
        ("icon", json!("ab")),
        ("icon", json!("\u{200b}")),
    ] {
        let mut terms = json!({});
        terms[field] = value;
        let refused = shop.make(terms.clone()).await;
        assert_eq!(refused["field"], field, "{terms}: {refused}");
    }
}
