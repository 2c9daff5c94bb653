//! A database for each test: a file in a temporary folder, or a database of its own on the PostgreSQL
//! server at `PARLOR_TEST_POSTGRES_URL`. Gone afterwards, also when the test failed.
//!
//! Without that address the tests on PostgreSQL fail. Whoever wants to do without says so by
//! `PARLOR_TEST_WITHOUT_POSTGRES=1`, and each of those tests then says that it was skipped.
//!
//! Whatever a test has the store run, the planner is asked about afterwards: a statement that reads a
//! whole table fails the test that ran it.

#![expect(
    clippy::unwrap_used,
    reason = "a test whose database cannot be had has failed"
)]

mod held;
mod plans;
mod reader;
mod server;

pub use held::Held;

use std::future::Future;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use tokio::runtime::Runtime;

pub use reader::Reader;

/// Tells the databases of one run apart.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// What a test's database is kept by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Engine {
    /// A file.
    Sqlite,
    /// A server that is there already.
    Postgres,
}

/// One test's database.
#[derive(Debug, Clone)]
pub struct Database {
    /// What it is kept by.
    pub engine: Engine,
    /// Its address, as the server takes it.
    pub url: String,
}

/// Makes a test of each function, on either engine: `on_both_engines! { a_test, another_test }`. A
/// function takes a [`Database`], or its address.
#[macro_export]
macro_rules! on_both_engines {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[test]
            fn $name() {
                $crate::run($crate::Engine::Sqlite, super::$name);
            })*
        }

        mod on_postgres {
            $(#[test]
            fn $name() {
                $crate::run($crate::Engine::Postgres, super::$name);
            })*
        }
    };
}

/// Runs `test` on a database of its own.
pub fn run<F, D>(engine: Engine, test: impl FnOnce(D) -> F)
where
    F: Future<Output = ()> + Send + 'static,
    D: From<Database>,
{
    let statements = plans::Recorded::default();
    let on_worker = statements.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .on_thread_start(move || on_worker.record_this_thread())
        .enable_all()
        .build()
        .unwrap();
    let place = match engine {
        Engine::Sqlite => Place::make_folder(),
        Engine::Postgres => {
            let Some(server) = server::address() else {
                return;
            };
            Place::make_on_server(server, &runtime)
        }
    };
    let url = place.url();

    // A task of its own, so that a panic comes back as a value and what was made can be removed.
    let database = Database { engine, url };
    let test = test(database.clone().into());
    let ended = runtime.block_on(async {
        tokio::spawn(test).await?;
        tokio::spawn(async move { statements.check(&database).await }).await
    });
    place.remove(&runtime);
    if let Err(failure) = ended {
        std::panic::resume_unwind(failure.into_panic());
    }
}

impl From<Database> for String {
    fn from(database: Database) -> Self {
        database.url
    }
}

impl Database {
    /// Runs `sql` behind the program's back.
    pub async fn run(&self, sql: &str) {
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

    /// Reads one number behind the program's back.
    pub async fn number(&self, sql: &str) -> i64 {
        let sql = AssertSqlSafe(sql.to_owned());
        match self.engine {
            Engine::Sqlite => {
                let mut connection = SqliteConnection::connect(&self.url).await.unwrap();
                let read = sqlx::query_scalar(sql).fetch_one(&mut connection);
                read.await.unwrap()
            }
            Engine::Postgres => {
                let mut connection = PgConnection::connect(&self.url).await.unwrap();
                let read = sqlx::query_scalar(sql).fetch_one(&mut connection);
                read.await.unwrap()
            }
        }
    }
}

/// Where a database is, to be removed again.
enum Place {
    Folder(PathBuf),
    OnServer { server: String, name: String },
}

impl Place {
    fn make_folder() -> Self {
        let folder = std::env::temp_dir().join(draw_name());
        std::fs::create_dir(&folder).unwrap();

        Self::Folder(folder)
    }

    fn make_on_server(server: String, runtime: &Runtime) -> Self {
        let name = draw_name();
        runtime.block_on(administer(&server, format!("CREATE DATABASE {name}")));

        Self::OnServer { server, name }
    }

    fn url(&self) -> String {
        match self {
            Self::Folder(folder) => format!("sqlite://{}", folder.join("parlor.db").display()),
            Self::OnServer { server, name } => replace_database(server, name),
        }
    }

    fn remove(self, runtime: &Runtime) {
        match self {
            Self::Folder(folder) => std::fs::remove_dir_all(folder).unwrap(),
            Self::OnServer { server, name } => {
                let drop = format!("DROP DATABASE {name} WITH (FORCE)");
                runtime.block_on(administer(&server, drop));
            }
        }
    }
}

fn draw_name() -> String {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);

    format!("parlor_test_{}_{number}", std::process::id())
}

async fn administer(server: &str, sql: String) {
    let mut connection = PgConnection::connect(server).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
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
