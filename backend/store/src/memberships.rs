//! Reading paid memberships.

use parlor_domain::id::{RoomId, TenantId, ViewerId};
use parlor_domain::membership::PaidMembership;

use crate::membership_row::{self, COLUMNS};
use crate::page::{Order, Page, PageRequest};
use crate::sql::{Statement, first_number};
use crate::{Store, StoreError};

impl Store {
    /// The memberships that a viewer has or had of a room.
    pub async fn memberships_of(
        &self,
        tenant_id: TenantId,
        room_id: RoomId,
        viewer_id: &ViewerId,
    ) -> Result<Vec<PaidMembership>, StoreError> {
        let select = of_room(
            &format!("SELECT {COLUMNS}"),
            tenant_id,
            room_id,
            Some(viewer_id),
        );
        let rows = self.engine.fetch(select).await?;
        let memberships: Result<_, _> = rows
            .into_iter()
            .map(|mut row| membership_row::read(&mut row))
            .collect();

        Ok(memberships?)
    }

    /// A part of a room's memberships, or of one viewer's, in the order in which they were first told of.
    pub async fn memberships_page(
        &self,
        tenant_id: TenantId,
        room_id: RoomId,
        viewer_id: Option<&ViewerId>,
        page: PageRequest,
    ) -> Result<Page<PaidMembership>, StoreError> {
        let of_room = |select: &str| of_room(select, tenant_id, room_id, viewer_id);
        let select = of_room(&format!("SELECT {COLUMNS}"));
        let select = page.limit(select, Order::OldestFirst, "recorded_at", "id");

        let mut transaction = self.engine.begin_read().await?;
        let counted = transaction.fetch(of_room("SELECT COUNT(*)")).await?;
        let rows = transaction.fetch(select).await?;
        transaction.roll_back().await?;
        let total_count = first_number(counted)?;

        Ok(page.page(rows, total_count, |mut row| membership_row::read(&mut row))?)
    }
}

fn of_room(
    select: &str,
    tenant_id: TenantId,
    room_id: RoomId,
    viewer_id: Option<&ViewerId>,
) -> Statement {
    let statement = Statement::new(select)
        .push(" FROM memberships WHERE room_id = ")
        .push_value(room_id)
        .push(" AND tenant_id = ")
        .push_value(tenant_id);
    match viewer_id {
        None => statement,
        Some(viewer_id) => statement
            .push(" AND viewer_id = ")
            .push_value(viewer_id.as_str()),
    }
}
