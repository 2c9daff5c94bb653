//! Who may act on a room, and on whom.

use super::RoomAggregate;
use crate::audit::{AuditAction, AuditEntry};
use crate::id::{AuditEntryId, IdSource, ParticipantId, ViewerId};
use crate::participant::{Capability, Hold, Participant, Role};
use crate::points::Authorship;
use crate::room::RoomState;
use crate::time::ServerTime;

/// Who acts: a person, as a participant or as the tenant's staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub viewer_id: ViewerId,
    /// The tenant's staff may do everything in its rooms, and stands above their owners.
    pub is_staff: bool,
}

/// Whom a change is about, and the version it was made against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    pub id: ParticipantId,
    pub version: i32,
}

/// Why somebody may not act on a room, in the order the reasons are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ActRefusal {
    #[error("there is no such room")]
    RoomHidden,
    #[error("the room is archived")]
    RoomArchived,
    #[error("the caller has not joined the room")]
    NotJoined,
    #[error("this needs the capability `{}`", .0.as_str())]
    CapabilityMissing(Capability),
}

/// Why a change of a participant was refused before it was looked at, in the order checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TargetRefusal {
    #[error("there is no such participant")]
    NotFound(ParticipantId),
    #[error("the participant is at version {current}, not {given}")]
    StaleVersion { current: i32, given: i32 },
}

impl RoomAggregate {
    /// Whether `actor` may know of the room and the room still changes.
    pub(super) fn check_open_to(&self, actor: &Actor) -> Result<(), ActRefusal> {
        match self.room.state {
            RoomState::Draft if !actor.is_staff => Err(ActRefusal::RoomHidden),
            RoomState::Archived => Err(ActRefusal::RoomArchived),
            RoomState::Draft | RoomState::Open => Ok(()),
        }
    }

    /// The participant that `actor` is.
    pub(super) fn joined(&self, actor: &Actor) -> Result<&Participant, ActRefusal> {
        let participant = self.known.people.of_viewer(&actor.viewer_id);

        participant
            .filter(|participant| participant.is_joined())
            .ok_or(ActRefusal::NotJoined)
    }

    /// Whether `actor` may use `capability` here and now, in a room that still changes.
    pub(super) fn require(
        &self,
        actor: &Actor,
        capability: Capability,
        now: ServerTime,
    ) -> Result<(), ActRefusal> {
        self.check_open_to(actor)?;
        self.authorize(actor, capability, now)
    }

    /// Whether `actor` may use `capability` on the room itself, whose own rules say what its state
    /// allows.
    pub fn authorize(
        &self,
        actor: &Actor,
        capability: Capability,
        now: ServerTime,
    ) -> Result<(), ActRefusal> {
        if !actor.is_staff {
            if self.room.state == RoomState::Draft {
                return Err(ActRefusal::RoomHidden);
            }
            self.joined(actor)?;
        }

        self.hold(actor, capability, now)
            .map(|_| ())
            .ok_or(ActRefusal::CapabilityMissing(capability))
    }

    /// How long `actor` holds `capability`.
    pub(super) fn hold(
        &self,
        actor: &Actor,
        capability: Capability,
        now: ServerTime,
    ) -> Option<Hold> {
        if actor.is_staff {
            return Some(Hold::Lasting);
        }

        self.joined(actor).ok()?.hold(capability, now)
    }

    /// The participant that a change is about, if it was made against their present version.
    pub(super) fn target(&self, target: Target) -> Result<&Participant, TargetRefusal> {
        let participant = self
            .known
            .people
            .get(target.id)
            .ok_or(TargetRefusal::NotFound(target.id))?;
        if participant.version != target.version {
            return Err(TargetRefusal::StaleVersion {
                current: participant.version,
                given: target.version,
            });
        }

        Ok(participant)
    }

    /// Whether the role of `participant` leaves them open to what `actor` may do. A member's does to
    /// everyone with the capability. Owners are open to each other, for there is nobody else in the
    /// room to settle anything between them.
    pub(super) fn outranks(&self, actor: &Actor, participant: &Participant) -> bool {
        match self.role(actor) {
            None | Some(Role::Owner) => true,
            Some(role) => participant.role == Role::Member || role > participant.role,
        }
    }

    /// The role of `actor`; none stands for staff, above every role.
    pub(super) fn role(&self, actor: &Actor) -> Option<Role> {
        if actor.is_staff {
            return None;
        }

        Some(self.joined(actor).map_or(Role::Member, |found| found.role))
    }

    /// Notes a use of authority, on a participant or, if there is none, on the room itself.
    pub(super) fn audit(
        &mut self,
        actor: &Actor,
        participant_id: impl Into<Option<ParticipantId>>,
        action: AuditAction,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) {
        self.census.audited += 1;
        self.changes.census = true;
        self.changes.audit.push(AuditEntry {
            id: AuditEntryId::next(ids),
            seq: self.census.audited,
            at: self.stamp(now),
            actor_id: actor.viewer_id.clone(),
            actor_is_staff: actor.is_staff,
            participant_id: participant_id.into(),
            action,
        });
    }
}

impl Actor {
    pub(super) fn is(&self, participant: &Participant) -> bool {
        self.viewer_id == participant.viewer_id
    }

    /// That they did it, and why, for the books.
    pub(super) fn signs(&self, reason: &str, ids: &mut impl IdSource) -> Authorship {
        Authorship {
            actor_id: self.viewer_id.clone(),
            actor_is_staff: self.is_staff,
            reason: reason.to_owned(),
            salt: ids.next_id(),
        }
    }
}
