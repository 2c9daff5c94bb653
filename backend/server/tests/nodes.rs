//! Two server processes on one database, which die without a word.
//!
//! What happens on one is seen by those who follow the room on the other; and when either is killed,
//! nobody is shown who was only connected to it, within the time that is promised.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[expect(
    unused_macros,
    unused_imports,
    reason = "two processes on one database need PostgreSQL"
)]
#[path = "api/database.rs"]
mod database;
#[path = "nodes/follower.rs"]
mod follower;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use follower::{Follower, Seen};
use parlor_domain::id::TenantId;
use parlor_domain::tenant::{Tenant, TenantDraft};
use parlor_server::clock::{Clock, Stopwatch};
use parlor_server::identity::{Claims, sign_with};
use parlor_server::simulate::Client;
use parlor_store::{Settings, Store};
use serde_json::{Value, json};
use uuid::Uuid;

const SECRET: &str = "a secret that is long enough for tests";
const TENANT: Uuid = Uuid::from_u128(0x0194_fe37_0000_7000_8000_0000_0000_0002);
/// How long somebody may be shown whose node has died: the promise.
const GHOSTS_MAX: Duration = Duration::from_secs(15);
/// How long a test waits for what has no promise. It only bounds failures.
const PATIENCE: Duration = Duration::from_mins(1);

#[test]
fn presence_is_right_on_each_node_whichever_is_killed() {
    database::run(database::Engine::Postgres, kill_one_and_then_the_other);
}

async fn kill_one_and_then_the_other(database: String) {
    let (mut one, other) = (Node::start(&database), Node::start(&database));
    let room = make_room(&database, &one).await;
    let (mut watching_one, mut watching_other) = (
        one.follow(&room, None).await,
        other.follow(&room, None).await,
    );

    // Each joins on a node and follows there; both nodes show all of them.
    let mut of_one = Vec::new();
    for name in ["ana", "ben", "cem"] {
        one.join(&room, name).await;
        of_one.push(one.follow(&room, Some(name)).await);
    }
    let mut of_other = Vec::new();
    for name in ["dov", "eva", "fay"] {
        other.join(&room, name).await;
        of_other.push(other.follow(&room, Some(name)).await);
    }
    let everyone = online(&["ana", "ben", "cem", "dov", "eva", "fay"]);
    watching_one.until(&everyone, PATIENCE).await;
    watching_other.until(&everyone, PATIENCE).await;

    // One of those whose node dies comes back elsewhere at once, and was never gone.
    let died = Stopwatch::start();
    drop(other);
    let dov = one.follow(&room, Some("dov")).await;
    let left = online(&["ana", "ben", "cem", "dov"]);
    watching_one.until(&left, GHOSTS_MAX).await;
    report("the other node", died);
    assert!(!watching_one.went.contains(&"dov".to_owned()));

    // A node that comes up knows at once, and finds out as well when the one beside it dies.
    let other = Node::start(&database);
    let mut watching_other = other.follow(&room, None).await;
    watching_other.until(&left, PATIENCE).await;
    let eva = other.follow(&room, Some("eva")).await;
    let with_eva = online(&["ana", "ben", "cem", "dov", "eva"]);
    watching_one.until(&with_eva, PATIENCE).await;
    watching_other.until(&with_eva, PATIENCE).await;

    let died = Stopwatch::start();
    one.kill();
    watching_other.until(&online(&["eva"]), GHOSTS_MAX).await;
    report("one node", died);

    // Nobody is left to notice the last one's death until the next comes up.
    drop(other);
    let died = Stopwatch::start();
    let last = Node::start(&database);
    let mut watching = last.follow(&room, None).await;
    watching.until(&online(&[]), GHOSTS_MAX).await;
    report("every node", died);
    drop((of_one, of_other, dov, eva));
}

fn report(who: &str, died: Stopwatch) {
    println!(
        "after {who} died, presence was right in {:.1} s",
        died.seconds()
    );
}

/// A room in which as many are counted as are shown to be online.
fn online(names: &[&str]) -> Seen {
    Seen {
        online: names.iter().map(|name| (*name).to_owned()).collect(),
        count: i64::try_from(names.len()).unwrap(),
    }
}

async fn make_room(database: &str, node: &Node) -> String {
    let store = Store::connect(&Settings::new(database)).await.unwrap();
    let (draft, now) = (TenantDraft::named("A tenant"), Clock::System.now());
    let tenant = Tenant::create(draft, TenantId(TENANT), now).unwrap();
    assert!(store.create_tenant(&tenant).await.unwrap());
    store.close().await;
    let create = "mutation ($input: CreateRoomInput!) {
        createRoom(input: $input) { ... on Room { id } ... on Error { message } }
    }";
    let input = json!({
        "slug": "show", "title": "Show", "state": "OPEN", "anonymousRead": true,
    });
    let made: Value = node
        .staff()
        .execute(create, json!({ "input": input }))
        .await
        .unwrap();

    made["createRoom"]["id"].as_str().unwrap().to_owned()
}

/// The real program, killed when dropped.
struct Node {
    process: Child,
    address: String,
}

impl Node {
    fn start(database: &str) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_parlor"))
            .args(["serve", "--listen", "127.0.0.1:0", "--database", database])
            .env("PARLOR_JWT_SECRET", SECRET)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap();

        Self {
            address: address.to_owned(),
            process,
        }
    }

    fn staff(&self) -> Client {
        let url = format!("http://{}", self.address);
        Client::new(&url, &token("service", "staff")).unwrap()
    }

    async fn join(&self, room: &str, name: &str) {
        let join = "mutation ($input: JoinRoomInput!) {
            joinRoom(input: $input) { ... on Participant { id } ... on Error { message } }
        }";
        let input = json!({ "roomId": room, "name": name });
        let url = format!("http://{}", self.address);
        let client = Client::new(&url, &token("viewer", name)).unwrap();
        let joined = client
            .execute(join, json!({ "input": input }))
            .await
            .unwrap();
        assert!(joined["joinRoom"]["id"].is_string(), "{joined}");
    }

    async fn follow(&self, room: &str, name: Option<&str>) -> Follower {
        let token = name.map(|name| token("viewer", name));
        Follower::connect(&self.address, room, token.as_deref()).await
    }

    /// Ends the process as a power cut would.
    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have been killed before.
        let _killed = self.process.kill();
        self.process.wait().unwrap();
    }
}

fn token(role: &str, subject: &str) -> String {
    let claims = Claims {
        tenant_id: Some(TENANT),
        role: Some(role.to_owned()),
        sub: Some(subject.to_owned()),
        exp: Some(Clock::System.now().unix_millis() / 1_000 + 3_600),
        ..Claims::default()
    };

    sign_with(SECRET, &claims)
}
