//! A database that goes: a failover to a replica that lacked what the primary had committed (two real
//! PostgreSQL servers, asynchronous replication, a promotion, and a server that reaches whichever is current
//! by one address), and outages.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "failover/cluster.rs"]
mod cluster;
#[path = "failover/follower.rs"]
mod follower;
#[path = "failover/outage.rs"]
mod outage;
mod program;
#[path = "failover/switch.rs"]
mod switch;

use std::time::Duration;

use cluster::Cluster;
use follower::{Follower, seqs_of};
use parlor_api::global_id::parse_room_id;
use parlor_server::simulate::{Client, ClientError};
use parlor_store::{LogPosition, Settings, Store};
use program::{Program, make_tenant};
use serde_json::{Value, json};
use switch::Switch;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;

/// How often it is looked whether something has come to be, which never fails by itself.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long a test waits for anything. It only bounds failures.
const PATIENCE: Duration = Duration::from_mins(1);

#[test]
fn whoever_saw_what_a_failover_lost_begins_anew() {
    parlor_test_database::run(parlor_test_database::Engine::Postgres, fail_over);
}

async fn fail_over(url: String) {
    explain(url).await;

    let mut primary = Cluster::create().await;
    let switch = Switch::start(primary.port).await;
    let database = format!("postgres://postgres@127.0.0.1:{}/postgres", switch.port);
    // Apart from the switch, which has to go on while the server starts.
    let server = spawn_blocking(move || Program::start(&database))
        .await
        .unwrap();
    let store = Store::connect(&Settings::new(primary.url())).await.unwrap();
    make_tenant(&store).await;
    let staff = server.client("service", "staff");
    let room = make_room(&staff).await;
    let mut follower = Follower::connect(&server.address, &room, Value::Null).await;

    // What the replica has, and then what it has not.
    donate(&staff, &room, 0..3).await;
    let replica = primary.replicate().await;
    replica.cut_off().await;
    donate(&staff, &room, 3..8).await;
    let lost = follower.until_gift("gift 7").await;
    store.close().await;
    primary.kill();

    // The replica answers, and can only be read.
    switch.lead_to(replica.port);
    until(|| async {
        ready(&server.address).await == (503, "the database can only be read\n".into())
    })
    .await;
    replica.promote().await;
    until(|| async { ready(&server.address).await.0 == 200 }).await;

    assert_eq!(follower.close_code().await, 1012);
    let mut follower = Follower::connect(&server.address, &room, lost.clone()).await;
    assert_eq!(follower.first["recovered"], false);
    assert_ne!(follower.first["epoch"], lost["epoch"]);
    donate(&staff, &room, 8..10).await;
    let seen = follower.until_gift("gift 9").await;

    // From its beginning the log is that of the promoted server, without what was lost.
    let beginning = json!({ "epoch": seen["epoch"], "seq": "0" });
    let whole = Follower::connect(&server.address, &room, beginning).await;
    let store = Store::connect(&Settings::new(replica.url())).await.unwrap();
    let room_id = parse_room_id(&room).unwrap();
    let epoch = store.head(room_id).await.unwrap().unwrap().epoch;
    let beginning = LogPosition { epoch, seq: 0 };
    let log = store.events_after(room_id, beginning, i64::MAX).await;
    let log = log.unwrap().events().unwrap();
    let log: Vec<_> = log.iter().map(|event| event.seq).collect();
    assert_eq!(seqs_of(&whole.first), log);
    let gifts = whole.gifts();
    assert_eq!(gifts, ["gift 0", "gift 1", "gift 2", "gift 8", "gift 9"]);
    store.close().await;
}

/// The test's own clusters are apart from `url`, where what the store was asked is explained afterwards.
async fn explain(url: String) {
    let explained = Store::connect(&Settings::new(url)).await.unwrap();
    explained.migrate().await.unwrap();
    explained.close().await;
}

async fn make_room(staff: &Client) -> String {
    let create = "mutation ($input: CreateRoomInput!) {
        createRoom(input: $input) { ... on Room { id } ... on Error { message } }
    }";
    let input = json!({
        "slug": "show", "title": "Show", "state": "OPEN", "anonymousRead": true,
    });
    let made = staff.execute(create, json!({ "input": input })).await;

    made.unwrap()["createRoom"]["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn donate(staff: &Client, room: &str, numbers: std::ops::Range<u32>) {
    for number in numbers {
        give(staff, room, &format!("gift {number}")).await.unwrap();
    }
}

/// Records a gift under a key that is its name.
async fn give(staff: &Client, room: &str, name: &str) -> Result<(), ClientError> {
    let record = "mutation ($input: RecordContributionInput!) {
        recordContribution(input: $input) { ... on Contribution { id } ... on Error { message } }
    }";
    let input = json!({
        "roomId": room, "idempotencyKey": name, "kind": "DONATION", "amount": "500",
        "currency": "EUR", "viewerId": name, "viewerName": name,
    });
    let recorded = staff.execute(record, json!({ "input": input })).await?;
    assert!(
        recorded["recordContribution"]["id"].is_string(),
        "{recorded}"
    );

    Ok(())
}

/// What the server says of itself: the status, and why.
async fn ready(address: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();

    (status, body.to_owned())
}

/// Waits until `is_so`.
async fn until<R: Future<Output = bool>>(is_so: impl Fn() -> R) {
    let looking = async {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        while !is_so().await {
            looks.tick().await;
        }
    };
    let found = tokio::time::timeout(PATIENCE, looking).await;
    found.expect("it comes to be");
}
