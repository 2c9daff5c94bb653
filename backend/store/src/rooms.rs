//! Rooms: making one, and reading them.

use std::collections::BTreeSet;

use parlor_domain::event::LogHead;
use parlor_domain::hype_train::{HypeTrain, Train};
use parlor_domain::id::{RoomId, TenantId};
use parlor_domain::room::{Room, RoomState};
use parlor_domain::room_aggregate::{Census, RoomAggregate};
use parlor_domain::session::Session;
use parlor_domain::watching::{EarningProgramme, EarningTerms};

use crate::batch::{self, write};
use crate::engine::Transaction;
use crate::page::{Order, Page, PageRequest};
use crate::participant_row::{self, CENSUS_COLUMNS};
use crate::room_row::{self, session_columns};
use crate::sql::{Row, Statement, first_number, from_json, row, to_json};
use crate::{Store, StoreError, tenants, watching_row};

/// A room as it is read: all from one state of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomView {
    pub room: Room,
    pub head: LogHead,
    /// The live session, or the last one.
    pub session: Option<Session>,
    /// The present train, or the last one.
    pub train: Option<HypeTrain>,
    pub census: Census,
    /// What viewers earn by from the next session on.
    pub programme: EarningProgramme,
    /// What they do in the present session, or did in the last.
    pub terms: EarningTerms,
}

/// Whether a room was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InsertRoom {
    Inserted,
    /// There is no such tenant; nothing was written.
    TenantUnknown,
    /// The tenant has as many rooms as it may; nothing was written.
    TooManyRooms {
        limit: u32,
    },
    /// Another room of the tenant has the slug; nothing was written.
    SlugTaken,
}

/// Which rooms to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoomsFilter {
    /// In any of these states; in whatever state, if none is named.
    pub states: Vec<RoomState>,
    pub stream_id: Option<String>,
}

impl Store {
    /// Writes a new room and its first events.
    pub async fn insert_room(&self, aggregate: &RoomAggregate) -> Result<InsertRoom, StoreError> {
        let mut transaction = self.engine.begin().await?;
        let inserted = insert(&mut transaction, aggregate).await?;
        if inserted != InsertRoom::Inserted {
            transaction.roll_back().await?;
            return Ok(inserted);
        }

        batch::write_all(&mut transaction, &[write::Room::new(aggregate)]).await?;
        transaction.commit().await.map_err(StoreError::of_commit)?;
        Ok(InsertRoom::Inserted)
    }

    /// The room of that id, whoever owns it: the caller checks who may read it.
    pub async fn room(&self, id: RoomId) -> Result<Option<RoomView>, StoreError> {
        let statement = Statement::new(format!("{} WHERE rooms.id = $1", select_view())).bind(id);
        let rows = self.engine.fetch(statement).await?;

        let view = rows.into_iter().next().map(read_view).transpose();
        view.map_err(StoreError::of_room(id))
    }

    /// The tenant's room of that slug.
    pub async fn room_by_slug(
        &self,
        tenant_id: TenantId,
        slug: &str,
    ) -> Result<Option<RoomView>, StoreError> {
        let select = select_view();
        let statement = Statement::new(format!(
            "{select} WHERE rooms.tenant_id = $1 AND rooms.slug = $2"
        ))
        .bind(tenant_id)
        .bind(slug);
        let rows = self.engine.fetch(statement).await?;

        Ok(rows.into_iter().next().map(read_view).transpose()?)
    }

    /// A part of the tenant's rooms, in the order they were made.
    pub async fn rooms_page(
        &self,
        tenant_id: TenantId,
        filter: RoomsFilter,
        page: PageRequest,
    ) -> Result<Page<RoomView>, StoreError> {
        let mut transaction = self.engine.begin_read().await?;
        let counted = transaction.fetch(count(tenant_id, &filter)).await?;
        let found = transaction.fetch(page_of(tenant_id, &filter, page)).await?;
        transaction.roll_back().await?;

        let total_count = first_number(counted)?;
        Ok(page.page(found, total_count, read_view)?)
    }
}

async fn insert(
    transaction: &mut Transaction,
    aggregate: &RoomAggregate,
) -> Result<InsertRoom, sqlx::Error> {
    let tenant_id = aggregate.room.tenant_id;
    // Two that are made at once are counted one after the other.
    let Some(limits) = tenants::lock_limits(transaction, tenant_id).await? else {
        return Ok(InsertRoom::TenantUnknown);
    };
    let counted = transaction.fetch(count(tenant_id, &RoomsFilter::default()));
    let rooms = first_number(counted.await?)?;
    if rooms >= i64::from(limits.rooms) {
        let limit = limits.rooms;
        return Ok(InsertRoom::TooManyRooms { limit });
    }

    // Another room may be about to be given the slug.
    let slug = BTreeSet::from([(tenant_id, aggregate.room.slug.as_str())]);
    batch::claim_slugs(transaction, &slug).await?;
    let written = transaction.fetch(insertion(aggregate)).await?;
    batch::release_slugs(transaction, &slug).await?;
    Ok(if written.is_empty() {
        InsertRoom::SlugTaken
    } else {
        InsertRoom::Inserted
    })
}

fn insertion(aggregate: &RoomAggregate) -> Statement {
    let (room, head) = (&aggregate.room, &aggregate.head);
    let statement = Statement::new(
        "INSERT INTO rooms (id, tenant_id, slug, title, stream_id, state, version, delay_ms,
             ingest_offset_ms, anonymous_read, admission, stage_size, interruption_grace_ms,
             reference_currency, program, created_at, updated_at, epoch, head_seq, last_occurred_at, last_display_at, first_kept_seq, keyframe_seq) ",
    );
    let statement = statement.push_rows(vec![row![
        room.id,
        room.tenant_id,
        room.slug.as_str(),
        room.title.as_str(),
        room.stream_id.as_deref(),
        room.state.as_str(),
        room.version,
        room.delay_ms,
        room.ingest_offset_ms,
        room.anonymous_read,
        room.admission.as_str(),
        room.stage_size,
        room.interruption_grace_ms,
        room.reference_currency.as_str(),
        to_json(&room.program),
        room.created_at,
        room.updated_at,
        head.epoch,
        head.seq,
        head.occurred_at,
        head.display_at,
        1_i64,
        0_i64,
    ]]);

    statement.push(" ON CONFLICT (tenant_id, slug) DO NOTHING RETURNING id")
}

fn select_view() -> String {
    let (room, session) = (room_row::columns("rooms"), session_columns("sessions"));

    format!(
        "SELECT {room}, {session}, room_trains.state, {CENSUS_COLUMNS},
             room_earnings.state
         FROM rooms
         LEFT JOIN sessions ON sessions.id = rooms.session_id
         LEFT JOIN room_trains ON room_trains.room_id = rooms.id
         LEFT JOIN room_censuses ON room_censuses.room_id = rooms.id
         LEFT JOIN room_earnings ON room_earnings.room_id = rooms.id"
    )
}

fn read_view(mut row: Row) -> Result<RoomView, sqlx::Error> {
    let (room, head) = room_row::read(&mut row)?;
    let session = room_row::read_session(&mut row)?;
    let state: Option<String> = row.take()?;
    let train: Option<Train> = state.as_deref().map(from_json).transpose()?;
    let census = participant_row::read_census(&mut row)?;
    let earning = watching_row::read_state(&mut row)?.with_session(session.as_ref());

    Ok(RoomView {
        room,
        head,
        session,
        train: train.map(|train| train.shown),
        census,
        terms: earning.terms(),
        programme: earning.programme,
    })
}

fn count(tenant_id: TenantId, filter: &RoomsFilter) -> Statement {
    let statement = Statement::new("SELECT COUNT(*) FROM rooms WHERE rooms.tenant_id = ");
    filtered(statement.push_value(tenant_id), filter)
}

fn page_of(tenant_id: TenantId, filter: &RoomsFilter, page: PageRequest) -> Statement {
    let statement = Statement::new(select_view()).push(" WHERE rooms.tenant_id = ");
    let statement = filtered(statement.push_value(tenant_id), filter);

    page.limit(
        statement,
        Order::OldestFirst,
        "rooms.created_at",
        "rooms.id",
    )
}

fn filtered(mut statement: Statement, filter: &RoomsFilter) -> Statement {
    for (index, state) in filter.states.iter().enumerate() {
        let before = if index == 0 {
            " AND rooms.state IN ("
        } else {
            ", "
        };
        statement = statement.push(before).push_value(state.as_str());
    }
    if !filter.states.is_empty() {
        statement = statement.push(")");
    }
    if let Some(stream_id) = &filter.stream_id {
        statement = statement.push(" AND rooms.stream_id = ");
        statement = statement.push_value(stream_id.as_str());
    }

    statement
}
