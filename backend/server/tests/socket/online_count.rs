//! Members of one group who know different numbers of those online.

use std::sync::atomic::Ordering;
use std::time::Duration;

use parlor_domain::room_aggregate::OnlineCount;
use parlor_server::writer::Publish;
use parlor_store::Committed;
use parlor_test_database::on_both_engines;
use serde_json::json;

use crate::presence::{change_elsewhere, crowd, follow, start, start_telling, until_count};

on_both_engines!(
    a_newcomer_who_was_told_is_not_told_again,
    whoever_knows_less_than_others_is_told_in_time,
    whoever_is_ahead_of_the_others_is_told_as_well,
    whoever_was_ahead_and_left_is_waited_for_no_more,
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

async fn whoever_was_ahead_and_left_is_waited_for_no_more(database: String) {
    let server = start(database).await;
    let room = server.live_room("a").await;
    crowd(&server, room).await;
    let (mut behind, _) = follow(&server, None, room).await;
    server.publications.loses.store(true, Ordering::SeqCst);
    server.donate(room, "unheard").await;
    let (mut ahead, _) = follow(&server, None, room).await;
    ahead.send(json!({ "id": "1", "type": "complete" })).await;

    // The number comes where the others are, who have not heard of the event yet.
    server.publications.loses.store(false, Ordering::SeqCst);
    let heads = server.service.app.store.heads(&[room]).await.unwrap();
    let number = Committed {
        room_id: room,
        epoch: heads[&room].log.epoch,
        after_seq: heads[&room].log.seq - 1,
        events: Vec::new(),
        is_deleted: false,
        deadline: None,
        online: OnlineCount {
            count: 1,
            changes: 1,
        },
        audited: 0,
    };
    server.publications.publish(number);
    until_count(&mut behind, 1).await;

    // The leaving may be heard of after the number, which is then told once more, and no more.
    for n in 0..100 {
        server.donate(room, &format!("heard {n}")).await;
        let head = server.service.app.store.head(room).await.unwrap().unwrap();
        let head_seq = head.seq.to_string();
        let mut feed = behind.feed("1").await;
        while feed["throughSeq"] != head_seq {
            feed = behind.feed("1").await;
        }
        if feed["presence"].is_null() {
            return;
        }
    }
    panic!("the number is told without end");
}
