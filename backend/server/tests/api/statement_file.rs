//! The statement as a file: the same lines as the API tells, for whom they concern, and never cut without a word.

use axum::http::StatusCode;
use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::person::{Person, viewer};
use crate::server::{Answer, Api};
use crate::shop::{Shop, room};

on_both_engines! {
    a_file_says_of_each_change_what_the_api_says,
    a_file_that_is_not_whole_says_how_to_go_on,
    only_those_whom_it_concerns_get_a_file,
    what_is_no_request_for_a_file_is_refused_by_name,
}

async fn file(api: &Api, token: &str, asked: &str) -> Answer {
    let authorization = format!("Bearer {token}");
    let mut headers = Vec::new();
    if !token.is_empty() {
        headers.push(("authorization", authorization.as_str()));
    }

    api.get(&format!("/statement.csv?{asked}"), &headers).await
}

/// The rows of a file, each by its columns' names; what is empty is null.
fn rows(file: &Answer) -> Vec<Value> {
    assert_eq!(file.status, StatusCode::OK, "{}", file.body);
    let mut reader = csv::Reader::from_reader(file.body.as_bytes());
    let head = reader.headers().unwrap().clone();
    let row = |row: csv::StringRecord| -> Value {
        let cells = row.iter().map(|cell| match cell {
            "" => Value::Null,
            cell => json!(cell),
        });
        let named = head.iter().map(str::to_owned).zip(cells);
        Value::Object(named.collect())
    };

    reader.records().map(|found| row(found.unwrap())).collect()
}

/// The same lines as the API tells them, and where a page of them ends.
async fn told(api: &Api, token: &str, room: &str, who: &Value, first: i32) -> (Value, String) {
    let document = "query ($room: ID!, $who: ID, $first: Int) {
        pointsAccount(roomId: $room, participantId: $who) {
            statementConnection(page: { first: $first }) { pageInfo { endCursor } nodes {
                seq at kind points balanceAfter reason actorId redemptionId correctsSeq sessionId minute
                debtPoints disputeId multiplierBp
            } }
        }
    }";
    let variables = json!({ "room": room, "who": who, "first": first });
    let read = api.execute(token, document, variables).await;
    let lines = &read["data"]["pointsAccount"]["statementConnection"];
    let cursor = lines["pageInfo"]["endCursor"].as_str();

    (
        lines["nodes"].clone(),
        cursor.unwrap_or_default().to_owned(),
    )
}

async fn grant(api: &Api, room: &str, who: &Person<'_>, reason: &str) {
    let input = json!({
        "idempotencyKey": format!("{} {reason}", who.id), "roomId": room, "participantId": who.id,
        "points": "5", "reason": reason,
    });
    let granted = api.mutate("grantPoints", input).await;
    assert_eq!(granted["__typename"], "PointsTransfer", "{granted}");
}

async fn a_file_says_of_each_change_what_the_api_says(database: String) {
    let api = Api::start(&database).await;
    let room = room(&api).await;
    let shop = Shop::open(&api, &room).await;
    grant(&api, &room, &shop.ana, "Größe, \"ja\"").await;
    let reward = shop.make(json!({})).await;
    let bought = shop.redeem(&shop.ana.token, &reward, json!({})).await;
    shop.settle(&api.staff, "fulfillRedemption", &bought).await;
    let refund = json!({
        "idempotencyKey": "r", "roomId": room, "redemptionId": bought["id"], "reason": "sorry",
    });
    api.mutate("refundRedemption", refund).await;
    // From the session's first whole minute on; a credit every fifth.
    for _ in 0..6 {
        api.clock.advance_millis(60_000);
        let now = parlor_api::format_time(api.server.service.app.clock.now());
        let session = "query ($room: ID!) { room(id: $room) { session { id } } }";
        let session = api.execute(&api.staff, session, json!({ "room": room }));
        let session = session.await["data"]["room"]["session"]["id"].clone();
        let report = json!({
            "roomId": room, "sessionId": session, "minute": now, "viewerIds": ["ana"],
        });
        api.mutate("creditWatching", report).await;
    }

    let of_ana = format!("roomId={room}&viewerId=ana");
    let kinds = ["WATCHED", "REFUNDED", "REDEEMED", "GRANTED", "GRANTED"];
    for (token, asked) in [
        (&shop.ana.token, format!("roomId={room}")),
        (&shop.ana.token, of_ana.clone()),
        (&shop.olga.token, of_ana.clone()),
        (&api.staff, of_ana),
    ] {
        let answer = file(&api, token, &asked).await;
        let rows = rows(&answer);
        let (lines, _) = told(&api, token, &room, &shop.ana.id, 50).await;
        assert_eq!(json!(rows), lines);
        let found: Vec<_> = rows
            .iter()
            .map(|row| row["kind"].as_str().unwrap())
            .collect();
        assert_eq!(found, kinds);
        let sees_actors = *token != shop.ana.token;
        assert_eq!(rows[4]["actorId"] == "somebody", sees_actors, "{rows:?}");

        let kind = answer.header("content-type");
        assert_eq!(kind, "text/csv; charset=utf-8; header=present");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(
            answer
                .header("content-disposition")
                .starts_with("attachment")
        );
        assert_eq!(answer.header("parlor-next"), "", "it is whole");
        assert!(
            answer.body.contains("\"Größe, \"\"ja\"\"\""),
            "{}",
            answer.body
        );
    }

    // A formula stays what somebody wrote; points that went are a number.
    grant(&api, &room, &shop.ana, "=HYPERLINK(1)").await;
    let answer = file(&api, &shop.ana.token, &format!("roomId={room}")).await;
    assert_eq!(rows(&answer)[0]["reason"], "'=HYPERLINK(1)");
    assert_eq!(rows(&answer)[3]["points"], "-30");
}

async fn a_file_that_is_not_whole_says_how_to_go_on(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let ana = Person::join(&api, &room, "ana").await;
    // More than the connection reads at once.
    for number in 1..=120 {
        grant(&api, &room, &ana, &format!("number {number}")).await;
    }
    let seqs = |answer: &Answer| -> Vec<i64> {
        let rows = rows(answer);
        let seq = |row: &Value| row["seq"].as_str().unwrap().parse().unwrap();
        rows.iter().map(seq).collect()
    };
    let asked = |more: &str| format!("roomId={room}{more}");

    let whole = file(&api, &ana.token, &asked("")).await;
    assert_eq!(seqs(&whole), (1..=120).rev().collect::<Vec<_>>());
    let exactly = file(&api, &ana.token, &asked("&lines=120")).await;
    assert_eq!(
        (exactly.body, exactly.headers.get("parlor-next")),
        (whole.body, None)
    );

    let page = ("origin", "https://a.example");
    let authorization = format!("Bearer {}", ana.token);
    let path = format!("/statement.csv?{}", asked("&lines=110"));
    let newest = api
        .get(&path, &[("authorization", &authorization), page])
        .await;
    assert_eq!(seqs(&newest), (11..=120).rev().collect::<Vec<_>>());
    let exposed = newest.header("access-control-expose-headers");
    assert!(
        exposed.contains("parlor-next"),
        "a page reads it: {exposed}"
    );
    let next = newest.header("parlor-next");
    let oldest = file(&api, &ana.token, &asked(&format!("&before={next}"))).await;
    assert_eq!(seqs(&oldest), (1..=10).rev().collect::<Vec<_>>());
    assert_eq!(oldest.header("parlor-next"), "");

    // Places are those of the connection.
    let (_, cursor) = told(&api, &ana.token, &room, &ana.id, 100).await;
    let rest = file(&api, &ana.token, &asked(&format!("&before={cursor}"))).await;
    assert_eq!(seqs(&rest), (1..=20).rev().collect::<Vec<_>>());
}

async fn only_those_whom_it_concerns_get_a_file(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let ana = Person::join(&api, &room, "ana").await;
    let ben = Person::join(&api, &room, "ben").await;
    grant(&api, &room, &ana, "secret").await;
    let overlay = json!({ "roomId": room, "label": "scene" });
    let overlay = api.mutate("createOverlayToken", overlay).await;
    let overlay = overlay["secret"].as_str().unwrap();
    let (own, of_ana) = (
        format!("roomId={room}"),
        format!("roomId={room}&viewerId=ana"),
    );
    let of_nobody = format!("roomId={room}&viewerId=nobody");

    for (token, asked, status, code) in [
        ("", &own, 401, "UNAUTHENTICATED"),
        ("nonsense", &own, 401, "TOKEN_MALFORMED"),
        (overlay, &own, 403, "FORBIDDEN"),
        (&ben.token, &of_ana, 403, "FORBIDDEN"),
        (&ben.token, &of_nobody, 403, "FORBIDDEN"),
        (&viewer(&api, "zoe"), &of_ana, 403, "FORBIDDEN"),
        (&viewer(&api, "zoe"), &own, 404, "NOT_FOUND"),
        (&api.staff, &of_nobody, 404, "NOT_FOUND"),
        (&api.other_staff().await, &of_ana, 404, "NOT_FOUND"),
        (&api.staff, &"roomId=nowhere".to_owned(), 404, "NOT_FOUND"),
    ] {
        let answer = file(&api, token, asked).await;
        assert_eq!(answer.status, status, "{asked}: {}", answer.body);
        assert_eq!(answer.code(), code);
        assert_eq!(answer.header("www-authenticate") == "Bearer", status == 401);
        assert!(!answer.body.contains("secret"));
    }
    let authorization = format!("Bearer {}", ana.token);
    let headers = [
        ("authorization", authorization.as_str()),
        ("origin", "https://evil.example"),
    ];
    let answer = api.get(&format!("/statement.csv?{own}"), &headers).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.body);
    assert_eq!(answer.code(), "ORIGIN_FORBIDDEN");
}

async fn what_is_no_request_for_a_file_is_refused_by_name(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let ana = Person::join(&api, &room, "ana").await;
    let ben = Person::join(&api, &room, "ben").await;
    grant(&api, &room, &ana, "one").await;
    grant(&api, &room, &ben, "other").await;
    let (_, of_ben) = told(&api, &ben.token, &room, &ben.id, 1).await;
    assert!(!of_ben.is_empty());

    for (more, message) in [
        (
            "&lines=2001",
            "`lines` must be between 1 and 2000, not 2001; an answer says by `parlor-next` what is \
             `before` older lines",
        ),
        ("&lines=1000000", "between 1 and 2000, not 1000000"),
        ("&lines=0", "between 1 and 2000, not 0"),
        ("&lines=-1", "between 1 and 2000, not -1"),
        ("&lines=all", "lines"),
        (
            "&before=nonsense",
            "\"nonsense\" is not a cursor of this list",
        ),
        (&format!("&before={of_ben}"), "is not a cursor of this list"),
        ("&viewer=ben", "unknown field `viewer`"),
        ("&viewerId=", "viewerId"),
    ] {
        let asked = format!("roomId={room}{more}");
        let token = if more.contains("viewerId") {
            &api.staff
        } else {
            &ana.token
        };
        let answer = file(&api, token, &asked).await;
        assert_eq!(
            answer.status,
            StatusCode::BAD_REQUEST,
            "{asked}: {}",
            answer.body
        );
        assert_eq!(answer.code(), "VALIDATION");
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        let said = body["errors"][0]["message"].as_str().unwrap();
        assert!(said.contains(message), "{asked}: {said}");
    }
    let answer = file(&api, &ana.token, "").await;
    assert_eq!(answer.code(), "VALIDATION", "a room is to be named");
}
