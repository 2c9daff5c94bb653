//! Parlor's storage: one API over SQLite and PostgreSQL.
//!
//! A command is decided in memory, on what is loaded under its lock, and what it changed is written
//! in sets together with the log. [`Store::begin`] opens such a batch; everything else reads.

mod batch;
mod books;
mod contribution_row;
mod disk;
mod dispute_row;
mod disputes;
mod document;
mod draw_row;
mod draws;
mod due_work;
mod engine;
mod epochs;
mod erasures;
mod error;
mod event_row;
mod kept_event;
mod lineage;
mod log;
mod log_keep;
mod membership_row;
mod memberships;
mod migration;
mod nodes;
mod overlay_tokens;
mod ownership;
mod page;
mod participant_row;
mod participants;
mod points;
mod presences;
mod reward_row;
mod rewards;
mod room_row;
mod rooms;
mod secrets;
mod sessions;
mod set;
mod sql;
mod standing;
mod statement;
mod tenants;
mod transfer_row;
mod turnover_row;
mod wallets;
mod watching;
mod watching_row;
mod webhook_sources;
mod worklist;

pub use batch::{
    Absent, Batch, Begun, Committed, ContributionNeeds, DisputeNeeds, Needs, Opening, PeopleNeeds,
    PointsNeeds, RewardNeeds, RoomNeeds, TenantNeeds, Unreadable, WhenLocked, Written,
};
pub use disk::Unwritable;
pub use disputes::DisputesFilter;
pub use document::UnreadableDocument;
pub use due_work::delivering::{DeliveryState, FailedDelivery, KeptDelivery, NewDelivery, Settled};
pub use due_work::erasing::ErasureStep;
pub use due_work::{DueKind, DueWork, HOLD_MS_MAX, Lease};
pub use engine::{POOL_SIZE_DEFAULT, Settings, Synchronous};
pub use error::{NotMigrated, StoreError};
pub use log::{
    KEYFRAME_EVERY, LogPosition, Picture, RESUME_EVENTS_MAX, Resume, RoomHead, Snapshot, StaffHead,
};
pub use log_keep::LogKeep;
pub use nodes::NodeRow;
pub use overlay_tokens::{InsertOverlayToken, OverlayTokenRow};
pub use page::{Cursor, Page, PageRequest};
pub use participants::{ParticipantsFilter, StageView};
pub use rewards::{RedemptionsFilter, RewardsView};
pub use rooms::{InsertRoom, RoomView, RoomsFilter};
pub use secrets::SECRET_BYTES;
pub use statement::{StatementCursor, StatementRequest};
pub use wallets::WalletsView;
pub use watching::Watcher;
pub use webhook_sources::{SOURCES_MAX, SourceChange, WebhookSource};
pub use worklist::Worklist;

use std::sync::Arc;

use engine::Engine;
use parlor_domain::time::ServerTime;
use sql::{Statement, first_number};
use tokio::sync::Semaphore;

/// How many of PostgreSQL's connections write at once at most, unless said otherwise. Rooms are spread over
/// them; more would contend for the same disk.
const LANES_DEFAULT_MAX: u32 = 4;

/// One database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    engine: Engine,
    settings: Settings,
    statements: Arc<Semaphore>,
}

/// Statements that are read at once: each takes a connection for as many lookups as it has lines, and there are
/// to be connections left for whatever is written meanwhile.
const STATEMENTS_AT_ONCE: usize = 2;

impl Store {
    /// Opens the database, and makes the file if SQLite has none. Does not bring it up to date.
    pub async fn connect(settings: &Settings) -> Result<Self, StoreError> {
        let engine = Engine::connect(settings).await?;
        Ok(Self {
            engine,
            settings: settings.clone(),
            statements: Arc::new(Semaphore::new(STATEMENTS_AT_ONCE)),
        })
    }

    /// Brings the schema up to date. Harmless when it is.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        migration::run(&self.engine).await?;

        if let Engine::Postgres { pool, .. } = &self.engine {
            lineage::note(pool).await?;
        }

        Ok(())
    }

    /// Whether the database was found to follow another one, so that nothing can be written.
    pub fn is_read_only(&self) -> bool {
        match &self.engine {
            Engine::Sqlite { .. } => false,
            Engine::Postgres { standing, .. } => standing.is_read_only(),
        }
    }

    /// How many batches can be written side by side.
    pub fn lanes(&self) -> usize {
        match &self.engine {
            Engine::Sqlite { .. } => 1,
            Engine::Postgres { .. } => {
                let half = self.settings.pool_size / 2;
                let lanes = self
                    .settings
                    .lanes
                    .unwrap_or(half.clamp(1, LANES_DEFAULT_MAX));
                usize::try_from(lanes).expect("lanes are few")
            }
        }
    }

    /// Whether a power cut may have taken commits back, so that [`Store::renew_epochs`] is due
    /// whenever the database was opened.
    pub fn positions_may_repeat(&self) -> bool {
        match &self.engine {
            Engine::Sqlite { .. } => self.settings.sqlite_synchronous == Synchronous::Normal,
            Engine::Postgres { .. } => false,
        }
    }

    /// The time by the clock that all nodes share, which is the database's. A file has none, and is
    /// one machine's: there it is `own`.
    pub async fn shared_time(&self, own: ServerTime) -> Result<ServerTime, StoreError> {
        let Engine::Postgres { .. } = &self.engine else {
            return Ok(own);
        };
        let clock = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";
        let millis = first_number(self.engine.fetch(Statement::new(clock)).await?)?;

        Ok(ServerTime::from_unix_millis(millis))
    }

    /// Whether the database has a clock that is not this machine's.
    pub fn has_own_clock(&self) -> bool {
        matches!(self.engine, Engine::Postgres { .. })
    }

    /// The same database on PostgreSQL by a connection of its own: for who has to be answered however busy
    /// the others are.
    #[must_use]
    pub fn apart(&self) -> Self {
        Self {
            engine: self.engine.apart(),
            ..self.clone()
        }
    }

    /// Fails if the database cannot be written, without writing anything unless it could not be lately.
    pub async fn check_writable(&self) -> Result<(), StoreError> {
        self.engine
            .write(Statement::new("DELETE FROM due_work WHERE kind = 'none'"))
            .await?;
        if let Engine::Sqlite { disk, .. } = &self.engine
            && disk.is_suspected()
        {
            // A number that nobody reads: SQLite writes the page that it is on.
            self.engine
                .write(Statement::new("PRAGMA user_version = 0"))
                .await?;
            disk.trust();
        }

        Ok(())
    }

    /// Waits until every connection is closed.
    pub async fn close(&self) {
        self.engine.close().await;
    }
}
