//! A message that comes again is told the same, whenever and wherever it comes.

use parlor_domain::contribution::Status;
use parlor_domain::room_aggregate::RecordContributionRefusal;

use crate::harness::{Database, on_both_engines};
use crate::scene::{SeededIds, at, donation, live_room, record, report, tenant};

on_both_engines! {
    the_first_answer_survives_a_restart,
    a_key_used_for_other_content_is_refused,
    a_contribution_belongs_to_the_room_it_was_first_reported_to,
    later_messages_find_the_contribution_they_speak_of,
    tenants_have_keys_of_their_own,
}

async fn the_first_answer_survives_a_restart(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let room_id = live_room(&store, "room", tenant_id, &mut ids).await;
    let reports = [donation("k1", "ann", 100)];
    let (first, _) = record(&store, tenant_id, room_id, &reports, &mut ids, at(10))
        .await
        .unwrap();
    let head = store.head(room_id).await.unwrap();
    store.close().await;

    let store = database.open().await;
    let (second, committed) = record(&store, tenant_id, room_id, &reports, &mut ids, at(99))
        .await
        .unwrap();

    assert_eq!(second, first);
    assert_eq!(committed, []);
    assert_eq!(store.head(room_id).await.unwrap(), head);
    let contribution = first[0].clone().unwrap();
    let kept = store
        .contribution(tenant_id, contribution.id)
        .await
        .unwrap();
    assert_eq!(kept, Some(contribution));
}

async fn a_key_used_for_other_content_is_refused(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let room_id = live_room(&store, "room", tenant_id, &mut ids).await;
    let first = [donation("k1", "ann", 100)];
    record(&store, tenant_id, room_id, &first, &mut ids, at(10))
        .await
        .unwrap();

    let other = [donation("k1", "ann", 101)];
    let (answers, committed) = record(&store, tenant_id, room_id, &other, &mut ids, at(20))
        .await
        .unwrap();

    assert_eq!(
        answers,
        [Err(RecordContributionRefusal::KeyReused("k1".to_owned()))]
    );
    assert_eq!(committed, []);
}

async fn a_contribution_belongs_to_the_room_it_was_first_reported_to(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let one = live_room(&store, "one", tenant_id, &mut ids).await;
    let other = live_room(&store, "other", tenant_id, &mut ids).await;
    let settled = [report("k1", "r1", "ann", 100, Status::Settled)];
    record(&store, tenant_id, one, &settled, &mut ids, at(10))
        .await
        .unwrap();
    let before = store.snapshot(other).await.unwrap();

    let reversed = [report("k2", "r1", "ann", 100, Status::Reversed)];
    let (answers, committed) = record(&store, tenant_id, other, &reversed, &mut ids, at(20))
        .await
        .unwrap();

    let elsewhere = RecordContributionRefusal::ReportedElsewhere("r1".to_owned());
    assert_eq!((answers, committed), (vec![Err(elsewhere)], Vec::new()));
    assert_eq!(store.snapshot(other).await.unwrap(), before);
}

async fn later_messages_find_the_contribution_they_speak_of(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let room_id = live_room(&store, "room", tenant_id, &mut ids).await;

    let mut seen = Vec::new();
    for (key, status) in [
        ("m1", Status::Pending),
        ("m2", Status::Settled),
        ("m3", Status::Settled),
        ("m4", Status::Reversed),
    ] {
        let reports = [report(key, "r1", "ann", 100, status)];
        let (answers, _) = record(&store, tenant_id, room_id, &reports, &mut ids, at(10))
            .await
            .unwrap();
        let contribution = answers[0].clone().unwrap();
        let kept = store
            .contribution(tenant_id, contribution.id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(kept.status, contribution.status);
        seen.push((contribution.id, contribution.status));
    }

    let statuses: Vec<_> = seen.iter().map(|(_, status)| *status).collect();
    assert_eq!(
        statuses,
        [
            Status::Pending,
            Status::Settled,
            Status::Settled,
            Status::Reversed
        ]
    );
    assert!(seen.iter().all(|(id, _)| *id == seen[0].0));
    assert_eq!(
        database.number("SELECT COUNT(*) FROM contributions").await,
        1
    );
    assert_eq!(database.number("SELECT COUNT(*) FROM answers").await, 4);
}

async fn tenants_have_keys_of_their_own(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let (one, other) = (
        tenant(&store, &mut ids).await,
        tenant(&store, &mut ids).await,
    );
    let first = live_room(&store, "room", one, &mut ids).await;
    let second = live_room(&store, "room", other, &mut ids).await;
    let reports = [donation("k1", "ann", 100)];

    let (mine, _) = record(&store, one, first, &reports, &mut ids, at(10))
        .await
        .unwrap();
    let (theirs, _) = record(&store, other, second, &reports, &mut ids, at(10))
        .await
        .unwrap();

    assert_ne!(mine[0].as_ref().unwrap().id, theirs[0].as_ref().unwrap().id);
}
