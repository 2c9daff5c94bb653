//! Points for watching through the API: reported by a tenant's server, explained to whom they concern.

use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::person::{Person, viewer};
use crate::server::Api;

on_both_engines! {
    minutes_are_credited_to_those_who_watched_and_explained,
    each_viewer_is_told_why_a_minute_did_not_count,
    a_report_of_a_full_set_is_taken,
    reports_that_overlap_at_once_count_each_minute_once,
    what_is_no_report_is_refused_by_name,
    owners_say_what_watching_earns_from_the_next_session_on,
    a_statement_is_read_in_its_one_direction,
    only_a_tenants_server_reports,
}

/// An hour's beginning, in the live session of every test.
const MINUTE: &str = "2026-01-02T03:05:00.000Z";

struct Show<'a> {
    api: &'a Api,
    room: String,
    session: Value,
}

impl<'a> Show<'a> {
    async fn live(api: &'a Api) -> Self {
        let room = api.room("show").await;
        let session = api.mutate("startSession", json!({ "roomId": room })).await;
        // Behind the first whole minute of the session.
        api.clock.advance_millis(60_000);
        Self {
            api,
            room,
            session: session["id"].clone(),
        }
    }

    fn report(&self, viewers: &[&str]) -> Value {
        json!({
            "roomId": self.room, "sessionId": self.session, "minute": MINUTE, "viewerIds": viewers,
        })
    }

    async fn credit(&self, report: Value) -> Value {
        self.api.mutate("creditWatching", report).await
    }

    /// Has viewers watch so many minutes on.
    async fn watch(&self, minutes: i64, viewers: &[&str]) -> Value {
        let mut last = Value::Null;
        for _ in 0..minutes {
            let mut report = self.report(viewers);
            report["minute"] = self.now();
            last = self.credit(report).await;
            self.api.clock.advance_millis(60_000);
        }
        last
    }

    fn now(&self) -> Value {
        let now = self.api.server.service.app.clock.now();
        json!(parlor_api::format_time(now))
    }

    async fn account(&self, token: &str, page: Value) -> Value {
        let document = "query ($room: ID!, $page: ConnectionInput) { pointsAccount(roomId: $room) {
            balance available statementConnection(page: $page) {
                totalCount pageInfo { endCursor hasNextPage hasPreviousPage } edges { cursor }
                nodes { id seq kind points balanceAfter reason actorId sessionId minute }
            } } }";
        let variables = json!({ "room": self.room, "page": page });
        self.api.execute(token, document, variables).await
    }
}

fn outcomes(credit: &Value) -> Vec<&str> {
    let viewers = credit["viewers"].as_array();
    let viewers = viewers.unwrap_or_else(|| panic!("{credit}"));
    viewers
        .iter()
        .map(|viewer| viewer["outcome"].as_str().unwrap())
        .collect()
}

async fn minutes_are_credited_to_those_who_watched_and_explained(database: String) {
    let api = Api::start(&database).await;
    let show = Show::live(&api).await;
    let ana = Person::join(&api, &show.room, "ana").await;
    let ben = Person::join(&api, &show.room, "ben").await;
    show.watch(4, &["ana", "ben"]).await;
    let credit = show.watch(1, &["ben", "ana", "zoe"]).await;
    assert_eq!(credit["countedCount"], 2);
    assert_eq!(credit["points"], "20");
    assert_eq!(
        credit["viewers"],
        json!([
            { "viewerId": "ben", "outcome": "COUNTED", "points": "10" },
            { "viewerId": "ana", "outcome": "COUNTED", "points": "10" },
            { "viewerId": "zoe", "outcome": "NOT_A_MEMBER", "points": "0" },
        ])
    );
    let charged = json!({
        "idempotencyKey": "k", "roomId": show.room, "participantId": ana.id, "points": "4",
        "reason": "a test",
    });
    let charged = api.mutate("chargePoints", charged).await;
    assert_eq!(charged["balanceAfter"], "6", "{charged}");

    let read = show.account(&ana.token, Value::Null).await;
    let account = &read["data"]["pointsAccount"];
    assert_eq!(
        (&account["balance"], &account["available"]),
        (&json!("6"), &json!("6"))
    );
    let lines = &account["statementConnection"];
    assert_eq!(lines["totalCount"], 2, "{read}");
    assert_eq!(lines["nodes"][0]["kind"], "CHARGED");
    let watched = &lines["nodes"][1];
    assert_eq!(
        (
            &watched["kind"],
            &watched["points"],
            &watched["balanceAfter"]
        ),
        (&json!("WATCHED"), &json!("10"), &json!("10"))
    );
    assert_eq!(watched["sessionId"], show.session);
    assert_eq!(watched["minute"], "2026-01-02T03:09:00.000Z");
    assert_eq!(
        (&watched["reason"], &watched["actorId"]),
        (&Value::Null, &Value::Null)
    );
    // The same entry of the books is another line of another's statement.
    let other = show.account(&ben.token, Value::Null).await;
    let other = &other["data"]["pointsAccount"]["statementConnection"]["nodes"][0];
    assert_eq!(other["seq"], watched["seq"]);
    assert_ne!(other["id"], watched["id"]);

    let economy = "query ($room: ID!) { economy(roomId: $room) { minted burned transferCount } }";
    let read = api
        .execute(&api.staff, economy, json!({ "room": show.room }))
        .await;
    assert_eq!(
        read["data"]["economy"],
        json!({ "minted": "20", "burned": "4", "transferCount": "6" })
    );
}

async fn each_viewer_is_told_why_a_minute_did_not_count(database: String) {
    let api = Api::start(&database).await;
    let show = Show::live(&api).await;
    for name in ["ana", "gone", "ben"] {
        Person::join(&api, &show.room, name).await;
    }
    let put_out = Person::join(&api, &show.room, "out").await;
    let olga = Person::join(&api, &show.room, "olga")
        .await
        .made_owner()
        .await;
    let removed = olga.act_on(&put_out, "removeParticipant", json!({})).await;
    assert_eq!(removed["membership"], "REMOVED", "{removed}");
    let gone = viewer(&api, "gone");
    let left = json!({ "roomId": show.room });
    let left = api.mutate_as(&gone, "leaveRoom", left).await;
    assert_eq!(left["membership"], "LEFT");

    let credit = show
        .credit(show.report(&["ana", "zoe", "out", "gone", "ana"]))
        .await;
    assert_eq!(
        outcomes(&credit),
        ["COUNTED", "NOT_A_MEMBER", "REMOVED", "COUNTED", "COUNTED"]
    );
    let again = show.credit(show.report(&["ana", "ben"])).await;
    assert_eq!(outcomes(&again), ["ALREADY_COUNTED", "COUNTED"]);
    // Whoever had left before the minute began did not watch it in the room.
    api.clock.advance_millis(60_000);
    let with = |name: &'static str, value: Value| {
        let mut report = show.report(&["gone", "ana"]);
        report[name] = value;
        report
    };
    let next = show.credit(with("minute", show.now())).await;
    assert_eq!(outcomes(&next), ["NOT_A_MEMBER", "COUNTED"]);

    for (name, value, outcome) in [
        ("minute", json!("2026-01-02T03:30:00Z"), "IN_THE_FUTURE"),
        // They joined later.
        ("minute", json!("2026-01-02T02:30:00Z"), "NOT_A_MEMBER"),
        ("sessionId", json!("nonsense"), "OTHER_SESSION"),
    ] {
        let credit = show.credit(with(name, value)).await;
        assert_eq!(outcomes(&credit)[1], outcome, "{credit}");
    }
    let minute = show.now();
    api.clock.advance_millis(17 * 60_000);
    let late = show.credit(with("minute", minute)).await;
    assert_eq!(outcomes(&late)[1], "TOO_LATE");
    let session = json!({ "roomId": show.room });
    api.mutate("interruptSession", session.clone()).await;
    api.clock.advance_millis(120_000);
    let away = show.credit(with("minute", show.now())).await;
    assert_eq!(outcomes(&away)[1], "INTERRUPTED");
    api.mutate("resumeSession", session).await;
}

async fn a_report_of_a_full_set_is_taken(database: String) {
    let api = Api::start(&database).await;
    let show = Show::live(&api).await;
    Person::join(&api, &show.room, "ana").await;
    let strangers: Vec<_> = (0..1_023).map(|n| format!("{n:0>120}")).collect();
    let mut viewers: Vec<_> = strangers.iter().map(String::as_str).collect();
    viewers.push("ana");

    let credit = show.credit(show.report(&viewers)).await;
    assert_eq!(credit["countedCount"], 1, "{credit}");
    viewers.push("ben");
    let refused = show.credit(show.report(&viewers)).await;
    assert_eq!(refused["field"], "viewerIds", "{refused}");
    assert_eq!(refused["constraint"], "between 1 and 1024");
}

async fn reports_that_overlap_at_once_count_each_minute_once(database: String) {
    let api = Api::start(&database).await;
    let show = Show::live(&api).await;
    let names: Vec<String> = (0..20).map(|n| format!("viewer-{n}")).collect();
    for name in &names {
        Person::join(&api, &show.room, name).await;
    }
    for _ in 0..5 {
        let reports = (0..16_usize).map(|n| {
            let viewers: Vec<_> = (n..n + 9).map(|at| names[at % 20].as_str()).collect();
            let mut report = show.report(&viewers);
            report["minute"] = show.now();
            show.credit(report)
        });
        let credits = futures_util::future::join_all(reports).await;
        let counted = credits
            .iter()
            .map(|one| one["countedCount"].as_i64().unwrap());
        assert_eq!(counted.sum::<i64>(), 20);
        api.clock.advance_millis(60_000);
    }

    let economy = "query ($room: ID!) { economy(roomId: $room) { minted } }";
    let read = api
        .execute(&api.staff, economy, json!({ "room": show.room }))
        .await;
    assert_eq!(read["data"]["economy"]["minted"], "200");
}

async fn what_is_no_report_is_refused_by_name(database: String) {
    let api = Api::start(&database).await;
    let show = Show::live(&api).await;
    for viewers in [&[][..], &["ana", ""], &["a\u{0}b"]] {
        let refused = show.credit(show.report(viewers)).await;
        assert_eq!(refused["field"], "viewerIds", "{refused}");
    }
    let elsewhere =
        json!({ "roomId": "nowhere", "sessionId": "", "minute": MINUTE, "viewerIds": ["ana"] });
    assert_eq!(show.credit(elsewhere).await["code"], "NOT_FOUND");
    api.mutate("endSession", json!({ "roomId": show.room }))
        .await;
    let archive = json!({ "id": show.room, "version": 1, "state": "ARCHIVED" });
    api.mutate("updateRoom", archive).await;
    let refused = show.credit(show.report(&["ana"])).await;
    assert_eq!(refused["code"], "ROOM_ARCHIVED", "{refused}");
}

async fn owners_say_what_watching_earns_from_the_next_session_on(database: String) {
    let api = Api::start(&database).await;
    let show = Show::live(&api).await;
    let olga = Person::join(&api, &show.room, "olga")
        .await
        .made_owner()
        .await;
    let ana = Person::join(&api, &show.room, "ana").await;
    let update = async |token: &str, more: Value| {
        let mut input = json!({ "roomId": show.room, "expectedVersion": 1 });
        for (name, value) in more.as_object().unwrap() {
            input[name] = value.clone();
        }
        api.mutate_as(token, "updateEarningProgramme", input).await
    };
    let refused = update(&ana.token, json!({ "points": "1000" })).await;
    assert_eq!(refused["code"], "CAPABILITY_MISSING", "{refused}");
    let refused = update(&olga.token, json!({ "slots": 0 })).await;
    assert_eq!(refused["field"], "slots", "{refused}");
    let card = json!({ "points": "300", "stamps": 2, "sessions": 5, "slots": 1 });
    let change = json!({ "slots": 1, "firstWatchBonus": "50", "stampCard": card });
    let changed = update(&olga.token, change.clone()).await;
    assert_eq!(
        changed,
        json!({
            "__typename": "EarningProgramme", "version": 2, "isEnabled": true, "points": "10",
            "slots": 1, "firstWatchBonus": "50", "stampCard": card,
        })
    );
    let stale = update(&olga.token, change).await;
    assert_eq!(stale["code"], "STALE_VERSION", "{stale}");
    let document = "query ($room: ID!) { room(id: $room) {
        earningProgramme { version slots stampCard { stamps } } sessionEarningProgramme { version slots } } }";
    let read = api
        .execute(&ana.token, document, json!({ "room": show.room }))
        .await;
    assert_eq!(
        read["data"]["room"],
        json!({
            "earningProgramme": { "version": 2, "slots": 1, "stampCard": { "stamps": 2 } },
            "sessionEarningProgramme": { "version": 1, "slots": 5 },
        })
    );

    // The session keeps what it started with, and the next has the new one.
    assert_eq!(show.watch(1, &["ana"]).await["points"], "0");
    api.mutate("endSession", json!({ "roomId": show.room }))
        .await;
    let next = api
        .mutate("startSession", json!({ "roomId": show.room }))
        .await;
    let show = Show {
        session: next["id"].clone(),
        ..show
    };
    let read = api
        .execute(&api.staff, document, json!({ "room": show.room }))
        .await;
    let pinned = &read["data"]["room"]["sessionEarningProgramme"];
    assert_eq!(pinned, &json!({ "version": 2, "slots": 1 }));
    let quiet = api.room("quiet").await;
    let read = api
        .execute(&api.staff, document, json!({ "room": quiet }))
        .await;
    let pinned = &read["data"]["room"]["sessionEarningProgramme"];
    assert_eq!(pinned, &Value::Null);
    assert_eq!(show.watch(1, &["ana", "olga"]).await["points"], "70");
    let update = json!({ "roomId": show.room, "expectedVersion": 2, "stampCard": null });
    let changed = api.mutate("updateEarningProgramme", update).await;
    assert_eq!(
        (&changed["version"], &changed["stampCard"]),
        (&json!(3), &Value::Null)
    );
}

async fn a_statement_is_read_in_its_one_direction(database: String) {
    let api = Api::start(&database).await;
    let show = Show::live(&api).await;
    let ana = Person::join(&api, &show.room, "ana").await;
    show.watch(15, &["ana"]).await;
    let statement = async |page: Value| {
        let read = show.account(&ana.token, page).await;
        assert_eq!(read["errors"], Value::Null, "{read}");
        read["data"]["pointsAccount"]["statementConnection"].clone()
    };
    let first = statement(json!({ "first": 2 })).await;
    assert_eq!(first["pageInfo"]["hasNextPage"], true);
    let after = json!({ "first": 2, "after": first["pageInfo"]["endCursor"] });
    let rest = statement(after).await;
    let seqs: Vec<_> = [&first, &rest]
        .into_iter()
        .flat_map(|page| page["nodes"].as_array().unwrap())
        .map(|line| line["seq"].as_str().unwrap())
        .collect();
    assert_eq!(seqs, ["15", "10", "5"]);
    assert_eq!(rest["pageInfo"]["hasNextPage"], false);

    let other = api
        .execute(
            &api.staff,
            "{ roomsConnection { pageInfo { endCursor } } }",
            json!({}),
        )
        .await;
    let other = &other["data"]["roomsConnection"]["pageInfo"]["endCursor"];
    for page in [
        json!({ "last": 2 }),
        json!({ "after": other }),
        json!({ "first": 101 }),
    ] {
        let read = show.account(&ana.token, page).await;
        assert_eq!(
            read["errors"][0]["extensions"]["code"], "VALIDATION",
            "{read}"
        );
    }
}

async fn only_a_tenants_server_reports(database: String) {
    let api = Api::start(&database).await;
    let show = Show::live(&api).await;
    let olga = Person::join(&api, &show.room, "olga")
        .await
        .made_owner()
        .await;
    for (token, code) in [
        (olga.token.as_str(), "STAFF_ONLY"),
        ("", "UNAUTHENTICATED"),
        (&api.other_staff().await, "NOT_FOUND"),
    ] {
        let refused = api
            .mutate_as(token, "creditWatching", show.report(&["olga"]))
            .await;
        assert_eq!(refused["code"], code, "{refused}");
    }
}
