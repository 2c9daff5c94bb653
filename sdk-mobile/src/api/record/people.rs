//! People in calls and answers.

use crate::record::{ParticipantProfile, ParticipantRole, StageRole};
use serde::{Deserialize, Serialize};

/// A person in a room.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Participant {
    /// Global id.
    pub id: String,
    /// As typed: text, never markup.
    pub name: String,
    /// Authority, for a badge.
    pub role: ParticipantRole,
    /// Whether they are in the room.
    pub membership: Membership,
    /// Their place.
    pub stage_role: StageRole,
    /// Of those who have asked for the stage: the place in the queue, lowest first.
    pub requested_seq: Option<i64>,
    /// Whether the room's log shows them by name.
    pub is_listed: bool,
    /// Whether they are in the room and follow it now, by any of their devices.
    pub is_online: bool,
    /// Counts changes of the participant; give it back to whatever changes them.
    pub version: i32,
    /// When they last joined.
    pub joined_at_unix_millis: i64,
    /// When they left.
    pub left_at_unix_millis: Option<i64>,
    /// What only they themselves and those see who may change it; nothing for everyone else.
    pub private_details: Option<ParticipantPrivate>,
}

/// What not everyone sees of a participant.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ParticipantPrivate {
    /// The person, by the tenant's own id.
    pub viewer_id: String,
    /// All that they may do now.
    pub capabilities: Vec<Capability>,
    /// What they may do beside their role.
    pub grants: Vec<CapabilityTerms>,
    /// What they may not do, whatever their role and grants say.
    pub denials: Vec<CapabilityTerms>,
}

/// A grant or a denial of a capability that somebody has.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct CapabilityTerms {
    /// What of.
    pub capability: Capability,
    /// When it ends by itself.
    pub expires_at_unix_millis: Option<i64>,
    /// Why, for people to read.
    pub reason: Option<String>,
    /// Who made it, by the tenant's own id.
    pub by_viewer_id: String,
}

/// Whether a person is in the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, uniffi::Enum)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Membership {
    /// They are.
    Joined,
    /// They have gone.
    Left,
    /// They were put out, and are not let in again before they are readmitted.
    Removed,
    /// Something that this version has never heard of.
    #[serde(other)]
    Unknown,
}

/// One thing that somebody may do in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, uniffi::Enum)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Capability {
    /// Ask for the stage, and take it when invited.
    StageSpeak,
    /// Invite to the stage, turn requests down, and take it without an invitation.
    StageInvite,
    /// Move others from the stage to the audience.
    StageModerate,
    /// Say who is the host.
    StageHost,
    /// Rename others.
    ParticipantRename,
    /// Put others out of the room, and let them in again.
    ParticipantRemove,
    /// Read who changed roles and capabilities, and why.
    AuditRead,
    /// Change the room's settings.
    RoomUpdate,
    /// Start and end sessions.
    SessionManage,
    /// Give roles and take them away.
    RoleAssign,
    /// Grant and deny capabilities.
    CapabilityGrant,
    /// Read everyone's points, and the room's books.
    PointsRead,
    /// Grant and charge points.
    PointsAdjust,
    /// Make rewards, change and delete them.
    RewardManage,
    /// See to what was redeemed.
    RedemptionManage,
    /// Say what watching earns.
    EarningManage,
    /// Tell everyone in the room something.
    RoomTell,
    /// Something that this version has never heard of. Not to be granted or denied.
    #[serde(other)]
    Unknown,
}

/// Somebody who is to come into a room.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct NewParticipant {
    /// The room, by global id.
    pub room_id: String,
    /// What the room calls them.
    pub name: String,
    /// Whom staff lets in, by the tenant's own id. The caller themselves unless given.
    #[uniffi(default = None)]
    pub viewer_id: Option<String>,
}

/// Whom a change is about, as the caller knows them: from a room that is followed, or an answer. A
/// change of somebody who has changed meanwhile is refused as stale.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct KnownParticipant {
    /// The room, by global id.
    pub room_id: String,
    /// The participant, by global id.
    pub participant_id: String,
    /// Their version.
    pub version: i32,
}

/// A grant or a denial to be made.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct NewCapabilityTerms {
    /// What of.
    pub capability: Capability,
    /// When it ends by itself; never unless given.
    #[uniffi(default = None)]
    pub expires_at_unix_millis: Option<i64>,
    /// Why, for people to read.
    #[uniffi(default = None)]
    pub reason: Option<String>,
}

/// Which participants are asked for.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ParticipantsQuestion {
    /// The room, by global id.
    pub room_id: String,
    /// Only those with this role.
    #[uniffi(default = None)]
    pub role: Option<ParticipantRole>,
    /// Only those in this place.
    #[uniffi(default = None)]
    pub stage_role: Option<StageRole>,
    /// How many at most. The server's page size unless given.
    #[uniffi(default = None)]
    pub first: Option<u32>,
    /// The page after the one that ended here.
    #[uniffi(default = None)]
    pub after: Option<String>,
}

/// Some of a room's participants.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ParticipantsPage {
    /// In the order in which they joined.
    pub participants: Vec<Participant>,
    /// How many there are on all pages.
    pub total_count: i64,
    /// Where this page ends.
    pub end_cursor: Option<String>,
    /// Whether there is another after it.
    pub has_next_page: bool,
}

/// Who speaks in a room and who waits to, with how many places there are.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct StageDetails {
    /// How many people the stage has places for.
    pub size: i64,
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

/// What the caller is in a room, and may do there.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct RoomAccess {
    /// The caller as a participant, if they ever joined.
    pub participant: Option<Participant>,
    /// All that the caller may do now. Staff may do everything.
    pub capabilities: Vec<Capability>,
}

#[cfg(test)]
mod tests {
    use super::{Capability, Membership};
    use crate::api::record::Admission;
    use crate::api::record::audit::AuditAction;
    use crate::record::{ParticipantRole, StageRole};

    #[test]
    fn a_name_that_is_newer_than_this_version_is_an_unknown_one() {
        fn read<T: serde::de::DeserializeOwned>(name: &str) -> T {
            serde_json::from_value(name.into()).expect("any name is read")
        }

        assert_eq!(read::<Capability>("STAGE_SPEAK"), Capability::StageSpeak);
        assert_eq!(read::<Capability>("TIME_TRAVEL"), Capability::Unknown);
        assert_eq!(read::<Membership>("HAUNTING"), Membership::Unknown);
        assert_eq!(read::<ParticipantRole>("JESTER"), ParticipantRole::Unknown);
        assert_eq!(read::<StageRole>("BALCONY"), StageRole::Unknown);
        assert_eq!(read::<Admission>("BY_LOT"), Admission::Unknown);
        assert_eq!(read::<AuditAction>("RENAMED_ALL"), AuditAction::Unknown);
    }
}
