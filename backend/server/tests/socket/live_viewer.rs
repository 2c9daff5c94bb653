//! What a viewer has in a room, followed as it changes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parlor_api::global_id;
use parlor_test_database::{Database, on_both_engines};
use serde_json::{Value, json};

use crate::client::{Client, PATIENCE};
use crate::economy::Scene;
use crate::server::{Options, START_MS, TestServer};

on_both_engines!(
    a_viewer_is_told_what_they_have_whenever_it_changes,
    what_a_viewer_owes_is_told_and_paid_before_their_eyes,
    all_tabs_are_told_and_nobody_else_is,
    minutes_that_are_credited_as_a_set_are_told_to_each,
    how_far_a_viewer_is_on_the_way_is_told_as_it_changes,
    what_a_device_is_told_of_a_minute_the_others_are_told_too,
    of_many_redemptions_the_newest_are_told_and_what_is_open,
    a_session_that_ends_says_when_what_is_open_expires,
    what_expires_is_told,
    another_nodes_changes_are_found,
    a_publication_that_was_lost_is_made_good_by_the_check_of_heads,
    nothing_is_read_while_nothing_changes,
    nothing_is_missed_and_nothing_old_comes_while_others_begin,
    a_reader_that_is_slow_is_told_the_newest,
    whoever_is_put_out_still_reads_what_they_have,
    nobody_else_is_let_in,
    a_renewed_log_begins_anew,
    a_deleted_room_ends_it,
);

/// What the ids of the next server are drawn from that reads afresh.
static NEXT_SEED: AtomicU64 = AtomicU64::new(101);

const LIVE_VIEWER: &str = "subscription Own($roomId: ID!) {
    liveViewer(roomId: $roomId) {
        epoch version
        wallet {
            participantId balance held available debt
            redemptions { id title cost status refunded settledBy expiresAt metadata }
            lastMinute { minute outcome points }
            watching { slots slotsWanted hasWatched stampCard { stamps stampsWanted sessions } }
        }
    }
}";

impl Scene {
    /// Follows as `name` on a new socket. Returns what is told first as well.
    async fn follow(&self, name: &str) -> (Client, Value) {
        let mut client = Client::ready(&self.server, Some(&self.server.viewer_token(name))).await;
        self.subscribe(&mut client).await;
        let first = told(&mut client).await;

        (client, first)
    }

    async fn subscribe(&self, client: &mut Client) {
        let variables = json!({ "roomId": global_id::room_id(self.room) });
        client.subscribe("1", LIVE_VIEWER, variables).await;
    }

    /// The wallet as a server reads it that has heard of nothing before.
    async fn read_afresh(&self, database: &str, name: &str) -> Value {
        let mut other = TestServer::start_with(Options {
            database: Some(database.to_owned()),
            seed: NEXT_SEED.fetch_add(10, Ordering::Relaxed),
            ..Options::default()
        })
        .await;
        other.tenant = self.server.tenant;
        let scene = Scene {
            server: other,
            room: self.room,
        };

        scene.follow(name).await.1
    }
}

async fn told(client: &mut Client) -> Value {
    let mut message = client.message().await;
    assert_eq!(
        (&message["type"], &message["id"]),
        (&json!("next"), &json!("1")),
        "{message}"
    );

    message["payload"]["data"]["liveViewer"].take()
}

fn version(feed: &Value) -> i64 {
    feed["version"].as_str().unwrap().parse().unwrap()
}

/// What somebody has, and what of it is held.
fn points(feed: &Value) -> (&str, &str) {
    let number = |name: &str| feed["wallet"][name].as_str().unwrap();
    (number("balance"), number("held"))
}

fn statuses(feed: &Value) -> Vec<&str> {
    let redemptions = feed["wallet"]["redemptions"].as_array().unwrap().iter();
    redemptions
        .map(|one| one["status"].as_str().unwrap())
        .collect()
}

async fn a_viewer_is_told_what_they_have_whenever_it_changes(database: String) {
    let scene = Scene::usual(database.clone()).await;
    let reward = scene.make_reward(json!({})).await;
    let (mut client, first) = scene.follow("ana").await;
    assert_eq!(first["wallet"], Value::Null);

    let mut last = version(&first);
    let mut next = async |client: &mut Client| {
        let feed = told(client).await;
        assert!(version(&feed) > last, "{feed} after {last}");
        last = version(&feed);
        feed
    };
    let ana = scene.server.join(scene.room, "ana").await;
    let feed = next(&mut client).await;
    assert_eq!(feed["wallet"]["participantId"], ana["id"]);
    assert_eq!(points(&feed), ("0", "0"));
    scene.grant(&ana, 100, "g").await;
    assert_eq!(points(&next(&mut client).await), ("100", "0"));

    let one = scene.redeem("ana", &reward, "1").await;
    let feed = next(&mut client).await;
    assert_eq!(points(&feed), ("100", "30"));
    assert_eq!(feed["wallet"]["available"], "70");
    assert_eq!(statuses(&feed), ["UNFULFILLED"]);
    assert_eq!(feed["wallet"]["redemptions"][0]["id"], one["id"]);
    // Of two that were made in the same millisecond either may be the newer.
    scene.server.clock.advance_millis(1);
    let other = scene.redeem("ana", &reward, "2").await;
    assert_eq!(
        statuses(&next(&mut client).await),
        ["UNFULFILLED", "UNFULFILLED"]
    );
    scene.settle("fulfillRedemption", &one).await;
    let feed = next(&mut client).await;
    assert_eq!(points(&feed), ("70", "30"));
    assert_eq!(statuses(&feed), ["UNFULFILLED", "FULFILLED"]);
    assert_eq!(feed["wallet"]["redemptions"][1]["settledBy"], Value::Null);
    scene.settle("cancelRedemption", &other).await;
    let feed = next(&mut client).await;
    assert_eq!(points(&feed), ("70", "0"));
    assert_eq!(statuses(&feed), ["CANCELED", "FULFILLED"]);
    let refund = json!({
        "redemptionId": one["id"], "points": "10", "idempotencyKey": "f", "reason": "half full",
    });
    scene.act("refundRedemption", refund).await;
    let feed = next(&mut client).await;
    assert_eq!(points(&feed), ("80", "0"));
    assert_eq!(feed["wallet"]["redemptions"][1]["refunded"], "10");
    let charge = json!({
        "participantId": ana["id"], "points": "5", "idempotencyKey": "c", "reason": "a fine",
    });
    scene.act("chargePoints", charge).await;
    let feed = next(&mut client).await;
    assert_eq!(points(&feed), ("75", "0"));

    assert_eq!(scene.read_afresh(&database, "ana").await, feed);
}

async fn what_a_viewer_owes_is_told_and_paid_before_their_eyes(database: String) {
    let scene = Scene::usual(database.clone()).await;
    let ana = scene.server.join(scene.room, "ana").await;
    scene.grant(&ana, 100, "g").await;
    let (mut client, _) = scene.follow("ana").await;
    let back = json!({
        "participantId": ana["id"], "points": "130", "idempotencyKey": "c", "reason": "a bot",
    });
    scene.act("clawBackPoints", back).await;
    let feed = told(&mut client).await;
    assert_eq!(
        (points(&feed), &feed["wallet"]["debt"]),
        (("0", "0"), &json!("30"))
    );
    scene.grant(&ana, 10, "g2").await;
    let feed = told(&mut client).await;
    assert_eq!(
        (points(&feed), &feed["wallet"]["debt"]),
        (("0", "0"), &json!("20"))
    );
    let afresh = scene.read_afresh(&database, "ana").await;
    assert_eq!(afresh["wallet"], feed["wallet"]);
    scene.grant(&ana, 21, "g3").await;
    let feed = told(&mut client).await;
    assert_eq!(
        (points(&feed), &feed["wallet"]["debt"]),
        (("1", "0"), &json!("0"))
    );
}

async fn all_tabs_are_told_and_nobody_else_is(database: String) {
    let scene = Scene::usual(database).await;
    let ana = scene.server.join(scene.room, "ana").await;
    let ben = scene.server.join(scene.room, "ben").await;
    let (mut first, of_first) = scene.follow("ana").await;
    let (mut second, of_second) = scene.follow("ana").await;
    let (mut bens, _) = scene.follow("ben").await;
    assert_eq!(of_first, of_second);

    scene.grant(&ana, 100, "1").await;
    let feed = told(&mut first).await;
    assert_eq!(points(&feed), ("100", "0"));
    assert_eq!(told(&mut second).await, feed);
    bens.expect_quiet().await;

    drop(first);
    scene.grant(&ben, 7, "2").await;
    assert_eq!(points(&told(&mut bens).await), ("7", "0"));
    second.expect_quiet().await;
    scene.grant(&ana, 1, "3").await;
    assert_eq!(points(&told(&mut second).await), ("101", "0"));
}

async fn minutes_that_are_credited_as_a_set_are_told_to_each(database: String) {
    let scene = Scene::usual(database.clone()).await;
    let names: Vec<_> = (0..70).map(|number| format!("viewer {number}")).collect();
    for name in &names {
        scene.server.join(scene.room, name).await;
    }
    scene.server.clock.advance_millis(60_000);
    // One on each page, and one who does not watch.
    let (mut first, _) = scene.follow("viewer 3").await;
    let (mut second, _) = scene.follow("viewer 69").await;
    let (mut absent, _) = scene.follow("viewer 5").await;

    let session = scene.session().await;
    let credit = async |minute: i64| {
        let watched: Vec<_> = names.iter().filter(|name| *name != "viewer 5").collect();
        let at = (START_MS / 60_000 + minute) * 60_000;
        let at = parlor_domain::time::ServerTime::from_unix_millis(at);
        let at = parlor_api::format_time(at);
        let input = json!({ "sessionId": session, "minute": at, "viewerIds": watched });
        scene.act("creditWatching", input).await;
        scene.server.clock.advance_millis(60_000);
        json!(at)
    };
    for minute in 1..=5 {
        let at = credit(minute).await;
        let points = if minute == 5 { "10" } else { "0" };
        for client in [&mut first, &mut second] {
            let feed = told(client).await;
            let minute = &feed["wallet"]["lastMinute"];
            let expected = json!({ "minute": at, "outcome": "COUNTED", "points": points });
            assert_eq!(minute, &expected, "{feed}");
            assert_eq!(feed["wallet"]["balance"], points);
        }
    }
    absent.expect_quiet().await;

    let afresh = scene.read_afresh(&database, "viewer 69").await;
    assert_eq!(points(&afresh), ("10", "0"));
    assert_eq!(afresh["wallet"]["lastMinute"]["outcome"], "COUNTED");
    assert_eq!(afresh["wallet"]["lastMinute"]["points"], Value::Null);
}

async fn how_far_a_viewer_is_on_the_way_is_told_as_it_changes(database: String) {
    let scene = Scene::usual(database.clone()).await;
    scene.server.join(scene.room, "ana").await;
    scene.server.clock.set(at_minute(1));
    let (mut client, first) = scene.follow("ana").await;
    let progress = |slots, wanted, has_watched, card: Value| {
        json!({
            "slots": slots, "slotsWanted": wanted, "hasWatched": has_watched, "stampCard": card,
        })
    };
    let card = |stamps| json!({ "stamps": stamps, "stampsWanted": 2, "sessions": 3 });
    let watch = async |minute: i64| {
        let at = parlor_api::format_time(at_minute(minute));
        let session = scene.session().await;
        let input = json!({ "sessionId": session, "minute": at, "viewerIds": ["ana"] });
        scene.act("creditWatching", input).await;
    };
    let next_session = async || {
        scene.server.end_session(scene.room).await;
        scene.server.start_session(scene.room, 0).await;
    };
    assert_eq!(
        first["wallet"]["watching"],
        progress(0, 5, false, Value::Null)
    );
    watch(1).await;
    let feed = told(&mut client).await;
    assert_eq!(
        feed["wallet"]["watching"],
        progress(1, 5, true, Value::Null)
    );

    // Another programme is the next session's.
    let programme = json!({
        "expectedVersion": 1, "slots": 2,
        "stampCard": { "points": "300", "stamps": 2, "sessions": 3, "slots": 1 },
    });
    scene.act("updateEarningProgramme", programme).await;
    client.expect_quiet().await;
    next_session().await;
    let feed = told(&mut client).await;
    assert_eq!(feed["wallet"]["watching"], progress(1, 2, true, card(0)));
    scene.server.clock.set(at_minute(2));
    watch(2).await;
    let feed = told(&mut client).await;
    assert_eq!(feed["wallet"]["watching"], progress(0, 2, true, card(1)));
    assert_eq!(points(&feed), ("10", "0"));
    let afresh = scene.read_afresh(&database, "ana").await;
    assert_eq!(afresh["wallet"]["watching"], progress(0, 2, true, card(1)));

    // The card looks at three sessions, watched or not.
    next_session().await;
    next_session().await;
    client.expect_quiet().await;
    next_session().await;
    let feed = told(&mut client).await;
    assert_eq!(feed["wallet"]["watching"], progress(0, 2, true, card(0)));
    let afresh = scene.read_afresh(&database, "ana").await;
    assert_eq!(afresh["wallet"]["watching"], progress(0, 2, true, card(0)));

    scene.server.join(scene.room, "ben").await;
    let (_, first) = scene.follow("ben").await;
    let off = json!({ "expectedVersion": 2, "isEnabled": false });
    scene.act("updateEarningProgramme", off).await;
    next_session().await;
    let feed = told(&mut client).await;
    assert_eq!(feed["wallet"]["watching"], Value::Null);
    assert_eq!(first["wallet"]["watching"], progress(0, 2, false, card(0)));
}

async fn what_a_device_is_told_of_a_minute_the_others_are_told_too(database: String) {
    let scene = Scene::usual(database).await;
    scene.server.join(scene.room, "ana").await;
    let (mut client, first) = scene.follow("ana").await;
    let (mut bens, _) = scene.follow("ben").await;
    assert_eq!(first["wallet"]["lastMinute"], Value::Null);

    scene.server.clock.set(at_minute(2));
    let span = json!({
        "from": parlor_api::format_time(at_minute(1)),
        "until": parlor_api::format_time(at_minute(2)),
        "playheadFrom": 7, "playheadUntil": 7,
    });
    let input = json!({ "sessionId": scene.session().await, "spans": [span] });
    let ana = scene.server.viewer("ana");
    scene.act_as(ana, "reportWatching", input).await;

    let feed = told(&mut client).await;
    assert_eq!(feed["version"], first["version"]);
    assert_eq!(feed["wallet"]["lastMinute"]["outcome"], "STOOD_STILL");
    bens.expect_quiet().await;
}

fn at_minute(minute: i64) -> parlor_domain::time::ServerTime {
    let at = (START_MS / 60_000 + minute) * 60_000;
    parlor_domain::time::ServerTime::from_unix_millis(at)
}

async fn of_many_redemptions_the_newest_are_told_and_what_is_open(database: String) {
    let scene = Scene::usual(database.clone()).await;
    let ana = scene.server.join(scene.room, "ana").await;
    scene.grant(&ana, 100, "g").await;
    let reward = scene.make_reward(json!({ "cost": "1" })).await;
    let (mut client, first) = scene.follow("ana").await;

    // Two more are open than are told: the newest 20, and 50 of before.
    let (mut made, mut feed) = (Vec::new(), first);
    for number in 0..72 {
        made.push(scene.redeem("ana", &reward, &number.to_string()).await);
        scene.server.clock.advance_millis(1);
        feed = told(&mut client).await;
    }
    let ids = |made: &[Value]| -> Vec<_> { made.iter().map(|one| one["id"].clone()).collect() };
    let told_ids = |feed: &Value| {
        let mut ids = ids(feed["wallet"]["redemptions"].as_array().unwrap());
        ids.reverse();
        ids
    };
    assert_eq!(told_ids(&feed), ids(&made[2..]));
    assert_eq!(scene.read_afresh(&database, "ana").await, feed);

    // Where one is not open any more, the next takes its place, which is read.
    scene.settle("fulfillRedemption", &made[10]).await;
    let expected: Vec<_> = [&made[1..10], &made[11..]].concat();
    while told_ids(&feed) != ids(&expected) {
        let next = told(&mut client).await;
        assert!(version(&next) >= version(&feed), "{next} after {feed}");
        feed = next;
    }
    // Of those that nobody has to see to any more, only the newest are told.
    for one in made[1..10].iter().chain(&made[11..60]) {
        scene.settle("fulfillRedemption", one).await;
    }
    while points(&feed) != ("41", "13") {
        feed = told(&mut client).await;
    }
    let expected = [&made[..1], &made[52..]].concat();
    assert_eq!(told_ids(&feed), ids(&expected));
    let afresh = scene.read_afresh(&database, "ana").await;
    assert_eq!(afresh["wallet"], feed["wallet"]);
}

async fn a_session_that_ends_says_when_what_is_open_expires(database: String) {
    let scene = Scene::usual(database.clone()).await;
    let ana = scene.server.join(scene.room, "ana").await;
    scene.grant(&ana, 100, "g").await;
    let reward = scene.make_reward(json!({})).await;
    scene.redeem("ana", &reward, "1").await;
    let (mut client, first) = scene.follow("ana").await;
    assert_eq!(first["wallet"]["redemptions"][0]["expiresAt"], Value::Null);

    scene.server.end_session(scene.room).await;
    let feed = told(&mut client).await;
    assert!(feed["wallet"]["redemptions"][0]["expiresAt"].is_string());
    assert!(version(&feed) > version(&first));
    assert_eq!(scene.read_afresh(&database, "ana").await, feed);
}

async fn what_expires_is_told(database: String) {
    let scene = Scene::usual(database.clone()).await;
    let ana = scene.server.join(scene.room, "ana").await;
    scene.grant(&ana, 100, "g").await;
    let reward = scene
        .make_reward(json!({ "expiresAfterMs": "60000" }))
        .await;
    scene.redeem("ana", &reward, "1").await;
    scene.server.end_session(scene.room).await;
    let (mut client, first) = scene.follow("ana").await;
    assert_eq!(points(&first), ("100", "30"));

    scene.server.clock.advance_millis(61_000);
    let feed = told(&mut client).await;
    assert_eq!(points(&feed), ("100", "0"));
    assert_eq!(statuses(&feed), ["EXPIRED"]);
    assert_eq!(scene.read_afresh(&database, "ana").await, feed);
}

async fn another_nodes_changes_are_found(database: String) {
    let (one, other) = Scene::pair(database).await;
    let ana = one.server.join(one.room, "ana").await;
    let reward = one.make_reward(json!({})).await;
    let (mut here, _) = one.follow("ana").await;
    let (mut there, _) = other.follow("ana").await;
    let (mut bens, before) = one.follow("ben").await;
    assert_eq!(before["wallet"], Value::Null);
    let reads = || one.server.service.app.hub.wallet_reads();
    let reads_before = reads();

    other.grant(&ana, 100, "elsewhere").await;
    let feed = told(&mut here).await;
    assert_eq!(points(&feed), ("100", "0"));
    assert_eq!(told(&mut there).await, feed);
    // A hold moves nothing in the books.
    let redemption = other.redeem("ana", &reward, "1").await;
    let feed = told(&mut here).await;
    assert_eq!(points(&feed), ("100", "30"));
    assert_eq!(told(&mut there).await, feed);
    one.settle("cancelRedemption", &redemption).await;
    let feed = told(&mut there).await;
    assert_eq!(statuses(&feed), ["CANCELED"]);
    assert_eq!(told(&mut here).await, feed);

    other.server.join(other.room, "ben").await;
    let feed = told(&mut bens).await;
    assert_eq!(points(&feed), ("0", "0"));
    // Both are read at once: for what the other node did, and where the check of heads came before a publication.
    let reads = reads() - reads_before;
    assert!((3..=4).contains(&reads), "{reads} reads");
}

async fn a_publication_that_was_lost_is_made_good_by_the_check_of_heads(database: String) {
    let scene = Scene::set(Options {
        database: Some(database),
        heads_check: Duration::from_millis(10),
        ..Options::default()
    })
    .await;
    let ana = scene.server.join(scene.room, "ana").await;
    let (mut client, _) = scene.follow("ana").await;
    let loses = |loses| {
        let publications = &scene.server.publications;
        publications.loses.store(loses, Ordering::SeqCst);
    };
    loses(true);
    scene.grant(&ana, 100, "1").await;
    loses(false);
    let feed = told(&mut client).await;
    assert_eq!(points(&feed), ("100", "0"));

    // What comes late is older than what is known.
    scene.server.publications.find();
    client.expect_quiet().await;
    scene.grant(&ana, 1, "3").await;
    let next = told(&mut client).await;
    assert_eq!(points(&next), ("101", "0"));
    assert!(version(&next) > version(&feed));
}

async fn nothing_is_read_while_nothing_changes(database: Database) {
    let scene = Scene::set(Options {
        database: Some(database.url.clone()),
        heads_check: Duration::from_millis(10),
        ..Options::default()
    })
    .await;
    let ana = scene.server.join(scene.room, "ana").await;
    let (mut client, _) = scene.follow("ana").await;
    let (mut bens, _) = scene.follow("ben").await;
    let failed = || scene.server.service.app.hub.failed_reads();
    let reads = || scene.server.service.app.hub.wallet_reads();
    let before = (failed(), reads());

    // Whoever reads a wallet reads these, and fails.
    database
        .run("ALTER TABLE participants RENAME TO hidden_participants")
        .await;
    let mut observer = Client::ready(&scene.server, None).await;
    observer.follow("1", scene.room, json!({})).await;
    observer.feed("1").await;
    for key in ["one", "two", "three"] {
        // A publication that was lost is found by the check of heads, which so is known to have come by.
        let publications = &scene.server.publications;
        publications.loses.store(true, Ordering::SeqCst);
        scene.server.donate(scene.room, key).await;
        publications.loses.store(false, Ordering::SeqCst);
        observer.feed("1").await;
    }
    assert_eq!((failed(), reads()), before);
    client.expect_quiet().await;
    bens.expect_quiet().await;

    database
        .run("ALTER TABLE hidden_participants RENAME TO participants")
        .await;
    scene.grant(&ana, 100, "g").await;
    assert_eq!(points(&told(&mut client).await), ("100", "0"));
}

/// Grants that are made while a dozen begin to follow, and two servers tell of.
async fn nothing_is_missed_and_nothing_old_comes_while_others_begin(database: String) {
    const GRANTS: i64 = 40;
    let (scene, other) = Scene::pair(database).await;
    let ana = scene.server.join(scene.room, "ana").await;

    let granting = async {
        for number in 0..GRANTS {
            let on = if number % 3 == 0 { &other } else { &scene };
            on.grant(&ana, 1, &format!("grant {number}")).await;
        }
    };
    let following = async {
        let mut followers = Vec::new();
        for number in 0..12 {
            let on = if number % 2 == 0 { &other } else { &scene };
            followers.push(on.follow("ana").await);
        }
        followers
    };
    let ((), followers) = tokio::join!(granting, following);

    let all = GRANTS.to_string();
    for (mut client, mut feed) in followers {
        while feed["wallet"]["balance"] != all.as_str() {
            let next = told(&mut client).await;
            assert!(version(&next) > version(&feed), "{next} after {feed}");
            feed = next;
        }
        client.expect_quiet().await;
    }
}

async fn a_reader_that_is_slow_is_told_the_newest(database: String) {
    const GRANTS: usize = 60;
    let scene = Scene::set(Options {
        database: Some(database),
        send_buffer_bytes: Some(4_096),
        ..Options::default()
    })
    .await;
    let ana = scene.server.join(scene.room, "ana").await;
    let reward = scene.make_reward(json!({ "title": "x".repeat(100), "cost": "1" }));
    let reward = reward.await;
    scene.grant(&ana, 20, "to spend").await;
    for number in 0..20 {
        scene.redeem("ana", &reward, &number.to_string()).await;
    }
    let small = Some(4_096);
    let mut client = Client::connect_with(scene.server.address, small, |_| ())
        .await
        .unwrap();
    client.init(Some(&scene.server.viewer_token("ana"))).await;
    assert_eq!(client.message().await["type"], "connection_ack");
    scene.subscribe(&mut client).await;
    told(&mut client).await;

    for number in 0..GRANTS {
        scene.grant(&ana, 1, &format!("grant {number}")).await;
    }
    let all = (GRANTS + 20).to_string();
    let mut messages = 0;
    loop {
        messages += 1;
        if points(&told(&mut client).await).0 == all {
            break;
        }
    }
    assert!(messages < GRANTS / 2, "{messages} messages");
    client.expect_quiet().await;
}

async fn whoever_is_put_out_still_reads_what_they_have(database: String) {
    let scene = Scene::usual(database).await;
    let ana = scene.server.join(scene.room, "ana").await;
    let (mut client, _) = scene.follow("ana").await;
    let out = json!({ "participantId": ana["id"], "version": 1 });
    scene.act("removeParticipant", out).await;

    scene.grant(&ana, 100, "sorry").await;
    assert_eq!(points(&told(&mut client).await), ("100", "0"));
    let (_, first) = scene.follow("ana").await;
    assert_eq!(points(&first), ("100", "0"));
}

async fn nobody_else_is_let_in(database: String) {
    let scene = Scene::usual(database).await;
    let server = &scene.server;
    let stranger = server.new_tenant().await;
    let (_, overlay) = server.overlay_token(scene.room).await;
    let elsewhere = server.token(stranger, "viewer", 600_000_000);
    let others_staff = server.token(stranger, "staff", 600_000_000);

    for (token, code) in [
        (Some(elsewhere.as_str()), "NOT_FOUND"),
        (Some(others_staff.as_str()), "NOT_FOUND"),
        (Some(overlay.as_str()), "FORBIDDEN"),
        (None, "UNAUTHENTICATED"),
    ] {
        let mut client = Client::ready(server, token).await;
        scene.subscribe(&mut client).await;
        let error = client.error("1").await;
        assert_eq!(error[0]["extensions"]["code"], code, "{token:?} {error}");
    }
    let mut client = Client::ready(server, Some(&server.viewer_token("ana"))).await;
    let variables = json!({ "roomId": "nothing" });
    client.subscribe("1", LIVE_VIEWER, variables).await;
    let error = client.error("1").await;
    assert_eq!(error[0]["extensions"]["code"], "NOT_FOUND", "{error}");
}

async fn a_renewed_log_begins_anew(database: String) {
    let scene = Scene::set(Options {
        database: Some(database),
        heads_check: Duration::from_millis(10),
        ..Options::default()
    })
    .await;
    let ana = scene.server.join(scene.room, "ana").await;
    scene.grant(&ana, 100, "1").await;
    let (mut client, first) = scene.follow("ana").await;

    let store = &scene.server.service.app.store;
    store
        .renew_epochs(&mut scene.server.ids.clone())
        .await
        .unwrap();
    let anew = told(&mut client).await;
    assert_ne!(anew["epoch"], first["epoch"]);
    assert_eq!(anew["wallet"], first["wallet"]);

    scene.grant(&ana, 1, "2").await;
    let next = told(&mut client).await;
    assert_eq!(next["epoch"], anew["epoch"]);
    assert_eq!(points(&next), ("101", "0"));
}

async fn a_deleted_room_ends_it(database: String) {
    let server = TestServer::start_on(database).await;
    let room = server.room(server.tenant, "main", true).await;
    let scene = Scene { server, room };
    let (mut client, _) = scene.follow("ana").await;
    scene.act("deleteRoom", json!({ "version": 1 })).await;

    let ended = tokio::time::timeout(PATIENCE, client.error("1")).await;
    let error = ended.unwrap();
    assert_eq!(error[0]["extensions"]["code"], "NOT_FOUND", "{error}");
}
