//! Participants and censuses as rows.

use parlor_domain::id::{ParticipantId, RoomId, TenantId};
use parlor_domain::participant::{Membership, Participant, Role};
use parlor_domain::points::MemberNumber;
use parlor_domain::room_aggregate::{Census, OnlineCount, RoomAggregate};
use parlor_domain::stage::StageRole;

use crate::StaffHead;
use crate::contribution_row::read_viewer_id;
use crate::sql::{Row, Value, corrupt, row, to_json};

/// The columns that [`read`] reads, of the table called `table`.
pub(crate) fn columns(table: &str) -> String {
    [
        "id",
        "viewer_id",
        "number",
        "name",
        "role",
        "membership",
        "stage_role",
        "requested_seq",
        "overrides",
        "is_listed",
        "is_online",
        "version",
        "joined_at",
        "left_at",
    ]
    .map(|column| format!("{table}.{column}"))
    .join(", ")
}

pub(crate) fn read(row: &mut Row) -> Result<Participant, sqlx::Error> {
    Ok(Participant {
        id: ParticipantId(row.take()?),
        viewer_id: read_viewer_id(&row.take::<String>()?)?,
        number: MemberNumber(row.take_narrow()?),
        name: row.take()?,
        role: named(Role::ALL, Role::as_str, &row.take::<String>()?)?,
        membership: read_membership(&row.take::<String>()?)?,
        stage_role: read_stage_role(row)?,
        overrides: row.take_json()?,
        is_listed: row.take()?,
        is_online: row.take()?,
        version: row.take_narrow()?,
        joined_at: row.take_time()?,
        left_at: row.take_optional_time()?,
    })
}

pub(crate) fn read_membership(name: &str) -> Result<Membership, sqlx::Error> {
    named(Membership::ALL, Membership::as_str, name)
}

fn read_stage_role(row: &mut Row) -> Result<StageRole, sqlx::Error> {
    let name: String = row.take()?;
    let requested_seq: Option<i64> = row.take()?;
    let all = [
        StageRole::Audience,
        StageRole::Requested {
            seq: requested_seq.unwrap_or_default(),
        },
        StageRole::Invited,
        StageRole::Speaker,
        StageRole::Host,
    ];

    named(all, StageRole::as_str, &name)
}

/// The one of `all` that is stored as `name`.
fn named<T: Copy, const N: usize>(
    all: [T; N],
    name_of: fn(T) -> &'static str,
    name: &str,
) -> Result<T, sqlx::Error> {
    all.into_iter()
        .find(|one| name_of(*one) == name)
        .ok_or_else(|| corrupt(format!("`{name}` is nothing that a participant can be")))
}

pub(crate) const INSERT: &str = "INSERT INTO participants (id, tenant_id, room_id, viewer_id, number,
    name,    role, membership, stage_role, requested_seq, overrides, is_listed, is_online, version, joined_at,
    left_at) ";

pub(crate) const REPLACE: &str = " ON CONFLICT (id) DO UPDATE SET
    name = excluded.name, role = excluded.role, membership = excluded.membership,
    stage_role = excluded.stage_role, requested_seq = excluded.requested_seq,
    overrides = excluded.overrides, is_listed = excluded.is_listed,
    is_online = excluded.is_online, version = excluded.version, joined_at = excluded.joined_at, left_at = excluded.left_at";

pub(crate) fn row(room_id: RoomId, tenant_id: TenantId, one: &Participant) -> Vec<Value> {
    row![
        one.id,
        tenant_id,
        room_id,
        one.viewer_id.as_str(),
        one.number.0,
        one.name.as_str(),
        one.role.as_str(),
        one.membership.as_str(),
        one.stage_role.as_str(),
        one.stage_role.requested_seq(),
        to_json(&one.overrides),
        one.is_listed,
        one.is_online,
        one.version,
        one.joined_at,
        one.left_at,
    ]
}

/// The columns that [`read_census`] reads, of the table `room_censuses`.
pub(crate) const CENSUS_COLUMNS: &str = "room_censuses.joined, room_censuses.owners,
    room_censuses.role_holders, room_censuses.on_stage, room_censuses.waiting,
    room_censuses.host_id, room_censuses.online, room_censuses.online_changes,
    room_censuses.audited, room_censuses.numbered,
    room_censuses.rewards, room_censuses.enabled_rewards, room_censuses.open_redemptions,
    room_censuses.queue_changes, room_censuses.open_draws,
    room_censuses.open_disputes, room_censuses.dispute_changes";

/// Reads a census whose columns are all empty where an outer join found none.
pub(crate) fn read_census(row: &mut Row) -> Result<Census, sqlx::Error> {
    Ok(Census {
        joined: read_count(row)?,
        owners: read_count(row)?,
        role_holders: read_count(row)?,
        on_stage: read_count(row)?,
        waiting: read_count(row)?,
        host: row.take::<Option<uuid::Uuid>>()?.map(ParticipantId),
        online: read_online(row)?,
        audited: read_count(row)?,
        numbered: read_count(row)?,
        rewards: read_count(row)?,
        enabled_rewards: read_count(row)?,
        open_redemptions: read_count(row)?,
        queue_changes: read_count(row)?,
        open_draws: read_count(row)?,
        open_disputes: read_count(row)?,
        dispute_changes: read_count(row)?,
    })
}

/// The columns that [`read_online`] reads, of the table `room_censuses`.
pub(crate) const ONLINE_COLUMNS: &str = "room_censuses.online, room_censuses.online_changes";

/// Reads a count whose columns are empty where an outer join found none.
pub(crate) fn read_online(row: &mut Row) -> Result<OnlineCount, sqlx::Error> {
    Ok(OnlineCount {
        count: read_count(row)?,
        changes: read_count(row)?,
    })
}

/// The columns that [`read_staff_head`] reads, of the table `room_censuses`.
pub(crate) const STAFF_COLUMNS: &str =
    "room_censuses.audited, room_censuses.queue_changes, room_censuses.dispute_changes";

/// Reads where what staff follows ends, whose columns are empty where an outer join found none.
pub(crate) fn read_staff_head(row: &mut Row) -> Result<StaffHead, sqlx::Error> {
    Ok(StaffHead {
        audited: read_count(row)?,
        queue: read_count(row)?,
        disputes: read_count(row)?,
    })
}

/// Reads a number that is none where an outer join found no census.
pub(crate) fn read_count(row: &mut Row) -> Result<i64, sqlx::Error> {
    Ok(row.take::<Option<i64>>()?.unwrap_or_default())
}

pub(crate) const INSERT_CENSUSES: &str = "INSERT INTO room_censuses (room_id, tenant_id, joined,
    owners, role_holders, on_stage, waiting, host_id, online, online_changes,
    audited, numbered, rewards, enabled_rewards, open_redemptions, queue_changes, open_draws,
    open_disputes, dispute_changes) ";

pub(crate) const REPLACE_CENSUSES: &str = " ON CONFLICT (room_id) DO UPDATE SET
    joined = excluded.joined, owners = excluded.owners, role_holders = excluded.role_holders,
    on_stage = excluded.on_stage, waiting = excluded.waiting, host_id = excluded.host_id,
    online = excluded.online, online_changes = excluded.online_changes,
    audited = excluded.audited, numbered = excluded.numbered,
    rewards = excluded.rewards, enabled_rewards = excluded.enabled_rewards,
    open_redemptions = excluded.open_redemptions, queue_changes = excluded.queue_changes,
    open_draws = excluded.open_draws, open_disputes = excluded.open_disputes,
    dispute_changes = excluded.dispute_changes";

pub(crate) fn census_row(of: &RoomAggregate) -> Vec<Value> {
    let census = &of.census;

    row![
        of.room.id,
        of.room.tenant_id,
        census.joined,
        census.owners,
        census.role_holders,
        census.on_stage,
        census.waiting,
        census.host,
        census.online.count,
        census.online.changes,
        census.audited,
        census.numbered,
        census.rewards,
        census.enabled_rewards,
        census.open_redemptions,
        census.queue_changes,
        census.open_draws,
        census.open_disputes,
        census.dispute_changes,
    ]
}
