//! Sessions come back as they were written, with what they wait for.

use parlor_domain::id::{RoomId, TenantId};
use parlor_domain::room_aggregate::RoomAggregate;
use parlor_domain::session::INTERRUPTION_GRACE_MS_DEFAULT;
use parlor_domain::time::ServerTime;
use parlor_store::Store;

use crate::harness::{Database, on_both_engines};
use crate::scene::{SeededIds, at, donation, live_room, needs, record, tenant};

on_both_engines! {
    an_interrupted_session_waits_until_the_rooms_grace_is_over,
    a_room_waits_for_whatever_runs_out_first,
}

/// Has `decide` decide on the room, and writes it.
async fn change<T>(
    store: &Store,
    (tenant_id, room_id): (TenantId, RoomId),
    decide: impl FnOnce(&mut RoomAggregate) -> T,
) -> T {
    let mut batch = store
        .begin(&[needs(tenant_id, room_id, &[])])
        .await
        .unwrap();
    let decided = decide(batch.room(tenant_id, room_id).unwrap());
    batch.commit().await.unwrap();

    decided
}

async fn deadlines(store: &Store) -> Vec<(RoomId, TenantId, ServerTime)> {
    store.deadlines().await.unwrap()
}

async fn an_interrupted_session_waits_until_the_rooms_grace_is_over(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let room_id = live_room(&store, "s", tenant_id, &mut ids).await;
    assert_eq!(deadlines(&store).await, []);

    let room = (tenant_id, room_id);
    change(&store, room, |room| {
        room.interrupt_session(&mut ids, at(5_000)).unwrap()
    })
    .await;
    let deadline = at(5_000 + INTERRUPTION_GRACE_MS_DEFAULT);
    assert_eq!(deadlines(&store).await, [(room_id, tenant_id, deadline)]);
    let session = store.room(room_id).await.unwrap().unwrap().session.unwrap();
    assert_eq!(session.interrupted_at, Some(at(5_000)));
    assert_eq!(
        store.session(tenant_id, session.id).await.unwrap(),
        Some(session)
    );

    change(&store, room, |room| {
        room.resume_session(&mut ids, at(6_000)).unwrap()
    })
    .await;
    assert_eq!(deadlines(&store).await, []);

    change(&store, room, |room| {
        room.interrupt_session(&mut ids, at(7_000)).unwrap()
    })
    .await;
    let deadline = at(7_000 + INTERRUPTION_GRACE_MS_DEFAULT);
    change(&store, room, |room| {
        room.end_expired(&mut ids, deadline.plus_millis(-1));
        assert!(room.live_session().is_some());
        room.end_expired(&mut ids, deadline);
    })
    .await;
    assert_eq!(deadlines(&store).await, []);
    let session = store.room(room_id).await.unwrap().unwrap().session.unwrap();
    assert_eq!(
        (session.ended_at, session.interrupted_at),
        (Some(at(7_000)), None)
    );
}

async fn a_room_waits_for_whatever_runs_out_first(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let room_id = live_room(&store, "s", tenant_id, &mut ids).await;
    let room = (tenant_id, room_id);
    change(&store, room, |room| {
        room.interrupt_session(&mut ids, at(5)).unwrap()
    })
    .await;

    let reports = [donation("k1", "ann", 600), donation("k2", "bob", 300)];
    record(&store, tenant_id, room_id, &reports, &mut ids, at(10))
        .await
        .unwrap();

    let train_deadline = change(&store, room, |room| {
        assert!(room.live_session().unwrap().interrupted_at.is_some());
        room.train_deadline()
    })
    .await;
    let expected = (room_id, tenant_id, train_deadline.unwrap());
    assert!(expected.2 < at(5 + INTERRUPTION_GRACE_MS_DEFAULT));
    assert_eq!(deadlines(&store).await, [expected]);
}
