//! A database for each test, gone afterwards also when the test failed.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// Where the PostgreSQL server for tests is, as somebody who may create databases.
const POSTGRES_URL: &str = "PARLOR_TEST_POSTGRES_URL";

/// Tells the databases of one run apart.
static NEXT: AtomicU32 = AtomicU32::new(0);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// Makes a test of each function, on either engine. A function takes the database's address.
macro_rules! on_both_engines {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[test]
            fn $name() {
                $crate::database::run($crate::database::Engine::Sqlite, super::$name);
            })*
        }

        mod on_postgres {
            $(#[test]
            fn $name() {
                $crate::database::run($crate::database::Engine::Postgres, super::$name);
            })*
        }
    };
}
pub(crate) use on_both_engines;

pub(crate) fn run<F>(engine: Engine, test: impl FnOnce(String) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let name = format!(
        "parlor_api_test_{}_{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    );
    let Some(database) = Database::make(engine, &name, &runtime) else {
        return;
    };

    // A task of its own, so that a panic comes back as a value and what was made can be removed.
    let ended = runtime.block_on(async { tokio::spawn(test(database.url())).await });
    database.remove(&runtime);
    if let Err(failure) = ended {
        std::panic::resume_unwind(failure.into_panic());
    }
}

enum Database {
    Folder(PathBuf),
    OnServer { server: String, name: String },
}

impl Database {
    fn make(engine: Engine, name: &str, runtime: &tokio::runtime::Runtime) -> Option<Self> {
        if engine == Engine::Sqlite {
            let folder = std::env::temp_dir().join(name);
            std::fs::create_dir(&folder).unwrap();
            return Some(Self::Folder(folder));
        }

        let Ok(server) = std::env::var(POSTGRES_URL) else {
            let required = std::env::var("CI").is_ok_and(|value| value == "true");
            assert!(
                !required,
                "`{POSTGRES_URL}` must be set, for CI skips nothing"
            );
            println!("skipped: `{POSTGRES_URL}` is not set, so PostgreSQL is not tested");
            return None;
        };
        runtime.block_on(administer(&server, format!("CREATE DATABASE {name}")));
        Some(Self::OnServer {
            server,
            name: name.to_owned(),
        })
    }

    fn url(&self) -> String {
        match self {
            Self::Folder(folder) => format!("sqlite://{}", folder.join("parlor.db").display()),
            Self::OnServer { server, name } => {
                let (address, _) = server.rsplit_once('/').unwrap();
                format!("{address}/{name}")
            }
        }
    }

    fn remove(self, runtime: &tokio::runtime::Runtime) {
        match self {
            Self::Folder(folder) => std::fs::remove_dir_all(folder).unwrap(),
            Self::OnServer { server, name } => {
                let drop = format!("DROP DATABASE {name} WITH (FORCE)");
                runtime.block_on(administer(&server, drop));
            }
        }
    }
}

async fn administer(server: &str, sql: String) {
    let mut connection = PgConnection::connect(server).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}
