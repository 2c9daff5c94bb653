//! Draws that were due while no server ran: none is left out, however many of them come at once.

use parlor_domain::id::{RewardId, RoomId, ViewerId};
use parlor_domain::reward::{ROOM_ENTRIES_MAX, Terms};
use parlor_domain::room_aggregate::{
    Actor, Adjustment, AdjustmentKind, Order, RedeemRefusal, RewardDraft,
};
use parlor_test_database::{Database, on_both_engines};
use parlor_writer::{AdjustPoints, CreateReward, Join, NotDone, Redeem};

use crate::guards::keep_busy;
use crate::scene::{Node, Scene};

on_both_engines! {
    whoever_joins_and_redeems_in_one_batch_is_told_what_they_lack,
    what_is_too_much_for_one_batch_is_done_in_several,
}

const WINDOW_MS: i64 = 60_000;

pub(crate) fn actor(name: &str) -> Actor {
    Actor {
        viewer_id: ViewerId::parse(name).unwrap(),
        is_staff: name == "staff",
    }
}

pub(crate) fn drawn() -> Terms {
    let terms = format!(
        r#"{{ "title": "Hydrate", "prompt": null, "cost": 1, "input": {{ "kind": "none" }}, "color": null, "is_enabled": true,
            "is_paused": false, "auto_fulfills": false, "redeemable_offline": true,
            "limits": {{ "cooldown_ms": null, "viewer_cooldown_ms": null, "per_session": null,
                "per_viewer_and_session": null }},
            "draw": {{ "window_ms": {WINDOW_MS}, "winners": 1 }} }}"#
    );
    serde_json::from_str(&terms).unwrap()
}

pub(crate) fn join(name: &str) -> Join {
    Join {
        actor: actor("staff"),
        viewer_id: actor(name).viewer_id,
        name: name.to_owned(),
    }
}

/// Has somebody join the room, be given a point, and enter a draw of it, for those of a tier or for everybody.
pub(crate) async fn enter(
    scene: &Scene,
    node: &Node,
    room: RoomId,
    membership_tier_min: Option<u8>,
) -> RewardId {
    // What is unique of keys is so for the whole tenant.
    let key = |what: &str| format!("{what} of {room}");
    let ana = node.submit(scene, room, join("ana")).await;
    let (kind, reason) = (AdjustmentKind::Grant, "to begin".to_owned());
    let grant = Adjustment::new(key("grant"), ana.id, kind, 1, reason).unwrap();
    let grant = AdjustPoints::new(room, actor("staff"), grant);
    node.submit(scene, room, grant).await;
    let terms = Terms {
        membership_tier_min,
        ..drawn()
    };
    let draft = RewardDraft::new(key("reward"), terms).unwrap();
    let make = CreateReward::new(room, actor("staff"), draft);
    let reward = node.submit(scene, room, make).await;
    let order = Order::new(key("order"), reward.id, None, None).unwrap();
    let redeem = Redeem::new(room, actor("ana"), order);
    node.submit(scene, room, redeem).await;

    reward.id
}

async fn whoever_joins_and_redeems_in_one_batch_is_told_what_they_lack(database: Database) {
    let scene = Scene::make(database.url.clone()).await;
    let node = scene.start_node().await;
    let (room, busy_room) = (scene.room("one").await, scene.room("busy").await);
    // One of a draw that is open, and one that nothing is known of.
    let drawn_reward = enter(&scene, &node, room, None).await;
    let plain = Terms {
        draw: None,
        ..drawn()
    };
    let draft = RewardDraft::new("a plain one".to_owned(), plain).unwrap();
    let make = CreateReward::new(room, actor("staff"), draft);
    let plain_reward = node.submit(&scene, room, make).await.id;

    let (busy, let_go) = keep_busy(&scene, &node, busy_room).await;
    let redeem = |key: &str, id| {
        let order = Order::new(key.to_owned(), id, None, None).unwrap();
        let redeem = Redeem::new(room, actor("ben"), order);
        node.writer.submit(scene.tenant_id, room, redeem)
    };
    let (joined, entered, redeemed, ()) = tokio::join!(
        node.submit(&scene, room, join("ben")),
        redeem("into a draw", drawn_reward),
        redeem("at once", plain_reward),
        async { let_go.send(()).unwrap() },
    );
    busy.await.unwrap();

    assert_eq!(joined.name, "ben");
    let (available, cost) = (0, 1);
    let poor = RedeemRefusal::InsufficientPoints { available, cost };
    assert_eq!(entered, Err(NotDone::Refused(poor.clone())));
    assert_eq!(redeemed, Err(NotDone::Refused(poor)));
    node.stop().await;
}

async fn what_is_too_much_for_one_batch_is_done_in_several(database: Database) {
    let scene = Scene::make(database.url.clone()).await;
    let node = scene.start_node().await;
    let busy_room = scene.room("busy").await;
    let mut rooms = Vec::new();
    for slug in ["one", "two", "three"] {
        let room = scene.room(slug).await;
        enter(&scene, &node, room, None).await;
        rooms.push(room);
    }
    // As if each had more of them than two rooms may have together in one batch.
    let many = format!("UPDATE draws SET entries = {}", ROOM_ENTRIES_MAX / 2 + 1);
    database.run(&many).await;

    let (busy, let_go) = keep_busy(&scene, &node, busy_room).await;
    scene.clock.advance_millis(WINDOW_MS);
    let submit = |room, name| node.submit(&scene, room, join(name));
    let (one, two, three, again, ()) = tokio::join!(
        submit(rooms[0], "ben"),
        submit(rooms[1], "ben"),
        submit(rooms[2], "ben"),
        submit(rooms[1], "cem"),
        async { let_go.send(()).unwrap() },
    );
    busy.await.unwrap();
    assert_eq!(
        [&one, &two, &three].map(|who| who.name.as_str()),
        ["ben"; 3]
    );
    assert_eq!(again.number.0, two.number.0 + 1, "in the order they came");
    let undrawn = "SELECT COUNT(*) FROM draws WHERE drawn_at IS NULL";
    assert_eq!(database.number(undrawn).await, 0);
    let won = "SELECT COUNT(*) FROM redemptions WHERE status = 'unfulfilled'";
    assert_eq!(database.number(won).await, 3);
    node.stop().await;
}
