//! One statement for both engines: its text with placeholders, and the values for them.
//!
//! Values are bound as each engine's own types, so an id is a UUID on PostgreSQL and 16 bytes on
//! SQLite. Rows are read in the order of the statement's columns.

use std::borrow::Cow;
use std::convert::identity;
use std::fmt::{self, Display, Write};
use std::slice;

use sqlx::Row as _;
use sqlx::postgres::{PgArguments, PgRow, PgTypeInfo};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, Decode, Postgres, Sqlite, Type};
use uuid::Uuid;

use parlor_domain::time::ServerTime;

use crate::document::Document;
pub(crate) use crate::document::{from_json, to_json};

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
    /// All values of a column, which PostgreSQL takes as one.
    Column(Column),
}

impl Value {
    fn is_set(&self) -> bool {
        matches!(self, Self::Uuids(_) | Self::Digests(_))
    }

    fn postgres_type(&self) -> PgTypeInfo {
        match self {
            Self::Uuid(_) => <Uuid as Type<Postgres>>::type_info(),
            Self::Int(_) => <i64 as Type<Postgres>>::type_info(),
            Self::Text(_) => <String as Type<Postgres>>::type_info(),
            Self::Bool(_) => <bool as Type<Postgres>>::type_info(),
            Self::Bytes(_) => <Vec<u8> as Type<Postgres>>::type_info(),
            Self::Uuids(_) | Self::Column(Column::Uuid(_)) => {
                <Vec<Uuid> as Type<Postgres>>::type_info()
            }
            Self::Digests(_) | Self::Column(Column::Bytes(_)) => {
                <Vec<Vec<u8>> as Type<Postgres>>::type_info()
            }
            Self::Column(Column::Int(_)) => <Vec<i64> as Type<Postgres>>::type_info(),
            Self::Column(Column::Text(_)) => <Vec<String> as Type<Postgres>>::type_info(),
            Self::Column(Column::Bool(_)) => <Vec<bool> as Type<Postgres>>::type_info(),
        }
    }
}

/// The values of one column, in the order of their rows.
#[derive(Debug, Clone)]
pub(crate) enum Column {
    Uuid(Vec<Option<Uuid>>),
    Int(Vec<Option<i64>>),
    Text(Vec<Option<String>>),
    Bool(Vec<bool>),
    Bytes(Vec<Vec<u8>>),
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
    pub(crate) fn push_rows(self, rows: Vec<Vec<Value>>) -> Self {
        let size = rows.len();
        self.push_rows_of(rows, size)
    }

    /// Appends `VALUES (?, …), …` with `size` rows, of which the last stay unbound.
    pub(crate) fn push_rows_of(mut self, rows: Vec<Vec<Value>>, size: usize) -> Self {
        let width = rows.first().map_or(0, Vec::len);
        self.text.reserve(size * (width * 3 + 2));
        self.text.push_str("VALUES ");
        for index in 0..size {
            self.text.push_str(if index == 0 { "(" } else { ", (" });
            for index in 0..width {
                self.text.push_str(if index == 0 { "?" } else { ", ?" });
            }
            self.text.push(')');
        }
        self.values.extend(rows.into_iter().flatten());
        self
    }

    #[cfg(test)]
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn for_sqlite(self) -> Result<(String, SqliteArguments), sqlx::Error> {
        self.check_texts()?;
        let text = self.with_placeholders(|_, value| {
            Cow::from(if value.is_set() {
                "(SELECT unhex(value) AS key FROM json_each(?))"
            } else {
                "?"
            })
        });
        tell(&text, &self.values);
        let mut arguments = SqliteArguments::default();
        for value in self.values {
            add!(
                arguments,
                value,
                hex_list,
                column => unreachable!("SQLite takes no column as one: {column:?}")
            );
        }
        Ok((text, arguments))
    }

    /// Tells `note` the text, and the types of what is bound, if that is asked for.
    pub(crate) fn for_postgres(
        self,
        note: impl FnOnce(&str, &dyn Fn() -> Vec<PgTypeInfo>),
    ) -> Result<(String, PgArguments), sqlx::Error> {
        self.check_texts()?;
        let text = self.with_placeholders(|number, value| {
            Cow::from(if value.is_set() {
                format!("(SELECT key FROM unnest(${number}) AS keys (key))")
            } else {
                format!("${number}")
            })
        });
        tell(&text, &self.values);
        note(&text, &|| {
            self.values.iter().map(Value::postgres_type).collect()
        });
        let mut arguments = PgArguments::default();
        for value in self.values {
            add!(arguments, value, identity, column => match column {
                Column::Uuid(values) => arguments.add(values),
                Column::Int(values) => arguments.add(values),
                Column::Text(values) => arguments.add(values),
                Column::Bool(values) => arguments.add(values),
                Column::Bytes(values) => arguments.add(values),
            });
        }
        Ok((text, arguments))
    }

    /// Refuses texts that PostgreSQL could not hold, so that what one of the two takes, both do. What
    /// people write is checked where it comes in; this is for whatever was forgotten there.
    fn check_texts(&self) -> Result<(), sqlx::Error> {
        let can_be_held = self.values.iter().all(|value| match value {
            Value::Text(text) => hold_no_zero(slice::from_ref(text)),
            Value::Column(Column::Text(texts)) => hold_no_zero(texts),
            Value::Uuid(_)
            | Value::Int(_)
            | Value::Bool(_)
            | Value::Bytes(_)
            | Value::Uuids(_)
            | Value::Digests(_)
            | Value::Column(
                Column::Uuid(_) | Column::Int(_) | Column::Bool(_) | Column::Bytes(_),
            ) => true,
        });

        if can_be_held {
            Ok(())
        } else {
            Err(sqlx::Error::Encode("a text holds U+0000".into()))
        }
    }

    /// The text with each `?` as an engine has it, by its number and value.
    fn with_placeholders(&self, written: impl Fn(usize, &Value) -> Cow<'static, str>) -> String {
        let mut pieces = self.text.split('?');
        let mut text = pieces.next().unwrap_or_default().to_owned();
        for (index, piece) in pieces.enumerate() {
            match self.values.get(index) {
                Some(value) => text.push_str(&written(index + 1, value)),
                None => text.push('?'),
            }
            text.push_str(piece);
        }

        text
    }
}

fn hold_no_zero(texts: &[Option<String>]) -> bool {
    texts.iter().flatten().all(|text| !text.contains('\0'))
}

/// Tells of a statement that is about to run: its text, and of its values the types alone, for they
/// are people's. The tests ask the planner about each that is told of.
fn tell(text: &str, values: &[Value]) {
    tracing::trace!(target: "parlor_store::statement", types = %Types(values), text);
}

/// The types of some values, as PostgreSQL calls them.
struct Types<'a>(&'a [Value]);

impl Display for Types<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, value) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            let of_value = match value {
                Value::Uuid(_) => "uuid",
                Value::Int(_) => "bigint",
                Value::Text(_) => "text",
                Value::Bool(_) => "boolean",
                Value::Bytes(_) => "bytea",
                Value::Uuids(_) | Value::Column(Column::Uuid(_)) => "uuid[]",
                Value::Digests(_) | Value::Column(Column::Bytes(_)) => "bytea[]",
                Value::Column(Column::Int(_)) => "bigint[]",
                Value::Column(Column::Text(_)) => "text[]",
                Value::Column(Column::Bool(_)) => "boolean[]",
            };
            write!(formatter, "{comma}{of_value}")?;
        }
        Ok(())
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

    /// Reads a document.
    pub(crate) fn take_json<T: Document>(&mut self) -> Result<T, sqlx::Error> {
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

/// The number that a statement which counts has found.
pub(crate) fn first_number(rows: Vec<Row>) -> Result<i64, sqlx::Error> {
    rows.into_iter().next().map_or(Ok(0), |mut row| row.take())
}

/// What is stored was not written by this program.
pub(crate) fn corrupt(message: String) -> sqlx::Error {
    sqlx::Error::Decode(message.into())
}

macro_rules! add {
    ($arguments:ident, $value:ident, $set:expr, $column:ident => $add_column:expr) => {
        match $value {
            Value::Uuid(value) => $arguments.add(value),
            Value::Int(value) => $arguments.add(value),
            Value::Text(value) => $arguments.add(value),
            Value::Bool(value) => $arguments.add(value),
            Value::Bytes(value) => $arguments.add(value),
            Value::Uuids(keys) => $arguments.add($set(keys)),
            Value::Digests(keys) => $arguments.add($set(keys)),
            Value::Column($column) => $add_column,
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
    TenantId, RoomId, SessionId, EventId, Epoch, ContributionId, MembershipId, HypeTrainId, OverlayTokenId,
    ParticipantId, AuditEntryId, NodeId, TransferId, RewardId, RedemptionId,
    DrawId, DisputeId, ErasureId, WebhookSourceId, WebhookDeliveryId,
}
