//! A person in a room: who they are there, and what they may do.

pub mod capability;

use serde::{Deserialize, Serialize};

pub use capability::{Capability, Hold, Overrides, Terms};

use crate::books::MemberNumber;
use crate::contribution::NAME_MAX;
use crate::id::{ParticipantId, ViewerId};
use crate::invalid::{Invalid, check_length};
use crate::stage::StageRole;
use crate::time::ServerTime;

/// Up to how many joined people a room shows everyone by name, and beyond which it tells of its
/// audience by count. Naming costs a message to each for each who comes: 10,000 until a room of
/// this size is full, and a million in a room ten times as large. A list of names is not read
/// further either.
pub const SMALL_ROOM_MAX: i64 = 100;
/// The most people who may be joined at a time. Beyond it, counting a part of them takes longer
/// than a reader waits.
pub const PARTICIPANTS_MAX: i64 = 1_000_000;
/// The most owners and moderators of a room. Each is shown by name whatever the room's size, so
/// they bound what a newcomer is sent.
pub const ROLE_HOLDERS_MAX: i64 = 100;

/// A person in a room, by their immutable viewer id. There is one of each person for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    pub id: ParticipantId,
    pub viewer_id: ViewerId,
    /// Their place in the room's books.
    pub number: MemberNumber,
    pub name: String,
    /// Kept by those who leave.
    pub role: Role,
    pub membership: Membership,
    pub stage_role: StageRole,
    pub overrides: Overrides,
    /// Whether the room's log shows them by name.
    pub is_listed: bool,
    /// Whether they are in the room and follow it by a connection.
    pub is_online: bool,
    /// Counts changes, so that one made against an older state is refused. Coming online and going
    /// offline is none: it would make every change stale that was under way.
    pub version: i32,
    /// When they last joined.
    pub joined_at: ServerTime,
    pub left_at: Option<ServerTime>,
}

/// Authority over a room: `member < moderator < owner`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    #[default]
    Member,
    Moderator,
    Owner,
}

/// Whether a person is in the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    Joined,
    Left,
    /// Put out, and not let in again before they are readmitted.
    Removed,
}

/// What everyone who may read the room sees of a participant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParticipantProfile {
    pub id: ParticipantId,
    pub name: String,
    pub role: Role,
    pub stage_role: StageRole,
    pub is_listed: bool,
    /// Not in events from before there was presence, when nobody was known to be.
    #[serde(default)]
    pub is_online: bool,
    pub version: i32,
    pub joined_at: ServerTime,
}

impl Role {
    pub const ALL: [Self; 3] = [Self::Member, Self::Moderator, Self::Owner];

    /// The role's name in storage.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Moderator => "moderator",
            Self::Owner => "owner",
        }
    }
}

impl Membership {
    pub const ALL: [Self; 3] = [Self::Joined, Self::Left, Self::Removed];

    /// The state's name in storage.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Joined => "joined",
            Self::Left => "left",
            Self::Removed => "removed",
        }
    }
}

impl Participant {
    /// Whether the person is in the room.
    pub fn is_joined(&self) -> bool {
        self.membership == Membership::Joined
    }

    /// Whether the room knows the person by more than being there, so that it names them whatever
    /// its size.
    pub(crate) fn is_prominent(&self) -> bool {
        self.role > Role::Member || self.stage_role != StageRole::Audience
    }

    /// How long the person holds `capability` from `now` on, as far as anybody has said. Whoever is
    /// not in the room holds none.
    pub fn hold(&self, capability: Capability, now: ServerTime) -> Option<Hold> {
        if !self.is_joined() {
            return None;
        }

        self.overrides.hold(self.role, capability, now)
    }

    /// All that the person may do.
    pub fn capabilities(&self, now: ServerTime) -> Vec<Capability> {
        Capability::ALL
            .into_iter()
            .filter(|capability| self.hold(*capability, now).is_some())
            .collect()
    }

    /// What everyone who may read the room sees.
    pub fn profile(&self) -> ParticipantProfile {
        ParticipantProfile {
            id: self.id,
            name: self.name.clone(),
            role: self.role,
            stage_role: self.stage_role,
            is_listed: self.is_listed,
            is_online: self.is_online,
            version: self.version,
            joined_at: self.joined_at,
        }
    }
}

/// Checks a participant's name.
pub fn check_name(name: &str) -> Result<(), Invalid> {
    check_length("name", name, NAME_MAX)
}
