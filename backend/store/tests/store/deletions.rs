//! A deleted room is gone at once, and what it leaves behind is cleared away.

use parlor_domain::id::{RoomId, TenantId, ViewerId};
use parlor_domain::room_aggregate::{Actor, DeleteRoomRefusal};
use parlor_domain::time::ServerTime;
use parlor_store::{Committed, DueKind, DueWork, InsertRoom, RoomNeeds, Store};

use crate::harness::{Database, on_both_engines};
use crate::scene::{SeededIds, at, donation, lease, live_room, needs, new_room, record, tenant};

on_both_engines! {
    nothing_of_a_deleted_room_is_left,
    a_room_that_was_given_something_is_kept,
    a_batch_cannot_delete_what_it_gave_something_to,
}

const TABLES: [&str; 12] = [
    "rooms",
    "sessions",
    "overlay_tokens",
    "room_trains",
    "room_censuses",
    "room_earnings",
    "events",
    "parts",
    "keyframes",
    "participants",
    "presences",
    "audit_entries",
];

async fn claim(store: &Store, holder: u128, now: ServerTime) -> Vec<DueWork> {
    let claimed = store.claim_due(DueKind::RoomClearing, lease(holder, now), 10);
    claimed.await.unwrap()
}

async fn rows(database: &Database, table: &str) -> i64 {
    database
        .number(&format!("SELECT COUNT(*) FROM {table}"))
        .await
}

/// A room in which 1,200 people are and whose session is over.
async fn crowded_room(store: &Store, tenant_id: TenantId, ids: &mut SeededIds) -> RoomId {
    let room_id = live_room(store, "crowd", tenant_id, ids).await;
    let names: Vec<_> = (0..1_200)
        .map(|n| ViewerId::parse(&format!("guest-{n}")).unwrap())
        .collect();
    let mut needed = RoomNeeds::new(tenant_id, room_id);
    needed.people.actors.clone_from(&names);
    let mut batch = store.begin(&[needed]).await.unwrap();
    let room = batch.room(tenant_id, room_id).unwrap();
    for viewer_id in names {
        let name = viewer_id.as_str().to_owned();
        let actor = Actor {
            viewer_id,
            is_staff: false,
        };
        room.join(&actor, &actor.viewer_id, &name, ids, at(2))
            .unwrap();
    }
    room.end_session(ids, at(3)).unwrap();
    batch.commit().await.unwrap();

    room_id
}

async fn delete(
    store: &Store,
    (tenant_id, room_id): (TenantId, RoomId),
) -> Result<Vec<Committed>, DeleteRoomRefusal> {
    let mut needed = RoomNeeds::new(tenant_id, room_id);
    needed.contributions.any = true;
    needed.points.ledger = true;
    let mut batch = store.begin(&[needed]).await.unwrap();
    let room = batch.room(tenant_id, room_id).unwrap();
    room.delete_room(room.room.version)?;
    assert!(room.is_deleted());

    Ok(batch.commit().await.unwrap())
}

async fn nothing_of_a_deleted_room_is_left(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let kept = live_room(&store, "kept", tenant_id, &mut ids).await;
    let mut before = Vec::new();
    for table in TABLES {
        before.push(rows(&database, table).await);
    }
    let room_id = crowded_room(&store, tenant_id, &mut ids).await;
    assert_eq!(rows(&database, "participants").await, 1_200);

    let committed = delete(&store, (tenant_id, room_id)).await.unwrap();

    assert_eq!(committed.len(), 1);
    assert!(committed[0].is_deleted && committed[0].events.is_empty());
    assert_eq!(store.room(room_id).await.unwrap(), None);
    assert_eq!(store.head(room_id).await.unwrap(), None);
    assert!(
        store
            .begin(&[needs(tenant_id, room_id, &[])])
            .await
            .unwrap()
            .room(tenant_id, room_id)
            .is_err()
    );
    let again = new_room("crowd", tenant_id, &mut ids);
    let inserted = store.insert_room(&again).await.unwrap();
    assert_eq!(inserted, InsertRoom::Inserted, "the slug is free again");
    delete(&store, (tenant_id, again.room.id)).await.unwrap();

    // As far as it got before a crash.
    let due = claim(&store, 1, at(10)).await;
    assert_eq!(due.len(), 2);
    let mut crowd = due
        .into_iter()
        .find(|due| due.room_id() == room_id)
        .unwrap();
    let cleared = store.clear_deleted_room(&mut crowd, lease(1, at(10)));
    assert!(cleared.await.unwrap());
    store.close().await;
    let store = database.open().await;
    assert_eq!(claim(&store, 2, at(10)).await, []);
    assert_eq!(rows(&database, "due_work").await, 2);

    // Somebody else takes it from there, and whoever comes back too late takes no step more.
    let mut steps = 0;
    let later = at(10).plus_millis(5_000);
    for mut due in claim(&store, 2, later).await {
        if due.room_id() == room_id {
            assert_eq!((due.attempts, &due.progress), (2, &crowd.progress));
        }
        while store
            .clear_deleted_room(&mut due, lease(2, later))
            .await
            .unwrap()
        {
            let too_late = store.clear_deleted_room(&mut crowd, lease(1, later));
            assert!(!too_late.await.unwrap());
            steps += 1;
            assert!(steps < 100, "it never ends");
        }
    }
    for (table, before) in TABLES.into_iter().zip(before) {
        assert_eq!(rows(&database, table).await, before, "{table}");
    }
    assert_eq!(rows(&database, "due_work").await, 0);
    assert!(store.room(kept).await.unwrap().is_some());
}

async fn a_room_that_was_given_something_is_kept(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let room_id = live_room(&store, "given", tenant_id, &mut ids).await;
    let other = live_room(&store, "other", tenant_id, &mut ids).await;
    let reports = [donation("k1", "ann", 600)];
    record(&store, tenant_id, room_id, &reports, &mut ids, at(10))
        .await
        .unwrap();
    for room_id in [room_id, other] {
        let refused = delete(&store, (tenant_id, room_id)).await;
        assert_eq!(refused.unwrap_err(), DeleteRoomRefusal::SessionLive);
        let mut batch = store
            .begin(&[needs(tenant_id, room_id, &[])])
            .await
            .unwrap();
        let room = batch.room(tenant_id, room_id).unwrap();
        room.end_session(&mut ids, at(20)).unwrap();
        batch.commit().await.unwrap();
    }

    let refused = delete(&store, (tenant_id, room_id)).await;
    assert_eq!(refused.unwrap_err(), DeleteRoomRefusal::HasContributions);
    assert!(store.room(room_id).await.unwrap().is_some());
    delete(&store, (tenant_id, other)).await.unwrap();
}

async fn a_batch_cannot_delete_what_it_gave_something_to(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let made = new_room("s", tenant_id, &mut ids);
    store.insert_room(&made).await.unwrap();
    let report = donation("k1", "ann", 600);
    let mut needed = needs(tenant_id, made.room.id, std::slice::from_ref(&report));
    needed.contributions.any = true;
    needed.points.ledger = true;

    let mut batch = store.begin(&[needed]).await.unwrap();
    let room = batch.room(tenant_id, made.room.id).unwrap();
    let print = crate::scene::fingerprint(&report);
    room.record_contribution(report, print, &mut ids, at(5))
        .unwrap();
    assert_eq!(
        room.delete_room(2),
        Err(DeleteRoomRefusal::StaleVersion {
            current: 1,
            given: 2
        })
    );
    assert_eq!(
        room.delete_room(1),
        Err(DeleteRoomRefusal::HasContributions)
    );
    assert!(!room.is_deleted());
    batch.commit().await.unwrap();
}
