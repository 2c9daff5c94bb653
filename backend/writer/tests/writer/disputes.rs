//! Whoever disputes a redemption, and whoever sees to it, at once.

use parlor_domain::dispute::{Dispute, DisputeStatus, Subject};
use parlor_domain::id::{RedemptionId, RoomId};
use parlor_domain::reward::{Redemption, RedemptionStatus, Terms};
use parlor_domain::room_aggregate::{
    Adjustment, AdjustmentKind, DisputeHold, DisputeOpening, DisputeOutcome, DisputeRefusal,
    DisputeResolution, Order, Refund, RewardDraft, Settlement,
};
use parlor_test_database::{Database, on_both_engines};
use parlor_writer::{
    AdjustPoints, CreateReward, HoldDispute, NotDone, OpenDispute, Redeem, RefundRedemption,
    ResolveDispute, Settle,
};

use crate::draws::{actor, drawn, join};
use crate::guards::keep_busy;
use crate::scene::{Node, Scene};

on_both_engines! {
    a_redemption_is_fulfilled_and_disputed_in_one_batch,
    a_case_is_held_for_resolved_and_its_redemption_refunded_in_one_batch,
}

/// A redemption of Ana's that costs 30 of her 100 points.
async fn redeemed(scene: &Scene, node: &Node, room: RoomId) -> Redemption {
    let ana = node.submit(scene, room, join("ana")).await;
    let (kind, reason) = (AdjustmentKind::Grant, "to begin".to_owned());
    let grant = Adjustment::new("grant".to_owned(), ana.id, kind, 100, reason).unwrap();
    let grant = AdjustPoints::new(room, actor("staff"), grant);
    node.submit(scene, room, grant).await;
    let terms = Terms {
        cost: 30,
        draw: None,
        ..drawn()
    };
    let draft = RewardDraft::new("reward".to_owned(), terms).unwrap();
    let make = CreateReward::new(room, actor("staff"), draft);
    let reward = node.submit(scene, room, make).await;
    let order = Order::new("order".to_owned(), reward.id, None, None).unwrap();

    node.submit(scene, room, Redeem::new(room, actor("ana"), order))
        .await
}

fn open(room: RoomId, id: RedemptionId) -> OpenDispute {
    let (subject, reason) = (Subject::Redemption(id), "never done".to_owned());
    let opening = DisputeOpening::new("open".to_owned(), None, subject, reason).unwrap();
    OpenDispute::new(room, actor("ana"), opening)
}

fn fulfill(id: RedemptionId) -> Settle {
    Settle {
        actor: actor("staff"),
        id,
        settlement: Settlement::Fulfill,
    }
}

fn resolve(room: RoomId, case: &Dispute, points: i64) -> ResolveDispute {
    let (key, outcome) = ("resolve".to_owned(), DisputeOutcome::GiveBack(points));
    let words = "so be it".to_owned();
    let resolution = DisputeResolution::new(key, case.id, outcome, words).unwrap();
    ResolveDispute::new(room, actor("staff"), resolution)
}

async fn a_redemption_is_fulfilled_and_disputed_in_one_batch(database: Database) {
    let scene = Scene::make(database.url.clone()).await;
    let node = scene.start_node().await;
    let (room, busy_room) = (scene.room("one").await, scene.room("busy").await);
    let bought = redeemed(&scene, &node, room).await;

    let (busy, let_go) = keep_busy(&scene, &node, busy_room).await;
    let (fulfilled, case, ()) = tokio::join!(
        node.submit(&scene, room, fulfill(bought.id)),
        node.submit(&scene, room, open(room, bought.id)),
        async { let_go.send(()).unwrap() },
    );
    busy.await.unwrap();

    assert_eq!(fulfilled.status, RedemptionStatus::Fulfilled);
    assert_eq!(
        (case.status, case.subject),
        (DisputeStatus::Open, Subject::Redemption(bought.id))
    );
}

async fn a_case_is_held_for_resolved_and_its_redemption_refunded_in_one_batch(database: Database) {
    let scene = Scene::make(database.url.clone()).await;
    let node = scene.start_node().await;
    let (room, busy_room) = (scene.room("one").await, scene.room("busy").await);
    let bought = redeemed(&scene, &node, room).await;
    let case = node.submit(&scene, room, open(room, bought.id)).await;

    let (busy, let_go) = keep_busy(&scene, &node, busy_room).await;
    let hold = DisputeHold::new("hold".to_owned(), case.id, 50).unwrap();
    let hold = HoldDispute::new(room, actor("staff"), hold);
    let reason = "sorry".to_owned();
    let refund = Refund::new("refund".to_owned(), bought.id, Some(20), reason).unwrap();
    let refund = RefundRedemption::new(room, actor("staff"), refund);
    let (fulfilled, case, refunded, refused, ()) = tokio::join!(
        node.submit(&scene, room, fulfill(bought.id)),
        node.submit(&scene, room, hold),
        node.submit(&scene, room, refund),
        node.writer
            .submit(scene.tenant_id, room, resolve(room, &case, 11)),
        async { let_go.send(()).unwrap() },
    );
    busy.await.unwrap();

    assert_eq!(fulfilled.status, RedemptionStatus::Fulfilled);
    assert_eq!((case.held, refunded.refunded), (50, 20));
    let (left, asked) = (10, 11);
    let too_much = DisputeRefusal::TooMuch { left, asked };
    assert_eq!(refused, Err(NotDone::Refused(too_much)));
}
