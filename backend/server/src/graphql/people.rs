//! The people of a room as clients read them.

use async_graphql::{Enum, ID, SimpleObject};
use parlor_domain::{participant, stage};

use super::global_id::IdKind;
use super::scalar::{Int64, Time};

/// Authority over a room. What it allows is in `capabilities`, never to be inferred from here.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "participant::Role")]
pub(crate) enum ParticipantRole {
    Member,
    Moderator,
    Owner,
}

/// A participant's place. Whoever is on the stage while no session is live is backstage.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StageRole {
    Audience,
    /// Has asked for the stage.
    Requested,
    /// May take the stage.
    Invited,
    Speaker,
    Host,
}

/// What everyone who may read a room sees of a participant.
#[derive(SimpleObject)]
pub(crate) struct ParticipantProfile {
    id: ID,
    name: String,
    role: ParticipantRole,
    stage_role: StageRole,
    /// Of those who have asked for the stage: the place in the queue, lowest first.
    requested_seq: Option<Int64>,
    /// Whether the room goes on showing them by name. If not, the part of this event is empty after
    /// it: they left, or went back among an audience that is told by count.
    is_listed: bool,
    /// Counts changes of the participant; give it back to whatever changes them.
    version: i32,
    joined_at: Time,
}

impl From<stage::StageRole> for StageRole {
    fn from(role: stage::StageRole) -> Self {
        match role {
            stage::StageRole::Audience => Self::Audience,
            stage::StageRole::Requested { .. } => Self::Requested,
            stage::StageRole::Invited => Self::Invited,
            stage::StageRole::Speaker => Self::Speaker,
            stage::StageRole::Host => Self::Host,
        }
    }
}

impl From<&participant::ParticipantProfile> for ParticipantProfile {
    fn from(profile: &participant::ParticipantProfile) -> Self {
        Self {
            id: IdKind::Participant.id(profile.id.0),
            name: profile.name.clone(),
            role: profile.role.into(),
            stage_role: profile.stage_role.into(),
            requested_seq: profile.stage_role.requested_seq().map(Int64),
            is_listed: profile.is_listed,
            version: profile.version,
            joined_at: profile.joined_at.into(),
        }
    }
}
