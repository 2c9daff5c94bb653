//! Rooms come back as they were written, and only to whom they belong.

use parlor_domain::event::LogHead;
use parlor_domain::id::{RoomId, SessionId};
use parlor_domain::room::{RoomChange, RoomState};
use parlor_store::{
    Absent, Cursor, InsertRoom, Page, PageRequest, RoomView, RoomsFilter, StoreError,
};

use crate::harness::{Database, on_both_engines};
use crate::scene::{
    SeededIds, at, donation, ends, events_after, live_room, needs, new_room, record, tenant,
};
use crate::shop::actor;

on_both_engines! {
    a_room_comes_back_as_it_was_made,
    a_slug_is_taken_once_for_each_tenant,
    a_text_that_one_engine_could_not_hold_is_refused_by_both,
    another_tenant_finds_nothing,
    an_update_and_a_session_are_read_back,
    a_session_can_end_and_another_start_in_one_batch,
    rooms_are_paged_both_ways,
    everything_survives_a_restart,
    migrating_again_changes_nothing,
}

async fn a_room_comes_back_as_it_was_made(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let made = new_room("made", tenant_id, &mut ids);

    assert_eq!(
        store.insert_room(&made).await.unwrap(),
        InsertRoom::Inserted
    );
    let view = store.room(made.room.id).await.unwrap().unwrap();

    assert_eq!(view.room, made.room);
    assert_eq!(view.head, made.head);
    assert_eq!(view.session, None);
    assert_eq!(view.train, None);
    let events = events_after(&store, made.room.id, made.head.epoch, 0, 10).await;
    assert_eq!(events, made.changes.events);
}

async fn a_slug_is_taken_once_for_each_tenant(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let (one, other) = (
        tenant(&store, &mut ids).await,
        tenant(&store, &mut ids).await,
    );
    let first = new_room("lobby", one, &mut ids);
    let second = new_room("lobby", one, &mut ids);
    let elsewhere = new_room("lobby", other, &mut ids);

    assert_eq!(
        store.insert_room(&first).await.unwrap(),
        InsertRoom::Inserted
    );
    assert_eq!(
        store.insert_room(&second).await.unwrap(),
        InsertRoom::SlugTaken
    );
    assert_eq!(
        store.insert_room(&elsewhere).await.unwrap(),
        InsertRoom::Inserted
    );

    assert_eq!(store.room(second.room.id).await.unwrap(), None);
    assert_eq!(store.snapshot(second.room.id).await.unwrap(), None);
}

async fn a_text_that_one_engine_could_not_hold_is_refused_by_both(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let mut room = new_room("made", tenant_id, &mut ids);
    "a\0b".clone_into(&mut room.room.title);

    let written = store.insert_room(&room).await;
    assert!(matches!(written, Err(StoreError::Fault(_))), "{written:?}");
    let read = store.room_by_slug(tenant_id, "a\0b").await;
    assert!(matches!(read, Err(StoreError::Fault(_))), "{read:?}");
    assert_eq!(store.room(room.room.id).await.unwrap(), None);
}

async fn another_tenant_finds_nothing(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let (owner, stranger) = (
        tenant(&store, &mut ids).await,
        tenant(&store, &mut ids).await,
    );
    let room_id = live_room(&store, "mine", owner, &mut ids).await;
    let reports = [donation("k1", "ann", 100)];
    let (answers, _) = record(&store, owner, room_id, &reports, &mut ids, at(10))
        .await
        .unwrap();
    let contribution_id = answers[0].as_ref().unwrap().id;
    let session_id = store
        .room(room_id)
        .await
        .unwrap()
        .unwrap()
        .session
        .unwrap()
        .id;

    let asked = [
        needs(stranger, room_id, &reports),
        needs(owner, room_id, &reports),
    ];
    let mut batch = store.begin(&asked).await.unwrap();
    assert_eq!(batch.room(stranger, room_id).err(), Some(Absent::NotFound));
    assert!(batch.room(owner, room_id).is_ok());
    batch.roll_back().await.unwrap();

    assert_eq!(
        store.contribution(stranger, contribution_id).await.unwrap(),
        None
    );
    assert!(
        store
            .contribution(owner, contribution_id)
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(store.session(stranger, session_id).await.unwrap(), None);
    assert_eq!(store.room_by_slug(stranger, "mine").await.unwrap(), None);
    assert!(store.session(owner, session_id).await.unwrap().is_some());
    let page = PageRequest {
        limit: 10,
        ..PageRequest::default()
    };
    let theirs = store
        .rooms_page(stranger, RoomsFilter::default(), page)
        .await
        .unwrap();
    assert_eq!((theirs.items.len(), theirs.total_count), (0, 0));
}

async fn an_update_and_a_session_are_read_back(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let room_id = live_room(&store, "before", tenant_id, &mut ids).await;

    let mut asked = needs(tenant_id, room_id, &[]);
    asked.slugs = vec!["after".to_owned()];
    let mut batch = store.begin(&[asked]).await.unwrap();
    let room = batch.room(tenant_id, room_id).unwrap();
    let change = RoomChange {
        version: 1,
        slug: Some("after".to_owned()),
        title: Some("Après — 後".to_owned()),
        stream_id: Some(None),
        anonymous_read: Some(false),
        ingest_offset_ms: Some(-30),
        ..RoomChange::default()
    };
    let updated = room
        .update_room(&actor("staff"), change, &mut ids, at(5))
        .unwrap();
    let ended = room.end_session(&mut ids, at(6)).unwrap();
    // By the end of a session redemptions expire, which their owners are shown.
    let head = LogHead {
        wallets: room.head.wallets + 1,
        ..room.head
    };
    let events = room.changes.events.clone();
    let committed = batch.commit().await.unwrap();

    assert_eq!(committed.len(), 1);
    assert_eq!((committed[0].after_seq, &committed[0].events), (2, &events));
    let view = store.room(room_id).await.unwrap().unwrap();
    assert_eq!(view.room, updated);
    assert_eq!(view.head, head);
    assert_eq!(view.session.as_ref(), Some(&ended));
    assert_eq!(
        store.session(tenant_id, ended.id).await.unwrap(),
        Some(ended)
    );
    assert_eq!(
        store
            .session(tenant_id, SessionId::next(&mut ids))
            .await
            .unwrap(),
        None
    );
}

async fn a_session_can_end_and_another_start_in_one_batch(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(9));
    let tenant_id = tenant(&store, &mut ids).await;
    let room_id = live_room(&store, "again", tenant_id, &mut ids).await;

    // An id that sorts before the first session's.
    let mut early_ids = SeededIds::new(2);
    let mut batch = store
        .begin(&[needs(tenant_id, room_id, &[])])
        .await
        .unwrap();
    let room = batch.room(tenant_id, room_id).unwrap();
    room.end_session(&mut early_ids, at(5)).unwrap();
    let second = room
        .start_session(Some(9_000), &mut early_ids, at(6))
        .unwrap();
    batch.commit().await.unwrap();

    let view = store.room(room_id).await.unwrap().unwrap();
    assert_eq!(view.session, Some(second));
}

async fn rooms_are_paged_both_ways(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let mut all = Vec::new();
    for index in 0..5 {
        let mut aggregate = new_room(&format!("room-{index}"), tenant_id, &mut ids);
        // Two share a time, so that the id decides.
        aggregate.room.created_at = at(index / 2);
        if index == 3 {
            aggregate.room.state = RoomState::Draft;
        }
        if index % 3 == 1 {
            aggregate.room.stream_id = Some("shared".to_owned());
        }
        store.insert_room(&aggregate).await.unwrap();
        all.push((aggregate.room.id, aggregate.room.created_at));
    }
    let cursor = |index: usize| {
        Some(Cursor {
            number: all[index].1.unix_millis(),
            id: all[index].0.0,
        })
    };
    let [everything, open, any, streamed] = [
        (vec![], None),
        (vec![RoomState::Open], None),
        (vec![RoomState::Draft, RoomState::Open], None),
        (vec![RoomState::Open], Some("shared")),
    ]
    .map(|(states, stream_id)| RoomsFilter {
        states,
        stream_id: stream_id.map(str::to_owned),
    });
    let request = PageRequest {
        limit: 2,
        ..PageRequest::default()
    };
    let forward = |after| PageRequest { after, ..request };
    let backward = |before| PageRequest {
        before,
        from_end: true,
        ..request
    };

    // filter, page, rooms, whether there are earlier and later ones, how many in all
    let cases = [
        (&everything, forward(None), vec![0, 1], (false, true), 5),
        (&everything, forward(cursor(1)), vec![2, 3], (true, true), 5),
        (&everything, forward(cursor(3)), vec![4], (true, false), 5),
        (&everything, forward(cursor(4)), vec![], (true, false), 5),
        (&everything, backward(None), vec![3, 4], (true, false), 5),
        (
            &everything,
            backward(cursor(3)),
            vec![1, 2],
            (true, true),
            5,
        ),
        (&everything, backward(cursor(1)), vec![0], (false, true), 5),
        (&open, forward(cursor(1)), vec![2, 4], (true, false), 4),
        (&any, forward(cursor(1)), vec![2, 3], (true, true), 5),
        (&streamed, forward(None), vec![1, 4], (false, false), 2),
    ];
    for (filter, page, rooms, (has_previous, has_next), total_count) in cases {
        let found = store
            .rooms_page(tenant_id, filter.clone(), page)
            .await
            .unwrap();

        let expected: Vec<RoomId> = rooms.into_iter().map(|index: usize| all[index].0).collect();
        assert_eq!(room_ids(&found), expected, "{filter:?} {page:?}");
        assert_eq!(
            (found.has_previous, found.has_next),
            (has_previous, has_next),
            "{page:?}"
        );
        assert_eq!(found.total_count, total_count);
    }
}

async fn everything_survives_a_restart(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let room_id = live_room(&store, "kept", tenant_id, &mut ids).await;
    let reports = [donation("k1", "ann", 600), donation("k2", "bob", 300)];
    record(&store, tenant_id, room_id, &reports, &mut ids, at(10))
        .await
        .unwrap();
    let view = store.room(room_id).await.unwrap();
    let snapshot = store.snapshot(room_id).await.unwrap();
    let deadlines = ends(&store).await;
    store.close().await;

    let store = database.open().await;

    assert_eq!(store.room(room_id).await.unwrap(), view);
    assert_eq!(store.snapshot(room_id).await.unwrap(), snapshot);
    assert_eq!(deadlines.len(), 1);
    assert_eq!(ends(&store).await, deadlines);
    let mut batch = store
        .begin(&[needs(tenant_id, room_id, &[])])
        .await
        .unwrap();
    let room = batch.room(tenant_id, room_id).unwrap();
    assert_eq!(
        room.train.as_ref().map(|train| &train.shown),
        view.unwrap().train.as_ref()
    );
    assert_eq!(room.train_deadline(), Some(deadlines[0].2));
    room.end_expired(&mut ids, deadlines[0].2);
    batch.commit().await.unwrap();
    assert_eq!(ends(&store).await, []);
}

async fn migrating_again_changes_nothing(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;

    store.migrate().await.unwrap();
    let other = database.open().await;

    let tenant = other.tenant(tenant_id).await.unwrap().unwrap();
    assert!(!other.create_tenant(&tenant).await.unwrap());
    other.check_writable().await.unwrap();
}

fn room_ids(page: &Page<RoomView>) -> Vec<RoomId> {
    page.items.iter().map(|view| view.room.id).collect()
}
