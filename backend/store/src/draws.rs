//! Reading draws, and who is in them.

use std::collections::BTreeSet;

use parlor_domain::id::{DrawId, RedemptionId, RoomId, TenantId};
use parlor_domain::points::MemberNumber;
use parlor_domain::reward::Draw;
use parlor_domain::time::ServerTime;

use crate::draw_row::{self, COLUMNS};
use crate::engine::Transaction;
use crate::page::{Order, Page, PageRequest};
use crate::sql::{Row, Statement};
use crate::{Store, StoreError};

impl Store {
    /// The draw of that id in the tenant's room.
    pub async fn draw(
        &self,
        tenant_id: TenantId,
        room_id: RoomId,
        id: DrawId,
    ) -> Result<Option<Draw>, StoreError> {
        let select = Statement::new(format!(
            "SELECT {COLUMNS} FROM draws WHERE id = $1 AND room_id = $2 AND tenant_id = $3"
        ));
        let select = select.bind(id).bind(room_id).bind(tenant_id);
        let found = self.engine.fetch(select).await?.into_iter().next();
        let draw = found.map(|mut row| draw_row::read(&mut row)).transpose();

        Ok(draw?)
    }

    /// A part of the entries of `draw`, in the order in which they were made: their ids and when, and nobody's name.
    pub async fn entries_page(
        &self,
        tenant_id: TenantId,
        draw: &Draw,
        page: PageRequest,
    ) -> Result<Page<(ServerTime, RedemptionId)>, StoreError> {
        let select =
            "SELECT redemptions.redeemed_at, redemptions.id FROM redemptions WHERE draw_id = ";
        let select = Statement::new(select)
            .push_value(draw.id)
            .push(" AND tenant_id = ")
            .push_value(tenant_id);
        let select = page.limit(select, Order::OldestFirst, "redeemed_at", "id");
        let rows = self.engine.fetch(select).await?;

        Ok(page.page(rows, draw.entries, |mut row| {
            Ok((row.take_time()?, RedemptionId(row.take()?)))
        })?)
    }
}

/// Of each reward of the room that is sold the draw that takes entries, and the last that was drawn.
pub(crate) async fn shown(
    transaction: &mut Transaction,
    tenant_id: TenantId,
    room_id: RoomId,
) -> Result<Vec<Draw>, sqlx::Error> {
    let select = Statement::new(format!(
        "SELECT {COLUMNS} FROM draws
         WHERE draws.room_id = $1 AND draws.tenant_id = $2 AND draws.drawn_at IS NULL
         UNION ALL
         SELECT {COLUMNS} FROM rewards CROSS JOIN draws
         WHERE rewards.room_id = $1 AND rewards.tenant_id = $2 AND rewards.deleted_at IS NULL
             AND draws.id = (
                 SELECT drawn.id FROM draws AS drawn
                 WHERE drawn.reward_id = rewards.id AND drawn.drawn_at IS NOT NULL
                 ORDER BY drawn.opened_at DESC, drawn.id DESC LIMIT 1
             )"
    ))
    .bind(room_id)
    .bind(tenant_id);
    let rows = transaction.fetch(select).await?.into_iter();

    rows.map(|mut row| draw_row::read(&mut row)).collect()
}

/// Which of the room's open draws the member has entered.
pub(crate) async fn entered(
    transaction: &mut Transaction,
    tenant_id: TenantId,
    room_id: RoomId,
    member: MemberNumber,
) -> Result<BTreeSet<DrawId>, sqlx::Error> {
    let select = "SELECT redemptions.draw_id FROM draws CROSS JOIN redemptions
         WHERE draws.room_id = $1 AND draws.tenant_id = $2 AND draws.drawn_at IS NULL
             AND redemptions.draw_id = draws.id AND redemptions.number = $3";
    let select = Statement::new(select).bind(room_id).bind(tenant_id);
    let rows = transaction.fetch(select.bind(i64::from(member.0))).await?;
    let read = |mut row: Row| Ok(DrawId(row.take()?));

    rows.into_iter().map(read).collect()
}
