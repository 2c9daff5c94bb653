//! Work that is due is taken by one, and comes back from whoever goes away with it.

use parlor_domain::id::{RoomId, TenantId};
use parlor_domain::time::ServerTime;
use parlor_store::{DueKind, DueWork, HOLD_MS_MAX, Store};

use crate::harness::{Database, on_both_engines};
use crate::scene::{SeededIds, at, ends, lease, live_room, needs, tenant};

on_both_engines! {
    what_is_due_is_taken_by_one_until_the_lease_runs_out,
    whoever_lost_the_lease_changes_nothing,
    an_end_that_came_too_early_comes_again,
    an_end_that_is_kept_wrong_is_put_right,
    a_lease_that_a_wrong_clock_gave_is_not_waited_for,
    what_is_put_off_keeps_nothing_else_from_being_taken,
}

const GRACE_MS: i64 = parlor_domain::session::INTERRUPTION_GRACE_MS_DEFAULT;

async fn claim(store: &Store, holder: u128, now: ServerTime) -> Vec<DueWork> {
    let claimed = store.claim_due(DueKind::RoomEnd, lease(holder, now), 10);
    claimed.await.unwrap()
}

/// A room whose session was interrupted at `at(0)`.
async fn interrupted_room(
    store: &Store,
    slug: &str,
    tenant_id: TenantId,
    ids: &mut SeededIds,
) -> RoomId {
    let room_id = live_room(store, slug, tenant_id, ids).await;
    let mut batch = store
        .begin(&[needs(tenant_id, room_id, &[])])
        .await
        .unwrap();
    let room = batch.room(tenant_id, room_id).unwrap();
    room.interrupt_session(ids, at(1)).unwrap();
    batch.commit().await.unwrap();

    room_id
}

/// Ends what has run out of time in the room, as somebody does who was told that it is due.
async fn settle(
    store: &Store,
    (tenant_id, room_id): (TenantId, RoomId),
    ids: &mut SeededIds,
    now: ServerTime,
) {
    let mut batch = store
        .begin(&[needs(tenant_id, room_id, &[])])
        .await
        .unwrap();
    let room = batch.room(tenant_id, room_id).unwrap();
    room.settle_deadline(ids, now);
    batch.commit().await.unwrap();
}

async fn what_is_due_is_taken_by_one_until_the_lease_runs_out(database: Database) {
    let (one, other, mut ids) = (
        database.open().await,
        database.open().await,
        SeededIds::new(1),
    );
    let tenant_id = tenant(&one, &mut ids).await;
    let room_id = interrupted_room(&one, "s", tenant_id, &mut ids).await;
    let due_at = at(1 + GRACE_MS);
    let too_early = due_at.plus_millis(-1);
    assert_eq!(claim(&one, 1, too_early).await, []);
    let next = one.next_due(DueKind::RoomEnd, too_early).await.unwrap();
    assert_eq!(next, Some(due_at));

    let (of_one, of_other) = tokio::join!(claim(&one, 1, due_at), claim(&other, 2, due_at));
    let taken = [of_one, of_other].concat();
    assert_eq!(taken.len(), 1);
    assert_eq!((taken[0].room_id(), taken[0].due_at), (room_id, due_at));
    assert_eq!(taken[0].attempts, 1);

    assert_eq!(claim(&other, 3, due_at.plus_millis(4_999)).await, []);
    let again = claim(&other, 3, due_at.plus_millis(5_000)).await;
    assert_eq!(again.len(), 1);
    assert_eq!((again[0].room_id(), again[0].attempts), (room_id, 2));

    other.finish_due(&again[0]).await.unwrap();
    assert_eq!(ends(&one).await, []);
}

async fn whoever_lost_the_lease_changes_nothing(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let room_id = interrupted_room(&store, "s", tenant_id, &mut ids).await;
    let due_at = at(1 + GRACE_MS);
    let lost = claim(&store, 1, due_at).await.remove(0);
    let later = due_at.plus_millis(5_000);
    let held = claim(&store, 2, later).await.remove(0);

    store.finish_due(&lost).await.unwrap();
    store.put_off_due(&lost, at(0)).await.unwrap();
    assert_eq!(claim(&store, 3, later).await, []);

    // The same holds when the work came up anew.
    settle(&store, (tenant_id, room_id), &mut ids, at(2)).await;
    store.finish_due(&held).await.unwrap();
    assert_eq!(ends(&store).await, [(room_id, tenant_id, due_at)]);
}

async fn an_end_that_came_too_early_comes_again(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let room_id = interrupted_room(&store, "s", tenant_id, &mut ids).await;
    let due_at = at(1 + GRACE_MS);
    assert_eq!(claim(&store, 1, due_at).await.len(), 1);

    // The clock went back meanwhile, so that there is nothing to end yet.
    settle(&store, (tenant_id, room_id), &mut ids, at(2)).await;
    let session = store.room(room_id).await.unwrap().unwrap().session.unwrap();
    assert!(session.is_live());
    let again = claim(&store, 1, due_at).await.remove(0);
    assert_eq!((again.room_id(), again.attempts), (room_id, 1));

    settle(&store, (tenant_id, room_id), &mut ids, due_at).await;
    let session = store.room(room_id).await.unwrap().unwrap().session.unwrap();
    assert_eq!(session.ended_at, Some(at(1)));
    assert_eq!(ends(&store).await, []);
}

async fn an_end_that_is_kept_wrong_is_put_right(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let room_id = interrupted_room(&store, "s", tenant_id, &mut ids).await;
    let too_early = "UPDATE due_work SET due_at = 0, claim_at = 0";
    database.run(too_early).await;
    assert_eq!(claim(&store, 1, at(2)).await.len(), 1);

    settle(&store, (tenant_id, room_id), &mut ids, at(2)).await;
    let due_at = at(1 + GRACE_MS);
    assert_eq!(ends(&store).await, [(room_id, tenant_id, due_at)]);
}

async fn a_lease_that_a_wrong_clock_gave_is_not_waited_for(database: Database) {
    const HOUR_MS: i64 = 3_600_000;

    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    interrupted_room(&store, "s", tenant_id, &mut ids).await;
    let due_at = at(1 + GRACE_MS);
    assert_eq!(claim(&store, 1, due_at.plus_millis(HOUR_MS)).await.len(), 1);

    let near = due_at.plus_millis(HOUR_MS + 5_000 - HOLD_MS_MAX);
    assert_eq!(claim(&store, 2, near).await, []);
    assert_eq!(claim(&store, 2, near.plus_millis(-1)).await.len(), 1);
}

async fn what_is_put_off_keeps_nothing_else_from_being_taken(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    for n in 0..12 {
        interrupted_room(&store, &format!("s{n}"), tenant_id, &mut ids).await;
    }
    let due_at = at(1 + GRACE_MS);

    let failing = claim(&store, 1, due_at).await;
    assert_eq!(failing.len(), 10);
    for work in &failing {
        let put_off = store.put_off_due(work, due_at.plus_millis(500));
        put_off.await.unwrap();
    }
    assert_eq!(claim(&store, 2, due_at).await.len(), 2);
    let next = store.next_due(DueKind::RoomEnd, due_at).await.unwrap();
    assert_eq!(next, Some(due_at.plus_millis(500)));
    let again = claim(&store, 3, due_at.plus_millis(500)).await;
    assert!(again.iter().all(|work| work.attempts == 2));
    assert_eq!(again.len(), 10);
}
