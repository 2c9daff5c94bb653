//! A database for each test: a file in a temporary folder, or a database of its own on the
//! PostgreSQL server at `PARLOR_TEST_POSTGRES_URL`. Gone afterwards, also when the test failed.

use std::future::Future;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use parlor_store::{Settings, Store};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

/// Where the PostgreSQL server for tests is, as somebody who may create databases.
const POSTGRES_URL: &str = "PARLOR_TEST_POSTGRES_URL";

/// Tells the databases of one run apart.
static NEXT: AtomicU32 = AtomicU32::new(0);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// One test's database.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    pub(crate) engine: Engine,
    pub(crate) url: String,
}

impl Database {
    /// Opens another store on the database. Whoever comes first brings it up to date.
    pub(crate) async fn open(&self) -> Store {
        self.open_with(Settings::new(&self.url)).await
    }

    pub(crate) async fn open_with(&self, settings: Settings) -> Store {
        let store = Store::connect(&settings).await.unwrap();
        store.migrate().await.unwrap();
        store
    }

    /// Runs `sql` behind the store's back.
    pub(crate) async fn run(&self, sql: &str) {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        match self.engine {
            Engine::Sqlite => {
                let mut connection = SqliteConnection::connect(&self.url).await.unwrap();
                sql.execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
            }
            Engine::Postgres => {
                let mut connection = PgConnection::connect(&self.url).await.unwrap();
                sql.execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
            }
        }
    }

    /// Reads one number behind the store's back.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let sql = AssertSqlSafe(sql.to_owned());
        match self.engine {
            Engine::Sqlite => {
                let mut connection = SqliteConnection::connect(&self.url).await.unwrap();
                sqlx::query_scalar(sql)
                    .fetch_one(&mut connection)
                    .await
                    .unwrap()
            }
            Engine::Postgres => {
                let mut connection = PgConnection::connect(&self.url).await.unwrap();
                sqlx::query_scalar(sql)
                    .fetch_one(&mut connection)
                    .await
                    .unwrap()
            }
        }
    }
}

/// Makes a test of each function, on either engine: `on_both_engines! { a_test, another_test }`.
macro_rules! on_both_engines {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[test]
            fn $name() {
                $crate::harness::run($crate::harness::Engine::Sqlite, super::$name);
            })*
        }

        mod on_postgres {
            $(#[test]
            fn $name() {
                $crate::harness::run($crate::harness::Engine::Postgres, super::$name);
            })*
        }
    };
}
pub(crate) use on_both_engines;

pub(crate) fn run<F>(engine: Engine, test: impl FnOnce(Database) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();

    match engine {
        Engine::Sqlite => {
            let folder = make_folder();
            let url = format!("sqlite://{}", folder.join("parlor.db").display());
            let result = runtime.block_on(finish(test(Database { engine, url })));
            std::fs::remove_dir_all(folder).unwrap();
            result.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
        Engine::Postgres => {
            let Ok(server) = std::env::var(POSTGRES_URL) else {
                let required = std::env::var("CI").is_ok_and(|value| value == "true");
                assert!(
                    !required,
                    "`{POSTGRES_URL}` must be set, for CI skips nothing"
                );
                println!("skipped: `{POSTGRES_URL}` is not set, so PostgreSQL is not tested");
                return;
            };
            let name = format!("parlor_test_{}_{}", std::process::id(), next());
            let url = replace_database(&server, &name);
            runtime.block_on(administer(&server, format!("CREATE DATABASE {name}")));
            let result = runtime.block_on(finish(test(Database { engine, url })));
            runtime.block_on(administer(
                &server,
                format!("DROP DATABASE {name} WITH (FORCE)"),
            ));
            result.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
    }
}

/// Catches a panic, so that what the test leaves behind can be removed.
async fn finish(
    test: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Box<dyn std::any::Any + Send>> {
    tokio::spawn(test)
        .await
        .map_err(tokio::task::JoinError::into_panic)
}

async fn administer(server: &str, sql: String) {
    let mut connection = PgConnection::connect(server).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}

fn make_folder() -> PathBuf {
    let name = format!("parlor-store-test-{}-{}", std::process::id(), next());
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir(&folder).unwrap();
    folder
}

fn next() -> u32 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The address of another database on the same server, options kept.
fn replace_database(server: &str, name: &str) -> String {
    let (address, options) = server.split_once('?').unwrap_or((server, ""));
    let authority_starts = address.find("://").unwrap() + 3;
    let authority_ends = address[authority_starts..]
        .find('/')
        .map_or(address.len(), |slash| authority_starts + slash);
    let question = if options.is_empty() { "" } else { "?" };

    format!("{}/{name}{question}{options}", &address[..authority_ends])
}
