//! A process that is killed while it brings the schema up to date: whoever comes next goes on.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output};

use parlor_test_database::{Database, Engine, on_both_engines};

use super::{Folder, parlor};

on_both_engines! { a_migration_that_was_killed_anywhere_is_gone_on_with }

/// What there is of a database: migrations that were made, and tables and indexes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Schema {
    migrations: i64,
    objects: i64,
}

async fn a_migration_that_was_killed_anywhere_is_gone_on_with(database: Database) {
    let folder = Folder::make();
    let library = folder.build_library("killed", include_str!("killed.c"));
    let migrate = || {
        let mut command = parlor(&folder.0);
        command.args(["migrate", "--database", &database.url]);
        command
    };
    succeeds(&mut migrate());
    let whole = schema(&database).await;

    let mut left = Vec::new();
    let mut dies_at = 1;
    loop {
        empty(&database).await;
        let mut killed = migrate();
        killed
            .env("LD_PRELOAD", &library)
            .env("PARLOR_TEST_DIES_AT", dies_at.to_string());
        let status = killed.output().unwrap().status;
        if status.success() {
            break;
        }
        assert_eq!(status.signal(), Some(9), "at its write {dies_at}");
        left.push(migrations(&database).await);

        succeeds(&mut migrate());
        assert_eq!(schema(&database).await, whole, "after its write {dies_at}");
        // Close together at first, for each of the first writes is another thing.
        dies_at += 1 + dies_at / 4;
    }

    let half_way = |made: &i64| (1..whole.migrations).contains(made);
    assert!(left.iter().any(half_way), "{left:?}");
}

fn succeeds(command: &mut Command) {
    let Output { status, stderr, .. } = command.output().unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
}

async fn empty(database: &Database) {
    match database.engine {
        Engine::Sqlite => {
            let file = database.url.strip_prefix("sqlite://").unwrap();
            for ending in ["", "-wal", "-shm"] {
                // What is not there need not go.
                drop(std::fs::remove_file(format!("{file}{ending}")));
            }
        }
        Engine::Postgres => {
            let again = "DROP SCHEMA public CASCADE; CREATE SCHEMA public";
            database.run(again).await;
        }
    }
}

async fn schema(database: &Database) -> Schema {
    let objects = match database.engine {
        Engine::Sqlite => "SELECT COUNT(*) FROM sqlite_master",
        Engine::Postgres => {
            "SELECT COUNT(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        }
    };

    Schema {
        migrations: migrations(database).await,
        objects: database.number(objects).await,
    }
}

/// How many migrations were made, none where there is no list of them yet.
async fn migrations(database: &Database) -> i64 {
    let has_list = match database.engine {
        Engine::Sqlite => {
            let file = database.url.strip_prefix("sqlite://").unwrap();
            if !std::path::Path::new(file).exists() {
                return 0;
            }
            "SELECT COUNT(*) FROM sqlite_master WHERE name = '_sqlx_migrations'"
        }
        Engine::Postgres => "SELECT COUNT(*) FROM pg_class WHERE relname = '_sqlx_migrations'",
    };
    if database.number(has_list).await == 0 {
        return 0;
    }

    database
        .number("SELECT COUNT(*) FROM _sqlx_migrations WHERE success")
        .await
}
