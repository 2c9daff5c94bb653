//! Who used authority, over whom or over what the room sells and pays, for the tenant's staff and the room's moderators.

use serde::{Deserialize, Serialize};

use crate::id::{AuditEntryId, DisputeId, ParticipantId, RewardId, ViewerId};
use crate::participant::{Capability, Role};
use crate::time::ServerTime;

/// One use of authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    pub id: AuditEntryId,
    /// The position in the room's trail: 1, 2, 3, … without a gap.
    pub seq: i64,
    pub at: ServerTime,
    /// Who acted.
    pub actor_id: ViewerId,
    /// Whether they acted as the tenant's staff, whatever their role in the room.
    pub actor_is_staff: bool,
    /// On whom. None: on the room itself.
    pub participant_id: Option<ParticipantId>,
    pub action: AuditAction,
}

/// What was done. Names are left out, because they can be erased and the trail cannot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum AuditAction {
    RoleAssigned {
        from: Role,
        to: Role,
    },
    CapabilityGranted {
        capability: Capability,
        expires_at: Option<ServerTime>,
        reason: Option<String>,
    },
    CapabilityDenied {
        capability: Capability,
        expires_at: Option<ServerTime>,
        reason: Option<String>,
    },
    GrantCleared {
        capability: Capability,
    },
    DenialCleared {
        capability: Capability,
    },
    Renamed,
    Removed {
        reason: Option<String>,
    },
    Readmitted,
    MovedToAudience,
    PointsGranted {
        points: i64,
        /// The transfer's position in the room's books, where the reason stands.
        seq: i64,
    },
    PointsCharged {
        points: i64,
        seq: i64,
    },
    PointsClawedBack {
        points: i64,
        /// The position of the first transfer that it came to; what was not there is the next.
        seq: i64,
    },
    PointsRefunded {
        points: i64,
        seq: i64,
    },
    DisputeOpened {
        dispute_id: DisputeId,
    },
    DisputeHeld {
        dispute_id: DisputeId,
        /// How many it holds since.
        points: i64,
    },
    DisputeResolved {
        dispute_id: DisputeId,
        /// How many were given or taken back.
        points: i64,
        /// The position of the first transfer, if there was one.
        seq: Option<i64>,
    },
    DisputeDismissed {
        dispute_id: DisputeId,
    },
    DisputeWithdrawn {
        dispute_id: DisputeId,
    },
    /// They were taken out of all that is kept, and are nobody's any more.
    PersonErased,
    HostHandedOver {
        /// Who was the host before.
        from: Option<ParticipantId>,
    },
    RoomUpdated {
        /// The room's version since.
        version: i32,
    },
    EarningProgrammeUpdated {
        /// The programme's version since.
        version: i32,
    },
    RewardCreated {
        reward_id: RewardId,
    },
    RewardUpdated {
        reward_id: RewardId,
        /// The reward's version since.
        version: i32,
    },
    RewardDeleted {
        reward_id: RewardId,
    },
}
