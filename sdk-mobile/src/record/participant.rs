//! People, and the stage.

use parlor_sdk_core as core;
use serde::{Deserialize, Serialize};

/// What everyone who may read a room sees of a participant.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ParticipantProfile {
    /// Global id.
    pub id: String,
    /// As typed: text, never markup.
    pub name: String,
    /// Authority, for a badge. What somebody may do is asked of the server, by
    /// [`Api::room_access`](crate::Api::room_access), and never to be inferred from here.
    pub role: ParticipantRole,
    /// Their place.
    pub stage_role: StageRole,
    /// Of those who have asked for the stage: the place in the queue, lowest first.
    pub requested_seq: Option<i64>,
    /// Whether the room goes on showing them by name. If not, they are no longer among
    /// [`Room::participants`](crate::Room::participants).
    pub is_listed: bool,
    /// Whether they follow the room now, by any of their devices.
    pub is_online: bool,
    /// Counts changes of the participant; give it back to whatever changes them.
    pub version: i32,
    /// When they last joined.
    pub joined_at_unix_millis: i64,
}

/// How a participant changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum ParticipantChange {
    /// They came into the room.
    Joined,
    /// They went.
    Left,
    /// They were put out of the room.
    Removed,
    /// They have another name.
    Updated,
    /// They have another role.
    RoleChanged,
    /// They have another place.
    StageChanged,
    /// They came online, or went offline.
    PresenceChanged,
}

/// Authority over a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, uniffi::Enum)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ParticipantRole {
    /// No more than anyone's.
    Member,
    /// Keeps order.
    Moderator,
    /// Rules the room.
    Owner,
    /// A role that this version has never heard of. Show no badge, and assign it to nobody.
    #[serde(other)]
    Unknown,
}

/// A participant's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, uniffi::Enum)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StageRole {
    /// Watches.
    Audience,
    /// Has asked for the stage.
    Requested,
    /// May take the stage.
    Invited,
    /// Is on the stage.
    Speaker,
    /// Is on the stage, and leads.
    Host,
    /// A place that this version has never heard of.
    #[serde(other)]
    Unknown,
}

/// Who speaks, and who waits to. Each list is in the order in which people joined the room, but for
/// the queue.
#[derive(Debug, Clone, Default, PartialEq, Eq, uniffi::Record)]
pub struct Stage {
    /// Whether a session is live. If not, who is on the stage is backstage.
    pub is_live: bool,
    /// Who leads, if anybody.
    pub host: Option<ParticipantProfile>,
    /// Who else is on the stage.
    pub speakers: Vec<ParticipantProfile>,
    /// Who may take the stage.
    pub invited: Vec<ParticipantProfile>,
    /// Who has asked for the stage, in the order in which the server saw it.
    pub queue: Vec<ParticipantProfile>,
}

impl From<core::ParticipantProfile> for ParticipantProfile {
    fn from(profile: core::ParticipantProfile) -> Self {
        Self {
            id: profile.id,
            name: profile.name,
            role: match profile.role {
                core::ParticipantRole::Member => ParticipantRole::Member,
                core::ParticipantRole::Moderator => ParticipantRole::Moderator,
                core::ParticipantRole::Owner => ParticipantRole::Owner,
                core::ParticipantRole::Unknown => ParticipantRole::Unknown,
            },
            stage_role: match profile.stage_role {
                core::StageRole::Audience => StageRole::Audience,
                core::StageRole::Requested => StageRole::Requested,
                core::StageRole::Invited => StageRole::Invited,
                core::StageRole::Speaker => StageRole::Speaker,
                core::StageRole::Host => StageRole::Host,
                core::StageRole::Unknown => StageRole::Unknown,
            },
            requested_seq: profile.requested_seq,
            is_listed: profile.is_listed,
            is_online: profile.is_online,
            version: profile.version,
            joined_at_unix_millis: profile.joined_at.unix_millis(),
        }
    }
}

impl From<core::ParticipantChange> for ParticipantChange {
    fn from(change: core::ParticipantChange) -> Self {
        match change {
            core::ParticipantChange::Joined => Self::Joined,
            core::ParticipantChange::Left => Self::Left,
            core::ParticipantChange::Removed => Self::Removed,
            core::ParticipantChange::Updated => Self::Updated,
            core::ParticipantChange::RoleChanged => Self::RoleChanged,
            core::ParticipantChange::StageChanged => Self::StageChanged,
            core::ParticipantChange::PresenceChanged => Self::PresenceChanged,
        }
    }
}

impl From<core::Stage<'_>> for Stage {
    fn from(stage: core::Stage<'_>) -> Self {
        let profiles = |people: Vec<&core::ParticipantProfile>| {
            let owned = people.into_iter().cloned();
            owned.map(ParticipantProfile::from).collect()
        };

        Self {
            is_live: stage.is_live,
            host: stage.host.cloned().map(ParticipantProfile::from),
            speakers: profiles(stage.speakers),
            invited: profiles(stage.invited),
            queue: profiles(stage.queue),
        }
    }
}
