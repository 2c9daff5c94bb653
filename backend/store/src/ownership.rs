//! Whose database it is: parlor makes its tables in an empty one, and touches none of another program's.

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection, PgConnection};

/// What parlor's own tables are known by: the list of what was done to them.
const MIGRATIONS: &str = "_sqlx_migrations";

/// Looks into the file, if there is one, before anything is written to it: opening it for good changes
/// how it is kept. What cannot be read here is told of by whoever opens it then.
pub(crate) async fn check_sqlite(options: &SqliteConnectOptions) -> Result<(), sqlx::Error> {
    let reading = options.clone().read_only(true).create_if_missing(false);
    let Ok(mut connection) = SqliteConnection::connect_with(&reading).await else {
        return Ok(());
    };
    let names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let names: Result<Vec<String>, _> = sqlx::query_scalar(names).fetch_all(&mut connection).await;
    // What is left of it goes with the connection.
    let _closed = connection.close().await;

    names.map_or(Ok(()), |names| check(&names))
}

/// Looks at the tables of the schema that parlor's would be made in, but for what extensions bring.
pub(crate) async fn check_postgres(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let names = "SELECT relname::text FROM pg_class
         WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
             AND NOT EXISTS (
                 SELECT 1 FROM pg_depend
                 WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e'
             )";
    let names: Vec<String> = sqlx::query_scalar(names).fetch_all(connection).await?;

    check(&names)
}

fn check(tables: &[String]) -> Result<(), sqlx::Error> {
    if tables.is_empty() || tables.iter().any(|name| name == MIGRATIONS) {
        return Ok(());
    }

    Err(sqlx::Error::Configuration(
        "it belongs to another program, whose tables it has; give parlor a database of its own"
            .into(),
    ))
}
