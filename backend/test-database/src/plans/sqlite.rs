//! `EXPLAIN QUERY PLAN`: a line for each table, `SCAN` where it is read whole.

use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};

use super::Scan;

pub(super) async fn scans(url: &str, statements: &[(String, String)]) -> Vec<(String, Scan)> {
    let mut connection = SqliteConnection::connect(url).await.unwrap();
    let mut found = Vec::new();
    for (text, _) in statements {
        let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {text}"));
        let rows = sqlx::raw_sql(explain).fetch_all(&mut connection).await;
        let rows = rows.unwrap_or_else(|error| panic!("{error} in\n{text}"));
        let lines: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
        let tables = lines.iter().filter_map(|line| scanned(line, text));
        let plan = lines.join("\n");
        found.extend(tables.map(|table| {
            let (table, plan) = (table.to_owned(), plan.clone());
            (text.clone(), Scan { table, plan })
        }));
    }

    connection.close().await.unwrap();
    found
}

/// The table that a line of a plan says is read whole, by the name the statement gives it. An index
/// that SQLite makes for the statement alone costs a read of the whole table too.
fn scanned<'a>(line: &'a str, statement: &str) -> Option<&'a str> {
    let is_whole = line.starts_with("SCAN ") || line.contains(" AUTOMATIC ");
    let name = line.split(' ').nth(1)?;

    (is_whole && !is_of_statement(line, name, statement)).then_some(name)
}

/// Whether `name` stands for rows that the statement itself brings or has found already.
fn is_of_statement(line: &str, name: &str, statement: &str) -> bool {
    let is_named_there = statement.starts_with(&format!("WITH {name} "))
        || statement.starts_with(&format!("WITH {name}("))
        || statement.contains(&format!("json_each(?) {name}"))
        || statement.contains(&format!(") {name} "))
        || statement.contains(&format!(") AS {name}"));

    is_named_there
        || name.starts_with('(')
        || line == "SCAN CONSTANT ROW"
        || line.ends_with("CONSTANT ROWS")
        || line.ends_with("-ROW VALUES CLAUSE")
        || line.contains("VIRTUAL TABLE INDEX")
}

#[cfg(test)]
mod tests {
    use super::scanned;

    #[test]
    fn a_table_is_scanned_and_what_a_statement_brings_is_not() {
        for (line, found) in [
            ("SCAN rooms", Some("rooms")),
            (
                "SCAN rooms USING COVERING INDEX rooms_by_creation",
                Some("rooms"),
            ),
            (
                "SEARCH c USING AUTOMATIC COVERING INDEX (room_id=?)",
                Some("c"),
            ),
            (
                "SEARCH rooms USING INDEX rooms_by_creation (tenant_id=?)",
                None,
            ),
            ("SCAN wanted", None),
            ("SCAN 4 CONSTANT ROWS", None),
            ("SCAN CONSTANT ROW", None),
            ("SCAN 16-ROW VALUES CLAUSE", None),
            ("USE TEMP B-TREE FOR ORDER BY", None),
        ] {
            let statement = "WITH wanted (id) AS (VALUES (?)) SELECT 1 FROM wanted JOIN rooms";
            assert_eq!(scanned(line, statement), found, "{line}");
        }
    }
}
