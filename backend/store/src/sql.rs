//! One statement for both engines: its text with placeholders, and the values for them.
//!
//! Values are bound as each engine's own types, so an id is a UUID on PostgreSQL and 16 bytes on
//! SQLite. Rows are read in the order of the statement's columns.

use std::borrow::Cow;
use std::convert::identity;
use std::fmt::Write;

use sqlx::Row as _;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, Decode, Postgres, Sqlite, Type};
use uuid::Uuid;

use parlor_domain::time::ServerTime;

/// How many keys one statement looks up. Above it a second statement costs less than the planning.
pub(crate) const KEYS_MAX: usize = 512;
/// How many rows one statement writes, largest first. A few fixed sizes keep the statements few
/// enough to stay prepared, and the widest row times the largest size is far below the 32,766
/// values that SQLite takes.
pub(crate) const ROWS_PER_STATEMENT: [usize; 5] = [256, 64, 16, 4, 1];

/// A value for a placeholder. Empty ones keep their type, which PostgreSQL asks for.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Uuid(Option<Uuid>),
    Int(Option<i64>),
    Text(Option<String>),
    Bool(bool),
    Bytes(Vec<u8>),
    /// A set of ids or digests, which is a table of one column `key` where it stands.
    Uuids(Vec<Uuid>),
    Digests(Vec<[u8; 32]>),
}

impl Value {
    fn is_set(&self) -> bool {
        matches!(self, Self::Uuids(_) | Self::Digests(_))
    }
}

/// A statement and what is bound to it.
///
/// A text that is written out has `$1`, `$2`, …; one that is put together has a `?` for each value
/// in turn, which PostgreSQL sees numbered. SQLite keeps the names of numbered ones in a list that
/// it searches for each value bound, so that a thousand of them take a million steps.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    text: String,
    values: Vec<Value>,
}

impl Statement {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            values: Vec::new(),
        }
    }

    /// Gives the next placeholder of the text its value.
    pub(crate) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Starts with `WITH {name}`, a table of `rows`.
    pub(crate) fn with_rows(name: &str, rows: Vec<Vec<Value>>) -> Self {
        let statement = Self::new("WITH ").push(name).push(" AS (");
        statement.push_rows(rows).push(") ")
    }

    /// Starts with `WITH {name}`, a table of `keys`. Some are repeated, so that lookups of nearly
    /// the same size are one statement to the database.
    pub(crate) fn with_keys(name: &str, keys: &[Vec<Value>]) -> Self {
        let mut padded = keys.to_vec();
        let last = keys.last().expect("a lookup has a key");
        padded.resize(keys.len().next_power_of_two(), last.clone());

        Self::with_rows(name, padded)
    }

    #[cfg(test)]
    pub(crate) fn before(mut self, text: &str) -> Self {
        self.text.insert_str(0, text);
        self
    }

    pub(crate) fn push(mut self, text: &str) -> Self {
        self.text.push_str(text);
        self
    }

    /// Appends a placeholder and its value.
    pub(crate) fn push_value(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self.push("?")
    }

    /// Appends `VALUES (?, …), …`.
    pub(crate) fn push_rows(mut self, rows: Vec<Vec<Value>>) -> Self {
        self.text.push_str("VALUES ");
        for (index, row) in rows.into_iter().enumerate() {
            self.text.push_str(if index == 0 { "(" } else { ", (" });
            for (index, value) in row.into_iter().enumerate() {
                self.values.push(value);
                self.text.push_str(if index == 0 { "?" } else { ", ?" });
            }
            self.text.push(')');
        }
        self
    }

    pub(crate) fn for_sqlite(self) -> Result<(String, SqliteArguments), sqlx::Error> {
        let text = self.with_placeholders(|_, value| {
            Cow::from(if value.is_set() {
                "(SELECT unhex(value) AS key FROM json_each(?))"
            } else {
                "?"
            })
        });
        let mut arguments = SqliteArguments::default();
        for value in self.values {
            add!(arguments, value, hex_list);
        }
        Ok((text, arguments))
    }

    pub(crate) fn for_postgres(self) -> Result<(String, PgArguments), sqlx::Error> {
        let text = self.with_placeholders(|number, value| {
            Cow::from(if value.is_set() {
                format!("(SELECT key FROM unnest(${number}) AS keys (key))")
            } else {
                format!("${number}")
            })
        });
        let mut arguments = PgArguments::default();
        for value in self.values {
            add!(arguments, value, identity);
        }
        Ok((text, arguments))
    }

    /// The text with each `?` as an engine has it, by its number and value.
    fn with_placeholders(&self, written: impl Fn(usize, &Value) -> Cow<'static, str>) -> String {
        let mut pieces = self.text.split('?');
        let mut text = pieces.next().unwrap_or_default().to_owned();
        for (index, (piece, value)) in pieces.zip(&self.values).enumerate() {
            text.push_str(&written(index + 1, value));
            text.push_str(piece);
        }

        text
    }
}

/// Each of `keys` once, or it would be found more than once.
fn set<K: Ord>(keys: impl IntoIterator<Item = K>) -> Vec<K> {
    let mut keys: Vec<_> = keys.into_iter().collect();
    keys.sort_unstable();
    keys.dedup();

    keys
}

/// A JSON list of keys in hexadecimal: one value, however many there are, for a statement that stays
/// the same.
fn hex_list(keys: Vec<impl AsRef<[u8]>>) -> String {
    let mut list = String::from("[");
    for (index, key) in keys.into_iter().enumerate() {
        list.push_str(if index == 0 { "\"" } else { ",\"" });
        for byte in key.as_ref() {
            write!(list, "{byte:02x}").expect("a string takes text");
        }
        list.push('"');
    }
    list.push(']');

    list
}

/// A row of either engine, read from left to right.
pub(crate) struct Row {
    columns: Columns,
    next: usize,
}

enum Columns {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// What both engines can read.
pub(crate) trait Cell:
    for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>
{
}

impl<T> Cell for T where
    T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>
{
}

impl Row {
    /// Reads the next column.
    pub(crate) fn take<T: Cell>(&mut self) -> Result<T, sqlx::Error> {
        let index = self.next;
        self.next += 1;

        match &self.columns {
            Columns::Sqlite(row) => row.try_get(index),
            Columns::Postgres(row) => row.try_get(index),
        }
    }

    pub(crate) fn take_time(&mut self) -> Result<ServerTime, sqlx::Error> {
        self.take().map(ServerTime::from_unix_millis)
    }

    pub(crate) fn take_optional_time(&mut self) -> Result<Option<ServerTime>, sqlx::Error> {
        let millis: Option<i64> = self.take()?;
        Ok(millis.map(ServerTime::from_unix_millis))
    }

    /// Reads a number that is kept in 64 bits and needs fewer.
    pub(crate) fn take_narrow<T: TryFrom<i64>>(&mut self) -> Result<T, sqlx::Error> {
        let wide: i64 = self.take()?;
        T::try_from(wide).map_err(|_| corrupt(format!("{wide} is out of range")))
    }

    /// Reads a JSON document.
    pub(crate) fn take_json<T: serde::de::DeserializeOwned>(&mut self) -> Result<T, sqlx::Error> {
        let text: String = self.take()?;
        from_json(&text)
    }
}

impl From<SqliteRow> for Row {
    fn from(row: SqliteRow) -> Self {
        Self {
            columns: Columns::Sqlite(row),
            next: 0,
        }
    }
}

impl From<PgRow> for Row {
    fn from(row: PgRow) -> Self {
        Self {
            columns: Columns::Postgres(row),
            next: 0,
        }
    }
}

pub(crate) fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, sqlx::Error> {
    serde_json::from_str(text).map_err(|error| sqlx::Error::Decode(error.into()))
}

pub(crate) fn to_json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("what the domain keeps has text keys, and so is JSON")
}

/// The number that a statement which counts has found.
pub(crate) fn first_number(rows: Vec<Row>) -> Result<i64, sqlx::Error> {
    rows.into_iter().next().map_or(Ok(0), |mut row| row.take())
}

/// What is stored was not written by this program.
pub(crate) fn corrupt(message: String) -> sqlx::Error {
    sqlx::Error::Decode(message.into())
}

macro_rules! add {
    ($arguments:ident, $value:ident, $set:expr) => {
        match $value {
            Value::Uuid(value) => $arguments.add(value),
            Value::Int(value) => $arguments.add(value),
            Value::Text(value) => $arguments.add(value),
            Value::Bool(value) => $arguments.add(value),
            Value::Bytes(value) => $arguments.add(value),
            Value::Uuids(keys) => $arguments.add($set(keys)),
            Value::Digests(keys) => $arguments.add($set(keys)),
        }
        .map_err(sqlx::Error::Encode)?
    };
}
use add;

/// A row of values: `row![id, tenant_id, seq]`.
macro_rules! row {
    ($($value:expr),* $(,)?) => { vec![$($crate::sql::Value::from($value)),*] };
}
pub(crate) use row;

macro_rules! values_from {
    ($($from:ty => |$value:ident| $made:expr),* $(,)?) => {$(
        impl From<$from> for Value {
            fn from($value: $from) -> Self {
                $made
            }
        }
    )*};
}

values_from! {
    Uuid => |value| Self::Uuid(Some(value)),
    Option<Uuid> => |value| Self::Uuid(value),
    i64 => |value| Self::Int(Some(value)),
    i32 => |value| Self::Int(Some(value.into())),
    u32 => |value| Self::Int(Some(value.into())),
    Option<i64> => |value| Self::Int(value),
    ServerTime => |value| Self::Int(Some(value.unix_millis())),
    Option<ServerTime> => |value| Self::Int(value.map(ServerTime::unix_millis)),
    &str => |value| Self::Text(Some(value.to_owned())),
    String => |value| Self::Text(Some(value)),
    Option<String> => |value| Self::Text(value),
    Option<&str> => |value| Self::Text(value.map(str::to_owned)),
    bool => |value| Self::Bool(value),
    Vec<u8> => |value| Self::Bytes(value),
    &[u8; 32] => |value| Self::Bytes(value.to_vec()),
    Vec<[u8; 32]> => |value| Self::Digests(set(value)),
}

macro_rules! values_from_ids {
    ($($id:ident),* $(,)?) => {$(
        impl From<parlor_domain::id::$id> for Value {
            fn from(id: parlor_domain::id::$id) -> Self {
                Self::Uuid(Some(id.0))
            }
        }

        impl From<Option<parlor_domain::id::$id>> for Value {
            fn from(id: Option<parlor_domain::id::$id>) -> Self {
                Self::Uuid(id.map(|id| id.0))
            }
        }

        impl From<&[parlor_domain::id::$id]> for Value {
            fn from(ids: &[parlor_domain::id::$id]) -> Self {
                Self::Uuids(set(ids.iter().map(|id| id.0)))
            }
        }
    )*};
}

values_from_ids! {
    TenantId, RoomId, SessionId, EventId, Epoch, ContributionId, HypeTrainId, OverlayTokenId,
    ParticipantId, AuditEntryId, NodeId,
}
