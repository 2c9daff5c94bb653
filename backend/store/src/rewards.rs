//! Reading what a room sells, and what was bought.

use parlor_domain::id::{RedemptionId, RoomId, TenantId};
use parlor_domain::points::MemberNumber;
use parlor_domain::reward::{REWARDS_MAX, Redemption, RedemptionStatus, Reward};

use crate::page::{Order, Page, PageRequest};
use crate::reward_row::{self, REDEMPTION_COLUMNS, REWARD_COLUMNS};
use crate::sql::{Row, Statement, first_number};
use crate::{Store, StoreError};

/// Which redemptions to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedemptionsFilter {
    All,
    Status(RedemptionStatus),
    /// One member's, whatever became of them.
    Of(MemberNumber),
}

impl Store {
    /// What a room sells, and has disabled or paused, in the order it was made.
    pub async fn rewards(
        &self,
        tenant_id: TenantId,
        room_id: RoomId,
    ) -> Result<Vec<Reward>, StoreError> {
        let select = Statement::new(format!(
            "SELECT {REWARD_COLUMNS} FROM rewards
             WHERE room_id = $1 AND tenant_id = $2 AND deleted_at IS NULL
             ORDER BY created_at, id LIMIT $3"
        ))
        .bind(room_id)
        .bind(tenant_id)
        .bind(REWARDS_MAX);
        let rows = self.engine.fetch(select).await?;

        Ok(rows
            .into_iter()
            .map(|mut row| reward_row::read_reward(&mut row))
            .collect::<Result<_, _>>()?)
    }

    /// The tenant's redemption of that id, and the room it was made in.
    pub async fn redemption(
        &self,
        tenant_id: TenantId,
        id: RedemptionId,
    ) -> Result<Option<(RoomId, Redemption)>, StoreError> {
        let select = Statement::new(format!(
            "SELECT room_id, {REDEMPTION_COLUMNS} FROM redemptions WHERE id = $1 AND tenant_id = $2"
        ))
        .bind(id)
        .bind(tenant_id);
        let rows = self.engine.fetch(select).await?;
        let read = |mut row: Row| {
            let room_id = RoomId(row.take()?);
            Ok::<_, sqlx::Error>((room_id, reward_row::read_redemption(&mut row)?))
        };

        Ok(rows.into_iter().next().map(read).transpose()?)
    }

    /// A part of a room's redemptions, the oldest first, as a queue is worked off.
    pub async fn redemptions_page(
        &self,
        tenant_id: TenantId,
        room_id: RoomId,
        filter: RedemptionsFilter,
        page: PageRequest,
    ) -> Result<Page<Redemption>, StoreError> {
        let of_room = |select: &str| {
            let statement = Statement::new(select)
                .push(" FROM redemptions WHERE room_id = ")
                .push_value(room_id)
                .push(" AND tenant_id = ")
                .push_value(tenant_id);
            match filter {
                RedemptionsFilter::All => statement,
                RedemptionsFilter::Status(status) => {
                    statement.push(" AND status = ").push_value(status.as_str())
                }
                RedemptionsFilter::Of(member) => {
                    statement.push(" AND number = ").push_value(member.0)
                }
            }
        };
        let select = of_room(&format!("SELECT {REDEMPTION_COLUMNS}"));
        let select = page.limit(select, Order::OldestFirst, "redeemed_at", "id");

        let mut transaction = self.engine.begin_read().await?;
        let counted = transaction.fetch(of_room("SELECT COUNT(*)")).await?;
        let rows = transaction.fetch(select).await?;
        transaction.roll_back().await?;
        let total_count = first_number(counted)?;

        Ok(page.page(rows, total_count, |mut row| {
            reward_row::read_redemption(&mut row)
        })?)
    }
}
