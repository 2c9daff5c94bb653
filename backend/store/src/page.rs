//! Parts of lists that are ordered by a number and an id, whichever way.

use uuid::Uuid;

use crate::sql::{Row, Statement};

/// A row's place in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// A time in milliseconds, or a position.
    pub number: i64,
    pub id: Uuid,
}

/// Which part of a list to read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// How many rows at most.
    pub limit: u32,
    pub after: Option<Cursor>,
    pub before: Option<Cursor>,
    /// Whether to keep the last of what lies between the cursors, instead of the first.
    pub from_end: bool,
}

/// Which way a list goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    OldestFirst,
    NewestFirst,
}

/// A part of a list, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub has_previous: bool,
    pub has_next: bool,
    /// How many the whole list has.
    pub total_count: i64,
}

impl<T> Page<T> {
    /// The same part of the list, with other rows in place of these.
    pub fn map<U>(self, row: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(row).collect(),
            has_previous: self.has_previous,
            has_next: self.has_next,
            total_count: self.total_count,
        }
    }
}

impl PageRequest {
    /// Appends the conditions, the order and the limit to a statement that ends in a condition. The
    /// list is ordered by the columns `number` and `id`.
    pub(crate) fn limit(
        self,
        mut statement: Statement,
        order: Order,
        number: &str,
        id: &str,
    ) -> Statement {
        let (behind, ahead) = match order {
            Order::OldestFirst => (">", "<"),
            Order::NewestFirst => ("<", ">"),
        };
        for (cursor, operator) in [(self.after, behind), (self.before, ahead)] {
            if let Some(cursor) = cursor {
                let compare = format!(" AND ({number}, {id}) {operator} (");
                statement = statement.push(&compare).push_value(cursor.number);
                statement = statement.push(", ").push_value(cursor.id).push(")");
            }
        }

        let is_descending = (order == Order::NewestFirst) != self.from_end;
        let order = if is_descending { "DESC" } else { "ASC" };
        let order = format!(" ORDER BY {number} {order}, {id} {order} LIMIT ");
        // One more than asked for, to know whether there is more.
        statement.push(&order).push_value(i64::from(self.limit) + 1)
    }

    /// The page that `rows` are, read by a statement of [`Self::limit`].
    pub(crate) fn page<T>(
        self,
        rows: Vec<Row>,
        total_count: i64,
        read: impl FnMut(Row) -> Result<T, sqlx::Error>,
    ) -> Result<Page<T>, sqlx::Error> {
        let mut items = rows.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let (has_previous, has_next) = if self.from_end {
            items.reverse();
            (more, self.before.is_some())
        } else {
            (self.after.is_some(), more)
        };

        Ok(Page {
            items,
            has_previous,
            has_next,
            total_count,
        })
    }
}
