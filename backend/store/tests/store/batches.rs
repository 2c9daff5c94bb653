//! Batches on the same rooms, side by side: nothing is lost, and logs have no gaps.

use std::collections::BTreeSet;
use std::time::Duration;

use parlor_domain::event::EventBody;
use parlor_domain::id::{RoomId, TenantId};
use parlor_domain::room::RoomChange;
use parlor_store::{Committed, RoomNeeds, Store};

use crate::harness::{Database, Engine, on_both_engines, run};
use crate::scene::{
    SeededIds, at, decide, donation, events_after, live_room, needs, record, tenant,
};
use crate::shop::actor;

on_both_engines! {
    no_update_is_lost_when_many_write_the_same_rooms,
    batches_that_name_rooms_in_any_order_all_succeed,
    a_batch_that_is_rolled_back_leaves_no_trace,
    a_refusal_leaves_no_trace,
    a_kickoff_boards_the_contributions_of_earlier_batches,
    a_large_batch_is_written_whole,
}

#[test]
fn no_batch_reads_a_table_of_some_thousand_rows_whole() {
    run(Engine::Postgres, reads_no_table_whole);
}

/// How long a test waits for what the database does by itself. It only bounds failures.
const PATIENCE: Duration = Duration::from_secs(20);
const TASKS: u64 = 8;
const BATCHES: usize = 40;

async fn no_update_is_lost_when_many_write_the_same_rooms(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let mut rooms = Vec::new();
    for slug in ["a", "b", "c"] {
        rooms.push(live_room(&store, slug, tenant_id, &mut ids).await);
    }

    let mut tasks = Vec::new();
    for task in 0..TASKS {
        // Every other task has a store of its own, as another process would.
        let store = if task % 2 == 0 {
            store.clone()
        } else {
            database.open().await
        };
        tasks.push(tokio::spawn(contribute(
            store,
            tenant_id,
            rooms.clone(),
            task,
        )));
    }
    let mut committed = Vec::new();
    for task in tasks {
        committed.extend(task.await.unwrap());
    }

    assert_eq!(
        database.number("SELECT COUNT(*) FROM contributions").await,
        320
    );
    let mut counted = 0;
    for room_id in rooms {
        let view = store.room(room_id).await.unwrap().unwrap();
        let log = events_after(&store, room_id, view.head.epoch, 0, 10_000).await;
        let seqs: Vec<_> = log.iter().map(|event| event.seq).collect();
        assert_eq!(
            seqs,
            (1..=view.head.seq).collect::<Vec<_>>(),
            "the log has no gap"
        );
        assert!(log.is_sorted_by_key(|event| event.occurred_at));
        counted += log
            .iter()
            .filter(|event| matches!(event.body, EventBody::ContributionReceived(_)))
            .count();

        let published: BTreeSet<_> = committed
            .iter()
            .filter(|one| one.room_id == room_id)
            .flat_map(|one| one.events.iter().map(|event| event.seq))
            .collect();
        assert_eq!(
            published,
            (3..=view.head.seq).collect(),
            "what was written is published once"
        );
        // Every donation is 10, and the program counts one for one.
        let train = view.train.unwrap();
        let aboard = database
            .number("SELECT CAST(SUM(hype) AS BIGINT) FROM hype_train_contributors")
            .await;
        assert!(train.total > 0 && train.total <= aboard);
    }
    assert_eq!(counted, 320);
    let sum = database
        .number("SELECT CAST(SUM(hype) AS BIGINT) FROM hype_train_contributors")
        .await;
    assert_eq!(sum, 3_200, "no contributor's hype is lost");
}

async fn contribute(
    store: Store,
    tenant_id: TenantId,
    rooms: Vec<RoomId>,
    task: u64,
) -> Vec<Committed> {
    let mut ids = SeededIds::new(100 + task);
    let mut all = Vec::new();
    for index in 0..BATCHES {
        let room_id = rooms[(index + usize::try_from(task).unwrap()) % rooms.len()];
        // Few viewers, so that the tasks add to the same rows.
        let report = donation(
            &format!("{task}-{index}"),
            &format!("viewer-{}", index % 5),
            10,
        );
        let result = record(&store, tenant_id, room_id, &[report], &mut ids, at(10)).await;
        all.extend(result.unwrap().1);
    }

    all
}

async fn batches_that_name_rooms_in_any_order_all_succeed(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let mut rooms = Vec::new();
    for slug in ["a", "b", "c", "d"] {
        rooms.push(live_room(&store, slug, tenant_id, &mut ids).await);
    }

    let mut tasks = Vec::new();
    for task in 0..4 {
        let (store, mut rooms) = (store.clone(), rooms.clone());
        rooms.rotate_left(task);
        tasks.push(tokio::spawn(async move {
            let mut ids = SeededIds::new(100 + u64::try_from(task).unwrap());
            for index in 0..20 {
                let report =
                    |room_id: RoomId| [donation(&format!("{task}-{index}-{room_id}"), "ann", 1)];
                let asked: Vec<RoomNeeds> = rooms
                    .iter()
                    .map(|id| needs(tenant_id, *id, &report(*id)))
                    .collect();
                // The locks are taken in one order, so nobody is ever told to try again.
                let mut batch = store.begin(&asked).await.unwrap();
                for room_id in &rooms {
                    let report = report(*room_id);
                    decide(&mut batch, tenant_id, *room_id, &report, &mut ids, at(10));
                }
                assert_eq!(batch.commit().await.unwrap().len(), 4);
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }

    assert_eq!(
        database.number("SELECT COUNT(*) FROM contributions").await,
        4 * 20 * 4
    );
}

async fn a_batch_that_is_rolled_back_leaves_no_trace(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let room_id = live_room(&store, "room", tenant_id, &mut ids).await;
    let before = (store.room(room_id).await.unwrap(), rows(&database).await);
    let reports = [donation("k1", "ann", 600), donation("k2", "bob", 300)];

    for is_dropped in [false, true] {
        let asked = [needs(tenant_id, room_id, &reports)];
        let mut batch = store.begin(&asked).await.unwrap();
        let answers = decide(&mut batch, tenant_id, room_id, &reports, &mut ids, at(10));
        assert!(answers.iter().all(Result::is_ok));
        if is_dropped {
            drop(batch);
        } else {
            batch.roll_back().await.unwrap();
        }

        assert_eq!(
            (store.room(room_id).await.unwrap(), rows(&database).await),
            before
        );
    }

    // The locks are given back, and the key is still free.
    let (answers, _) = record(&store, tenant_id, room_id, &reports, &mut ids, at(20))
        .await
        .unwrap();
    assert!(answers.iter().all(Result::is_ok));
}

async fn a_refusal_leaves_no_trace(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let room_id = live_room(&store, "room", tenant_id, &mut ids).await;
    let before = (store.room(room_id).await.unwrap(), rows(&database).await);

    let mut batch = store
        .begin(&[needs(tenant_id, room_id, &[])])
        .await
        .unwrap();
    let room = batch.room(tenant_id, room_id).unwrap();
    room.start_session(None, &mut ids, at(10)).unwrap_err();
    room.update_room(
        &actor("staff"),
        RoomChange {
            version: 9,
            ..RoomChange::default()
        },
        &mut ids,
        at(10),
    )
    .unwrap_err();
    assert_eq!(batch.commit().await.unwrap(), []);

    assert_eq!(
        (store.room(room_id).await.unwrap(), rows(&database).await),
        before
    );
}

async fn a_kickoff_boards_the_contributions_of_earlier_batches(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let room_id = live_room(&store, "room", tenant_id, &mut ids).await;

    let mut contributions = Vec::new();
    for (key, viewer) in [("k1", "ann"), ("k2", "bob"), ("k3", "ann")] {
        let reports = [donation(key, viewer, 100)];
        let recorded = record(&store, tenant_id, room_id, &reports, &mut ids, at(10)).await;
        contributions.push(recorded.unwrap().0[0].clone().unwrap().id);
    }

    let train = store.room(room_id).await.unwrap().unwrap().train.unwrap();
    assert_eq!(train.total, 300);
    for id in contributions {
        let kept = store.contribution(tenant_id, id).await.unwrap().unwrap();
        assert_eq!(kept.train_id, Some(train.id));
    }
    let ann = "SELECT hype FROM hype_train_contributors WHERE viewer_id = 'ann'";
    assert_eq!(database.number(ann).await, 200);
    assert_eq!(database.number("SELECT COUNT(*) FROM hype_trains").await, 1);
}

async fn a_large_batch_is_written_whole(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let room_id = live_room(&store, "room", tenant_id, &mut ids).await;
    // Past the largest set of rows and of keys, and not a multiple of either.
    let reports: Vec<_> = (0..1_111)
        .map(|index| donation(&format!("k{index}"), &format!("viewer-{index}"), 1))
        .collect();

    let (answers, committed) = record(&store, tenant_id, room_id, &reports, &mut ids, at(10))
        .await
        .unwrap();

    let view = store.room(room_id).await.unwrap().unwrap();
    assert_eq!(view.train.unwrap().total, 1_111);
    let log = events_after(&store, room_id, view.head.epoch, 2, 10_000).await;
    assert_eq!(log, committed[0].events);
    assert_eq!(database.number("SELECT COUNT(*) FROM answers").await, 1_111);
    let (again, committed) = record(&store, tenant_id, room_id, &reports, &mut ids, at(20))
        .await
        .unwrap();
    assert_eq!((again, committed), (answers, Vec::new()));
}

/// How many rows each table has.
async fn rows(database: &Database) -> Vec<(&'static str, i64)> {
    const TABLES: [&str; 10] = [
        "rooms",
        "sessions",
        "contributions",
        "answers",
        "room_trains",
        "hype_trains",
        "hype_train_contributors",
        "events",
        "parts",
        "keyframes",
    ];
    let mut rows = Vec::new();
    for table in TABLES {
        rows.push((
            table,
            database
                .number(&format!("SELECT COUNT(*) FROM {table}"))
                .await,
        ));
    }
    rows
}

/// To PostgreSQL, which weighs how large a table is, such a one is the cheapest to read whole.
async fn reads_no_table_whole(database: Database) {
    // Making an index reads its table.
    close(database.open().await, &database).await;
    let before = whole_reads(&database).await;

    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let room_id = live_room(&store, "room", tenant_id, &mut ids).await;
    for from in (0..3_000).step_by(200) {
        let keys = (from..from + 200).map(|n| format!("k{n}"));
        let reports: Vec<_> = keys.map(|key| donation(&key, &key, 100)).collect();
        record(&store, tenant_id, room_id, &reports, &mut ids, at(10))
            .await
            .unwrap();
    }
    close(store, &database).await;

    let recorded = "SELECT n_tup_ins FROM pg_stat_user_tables WHERE relname = 'contributions'";
    assert_eq!(database.number(recorded).await, 3_000);
    assert_eq!(whole_reads(&database).await, before);
}

/// Closes the store, and waits until its connections have told what they read.
async fn close(store: Store, database: &Database) {
    store.close().await;
    let connected = "SELECT COUNT(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'parlor'";
    let gone = async { while database.number(connected).await > 0 {} };
    tokio::time::timeout(PATIENCE, gone).await.unwrap();
}

/// How often each table to which every contribution adds was read whole.
async fn whole_reads(database: &Database) -> [i64; 4] {
    let mut reads = [0; 4];
    let tables = [
        "contributions",
        "answers",
        "hype_train_contributors",
        "events",
    ];
    for (reads, table) in reads.iter_mut().zip(tables) {
        let count = format!("SELECT seq_scan FROM pg_stat_user_tables WHERE relname = '{table}'");
        *reads = database.number(&count).await;
    }

    reads
}
