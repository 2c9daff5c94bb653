//! Reading the sessions of rooms.

use parlor_domain::id::{RoomId, SessionId, TenantId};
use parlor_domain::session::Session;

use crate::page::{Order, Page, PageRequest};
use crate::room_row::{self, session_columns};
use crate::sql::{Row, Statement, corrupt, first_number};
use crate::{Store, StoreError};

impl Store {
    /// The tenant's session of that id.
    pub async fn session(
        &self,
        tenant_id: TenantId,
        id: SessionId,
    ) -> Result<Option<Session>, StoreError> {
        let columns = session_columns("sessions");
        let statement = Statement::new(format!(
            "SELECT {columns} FROM sessions WHERE id = $1 AND tenant_id = $2"
        ))
        .bind(id)
        .bind(tenant_id);
        let rows = self.engine.fetch(statement).await?;
        let Some(mut row) = rows.into_iter().next() else {
            return Ok(None);
        };

        Ok(room_row::read_session(&mut row)?)
    }

    /// Whether the session of that id is the room's.
    pub async fn has_session(
        &self,
        tenant_id: TenantId,
        room_id: RoomId,
        id: SessionId,
    ) -> Result<bool, StoreError> {
        let statement = Statement::new(
            "SELECT 1 FROM sessions WHERE id = $1 AND room_id = $2 AND tenant_id = $3",
        );
        let statement = statement.bind(id).bind(room_id).bind(tenant_id);

        Ok(!self.engine.fetch(statement).await?.is_empty())
    }

    /// A part of a room's sessions, the newest first.
    pub async fn sessions_page(
        &self,
        tenant_id: TenantId,
        room_id: RoomId,
        page: PageRequest,
    ) -> Result<Page<Session>, StoreError> {
        let of_room = |select: &str| {
            Statement::new(select)
                .push(" FROM sessions WHERE sessions.room_id = ")
                .push_value(room_id)
                .push(" AND sessions.tenant_id = ")
                .push_value(tenant_id)
        };
        let select = of_room(&format!("SELECT {}", session_columns("sessions")));
        let (at, id) = ("sessions.started_at", "sessions.id");
        let select = page.limit(select, Order::NewestFirst, at, id);

        let mut transaction = self.engine.begin_read().await?;
        let counted = transaction.fetch(of_room("SELECT COUNT(*)")).await?;
        let rows = transaction.fetch(select).await?;
        transaction.roll_back().await?;

        let total_count = first_number(counted)?;
        let read = |mut row: Row| {
            let session = room_row::read_session(&mut row)?;
            session.ok_or_else(|| corrupt("a session has no start".to_owned()))
        };
        Ok(page.page(rows, total_count, read)?)
    }
}
