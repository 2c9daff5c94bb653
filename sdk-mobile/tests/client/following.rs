//! Following a room: connecting, coming back, and being refused.

use parlor::{
    Client, Config, ConnectionState, Failure, Placement, PlayheadReading, ServerUrlError,
    SyncSource,
};
use serde_json::json;

use crate::app::{config, connect, contributions, overfill, reached, shown};
use crate::server::{BASE, Server, contribution, feed, snapshot, within};

#[tokio::test]
async fn after_a_disconnect_it_goes_on_where_it_was() {
    let server = Server::start().await;
    let client = connect(&server, "room-1");
    let mut peer = server.accept().await;
    let (id, variables) = peer.subscription().await;
    assert_eq!(variables, json!({"roomId": "room-1"}));
    peer.feed(&id, snapshot(5)).await;
    peer.feed(&id, feed(5, &contributions(6..=7))).await;
    assert_eq!(shown(&client, 2).await, [6, 7]);
    peer.hang_up();

    let mut peer = server.accept().await;
    let (id, variables) = peer.subscription().await;
    assert_eq!(variables["after"], json!({"epoch": "e1", "seq": "7"}));
    peer.feed(&id, feed(6, &contributions(7..=9))).await;
    assert_eq!(shown(&client, 2).await, [8, 9]);
    assert_eq!(client.stats().duplicates, 1);
    assert_eq!(client.stats().disconnects, 1);
}

#[tokio::test]
async fn stopping_ends_the_wait_for_deliveries() {
    let server = Server::start().await;
    let client = connect(&server, "room-1");
    let mut peer = server.accept().await;
    let (id, _) = peer.subscription().await;
    peer.feed(&id, snapshot(0)).await;
    let waiting = tokio::spawn({
        let deliveries = client.deliveries();
        async move { while deliveries.next().await.is_some() {} }
    });
    let states = client.connection_states();

    client.stop();

    within(waiting).await.unwrap();
    assert_eq!(within(peer.closed()).await, Some(1000));
    assert_eq!(within(client.deliveries().next()).await, None);
    within(async { while states.next().await.is_some() {} }).await;
    assert_eq!(client.connection_state(), ConnectionState::Stopped);
}

#[tokio::test]
async fn dropping_the_last_reference_closes_the_socket() {
    let server = Server::start().await;
    let client = connect(&server, "room-1");
    let other = client.clone();
    let mut peer = server.accept().await;
    let (id, _) = peer.subscription().await;
    peer.feed(&id, snapshot(5)).await;

    drop(client);
    peer.feed(&id, feed(5, &contributions(6..=6))).await;
    assert_eq!(shown(&other, 1).await, [6]);
    drop(other);

    assert_eq!(peer.closed().await, Some(1000));
}

#[tokio::test]
async fn a_slow_application_is_left_behind_and_loses_nothing() {
    let server = Server::start().await;
    let client = connect(&server, "room-1");
    let mut peer = server.accept().await;
    let (id, _) = peer.subscription().await;
    peer.feed(&id, snapshot(0)).await;
    let sent = overfill(&peer, &id, 0).await;
    peer.hang_up();

    let mut seqs = Vec::new();
    let mut resumed = None;
    while seqs.last() != Some(&(sent + 5)) {
        tokio::select! {
            next = shown(&client, 1) => seqs.extend(next),
            peer = server.accept(), if resumed.is_none() => {
                resumed = Some(peer);
                let peer = resumed.as_mut().unwrap();
                let (id, variables) = peer.subscription().await;
                let after: i64 = variables["after"]["seq"].as_str().unwrap().parse().unwrap();
                peer.feed(&id, feed(after, &contributions(after + 1..=sent + 5))).await;
            }
        }
    }

    assert_eq!(seqs, (1..=sent + 5).collect::<Vec<_>>());
}

#[tokio::test]
async fn two_clients_follow_two_rooms() {
    let (one, other) = (Server::start().await, Server::start().await);
    let clients = [connect(&one, "room-1"), connect(&other, "room-2")];

    for (server, client, room, seq) in [
        (&one, &clients[0], "room-1", 10),
        (&other, &clients[1], "room-2", 20),
    ] {
        let mut peer = server.accept().await;
        let (id, variables) = peer.subscription().await;
        assert_eq!(variables["roomId"], room);
        peer.feed(&id, snapshot(seq)).await;
        peer.feed(&id, feed(seq, &contributions(seq + 1..=seq + 1)))
            .await;
        assert_eq!(shown(client, 1).await, [seq + 1]);
    }
}

#[tokio::test]
async fn an_unknown_room_ends_it() {
    let server = Server::start().await;
    let client = connect(&server, "no-room");
    let mut peer = server.accept().await;
    let (id, _) = peer.subscription().await;
    peer.send(&json!({"type": "error", "id": id, "payload": [
        {"message": "no such room", "extensions": {"code": "NOT_FOUND"}},
    ]}))
    .await;

    assert_eq!(within(client.deliveries().next()).await, None);
    assert_eq!(
        client.connection_state(),
        ConnectionState::Refused {
            failure: Failure::RoomNotFound
        }
    );
}

#[tokio::test]
async fn a_refused_token_waits_for_another() {
    let server = Server::start().await;
    let client = Client::connect(Config {
        token: Some("old".to_owned()),
        ..config(&server, "room-1")
    })
    .unwrap();
    let init = server.reject(4403).await;
    assert_eq!(init["payload"]["Authorization"], "Bearer old");
    let refused = ConnectionState::Refused {
        failure: Failure::SignInRequired,
    };
    reached(&client, |state| *state == refused).await;

    client.set_token("new".to_owned());

    let mut peer = server.accept().await;
    assert_eq!(peer.init["payload"]["Authorization"], "Bearer new");
    let (id, _) = peer.subscription().await;
    peer.feed(&id, snapshot(5)).await;
    peer.feed(&id, feed(5, &contributions(6..=6))).await;
    assert_eq!(shown(&client, 1).await, [6]);
}

#[tokio::test]
async fn a_servers_absence_is_waited_out_until_stopped() {
    let server = Server::start().await;
    let config = config(&server, "room-1");
    drop(server);
    let client = Client::connect(config).unwrap();

    let waiting = |state: &_| matches!(state, ConnectionState::Waiting { .. });
    let ConnectionState::Waiting { reason, .. } = reached(&client, waiting).await else {
        unreachable!("it was waited for");
    };
    client.stop();

    assert!(reason.contains("refused"), "{reason}");
    assert_eq!(within(client.deliveries().next()).await, None);
}

#[tokio::test]
async fn a_player_is_shown_what_its_picture_reaches() {
    let server = Server::start().await;
    let client = Client::connect(Config {
        placement: Placement::Player,
        ..config(&server, "room-1")
    })
    .unwrap();
    client.set_playhead(BASE + 10_000, false, 10_000);
    let mut peer = server.accept().await;
    let (id, variables) = peer.subscription().await;
    assert!(variables["at"].is_string(), "{variables}");
    let mut first = snapshot(5);
    first["events"] = json!([contribution(6, 9, "before"), contribution(7, 11, "after")]);
    first["throughSeq"] = json!("7");
    peer.feed(&id, first).await;
    assert_eq!(shown(&client, 1).await, [6]);

    client.set_playhead(BASE + 10_900, true, 10_000);

    assert_eq!(shown(&client, 1).await, [7]);
    assert_eq!(client.stats().skipped, 0);
}

#[test]
fn a_wrong_address_is_told_at_once() {
    let result = Client::connect(Config {
        server: "parlor.example".to_owned(),
        room_id: "room-1".to_owned(),
        placement: Placement::Companion,
        token: None,
        start_at_unix_millis: None,
        reports_watching: true,
        redemptions_folder: None,
    });

    let Err(ServerUrlError::Malformed { url, .. }) = result else {
        panic!("it was taken for an address");
    };
    assert_eq!(url, "parlor.example");
}

#[tokio::test]
async fn a_player_that_loses_its_playhead_is_not_one_that_has_none() {
    let server = Server::start().await;
    let client = Client::connect(Config {
        placement: Placement::Player,
        ..config(&server, "room-1")
    })
    .unwrap();
    assert_eq!(client.sync_source(), SyncSource::Awaited);
    client.set_playhead(BASE + 10_000, true, 10_000);
    let mut peer = server.accept().await;
    let (id, _) = peer.subscription().await;
    assert_eq!(client.sync_source(), SyncSource::Playhead);

    // The driver takes up what was lost before what comes in later.
    client.lose_playhead();
    let mut first = snapshot(5);
    first["events"] = json!([contribution(6, 9, "before")]);
    first["throughSeq"] = json!("6");
    peer.feed(&id, first).await;
    assert_eq!(shown(&client, 1).await, [6]);
    assert_eq!(client.sync_source(), SyncSource::PlayheadLost);
    let stands_at = client.picture_time_unix_millis();
    assert!(stands_at.is_some());

    client.clear_playhead();
    peer.feed(&id, feed(6, &[contribution(7, 10, "after")]))
        .await;
    assert_eq!(shown(&client, 1).await, [7]);
    assert_eq!(client.sync_source(), SyncSource::Delay);
}

/// What players say that is no number, an endless one, or one that no picture has.
const ODD: [f64; 4] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX];

#[tokio::test]
async fn whatever_a_player_says_the_client_goes_on_and_counts_it() {
    let server = Server::start().await;
    let client = Client::connect(Config {
        placement: Placement::Player,
        ..config(&server, "room-1")
    })
    .unwrap();
    #[expect(clippy::cast_precision_loss, reason = "as players give it")]
    let good = PlayheadReading {
        position_unix_millis: (BASE + 10_000) as f64,
        playing: false,
        speed: 1.0,
        age_ms: 0.0,
        is_frame: true,
    };
    client.report_playhead(good);
    let mut peer = server.accept().await;
    let (id, _) = peer.subscription().await;
    peer.feed(&id, snapshot(5)).await;
    assert_eq!(client.sync_source(), SyncSource::Playhead);

    let mut seq = 5;
    for odd in ODD {
        for reading in [
            PlayheadReading {
                position_unix_millis: odd,
                ..good
            },
            PlayheadReading {
                speed: -odd.abs(),
                ..good
            },
            PlayheadReading {
                age_ms: odd,
                ..good
            },
        ] {
            client.report_playhead(reading);
            // The driver takes up what was said before what comes in later.
            peer.feed(&id, feed(seq, &[contribution(seq + 1, 9, "seen")]))
                .await;
            seq += 1;
            assert_eq!(shown(&client, 1).await, [seq], "{reading:?}");
            client.report_playhead(good);
        }
    }
    let refused = client.stats().playheads_refused;
    // Whoever scans back has a place, however fast it is.
    assert_eq!(refused, 7, "positions and speeds, but no ages");
}
