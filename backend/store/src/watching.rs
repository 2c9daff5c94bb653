//! Reading who may be credited for watching, and forgetting in how many rooms they were.

use parlor_domain::id::{RoomId, TenantId, ViewerId};
use parlor_domain::participant::Membership;
use parlor_domain::points::MemberNumber;
use parlor_domain::time::ServerTime;
use parlor_domain::watching::Minute;

use crate::contribution_row::read_viewer_id;
use crate::participant_row::read_membership;
use crate::sql::{Row, Statement, row};
use crate::{Store, StoreError};

/// A viewer who has ever joined a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watcher {
    pub viewer_id: ViewerId,
    pub number: MemberNumber,
    pub membership: Membership,
    pub joined_at: ServerTime,
    pub left_at: Option<ServerTime>,
}

impl Store {
    /// Those of `viewers` who have ever joined a room.
    pub async fn watchers(
        &self,
        tenant_id: TenantId,
        room_id: RoomId,
        viewers: impl IntoIterator<Item = &ViewerId>,
    ) -> Result<Vec<Watcher>, StoreError> {
        let keys = viewers.into_iter();
        let keys = keys.map(|viewer_id| row![room_id, tenant_id, viewer_id.as_str()]);
        let select = "SELECT p.viewer_id, p.number, p.membership, p.joined_at, p.left_at
             FROM wanted CROSS JOIN participants p
             WHERE p.room_id = wanted.room_id AND p.viewer_id = wanted.viewer_id
                 AND p.tenant_id = wanted.tenant_id";
        let table = "wanted (room_id, tenant_id, viewer_id)";
        let mut transaction = self.engine.begin_read().await?;
        let rows = transaction.look_up(table, keys.collect(), select).await?;
        transaction.roll_back().await?;

        Ok(rows.into_iter().map(read).collect::<Result<_, _>>()?)
    }

    /// Forgets in which rooms minutes before `before` counted, which are past crediting: each by itself, so that
    /// nobody waits for all of them.
    pub async fn forget_places(&self, before: Minute) -> Result<(), StoreError> {
        loop {
            let mut transaction = self.engine.begin().await?;
            let oldest = Statement::new("SELECT MIN(minute) FROM watch_places");
            let mut rows = transaction.fetch(oldest).await?;
            let oldest: Option<i64> = match rows.first_mut() {
                Some(row) => row.take()?,
                None => None,
            };
            let Some(oldest) = oldest.filter(|oldest| *oldest < before.0) else {
                transaction.roll_back().await?;
                return Ok(());
            };
            let delete = Statement::new("DELETE FROM watch_places WHERE minute = $1").bind(oldest);
            transaction.execute(delete).await?;
            transaction.commit().await.map_err(StoreError::of_commit)?;
        }
    }
}

fn read(mut row: Row) -> Result<Watcher, sqlx::Error> {
    Ok(Watcher {
        viewer_id: read_viewer_id(&row.take::<String>()?)?,
        number: MemberNumber(row.take_narrow()?),
        membership: read_membership(&row.take::<String>()?)?,
        joined_at: row.take_time()?,
        left_at: row.take_optional_time()?,
    })
}
