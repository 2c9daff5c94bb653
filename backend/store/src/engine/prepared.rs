//! What a connection has prepared before a batch needs it.
//!
//! A statement costs two round trips the first time a connection runs it, and one from then on. A batch on
//! a new connection would pay for all of its statements twice, with the locks of its rooms held, and whoever waits for
//! those rooms would pay with it: on a database some ten milliseconds away that is seconds. So what one
//! connection has run, the others prepare when they are made, and when they come back from whoever used
//! them.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use sqlx::postgres::{PgConnection, PgTypeInfo};
use sqlx::{AssertSqlSafe, Connection, Executor, SqlSafeStr};
use tokio::time::Instant;

/// How long a connection is kept for this at a time, about. It is enough for everything on a database
/// that is near; on one that is far away a connection comes by often enough.
const PREPARE_MAX: Duration = Duration::from_millis(100);

/// The statements that were run, each with the types of what is bound to it.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    statements: RwLock<HashMap<String, Vec<PgTypeInfo>>>,
}

impl Prepared {
    /// Notes that a statement is about to be run.
    pub(super) fn note(&self, text: &str, types: &dyn Fn() -> Vec<PgTypeInfo>) {
        let statements = self.statements.read();
        let is_known = statements
            .unwrap_or_else(PoisonError::into_inner)
            .contains_key(text);
        if !is_known {
            let statements = self.statements.write();
            statements
                .unwrap_or_else(PoisonError::into_inner)
                .insert(text.to_owned(), types());
        }
    }

    /// Prepares some of what this connection lacks, until [`PREPARE_MAX`] is over.
    ///
    /// What a connection is asked of its own is never prepared, so that it has as many as there are here
    /// once it has all of them. One that migrated has some more, and may lack as many.
    pub(super) async fn prepare_on(
        &self,
        connection: &mut PgConnection,
    ) -> Result<(), sqlx::Error> {
        if connection.cached_statements_size() >= self.len() {
            return Ok(());
        }

        let since = Instant::now();
        for (text, types) in self.all() {
            let sql = AssertSqlSafe(text.as_str()).into_sql_str();
            match connection.prepare_with(sql, &types).await {
                // Whoever runs it hears of what is wrong with it.
                Err(sqlx::Error::Database(_)) => self.forget(&text),
                prepared => drop(prepared?),
            }
            if since.elapsed() > PREPARE_MAX {
                break;
            }
        }
        Ok(())
    }

    fn forget(&self, text: &str) {
        let statements = self.statements.write();
        statements
            .unwrap_or_else(PoisonError::into_inner)
            .remove(text);
    }

    fn len(&self) -> usize {
        let statements = self.statements.read();

        statements.unwrap_or_else(PoisonError::into_inner).len()
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
    use parlor_test_database::Database;

    use crate::engine::{Engine, Settings};
    use crate::sql::{Statement, row};

    #[test]
    fn what_one_connection_ran_another_has_prepared() {
        parlor_test_database::run(
            parlor_test_database::Engine::Postgres,
            each_prepares_what_others_ran,
        );
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
        drop((first, second));
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
