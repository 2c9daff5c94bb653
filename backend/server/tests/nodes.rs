//! Two server processes on one database, which die without a word.
//!
//! What happens on one is seen by those who follow the room on the other; and when either is killed,
//! nobody is shown who was only connected to it, within the time that is promised.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "nodes/clocks.rs"]
mod clocks;
#[path = "nodes/follower.rs"]
mod follower;
mod program;
#[path = "nodes/wall_clock.rs"]
mod wall_clock;

use std::time::Duration;

use follower::{Follower, Seen};
use parlor_node::clock::Stopwatch;
use parlor_store::{Settings, Store};
use program::{Program, make_tenant, token};
use serde_json::{Value, json};

/// How long somebody may be shown whose node has died: the promise.
const GHOSTS_MAX: Duration = Duration::from_secs(15);
/// How long a test waits for what has no promise. It only bounds failures.
const PATIENCE: Duration = Duration::from_mins(1);

#[test]
fn presence_is_right_on_each_node_whichever_is_killed() {
    parlor_test_database::run(
        parlor_test_database::Engine::Postgres,
        kill_one_and_then_the_other,
    );
}

async fn kill_one_and_then_the_other(database: String) {
    let (one, other) = (Program::start(&database), Program::start(&database));
    let room = make_room(&database, &one).await;
    let (mut watching_one, mut watching_other) = (
        follow(&one, &room, None).await,
        follow(&other, &room, None).await,
    );

    // Each joins on a node and follows there; both nodes show all of them.
    let mut of_one = Vec::new();
    for name in ["ana", "ben", "cem"] {
        join(&one, &room, name).await;
        of_one.push(follow(&one, &room, Some(name)).await);
    }
    let mut of_other = Vec::new();
    for name in ["dov", "eva", "fay"] {
        join(&other, &room, name).await;
        of_other.push(follow(&other, &room, Some(name)).await);
    }
    let everyone = online(&["ana", "ben", "cem", "dov", "eva", "fay"]);
    watching_one.until(&everyone, PATIENCE).await;
    watching_other.until(&everyone, PATIENCE).await;

    // One of those whose node dies comes back elsewhere at once, and was never gone.
    let died = Stopwatch::start();
    drop(other);
    let dov = follow(&one, &room, Some("dov")).await;
    let left = online(&["ana", "ben", "cem", "dov"]);
    watching_one.until(&left, GHOSTS_MAX).await;
    report("the other node", died);
    assert!(!watching_one.went.contains(&"dov".to_owned()));

    // A node that comes up knows at once, and finds out as well when the one beside it dies.
    let other = Program::start(&database);
    let mut watching_other = follow(&other, &room, None).await;
    watching_other.until(&left, PATIENCE).await;
    let eva = follow(&other, &room, Some("eva")).await;
    let with_eva = online(&["ana", "ben", "cem", "dov", "eva"]);
    watching_one.until(&with_eva, PATIENCE).await;
    watching_other.until(&with_eva, PATIENCE).await;

    let died = Stopwatch::start();
    drop(one);
    watching_other.until(&online(&["eva"]), GHOSTS_MAX).await;
    report("one node", died);

    // Nobody is left to notice the last one's death until the next comes up.
    drop(other);
    let died = Stopwatch::start();
    let last = Program::start(&database);
    let mut watching = follow(&last, &room, None).await;
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

async fn make_room(database: &str, node: &Program) -> String {
    let store = Store::connect(&Settings::new(database)).await.unwrap();
    make_tenant(&store).await;
    store.close().await;
    let create = "mutation ($input: CreateRoomInput!) {
        createRoom(input: $input) { ... on Room { id } ... on Error { message } }
    }";
    let input = json!({
        "slug": "show", "title": "Show", "state": "OPEN", "anonymousRead": true,
    });
    let made: Value = node
        .client("service", "staff")
        .execute(create, json!({ "input": input }))
        .await
        .unwrap();

    made["createRoom"]["id"].as_str().unwrap().to_owned()
}

/// Joins the room on a node.
async fn join(node: &Program, room: &str, name: &str) {
    let join = "mutation ($input: JoinRoomInput!) {
        joinRoom(input: $input) { ... on Participant { id } ... on Error { message } }
    }";
    let input = json!({ "roomId": room, "name": name });
    let joined = node
        .client("viewer", name)
        .execute(join, json!({ "input": input }))
        .await
        .unwrap();
    assert!(joined["joinRoom"]["id"].is_string(), "{joined}");
}

/// Follows the room on a node, as somebody or nobody.
async fn follow(node: &Program, room: &str, name: Option<&str>) -> Follower {
    let token = name.map(|name| token("viewer", name));
    Follower::connect(&node.address, room, token.as_deref()).await
}
