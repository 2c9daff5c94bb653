//! Coming and going, names, and putting people out.

use super::authority::{ActRefusal, Actor, Target, TargetRefusal};
use super::{Known, RoomAggregate};
use crate::audit::AuditAction;
use crate::event::EventBody;
use crate::id::{IdSource, ParticipantId, ViewerId};
use crate::invalid::Invalid;
use crate::participant::capability::check_reason;
use crate::participant::{
    Capability, Membership, Overrides, PARTICIPANTS_MAX, Participant, Role, check_name,
};
use crate::points::MemberNumber;
use crate::reward::Draw;
use crate::room::Admission;
use crate::stage::StageRole;
use crate::time::ServerTime;

/// Why somebody did not join, in the order the reasons are checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JoinRefusal {
    #[error(transparent)]
    Act(#[from] ActRefusal),
    #[error("only staff lets others join")]
    OnBehalf,
    #[error("whoever was removed from the room has to be readmitted before joining again")]
    Removed,
    #[error("the room lets in only those who have been there; staff lets others in")]
    NotAdmitted,
    #[error("the room is full")]
    RoomFull,
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

/// Why a participant was not renamed, in the order the reasons are checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenameRefusal {
    #[error(transparent)]
    Act(#[from] ActRefusal),
    #[error(transparent)]
    Target(#[from] TargetRefusal),
    #[error("the participant's role protects them from the caller")]
    Outranked,
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

/// Why a participant was not removed, or not readmitted, in the order the reasons are checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RemoveRefusal {
    #[error(transparent)]
    Act(#[from] ActRefusal),
    #[error(transparent)]
    Target(#[from] TargetRefusal),
    #[error("nobody removes themselves; leaving is what they want")]
    OnOneself,
    #[error("the participant's role protects them from the caller")]
    Outranked,
    #[error("the participant was removed before")]
    AlreadyRemoved,
    #[error("the participant was not removed")]
    NotRemoved,
    #[error("the last owner stays; make somebody else an owner first")]
    LastOwner,
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

impl Known {
    /// Notes that a member has just come to be: nobody could look up what has their number, and nothing has it. Whatever
    /// else they do in this batch is decided on that.
    fn welcome<'a>(&mut self, member: MemberNumber, draws: impl Iterator<Item = &'a Draw>) {
        self.books.welcome(member);
        self.disputes.ask_member(member);
        for id in self.rewards.asked() {
            self.uses.ask((*id, member));
        }
        for draw in draws {
            self.entries.ask(draw.id, member);
        }
    }
}

impl RoomAggregate {
    /// Lets `viewer_id` in, under `name`. Whoever is in the room stays as they are, so that joining
    /// again changes nothing.
    pub fn join(
        &mut self,
        actor: &Actor,
        viewer_id: &ViewerId,
        name: &str,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<Participant, JoinRefusal> {
        self.check_open_to(actor)?;
        if !actor.is_staff && actor.viewer_id != *viewer_id {
            return Err(JoinRefusal::OnBehalf);
        }
        let known = self.known.people.of_viewer(viewer_id).cloned();
        match known.as_ref().map(|known| known.membership) {
            Some(Membership::Joined) => return Ok(known.expect("a member is known")),
            Some(Membership::Removed) => return Err(JoinRefusal::Removed),
            None if self.room.admission == Admission::Known && !actor.is_staff => {
                return Err(JoinRefusal::NotAdmitted);
            }
            Some(Membership::Left) | None => (),
        }
        if self.census.joined >= PARTICIPANTS_MAX {
            return Err(JoinRefusal::RoomFull);
        }
        check_name(name)?;

        let joined_at = self.stamp(now);
        let is_online = self.known.presences.is_connected(viewer_id);
        let is_new = known.is_none();
        let participant = match known {
            Some(known) => Participant {
                name: name.to_owned(),
                membership: Membership::Joined,
                is_online,
                joined_at,
                left_at: None,
                ..known
            },
            None => Participant {
                id: ParticipantId::next(ids),
                viewer_id: viewer_id.clone(),
                number: self.census.next_number(),
                name: name.to_owned(),
                role: Role::Member,
                membership: Membership::Joined,
                stage_role: StageRole::Audience,
                overrides: Overrides::default(),
                is_listed: false,
                is_online,
                version: 0,
                joined_at,
                left_at: None,
            },
        };
        if is_new {
            let own = (participant.id, participant.number);
            self.changes.newcomers.insert(viewer_id.clone(), own);
            self.known.welcome(participant.number, self.draws.values());
        }
        Ok(self.put_participant(participant, EventBody::ParticipantJoined, ids, now))
    }

    /// Lets `actor` out, who keeps their role. Whoever has left stays as they are. Leaving is
    /// possible whatever state the room is in.
    pub fn leave(
        &mut self,
        actor: &Actor,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<Participant, ActRefusal> {
        let known = self.known.people.of_viewer(&actor.viewer_id).cloned();
        let Some(participant) = known.filter(|known| known.membership != Membership::Removed)
        else {
            return Err(ActRefusal::NotJoined);
        };
        if participant.membership == Membership::Left {
            return Ok(participant);
        }

        let participant = Participant {
            membership: Membership::Left,
            stage_role: StageRole::Audience,
            left_at: Some(self.stamp(now)),
            ..participant
        };
        Ok(self.put_participant(participant, EventBody::ParticipantLeft, ids, now))
    }

    /// Gives a participant another name. Everyone may rename themselves.
    pub fn rename(
        &mut self,
        actor: &Actor,
        target: Target,
        name: &str,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<Participant, RenameRefusal> {
        let is_own = self
            .joined(actor)
            .is_ok_and(|participant| participant.id == target.id);
        if is_own {
            self.check_open_to(actor)?;
        } else {
            self.require(actor, Capability::ParticipantRename, now)?;
        }
        let participant = self.target(target)?.clone();
        if !is_own && !self.outranks(actor, &participant) {
            return Err(RenameRefusal::Outranked);
        }
        check_name(name)?;
        if participant.name == name {
            return Ok(participant);
        }

        let participant = Participant {
            name: name.to_owned(),
            ..participant
        };
        if !is_own {
            self.audit(actor, participant.id, AuditAction::Renamed, ids, now);
        }
        Ok(self.put_participant(participant, EventBody::ParticipantUpdated, ids, now))
    }

    /// Puts a participant out of the room. Their role and grants are gone; denials stay. They are taken out of draws
    /// that they have entered, so that whoever is drawn may be shown.
    pub fn remove(
        &mut self,
        actor: &Actor,
        target: Target,
        reason: Option<String>,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<Participant, RemoveRefusal> {
        let mut participant = self.check_removal(actor, target, now)?;
        if participant.membership == Membership::Removed {
            return Err(RemoveRefusal::AlreadyRemoved);
        }
        if participant.role == Role::Owner && self.census.owners == 1 {
            return Err(RemoveRefusal::LastOwner);
        }
        check_reason(reason.as_deref())?;

        self.take_out_all_of(participant.number, actor, ids, now);
        let left_at = participant.left_at.unwrap_or(self.stamp(now));
        participant.membership = Membership::Removed;
        participant.role = Role::Member;
        participant.stage_role = StageRole::Audience;
        participant.overrides.grants.clear();
        participant.left_at = Some(left_at);
        let action = AuditAction::Removed { reason };
        self.audit(actor, participant.id, action, ids, now);
        Ok(self.put_participant(participant, EventBody::ParticipantRemoved, ids, now))
    }

    /// Lets somebody who was removed join again when they like.
    pub fn readmit(
        &mut self,
        actor: &Actor,
        target: Target,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<Participant, RemoveRefusal> {
        let participant = self.check_removal(actor, target, now)?;
        if participant.membership != Membership::Removed {
            return Err(RemoveRefusal::NotRemoved);
        }

        let participant = Participant {
            membership: Membership::Left,
            ..participant
        };
        self.audit(actor, participant.id, AuditAction::Readmitted, ids, now);
        Ok(self.put_participant(participant, EventBody::ParticipantUpdated, ids, now))
    }

    fn check_removal(
        &self,
        actor: &Actor,
        target: Target,
        now: ServerTime,
    ) -> Result<Participant, RemoveRefusal> {
        self.require(actor, Capability::ParticipantRemove, now)?;
        let participant = self.target(target)?;
        if !actor.is_staff && actor.is(participant) {
            return Err(RemoveRefusal::OnOneself);
        }
        if !self.outranks(actor, participant) {
            return Err(RemoveRefusal::Outranked);
        }

        Ok(participant.clone())
    }
}
