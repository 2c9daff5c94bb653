//! Asks the planner how the database finds what each statement of a test wants.
//!
//! The store tells of every statement before it runs. Those of one test are collected from the threads
//! of its runtime, and explained on the test's own database, so that a new statement is looked at by
//! being run. SQLite plans by the schema alone. PostgreSQL weighs how large a table is, and a test's is
//! small: it is told that they are large.

mod allowed;
mod postgres;
mod sqlite;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::{Arc, Mutex, Once};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::{Database, Engine};

/// Where the store tells of its statements.
const TARGET: &str = "parlor_store::statement";

/// The statements of one test: by their texts, the types of their values.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recorded(Arc<Mutex<BTreeMap<String, String>>>);

/// A table that is read whole, and how the planner says so.
#[derive(Debug, PartialEq, Eq)]
struct Scan {
    table: String,
    plan: String,
}

thread_local! {
    /// Whose statements this thread runs.
    static OF_THREAD: RefCell<Option<Recorded>> = const { RefCell::new(None) };
}

/// What was explained before in this process.
static EXPLAINED: Mutex<BTreeSet<(Engine, String)>> = Mutex::new(BTreeSet::new());

impl Recorded {
    /// Collects what this thread runs from now on.
    pub(crate) fn record_this_thread(&self) {
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(|| {
            tracing::subscriber::set_global_default(Recorder)
                .expect("a process that tests the store has no other subscriber");
        });
        OF_THREAD.with(|of_thread| *of_thread.borrow_mut() = Some(self.clone()));
    }

    /// Fails if one of the statements reads a whole table that grows.
    pub(crate) async fn check(&self, database: &Database) {
        let recorded = std::mem::take(&mut *self.0.lock().unwrap());
        let unseen: Vec<_> = {
            let mut explained = EXPLAINED.lock().unwrap();
            let is_new = |text: &str| explained.insert((database.engine, text.to_owned()));
            filter_new(recorded, is_new)
        };
        if unseen.is_empty() {
            return;
        }

        let found = match database.engine {
            Engine::Sqlite => sqlite::scans(&database.url, &unseen).await,
            Engine::Postgres => postgres::scans(&database.url, &unseen).await,
        };
        let refused: Vec<_> = found
            .into_iter()
            .filter(|(text, scan)| !allowed::allows(text, &scan.table))
            .map(|(text, Scan { table, plan })| {
                format!("`{table}` is read whole by\n{text}\n{plan}")
            })
            .collect();
        assert!(refused.is_empty(), "{}", refused.join("\n\n"));
    }
}

fn filter_new(
    recorded: BTreeMap<String, String>,
    mut is_new: impl FnMut(&str) -> bool,
) -> Vec<(String, String)> {
    let has_plan = |text: &str| {
        let verb = text.split_whitespace().next().unwrap_or_default();
        ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"].contains(&verb)
    };

    recorded
        .into_iter()
        .filter(|(text, _)| has_plan(text) && is_new(text))
        .collect()
}

/// Takes in what the store tells, and nothing else.
struct Recorder;

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == TARGET
    }

    fn event(&self, event: &Event<'_>) {
        OF_THREAD.with(|of_thread| {
            if let Some(recorded) = &*of_thread.borrow() {
                let mut told = Told::default();
                event.record(&mut told);
                recorded.0.lock().unwrap().insert(told.text, told.types);
            }
        });
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[derive(Default)]
struct Told {
    text: String,
    types: String,
}

impl Visit for Told {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "text" {
            value.clone_into(&mut self.text);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "types" {
            self.types = format!("{value:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Database, Engine};

    /// Makes the table, and the file first where there is none.
    async fn make_things(database: Database) {
        let url = match database.engine {
            Engine::Sqlite => format!("{}?mode=rwc", database.url),
            Engine::Postgres => database.url.clone(),
        };
        let make = "CREATE TABLE things (id BIGINT NOT NULL PRIMARY KEY, label TEXT NOT NULL)";
        Database { url, ..database }.run(make).await;
    }

    async fn find_by_id(database: Database) {
        make_things(database).await;
        let text = "SELECT label FROM things WHERE id = $1";
        tracing::trace!(target: "parlor_store::statement", types = %"bigint", text);
    }

    async fn find_by_label(database: Database) {
        make_things(database).await;
        let text = "SELECT id FROM things WHERE label = $1";
        tracing::trace!(target: "parlor_store::statement", types = %"text", text);
    }

    async fn find_in_an_analysed_crowd(database: Database) {
        for sql in [
            "CREATE TABLE crowds (room BIGINT NOT NULL, person BIGINT NOT NULL)",
            "CREATE INDEX crowds_by_room ON crowds (room)",
            "INSERT INTO crowds SELECT 7, person FROM generate_series(1, 5000) AS person",
            "ANALYZE crowds",
        ] {
            database.run(sql).await;
        }
        let text = "SELECT person FROM crowds WHERE room = $1";
        tracing::trace!(target: "parlor_store::statement", types = %"bigint", text);
    }

    #[test]
    fn what_the_server_knows_of_a_tests_rows_decides_nothing() {
        crate::run(Engine::Postgres, find_in_an_analysed_crowd);
    }

    #[test]
    fn a_statement_that_an_index_serves_passes() {
        crate::run(Engine::Sqlite, find_by_id);
        crate::run(Engine::Postgres, find_by_id);
    }

    #[test]
    #[should_panic(expected = "`things` is read whole")]
    fn a_scan_fails_the_test_on_sqlite() {
        crate::run(Engine::Sqlite, find_by_label);
    }

    #[test]
    #[should_panic(expected = "`things` is read whole")]
    fn a_scan_fails_the_test_on_postgres() {
        crate::run(Engine::Postgres, find_by_label);
    }
}
