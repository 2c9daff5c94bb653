//! What a participant may do: by a fixed table of roles, with grants and denials of their own.
//!
//! A denial wins over the role and over a grant. Both may end by themselves, and then what they hid
//! shows again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Role;
use crate::id::ViewerId;
use crate::invalid::{Invalid, check_words};
use crate::time::ServerTime;

/// The longest reason, in bytes: a sentence or two, for whoever reads the audit trail.
pub const REASON_BYTES_MAX: usize = 200;

/// One thing that somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Capability {
    /// Ask for the stage, and take it when invited.
    #[serde(rename = "stage.speak")]
    StageSpeak,
    /// Invite to the stage, turn requests down, and take it oneself without an invitation.
    #[serde(rename = "stage.invite")]
    StageInvite,
    /// Move others from the stage to the audience.
    #[serde(rename = "stage.moderate")]
    StageModerate,
    /// Say who is the host.
    #[serde(rename = "stage.host")]
    StageHost,
    /// Rename others.
    #[serde(rename = "participant.rename")]
    ParticipantRename,
    /// Put others out of the room, and let them in again.
    #[serde(rename = "participant.remove")]
    ParticipantRemove,
    /// Read who changed roles and capabilities, and why.
    #[serde(rename = "audit.read")]
    AuditRead,
    /// Change the room's settings.
    #[serde(rename = "room.update")]
    RoomUpdate,
    /// Start and end sessions.
    #[serde(rename = "session.manage")]
    SessionManage,
    /// Give roles and take them away.
    #[serde(rename = "role.assign")]
    RoleAssign,
    /// Grant and deny capabilities.
    #[serde(rename = "capability.grant")]
    CapabilityGrant,
    /// Read everyone's points, and the room's books.
    #[serde(rename = "points.read")]
    PointsRead,
    /// Grant and charge points.
    #[serde(rename = "points.adjust")]
    PointsAdjust,
    /// Make rewards, change and delete them.
    #[serde(rename = "reward.manage")]
    RewardManage,
    /// See to what was redeemed.
    #[serde(rename = "redemption.manage")]
    RedemptionManage,
    /// Say what watching earns.
    #[serde(rename = "earning.manage")]
    EarningManage,
    /// Tell everyone in the room something.
    #[serde(rename = "room.tell")]
    RoomTell,
}

/// How long a capability is held, as far as anybody has said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hold {
    Until(ServerTime),
    Lasting,
}

/// What somebody was granted and denied beside their role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overrides {
    pub grants: BTreeMap<Capability, Terms>,
    pub denials: BTreeMap<Capability, Terms>,
}

/// On what terms a grant or a denial was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// When it ends by itself.
    pub expires_at: Option<ServerTime>,
    pub reason: Option<String>,
    /// Who made it.
    pub by: ViewerId,
}

const MEMBER: [Capability; 1] = [Capability::StageSpeak];
const MODERATOR: [Capability; 9] = [
    Capability::StageSpeak,
    Capability::StageInvite,
    Capability::StageModerate,
    Capability::ParticipantRename,
    Capability::ParticipantRemove,
    Capability::AuditRead,
    Capability::PointsRead,
    Capability::RedemptionManage,
    Capability::RoomTell,
];

impl Capability {
    pub const ALL: [Self; 17] = [
        Self::StageSpeak,
        Self::StageInvite,
        Self::StageModerate,
        Self::StageHost,
        Self::ParticipantRename,
        Self::ParticipantRemove,
        Self::AuditRead,
        Self::RoomUpdate,
        Self::SessionManage,
        Self::RoleAssign,
        Self::CapabilityGrant,
        Self::PointsRead,
        Self::PointsAdjust,
        Self::RewardManage,
        Self::RedemptionManage,
        Self::EarningManage,
        Self::RoomTell,
    ];

    /// The capability's name in the API, which messages use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StageSpeak => "STAGE_SPEAK",
            Self::StageInvite => "STAGE_INVITE",
            Self::StageModerate => "STAGE_MODERATE",
            Self::StageHost => "STAGE_HOST",
            Self::ParticipantRename => "PARTICIPANT_RENAME",
            Self::ParticipantRemove => "PARTICIPANT_REMOVE",
            Self::AuditRead => "AUDIT_READ",
            Self::RoomUpdate => "ROOM_UPDATE",
            Self::SessionManage => "SESSION_MANAGE",
            Self::RoleAssign => "ROLE_ASSIGN",
            Self::CapabilityGrant => "CAPABILITY_GRANT",
            Self::PointsRead => "POINTS_READ",
            Self::PointsAdjust => "POINTS_ADJUST",
            Self::RewardManage => "REWARD_MANAGE",
            Self::RedemptionManage => "REDEMPTION_MANAGE",
            Self::EarningManage => "EARNING_MANAGE",
            Self::RoomTell => "ROOM_TELL",
        }
    }
}

impl Role {
    /// What the role lets people do. Each role may do everything that the one below it may.
    pub fn capabilities(self) -> &'static [Capability] {
        match self {
            Self::Member => &MEMBER,
            Self::Moderator => &MODERATOR,
            Self::Owner => &Capability::ALL,
        }
    }
}

impl Hold {
    /// Until `expires_at`, or without an end.
    pub fn of(expires_at: Option<ServerTime>) -> Self {
        expires_at.map_or(Self::Lasting, Self::Until)
    }
}

impl Overrides {
    pub(super) fn hold(&self, role: Role, capability: Capability, now: ServerTime) -> Option<Hold> {
        let denial = self.denials.get(&capability);
        if denial.is_some_and(|terms| terms.is_live(now)) {
            return None;
        }
        if role.capabilities().contains(&capability) {
            return Some(Hold::Lasting);
        }

        let grant = self.grants.get(&capability)?;
        grant.is_live(now).then(|| Hold::of(grant.expires_at))
    }

    /// Leaves out what has ended.
    pub(crate) fn prune(&mut self, now: ServerTime) {
        self.grants.retain(|_, terms| terms.is_live(now));
        self.denials.retain(|_, terms| terms.is_live(now));
    }
}

impl Terms {
    /// Checks what was given against the rules for terms that begin at `now`.
    pub(crate) fn check(&self, now: ServerTime) -> Result<(), Invalid> {
        if self.expires_at.is_some_and(|expires_at| expires_at <= now) {
            return Err(Invalid::new("expiresAt", "in the future", "a past time"));
        }

        check_reason(self.reason.as_deref())
    }

    /// Whether the grant or denial still holds.
    pub fn is_live(&self, now: ServerTime) -> bool {
        self.expires_at.is_none_or(|expires_at| now < expires_at)
    }
}

/// Checks a reason, if there is one.
pub(crate) fn check_reason(reason: Option<&str>) -> Result<(), Invalid> {
    reason.map_or(Ok(()), |reason| {
        check_words("reason", reason, 1, REASON_BYTES_MAX)
    })
}
