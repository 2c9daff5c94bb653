//! Rewards, their uses and redemptions as rows.

use parlor_domain::id::{
    DrawId, ParticipantId, RedemptionId, RewardId, RoomId, SessionId, TenantId, ViewerId,
};
use parlor_domain::points::MemberNumber;
use parlor_domain::reward::{Redemption, RedemptionStatus, Reward, Uses};
use uuid::Uuid;

use crate::contribution_row::read_viewer_id;
use crate::sql::{Row, Value, corrupt, row, to_json};

/// The columns that [`read_reward`] reads.
pub(crate) const REWARD_COLUMNS: &str =
    "rewards.id, rewards.version, rewards.terms, rewards.created_at,
    rewards.updated_at, rewards.deleted_at, rewards.session_id, rewards.count, rewards.last_at";

pub(crate) fn read_reward(row: &mut Row) -> Result<Reward, sqlx::Error> {
    Ok(Reward {
        id: RewardId(row.take()?),
        version: row.take_narrow()?,
        terms: row.take_json()?,
        created_at: row.take_time()?,
        updated_at: row.take_time()?,
        deleted_at: row.take_optional_time()?,
        uses: read_uses(row)?,
    })
}

pub(crate) fn read_uses(row: &mut Row) -> Result<Uses, sqlx::Error> {
    Ok(Uses {
        session_id: read_session_id(row)?,
        count: row.take()?,
        last_at: row.take_optional_time()?,
    })
}

pub(crate) fn read_session_id(row: &mut Row) -> Result<Option<SessionId>, sqlx::Error> {
    Ok(row.take::<Option<Uuid>>()?.map(SessionId))
}

pub(crate) const INSERT_REWARDS: &str =
    "INSERT INTO rewards (id, tenant_id, room_id, version, terms,
    created_at, updated_at, deleted_at, session_id, count, last_at) ";

pub(crate) const REPLACE_REWARDS: &str = " ON CONFLICT (id) DO UPDATE SET
    version = excluded.version, terms = excluded.terms, updated_at = excluded.updated_at,
    deleted_at = excluded.deleted_at, session_id = excluded.session_id, count = excluded.count,
    last_at = excluded.last_at";

pub(crate) fn reward_row(room_id: RoomId, tenant_id: TenantId, reward: &Reward) -> Vec<Value> {
    let uses = reward.uses;

    row![
        reward.id,
        tenant_id,
        room_id,
        reward.version,
        to_json(&reward.terms),
        reward.created_at,
        reward.updated_at,
        reward.deleted_at,
        uses.session_id,
        uses.count,
        uses.last_at,
    ]
}

pub(crate) const INSERT_USES: &str =
    "INSERT INTO reward_uses (reward_id, number, tenant_id, room_id, session_id, count, last_at) ";

pub(crate) const REPLACE_USES: &str = " ON CONFLICT (reward_id, number) DO UPDATE SET
    session_id = excluded.session_id, count = excluded.count, last_at = excluded.last_at";

pub(crate) fn uses_row(
    room_id: RoomId,
    tenant_id: TenantId,
    (reward_id, member): (RewardId, MemberNumber),
    uses: Uses,
) -> Vec<Value> {
    row![
        reward_id,
        member.0,
        tenant_id,
        room_id,
        uses.session_id,
        uses.count,
        uses.last_at,
    ]
}

/// The columns that [`read_redemption`] reads.
pub(crate) const REDEMPTION_COLUMNS: &str = "redemptions.id, redemptions.reward_id,
    redemptions.participant_id, redemptions.number, redemptions.title, redemptions.cost,
    redemptions.input, redemptions.status, redemptions.session_id, redemptions.redeemed_at,
    redemptions.settled_at, redemptions.settled_by, redemptions.paid_seq, redemptions.refunded,
    redemptions.made_offline, redemptions.expires_after_ms, redemptions.metadata, redemptions.queue_seq,
    redemptions.draw_id, redemptions.drawn_at,
    (SELECT sessions.ended_at FROM sessions WHERE sessions.id = redemptions.session_id)";

pub(crate) fn read_redemption(row: &mut Row) -> Result<Redemption, sqlx::Error> {
    Ok(Redemption {
        id: RedemptionId(row.take()?),
        reward_id: RewardId(row.take()?),
        participant_id: ParticipantId(row.take()?),
        member: MemberNumber(row.take_narrow()?),
        title: row.take()?,
        cost: row.take()?,
        input: row.take()?,
        status: read_status(row)?,
        session_id: read_session_id(row)?,
        redeemed_at: row.take_time()?,
        settled_at: row.take_optional_time()?,
        settled_by: read_settled_by(row)?,
        paid_seq: row.take()?,
        refunded: row.take()?,
        made_offline: row.take()?,
        expires_after_ms: row.take()?,
        metadata: row.take()?,
        queue_seq: row.take()?,
        draw_id: row.take::<Option<Uuid>>()?.map(DrawId),
        drawn_at: row.take_optional_time()?,
        session_ended_at: row.take_optional_time()?,
    })
}

pub(crate) fn read_status(row: &mut Row) -> Result<RedemptionStatus, sqlx::Error> {
    let name: String = row.take()?;
    let mut all = RedemptionStatus::ALL.into_iter();
    all.find(|status| status.as_str() == name)
        .ok_or_else(|| corrupt(format!("`{name}` is no status of a redemption")))
}

fn read_settled_by(row: &mut Row) -> Result<Option<ViewerId>, sqlx::Error> {
    let id: Option<String> = row.take()?;
    id.as_deref().map(read_viewer_id).transpose()
}

pub(crate) const INSERT_REDEMPTIONS: &str = "INSERT INTO redemptions (id, tenant_id, room_id, reward_id,
    participant_id, number, title, cost, input, status, session_id, redeemed_at, settled_at, settled_by,
    paid_seq, refunded, made_offline, expires_after_ms, metadata, queue_seq, draw_id, drawn_at) ";

pub(crate) const REPLACE_REDEMPTIONS: &str = " ON CONFLICT (id) DO UPDATE SET
    status = excluded.status, settled_at = excluded.settled_at, settled_by = excluded.settled_by,
    paid_seq = excluded.paid_seq, refunded = excluded.refunded, metadata = excluded.metadata,
    queue_seq = excluded.queue_seq, draw_id = excluded.draw_id, drawn_at = excluded.drawn_at";

pub(crate) fn redemption_row(room_id: RoomId, tenant_id: TenantId, one: &Redemption) -> Vec<Value> {
    row![
        one.id,
        tenant_id,
        room_id,
        one.reward_id,
        one.participant_id,
        one.member.0,
        one.title.as_str(),
        one.cost,
        one.input.as_deref(),
        one.status.as_str(),
        one.session_id,
        one.redeemed_at,
        one.settled_at,
        one.settled_by.as_ref().map(ViewerId::as_str),
        one.paid_seq,
        one.refunded,
        one.made_offline,
        one.expires_after_ms,
        one.metadata.as_deref(),
        one.queue_seq,
        one.draw_id,
        one.drawn_at,
    ]
}
