//! Reading points: what a member has, and how a room's books stand.

use parlor_domain::id::{RoomId, TenantId};
use parlor_domain::points::{Balance, Given, Ledger, MemberNumber, Mover, Turnover};
use parlor_domain::watching::{EarningPage, page_of};
use uuid::Uuid;

use crate::books::select_ledger;
use crate::sql::{Row, Statement, row};
use crate::transfer_row::{self, BALANCE_COLUMNS, LEDGER_COLUMNS};
use crate::turnover_row;
use crate::watching_row::{self, PAGE_COLUMNS};
use crate::{Store, StoreError};

impl Store {
    /// What a member of a room has.
    pub async fn balance(
        &self,
        tenant_id: TenantId,
        room_id: RoomId,
        member: MemberNumber,
    ) -> Result<Balance, StoreError> {
        let page = select_page(tenant_id, room_id, page_of(member));

        let mut transaction = self.engine.begin_read().await?;
        let given = transaction
            .fetch(select_given(tenant_id, room_id, member))
            .await?;
        let page = transaction.fetch(page).await?;
        transaction.roll_back().await?;

        Ok(read_given(given)?.and(&read_page(page)?.earning(member)))
    }

    /// Where a room's books stand.
    pub async fn ledger(&self, tenant_id: TenantId, room_id: RoomId) -> Result<Ledger, StoreError> {
        let rows = self.engine.fetch(select_ledger(tenant_id, room_id)).await?;

        Ok(transfer_row::read_ledger_of(room_id, rows)?)
    }

    /// Where the books of the next rooms behind the one called `after` stand, in the order of the rooms' ids, and
    /// at most `limit` of them. Nothing is checked.
    pub async fn ledgers(
        &self,
        after: Option<RoomId>,
        limit: u32,
    ) -> Result<Vec<(RoomId, Ledger)>, StoreError> {
        let after = after.map_or(Uuid::nil(), |room_id| room_id.0);
        let select = Statement::new(format!(
            "SELECT ledgers.room_id, {LEDGER_COLUMNS} FROM ledgers WHERE room_id > $1
             ORDER BY room_id LIMIT $2"
        ))
        .bind(after)
        .bind(limit);
        let rows = self.engine.fetch(select).await?;
        let read = |mut row: Row| Ok((RoomId(row.take()?), transfer_row::read_ledger(&mut row)?));
        let ledgers: Result<_, sqlx::Error> = rows.into_iter().map(read).collect();

        Ok(ledgers?)
    }

    /// What a room's books moved from each of `bounds` until the next, by what moved it. The bounds are quarters of an
    /// hour since 1970, and rise.
    pub async fn turnovers(
        &self,
        tenant_id: TenantId,
        room_id: RoomId,
        bounds: &[i64],
    ) -> Result<Vec<Vec<(Mover, Turnover)>>, StoreError> {
        let spans = || bounds.iter().zip(bounds.iter().skip(1)).enumerate();
        let wanted = spans().map(|(span, (from, until))| {
            let span = i64::try_from(span).expect("what was asked fitted a request");
            row![span, room_id, tenant_id, *from, *until]
        });
        let text = "SELECT wanted.span, turnovers.mover,
                CAST(SUM(turnovers.points) AS BIGINT), CAST(SUM(turnovers.count) AS BIGINT)
            FROM wanted CROSS JOIN turnovers
            WHERE turnovers.room_id = wanted.room_id AND turnovers.tenant_id = wanted.tenant_id
                AND turnovers.quarter >= wanted.from_quarter
                AND turnovers.quarter < wanted.until_quarter
            GROUP BY wanted.span, turnovers.mover ORDER BY wanted.span, turnovers.mover";
        let table = "wanted (span, room_id, tenant_id, from_quarter, until_quarter)";
        let mut transaction = self.engine.begin_read().await?;
        let rows = transaction.look_up(table, wanted.collect(), text).await?;
        transaction.roll_back().await?;

        let mut turnovers = vec![Vec::new(); spans().len()];
        for mut row in rows {
            let span: usize = row.take_narrow()?;
            let moved = (
                turnover_row::read_mover(&mut row)?,
                turnover_row::read_turnover(&mut row)?,
            );
            turnovers[span].push(moved);
        }

        Ok(turnovers)
    }
}

pub(crate) fn select_given(
    tenant_id: TenantId,
    room_id: RoomId,
    member: MemberNumber,
) -> Statement {
    Statement::new(format!(
        "SELECT {BALANCE_COLUMNS} FROM balances
         WHERE room_id = $1 AND number = $2 AND tenant_id = $3"
    ))
    .bind(room_id)
    .bind(member.0)
    .bind(tenant_id)
}

/// Reads what a member was given, which is nothing if nothing is kept.
pub(crate) fn read_given(rows: Vec<Row>) -> Result<Given, sqlx::Error> {
    let found = rows.into_iter().next();
    let found = found.map(|mut row| transfer_row::read_given(&mut row));

    Ok(found
        .transpose()?
        .map_or_else(Given::default, |(_, kept)| kept))
}

pub(crate) fn select_page(tenant_id: TenantId, room_id: RoomId, page: u32) -> Statement {
    Statement::new(format!(
        "SELECT {PAGE_COLUMNS} FROM earnings WHERE room_id = $1 AND page = $2 AND tenant_id = $3"
    ))
    .bind(room_id)
    .bind(page)
    .bind(tenant_id)
}

/// Reads what the members of a page have earned, which is nothing if nothing is kept.
pub(crate) fn read_page(rows: Vec<Row>) -> Result<EarningPage, sqlx::Error> {
    let found = rows.into_iter().next();
    let found = found.map(|mut row| watching_row::read_page(&mut row));

    Ok(found
        .transpose()?
        .map_or_else(EarningPage::default, |(_, kept)| kept))
}
