//! What is for paying members alone, decided in the batch in which somebody becomes one, joins, or it becomes so.

use parlor_domain::id::RewardId;
use parlor_domain::membership::{MembershipReport, RawMembershipReport, Status};
use parlor_domain::reward::{Terms, TermsChange};
use parlor_domain::room_aggregate::{Order, RedeemRefusal, RewardDraft, RewardTarget};
use parlor_test_database::{Database, on_both_engines};
use parlor_writer::{ChangeReward, CreateReward, NotDone, RecordMembership, Redeem, RewardChange};

use crate::draws::{actor, drawn, enter, join};
use crate::guards::keep_busy;
use crate::scene::Scene;

on_both_engines! {
    whoever_becomes_a_paying_member_in_a_batch_is_one_in_it,
    a_draw_stays_for_those_for_whom_it_was_opened,
}

const MONTH_MS: i64 = 30 * 86_400_000;

fn pay(scene: &Scene, name: &str) -> RecordMembership {
    let now = scene.now();
    let report = MembershipReport::parse(RawMembershipReport {
        idempotency_key: format!("pay {name}"),
        provider: "stripe".to_owned(),
        membership_ref: format!("of {name}"),
        viewer_id: name.to_owned(),
        status: Status::Active,
        tier: 1,
        period_starts_at: now,
        period_ends_at: now.plus_millis(MONTH_MS),
        months: None,
        is_gift: false,
        giver_id: None,
        giver_name: None,
        occurred_at: now,
    });

    RecordMembership(report.unwrap())
}

/// Has a reward that was not changed before be for those of a tier, or for everybody.
fn for_tier(tier_min: Option<u8>, id: RewardId) -> ChangeReward {
    let change = TermsChange {
        membership_tier_min: Some(tier_min),
        ..TermsChange::default()
    };
    let target = RewardTarget { id, version: 1 };

    ChangeReward {
        actor: actor("staff"),
        change: RewardChange::Update(target, Box::new(change)),
    }
}

async fn whoever_becomes_a_paying_member_in_a_batch_is_one_in_it(database: Database) {
    let scene = Scene::make(database.url.clone()).await;
    let node = scene.start_node().await;
    let (room, busy_room) = (scene.room("one").await, scene.room("busy").await);
    let plain = Terms {
        draw: None,
        ..drawn()
    };
    let draft = RewardDraft::new("for everybody".to_owned(), plain).unwrap();
    let make = CreateReward::new(room, actor("staff"), draft);
    let reward = node.submit(&scene, room, make).await;
    // Before anybody knows them.
    node.submit(&scene, room, pay(&scene, "ben")).await;

    let (busy, let_go) = keep_busy(&scene, &node, busy_room).await;
    let close = for_tier(Some(1), reward.id);
    let redeem = |name: &str| {
        let order = Order::new(name.to_owned(), reward.id, None, None).unwrap();
        let redeem = Redeem::new(room, actor(name), order);
        node.writer.submit(scene.tenant_id, room, redeem)
    };
    let (closed, _, _, _, _, ben, cem, dan, ()) = tokio::join!(
        node.submit(&scene, room, close),
        node.submit(&scene, room, pay(&scene, "dan")),
        node.submit(&scene, room, join("ben")),
        node.submit(&scene, room, join("cem")),
        node.submit(&scene, room, join("dan")),
        redeem("ben"),
        redeem("cem"),
        redeem("dan"),
        async { let_go.send(()).unwrap() },
    );
    busy.await.unwrap();

    assert_eq!(closed.terms.membership_tier_min, Some(1));
    let (available, cost) = (0, 1);
    let poor = || NotDone::Refused(RedeemRefusal::InsufficientPoints { available, cost });
    assert_eq!(ben, Err(poor()));
    assert_eq!(dan, Err(poor()));
    let members_only = RedeemRefusal::MembersOnly { tier_min: 1 };
    assert_eq!(cem, Err(NotDone::Refused(members_only)));
    node.stop().await;
}

/// Whatever the reward is changed to meanwhile.
async fn a_draw_stays_for_those_for_whom_it_was_opened(database: Database) {
    let scene = Scene::make(database.url.clone()).await;
    let node = scene.start_node().await;
    let (room, members_room) = (scene.room("one").await, scene.room("two").await);
    let (available, cost) = (0, 1);
    let poor = RedeemRefusal::InsufficientPoints { available, cost };
    let redeem = |key: &str, room, id| {
        let order = Order::new(key.to_owned(), id, None, None).unwrap();
        let redeem = Redeem::new(room, actor("cem"), order);
        node.writer.submit(scene.tenant_id, room, redeem)
    };
    let opened = enter(&scene, &node, room, None).await;
    node.submit(&scene, room, for_tier(Some(1), opened)).await;
    node.submit(&scene, room, join("cem")).await;
    let refused = redeem("for all", room, opened).await;
    assert_eq!(refused, Err(NotDone::Refused(poor)));

    node.submit(&scene, members_room, pay(&scene, "ana")).await;
    let opened = enter(&scene, &node, members_room, Some(1)).await;
    node.submit(&scene, members_room, for_tier(None, opened))
        .await;
    node.submit(&scene, members_room, join("cem")).await;
    let refused = redeem("for members", members_room, opened).await;
    let members_only = RedeemRefusal::MembersOnly { tier_min: 1 };
    assert_eq!(refused, Err(NotDone::Refused(members_only)));
    node.stop().await;
}
