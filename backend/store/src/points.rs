//! Reading points: what a member has and why, and how a room's books stand.

use parlor_domain::id::{RoomId, TenantId};
use parlor_domain::points::{Balance, Ledger, MemberNumber, Transfer};

use crate::books::select_ledger;
use crate::page::{Order, Page, PageRequest};
use crate::sql::{Row, Statement};
use crate::transfer_row::{self, BALANCE_COLUMNS, COLUMNS};
use crate::{Store, StoreError};

impl Store {
    /// What a member of a room has.
    pub async fn balance(
        &self,
        tenant_id: TenantId,
        room_id: RoomId,
        member: MemberNumber,
    ) -> Result<Balance, StoreError> {
        let select = select_balance(tenant_id, room_id, member);

        Ok(read_balance(self.engine.fetch(select).await?)?)
    }

    /// A part of a member's statement, newest first.
    pub async fn statement_page(
        &self,
        tenant_id: TenantId,
        room_id: RoomId,
        member: MemberNumber,
        page: PageRequest,
    ) -> Result<Page<Transfer>, StoreError> {
        let select = Statement::new(format!("SELECT {COLUMNS} FROM transfers WHERE room_id = "))
            .push_value(room_id)
            .push(" AND number = ")
            .push_value(member.0)
            .push(" AND tenant_id = ")
            .push_value(tenant_id);
        let select = page.limit(select, Order::NewestFirst, "seq", "id");

        let mut transaction = self.engine.begin_read().await?;
        let balance = transaction
            .fetch(select_balance(tenant_id, room_id, member))
            .await?;
        let rows = transaction.fetch(select).await?;
        transaction.roll_back().await?;

        let read = |mut row| transfer_row::read(&mut row).map(|kept| kept.transfer);
        Ok(page.page(rows, read_balance(balance)?.lines, read)?)
    }

    /// Where a room's books stand.
    pub async fn ledger(&self, tenant_id: TenantId, room_id: RoomId) -> Result<Ledger, StoreError> {
        let rows = self.engine.fetch(select_ledger(tenant_id, room_id)).await?;

        Ok(transfer_row::read_ledger_of(room_id, rows)?)
    }
}

pub(crate) fn select_balance(
    tenant_id: TenantId,
    room_id: RoomId,
    member: MemberNumber,
) -> Statement {
    Statement::new(format!(
        "SELECT {BALANCE_COLUMNS} FROM balances
         WHERE room_id = $1 AND number = $2 AND tenant_id = $3"
    ))
    .bind(room_id)
    .bind(i64::from(member.0))
    .bind(tenant_id)
}

/// Reads what a member has, who has nothing if nothing is kept.
pub(crate) fn read_balance(rows: Vec<Row>) -> Result<Balance, sqlx::Error> {
    let found = rows.into_iter().next();
    let found = found.map(|mut row| transfer_row::read_balance(&mut row));

    Ok(found
        .transpose()?
        .map_or_else(Balance::default, |(_, kept)| kept))
}
