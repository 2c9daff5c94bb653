//! Whatever runs out of time ends, whichever node lives and whatever a node believes.

use parlor_node::clock::Stopwatch;
use parlor_test_database::{Database, on_both_engines};
use parlor_writer::Guards;

use crate::scene::{GOAL, LEVEL_MS, Scene};

on_both_engines! {
    a_train_that_a_dead_node_started_ends,
    a_train_that_a_dead_node_prolonged_ends,
    a_room_that_cannot_be_read_holds_up_no_other_end,
    a_node_that_may_not_write_takes_up_nothing,
}

/// One node commits, and the other never hears of it: as when the commit's answer is lost.
async fn a_train_that_a_dead_node_started_ends(database: String) {
    let scene = Scene::make(database).await;
    let (one, other) = (scene.start_node().await, scene.start_node().await);
    let room = scene.live_room(&other, "s").await;
    other.give(&scene, room, "k1", 1).await;
    let train = scene.train(room).await;
    other.stop().await;

    scene.clock.advance_millis(LEVEL_MS + 1);
    assert_eq!(scene.trains_end(room).await, train.expires_at);
    one.stop().await;
}

/// A node that goes by an end that it knows finds that there is nothing to end yet.
async fn a_train_that_a_dead_node_prolonged_ends(database: String) {
    let scene = Scene::make(database).await;
    let (one, other) = (scene.start_node().await, scene.start_node().await);
    let room = scene.live_room(&one, "s").await;
    one.give(&scene, room, "k1", 1).await;
    scene.clock.advance_millis(LEVEL_MS / 2);
    other.give(&scene, room, "k2", GOAL).await;
    other.stop().await;
    let prolonged = scene.train(room).await;
    assert_eq!(prolonged.level, 2);

    scene.clock.advance_millis(LEVEL_MS / 2 + 1);
    // What is submitted now is decided after the end that came too early.
    let elsewhere = scene.live_room(&one, "elsewhere").await;
    one.give(&scene, elsewhere, "k3", 1).await;
    assert_eq!(scene.train(room).await, prolonged);

    scene.clock.advance_millis(LEVEL_MS / 2);
    assert_eq!(scene.trains_end(room).await, prolonged.expires_at);
    one.stop().await;
}

async fn a_room_that_cannot_be_read_holds_up_no_other_end(database: Database) {
    let scene = Scene::make(database.url.clone()).await;
    let node = scene.start_node().await;
    let damaged = scene.live_room(&node, "damaged").await;
    node.give(&scene, damaged, "k1", 1).await;
    let damage = "UPDATE room_trains SET state = '{'";
    database.run(damage).await;
    let whole = scene.live_room(&node, "whole").await;
    node.give(&scene, whole, "k2", 1).await;
    let train = scene.train(whole).await;

    scene.clock.advance_millis(LEVEL_MS + 1);
    assert_eq!(scene.trains_end(whole).await, train.expires_at);
    let left = "SELECT COUNT(*) FROM due_work WHERE kind = 'room_end'";
    assert_eq!(database.number(left).await, 1, "the other is not forgotten");
    node.stop().await;
}

/// What is due is left to those that can do it: a node that took it up would hold it, for nothing.
async fn a_node_that_may_not_write_takes_up_nothing(database: Database) {
    let scene = Scene::make(database.url.clone()).await;
    let node = scene.start_node().await;
    let room = scene.live_room(&node, "s").await;
    node.give(&scene, room, "k1", 1).await;
    node.stop().await;
    scene.clock.advance_millis(LEVEL_MS + 1);
    let untouched = "SELECT COUNT(*) FROM due_work
        WHERE kind = 'room_end' AND holder IS NULL AND claim_at = due_at AND attempts = 0";
    assert_eq!(database.number(untouched).await, 1);

    let cut_off = Guards::default();
    cut_off.breaker.open();
    let distrusted = Guards::default();
    let ahead = scene.now().plus_millis(60_000);
    distrusted.trust.compare(ahead, Stopwatch::start());
    for guards in [cut_off, distrusted] {
        // Whoever works off what is due asks as soon as it starts, also if it is to stop.
        scene.start_node_with(guards).await.stop().await;
        assert_eq!(database.number(untouched).await, 1);
    }

    scene.start_node().await.stop().await;
    assert_eq!(database.number(untouched).await, 0, "one that may does");
}
