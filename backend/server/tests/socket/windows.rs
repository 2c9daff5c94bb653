//! A stretch of a room's picture: from a media time until another, and what follows it when it is asked for.
//! In the documents of the SDKs.

use parlor_api::{format_time, global_id};
use parlor_domain::event::{Event, EventBody};
use parlor_domain::id::{Epoch, RoomId};
use parlor_domain::time::ServerTime;
use parlor_test_database::on_both_engines;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{Client, seqs};
use crate::server::{START_MS, TestServer};

const LIVE_ROOM: &str = include_str!("../../../../sdk-core/operations/live_room.graphql");
const ROOM_EVENTS: &str = include_str!("../../../../sdk-core/src/wire/room_events.graphql");
/// Where the room's stream timeline is ahead of its stage (see `TestServer::room`).
const INGEST_OFFSET_MS: i64 = 5_000;
/// More than one answer holds: of each come two events.
const DONATIONS: i64 = 90;

on_both_engines!(
    a_window_ends_at_its_time_and_the_feed_goes_on_at_the_head,
    what_a_window_left_out_is_had_page_by_page,
    a_window_that_holds_all_there_is_leaves_nothing_out,
    a_window_that_makes_no_sense_is_refused,
    what_does_not_follow_any_more_is_said_not_to,
);

/// A room in which somebody gives something each second, from the first on.
async fn busy_room(server: &TestServer) -> RoomId {
    let room = server.live_room("a").await;
    for index in 0..DONATIONS {
        server.clock.advance_millis(1_000);
        server.donate(room, &index.to_string()).await;
    }

    room
}

/// The place in the picture that shows what happened `at_ms` after the start.
fn media_time(at_ms: i64) -> String {
    format_time(ServerTime::from_unix_millis(
        START_MS + at_ms + INGEST_OFFSET_MS,
    ))
}

fn happened_by(log: &[Event], at_ms: i64) -> i64 {
    let last = log
        .iter()
        .rfind(|event| event.occurred_at.unix_millis() <= START_MS + at_ms);

    last.unwrap().seq
}

fn number(value: &Value) -> i64 {
    value.as_str().unwrap().parse().unwrap()
}

async fn follow(client: &mut Client, room: RoomId, start: Value) {
    let mut variables = start;
    variables["roomId"] = global_id::room_id(room).into();
    client.subscribe("1", LIVE_ROOM, variables).await;
}

/// What a query for more of the log is answered.
async fn ask(client: &mut Client, room: RoomId, variables: Value) -> Value {
    let fragments = LIVE_ROOM.find("fragment ").unwrap();
    let document = format!("{ROOM_EVENTS}{}", &LIVE_ROOM[fragments..]);
    let mut variables = variables;
    variables["roomId"] = global_id::room_id(room).into();
    client.subscribe("2", &document, variables).await;
    let answer = client.message().await;
    assert_eq!(
        client.message().await,
        json!({ "id": "2", "type": "complete" })
    );

    answer["payload"].clone()
}

async fn a_window_ends_at_its_time_and_the_feed_goes_on_at_the_head(database: String) {
    let server = TestServer::start_on(database).await;
    let room = busy_room(&server).await;
    server.update_room(room, 1, json!({ "title": "b" })).await;
    let log = server.log(room).await;
    let head = log.last().unwrap().seq;
    let (after, last) = (happened_by(&log, 20_000), happened_by(&log, 60_000));
    let mut client = Client::ready(&server, None).await;

    // Between two donations: what happened by then is in it.
    let start = json!({ "at": media_time(20_500), "until": media_time(60_500) });
    follow(&mut client, room, start).await;
    let mut pages = vec![client.feed("1").await];
    while pages.last().unwrap()["leftOutFrom"].is_null() {
        pages.push(client.feed("1").await);
    }

    assert!(
        pages.len() > 1,
        "one page says nothing of those that follow"
    );
    assert_eq!(number(&pages[0]["afterSeq"]), after);
    assert_eq!(number(&pages[0]["liveThroughSeq"]), head);
    let snapshot = pages[0]["snapshot"].as_array().unwrap();
    let room_now = snapshot.iter().find(|event| event["part"] == "room");
    assert_eq!(room_now.unwrap()["room"]["title"], "b");
    let events: Vec<i64> = pages
        .iter()
        .flat_map(|page| seqs(&page["events"]))
        .collect();
    assert_eq!(events, (after + 1..=last).collect::<Vec<_>>());
    for (one, next) in pages.iter().zip(&pages[1..]) {
        assert_eq!(one["throughSeq"], next["afterSeq"]);
        assert_eq!(next["liveThroughSeq"], Value::Null);
    }
    let end = pages.last().unwrap();
    assert_eq!(number(&end["throughSeq"]), head);
    let next = ServerTime::from_unix_millis(START_MS + 61_000);
    assert_eq!(end["leftOutFrom"], format_time(next));

    server.donate(room, "news").await;
    let live = client.feed("1").await;
    assert_eq!(number(&live["afterSeq"]), head);
    assert_eq!(seqs(&live["events"])[0], head + 1);
    assert_eq!(live["leftOutFrom"], Value::Null);
}

async fn what_a_window_left_out_is_had_page_by_page(database: String) {
    let server = TestServer::start_on(database).await;
    let room = busy_room(&server).await;
    let log = server.log(room).await;
    let epoch = server.epoch(room).await;
    let mut client = Client::ready(&server, None).await;
    let after = |seq: i64| json!({ "epoch": epoch, "seq": seq.to_string() });

    let mut seq = 2;
    let mut pages = 0;
    loop {
        let answer = ask(&mut client, room, json!({ "after": after(seq) })).await;
        let page = &answer["data"]["roomEvents"];
        assert_eq!(number(&page["afterSeq"]), seq, "{answer}");
        assert_eq!(page["recovered"], true);
        let through = number(&page["throughSeq"]);
        assert_eq!(
            seqs(&page["events"]),
            (seq + 1..=through).collect::<Vec<_>>()
        );
        (seq, pages) = (through, pages + 1);
        let next = log.iter().find(|event| event.seq > through);
        let next = next.map_or(Value::Null, |event| format_time(event.occurred_at).into());
        assert_eq!(page["leftOutFrom"], next);
        if next.is_null() {
            break;
        }
    }
    assert_eq!(seq, log.last().unwrap().seq);
    assert_eq!(pages, log.len().div_ceil(100));

    // By the picture's time.
    let variables = json!({ "after": after(10), "until": media_time(15_999) });
    let answer = ask(&mut client, room, variables).await;
    let page = &answer["data"]["roomEvents"];
    let last = happened_by(&log, 15_000);
    assert_eq!(seqs(&page["events"]), (11..=last).collect::<Vec<_>>());
    let variables = json!({ "after": after(last), "until": media_time(15_999) });
    let answer = ask(&mut client, room, variables).await;
    let page = &answer["data"]["roomEvents"];
    assert_eq!(
        (&page["events"], number(&page["throughSeq"])),
        (&json!([]), last)
    );
    let next = ServerTime::from_unix_millis(START_MS + 16_000);
    assert_eq!(page["leftOutFrom"], format_time(next));
}

async fn a_window_that_holds_all_there_is_leaves_nothing_out(database: String) {
    let server = TestServer::start_on(database).await;
    let room = busy_room(&server).await;
    let log = server.log(room).await;
    let (after, head) = (happened_by(&log, 20_000), log.last().unwrap().seq);
    let mut client = Client::ready(&server, None).await;

    let start = json!({ "at": media_time(20_000), "until": media_time(95_000) });
    follow(&mut client, room, start).await;
    let mut seq = after;
    while seq < head {
        let page = client.feed("1").await;
        assert_eq!(page["leftOutFrom"], Value::Null);
        let events = seqs(&page["events"]);
        assert_eq!(events[0], seq + 1);
        seq = *events.last().unwrap();
        assert_eq!(number(&page["throughSeq"]), seq);
    }

    // What happens after the window was asked for is news, whenever its picture comes.
    server.clock.advance_millis(100_000);
    server.donate(room, "news").await;
    let live = client.feed("1").await;
    let is_donation = |event: &Value| event["__typename"] == "ContributionReceived";
    assert!(live["events"].as_array().unwrap().iter().any(is_donation));
    assert_eq!(live["leftOutFrom"], Value::Null);
}

async fn a_window_that_makes_no_sense_is_refused(database: String) {
    let server = TestServer::start_on(database).await;
    let room = server.live_room("a").await;
    let epoch = server.epoch(room).await;
    let mut client = Client::ready(&server, None).await;
    let after = json!({ "epoch": epoch, "seq": "1" });

    for start in [
        json!({ "until": media_time(0) }),
        json!({ "after": after, "until": media_time(0) }),
        json!({ "at": media_time(1), "until": media_time(0) }),
        json!({ "at": media_time(1), "after": after, "until": media_time(2) }),
        json!({ "at": media_time(1), "until": "later" }),
    ] {
        follow(&mut client, room, start.clone()).await;
        let errors = client.error("1").await;
        assert_eq!(
            errors[0]["extensions"]["code"], "VALIDATION",
            "{start}: {errors}"
        );
    }

    let others = server
        .room(server.new_tenant().await, "theirs", false)
        .await;
    for (room, after, code) in [
        (room, json!({ "epoch": "no", "seq": "1" }), "VALIDATION"),
        (room, json!({ "epoch": epoch, "seq": "-1" }), "VALIDATION"),
        (others, after.clone(), "NOT_FOUND"),
        (RoomId(Uuid::nil()), after.clone(), "NOT_FOUND"),
    ] {
        let answer = ask(&mut client, room, json!({ "after": after })).await;
        let error = &answer["errors"][0];
        assert_eq!(error["extensions"]["code"], code, "{answer}");
    }
}

async fn what_does_not_follow_any_more_is_said_not_to(database: String) {
    let server = TestServer::start_on(database).await;
    let room = server.live_room("a").await;
    let epoch = server.epoch(room).await;
    let mut client = Client::ready(&server, None).await;
    let log = server.log(room).await;
    assert!(matches!(log[1].body, EventBody::SessionStarted(_)));

    for (epoch, seq, recovered) in [
        (epoch.clone(), 1, true),
        (epoch.clone(), 2, true),
        (epoch, 3, false),
        (global_id::epoch(Epoch(Uuid::max())).to_string(), 1, false),
    ] {
        let after = json!({ "epoch": epoch, "seq": seq.to_string() });
        let answer = ask(&mut client, room, json!({ "after": after })).await;
        let page = &answer["data"]["roomEvents"];
        assert_eq!(page["recovered"], recovered, "{answer}");
        let events = if recovered { 2 - seq } else { 0 };
        assert_eq!(
            seqs(&page["events"]).len(),
            usize::try_from(events).unwrap()
        );
        assert_eq!(page["leftOutFrom"], Value::Null);
    }
}
