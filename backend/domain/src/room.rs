//! A durable place, with or without a stream.

use serde::{Deserialize, Serialize};

use crate::currency::Currency;
use crate::hype_train::Program;
use crate::id::{RoomId, TenantId};
use crate::invalid::{Invalid, check_range, check_text, check_words};
use crate::session::{DELAY_MS_MAX, check_delay, check_interruption_grace};
use crate::stage::STAGE_SIZE_MAX;
use crate::tenant::Tenant;
use crate::time::ServerTime;

/// The longest slug, in bytes: it is a part of addresses that people read aloud.
pub const SLUG_BYTES_MAX: usize = 64;
/// The longest title, in bytes: about a line on a phone, in any script.
pub const TITLE_BYTES_MAX: usize = 200;
/// The longest stream id, in bytes: platforms use UUIDs or short paths.
pub const STREAM_ID_BYTES_MAX: usize = 128;

/// A durable place that a tenant owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    pub id: RoomId,
    pub tenant_id: TenantId,
    /// Unique within the tenant.
    pub slug: String,
    pub title: String,
    pub stream_id: Option<String>,
    pub state: RoomState,
    /// Counts changes, so that one made against an older state is refused.
    pub version: i32,
    /// What a session's delay is when none is given.
    pub delay_ms: i64,
    /// How much later an instant lies on the stream's timeline than it happened.
    pub ingest_offset_ms: i64,
    pub anonymous_read: bool,
    pub admission: Admission,
    /// How many people the stage has places for.
    pub stage_size: u32,
    /// For how long the stream may be away within one session.
    pub interruption_grace_ms: i64,
    /// What contributions are worth is counted in it, from the next one on.
    pub reference_currency: Currency,
    pub program: Program,
    pub created_at: ServerTime,
    pub updated_at: ServerTime,
}

/// `draft → open → archived`, and never back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomState {
    Draft,
    Open,
    Archived,
}

/// Who may join a room by themselves. Staff lets anybody in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Admission {
    #[default]
    Everyone,
    /// Those who have been in the room.
    Known,
}

/// What everyone who may read a room sees of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomProfile {
    pub id: RoomId,
    pub slug: String,
    pub title: String,
    pub state: RoomState,
    pub ingest_offset_ms: i64,
    pub version: i32,
}

/// What a new room is made from; `None` takes the tenant's default.
#[derive(Debug, Clone)]
pub struct RoomDraft {
    pub slug: String,
    pub title: String,
    pub stream_id: Option<String>,
    pub state: RoomState,
    pub delay_ms: Option<i64>,
    pub ingest_offset_ms: Option<i64>,
    pub anonymous_read: Option<bool>,
    pub admission: Option<Admission>,
    pub stage_size: Option<u32>,
    pub interruption_grace_ms: Option<i64>,
    pub reference_currency: Option<Currency>,
    pub program: Option<Program>,
}

/// What to change; `None` leaves a field as it is.
#[derive(Debug, Clone, Default)]
pub struct RoomChange {
    /// The version this change was made against.
    pub version: i32,
    pub slug: Option<String>,
    pub title: Option<String>,
    /// `Some(None)` takes the stream away.
    pub stream_id: Option<Option<String>>,
    pub state: Option<RoomState>,
    pub delay_ms: Option<i64>,
    pub ingest_offset_ms: Option<i64>,
    pub anonymous_read: Option<bool>,
    pub admission: Option<Admission>,
    pub stage_size: Option<u32>,
    pub interruption_grace_ms: Option<i64>,
    pub reference_currency: Option<Currency>,
    pub program: Option<Program>,
}

/// What goes on in a room, as far as it stands in the way of a change.
#[derive(Debug, Clone, Copy)]
pub struct Occupancy {
    pub is_live: bool,
    pub on_stage: i64,
}

/// Why a change was refused, in the order the reasons are checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpdateRoomRefusal {
    #[error("the room is at version {current}, not {given}")]
    StaleVersion { current: i32, given: i32 },
    #[error("a room goes from draft to open to archived, not from {from} to {to}")]
    StateOutOfOrder {
        from: &'static str,
        to: &'static str,
    },
    #[error("a room with a live session cannot be archived")]
    SessionLive,
    #[error("{on_stage} people are on the stage, which cannot shrink to {given} places")]
    StageOccupied { on_stage: i64, given: u32 },
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error("another room of the tenant has this slug")]
    SlugTaken,
}

impl RoomState {
    pub const ALL: [Self; 3] = [Self::Draft, Self::Open, Self::Archived];

    /// The state's name in storage and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Open => "open",
            Self::Archived => "archived",
        }
    }
}

impl Admission {
    pub const ALL: [Self; 2] = [Self::Everyone, Self::Known];

    /// The name in storage.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Everyone => "everyone",
            Self::Known => "known",
        }
    }
}

impl Room {
    /// Makes a room of `tenant`, or says which field is wrong.
    pub fn create(
        draft: RoomDraft,
        tenant: &Tenant,
        id: RoomId,
        now: ServerTime,
    ) -> Result<Self, Invalid> {
        let defaults = tenant.defaults;
        if draft.state == RoomState::Archived {
            return Err(Invalid::new("state", "DRAFT or OPEN", "ARCHIVED"));
        }
        let room = Self {
            id,
            tenant_id: tenant.id,
            slug: draft.slug,
            title: draft.title,
            stream_id: draft.stream_id,
            state: draft.state,
            version: 1,
            delay_ms: draft.delay_ms.unwrap_or(defaults.delay_ms),
            ingest_offset_ms: draft.ingest_offset_ms.unwrap_or(defaults.ingest_offset_ms),
            anonymous_read: draft.anonymous_read.unwrap_or(defaults.anonymous_read),
            admission: draft.admission.unwrap_or_default(),
            stage_size: draft.stage_size.unwrap_or(defaults.stage_size),
            interruption_grace_ms: draft
                .interruption_grace_ms
                .unwrap_or(defaults.interruption_grace_ms),
            reference_currency: draft.reference_currency.unwrap_or_else(Currency::euro),
            program: draft.program.unwrap_or_default(),
            created_at: now,
            updated_at: now,
        };

        check_reference(&room.reference_currency)?;
        room.check()?;
        Ok(room)
    }

    /// The room after `change`, or why not.
    pub fn changed(
        &self,
        change: RoomChange,
        present: Occupancy,
        now: ServerTime,
    ) -> Result<Self, UpdateRoomRefusal> {
        if change.version != self.version {
            let (current, given) = (self.version, change.version);
            return Err(UpdateRoomRefusal::StaleVersion { current, given });
        }
        let state = change.state.unwrap_or(self.state);
        if !self.state.may_become(state) {
            let (from, to) = (self.state.as_str(), state.as_str());
            return Err(UpdateRoomRefusal::StateOutOfOrder { from, to });
        }
        if state == RoomState::Archived && present.is_live {
            return Err(UpdateRoomRefusal::SessionLive);
        }
        if let Some(given) = change.stage_size
            && i64::from(given) < present.on_stage
        {
            let on_stage = present.on_stage;
            return Err(UpdateRoomRefusal::StageOccupied { on_stage, given });
        }

        let mut room = self.clone();
        room.slug = change.slug.unwrap_or(room.slug);
        room.title = change.title.unwrap_or(room.title);
        room.stream_id = change.stream_id.unwrap_or(room.stream_id);
        room.state = state;
        room.delay_ms = change.delay_ms.unwrap_or(room.delay_ms);
        room.ingest_offset_ms = change.ingest_offset_ms.unwrap_or(room.ingest_offset_ms);
        room.anonymous_read = change.anonymous_read.unwrap_or(room.anonymous_read);
        room.admission = change.admission.unwrap_or(room.admission);
        room.stage_size = change.stage_size.unwrap_or(room.stage_size);
        room.interruption_grace_ms = change
            .interruption_grace_ms
            .unwrap_or(room.interruption_grace_ms);
        if let Some(currency) = change.reference_currency {
            check_reference(&currency)?;
            room.reference_currency = currency;
        }
        if let Some(program) = change.program {
            room.program = Program {
                version: self.program.version + 1,
                ..program
            };
        }
        room.version += 1;
        room.updated_at = now;

        room.check()?;
        Ok(room)
    }

    /// What everyone who may read the room sees of it.
    pub fn profile(&self) -> RoomProfile {
        RoomProfile {
            id: self.id,
            slug: self.slug.clone(),
            title: self.title.clone(),
            state: self.state,
            ingest_offset_ms: self.ingest_offset_ms,
            version: self.version,
        }
    }

    /// Whether people who are not staff may know of the room.
    pub fn is_visible_to_viewers(&self) -> bool {
        self.state != RoomState::Draft
    }

    fn check(&self) -> Result<(), Invalid> {
        check_slug(&self.slug)?;
        check_words("title", &self.title, 1, TITLE_BYTES_MAX)?;
        if let Some(stream_id) = &self.stream_id {
            check_stream_id(stream_id)?;
        }
        check_delay("delayMs", self.delay_ms)?;
        check_range(
            "ingestOffsetMs",
            self.ingest_offset_ms,
            -DELAY_MS_MAX,
            DELAY_MS_MAX,
        )?;
        let stage_size = i64::from(self.stage_size);
        check_range("stageSize", stage_size, 1, STAGE_SIZE_MAX.into())?;
        check_interruption_grace("interruptionGraceMs", self.interruption_grace_ms)?;
        self.program.check()
    }
}

impl RoomState {
    fn may_become(self, next: Self) -> bool {
        match self {
            Self::Draft => true,
            Self::Open => next != Self::Draft,
            Self::Archived => next == Self::Archived,
        }
    }
}

/// Checks what a room is to count in, once: a code may be delisted while rooms count in it.
fn check_reference(currency: &Currency) -> Result<(), Invalid> {
    currency.check_countable("referenceCurrency")
}

/// Checks the name of a stream.
pub fn check_stream_id(stream_id: &str) -> Result<(), Invalid> {
    check_text("streamId", stream_id, 1, STREAM_ID_BYTES_MAX)
}

/// Checks the name of a room in addresses.
pub fn check_slug(slug: &str) -> Result<(), Invalid> {
    let well_formed = !slug.is_empty()
        && slug.len() <= SLUG_BYTES_MAX
        && slug
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !slug.starts_with('-')
        && !slug.ends_with('-');
    if well_formed {
        return Ok(());
    }

    let constraint = format!("1 to {SLUG_BYTES_MAX} lowercase letters, digits and inner hyphens");
    Err(Invalid::new("slug", constraint, format!("{slug:?}")))
}
