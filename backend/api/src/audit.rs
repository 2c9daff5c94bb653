//! The audit trail as clients read it.

mod query;

use async_graphql::{Enum, ID, SimpleObject};
use parlor_domain::audit;

use super::global_id::IdKind;
use super::page::PageInfo;
use super::people::{Capability, ParticipantRole};
use super::scalar::{Int64, Time};

pub(super) use query::AuditQuery;

/// What somebody did by their authority.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AuditAction {
    /// With `fromRole` and `toRole`.
    RoleAssigned,
    /// With `capability`, `expiresAt` and `reason`.
    CapabilityGranted,
    /// With `capability`, `expiresAt` and `reason`.
    CapabilityDenied,
    /// With `capability`.
    GrantCleared,
    /// With `capability`.
    DenialCleared,
    Renamed,
    /// With `reason`.
    Removed,
    Readmitted,
    MovedToAudience,
    /// With `fromParticipantId`, who was the host before.
    HostHandedOver,
    /// With `points`, and `transferSeq`, at which position of the room's books the reason stands.
    PointsGranted,
    /// With `points` and `transferSeq`.
    PointsCharged,
    /// With `points` and `transferSeq`.
    PointsRefunded,
    /// With `points`, all that was to be taken back, and `transferSeq`.
    PointsClawedBack,
    /// With `disputeId`.
    DisputeOpened,
    /// With `disputeId`, and `points`, how many it holds since.
    DisputeHeld,
    /// With `disputeId`, and if points were given or taken back, `points` and `transferSeq`.
    DisputeResolved,
    /// With `disputeId`.
    DisputeDismissed,
    /// With `disputeId`.
    DisputeWithdrawn,
    /// With `version`.
    RoomUpdated,
    /// With `version`.
    EarningProgrammeUpdated,
    /// With `rewardId`.
    RewardCreated,
    /// With `rewardId` and `version`.
    RewardUpdated,
    /// With `rewardId`.
    RewardDeleted,
    /// They were taken out of all that is kept: by `erasePerson`.
    PersonErased,
}

/// One use of authority. What does not belong to the action is null.
#[derive(SimpleObject)]
pub(crate) struct AuditEntry {
    id: ID,
    /// The position in the room's trail: 1, 2, 3, … without a gap.
    seq: Int64,
    at: Time,
    /// Who acted, by the tenant's own id.
    actor_id: String,
    /// Whether they acted as the tenant's staff.
    actor_is_staff: bool,
    /// On whom. Null if it was on the room itself.
    participant_id: Option<ID>,
    action: AuditAction,
    from_role: Option<ParticipantRole>,
    to_role: Option<ParticipantRole>,
    capability: Option<Capability>,
    expires_at: Option<Time>,
    reason: Option<String>,
    from_participant_id: Option<ID>,
    points: Option<Int64>,
    transfer_seq: Option<Int64>,
    dispute_id: Option<ID>,
    reward_id: Option<ID>,
    /// The version of what was changed, since.
    version: Option<i32>,
}

#[derive(SimpleObject)]
pub(crate) struct AuditEdge {
    pub(super) cursor: String,
    pub(super) node: AuditEntry,
}

#[derive(SimpleObject)]
pub(crate) struct AuditConnection {
    pub(super) edges: Vec<AuditEdge>,
    pub(super) nodes: Vec<AuditEntry>,
    pub(super) page_info: PageInfo,
    pub(super) total_count: i32,
}

impl From<audit::AuditEntry> for AuditEntry {
    fn from(entry: audit::AuditEntry) -> Self {
        let mut told = Self {
            id: IdKind::AuditEntry.id(entry.id.0),
            seq: entry.seq.into(),
            at: entry.at.into(),
            actor_id: entry.actor_id.as_str().to_owned(),
            actor_is_staff: entry.actor_is_staff,
            participant_id: entry.participant_id.map(|id| IdKind::Participant.id(id.0)),
            action: AuditAction::from(&entry.action),
            from_role: None,
            to_role: None,
            capability: None,
            expires_at: None,
            reason: None,
            from_participant_id: None,
            points: None,
            transfer_seq: None,
            dispute_id: None,
            reward_id: None,
            version: None,
        };
        match entry.action {
            audit::AuditAction::RoleAssigned { from, to } => {
                told.from_role = Some(from.into());
                told.to_role = Some(to.into());
            }
            audit::AuditAction::CapabilityGranted {
                capability,
                expires_at,
                reason,
            }
            | audit::AuditAction::CapabilityDenied {
                capability,
                expires_at,
                reason,
            } => {
                told.capability = Some(capability.into());
                told.expires_at = expires_at.map(Time);
                told.reason = reason;
            }
            audit::AuditAction::GrantCleared { capability }
            | audit::AuditAction::DenialCleared { capability } => {
                told.capability = Some(capability.into());
            }
            audit::AuditAction::Removed { reason } => told.reason = reason,
            audit::AuditAction::HostHandedOver { from } => {
                told.from_participant_id = from.map(|id| IdKind::Participant.id(id.0));
            }
            audit::AuditAction::PointsGranted { points, seq }
            | audit::AuditAction::PointsCharged { points, seq }
            | audit::AuditAction::PointsRefunded { points, seq }
            | audit::AuditAction::PointsClawedBack { points, seq } => {
                told.points = Some(points.into());
                told.transfer_seq = Some(seq.into());
            }
            audit::AuditAction::DisputeHeld { dispute_id, points } => {
                told.dispute_id = Some(IdKind::Dispute.id(dispute_id.0));
                told.points = Some(points.into());
            }
            audit::AuditAction::DisputeResolved {
                dispute_id,
                points,
                seq,
            } => {
                told.dispute_id = Some(IdKind::Dispute.id(dispute_id.0));
                told.points = seq.map(|_| points.into());
                told.transfer_seq = seq.map(Int64);
            }
            audit::AuditAction::DisputeOpened { dispute_id }
            | audit::AuditAction::DisputeDismissed { dispute_id }
            | audit::AuditAction::DisputeWithdrawn { dispute_id } => {
                told.dispute_id = Some(IdKind::Dispute.id(dispute_id.0));
            }
            audit::AuditAction::RoomUpdated { version }
            | audit::AuditAction::EarningProgrammeUpdated { version } => {
                told.version = Some(version);
            }
            audit::AuditAction::RewardCreated { reward_id }
            | audit::AuditAction::RewardDeleted { reward_id } => {
                told.reward_id = Some(IdKind::Reward.id(reward_id.0));
            }
            audit::AuditAction::RewardUpdated { reward_id, version } => {
                told.reward_id = Some(IdKind::Reward.id(reward_id.0));
                told.version = Some(version);
            }
            audit::AuditAction::Renamed
            | audit::AuditAction::Readmitted
            | audit::AuditAction::PersonErased
            | audit::AuditAction::MovedToAudience => (),
        }

        told
    }
}

impl From<&audit::AuditAction> for AuditAction {
    fn from(action: &audit::AuditAction) -> Self {
        match action {
            audit::AuditAction::RoleAssigned { .. } => Self::RoleAssigned,
            audit::AuditAction::CapabilityGranted { .. } => Self::CapabilityGranted,
            audit::AuditAction::CapabilityDenied { .. } => Self::CapabilityDenied,
            audit::AuditAction::GrantCleared { .. } => Self::GrantCleared,
            audit::AuditAction::DenialCleared { .. } => Self::DenialCleared,
            audit::AuditAction::Renamed => Self::Renamed,
            audit::AuditAction::Removed { .. } => Self::Removed,
            audit::AuditAction::Readmitted => Self::Readmitted,
            audit::AuditAction::MovedToAudience => Self::MovedToAudience,
            audit::AuditAction::HostHandedOver { .. } => Self::HostHandedOver,
            audit::AuditAction::PointsGranted { .. } => Self::PointsGranted,
            audit::AuditAction::PointsCharged { .. } => Self::PointsCharged,
            audit::AuditAction::PointsRefunded { .. } => Self::PointsRefunded,
            audit::AuditAction::PointsClawedBack { .. } => Self::PointsClawedBack,
            audit::AuditAction::DisputeOpened { .. } => Self::DisputeOpened,
            audit::AuditAction::DisputeHeld { .. } => Self::DisputeHeld,
            audit::AuditAction::DisputeResolved { .. } => Self::DisputeResolved,
            audit::AuditAction::DisputeDismissed { .. } => Self::DisputeDismissed,
            audit::AuditAction::DisputeWithdrawn { .. } => Self::DisputeWithdrawn,
            audit::AuditAction::RoomUpdated { .. } => Self::RoomUpdated,
            audit::AuditAction::EarningProgrammeUpdated { .. } => Self::EarningProgrammeUpdated,
            audit::AuditAction::RewardCreated { .. } => Self::RewardCreated,
            audit::AuditAction::RewardUpdated { .. } => Self::RewardUpdated,
            audit::AuditAction::RewardDeleted { .. } => Self::RewardDeleted,
            audit::AuditAction::PersonErased => Self::PersonErased,
        }
    }
}
