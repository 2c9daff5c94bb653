//! What a caller is told when the database is in the way, gone, or not there.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use parlor_store::{LogPosition, Settings, Store, StoreError};
use sqlx::{Connection, PgConnection, SqliteConnection};

use crate::harness::{Database, Engine, on_both_engines, run};
use crate::scene::{SeededIds, at, decide, donation, live_room, needs, record, tenant};

on_both_engines! {
    a_room_locked_elsewhere_for_too_long_can_be_tried_again,
    an_address_that_is_no_database_is_named,
    a_document_from_the_future_is_told_with_its_room,
}

async fn a_document_from_the_future_is_told_with_its_room(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let room_id = live_room(&store, "room", tenant_id, &mut ids).await;
    let other_id = live_room(&store, "other", tenant_id, &mut ids).await;
    let head = store.head(room_id).await.unwrap().unwrap();
    for change in [
        "UPDATE events SET body = '{\"v\":99,\"doc\":{}}'",
        "UPDATE parts SET body = '{\"v\":99,\"doc\":{}}'",
        "UPDATE rooms SET program = '{\"v\":99,\"doc\":{}}'",
    ] {
        let room = "(SELECT id FROM rooms WHERE slug = 'room')";
        let column = if change.contains("rooms") {
            "id"
        } else {
            "room_id"
        };
        let change = format!("{change} WHERE {column} = {room}");
        database.run(&change).await;
    }

    let after = LogPosition {
        epoch: head.epoch,
        seq: 0,
    };
    for (what, known, told) in [
        ("event", "up to 1", store.snapshot(room_id).await.err()),
        (
            "event",
            "up to 1",
            store.picture_at(room_id, at(100), 1).await.err(),
        ),
        (
            "event",
            "up to 1",
            store.resume(room_id, after, 10).await.err(),
        ),
        (
            "event",
            "up to 1",
            store.events_after(room_id, after, 10).await.err(),
        ),
        ("program", "up to 3", store.room(room_id).await.err()),
    ] {
        let error = told.unwrap();
        assert!(error.is_unreadable() && !error.is_retryable(), "{error:?}");
        let told = error.to_string();
        let room = format!("room {room_id}");
        for said in [&room, what, "newer parlor", "version 99", known] {
            assert!(told.contains(said), "{told}");
        }
    }
    assert!(store.snapshot(other_id).await.unwrap().is_some());
    assert!(store.room(other_id).await.unwrap().is_some());
}

async fn a_room_locked_elsewhere_for_too_long_can_be_tried_again(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let room_id = live_room(&store, "room", tenant_id, &mut ids).await;
    let lock = "BEGIN; UPDATE rooms SET head_seq = head_seq";

    let error = match database.engine {
        Engine::Sqlite => {
            let mut other = SqliteConnection::connect(&database.url).await.unwrap();
            sqlx::raw_sql(lock).execute(&mut other).await.unwrap();
            store
                .begin(&[needs(tenant_id, room_id, &[])])
                .await
                .err()
                .unwrap()
        }
        Engine::Postgres => {
            let mut other = PgConnection::connect(&database.url).await.unwrap();
            sqlx::raw_sql(lock).execute(&mut other).await.unwrap();
            store
                .begin(&[needs(tenant_id, room_id, &[])])
                .await
                .err()
                .unwrap()
        }
    };

    assert!(error.is_retryable(), "{error:?}");
}

async fn an_address_that_is_no_database_is_named(database: Database) {
    let nowhere = match database.engine {
        Engine::Sqlite => "sqlite:///nowhere/at/all/parlor.db",
        Engine::Postgres => "postgres://ann:secret@127.0.0.1:1/parlor",
    };
    let shown = nowhere.replace(":secret", "");

    for (url, shown) in [
        (nowhere, shown.as_str()),
        ("mysql://host/parlor", "mysql://host/parlor"),
    ] {
        let error = Store::connect(&Settings::new(url))
            .await
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(shown) && !error.contains("secret"),
            "{error}"
        );
    }
}

#[test]
fn a_deadlock_on_postgres_can_be_tried_again() {
    run(Engine::Postgres, async |database: Database| {
        let (store, mut ids) = (database.open().await, SeededIds::new(1));
        let tenant_id = tenant(&store, &mut ids).await;
        let first = live_room(&store, "first", tenant_id, &mut ids).await;
        let second = live_room(&store, "second", tenant_id, &mut ids).await;
        assert!(first < second, "the batch locks them in this order");
        let mut other = PgConnection::connect(&database.url).await.unwrap();
        // It never looks for the deadlock itself, so that the batch is the one to be told.
        let lock = "SET deadlock_timeout = '1min'; BEGIN;
            UPDATE rooms SET head_seq = head_seq WHERE slug = 'second'";
        sqlx::raw_sql(lock).execute(&mut other).await.unwrap();

        let asked = [needs(tenant_id, first, &[]), needs(tenant_id, second, &[])];
        let batch = tokio::spawn(async move { store.begin(&asked).await.err() });
        let blocked = "SELECT COUNT(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let mut looks = 0;
        while database.number(blocked).await == 0 {
            looks += 1;
            assert!(looks < 1_000, "the batch waits for the second room");
        }
        let lock = "UPDATE rooms SET head_seq = head_seq WHERE slug = 'first'";
        sqlx::raw_sql(lock).execute(&mut other).await.unwrap();

        let error = batch.await.unwrap().unwrap();
        assert!(error.is_retryable(), "{error:?}");
        assert!(format!("{error:?}").contains("40P01"), "{error:?}");
    });
}

/// A node is stopped in the middle of a batch; the others do not wait until it goes on.
#[test]
fn a_batch_that_is_left_alone_gives_its_rooms_up() {
    run(Engine::Postgres, async |database: Database| {
        let (store, mut ids) = (database.open().await, SeededIds::new(1));
        let tenant_id = tenant(&store, &mut ids).await;
        let room_id = live_room(&store, "room", tenant_id, &mut ids).await;
        let asked = [needs(tenant_id, room_id, &[])];
        let left = store.begin(&asked).await.unwrap();

        let next = store.begin(&asked).await;
        assert!(next.is_ok(), "{:?}", next.err());
        let error = left.commit().await.unwrap_err();
        assert!(error.is_retryable(), "{error:?}");
    });
}

/// A caller may be dropped at any point, such as when its client goes away: whoever gets the
/// connection next finds no transaction on it.
#[test]
fn a_caller_that_is_dropped_leaves_no_transaction_behind() {
    run(Engine::Postgres, async |database: Database| {
        let settings = Settings {
            pool_size: 1,
            ..Settings::new(&database.url)
        };
        let (store, mut ids) = (database.open_with(settings).await, SeededIds::new(1));
        let tenant_id = tenant(&store, &mut ids).await;
        let room_id = live_room(&store, "room", tenant_id, &mut ids).await;

        for polls in 1..20 {
            {
                let mut reading = pin!(store.picture_at(room_id, at(10), 1));
                let mut polled = 0;
                poll_fn(|context| {
                    polled += 1;
                    let is_over = polled > polls || reading.as_mut().poll(context).is_ready();
                    if is_over {
                        Poll::Ready(())
                    } else {
                        Poll::Pending
                    }
                })
                .await;
            }

            let reports = [donation(&format!("k{polls}"), "ann", 100)];
            record(&store, tenant_id, room_id, &reports, &mut ids, at(10))
                .await
                .unwrap();
        }
    });
}

/// The connection dies while COMMIT runs: a trigger at the very end of the transaction kills it.
#[test]
fn a_commit_without_an_answer_has_an_unknown_outcome() {
    run(Engine::Postgres, async |database: Database| {
        let (store, mut ids) = (database.open().await, SeededIds::new(1));
        let tenant_id = tenant(&store, &mut ids).await;
        let room_id = live_room(&store, "room", tenant_id, &mut ids).await;
        database
            .run(
                "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$
                 BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
                 CREATE CONSTRAINT TRIGGER dies AFTER INSERT ON answers
                 DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die()",
            )
            .await;

        let reports = [donation("k1", "ann", 100)];
        let result = record(&store, tenant_id, room_id, &reports, &mut ids, at(10)).await;
        assert!(
            matches!(result, Err(StoreError::OutcomeUnknown(_))),
            "{result:?}"
        );

        // Here it did not happen, and the key says so.
        database.run("DROP TRIGGER dies ON answers").await;
        let (answers, committed) = record(&store, tenant_id, room_id, &reports, &mut ids, at(20))
            .await
            .unwrap();
        assert!(answers[0].is_ok());
        assert_eq!(committed.len(), 1);
    });
}

/// The connection dies before COMMIT is sent, so nothing was written.
#[test]
fn a_connection_lost_before_the_commit_can_be_tried_again() {
    run(Engine::Postgres, async |database: Database| {
        let (store, mut ids) = (database.open().await, SeededIds::new(1));
        let tenant_id = tenant(&store, &mut ids).await;
        let room_id = live_room(&store, "room", tenant_id, &mut ids).await;
        let reports = [donation("k1", "ann", 100)];
        let mut batch = store
            .begin(&[needs(tenant_id, room_id, &reports)])
            .await
            .unwrap();
        decide(&mut batch, tenant_id, room_id, &reports, &mut ids, at(10))
            .remove(0)
            .unwrap();

        database
            .run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )
            .await;
        let error = batch.commit().await.unwrap_err();
        assert!(error.is_retryable(), "{error:?}");

        let (_, committed) = record(&store, tenant_id, room_id, &reports, &mut ids, at(20))
            .await
            .unwrap();
        assert_eq!(committed.len(), 1);
    });
}

/// A server that was kept from writing while its connections stayed: a failover's old primary.
#[test]
fn a_connection_that_can_only_be_read_from_is_given_up_at_once() {
    run(Engine::Postgres, async |database: Database| {
        let store = database.open_with(Settings {
            pool_size: 1,
            ..Settings::new(&database.url)
        });
        let (store, mut ids) = (store.await, SeededIds::new(1));
        let tenant_id = tenant(&store, &mut ids).await;
        let room_id = live_room(&store, "room", tenant_id, &mut ids).await;
        database
            .run(
                "CREATE FUNCTION fence() RETURNS trigger LANGUAGE plpgsql AS $$
                 BEGIN
                     PERFORM set_config('default_transaction_read_only', 'on', FALSE);
                     RETURN NULL;
                 END $$;
                 CREATE TRIGGER fences AFTER INSERT ON answers
                 FOR EACH STATEMENT EXECUTE FUNCTION fence()",
            )
            .await;
        let reports = [donation("k1", "ann", 100)];
        record(&store, tenant_id, room_id, &reports, &mut ids, at(10))
            .await
            .unwrap();
        database.run("DROP TRIGGER fences ON answers").await;

        let refused = store.begin(&[needs(tenant_id, room_id, &[])]).await;
        let error = refused.err().unwrap();
        assert!(error.is_retryable(), "{error:?}");
        assert!(format!("{error:?}").contains("25006"), "{error:?}");

        let reports = [donation("k2", "ann", 100)];
        record(&store, tenant_id, room_id, &reports, &mut ids, at(20))
            .await
            .unwrap();
        assert!(!store.is_read_only());
    });
}

/// A name that leads to a replica, and then to a primary again.
#[test]
fn a_database_that_can_only_be_read_is_no_sign_of_life() {
    run(Engine::Postgres, async |database: Database| {
        let store = database.open_with(Settings {
            pool_size: 1,
            ..Settings::new(&database.url)
        });
        let store = store.await;
        let set = |value: &str| {
            format!(
                "BEGIN READ WRITE;
                 DO $$ BEGIN EXECUTE format(
                     'ALTER DATABASE %I SET default_transaction_read_only = {value}',
                     current_database()); END $$;
                 SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid();
                 COMMIT"
            )
        };

        database.run(&set("on")).await;
        // The first may find only that its connection was cut.
        for _ in 0..2 {
            assert!(store.check_writable().await.is_err());
        }
        assert!(store.is_read_only());
        let refused = Store::connect(&Settings::new(&database.url)).await;
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("can only be read"), "{refused}");

        database.run(&set("off")).await;
        store.check_writable().await.unwrap();
        assert!(!store.is_read_only());
    });
}
