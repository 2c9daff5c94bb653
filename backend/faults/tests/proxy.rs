//! The proxy does to a connection what it says, and counts it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use parlor_faults::proxy::{CommitFault, Counts, Proxy, Traffic};
use parlor_test_database::{Database, Engine, run};
use sqlx::{Connection, PgConnection};
use tokio::time::timeout;

/// How long a test waits for what is to come. It only bounds failures.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long a test waits for what is not to come.
const SILENCE: Duration = Duration::from_millis(200);
const WRITE: &str = "BEGIN; INSERT INTO written VALUES (1)";

async fn proxy_before(database: &Database) -> (Proxy, String) {
    database.run("CREATE TABLE written (n BIGINT)").await;
    let (start, rest) = database.url.split_once('@').unwrap();
    let (upstream, name) = rest.split_once('/').unwrap();
    let proxy = Proxy::start(upstream).await.unwrap();
    let url = format!("{start}@{}/{name}", proxy.address);

    (proxy, url)
}

async fn execute(connection: &mut PgConnection, sql: &'static str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(sql).execute(connection).await.map(|_| ())
}

async fn written(database: &Database) -> i64 {
    database.number("SELECT COUNT(*) FROM written").await
}

#[test]
fn commits_are_struck_before_or_after_they_happen() {
    run(Engine::Postgres, async |database: Database| {
        let (proxy, url) = proxy_before(&database).await;
        let mut through = PgConnection::connect(&url).await.unwrap();
        execute(&mut through, WRITE).await.unwrap();
        execute(&mut through, "COMMIT").await.unwrap();
        assert_eq!(written(&database).await, 1);

        proxy.arm(CommitFault::CutBefore, 1);
        execute(&mut through, WRITE).await.unwrap();
        execute(&mut through, "COMMIT").await.unwrap_err();
        assert_eq!(written(&database).await, 1);

        let mut through = PgConnection::connect(&url).await.unwrap();
        proxy.arm(CommitFault::CutAfter, 1);
        execute(&mut through, WRITE).await.unwrap();
        execute(&mut through, "COMMIT").await.unwrap_err();
        assert_eq!(written(&database).await, 2);

        let mut through = PgConnection::connect(&url).await.unwrap();
        proxy.arm(CommitFault::SilentAfter, 1);
        execute(&mut through, WRITE).await.unwrap();
        let silence = timeout(SILENCE, execute(&mut through, "COMMIT")).await;
        assert!(silence.is_err(), "{silence:?}");
        assert_eq!(written(&database).await, 3);

        let expected = Counts {
            connections: 3,
            commits: 1,
            commits_prevented: 1,
            commit_answers_dropped: 2,
            ..Counts::default()
        };
        assert_eq!(proxy.counts(), expected);
    });
}

#[test]
fn traffic_is_held_swallowed_refused_and_cut() {
    run(Engine::Postgres, async |database: Database| {
        let (proxy, url) = proxy_before(&database).await;
        let mut through = PgConnection::connect(&url).await.unwrap();

        proxy.set_traffic(Traffic::Hold);
        {
            let mut held = std::pin::pin!(execute(&mut through, "SELECT 1"));
            assert!(timeout(SILENCE, held.as_mut()).await.is_err());
            proxy.set_traffic(Traffic::Pass);
            timeout(PATIENCE, held).await.unwrap().unwrap();
        }
        assert!(proxy.counts().held > 0);

        proxy.set_traffic(Traffic::Swallow);
        {
            let mut gone = std::pin::pin!(execute(&mut through, "SELECT 1"));
            assert!(timeout(SILENCE, gone.as_mut()).await.is_err());
            proxy.set_traffic(Traffic::Pass);
            timeout(PATIENCE, gone).await.unwrap().unwrap_err();
        }
        assert!(proxy.counts().swallowed > 0);
        assert_eq!(proxy.counts().cut, 1);

        let mut through = PgConnection::connect(&url).await.unwrap();
        proxy.set_traffic(Traffic::Refuse);
        execute(&mut through, "SELECT 1").await.unwrap_err();
        assert!(PgConnection::connect(&url).await.is_err());
        assert_eq!(proxy.counts().refused, 1);

        proxy.set_traffic(Traffic::Pass);
        let mut through = PgConnection::connect(&url).await.unwrap();
        execute(&mut through, "SELECT 1").await.unwrap();
        proxy.cut();
        execute(&mut through, "SELECT 1").await.unwrap_err();
    });
}
