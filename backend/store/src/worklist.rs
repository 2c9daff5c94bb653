//! Lists that a room's staff works off, as they are followed: what has changed, and what is open.

use parlor_domain::id::{RoomId, TenantId};

use crate::sql::{Row, Statement};
use crate::{Store, StoreError};

/// A part of such a list, all from one state of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worklist<T> {
    pub items: Vec<T>,
    /// The position of the change that the last of them came with last.
    pub last_seq: Option<i64>,
    /// The position of the newest change.
    pub end_seq: i64,
    /// How many are open in all.
    pub open_count: i64,
}

/// Where a list is kept, and how one of it is read.
pub(crate) struct Kept<T> {
    pub(crate) table: &'static str,
    pub(crate) columns: &'static str,
    /// The column with the position of its last change.
    pub(crate) seq: &'static str,
    /// The column that says since when it is there.
    pub(crate) since: &'static str,
    /// The status of what is open.
    pub(crate) open: &'static str,
    /// The columns of the room's census: how many changes there were, and how many are open.
    pub(crate) counted: &'static str,
    pub(crate) read: fn(&mut Row) -> Result<T, sqlx::Error>,
}

impl<T> Kept<T> {
    fn select(&self, room_id: RoomId, tenant_id: TenantId, which: &str) -> Statement {
        let (seq, columns, table) = (self.seq, self.columns, self.table);
        let select = Statement::new(format!(
            "SELECT {seq}, {columns} FROM {table} WHERE room_id = $1 AND tenant_id = $2 AND {which}"
        ));

        select.bind(room_id).bind(tenant_id)
    }
}

impl Store {
    /// What has become of a room's list since the change at `after_seq`, in the order of the last changes: the first
    /// `limit` of it. Each stands there once, as it is now.
    pub(crate) async fn changed<T>(
        &self,
        kept: &Kept<T>,
        (tenant_id, room_id): (TenantId, RoomId),
        after_seq: i64,
        limit: i64,
    ) -> Result<Worklist<T>, StoreError> {
        let seq = kept.seq;
        let which = format!("{seq} > $3 ORDER BY {seq} LIMIT $4");
        let changed = kept.select(room_id, tenant_id, &which).bind(after_seq);

        self.worklist(kept, room_id, changed.bind(limit)).await
    }

    /// The first `limit` of what is open, the oldest first.
    pub(crate) async fn open<T>(
        &self,
        kept: &Kept<T>,
        (tenant_id, room_id): (TenantId, RoomId),
        limit: i64,
    ) -> Result<Worklist<T>, StoreError> {
        let which = format!("status = $3 ORDER BY {}, id LIMIT $4", kept.since);
        let open = kept.select(room_id, tenant_id, &which).bind(kept.open);

        self.worklist(kept, room_id, open.bind(limit)).await
    }

    async fn worklist<T>(
        &self,
        kept: &Kept<T>,
        room_id: RoomId,
        select: Statement,
    ) -> Result<Worklist<T>, StoreError> {
        let count = format!(
            "SELECT {} FROM room_censuses WHERE room_id = $1",
            kept.counted
        );
        let count = Statement::new(count).bind(room_id);

        let mut transaction = self.engine.begin_read().await?;
        let counted = transaction.fetch(count).await?;
        let rows = transaction.fetch(select).await?;
        transaction.roll_back().await?;

        let mut list = Worklist {
            items: Vec::with_capacity(rows.len()),
            last_seq: None,
            end_seq: 0,
            open_count: 0,
        };
        for mut row in rows {
            list.last_seq = Some(row.take()?);
            list.items.push((kept.read)(&mut row)?);
        }
        // A room that nothing has happened in has no census.
        if let Some(mut row) = counted.into_iter().next() {
            (list.end_seq, list.open_count) = (row.take()?, row.take()?);
        }
        Ok(list)
    }
}
