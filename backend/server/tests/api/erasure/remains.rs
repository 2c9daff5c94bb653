//! What a database has of a person, column by column.

use std::fmt::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use parlor_test_database::{Database, Engine};
use sha2::{Digest, Sha256};

use super::life::{MARKS, SUBJECT};

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Column {
    pub(super) table: String,
    pub(super) name: String,
}

/// The columns that docs/privacy.md has, and whether something of a person is in them.
pub(super) fn documented() -> Vec<(Column, bool)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/privacy.md");
    let text = std::fs::read_to_string(path).unwrap();
    let mut columns = Vec::new();
    for line in text.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [table, names, _, erasing] = cells[..] else {
            panic!("a line of the table has four cells: {line}");
        };
        columns.extend(names.split_whitespace().map(|name| {
            let bare = |text: &str| text.trim_matches('`').to_owned();
            let column = Column {
                table: bare(table),
                name: bare(name),
            };
            (column, erasing != "stays")
        }));
    }

    columns
}

/// The columns that the database has.
pub(super) async fn schema(database: &Database) -> Vec<Column> {
    let select = match database.engine {
        Engine::Sqlite => {
            "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"
        }
        Engine::Postgres => {
            "SELECT table_name::text, column_name::text FROM information_schema.columns
             WHERE table_schema = 'public'"
        }
    };
    let rows = database.reader().await.rows(select).await.unwrap();
    let columns = rows.into_iter().map(|row| {
        let [table, name] = <[String; 2]>::try_from(row).unwrap();
        Column { table, name }
    });

    columns
        .filter(|column| column.table != "_sqlx_migrations" && column.table != "sqlite_sequence")
        .collect()
}

/// The columns in which there is something of the person, in whatever form, each with one that is.
pub(super) async fn found(database: &Database) -> Vec<(Column, String)> {
    let marks = forms();
    let mut reader = database.reader().await;
    let mut found = Vec::new();
    for column in schema(database).await {
        let Column { table, name } = &column;
        let text = match database.engine {
            Engine::Sqlite => format!(
                "CASE typeof({name}) WHEN 'blob' THEN hex({name}) ELSE CAST({name} AS TEXT) END"
            ),
            Engine::Postgres => format!("{name}::text"),
        };
        let select = format!("SELECT {text} FROM {table} WHERE {name} IS NOT NULL");
        let rows = reader.rows(&select).await.unwrap();
        let texts = rows.into_iter().flatten();
        let mut texts = texts.filter(|text| {
            let text = text.to_lowercase();
            marks.iter().any(|mark| text.contains(mark))
        });
        found.extend(texts.next().map(|text| (column, text)));
    }
    found.sort();

    found
}

/// What is the person's, and what it would be found by in another form: in base64 at each of the three places that a
/// text may begin at, in hexadecimal, and as an unsalted digest. In lower case.
fn forms() -> Vec<String> {
    let mut forms = Vec::new();
    for mark in MARKS.iter().copied().chain([SUBJECT]) {
        forms.extend([mark.to_owned(), hex(mark.as_bytes())]);
        forms.push(
            serde_json::to_string(mark)
                .unwrap()
                .trim_matches('"')
                .to_owned(),
        );
        for before in 0..3 {
            let text = [&vec![b' '; before], mark.as_bytes()].concat();
            let encoded = STANDARD.encode(&text[..text.len() / 3 * 3]);
            // What depends on the letters beside it is left out.
            forms.push(encoded[4..].to_owned());
        }
        forms.push(hex(&Sha256::digest(mark)));
    }

    forms.into_iter().map(|form| form.to_lowercase()).collect()
}

fn hex(bytes: &[u8]) -> String {
    let mut digits = String::new();
    for byte in bytes {
        write!(digits, "{byte:02x}").unwrap();
    }

    digits
}
