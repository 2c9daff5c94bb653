//! What clients send about people.

use async_graphql::{ID, InputObject};

use super::{Capability, ParticipantRole};
use crate::scalar::Time;

#[derive(InputObject)]
pub(crate) struct JoinRoomInput {
    pub(super) room_id: ID,
    /// What the room calls the person.
    pub(super) name: String,
    /// Whom staff lets join; oneself unless given.
    pub(super) viewer_id: Option<String>,
}

#[derive(InputObject)]
pub(crate) struct LeaveRoomInput {
    pub(super) room_id: ID,
}

#[derive(InputObject)]
pub(crate) struct RenameParticipantInput {
    pub(super) room_id: ID,
    pub(super) participant_id: ID,
    /// The participant's version that this change was made against.
    pub(super) version: i32,
    pub(super) name: String,
}

#[derive(InputObject)]
pub(crate) struct RemoveParticipantInput {
    pub(super) room_id: ID,
    pub(super) participant_id: ID,
    /// The participant's version that this change was made against.
    pub(super) version: i32,
    /// For the audit trail.
    pub(super) reason: Option<String>,
}

/// A change of a participant that needs nothing more said.
#[derive(InputObject)]
pub(crate) struct ParticipantInput {
    pub(super) room_id: ID,
    pub(super) participant_id: ID,
    /// The participant's version that this change was made against.
    pub(super) version: i32,
}

#[derive(InputObject)]
pub(crate) struct AssignRoleInput {
    pub(super) room_id: ID,
    pub(super) participant_id: ID,
    /// The participant's version that this change was made against.
    pub(super) version: i32,
    pub(super) role: ParticipantRole,
}

/// A grant or a denial.
#[derive(InputObject)]
pub(crate) struct CapabilityTermsInput {
    pub(super) room_id: ID,
    pub(super) participant_id: ID,
    /// The participant's version that this change was made against.
    pub(super) version: i32,
    pub(super) capability: Capability,
    /// When it ends by itself; never unless given.
    pub(super) expires_at: Option<Time>,
    pub(super) reason: Option<String>,
}

/// The end of a grant or a denial.
#[derive(InputObject)]
pub(crate) struct ClearCapabilityInput {
    pub(super) room_id: ID,
    pub(super) participant_id: ID,
    /// The participant's version that this change was made against.
    pub(super) version: i32,
    pub(super) capability: Capability,
}

#[derive(InputObject)]
pub(crate) struct HandOverHostInput {
    pub(super) room_id: ID,
    /// Who becomes the host: somebody on the stage, or oneself.
    pub(super) participant_id: ID,
    /// Their version that this change was made against.
    pub(super) version: i32,
    /// Who is the host, as far as the caller knows; null for nobody.
    pub(super) from_participant_id: Option<ID>,
}
