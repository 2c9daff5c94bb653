//! The customer who owns rooms: what is theirs to set, and what bounds them.

mod key_set;
mod origin;

use serde::{Deserialize, Serialize};

pub use key_set::{
    AddKeyRefusal, KEYS_IN_USE_MAX, KEYS_KEPT_MAX, KeyAlgorithm, KeySet, KeyStanding,
    RetireKeyRefusal, TenantKey,
};
pub use origin::Origin;

use crate::id::TenantId;
use crate::invalid::{Invalid, check_range, check_words};
use crate::session::{
    DELAY_MS_MAX, INTERRUPTION_GRACE_MS_DEFAULT, check_delay, check_interruption_grace,
};
use crate::stage::{STAGE_SIZE_DEFAULT, STAGE_SIZE_MAX};
use crate::time::ServerTime;

/// The longest name, in bytes: a line in an operator's list, in any script.
pub const NAME_BYTES_MAX: usize = 200;
/// How many origins a tenant may allow: its sites in every country and their previews. All of them
/// are held in memory while the tenant is in use.
pub const ORIGINS_MAX: usize = 100;
/// Rooms of a tenant when the operator does not say: a large community's, and far from what a
/// script that runs wild makes in a night.
pub const ROOMS_DEFAULT: u32 = 10_000;
/// The most rooms a tenant can be allowed. Making one counts up to this many rows of an index,
/// which takes a fifth of a second.
pub const ROOMS_MAX: u32 = 1_000_000;
/// Overlay tokens of a room that are not revoked, when the operator does not say: every machine and
/// scene of a large production, several times.
pub const OVERLAY_TOKENS_DEFAULT: u32 = 100;
/// The most overlay tokens a room can be allowed.
pub const OVERLAY_TOKENS_MAX: u32 = 10_000;
/// Sockets of a tenant on one node when the operator does not say: above what one node is measured
/// to carry, so that it bounds nobody who is alone on a server.
pub const SOCKETS_DEFAULT: u32 = 100_000;
/// The most sockets a tenant can be allowed on one node: more than a machine has file handles for.
pub const SOCKETS_MAX: u32 = 10_000_000;

/// A customer who owns rooms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    pub id: TenantId,
    pub name: String,
    /// Counts changes of what is set here, so that one made against an older state is refused.
    pub version: i32,
    /// Whose pages may use the tenant's rooms; `None` leaves it to the server's own setting.
    pub allowed_origins: Option<Vec<Origin>>,
    pub defaults: RoomDefaults,
    pub limits: Limits,
    pub created_at: ServerTime,
    pub updated_at: ServerTime,
}

/// What a new room has where its maker does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RoomDefaults {
    pub delay_ms: i64,
    pub ingest_offset_ms: i64,
    pub anonymous_read: bool,
    pub stage_size: u32,
    pub interruption_grace_ms: i64,
}

/// What a tenant may use up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Rooms in any state.
    pub rooms: u32,
    /// Overlay tokens of one room that are not revoked.
    pub overlay_tokens_per_room: u32,
    /// Sockets open at once on one node.
    pub sockets_per_node: u32,
}

/// What a new tenant is made from.
#[derive(Debug, Clone, Default)]
pub struct TenantDraft {
    pub name: String,
    pub allowed_origins: Option<Vec<Origin>>,
    pub defaults: RoomDefaultsChange,
    pub limits: LimitsChange,
}

/// What to change; `None` leaves a field as it is.
#[derive(Debug, Clone, Default)]
pub struct TenantChange {
    /// The version this change was made against.
    pub version: i32,
    pub name: Option<String>,
    /// `Some(None)` goes back to the server's own setting.
    pub allowed_origins: Option<Option<Vec<Origin>>>,
    pub defaults: RoomDefaultsChange,
    pub limits: LimitsChange,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RoomDefaultsChange {
    pub delay_ms: Option<i64>,
    pub ingest_offset_ms: Option<i64>,
    pub anonymous_read: Option<bool>,
    pub stage_size: Option<u32>,
    pub interruption_grace_ms: Option<i64>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LimitsChange {
    pub rooms: Option<u32>,
    pub overlay_tokens_per_room: Option<u32>,
    pub sockets_per_node: Option<u32>,
}

/// Why a change was refused, in the order the reasons are checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpdateTenantRefusal {
    #[error("the tenant is at version {current}, not {given}")]
    StaleVersion { current: i32, given: i32 },
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

impl TenantDraft {
    /// A tenant of that name, with the usual settings.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }
}

impl Tenant {
    /// Makes a tenant, or says which field is wrong.
    pub fn create(draft: TenantDraft, id: TenantId, now: ServerTime) -> Result<Self, Invalid> {
        let tenant = Self {
            id,
            name: draft.name,
            version: 1,
            allowed_origins: draft.allowed_origins.map(in_order),
            defaults: RoomDefaults::default().changed(draft.defaults),
            limits: Limits::default().changed(draft.limits),
            created_at: now,
            updated_at: now,
        };

        tenant.check()?;
        Ok(tenant)
    }

    /// The tenant after `change`, or why not.
    pub fn changed(
        &self,
        change: TenantChange,
        now: ServerTime,
    ) -> Result<Self, UpdateTenantRefusal> {
        if change.version != self.version {
            let (current, given) = (self.version, change.version);
            return Err(UpdateTenantRefusal::StaleVersion { current, given });
        }

        let origins = change.allowed_origins.map(|origins| origins.map(in_order));
        let tenant = Self {
            id: self.id,
            name: change.name.unwrap_or_else(|| self.name.clone()),
            version: self.version + 1,
            allowed_origins: origins.unwrap_or_else(|| self.allowed_origins.clone()),
            defaults: self.defaults.changed(change.defaults),
            limits: self.limits.changed(change.limits),
            created_at: self.created_at,
            updated_at: now,
        };
        tenant.check()?;
        Ok(tenant)
    }

    fn check(&self) -> Result<(), Invalid> {
        check_words("name", &self.name, 1, NAME_BYTES_MAX)?;
        if self.name.contains('\n') {
            return Err(Invalid::new("name", "one line", format!("{:?}", self.name)));
        }
        let origins = self.allowed_origins.as_ref().map_or(0, Vec::len);
        if origins > ORIGINS_MAX {
            let constraint = format!("at most {ORIGINS_MAX} origins");
            return Err(Invalid::new("allowedOrigins", constraint, origins));
        }
        self.defaults.check()?;
        self.limits.check()
    }
}

impl RoomDefaults {
    fn changed(self, change: RoomDefaultsChange) -> Self {
        Self {
            delay_ms: change.delay_ms.unwrap_or(self.delay_ms),
            ingest_offset_ms: change.ingest_offset_ms.unwrap_or(self.ingest_offset_ms),
            anonymous_read: change.anonymous_read.unwrap_or(self.anonymous_read),
            stage_size: change.stage_size.unwrap_or(self.stage_size),
            interruption_grace_ms: change
                .interruption_grace_ms
                .unwrap_or(self.interruption_grace_ms),
        }
    }

    fn check(self) -> Result<(), Invalid> {
        check_delay("roomDefaults.delayMs", self.delay_ms)?;
        let offset = self.ingest_offset_ms;
        let field = "roomDefaults.ingestOffsetMs";
        check_range(field, offset, -DELAY_MS_MAX, DELAY_MS_MAX)?;
        let places = i64::from(self.stage_size);
        check_range("roomDefaults.stageSize", places, 1, STAGE_SIZE_MAX.into())?;
        let field = "roomDefaults.interruptionGraceMs";
        check_interruption_grace(field, self.interruption_grace_ms)
    }
}

impl Default for RoomDefaults {
    fn default() -> Self {
        Self {
            delay_ms: 0,
            ingest_offset_ms: 0,
            anonymous_read: false,
            stage_size: STAGE_SIZE_DEFAULT,
            interruption_grace_ms: INTERRUPTION_GRACE_MS_DEFAULT,
        }
    }
}

impl Limits {
    fn changed(self, change: LimitsChange) -> Self {
        Self {
            rooms: change.rooms.unwrap_or(self.rooms),
            overlay_tokens_per_room: change
                .overlay_tokens_per_room
                .unwrap_or(self.overlay_tokens_per_room),
            sockets_per_node: change.sockets_per_node.unwrap_or(self.sockets_per_node),
        }
    }

    /// Zero is a limit too: it stops a tenant from making more, or from connecting.
    fn check(self) -> Result<(), Invalid> {
        let at_most = |field, limit: u32, max: u32| check_range(field, limit.into(), 0, max.into());

        at_most("limits.rooms", self.rooms, ROOMS_MAX)?;
        let field = "limits.overlayTokensPerRoom";
        at_most(field, self.overlay_tokens_per_room, OVERLAY_TOKENS_MAX)?;
        at_most("limits.socketsPerNode", self.sockets_per_node, SOCKETS_MAX)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rooms: ROOMS_DEFAULT,
            overlay_tokens_per_room: OVERLAY_TOKENS_DEFAULT,
            sockets_per_node: SOCKETS_DEFAULT,
        }
    }
}

fn in_order(mut origins: Vec<Origin>) -> Vec<Origin> {
    origins.sort_unstable();
    origins.dedup();
    origins
}
