//! What the rules of people refuse.

use parlor_domain::room_aggregate::{
    ActRefusal, AssignRoleRefusal, JoinRefusal, OverrideRefusal, RemoveRefusal, RenameRefusal,
    StageRefusal, TargetRefusal,
};
use parlor_writer::AuthorizedRefusal;

use crate::global_id::IdKind;
use crate::refusal::Refusal;

const OUTRANKED: &str = "OUTRANKED";
const REMOVED: &str = "PARTICIPANT_REMOVED";
const LAST_OWNER: &str = "LAST_OWNER";
const ON_ONESELF: &str = "ON_ONESELF";

impl From<ActRefusal> for Refusal {
    fn from(refusal: ActRefusal) -> Self {
        match refusal {
            ActRefusal::RoomHidden => Self::RoomHidden,
            ActRefusal::RoomArchived => Self::conflict("ROOM_ARCHIVED", refusal),
            ActRefusal::NotJoined => Self::auth("NOT_JOINED", refusal),
            ActRefusal::CapabilityMissing(_) => Self::auth("CAPABILITY_MISSING", refusal),
        }
    }
}

impl<R: Into<Refusal>> From<AuthorizedRefusal<R>> for Refusal {
    fn from(refusal: AuthorizedRefusal<R>) -> Self {
        match refusal {
            AuthorizedRefusal::Act(refusal) => refusal.into(),
            AuthorizedRefusal::Command(refusal) => refusal.into(),
        }
    }
}

impl From<TargetRefusal> for Refusal {
    fn from(refusal: TargetRefusal) -> Self {
        match refusal {
            TargetRefusal::NotFound(id) => {
                Self::not_found("Participant", &IdKind::Participant.id(id.0))
            }
            TargetRefusal::StaleVersion { .. } => Self::conflict("STALE_VERSION", refusal),
        }
    }
}

impl From<JoinRefusal> for Refusal {
    fn from(refusal: JoinRefusal) -> Self {
        match refusal {
            JoinRefusal::Act(refusal) => refusal.into(),
            JoinRefusal::OnBehalf => Self::auth("STAFF_ONLY", refusal),
            JoinRefusal::Removed => Self::conflict(REMOVED, refusal),
            JoinRefusal::NotAdmitted => Self::auth("NOT_ADMITTED", refusal),
            JoinRefusal::RoomFull => Self::conflict("ROOM_FULL", refusal),
            JoinRefusal::Invalid(invalid) => invalid.into(),
        }
    }
}

impl From<RenameRefusal> for Refusal {
    fn from(refusal: RenameRefusal) -> Self {
        match refusal {
            RenameRefusal::Act(refusal) => refusal.into(),
            RenameRefusal::Target(refusal) => refusal.into(),
            RenameRefusal::Outranked => Self::auth(OUTRANKED, refusal),
            RenameRefusal::Invalid(invalid) => invalid.into(),
        }
    }
}

impl From<RemoveRefusal> for Refusal {
    fn from(refusal: RemoveRefusal) -> Self {
        match refusal {
            RemoveRefusal::Act(refusal) => refusal.into(),
            RemoveRefusal::Target(refusal) => refusal.into(),
            RemoveRefusal::OnOneself => Self::conflict(ON_ONESELF, refusal),
            RemoveRefusal::Outranked => Self::auth(OUTRANKED, refusal),
            RemoveRefusal::AlreadyRemoved => Self::conflict(REMOVED, refusal),
            RemoveRefusal::NotRemoved => Self::conflict("NOT_REMOVED", refusal),
            RemoveRefusal::LastOwner => Self::conflict(LAST_OWNER, refusal),
            RemoveRefusal::Invalid(invalid) => invalid.into(),
        }
    }
}

impl From<AssignRoleRefusal> for Refusal {
    fn from(refusal: AssignRoleRefusal) -> Self {
        match refusal {
            AssignRoleRefusal::Act(refusal) => refusal.into(),
            AssignRoleRefusal::Target(refusal) => refusal.into(),
            AssignRoleRefusal::Removed => Self::conflict(REMOVED, refusal),
            AssignRoleRefusal::Outranked => Self::auth(OUTRANKED, refusal),
            AssignRoleRefusal::AboveOwnRole => Self::auth("ABOVE_OWN_ROLE", refusal),
            AssignRoleRefusal::NotHeld(_) => Self::auth("CAPABILITY_NOT_HELD", refusal),
            AssignRoleRefusal::LastOwner => Self::conflict(LAST_OWNER, refusal),
            AssignRoleRefusal::TooManyRoleHolders => {
                Self::conflict("TOO_MANY_ROLE_HOLDERS", refusal)
            }
        }
    }
}

impl From<OverrideRefusal> for Refusal {
    fn from(refusal: OverrideRefusal) -> Self {
        match refusal {
            OverrideRefusal::Act(refusal) => refusal.into(),
            OverrideRefusal::Target(refusal) => refusal.into(),
            OverrideRefusal::Removed => Self::conflict(REMOVED, refusal),
            OverrideRefusal::OnOneself => Self::auth(ON_ONESELF, refusal),
            OverrideRefusal::Outranked => Self::auth(OUTRANKED, refusal),
            OverrideRefusal::NotHeld(_) => Self::auth("CAPABILITY_NOT_HELD", refusal),
            OverrideRefusal::OutlastsOwn(_) => Self::auth("OUTLASTS_OWN", refusal),
            OverrideRefusal::NothingToClear => Self::conflict("NOTHING_TO_CLEAR", refusal),
            OverrideRefusal::Invalid(invalid) => invalid.into(),
        }
    }
}

impl From<StageRefusal> for Refusal {
    fn from(refusal: StageRefusal) -> Self {
        let code = match refusal {
            StageRefusal::Act(refusal) => return refusal.into(),
            StageRefusal::Target(refusal) => return refusal.into(),
            StageRefusal::NotOneself => return Self::auth("NOT_ONESELF", refusal),
            StageRefusal::Outranked => return Self::auth(OUTRANKED, refusal),
            StageRefusal::TargetNotJoined => "PARTICIPANT_NOT_JOINED",
            StageRefusal::TargetMayNotSpeak => "PARTICIPANT_MAY_NOT_SPEAK",
            StageRefusal::HostChanged => "HOST_CHANGED",
            StageRefusal::AlreadyHost => "ALREADY_HOST",
            StageRefusal::AlreadyRequested => "ALREADY_REQUESTED",
            StageRefusal::AlreadyInvited => "ALREADY_INVITED",
            StageRefusal::AlreadyOnStage => "ALREADY_ON_STAGE",
            StageRefusal::NotRequested => "NOT_REQUESTED",
            StageRefusal::NotInvited => "NOT_INVITED",
            StageRefusal::NotOnStage => "NOT_ON_STAGE",
            StageRefusal::QueueFull => "QUEUE_FULL",
            StageRefusal::StageFull(_) => "STAGE_FULL",
        };

        Self::conflict(code, refusal)
    }
}
