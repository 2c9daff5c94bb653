//! The audit trail in answers.

use super::people::Capability;
use crate::record::ParticipantRole;
use serde::{Deserialize, Serialize};

/// Which part of a room's audit trail is asked for.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct AuditQuestion {
    /// The room, by global id.
    pub room_id: String,
    /// How many entries at most. The server's page size unless given.
    #[uniffi(default = None)]
    pub first: Option<u32>,
    /// The page after the one that ended here.
    #[uniffi(default = None)]
    pub after: Option<String>,
}

/// A part of a room's audit trail.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct AuditPage {
    /// The oldest first.
    pub entries: Vec<AuditEntry>,
    /// How many there are on all pages.
    pub total_count: i64,
    /// Where this page ends.
    pub end_cursor: Option<String>,
    /// Whether there is another after it.
    pub has_next_page: bool,
}

/// One use of authority. What does not belong to the action is nothing.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct AuditEntry {
    /// Global id.
    pub id: String,
    /// When.
    pub at_unix_millis: i64,
    /// Who acted, by the tenant's own id.
    pub actor_id: String,
    /// Whether they acted as the tenant's staff.
    pub actor_is_staff: bool,
    /// On whom, by global id. Nothing if it was on the room itself.
    pub participant_id: Option<String>,
    /// What they did.
    pub action: AuditAction,
    /// The role before.
    pub from_role: Option<ParticipantRole>,
    /// The role after.
    pub to_role: Option<ParticipantRole>,
    /// What was granted, denied or cleared.
    pub capability: Option<Capability>,
    /// When that ends by itself.
    pub expires_at_unix_millis: Option<i64>,
    /// Why, for people to read.
    pub reason: Option<String>,
    /// Who was the host before, by global id.
    pub from_participant_id: Option<String>,
    /// How many points were granted, charged, refunded, taken back or held.
    pub points: Option<i64>,
    /// The position in the room's books.
    pub transfer_seq: Option<i64>,
    /// The dispute, by global id.
    pub dispute_id: Option<String>,
    /// The reward, by global id.
    pub reward_id: Option<String>,
    /// The version of what was changed, since.
    pub version: Option<i32>,
}

/// What somebody did by their authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, uniffi::Enum)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AuditAction {
    /// Gave a role.
    RoleAssigned,
    /// Granted a capability.
    CapabilityGranted,
    /// Denied a capability.
    CapabilityDenied,
    /// Took a grant back.
    GrantCleared,
    /// Took a denial back.
    DenialCleared,
    /// Gave another name.
    Renamed,
    /// Put out of the room.
    Removed,
    /// Let in again.
    Readmitted,
    /// Moved from the stage.
    MovedToAudience,
    /// Made the host.
    HostHandedOver,
    /// Granted points.
    PointsGranted,
    /// Charged points.
    PointsCharged,
    /// Gave back points of a redemption.
    PointsRefunded,
    /// Took points back.
    PointsClawedBack,
    /// Opened a case.
    DisputeOpened,
    /// Had a case hold points.
    DisputeHeld,
    /// Settled a case.
    DisputeResolved,
    /// Dismissed a case.
    DisputeDismissed,
    /// Withdrew a case of staff's.
    DisputeWithdrawn,
    /// Changed the room.
    RoomUpdated,
    /// Changed what watching earns.
    EarningProgrammeUpdated,
    /// Made a reward.
    RewardCreated,
    /// Changed a reward.
    RewardUpdated,
    /// Deleted a reward.
    RewardDeleted,
    /// Had somebody erased.
    PersonErased,
    /// Something that this version has never heard of.
    #[serde(other)]
    Unknown,
}
