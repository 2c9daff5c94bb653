//! What a connection has prepared before a batch needs it.
//!
//! A statement costs two round trips the first time a connection runs it, and one from then on. A batch on
//! a new connection would pay for all of its statements twice, with the locks of its rooms held, and whoever waits for
//! those rooms would pay with it: on a database some ten milliseconds away that is seconds. So what batches have run on one
//! connection, the others prepare when they are made, and when they come back from whoever used
//! them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use sqlx::postgres::{PgConnection, PgTypeInfo};
use sqlx::{AssertSqlSafe, Connection, Executor, SqlSafeStr};
use tokio::time::Instant;

/// Statements that stay prepared on a connection: every fixed one, and the sets in each of their sizes.
pub(super) const PREPARED_MAX: usize = 400;
/// The most statements that are noted: more than batches have, and as many more are left to what a connection is asked
/// besides.
const STATEMENTS_MAX: usize = PREPARED_MAX / 2;
/// How long a connection is kept for this at a time, about. It is enough for everything on a database
/// that is near; on one that is far away a connection comes by often enough.
const PREPARE_MAX: Duration = Duration::from_millis(100);
/// To prepare a statement waits for whoever locks one of its tables as a whole, as one does who changes it. A
/// connection is not to be kept from everybody for that.
const LOCKED_TABLES_ARE_LEFT: &str = "SET lock_timeout = '10ms'";
/// As the connection was opened.
const WAIT_AS_BEFORE: &str = "RESET lock_timeout";
/// What PostgreSQL says to whoever may not wait for a lock any longer.
const LOCK_NOT_AVAILABLE: &str = "55P03";
/// Connections in a row that have to lack nothing before no more are looked at: twice as many as any pool has, for
/// they are not taken strictly in turn.
const LOOKED_AT: u32 = 200;

/// The statements that batches have run, each with the types of what is bound to it.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    statements: RwLock<HashMap<String, Vec<PgTypeInfo>>>,
    /// How many connections are to be looked at yet, so that what is prepared everywhere costs nothing.
    to_look_at: AtomicU32,
}

impl Prepared {
    /// Notes that a batch is about to run a statement.
    pub(super) fn note(&self, text: &str, types: &dyn Fn() -> Vec<PgTypeInfo>) {
        let statements = self.statements.read();
        let statements = statements.unwrap_or_else(PoisonError::into_inner);
        if statements.contains_key(text) || statements.len() >= STATEMENTS_MAX {
            return;
        }
        drop(statements);
        let statements = self.statements.write();
        let mut statements = statements.unwrap_or_else(PoisonError::into_inner);
        statements.insert(text.to_owned(), types());
        self.to_look_at.store(LOOKED_AT, Ordering::Relaxed);
    }

    /// Prepares on a connection that was just made.
    pub(super) async fn prepare_on_new(
        &self,
        connection: &mut PgConnection,
    ) -> Result<(), sqlx::Error> {
        if !self.prepare_on(connection).await? {
            self.to_look_at.store(LOOKED_AT, Ordering::Relaxed);
        }

        Ok(())
    }

    /// Prepares on a connection that was given back, unless no connection lacks anything by now.
    pub(super) async fn prepare_on_released(
        &self,
        connection: &mut PgConnection,
    ) -> Result<(), sqlx::Error> {
        if self.to_look_at.load(Ordering::Relaxed) == 0 {
            return Ok(());
        }
        let had = connection.cached_statements_size();
        let has_all = self.prepare_on(connection).await?;
        if has_all && connection.cached_statements_size() == had {
            let one_less = |left: u32| left.checked_sub(1);
            let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
            // Another has come to the end of it.
            let _: Result<u32, u32> = self.to_look_at.fetch_update(set, fetch, one_less);
        }

        Ok(())
    }

    /// Prepares what this connection lacks, until [`PREPARE_MAX`] is over. Returns whether nothing is left. One that
    /// fails is not to be used any more, for it waits for no lock.
    async fn prepare_on(&self, connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
        sqlx::raw_sql(LOCKED_TABLES_ARE_LEFT)
            .execute(&mut *connection)
            .await?;
        let has_all = self.prepare_each(connection).await?;
        sqlx::raw_sql(WAIT_AS_BEFORE).execute(connection).await?;

        Ok(has_all)
    }

    async fn prepare_each(&self, connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
        let since = Instant::now();
        for (text, types) in self.all() {
            if since.elapsed() > PREPARE_MAX {
                return Ok(false);
            }
            let sql = AssertSqlSafe(text.as_str()).into_sql_str();
            match connection.prepare_with(sql, &types).await {
                Err(sqlx::Error::Database(error))
                    if error.code().as_deref() == Some(LOCK_NOT_AVAILABLE) =>
                {
                    return Ok(false);
                }
                // Whoever runs it hears of what is wrong with it.
                Err(sqlx::Error::Database(_)) => self.forget(&text),
                prepared => drop(prepared?),
            }
        }

        Ok(true)
    }

    fn forget(&self, text: &str) {
        let statements = self.statements.write();
        statements
            .unwrap_or_else(PoisonError::into_inner)
            .remove(text);
    }

    fn all(&self) -> Vec<(String, Vec<PgTypeInfo>)> {
        let statements = self.statements.read();
        let statements = statements.unwrap_or_else(PoisonError::into_inner);

        let all = statements.iter();
        all.map(|(text, types)| (text.clone(), types.clone()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use parlor_test_database::Database;
    use sqlx::{Connection, PgConnection};

    use super::{Prepared, STATEMENTS_MAX};
    use crate::engine::{Engine, Settings};
    use crate::sql::{Statement, row};

    #[test]
    fn what_one_connection_ran_another_has_prepared() {
        parlor_test_database::run(
            parlor_test_database::Engine::Postgres,
            each_prepares_what_others_ran,
        );
    }

    #[test]
    fn more_statements_than_batches_have_are_not_noted() {
        let prepared = Prepared::default();
        for number in 0..2 * STATEMENTS_MAX {
            prepared.note(&format!("SELECT {number}"), &Vec::new);
        }
        prepared.note("SELECT 0", &Vec::new);
        assert_eq!(prepared.all().len(), STATEMENTS_MAX);
    }

    async fn each_prepares_what_others_ran(database: Database) {
        let settings = Settings {
            pool_size: 2,
            ..Settings::new(&database.url)
        };
        let engine = Engine::connect(&settings).await.unwrap();
        let mut first = engine.begin().await.unwrap();
        let keys = vec![row![1_i64, "one"], row![2_i64, "two"]];
        let select = "SELECT keys.name FROM keys WHERE keys.number = 2";
        let rows = first.look_up("keys (number, name)", keys, select).await;
        assert_eq!(rows.unwrap().len(), 1);
        let Engine::Postgres { prepared, .. } = &engine else {
            panic!("a database of PostgreSQL")
        };
        prepared.note("SELECT 1 FROM absent_table", &Vec::new);

        // The first is in use, so that this is a new one.
        let mut second = engine.begin().await.unwrap();
        assert_eq!(prepared_with(&mut second, "keys (number, name)").await, 1);
        assert_eq!(prepared_with(&mut second, "absent_table").await, 0);
        assert!(
            !prepared
                .all()
                .iter()
                .any(|(text, _)| text.contains("absent"))
        );

        // What the second runs, the first has once it was given back.
        let later = Statement::new("SELECT $1 + 40").bind(2_i64);
        assert_eq!(second.fetch(later).await.unwrap().len(), 1);
        first.roll_back().await.unwrap();
        let mut first = engine.begin().await.unwrap();
        assert_eq!(prepared_with(&mut first, "+ 40").await, 1);
        first.roll_back().await.unwrap();

        // What is only read is another text whenever somebody asks for another page.
        let (noted, read) = (prepared.all().len(), || Statement::new("SELECT 1 LIMIT 25"));
        engine.fetch(read()).await.unwrap();
        let mut reading = engine.begin_read().await.unwrap();
        reading.fetch(read()).await.unwrap();
        reading.roll_back().await.unwrap();
        assert_eq!(prepared.all().len(), noted);
        drop(second);

        engine.close().await;
    }

    #[test]
    fn a_table_that_is_locked_holds_up_no_connection() {
        parlor_test_database::run(
            parlor_test_database::Engine::Postgres,
            what_waits_for_a_lock_is_prepared_later,
        );
    }

    async fn what_waits_for_a_lock_is_prepared_later(database: Database) {
        let engine = Engine::connect(&Settings::new(&database.url))
            .await
            .unwrap();
        let Engine::Postgres { prepared, .. } = &engine else {
            panic!("a database of PostgreSQL")
        };
        let mut other = PgConnection::connect(&database.url).await.unwrap();
        for sql in [
            "CREATE TABLE locked (id BIGINT)",
            "BEGIN",
            "LOCK TABLE locked",
        ] {
            sqlx::raw_sql(sql).execute(&mut other).await.unwrap();
        }
        let of_locked = "SELECT id FROM locked";
        prepared.note(of_locked, &Vec::new);

        // The one that there was is in use, so that this is a new one.
        let first = engine.begin().await.unwrap();
        let mut second = engine.begin().await.unwrap();
        assert_eq!(prepared_with(&mut second, of_locked).await, 0);
        let waits = "SELECT setting FROM pg_settings WHERE name = 'lock_timeout'";
        let waits = second.fetch(Statement::new(waits)).await.unwrap().remove(0);
        assert_eq!({ waits }.take::<String>().unwrap(), "5000");
        first.roll_back().await.unwrap();
        second.roll_back().await.unwrap();
        other.close().await.unwrap();
        // It is given back once more before it has it.
        let comes = async {
            loop {
                let mut third = engine.begin().await.unwrap();
                let has = prepared_with(&mut third, of_locked).await;
                third.roll_back().await.unwrap();
                if has == 1 {
                    return;
                }
            }
        };
        let within = Duration::from_secs(10);
        tokio::time::timeout(within, comes).await.unwrap();
        engine.close().await;
    }

    /// How many statements a connection has prepared whose text holds `part`, this one left out.
    async fn prepared_with(transaction: &mut crate::engine::Transaction, part: &str) -> i64 {
        let count = "SELECT COUNT(*) FROM pg_prepared_statements
            WHERE position($1 IN statement) > 0 AND position('pg_prepared' IN statement) = 0";
        let rows = transaction
            .fetch(Statement::new(count).bind(part))
            .await
            .unwrap();

        rows.into_iter().next().unwrap().take().unwrap()
    }
}
