//! Reading paid memberships.

use parlor_domain::id::{RoomId, TenantId, ViewerId};
use parlor_domain::membership::{PaidMembership, Span};
use parlor_domain::points::MemberNumber;

use crate::membership_row::{self, COLUMNS, SPAN_COLUMNS};
use crate::page::{Order, Page, PageRequest};
use crate::sql::{Row, Statement, first_number};
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

/// When a member is of which tier, by any of their memberships.
pub(crate) fn select_spans(
    tenant_id: TenantId,
    room_id: RoomId,
    member: MemberNumber,
) -> Statement {
    Statement::new(format!(
        "SELECT {SPAN_COLUMNS} FROM membership_spans
         WHERE room_id = $1 AND number = $2 AND tenant_id = $3"
    ))
    .bind(room_id)
    .bind(i64::from(member.0))
    .bind(tenant_id)
}

/// Reads what [`select_spans`] finds.
pub(crate) fn read_spans(rows: Vec<Row>) -> Result<Vec<Span>, sqlx::Error> {
    let spans = rows
        .into_iter()
        .map(|mut row| membership_row::read_span(&mut row));

    spans.map(|span| Ok(span?.1)).collect()
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
