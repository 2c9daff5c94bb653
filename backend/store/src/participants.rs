//! Reading who is in a room, and who used authority over whom.

use parlor_domain::audit::AuditEntry;
use parlor_domain::id::{AuditEntryId, ParticipantId, RoomId, TenantId, ViewerId};
use parlor_domain::participant::{Participant, Role};
use parlor_domain::room_aggregate::Census;

use uuid::Uuid;

use crate::contribution_row::read_viewer_id;
use crate::page::{Order, Page, PageRequest};
use crate::participant_row::{self, CENSUS_COLUMNS, columns};
use crate::sql::{Row, Statement, Value, first_number, row, to_json};
use crate::{Store, StoreError};

/// Which of the people in a room to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ParticipantsFilter {
    pub role: Option<Role>,
    /// A stage role by its name in storage.
    pub stage_role: Option<&'static str>,
}

/// Everyone of a room who is not of the audience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageView {
    pub census: Census,
    /// By when they joined the room.
    pub people: Vec<Participant>,
}

impl Store {
    /// The tenant's participant of that id, and the room they are in.
    pub async fn participant(
        &self,
        tenant_id: TenantId,
        id: ParticipantId,
    ) -> Result<Option<(RoomId, Participant)>, StoreError> {
        let columns = columns("participants");
        let statement = Statement::new(format!(
            "SELECT room_id, {columns} FROM participants WHERE id = $1 AND tenant_id = $2"
        ))
        .bind(id)
        .bind(tenant_id);
        let rows = self.engine.fetch(statement).await?;

        let read = |mut row: Row| Ok((RoomId(row.take()?), participant_row::read(&mut row)?));
        Ok(rows
            .into_iter()
            .next()
            .map(read)
            .transpose()
            .map_err(|error: sqlx::Error| error)?)
    }

    /// The participant of a room who is that viewer.
    pub async fn participant_of_viewer(
        &self,
        tenant_id: TenantId,
        room_id: RoomId,
        viewer_id: &ViewerId,
    ) -> Result<Option<Participant>, StoreError> {
        let columns = columns("participants");
        let statement = Statement::new(format!(
            "SELECT {columns} FROM participants
             WHERE room_id = $1 AND viewer_id = $2 AND tenant_id = $3"
        ))
        .bind(room_id)
        .bind(viewer_id.as_str())
        .bind(tenant_id);
        let rows = self.engine.fetch(statement).await?;

        Ok(rows
            .into_iter()
            .next()
            .map(|mut row| participant_row::read(&mut row))
            .transpose()?)
    }

    /// Who is on the stage of a room, or on the way there, and how many there are of each sort.
    pub async fn stage(
        &self,
        tenant_id: TenantId,
        room_id: RoomId,
    ) -> Result<StageView, StoreError> {
        let mut transaction = self.engine.begin_read().await?;
        let census = Statement::new(format!(
            "SELECT {CENSUS_COLUMNS} FROM room_censuses WHERE room_id = $1 AND tenant_id = $2"
        ))
        .bind(room_id)
        .bind(tenant_id);
        let census = transaction.fetch(census).await?;
        let columns = columns("participants");
        let people = Statement::new(format!(
            "SELECT {columns} FROM participants
             WHERE room_id = $1 AND tenant_id = $2 AND stage_role <> 'audience'
             ORDER BY joined_at, id"
        ))
        .bind(room_id)
        .bind(tenant_id);
        let people = transaction.fetch(people).await?;
        transaction.roll_back().await?;

        let mut census = census.into_iter();
        Ok(StageView {
            census: census
                .next()
                .map(|mut row| participant_row::read_census(&mut row))
                .transpose()?
                .unwrap_or_default(),
            people: people
                .into_iter()
                .map(|mut row| participant_row::read(&mut row))
                .collect::<Result<_, _>>()?,
        })
    }

    /// A part of the people who are in a room, in the order they joined.
    pub async fn participants_page(
        &self,
        tenant_id: TenantId,
        room_id: RoomId,
        filter: ParticipantsFilter,
        page: PageRequest,
    ) -> Result<Page<Participant>, StoreError> {
        let of_room = |select: &str| {
            let statement = Statement::new(select)
                .push(" WHERE participants.room_id = ")
                .push_value(room_id)
                .push(" AND participants.membership = 'joined' AND participants.tenant_id = ")
                .push_value(tenant_id);
            filter.narrow(statement)
        };
        let counting = if filter == ParticipantsFilter::default() {
            let joined = "SELECT joined FROM room_censuses WHERE room_id = $1 AND tenant_id = $2";
            Statement::new(joined).bind(room_id).bind(tenant_id)
        } else {
            of_room("SELECT COUNT(*) FROM participants")
        };
        let columns = columns("participants");
        let select = of_room(&format!("SELECT {columns} FROM participants"));
        let select = page.limit(
            select,
            Order::OldestFirst,
            "participants.joined_at",
            "participants.id",
        );

        let mut transaction = self.engine.begin_read().await?;
        let counted = transaction.fetch(counting).await?;
        let rows = transaction.fetch(select).await?;
        transaction.roll_back().await?;
        let total_count = first_number(counted)?;

        Ok(page.page(rows, total_count, |mut row| participant_row::read(&mut row))?)
    }

    /// A part of a room's audit trail, oldest first.
    pub async fn audit_page(
        &self,
        tenant_id: TenantId,
        room_id: RoomId,
        page: PageRequest,
    ) -> Result<Page<AuditEntry>, StoreError> {
        let of_room = |select: &str| {
            Statement::new(select)
                .push(" FROM audit_entries WHERE room_id = ")
                .push_value(room_id)
                .push(" AND tenant_id = ")
                .push_value(tenant_id)
        };
        let select = of_room(&format!("SELECT {AUDIT_COLUMNS}"));
        let select = page.limit(select, Order::OldestFirst, "seq", "id");

        let mut transaction = self.engine.begin_read().await?;
        // Positions have no gap, so the last one is how many there are.
        let last = of_room("SELECT COALESCE(MAX(seq), 0)");
        let last = transaction.fetch(last).await?;
        let rows = transaction.fetch(select).await?;
        transaction.roll_back().await?;
        let total_count = first_number(last)?;

        Ok(page.page(rows, total_count, read_audit_entry)?)
    }

    /// The entries of a room's audit trail behind `after_seq`, at most `limit`, oldest first.
    pub async fn audit_after(
        &self,
        tenant_id: TenantId,
        room_id: RoomId,
        after_seq: i64,
        limit: i64,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let statement = Statement::new(format!(
            "SELECT {AUDIT_COLUMNS} FROM audit_entries
             WHERE room_id = $1 AND tenant_id = $2 AND seq > $3 ORDER BY seq LIMIT $4"
        ))
        .bind(room_id)
        .bind(tenant_id)
        .bind(after_seq)
        .bind(limit);
        let rows = self.engine.fetch(statement).await?;

        Ok(rows
            .into_iter()
            .map(read_audit_entry)
            .collect::<Result<_, _>>()?)
    }
}

impl ParticipantsFilter {
    fn narrow(self, mut statement: Statement) -> Statement {
        if let Some(role) = self.role {
            statement = statement.push(" AND participants.role = ");
            statement = statement.push_value(role.as_str());
        }
        if let Some(stage_role) = self.stage_role {
            statement = statement.push(" AND participants.stage_role = ");
            statement = statement.push_value(stage_role);
        }

        statement
    }
}

/// Stands for whom an entry is about if it is about the room itself, for the column holds no null.
const THE_ROOM: Uuid = Uuid::nil();

const AUDIT_COLUMNS: &str = "id, seq, at, actor_id, actor_is_staff, participant_id, action";

fn read_audit_entry(mut row: Row) -> Result<AuditEntry, sqlx::Error> {
    Ok(AuditEntry {
        id: AuditEntryId(row.take()?),
        seq: row.take()?,
        at: row.take_time()?,
        actor_id: read_viewer_id(&row.take::<String>()?)?,
        actor_is_staff: row.take()?,
        participant_id: Some(row.take()?)
            .filter(|id| *id != THE_ROOM)
            .map(ParticipantId),
        action: row.take_json()?,
    })
}

pub(crate) const INSERT_AUDIT: &str = "INSERT INTO audit_entries (id, tenant_id, room_id, seq, at,
    actor_id, actor_is_staff, participant_id, action) ";

pub(crate) fn audit_row(room_id: RoomId, tenant_id: TenantId, entry: &AuditEntry) -> Vec<Value> {
    row![
        entry.id,
        tenant_id,
        room_id,
        entry.seq,
        entry.at,
        entry.actor_id.as_str(),
        entry.actor_is_staff,
        entry.participant_id.map_or(THE_ROOM, |id| id.0),
        to_json(&entry.action),
    ]
}
