//! Members of one group who know different numbers of those online.

use std::sync::atomic::Ordering;
use std::time::Duration;

use parlor_test_database::on_both_engines;
use serde_json::json;

use crate::presence::{change_elsewhere, crowd, follow, start, start_telling, until_count};

on_both_engines!(
    a_newcomer_who_was_told_is_not_told_again,
    whoever_knows_less_than_others_is_told_in_time,
    whoever_is_ahead_of_the_others_is_told_as_well,
);

async fn a_newcomer_who_was_told_is_not_told_again(database: String) {
    let server = start(database).await;
    let room = server.live_room("a").await;
    server.join(room, "ana").await;
    // Nobody on this node follows the room, so the news pass it by.
    change_elsewhere(&server, room, &["ana"], &[]).await;

    let (mut observer, count) = follow(&server, None, room).await;
    assert_eq!(count, 1);
    server.donate(room, "next").await;
    let next = observer.feed("1").await;
    assert_eq!(next["events"][0]["__typename"], "ContributionReceived");
    assert_eq!(next["presence"], json!(null));
}

async fn whoever_knows_less_than_others_is_told_in_time(database: String) {
    let server = start_telling(database, Duration::from_millis(500)).await;
    let room = server.live_room("a").await;
    crowd(&server, room).await;
    let (mut observer, _) = follow(&server, None, room).await;
    change_elsewhere(&server, room, &["person 100"], &[]).await;
    until_count(&mut observer, 1).await;

    // The next is told to a newcomer at once, and to the other when it is time again.
    change_elsewhere(&server, room, &["person 0"], &[]).await;
    let (_newcomer, count) = follow(&server, None, room).await;
    assert_eq!(count, 2);
    until_count(&mut observer, 2).await;
}

async fn whoever_is_ahead_of_the_others_is_told_as_well(database: String) {
    let server = start(database).await;
    let room = server.live_room("a").await;
    crowd(&server, room).await;
    let (mut behind, _) = follow(&server, None, room).await;
    server.publications.loses.store(true, Ordering::SeqCst);
    server.donate(room, "unheard").await;
    let (mut ahead, count) = follow(&server, None, room).await;
    assert_eq!(count, 0);
    server.publications.loses.store(false, Ordering::SeqCst);

    change_elsewhere(&server, room, &["person 100"], &[]).await;

    for client in [&mut behind, &mut ahead] {
        until_count(client, 1).await;
    }
}
