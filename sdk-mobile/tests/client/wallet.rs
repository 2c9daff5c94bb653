//! What the viewer has is followed while somebody wants it, and never as another viewer's.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parlor::{Client, Config, DecidedMinute, RedemptionStatus, Wallet, WatchOutcome};
use serde_json::{Value, json};
use std::sync::Arc;

use crate::app::{config, overfill};
use crate::server::{Peer, Server, snapshot, within};

#[tokio::test]
async fn a_wallet_is_asked_for_once_somebody_follows_it_and_until_nobody_does() {
    let (_server, client, mut peer) = live().await;
    let (one, other) = (client.wallets(), client.wallets());
    let id = asked(&mut peer).await;
    assert_eq!(within(one.next()).await.unwrap().wallet, None);
    tell(&peer, &id, wallet("ana", 70)).await;

    for followed in [&one, &other] {
        let wallet = loop {
            if let Some(wallet) = within(followed.next()).await.unwrap().wallet {
                break wallet;
            }
        };
        assert_eq!(wallet.participant_id, "ana");
        assert_eq!(
            (wallet.balance, wallet.held, wallet.available),
            (70, 30, 40)
        );
        assert_eq!(followed.take(), None);
    }
    drop(one);
    drop(other);
    let over = peer.message().await;
    assert_eq!(
        (over["type"].as_str(), over["id"].as_str()),
        (Some("complete"), Some(&*id))
    );
    // Only now is it asked for anew.
    let _again = client.wallets();
    asked(&mut peer).await;
}

#[tokio::test]
async fn what_is_newer_than_this_version_is_unknown_and_the_rest_is_read() {
    let (_server, client, mut peer) = live().await;
    let wallets = client.wallets();
    let id = asked(&mut peer).await;
    let mut newer = wallet("ana", 70);
    let mut won = redemption("UNFULFILLED");
    won["drawnAt"] = json!("2026-01-02T03:05:05.678Z");
    newer["redemptions"] = json!([
        won,
        redemption("FROZEN"),
        redemption("ENTERED"),
        redemption("NOT_DRAWN")
    ]);
    newer["lastMinute"] = json!({
        "minute": "2026-01-02T03:04:00.000Z", "outcome": "TOO_LOUD", "points": null,
    });
    newer["mood"] = json!("good");
    tell(&peer, &id, newer).await;

    let wallet = theirs(&wallets).await;
    let statuses: Vec<_> = wallet.redemptions.iter().map(|one| one.status).collect();
    assert_eq!(
        statuses,
        [
            RedemptionStatus::Unfulfilled,
            RedemptionStatus::Unknown,
            RedemptionStatus::Entered,
            RedemptionStatus::NotDrawn
        ]
    );
    let drawn_at = |index: usize| wallet.redemptions[index].drawn_at_unix_millis;
    assert_eq!((drawn_at(0), drawn_at(2)), (Some(1_767_323_105_678), None));
    let first = &wallet.redemptions[0];
    assert_eq!((first.title.as_str(), first.cost), ("A song", 30));
    assert_eq!(first.redeemed_at_unix_millis, 1_767_323_045_678);
    let minute = DecidedMinute {
        minute_unix_millis: 1_767_323_040_000,
        outcome: WatchOutcome::Unknown,
        points: None,
    };
    assert_eq!(wallet.last_minute, Some(minute));
    let watching = wallet.watching.as_ref().unwrap();
    assert_eq!((watching.slots, watching.slots_wanted), (2, 5));
    assert!(watching.has_watched);
    let card = watching.stamp_card.as_ref().unwrap();
    assert_eq!((card.stamps, card.stamps_wanted, card.sessions), (1, 3, 4));
}

#[tokio::test]
async fn what_one_viewer_has_is_gone_once_the_next_ones_token_is_given() {
    let (_server, client, mut peer) = live().await;
    let wallets = client.wallets();
    let id = asked(&mut peer).await;
    tell(&peer, &id, wallet("ana", 70)).await;
    theirs(&wallets).await;

    client.set_token(token("ana", "renewed"));
    assert_eq!(wallets.take(), None, "it is still theirs");
    client.set_token(token("ben", "first"));
    assert_eq!(wallets.take().unwrap().wallet, None);
    // What is told of the viewer before is told to nobody.
    tell(&peer, &id, wallet("ana", 90)).await;
    let late = wallets.take().and_then(|now| now.wallet);
    assert_eq!(late, None);
}

#[tokio::test]
async fn what_one_viewer_has_is_gone_also_while_the_driver_stands_still() {
    let (_server, client, mut peer) = live().await;
    let wallets = client.wallets();
    let id = asked(&mut peer).await;
    tell(&peer, &id, wallet("ana", 70)).await;
    theirs(&wallets).await;
    // It consumes nothing, and so the client reads nothing.
    let _deliveries = client.deliveries();
    overfill(&peer, "1", 5).await;

    client.set_token(token("ben", "first"));
    assert_eq!(wallets.take().unwrap().wallet, None);
}

#[tokio::test]
async fn tokens_of_another_and_of_the_first_again_leave_the_first_theirs() {
    let (_server, client, mut peer) = live().await;
    let wallets = client.wallets();
    let id = asked(&mut peer).await;
    tell(&peer, &id, wallet("ana", 70)).await;
    theirs(&wallets).await;
    // The driver hears of the last alone: it runs on this very thread.
    client.set_token(token("ben", "first"));
    client.set_token(token("ana", "again"));
    assert_eq!(wallets.take().unwrap().wallet, None);

    assert_eq!(theirs(&wallets).await.balance, 70);
}

#[tokio::test]
async fn who_follows_a_wallet_alone_is_not_held_up_by_what_nobody_consumes() {
    let (_server, client, mut peer) = live().await;
    let wallets = client.wallets();
    let id = asked(&mut peer).await;
    let long = "x".repeat(1_000);
    for seq in 5..205 {
        let event = crate::server::contribution(seq + 1, 0, &long);
        peer.feed("1", crate::server::feed(seq, &[event])).await;
    }
    tell(&peer, &id, wallet("ana", 70)).await;

    assert_eq!(theirs(&wallets).await.balance, 70);
}

#[tokio::test]
async fn whoever_waits_for_a_wallet_is_told_of_the_clients_end() {
    let (_server, client, mut peer) = live().await;
    let wallets = client.wallets();
    asked(&mut peer).await;
    within(wallets.next()).await;
    let waiting = tokio::spawn({
        let wallets = wallets.clone();
        async move { wallets.next().await }
    });
    client.stop();

    assert_eq!(within(waiting).await.unwrap(), None);
    assert!(!within(client.wallets().wait()).await);
}

/// A client of somebody, who follows a room.
async fn live() -> (Server, Arc<Client>, Peer) {
    let server = Server::start().await;
    let client = Client::connect(Config {
        token: Some(token("ana", "first")),
        ..config(&server, "room-1")
    });
    let client = client.unwrap();
    let mut peer = server.accept().await;
    let (id, _) = peer.subscription().await;
    assert_eq!(id, "1");
    peer.feed(&id, snapshot(5)).await;

    (server, client, peer)
}

/// Waits until the viewer's wallet is asked for, and for nothing else before. Returns the operation's id.
async fn asked(peer: &mut Peer) -> String {
    let message = peer.message().await;
    assert_eq!(message["type"], "subscribe", "{message}");
    let query = message["payload"]["query"].as_str().unwrap();
    assert!(query.contains("liveViewer"), "{query}");

    message["id"].as_str().unwrap().to_owned()
}

async fn tell(peer: &Peer, id: &str, wallet: Value) {
    let message = json!({ "epoch": "e", "version": "1", "wallet": wallet });
    let message = json!({
        "type": "next", "id": id, "payload": { "data": { "liveViewer": message } },
    });

    assert!(peer.send(&message).await);
}

/// Waits until there is a wallet.
async fn theirs(wallets: &parlor::Wallets) -> Wallet {
    loop {
        let now = within(wallets.next()).await.expect("the client goes on");
        if let Some(wallet) = now.wallet {
            return wallet;
        }
    }
}

fn wallet(who: &str, balance: i64) -> Value {
    json!({
        "participantId": who, "balance": balance.to_string(), "held": "30",
        "debt": "0",
        "available": (balance - 30).to_string(), "redemptions": [], "lastMinute": null,
        "watching": {
            "slots": 2, "slotsWanted": 5, "hasWatched": true,
            "stampCard": { "stamps": 1, "stampsWanted": 3, "sessions": 4 },
        },
    })
}

fn redemption(status: &str) -> Value {
    json!({
        "id": "r1", "rewardId": "w1", "title": "A song", "cost": "30", "input": null, "status": status,
        "redeemedAt": "2026-01-02T03:04:05.678Z", "settledAt": null, "refunded": "0",
        "expiresAt": null,
    })
}

fn token(sub: &str, id: &str) -> String {
    let claims = json!({ "sub": sub, "jti": id }).to_string();

    format!("e30.{}.none", URL_SAFE_NO_PAD.encode(claims))
}
