//! The server killed without warning, again and again, in the middle of its work.
//!
//! Whatever was acknowledged must be there once afterwards, whatever was not may be sent again, and
//! the log and the train must agree with each other all along.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod program;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use parlor_api::global_id::parse_room_id;
use parlor_domain::event::{Event, EventBody};
use parlor_domain::hype_train::Phase;
use parlor_domain::id::RoomId;
use parlor_server::simulate::Client;
use parlor_store::{LogPosition, Settings, Store};
use parlor_test_database::on_both_engines;
use program::{Program, make_tenant};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tokio::sync::{Notify, Semaphore};

on_both_engines! {
    what_was_acknowledged_survives_twenty_kills,
}

#[test]
fn what_was_acknowledged_survives_cut_connections() {
    parlor_test_database::run(
        parlor_test_database::Engine::Postgres,
        what_was_acknowledged_survives_cut_connections_to_the_database,
    );
}

const KILLS: usize = 20;
/// Contributions under way at once, so that a kill finds some at every stage.
const SENDERS: usize = 8;
/// Acknowledged between a start and the kill, at most.
const ACKNOWLEDGED_MAX: usize = 60;

/// How long a test waits for the server to do its work.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often the database's connections are cut.
const CUTS: usize = 10;
const SENT_BETWEEN_CUTS: usize = 20;

/// What the audience has sent, and what it was told.
#[derive(Default)]
struct Ledger {
    next: usize,
    /// Sent without an answer; to be sent again.
    unanswered: BTreeSet<usize>,
    /// The id that each acknowledged contribution was given.
    acknowledged: BTreeMap<usize, String>,
}

async fn what_was_acknowledged_survives_twenty_kills(database: String) {
    let mut rng = fastrand::Rng::with_seed(20);
    let mut server = Program::start(&database);
    let store = Store::connect(&Settings::new(&database)).await.unwrap();
    let room = make_tenant_and_room(&store, &staff(&server)).await;
    let room_id = parse_room_id(&room).unwrap();

    let mut ledger = Ledger::default();
    for _ in 0..KILLS {
        let until = rng.usize(1..=ACKNOWLEDGED_MAX);
        ledger = send_until_killed(server, &room, ledger, until).await;

        server = Program::start(&database);
        check(&store, room_id, &ledger).await;
    }
    assert!(ledger.acknowledged.len() > KILLS * 5);

    // Nobody in between: what was left unanswered is sent again and counts once.
    for n in std::mem::take(&mut ledger.unanswered) {
        let id = send(&staff(&server), &room, n).await.unwrap();
        ledger.acknowledged.insert(n, id);
    }
    check(&store, room_id, &ledger).await;
    let sent: i64 = ledger.acknowledged.keys().map(|n| amount(*n)).sum();
    let train = store.room(room_id).await.unwrap().unwrap().train.unwrap();
    assert_eq!((train.phase, train.total), (Phase::Running, sent));
    store.close().await;
}

/// The database closes every connection, also those in the middle of a transaction or a commit.
async fn what_was_acknowledged_survives_cut_connections_to_the_database(database: String) {
    let server = Program::start(&database);
    let store = Store::connect(&Settings::new(&database)).await.unwrap();
    let room = make_tenant_and_room(&store, &staff(&server)).await;
    let mut scissors = PgConnection::connect(&database).await.unwrap();

    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let sent = Arc::new(Semaphore::new(0));
    let senders: Vec<_> = (0..SENDERS)
        .map(|_| {
            let (client, room) = (staff(&server), room.clone());
            let (ledger, sent) = (Arc::clone(&ledger), Arc::clone(&sent));
            tokio::spawn(async move {
                while ledger.lock().unwrap().acknowledged.len() < CUTS * SENT_BETWEEN_CUTS {
                    let n = ledger.lock().unwrap().take_next();
                    // A failure may be said; then the same is sent again.
                    if let Ok(id) = send(&client, &room, n).await {
                        ledger.lock().unwrap().acknowledge(n, &id);
                        sent.add_permits(1);
                    }
                }
            })
        })
        .collect();
    for _ in 0..CUTS - 1 {
        let between = u32::try_from(SENT_BETWEEN_CUTS).unwrap();
        let some = tokio::time::timeout(PATIENCE, sent.acquire_many(between)).await;
        some.expect("contributions are acknowledged")
            .unwrap()
            .forget();
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        sqlx::raw_sql(cut).execute(&mut scissors).await.unwrap();
    }
    for sender in senders {
        tokio::time::timeout(PATIENCE, sender)
            .await
            .unwrap()
            .unwrap();
    }

    let ledger = Arc::into_inner(ledger).unwrap().into_inner().unwrap();
    check(&store, parse_room_id(&room).unwrap(), &ledger).await;
    scissors.close().await.unwrap();
    store.close().await;
}

/// Sends contributions, and kills the server at the moment that the `until`th is acknowledged,
/// while others are on their way.
async fn send_until_killed(server: Program, room: &str, ledger: Ledger, until: usize) -> Ledger {
    let ledger = Arc::new(Mutex::new(ledger));
    let (answered, dead) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let enough = Arc::new(Notify::new());
    let senders: Vec<_> = (0..SENDERS)
        .map(|_| {
            let (client, room) = (staff(&server), room.to_owned());
            let (ledger, enough) = (Arc::clone(&ledger), Arc::clone(&enough));
            let (answered, dead) = (Arc::clone(&answered), Arc::clone(&dead));
            tokio::spawn(async move {
                while !dead.load(Ordering::Acquire) {
                    let n = ledger.lock().unwrap().take_next();
                    let Ok(id) = send(&client, &room, n).await else {
                        return;
                    };
                    ledger.lock().unwrap().acknowledge(n, &id);
                    if answered.fetch_add(1, Ordering::AcqRel) + 1 == until {
                        enough.notify_one();
                    }
                }
            })
        })
        .collect();

    tokio::time::timeout(PATIENCE, enough.notified())
        .await
        .expect("contributions are acknowledged");
    drop(server);
    dead.store(true, Ordering::Release);
    for sender in senders {
        sender.await.unwrap();
    }
    Arc::into_inner(ledger).unwrap().into_inner().unwrap()
}

impl Ledger {
    /// What to send next: something unanswered now and then, or else something new.
    fn take_next(&mut self) -> usize {
        if self.next.is_multiple_of(3)
            && let Some(n) = self.unanswered.pop_first()
        {
            self.unanswered.insert(n);
            self.next += 1;
            return n;
        }
        self.next += 1;
        self.unanswered.insert(self.next);

        self.next
    }

    /// An answer given twice must be the same.
    fn acknowledge(&mut self, n: usize, id: &str) {
        self.unanswered.remove(&n);
        let first = self.acknowledged.entry(n).or_insert_with(|| id.to_owned());
        assert_eq!(first, id, "{n} is one contribution");
    }
}

/// Compares what the database holds with what the audience was told.
async fn check(store: &Store, room_id: RoomId, ledger: &Ledger) {
    let view = store.room(room_id).await.unwrap().unwrap();
    let events = whole_log(store, room_id).await;
    let seqs: Vec<_> = events.iter().map(|event| event.seq).collect();
    assert_eq!(
        seqs,
        (1..=view.head.seq).collect::<Vec<_>>(),
        "the log has no gap"
    );

    let mut shown = BTreeMap::new();
    for event in &events {
        if let EventBody::ContributionReceived(alert) = &event.body {
            let message = alert.message.clone().unwrap();
            assert_eq!(
                shown.insert(message, alert.hype),
                None,
                "nothing is there twice"
            );
        }
    }
    for n in ledger.acknowledged.keys() {
        assert_eq!(
            shown.get(&n.to_string()),
            Some(&amount(*n)),
            "{n} was acknowledged"
        );
    }
    for message in shown.keys() {
        let n = message.parse().unwrap();
        let known = ledger.acknowledged.contains_key(&n) || ledger.unanswered.contains(&n);
        assert!(known, "{n} was sent");
    }

    let total = view.train.map_or(0, |train| train.total);
    assert_eq!(
        total,
        shown.values().sum::<i64>(),
        "the train carries what the log shows"
    );
}

async fn whole_log(store: &Store, room_id: RoomId) -> Vec<Event> {
    let epoch = store.head(room_id).await.unwrap().unwrap().epoch;
    let mut events: Vec<Event> = Vec::new();
    loop {
        let seq = events.last().map_or(0, |event| event.seq);
        let after = LogPosition { epoch, seq };
        let more = store.events_after(room_id, after, 1_000).await;
        let more = more.unwrap().events().unwrap();
        if more.is_empty() {
            return events;
        }
        events.extend(more);
    }
}

fn amount(n: usize) -> i64 {
    i64::try_from(n % 97).unwrap() + 1
}

async fn send(client: &Client, room: &str, n: usize) -> Result<String, ()> {
    let document = "mutation ($input: RecordContributionInput!) {
        recordContribution(input: $input) { ... on Contribution { id } ... on Error { message } }
    }";
    let input = json!({
        "roomId": room, "idempotencyKey": format!("k{n}"), "provider": "test",
        "kind": "DONATION", "amount": amount(n).to_string(), "currency": "EUR",
        "viewerId": format!("v{}", n % 11), "message": n.to_string(),
    });
    let answer = client
        .execute(document, json!({ "input": input }))
        .await
        .map_err(|_| ())?;
    let id = answer["recordContribution"]["id"].as_str();

    Ok(id.unwrap_or_else(|| panic!("{answer}")).to_owned())
}

fn staff(server: &Program) -> Client {
    server.client("service", "crash test")
}

/// A live room with one long train.
async fn make_tenant_and_room(store: &Store, client: &Client) -> String {
    make_tenant(store).await;
    let create = "mutation ($input: CreateRoomInput!) {
        createRoom(input: $input) { ... on Room { id } ... on Error { message } }
    }";
    let start = "mutation ($input: StartSessionInput!) {
        startSession(input: $input) { ... on Session { id } ... on Error { message } }
    }";
    let input = json!({
        "slug": "show", "title": "Show", "state": "OPEN",
        "hypeTrainProgram": {
            "kickoffEvents": 1, "kickoffViewers": 1, "kickoffWindowMs": 3_600_000,
            "levels": [{ "goal": 5_000 }], "secondsPerLevel": 3_600, "cooldownMs": 0,
        },
    });
    let made: Value = client
        .execute(create, json!({ "input": input }))
        .await
        .unwrap();
    let room = made["createRoom"]["id"].as_str().unwrap().to_owned();
    let started = client
        .execute(start, json!({ "input": { "roomId": room } }))
        .await
        .unwrap();
    assert!(started["startSession"]["id"].is_string(), "{started}");

    room
}
