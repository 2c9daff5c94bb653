//! Sessions come back as they were written, with what they wait for.

use parlor_domain::id::{RoomId, TenantId};
use parlor_domain::room_aggregate::RoomAggregate;
use parlor_domain::session::INTERRUPTION_GRACE_MS_DEFAULT;
use parlor_store::{Cursor, PageRequest, Store};

use crate::harness::{Database, on_both_engines};
use crate::scene::{SeededIds, at, donation, ends, live_room, needs, record, tenant};

on_both_engines! {
    an_interrupted_session_waits_until_the_rooms_grace_is_over,
    a_room_waits_for_whatever_runs_out_first,
    a_rooms_sessions_are_paged_from_the_newest,
    sessions_are_listed_to_their_room_and_tenant_alone,
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

async fn an_interrupted_session_waits_until_the_rooms_grace_is_over(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let room_id = live_room(&store, "s", tenant_id, &mut ids).await;
    assert_eq!(ends(&store).await, []);

    let room = (tenant_id, room_id);
    change(&store, room, |room| {
        room.interrupt_session(&mut ids, at(5_000)).unwrap()
    })
    .await;
    let deadline = at(5_000 + INTERRUPTION_GRACE_MS_DEFAULT);
    assert_eq!(ends(&store).await, [(room_id, tenant_id, deadline)]);
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
    assert_eq!(ends(&store).await, []);

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
    assert_eq!(ends(&store).await, []);
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
    assert_eq!(ends(&store).await, [expected]);
}

async fn a_rooms_sessions_are_paged_from_the_newest(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let room_id = live_room(&store, "s", tenant_id, &mut ids).await;
    let room = (tenant_id, room_id);
    // Two start at the same time, so that the id decides.
    for now in [at(10), at(10), at(20)] {
        change(&store, room, |room| {
            room.end_session(&mut ids, now).unwrap();
            room.start_session(None, &mut ids, now).unwrap();
        })
        .await;
    }
    let all = store
        .sessions_page(
            tenant_id,
            room_id,
            PageRequest {
                limit: 10,
                ..PageRequest::default()
            },
        )
        .await
        .unwrap();
    let starts: Vec<_> = all.items.iter().map(|session| session.started_at).collect();
    assert_eq!(starts, [at(20), at(10), at(10), at(1)]);
    assert!(all.items[1].id.0 > all.items[2].id.0);
    assert!(all.items[0].is_live() && !all.items[1].is_live());

    let cursor = |index: usize| {
        let session = &all.items[index];
        Some(Cursor {
            number: session.started_at.unix_millis(),
            id: session.id.0,
        })
    };
    let request = PageRequest {
        limit: 2,
        ..PageRequest::default()
    };
    let backward = PageRequest {
        from_end: true,
        ..request
    };
    // page, sessions, whether there are newer and older ones
    let cases = [
        (request, 0..2, (false, true)),
        (
            PageRequest {
                after: cursor(1),
                ..request
            },
            2..4,
            (true, false),
        ),
        (
            PageRequest {
                after: cursor(2),
                ..request
            },
            3..4,
            (true, false),
        ),
        (backward, 2..4, (true, false)),
        (
            PageRequest {
                before: cursor(3),
                ..backward
            },
            1..3,
            (true, true),
        ),
        (
            PageRequest {
                before: cursor(1),
                ..backward
            },
            0..1,
            (false, true),
        ),
    ];
    for (page, expected, (has_previous, has_next)) in cases {
        let found = store.sessions_page(tenant_id, room_id, page).await.unwrap();

        assert_eq!(found.items, all.items[expected], "{page:?}");
        assert_eq!(
            (found.has_previous, found.has_next),
            (has_previous, has_next),
            "{page:?}"
        );
        assert_eq!(found.total_count, 4);
    }
}

async fn sessions_are_listed_to_their_room_and_tenant_alone(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let stranger = tenant(&store, &mut ids).await;
    let room_id = live_room(&store, "s", tenant_id, &mut ids).await;
    live_room(&store, "other", tenant_id, &mut ids).await;
    let page = PageRequest {
        limit: 2,
        ..PageRequest::default()
    };

    for (tenant_id, expected) in [(tenant_id, 1), (stranger, 0)] {
        let found = store.sessions_page(tenant_id, room_id, page).await.unwrap();
        assert_eq!(
            (found.items.len(), found.total_count),
            (expected, i64::try_from(expected).unwrap())
        );
    }
}
