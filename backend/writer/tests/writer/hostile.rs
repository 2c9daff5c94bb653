//! Commands that are wrong, in one batch with those that are not: each is refused alone, and nothing is
//! undone for it.

use parlor_domain::contribution::Report;
use parlor_domain::id::RoomId;
use parlor_domain::room::RoomChange;
use parlor_domain::room_aggregate::RecordContributionRefusal;
use parlor_test_database::{Database, on_both_engines};
use parlor_writer::{Kind, NotDone, RecordContribution, UpdateRoom};

use crate::draws::actor;
use crate::guards::keep_busy;
use crate::scene::{Scene, donation};

on_both_engines! { bad_commands_are_refused_alone_and_cost_no_other_its_batch }

async fn bad_commands_are_refused_alone_and_cost_no_other_its_batch(database: Database) {
    let scene = Scene::make(database.url.clone()).await;
    let node = scene.start_node().await;
    let (one, other) = (scene.room("one").await, scene.room("other").await);
    let damaged = scene.live_room(&node, "damaged").await;
    node.give(&scene, damaged, "of-damaged", 1).await;
    database.run("UPDATE room_trains SET state = '{'").await;
    node.give(&scene, other, "of-other", 1).await;

    let (busy, let_go) = keep_busy(&scene, &node, one).await;
    node.told.take();
    let (writer, tenant_id) = (&node.writer, scene.tenant_id);
    let report = |room: RoomId, report: Report| {
        writer.submit(tenant_id, room, RecordContribution::new(room, report))
    };
    let elsewhere = Report {
        contribution_ref: "of-other".to_owned(),
        ..donation("k9", 1)
    };
    let take_slug = UpdateRoom {
        actor: actor("olga"),
        change: RoomChange {
            version: 1,
            slug: Some("other".to_owned()),
            ..RoomChange::default()
        },
    };
    let (k1, slug, k2, stolen, shared, reused, k3, unreadable, k4, ()) = tokio::join!(
        report(one, donation("k1", 1)),
        writer.submit(tenant_id, one, take_slug),
        report(other, donation("k2", 2)),
        report(one, elsewhere),
        report(one, donation("shared", 3)),
        report(other, donation("shared", 3)),
        report(other, donation("k3", 4)),
        report(damaged, donation("k5", 5)),
        report(one, donation("k4", 6)),
        async { let_go.send(()).unwrap() },
    );
    busy.await.unwrap();

    for good in [k1, k2, shared, k3, k4] {
        good.unwrap();
    }
    assert!(matches!(slug, Err(NotDone::Refused(_))), "{slug:?}");
    let of_other = RecordContributionRefusal::ReportedElsewhere("of-other".to_owned());
    assert_eq!(stolen, Err(NotDone::Refused(of_other)));
    let used = RecordContributionRefusal::KeyReused("shared".to_owned());
    assert_eq!(reused, Err(NotDone::Refused(used)));
    assert_eq!(unreadable, Err(NotDone::Unreadable(Kind::Room)));

    // A room is told of once a batch.
    let told = node.told.take();
    let gifts = |room: RoomId| -> Vec<usize> {
        let of_room = told
            .iter()
            .filter(|one| one.room_id == room && !one.events.is_empty());
        let moments = of_room.map(|one| {
            one.events
                .iter()
                .filter(|event| event.body.part().is_none())
                .count()
        });
        moments.collect()
    };
    assert_eq!(
        (gifts(one), gifts(other), gifts(damaged)),
        (vec![3], vec![2], vec![])
    );
    assert_eq!(
        database.number("SELECT COUNT(*) FROM contributions").await,
        7
    );
    node.stop().await;
}
