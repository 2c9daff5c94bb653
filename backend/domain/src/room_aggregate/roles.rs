//! Giving roles and capabilities, and taking them away.
//!
//! Nobody gives what they lack, nor for longer than they hold it: what somebody was granted for an
//! hour cannot be made to last by granting it on.

use super::RoomAggregate;
use super::authority::{ActRefusal, Actor, Target, TargetRefusal};
use crate::audit::AuditAction;
use crate::event::EventBody;
use crate::id::IdSource;
use crate::invalid::Invalid;
use crate::participant::{
    Capability, Hold, Membership, Participant, ROLE_HOLDERS_MAX, Role, Terms,
};
use crate::stage::StageRole;
use crate::time::ServerTime;

/// Why a role was not given, in the order the reasons are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AssignRoleRefusal {
    #[error(transparent)]
    Act(#[from] ActRefusal),
    #[error(transparent)]
    Target(#[from] TargetRefusal),
    #[error("the participant was removed")]
    Removed,
    #[error("the participant's role protects them from the caller")]
    Outranked,
    #[error("nobody gives a role above their own")]
    AboveOwnRole,
    #[error("nobody gives what they lack, and the role has `{}`", .0.as_str())]
    NotHeld(Capability),
    #[error("the last owner stays; make somebody else an owner first")]
    LastOwner,
    #[error("a room has at most {ROLE_HOLDERS_MAX} owners and moderators")]
    TooManyRoleHolders,
}

/// Why a capability was not granted or denied, in the order the reasons are checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OverrideRefusal {
    #[error(transparent)]
    Act(#[from] ActRefusal),
    #[error(transparent)]
    Target(#[from] TargetRefusal),
    #[error("the participant was removed")]
    Removed,
    #[error("nobody changes their own capabilities")]
    OnOneself,
    #[error("the participant's role protects them from the caller")]
    Outranked,
    #[error("nobody gives what they lack, and the caller lacks `{}`", .0.as_str())]
    NotHeld(Capability),
    #[error("the caller holds `{}` for less long than that", .0.as_str())]
    OutlastsOwn(Capability),
    #[error("there is nothing of the kind to clear")]
    NothingToClear,
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

/// What to do about one of a participant's capabilities, beside their role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Override {
    Grant,
    Deny,
    ClearGrant,
    ClearDenial,
}

/// A grant or a denial, or the end of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverrideChange {
    pub capability: Capability,
    pub kind: Override,
    /// Of a grant or a denial: when it ends by itself.
    pub expires_at: Option<ServerTime>,
    pub reason: Option<String>,
}

impl RoomAggregate {
    /// Gives a participant a role, higher or lower than the one they have.
    pub fn assign_role(
        &mut self,
        actor: &Actor,
        target: Target,
        role: Role,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<Participant, AssignRoleRefusal> {
        self.require(actor, Capability::RoleAssign, now)?;
        let participant = self.target(target)?;
        let from = participant.role;
        if participant.membership == Membership::Removed {
            return Err(AssignRoleRefusal::Removed);
        }
        if !actor.is(participant) && !self.outranks(actor, participant) {
            return Err(AssignRoleRefusal::Outranked);
        }
        if self.role(actor).is_some_and(|own| role > own) {
            return Err(AssignRoleRefusal::AboveOwnRole);
        }
        let lasts =
            |capability: &&Capability| self.hold(actor, **capability, now) == Some(Hold::Lasting);
        // What the participant's present role has already is not given.
        let mut given = role.capabilities().iter();
        if let Some(lacking) = given.find(|one| !from.capabilities().contains(one) && !lasts(one)) {
            return Err(AssignRoleRefusal::NotHeld(*lacking));
        }
        if from == Role::Owner && role != Role::Owner && self.census.owners == 1 {
            return Err(AssignRoleRefusal::LastOwner);
        }
        if from == Role::Member
            && role != Role::Member
            && self.census.role_holders >= ROLE_HOLDERS_MAX
        {
            return Err(AssignRoleRefusal::TooManyRoleHolders);
        }
        if from == role {
            return Ok(participant.clone());
        }

        let participant = Participant {
            role,
            ..participant.clone()
        };
        let action = AuditAction::RoleAssigned { from, to: role };
        self.audit(actor, participant.id, action, ids, now);
        Ok(self.put_participant(participant, EventBody::ParticipantRoleChanged, ids, now))
    }

    /// Grants or denies a participant a capability, or takes a grant or a denial back. Whoever may
    /// not speak any more goes from the stage to the audience.
    pub fn change_override(
        &mut self,
        actor: &Actor,
        target: Target,
        change: &OverrideChange,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<Participant, OverrideRefusal> {
        self.require(actor, Capability::CapabilityGrant, now)?;
        let mut participant = self.target(target)?.clone();
        if participant.membership == Membership::Removed {
            return Err(OverrideRefusal::Removed);
        }
        if !actor.is_staff && actor.is(&participant) {
            return Err(OverrideRefusal::OnOneself);
        }
        if !self.outranks(actor, &participant) {
            return Err(OverrideRefusal::Outranked);
        }
        self.check_gives_what_is_held(actor, change, now)?;
        participant.overrides.prune(now);
        let action = apply(change, &mut participant, actor, now)?;

        if participant.hold(Capability::StageSpeak, now).is_none() {
            participant.stage_role = StageRole::Audience;
        }
        self.audit(actor, participant.id, action, ids, now);
        Ok(self.put_participant(participant, EventBody::ParticipantUpdated, ids, now))
    }

    /// Taking a denial back gives for good what it withheld.
    fn check_gives_what_is_held(
        &self,
        actor: &Actor,
        change: &OverrideChange,
        now: ServerTime,
    ) -> Result<(), OverrideRefusal> {
        let given = match change.kind {
            Override::Grant => Hold::of(change.expires_at),
            Override::ClearDenial => Hold::Lasting,
            Override::Deny | Override::ClearGrant => return Ok(()),
        };
        let held = self
            .hold(actor, change.capability, now)
            .ok_or(OverrideRefusal::NotHeld(change.capability))?;
        if given > held {
            return Err(OverrideRefusal::OutlastsOwn(change.capability));
        }

        Ok(())
    }
}

fn apply(
    change: &OverrideChange,
    participant: &mut Participant,
    actor: &Actor,
    now: ServerTime,
) -> Result<AuditAction, OverrideRefusal> {
    let (capability, expires_at) = (change.capability, change.expires_at);
    let reason = change.reason.clone();
    let terms = Terms {
        expires_at,
        reason: reason.clone(),
        by: actor.viewer_id.clone(),
    };
    let overrides = &mut participant.overrides;

    match change.kind {
        Override::Grant => {
            terms.check(now)?;
            overrides.grants.insert(capability, terms);
            Ok(AuditAction::CapabilityGranted {
                capability,
                expires_at,
                reason,
            })
        }
        Override::Deny => {
            terms.check(now)?;
            overrides.denials.insert(capability, terms);
            Ok(AuditAction::CapabilityDenied {
                capability,
                expires_at,
                reason,
            })
        }
        Override::ClearGrant => match overrides.grants.remove(&capability) {
            Some(_) => Ok(AuditAction::GrantCleared { capability }),
            None => Err(OverrideRefusal::NothingToClear),
        },
        Override::ClearDenial => match overrides.denials.remove(&capability) {
            Some(_) => Ok(AuditAction::DenialCleared { capability }),
            None => Err(OverrideRefusal::NothingToClear),
        },
    }
}
