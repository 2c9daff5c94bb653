//! Several who consume one client, or none: each has all of it.

use std::sync::Arc;

use parlor::{Client, ConnectionState, Deliveries, Delivery, Room};
use serde_json::json;

use crate::app::{connect, contributions, overfill, reached, shown};
use crate::people::person;
use crate::server::{Peer, Server, feed, snapshot, within};

/// A client whose first state has come, which nobody has taken.
async fn follow(server: &Server) -> (Arc<Client>, Peer, String) {
    let client = connect(server, "room-1");
    let mut peer = server.accept().await;
    let (id, _) = peer.subscription().await;
    peer.feed(&id, snapshot(5)).await;

    (client, peer, id)
}

async fn next_room(deliveries: &Deliveries) -> Room {
    match within(deliveries.next()).await {
        Some(Delivery::StateReplaced { room }) => room,
        other => panic!("no state, but {other:?}"),
    }
}

async fn next_seq(deliveries: &Deliveries) -> i64 {
    match within(deliveries.next()).await {
        Some(Delivery::Event { event, .. }) => event.seq,
        other => panic!("no event, but {other:?}"),
    }
}

#[tokio::test]
async fn each_of_several_has_all_of_it() {
    let server = Server::start().await;
    let (client, peer, id) = follow(&server).await;
    let (one, other) = (client.deliveries(), client.deliveries());
    next_room(&one).await;
    peer.feed(&id, feed(5, &contributions(6..=7))).await;
    assert_eq!([next_seq(&one).await, next_seq(&one).await], [6, 7]);

    // Whoever came before anything was told has it from the beginning, as the first.
    next_room(&other).await;
    assert_eq!([next_seq(&other).await, next_seq(&other).await], [6, 7]);
}

#[tokio::test]
async fn whoever_comes_beside_another_begins_with_the_room_as_it_is() {
    let server = Server::start().await;
    let (client, peer, id) = follow(&server).await;
    let early = client.deliveries();
    next_room(&early).await;
    let events = [person(6, "Ada", "HOST")];
    peer.feed(&id, feed(5, &events)).await;
    // Once it is there, and before the first has taken it.
    assert!(within(early.wait()).await);

    let late = client.deliveries();
    peer.feed(&id, feed(6, &contributions(7..=7))).await;

    let room = next_room(&late).await;
    assert_eq!(room.stage.host.expect("Ada is in it").name, "Ada");
    assert_eq!(next_seq(&late).await, 7, "what made the room so is over");
    assert_eq!([next_seq(&early).await, next_seq(&early).await], [6, 7]);
}

#[tokio::test]
async fn what_the_last_has_not_taken_is_kept_for_the_next() {
    let server = Server::start().await;
    let (client, peer, id) = follow(&server).await;
    let (one, other) = (client.deliveries(), client.deliveries());
    next_room(&one).await;
    drop(other);
    peer.feed(&id, feed(5, &contributions(6..=8))).await;
    assert_eq!(next_seq(&one).await, 6);
    assert!(one.peek().is_some(), "looked at, and not taken");
    drop(one);
    peer.feed(&id, feed(8, &contributions(9..=9))).await;

    assert_eq!(shown(&client, 3).await, [7, 8, 9]);
}

#[tokio::test]
async fn leaving_ends_the_wait_of_one_and_stopping_that_of_all() {
    let server = Server::start().await;
    let (client, peer, id) = follow(&server).await;
    let (leaving, staying) = (client.deliveries(), client.deliveries());
    next_room(&leaving).await;
    next_room(&staying).await;
    let (rooms, states) = (client.rooms(), client.connection_states());
    within(rooms.wait()).await;
    assert!(rooms.take().is_some());
    let waits = tokio::spawn({
        let (leaving, states, rooms) = (leaving.clone(), states.clone(), rooms.clone());
        async move {
            while states.next().await.is_some() {}
            (leaving.wait().await, rooms.wait().await)
        }
    });

    states.leave();
    leaving.leave();
    rooms.leave();

    assert_eq!(within(waits).await.unwrap(), (false, false));
    assert_eq!(leaving.take(), None);
    peer.feed(&id, feed(5, &contributions(6..=6))).await;
    assert_eq!(next_seq(&staying).await, 6);
    let rest = tokio::spawn({
        let (staying, states, rooms) =
            (staying.clone(), client.connection_states(), client.rooms());
        async move {
            let mut last = None;
            while let Some(state) = states.next().await {
                last = Some(state);
            }
            rooms.take();
            (staying.wait().await, last, rooms.wait().await)
        }
    });
    client.stop();
    let stopped = Some(ConnectionState::Stopped);
    assert_eq!(within(rest).await.unwrap(), (false, stopped, false));
}

#[tokio::test]
async fn the_slowest_holds_everybody_up_until_it_goes() {
    let server = Server::start().await;
    let (client, peer, id) = follow(&server).await;
    let (slow, quick) = (client.deliveries(), client.deliveries());
    next_room(&slow).await;
    next_room(&quick).await;
    let got = tokio::spawn({
        let quick = quick.clone();
        async move {
            let mut seqs = Vec::new();
            while let Some(delivery) = quick.next().await {
                if let Delivery::Event { event, .. } = delivery {
                    seqs.push(event.seq);
                }
                if seqs.len() == 100 {
                    break;
                }
            }
            seqs
        }
    });
    overfill(&peer, &id, 5).await;
    assert!(
        !got.is_finished(),
        "it got more than the slow one has room for"
    );

    drop(slow);

    assert_eq!(within(got).await.unwrap(), (6..=105).collect::<Vec<_>>());
}

#[tokio::test]
async fn whoever_follows_the_room_alone_is_held_up_by_nothing() {
    let server = Server::start().await;
    let (client, peer, id) = follow(&server).await;
    // Nobody wants anything yet, so the client stands still.
    overfill(&peer, &id, 5).await;
    peer.hang_up();
    let rooms = client.rooms();
    rooms.follow(true);
    let mut peer = server.accept().await;
    let (id, variables) = peer.subscription().await;
    let seq: i64 = variables["after"]["seq"].as_str().unwrap().parse().unwrap();
    peer.feed(&id, feed(seq, &[person(seq + 1, "Ada", "HOST")]))
        .await;
    let names_host = async {
        loop {
            assert!(rooms.wait().await, "the client goes on");
            if rooms.take().is_some_and(|room| room.stage.host.is_some()) {
                return;
            }
        }
    };
    within(names_host).await;

    let deliveries = client.deliveries();
    let room = next_room(&deliveries).await;
    assert_eq!(room.stage.host.expect("Ada is in it").name, "Ada");
    peer.feed(&id, feed(seq + 1, &contributions(seq + 2..=seq + 2)))
        .await;
    assert_eq!(next_seq(&deliveries).await, seq + 2);
}

#[tokio::test]
async fn a_room_is_taken_once_for_each_change_and_is_never_behind_what_was_delivered() {
    let server = Server::start().await;
    let (client, peer, id) = follow(&server).await;
    let (deliveries, rooms) = (client.deliveries(), client.rooms());
    next_room(&deliveries).await;
    assert!(rooms.take().is_some());
    assert_eq!(rooms.take(), None, "it has not changed");

    peer.feed(&id, feed(5, &contributions(6..=6))).await;
    assert_eq!(next_seq(&deliveries).await, 6);
    assert_eq!(rooms.take(), None, "a moment changes nothing");

    for (seq, place) in [(7, "INVITED"), (8, "SPEAKER"), (9, "HOST")] {
        peer.feed(&id, feed(seq - 1, &[person(seq, "Ada", place)]))
            .await;
        assert_eq!(next_seq(&deliveries).await, seq);
        let room = rooms.take().expect("it has changed");
        assert_eq!(room, client.room());
        assert_eq!(room.participants[0].version, 3);
        assert_eq!(
            format!("{:?}", room.participants[0].stage_role).to_uppercase(),
            place
        );
    }
}

#[tokio::test]
async fn each_follower_of_the_connection_is_told_of_it_from_where_it_stands() {
    let server = Server::start().await;
    let (client, peer, _) = follow(&server).await;
    let live = |state: &_| matches!(state, ConnectionState::Live { .. });
    let state = reached(&client, live).await;
    let followers = [client.connection_states(), client.connection_states()];
    for states in &followers {
        assert_eq!(within(states.next()).await, Some(state.clone()));
    }

    peer.send(&json!({"type": "ping"})).await;
    client.pause();

    for states in followers {
        assert_eq!(within(states.next()).await, Some(ConnectionState::Paused));
    }
}

#[tokio::test]
async fn whoever_looks_at_the_room_now_and_then_follows_nothing() {
    let server = Server::start().await;
    let (client, mut peer, id) = follow(&server).await;
    let rooms = client.rooms();
    assert!(rooms.take().is_some());
    assert!(within(rooms.wait()).await || rooms.take().is_some());
    let sent = overfill(&peer, &id, 5).await;
    peer.hang_up();

    let deliveries = client.deliveries();
    next_room(&deliveries).await;
    assert_eq!(next_seq(&deliveries).await, 6, "what waited was kept");
    let collected = tokio::spawn(async move {
        let mut seq = 6;
        while seq < sent {
            assert_eq!(next_seq(&deliveries).await, seq + 1);
            seq += 1;
        }
    });
    peer = server.accept().await;
    let (id, variables) = peer.subscription().await;
    let after: i64 = variables["after"]["seq"].as_str().unwrap().parse().unwrap();
    peer.feed(&id, feed(after, &contributions(after + 1..=sent)))
        .await;
    within(collected).await.unwrap();
}

#[tokio::test]
async fn a_wait_that_is_cancelled_takes_nothing_from_its_consumer_beside_others() {
    let server = Server::start().await;
    let (client, peer, id) = follow(&server).await;
    let (one, other) = (client.deliveries(), client.deliveries());
    next_room(&one).await;
    next_room(&other).await;
    let mut seqs = Vec::new();
    for seq in 6..=40 {
        // Cancelled at once, whether something is there or not.
        let _ = futures_util::FutureExt::now_or_never(one.wait());
        peer.feed(&id, feed(seq - 1, &contributions(seq..=seq)))
            .await;
        assert_eq!(next_seq(&other).await, seq);
        if seq % 5 == 0 {
            while seqs.len() < usize::try_from(seq - 5).unwrap() {
                seqs.push(next_seq(&one).await);
            }
        }
    }
    assert_eq!(seqs, (6..=40).collect::<Vec<_>>());
}

#[tokio::test]
async fn whoever_rests_holds_nobody_up_and_begins_anew_when_too_much_came() {
    let server = Server::start().await;
    let (client, peer, id) = follow(&server).await;
    let (resting, other) = (client.deliveries(), client.deliveries());
    next_room(&resting).await;
    next_room(&other).await;
    assert!(futures_util::FutureExt::now_or_never(resting.wait()).is_none());
    for seq in 6..=205 {
        peer.feed(&id, feed(seq - 1, &contributions(seq..=seq)))
            .await;
        assert_eq!(next_seq(&other).await, seq);
    }

    next_room(&resting).await;
    peer.feed(&id, feed(205, &contributions(206..=206))).await;
    assert_eq!(next_seq(&resting).await, 206);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_taken_while_its_consumer_leaves_is_taken_or_kept_and_never_both() {
    let server = Server::start().await;
    let (client, peer, id) = follow(&server).await;
    next_room(&client.deliveries()).await;
    for seq in 6..=505 {
        let consumer = client.deliveries();
        peer.feed(&id, feed(seq - 1, &contributions(seq..=seq)))
            .await;
        assert!(within(consumer.wait()).await);
        let leaving = tokio::task::spawn_blocking({
            let consumer = consumer.clone();
            move || consumer.leave()
        });
        let taken = consumer.take();
        leaving.await.unwrap();

        if taken.is_none() {
            assert_eq!(next_seq(&client.deliveries()).await, seq, "it was kept");
        } else {
            let next = client.deliveries();
            let nothing = futures_util::FutureExt::now_or_never(next.wait());
            assert!(nothing.is_none(), "{seq} is told twice");
        }
    }
}
