//! Reading what a room sells, and what was bought.

use std::collections::{BTreeMap, BTreeSet};

use parlor_domain::id::{DrawId, ParticipantId, RedemptionId, RewardId, RoomId, TenantId};
use parlor_domain::membership::Span;
use parlor_domain::points::{Balance, MemberNumber};
use parlor_domain::reward::{Draw, REWARDS_MAX, Redemption, RedemptionStatus, Reward, Uses};
use parlor_domain::watching::page_of;

use crate::draws;
use crate::memberships;
use crate::page::{Order, Page, PageRequest};
use crate::points::{read_given, read_page, select_given, select_page};
use crate::reward_row::{self, REDEMPTION_COLUMNS, REWARD_COLUMNS};
use crate::sql::{Row, Statement, first_number};
use crate::worklist::{Kept, Worklist};
use crate::{Store, StoreError};

/// Which redemptions to list: all that are what is given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RedemptionsFilter {
    pub status: Option<RedemptionStatus>,
    pub reward_id: Option<RewardId>,
    /// Who redeemed them.
    pub participant_id: Option<ParticipantId>,
}

/// What a room sells, and what a member has to do with it, all from one state of the database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RewardsView {
    /// In the order they were made.
    pub rewards: Vec<Reward>,
    /// Of each the draw that takes entries, and the last that was drawn.
    pub draws: Vec<Draw>,
    /// Which draws the member has entered that are not drawn.
    pub entered: BTreeSet<DrawId>,
    /// How often the member has redeemed them.
    pub uses: BTreeMap<RewardId, Uses>,
    /// What the member has.
    pub balance: Balance,
    /// When the member is of which tier, if anything is for paying members.
    pub tiers: Vec<Span>,
}

impl RewardsView {
    /// Whether anything is for paying members, now or for those who enter.
    fn asks_for_tier(&self) -> bool {
        let own = self.rewards.iter().map(|reward| &reward.terms);
        let mut terms = own.chain(self.draws.iter().map(|draw| &draw.terms));

        terms.any(|terms| terms.membership_tier_min.is_some())
    }
}

const QUEUE: Kept<Redemption> = Kept {
    table: "redemptions",
    columns: REDEMPTION_COLUMNS,
    seq: "queue_seq",
    since: "redeemed_at",
    open: RedemptionStatus::Unfulfilled.as_str(),
    counted: "queue_changes, open_redemptions",
    read: reward_row::read_redemption,
};

impl Store {
    /// What a room sells, and has disabled or paused, in the order it was made.
    pub async fn rewards(
        &self,
        tenant_id: TenantId,
        room_id: RoomId,
    ) -> Result<Vec<Reward>, StoreError> {
        let rows = self
            .engine
            .fetch(select_rewards(tenant_id, room_id))
            .await?;

        Ok(read_rewards(rows)?)
    }

    /// The same with its draws, and with what a member has to do with it, if there is one.
    pub async fn rewards_for(
        &self,
        tenant_id: TenantId,
        room_id: RoomId,
        member: Option<MemberNumber>,
    ) -> Result<RewardsView, StoreError> {
        let mut transaction = self.engine.begin_read().await?;
        let rewards = transaction
            .fetch(select_rewards(tenant_id, room_id))
            .await?;
        let view = RewardsView {
            rewards: read_rewards(rewards)?,
            draws: draws::shown(&mut transaction, tenant_id, room_id).await?,
            ..RewardsView::default()
        };
        let Some(member) = member else {
            transaction.roll_back().await?;
            return Ok(view);
        };
        let uses = Statement::new(
            "SELECT reward_uses.reward_id, reward_uses.session_id, reward_uses.count,
                 reward_uses.last_at
             FROM rewards CROSS JOIN reward_uses
             WHERE rewards.room_id = $1 AND rewards.tenant_id = $2 AND rewards.deleted_at IS NULL
                 AND reward_uses.reward_id = rewards.id AND reward_uses.number = $3",
        )
        .bind(room_id)
        .bind(tenant_id)
        .bind(i64::from(member.0));

        let uses = transaction.fetch(uses).await?;
        let given = transaction
            .fetch(select_given(tenant_id, room_id, member))
            .await?;
        let page = transaction
            .fetch(select_page(tenant_id, room_id, page_of(member)))
            .await?;
        let entered = draws::entered(&mut transaction, tenant_id, room_id, member).await?;
        let spans = if view.asks_for_tier() {
            let select = memberships::select_spans(tenant_id, room_id, member);
            transaction.fetch(select).await?
        } else {
            Vec::new()
        };
        transaction.roll_back().await?;

        let read = |mut row: Row| {
            let id = RewardId(row.take()?);
            Ok::<_, sqlx::Error>((id, reward_row::read_uses(&mut row)?))
        };
        Ok(RewardsView {
            entered,
            uses: uses.into_iter().map(read).collect::<Result<_, _>>()?,
            balance: read_given(given)?.and(&read_page(page)?.earning(member)),
            tiers: memberships::read_spans(spans)?,
            ..view
        })
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

    /// What has become of a room's redemptions since the change at `after_seq`, in the order of their last changes:
    /// the first `limit` of them. Each stands there once, as it is now.
    pub async fn redemptions_changed(
        &self,
        tenant_id: TenantId,
        room_id: RoomId,
        after_seq: i64,
        limit: i64,
    ) -> Result<Worklist<Redemption>, StoreError> {
        let room = (tenant_id, room_id);
        self.changed(&QUEUE, room, after_seq, limit).await
    }

    /// The first `limit` of what nobody has seen to in a room, the oldest first.
    pub async fn open_redemptions(
        &self,
        tenant_id: TenantId,
        room_id: RoomId,
        limit: i64,
    ) -> Result<Worklist<Redemption>, StoreError> {
        self.open(&QUEUE, (tenant_id, room_id), limit).await
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
            let mut statement = Statement::new(select)
                .push(" FROM redemptions WHERE room_id = ")
                .push_value(room_id)
                .push(" AND tenant_id = ")
                .push_value(tenant_id);
            if let Some(status) = filter.status {
                statement = statement.push(" AND status = ").push_value(status.as_str());
            }
            if let Some(reward_id) = filter.reward_id {
                statement = statement.push(" AND reward_id = ").push_value(reward_id);
            }
            if let Some(id) = filter.participant_id {
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

fn select_rewards(tenant_id: TenantId, room_id: RoomId) -> Statement {
    Statement::new(format!(
        "SELECT {REWARD_COLUMNS} FROM rewards
         WHERE room_id = $1 AND tenant_id = $2 AND deleted_at IS NULL
         ORDER BY created_at, id LIMIT $3"
    ))
    .bind(room_id)
    .bind(tenant_id)
    .bind(REWARDS_MAX)
}

fn read_rewards(rows: Vec<Row>) -> Result<Vec<Reward>, sqlx::Error> {
    rows.into_iter()
        .map(|mut row| reward_row::read_reward(&mut row))
        .collect()
}
