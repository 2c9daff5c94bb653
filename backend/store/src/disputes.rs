//! Reading disputes.

use parlor_domain::dispute::{Dispute, DisputeStatus};
use parlor_domain::id::{DisputeId, ParticipantId, RoomId, TenantId};

use crate::dispute_row::{self, COLUMNS};
use crate::page::{Order, Page, PageRequest};
use crate::sql::{Row, Statement, first_number};
use crate::worklist::{Kept, Worklist};
use crate::{Store, StoreError};

/// Which disputes to list: all that are what is given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DisputesFilter {
    pub status: Option<DisputeStatus>,
    /// Whom they are about.
    pub participant_id: Option<ParticipantId>,
}

const CASES: Kept<Dispute> = Kept {
    table: "disputes",
    columns: COLUMNS,
    seq: "change_seq",
    since: "opened_at",
    open: DisputeStatus::Open.as_str(),
    counted: "dispute_changes, open_disputes",
    read: dispute_row::read,
};

impl Store {
    /// The tenant's dispute of that id, and its room.
    pub async fn dispute(
        &self,
        tenant_id: TenantId,
        id: DisputeId,
    ) -> Result<Option<(RoomId, Dispute)>, StoreError> {
        let select = Statement::new(format!(
            "SELECT disputes.room_id, {COLUMNS} FROM disputes WHERE id = $1 AND tenant_id = $2"
        ));
        let rows = self.engine.fetch(select.bind(id).bind(tenant_id)).await?;
        let read = |mut row: Row| {
            let room_id = RoomId(row.take()?);
            Ok::<_, sqlx::Error>((room_id, dispute_row::read(&mut row)?))
        };

        Ok(rows.into_iter().next().map(read).transpose()?)
    }

    /// What has become of a room's disputes since the change at `after_seq`, in the order of their last changes: the
    /// first `limit` of them. Each stands there once, as it is now.
    pub async fn disputes_changed(
        &self,
        tenant_id: TenantId,
        room_id: RoomId,
        after_seq: i64,
        limit: i64,
    ) -> Result<Worklist<Dispute>, StoreError> {
        let room = (tenant_id, room_id);
        self.changed(&CASES, room, after_seq, limit).await
    }

    /// The first `limit` of a room's disputes that are open, the oldest first.
    pub async fn open_disputes(
        &self,
        tenant_id: TenantId,
        room_id: RoomId,
        limit: i64,
    ) -> Result<Worklist<Dispute>, StoreError> {
        self.open(&CASES, (tenant_id, room_id), limit).await
    }

    /// A part of a room's disputes, the oldest first, as they are worked off.
    pub async fn disputes_page(
        &self,
        tenant_id: TenantId,
        room_id: RoomId,
        filter: DisputesFilter,
        page: PageRequest,
    ) -> Result<Page<Dispute>, StoreError> {
        let of_room = |select: &str| {
            let mut statement = Statement::new(select)
                .push(" FROM disputes WHERE room_id = ")
                .push_value(room_id)
                .push(" AND tenant_id = ")
                .push_value(tenant_id);
            if let Some(status) = filter.status {
                statement = statement.push(" AND status = ").push_value(status.as_str());
            }
            if let Some(id) = filter.participant_id {
                // Of whoever is not in the room there is none.
                statement = statement
                    .push(" AND number = (SELECT participants.number FROM participants")
                    .push(" WHERE participants.id = ")
                    .push_value(id)
                    .push(" AND participants.room_id = ")
                    .push_value(room_id)
                    .push(")");
            }
            statement
        };
        let select = of_room(&format!("SELECT {COLUMNS}"));
        let select = page.limit(select, Order::OldestFirst, "opened_at", "id");

        let mut transaction = self.engine.begin_read().await?;
        let counted = transaction.fetch(of_room("SELECT COUNT(*)")).await?;
        let rows = transaction.fetch(select).await?;
        transaction.roll_back().await?;
        let total_count = first_number(counted)?;

        Ok(page.page(rows, total_count, |mut row| dispute_row::read(&mut row))?)
    }
}
