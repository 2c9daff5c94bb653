//! Reading disputes.

use parlor_domain::dispute::{Dispute, DisputeStatus};
use parlor_domain::id::{DisputeId, RoomId, TenantId};
use parlor_domain::points::MemberNumber;

use crate::dispute_row::{self, COLUMNS};
use crate::page::{Order, Page, PageRequest};
use crate::sql::{Row, Statement, first_number};
use crate::{Store, StoreError};

/// Which disputes to list: all that are what is given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DisputesFilter {
    pub status: Option<DisputeStatus>,
    /// Whom they are about.
    pub member: Option<MemberNumber>,
}

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
            if let Some(member) = filter.member {
                statement = statement
                    .push(" AND number = ")
                    .push_value(i64::from(member.0));
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
