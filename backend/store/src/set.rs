//! Statements over a set of rows: one text, or few, whatever the size of the set, so that each is
//! prepared once.
//!
//! PostgreSQL takes a set as one array for each column. SQLite has nothing of the kind but JSON,
//! which takes it three times as long to write from as bound values; there a set is a table of
//! `VALUES` in one of three sizes, whose last rows stay unbound. What is unbound is NULL, which no
//! key equals, and which is left out of what is inserted.

use crate::sql::{Column, Statement, Value};

/// The rows of a set in one statement on SQLite. A command alone, a few, and a full batch take one
/// statement each, and the widest row times the largest size is far below the 32,766 values that
/// SQLite takes.
const SIZES: [usize; 3] = [1, 16, 256];
const SIZE_MAX: usize = SIZES[SIZES.len() - 1];

/// Whose SQL it is, where the two differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// A statement over a set of rows, each with a value for every column.
#[derive(Debug)]
pub(crate) struct SetStatement<'a> {
    before: String,
    rows: Vec<Vec<Value>>,
    after: &'a str,
    /// Whether rows are taken as they are, so that those that stay unbound have to be left out.
    inserts: bool,
}

impl<'a> SetStatement<'a> {
    /// `WITH {table} AS ({rows}) {rest}`; `table` names the columns as well. `rest` has to compare
    /// a column with `=` or `IN`.
    pub(crate) fn with(table: &str, rows: Vec<Vec<Value>>, rest: &'a str) -> Self {
        Self {
            before: format!("WITH {table} AS ("),
            rows,
            after: rest,
            inserts: false,
        }
    }

    /// `{into} {rows} {after}`. The first column takes no NULL.
    pub(crate) fn insert(into: &str, rows: Vec<Vec<Value>>, after: &'a str) -> Self {
        Self {
            before: into.to_owned(),
            rows,
            after,
            inserts: true,
        }
    }

    /// The statements to run one after the other: none for a set of nothing, and one for any other
    /// unless SQLite is given more than fit a statement.
    pub(crate) fn statements(self, dialect: Dialect) -> Vec<Statement> {
        if self.rows.is_empty() {
            return Vec::new();
        }

        match dialect {
            Dialect::Postgres => vec![self.with_arrays()],
            Dialect::Sqlite => self.with_values(),
        }
    }

    fn with_arrays(self) -> Statement {
        let end = if self.inserts { " " } else { ") " };
        let mut statement = Statement::new(self.before).push("SELECT * FROM unnest(");
        for (index, column) in columns(self.rows).into_iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            let array = column.postgres_type();
            statement = statement
                .push(comma)
                .push_value(Value::Column(column))
                .push(array);
        }

        statement.push(")").push(end).push(self.after)
    }

    fn with_values(self) -> Vec<Statement> {
        let (open, close) = if self.inserts {
            ("SELECT * FROM (", ") WHERE column1 IS NOT NULL ")
        } else {
            ("", ") ")
        };
        let mut statements = Vec::new();
        let mut rows = self.rows;
        while !rows.is_empty() {
            let rest = rows.split_off(rows.len().min(SIZE_MAX));
            let size = SIZES.into_iter().find(|size| *size >= rows.len());
            let statement = Statement::new(self.before.as_str()).push(open);
            let statement = statement.push_rows_of(rows, size.unwrap_or(SIZE_MAX));
            statements.push(statement.push(close).push(self.after));
            rows = rest;
        }

        statements
    }
}

/// Turns rows into columns.
fn columns(rows: Vec<Vec<Value>>) -> Vec<Column> {
    let count = rows.len();
    let first = rows.first().map(Vec::as_slice).unwrap_or_default();
    let mut columns: Vec<_> = first.iter().map(|value| Column::of(value, count)).collect();
    for row in rows {
        assert_eq!(
            row.len(),
            columns.len(),
            "a set's rows have the same columns"
        );
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(value);
        }
    }

    columns
}

impl Column {
    /// An empty column for values like `value`.
    fn of(value: &Value, count: usize) -> Self {
        match value {
            Value::Uuid(_) => Self::Uuid(Vec::with_capacity(count)),
            Value::Int(_) => Self::Int(Vec::with_capacity(count)),
            Value::Text(_) => Self::Text(Vec::with_capacity(count)),
            Value::Bool(_) => Self::Bool(Vec::with_capacity(count)),
            Value::Bytes(_) => Self::Bytes(Vec::with_capacity(count)),
            Value::Uuids(_) | Value::Digests(_) | Value::Column(_) => {
                unreachable!("a row holds no set: {value:?}")
            }
        }
    }

    fn push(&mut self, value: Value) {
        match (self, value) {
            (Self::Uuid(values), Value::Uuid(value)) => values.push(value),
            (Self::Int(values), Value::Int(value)) => values.push(value),
            (Self::Text(values), Value::Text(value)) => values.push(value),
            (Self::Bool(values), Value::Bool(value)) => values.push(value),
            (Self::Bytes(values), Value::Bytes(value)) => values.push(value),
            (column, value) => unreachable!("a column of one type got {value:?}: {column:?}"),
        }
    }

    fn postgres_type(&self) -> &'static str {
        match self {
            Self::Uuid(_) => "::uuid[]",
            Self::Int(_) => "::bigint[]",
            Self::Text(_) => "::text[]",
            Self::Bool(_) => "::boolean[]",
            Self::Bytes(_) => "::bytea[]",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Dialect, SetStatement};
    use crate::sql::row;

    fn texts(dialect: Dialect, size: i64) -> Vec<String> {
        let rows = (0..size).map(|n| row![n, "x"]).collect();
        let set = SetStatement::with("v (a, b)", rows, "SELECT * FROM t JOIN v ON t.a = v.a");
        let statements = set.statements(dialect);
        statements
            .into_iter()
            .map(|one| one.text().to_owned())
            .collect()
    }

    #[test]
    fn sets_of_every_size_share_a_few_texts() {
        let every = |dialect| -> BTreeSet<_> {
            (0..=1_000).flat_map(|size| texts(dialect, size)).collect()
        };

        assert_eq!(every(Dialect::Postgres).len(), 1);
        assert_eq!(every(Dialect::Sqlite).len(), 3);
    }

    #[test]
    fn a_set_that_fits_is_one_statement_and_a_set_of_nothing_is_none() {
        for (size, on_sqlite) in [(0, 0), (1, 1), (2, 1), (17, 1), (256, 1), (257, 2)] {
            assert_eq!(texts(Dialect::Sqlite, size).len(), on_sqlite, "{size}");
            assert_eq!(
                texts(Dialect::Postgres, size).len(),
                on_sqlite.min(1),
                "{size}"
            );
        }
    }
}
