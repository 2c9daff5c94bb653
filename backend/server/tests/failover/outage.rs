//! A database that is away for a minute: ended and started again, or silent on the wire. No caller waits
//! longer than a request may take, everything works again soon after it is back, and what was acknowledged
//! is there.

use std::collections::BTreeSet;
use std::time::Duration;

use parlor_server::simulate::{Client, ClientError};
use parlor_store::{Settings, Store};
use parlor_test_database::Engine;
use serde_json::json;
use sqlx::{Connection, PgConnection};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::cluster::Cluster;
use crate::program::{Program, make_tenant};
use crate::switch::Switch;
use crate::{explain, give, make_room, ready, until};

/// How long the database is away.
const AWAY_FOR: Duration = Duration::from_mins(1);
/// How long a request may take.
const REQUEST_MAX: Duration = Duration::from_secs(10);
/// How soon after the database is back everybody is served again.
const BACK_WITHIN: Duration = Duration::from_secs(5);
/// Callers at once: more than there are connections to the database.
const CALLERS: u32 = 24;
/// How often each of them asks, as far as they have an answer.
const ASK_EVERY: Duration = Duration::from_millis(100);

/// What a caller asked for, and what came of it.
struct Call {
    caller: u32,
    took: Duration,
    answered_at: Instant,
    /// The gift that was acknowledged.
    given: Option<String>,
}

/// A way for a database to be away.
enum Outage {
    Ended,
    Silent,
}

#[test]
fn nobody_waits_long_for_a_database_that_ended() {
    parlor_test_database::run(Engine::Postgres, |url| be_away(url, Outage::Ended));
}

#[test]
fn nobody_waits_long_for_a_database_that_is_silent() {
    parlor_test_database::run(Engine::Postgres, |url| be_away(url, Outage::Silent));
}

#[test]
fn a_transaction_that_was_given_up_stays_on_no_connection() {
    parlor_test_database::run(Engine::Postgres, pause);
}

/// The wire is silent for as long as a BEGIN is waited for, which arrives a moment later all the same.
async fn pause(url: String) {
    explain(url).await;
    let cluster = Cluster::create().await;
    let switch = Switch::start(cluster.port).await;
    let url = format!("postgres://postgres@127.0.0.1:{}/postgres", switch.port);
    let settings = Settings {
        pool_size: 1,
        ..Settings::new(url)
    };
    let store = Store::connect(&settings).await.unwrap();
    store.migrate().await.unwrap();
    make_tenant(&store).await;

    loop {
        // By when this is asked, the connection has mostly come back to the pool.
        cluster.ask::<i64>("SELECT count(*) FROM rooms").await;
        switch.fall_silent();
        let given_up = store.begin(&[]).await.err().unwrap();
        switch.speak_again();
        assert!(given_up.is_retryable(), "{given_up:?}");
        if !given_up.to_string().contains("pool") {
            break;
        }
        store.check_writable().await.unwrap();
    }
    store.check_writable().await.unwrap();
    let open = "SELECT count(*) FROM pg_stat_activity
        WHERE application_name = 'parlor' AND state LIKE 'idle in transaction%'";
    assert_eq!(cluster.ask::<i64>(open).await, 0);
    store.close().await;
}

#[test]
fn a_database_that_is_busy_is_not_taken_for_one_that_is_away() {
    parlor_test_database::run(Engine::Postgres, be_busy);
}

/// A table is locked, and more wait for it than there are connections.
async fn be_busy(url: String) {
    explain(url).await;
    let cluster = Cluster::create().await;
    let database = cluster.url();
    let server = tokio::task::spawn_blocking(move || Program::start(&database));
    let server = server.await.unwrap();
    let store = Store::connect(&Settings::new(cluster.url())).await.unwrap();
    make_tenant(&store).await;
    store.close().await;
    let staff = server.client("service", "staff");
    let room = make_room(&staff).await;

    let mut other = PgConnection::connect(&cluster.url()).await.unwrap();
    let lock = "BEGIN; LOCK TABLE rooms IN ACCESS EXCLUSIVE MODE";
    sqlx::raw_sql(lock).execute(&mut other).await.unwrap();
    let mut readers = JoinSet::new();
    for _ in 0..CALLERS {
        let (staff, room) = (staff.clone(), room.clone());
        readers.spawn(async move {
            let query = "query ($id: ID!) { room(id: $id) { title } }";
            let read = staff.execute(query, json!({ "id": room })).await;
            assert!(!may_have_failed(read.map(drop)), "the table is locked");
        });
    }
    let mut looks = tokio::time::interval(ASK_EVERY);
    while !readers.is_empty() {
        tokio::select! {
            Some(read) = readers.join_next() => read.unwrap(),
            _ = looks.tick() => assert_eq!(ready(&server.address).await, (200, "ok\n".into())),
        }
    }
    other.close().await.unwrap();
    give(&staff, &room, "a gift").await.unwrap();
}

async fn be_away(url: String, outage: Outage) {
    explain(url).await;
    let mut cluster = Cluster::create().await;
    let switch = Switch::start(cluster.port).await;
    let database = format!("postgres://postgres@127.0.0.1:{}/postgres", switch.port);
    let server = tokio::task::spawn_blocking(move || Program::start(&database));
    let server = server.await.unwrap();
    let store = Store::connect(&Settings::new(cluster.url())).await.unwrap();
    make_tenant(&store).await;
    store.close().await;
    let staff = server.client("service", "staff");
    let room = make_room(&staff).await;

    let (heard, mut calls) = mpsc::unbounded_channel();
    let stop = watch::Sender::new(false);
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let (staff, room) = (staff.clone(), room.clone());
        callers.spawn(call_on(
            staff,
            room,
            caller,
            heard.clone(),
            stop.subscribe(),
        ));
    }
    drop(heard);
    let mut all = until_each_gave(&mut calls, Instant::now()).await;

    match outage {
        Outage::Ended => cluster.kill(),
        Outage::Silent => switch.fall_silent(),
    }
    until(|| async { ready(&server.address).await.0 == 503 }).await;
    let comes_back = Instant::now() + AWAY_FOR;
    while let Ok(call) = tokio::time::timeout_at(comes_back, calls.recv()).await {
        all.push(call.unwrap());
    }
    let (status, said) = ready(&server.address).await;
    assert_eq!(status, 503);
    assert!(said.starts_with("the database does not answer"), "{said}");
    match outage {
        Outage::Ended => cluster.revive().await,
        Outage::Silent => switch.speak_again(),
    }
    let back = Instant::now();
    let since = until_each_gave(&mut calls, back).await;
    let recovered = since.last().unwrap().answered_at - back;
    assert!(recovered <= BACK_WITHIN, "served again after {recovered:?}");
    until(|| async { ready(&server.address).await.0 == 200 }).await;

    stop.send_replace(true);
    all.extend(since);
    while let Some(call) = calls.recv().await {
        all.push(call);
    }
    callers.join_all().await;
    let longest = all.iter().map(|call| call.took).max().unwrap();
    assert!(longest <= REQUEST_MAX, "somebody waited for {longest:?}");
    let stored: Vec<String> = cluster
        .ask("SELECT array_agg(idempotency_key) FROM answers")
        .await;
    let distinct: BTreeSet<&String> = stored.iter().collect();
    assert_eq!(distinct.len(), stored.len());
    for given in all.iter().filter_map(|call| call.given.as_ref()) {
        assert!(
            distinct.contains(given),
            "{given} was acknowledged and lost"
        );
    }
}

/// Reads until every caller was given an acknowledgement after `since`.
async fn until_each_gave(calls: &mut mpsc::UnboundedReceiver<Call>, since: Instant) -> Vec<Call> {
    let (mut read, mut gave) = (Vec::new(), BTreeSet::new());
    while gave.len() < CALLERS.try_into().unwrap() {
        let next = tokio::time::timeout(crate::PATIENCE, calls.recv());
        let call = next.await.expect("somebody is answered").unwrap();
        if call.given.is_some() && call.answered_at >= since {
            gave.insert(call.caller);
        }
        read.push(call);
    }

    read
}

/// Gives one gift after another, each until it is acknowledged, and asks for the room in between.
async fn call_on(
    staff: Client,
    room: String,
    caller: u32,
    heard: mpsc::UnboundedSender<Call>,
    stop: watch::Receiver<bool>,
) {
    let (mut number, mut pace) = (0, tokio::time::interval(ASK_EVERY));
    while !*stop.borrow() {
        pace.tick().await;
        let name = format!("gift {number} of {caller}");
        let asked = Instant::now();
        let gave = give(&staff, &room, &name).await;
        let took = asked.elapsed();
        let given = may_have_failed(gave).then_some(name);
        number += u32::from(given.is_some());
        let call = Call {
            caller,
            took,
            answered_at: Instant::now(),
            given,
        };
        heard.send(call).unwrap();

        let query = "query ($id: ID!) { room(id: $id) { title } }";
        let asked = Instant::now();
        let read = staff.execute(query, json!({ "id": room })).await;
        may_have_failed(read.map(|room| assert_eq!(room["room"]["title"], "Show")));
        let call = Call {
            caller,
            took: asked.elapsed(),
            answered_at: Instant::now(),
            given: None,
        };
        heard.send(call).unwrap();
    }
}

/// Whether it was done. What was not must say that it may be tried again.
fn may_have_failed(done: Result<(), ClientError>) -> bool {
    match done {
        Ok(()) => true,
        Err(error) => {
            let is_known =
                matches!(&error, ClientError::Failed { code, .. } if code == "OUTCOME_UNKNOWN");
            assert!(error.is_temporary() || is_known, "{error}");
            false
        }
    }
}
