//! Following a log: from a position, or with word that it cannot be done.

use parlor_domain::id::{Epoch, RoomId};
use parlor_store::{LogPosition, RESUME_EVENTS_MAX, Resume, Settings, Synchronous};

use crate::harness::{Database, Engine, on_both_engines};
use crate::scene::{SeededIds, at, donation, events_after, live_room, record, tenant};

on_both_engines! {
    a_log_is_read_on_from_any_position,
    what_cannot_be_gone_on_from_is_said,
    a_new_epoch_cuts_followers_off_and_keeps_the_history,
    positions_may_repeat_only_without_full_durability,
}

async fn a_log_is_read_on_from_any_position(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let room_id = live_room(&store, "room", tenant_id, &mut ids).await;
    let reports: Vec<_> = (0..5)
        .map(|i| donation(&format!("k{i}"), "ann", 1))
        .collect();
    record(&store, tenant_id, room_id, &reports, &mut ids, at(10))
        .await
        .unwrap();

    let head = store.head(room_id).await.unwrap().unwrap();
    let whole = events_after(&store, room_id, head.epoch, 0, 1_000).await;
    assert_eq!(i64::try_from(whole.len()).unwrap(), head.seq);
    for seq in 0..=head.seq {
        let since: Vec<_> = whole
            .iter()
            .filter(|event| event.seq > seq)
            .cloned()
            .collect();
        let limited = events_after(&store, room_id, head.epoch, seq, 2).await;
        assert_eq!(limited, since.iter().take(2).cloned().collect::<Vec<_>>());
        let position = LogPosition {
            epoch: head.epoch,
            seq,
        };
        let resume = store.resume(room_id, position, i64::MAX).await.unwrap();
        assert_eq!(
            resume,
            Resume::Events {
                head,
                events: since.clone()
            }
        );
        let events = since.into_iter().take(2).collect();
        let resume = store.resume(room_id, position, 2).await.unwrap();
        assert_eq!(resume, Resume::Events { head, events });
    }

    let missing = RoomId::next(&mut ids);
    // More than a statement takes as values of their own.
    let mut wanted = vec![room_id, missing, room_id];
    wanted.extend((0..40_000).map(|_| RoomId::next(&mut ids)));
    let heads = store.heads(&wanted).await.unwrap();
    let heads = heads.into_iter().map(|(id, head)| (id, head.log));
    assert_eq!(heads.collect::<Vec<_>>(), [(room_id, head)]);
    assert_eq!(store.heads(&[]).await.unwrap().len(), 0);
    assert_eq!(store.head(missing).await.unwrap(), None);
}

async fn what_cannot_be_gone_on_from_is_said(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let room_id = live_room(&store, "room", tenant_id, &mut ids).await;
    let reports: Vec<_> = (0..5)
        .map(|i| donation(&format!("k{i}"), "ann", 1))
        .collect();
    record(&store, tenant_id, room_id, &reports, &mut ids, at(10))
        .await
        .unwrap();
    let head = store.head(room_id).await.unwrap().unwrap();
    let other_epoch = Epoch::next(&mut ids);

    let at_seq = |seq| LogPosition {
        epoch: head.epoch,
        seq,
    };
    let cases = [
        ("beyond the head", room_id, at_seq(head.seq + 1)),
        ("before the log", room_id, at_seq(-1)),
        ("beyond all numbers", room_id, at_seq(i64::MAX)),
        (
            "another epoch",
            room_id,
            LogPosition {
                epoch: other_epoch,
                seq: 1,
            },
        ),
        ("no such room", RoomId::next(&mut ids), at_seq(0)),
    ];
    for (name, room_id, position) in cases {
        let resume = store.resume(room_id, position, i64::MAX).await.unwrap();
        assert_eq!(resume, Resume::Unrecoverable, "{name}");
        let events = store.events_after(room_id, position, i64::MAX);
        assert_eq!(events.await.unwrap(), Resume::Unrecoverable, "{name}");
    }

    let far = head.seq + RESUME_EVENTS_MAX;
    database
        .run(&format!("UPDATE rooms SET head_seq = {far}"))
        .await;
    assert_eq!(
        store
            .resume(room_id, at_seq(head.seq - 1), i64::MAX)
            .await
            .unwrap(),
        Resume::Unrecoverable
    );
    assert!(matches!(
        store
            .resume(room_id, at_seq(head.seq), i64::MAX)
            .await
            .unwrap(),
        Resume::Events { .. }
    ));
    // Whoever has begun reads on.
    events_after(&store, room_id, head.epoch, head.seq - 1, 10).await;
}

async fn a_new_epoch_cuts_followers_off_and_keeps_the_history(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let one = live_room(&store, "one", tenant_id, &mut ids).await;
    let other = live_room(&store, "other", tenant_id, &mut ids).await;
    record(
        &store,
        tenant_id,
        one,
        &[donation("k1", "ann", 1)],
        &mut ids,
        at(10),
    )
    .await
    .unwrap();
    let before = store.head(one).await.unwrap().unwrap();
    let snapshot = store.snapshot(one).await.unwrap().unwrap();

    assert_eq!(store.renew_epochs(&mut ids).await.unwrap(), 2);

    let heads = store.heads(&[one, other]).await.unwrap();
    let after = heads[&one].log;
    assert_ne!(after.epoch, before.epoch);
    assert_ne!(after.epoch, heads[&other].log.epoch);
    assert_eq!(after.seq, before.seq);
    let old = LogPosition {
        epoch: before.epoch,
        seq: before.seq,
    };
    assert_eq!(
        store.resume(one, old, i64::MAX).await.unwrap(),
        Resume::Unrecoverable
    );
    let renewed = store.snapshot(one).await.unwrap().unwrap();
    assert_eq!(
        (renewed.epoch, &renewed.events),
        (after.epoch, &snapshot.events)
    );

    // The log goes on behind its last position, and reads as one.
    record(
        &store,
        tenant_id,
        one,
        &[donation("k2", "ann", 1)],
        &mut ids,
        at(20),
    )
    .await
    .unwrap();
    let log = events_after(&store, one, after.epoch, 0, 100).await;
    let seqs: Vec<_> = log.iter().map(|event| event.seq).collect();
    assert_eq!(seqs, (1..=before.seq + 2).collect::<Vec<_>>());
    let then = store.picture_at(one, at(10), 0).await.unwrap().unwrap();
    let then = then.snapshot;
    assert_eq!(
        (then.epoch, then.seq, then.events),
        (after.epoch, before.seq, snapshot.events)
    );
}

async fn positions_may_repeat_only_without_full_durability(database: Database) {
    let normal = Settings {
        sqlite_synchronous: Synchronous::Normal,
        ..Settings::new(&database.url)
    };

    let full = database.open().await;
    let normal = database.open_with(normal).await;

    assert!(!full.positions_may_repeat());
    assert_eq!(
        normal.positions_may_repeat(),
        database.engine == Engine::Sqlite
    );
    let lanes = if database.engine == Engine::Sqlite {
        1..=1
    } else {
        2..=8
    };
    assert!(lanes.contains(&full.lanes()));
}
