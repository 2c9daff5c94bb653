//! The way to the stage and off it.
//!
//! Speaking takes two: whoever runs the stage invites, and the person takes the stage by an act of
//! their own. Asking first only says that an invitation is wanted.

use super::RoomAggregate;
use super::authority::{ActRefusal, Actor, Target, TargetRefusal};
use crate::audit::AuditAction;
use crate::event::EventBody;
use crate::id::{IdSource, ParticipantId};
use crate::participant::{Capability, Participant};
use crate::stage::{STAGE_QUEUE_MAX, StageRole};
use crate::time::ServerTime;

/// Why somebody's place did not change, in the order the reasons are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StageRefusal {
    #[error(transparent)]
    Act(#[from] ActRefusal),
    #[error(transparent)]
    Target(#[from] TargetRefusal),
    /// The version is of somebody else, and this is for oneself.
    #[error("nobody does this for somebody else")]
    NotOneself,
    #[error("the participant is not in the room")]
    TargetNotJoined,
    #[error("the participant may not speak in this room")]
    TargetMayNotSpeak,
    #[error("the participant's role protects them from the caller")]
    Outranked,
    #[error("another participant is the host by now")]
    HostChanged,
    #[error("the participant is the host already")]
    AlreadyHost,
    #[error("the participant asked for the stage before")]
    AlreadyRequested,
    #[error("the participant was invited to the stage before")]
    AlreadyInvited,
    #[error("the participant is on the stage already")]
    AlreadyOnStage,
    #[error("the participant has not asked for the stage")]
    NotRequested,
    #[error("the participant was not invited to the stage")]
    NotInvited,
    #[error("the participant is not on the stage")]
    NotOnStage,
    #[error("{STAGE_QUEUE_MAX} people wait for the stage, and more do not fit")]
    QueueFull,
    #[error("all {0} places on the stage are taken")]
    StageFull(u32),
}

impl RoomAggregate {
    /// Has `actor` ask for the stage.
    pub fn request_stage(
        &mut self,
        actor: &Actor,
        own: Target,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<Participant, StageRefusal> {
        let participant = self.check_oneself(actor, own, now)?;
        match participant.stage_role {
            StageRole::Audience => (),
            StageRole::Requested { .. } => return Err(StageRefusal::AlreadyRequested),
            StageRole::Invited => return Err(StageRefusal::AlreadyInvited),
            StageRole::Speaker | StageRole::Host => return Err(StageRefusal::AlreadyOnStage),
        }
        self.check_queue()?;

        // Whoever waits is shown by name, so an event follows, and this is its place in the log.
        let seq = self.promise_position();
        Ok(self.put_place(participant, StageRole::Requested { seq }, ids, now))
    }

    /// Takes `actor`'s own request back.
    pub fn withdraw_stage_request(
        &mut self,
        actor: &Actor,
        own: Target,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<Participant, StageRefusal> {
        let participant = self.check_own(actor, own)?;
        if !matches!(participant.stage_role, StageRole::Requested { .. }) {
            return Err(StageRefusal::NotRequested);
        }

        Ok(self.put_place(participant, StageRole::Audience, ids, now))
    }

    /// Invites somebody of the audience to the stage, whether they asked or not.
    pub fn invite_to_stage(
        &mut self,
        actor: &Actor,
        target: Target,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<Participant, StageRefusal> {
        self.require(actor, Capability::StageInvite, now)?;
        let participant = self.target(target)?.clone();
        check_may_speak(&participant, now)?;
        match participant.stage_role {
            StageRole::Audience => self.check_queue()?,
            StageRole::Requested { .. } => (),
            StageRole::Invited => return Err(StageRefusal::AlreadyInvited),
            StageRole::Speaker | StageRole::Host => return Err(StageRefusal::AlreadyOnStage),
        }

        Ok(self.put_place(participant, StageRole::Invited, ids, now))
    }

    /// Turns an invitation to oneself down, or, as somebody who invites, another's request or an
    /// invitation that was not taken up yet.
    pub fn decline_stage(
        &mut self,
        actor: &Actor,
        target: Target,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<Participant, StageRefusal> {
        let is_own = self
            .joined(actor)
            .is_ok_and(|participant| participant.id == target.id);
        if is_own {
            self.check_open_to(actor)?;
        } else {
            self.require(actor, Capability::StageInvite, now)?;
        }
        let participant = self.target(target)?.clone();
        if is_own && participant.stage_role != StageRole::Invited {
            return Err(StageRefusal::NotInvited);
        }
        if !participant.stage_role.is_waiting() {
            return Err(StageRefusal::NotRequested);
        }

        Ok(self.put_place(participant, StageRole::Audience, ids, now))
    }

    /// Has `actor` take the stage as a speaker: invited, or as somebody who invites.
    pub fn join_stage(
        &mut self,
        actor: &Actor,
        own: Target,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<Participant, StageRefusal> {
        let participant = self.check_oneself(actor, own, now)?;
        if participant.stage_role.is_on_stage() {
            return Err(StageRefusal::AlreadyOnStage);
        }
        let may_invite = self.hold(actor, Capability::StageInvite, now).is_some();
        if participant.stage_role != StageRole::Invited && !may_invite {
            return Err(StageRefusal::NotInvited);
        }
        self.check_seat()?;

        Ok(self.put_place(participant, StageRole::Speaker, ids, now))
    }

    /// Has `actor` go back to the audience. A host who goes leaves the room without one.
    pub fn leave_stage(
        &mut self,
        actor: &Actor,
        own: Target,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<Participant, StageRefusal> {
        let participant = self.check_own(actor, own)?;
        if !participant.stage_role.is_on_stage() {
            return Err(StageRefusal::NotOnStage);
        }

        Ok(self.put_place(participant, StageRole::Audience, ids, now))
    }

    /// Moves somebody from the stage to the audience.
    pub fn move_to_audience(
        &mut self,
        actor: &Actor,
        target: Target,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<Participant, StageRefusal> {
        self.require(actor, Capability::StageModerate, now)?;
        let participant = self.target(target)?.clone();
        if !actor.is(&participant) && !self.outranks(actor, &participant) {
            return Err(StageRefusal::Outranked);
        }
        if !participant.stage_role.is_on_stage() {
            return Err(StageRefusal::NotOnStage);
        }

        self.audit(
            actor,
            participant.id,
            AuditAction::MovedToAudience,
            ids,
            now,
        );
        Ok(self.put_place(participant, StageRole::Audience, ids, now))
    }

    /// Makes a speaker, or oneself, the host. `from` is the host that the caller knows of; that one
    /// goes on as a speaker. The host may hand over without being allowed to name one.
    pub fn hand_over_host(
        &mut self,
        actor: &Actor,
        from: Option<ParticipantId>,
        target: Target,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Result<Participant, StageRefusal> {
        let is_host = self
            .joined(actor)
            .is_ok_and(|participant| participant.stage_role == StageRole::Host);
        if is_host {
            self.check_open_to(actor)?;
        } else {
            self.require(actor, Capability::StageHost, now)?;
        }
        let participant = self.target(target)?.clone();
        check_may_speak(&participant, now)?;
        if self.census.host != from {
            return Err(StageRefusal::HostChanged);
        }
        if participant.stage_role == StageRole::Host {
            return Err(StageRefusal::AlreadyHost);
        }
        if !participant.stage_role.is_on_stage() {
            if !actor.is(&participant) {
                return Err(StageRefusal::NotOnStage);
            }
            self.check_seat()?;
        }

        self.audit(
            actor,
            participant.id,
            AuditAction::HostHandedOver { from },
            ids,
            now,
        );
        if let Some(host) = from {
            let host = self.known.people.get(host).expect("a batch knows the host");
            self.put_place(host.clone(), StageRole::Speaker, ids, now);
        }
        Ok(self.put_place(participant, StageRole::Host, ids, now))
    }

    /// Moves everyone who is on the stage, or on the way there, to the audience: at most the stage and
    /// its queue, whatever the audience.
    pub(super) fn clear_stage(&mut self, ids: &mut impl IdSource, now: ServerTime) {
        for participant in self.known.people.beyond_audience() {
            self.put_place(participant, StageRole::Audience, ids, now);
        }
        debug_assert_eq!(
            (self.census.on_stage, self.census.waiting),
            (0, 0),
            "the batch knows everyone beyond the audience"
        );
    }

    fn put_place(
        &mut self,
        participant: Participant,
        stage_role: StageRole,
        ids: &mut impl IdSource,
        now: ServerTime,
    ) -> Participant {
        let participant = Participant {
            stage_role,
            ..participant
        };

        self.put_participant(participant, EventBody::ParticipantStageChanged, ids, now)
    }

    /// Checks what somebody does for themselves and needs leave to speak for.
    fn check_oneself(
        &self,
        actor: &Actor,
        own: Target,
        now: ServerTime,
    ) -> Result<Participant, StageRefusal> {
        self.require(actor, Capability::StageSpeak, now)?;
        let participant = self.check_own(actor, own)?;
        check_may_speak(&participant, now)?;

        Ok(participant)
    }

    /// Checks what somebody does for themselves and may always do.
    fn check_own(&self, actor: &Actor, own: Target) -> Result<Participant, StageRefusal> {
        self.check_open_to(actor)?;
        let joined = self.joined(actor)?.id;
        let participant = self.target(own)?;
        if participant.id != joined {
            return Err(StageRefusal::NotOneself);
        }

        Ok(participant.clone())
    }

    fn check_queue(&self) -> Result<(), StageRefusal> {
        if self.census.waiting >= STAGE_QUEUE_MAX {
            return Err(StageRefusal::QueueFull);
        }

        Ok(())
    }

    fn check_seat(&self) -> Result<(), StageRefusal> {
        if self.census.on_stage >= i64::from(self.room.stage_size) {
            return Err(StageRefusal::StageFull(self.room.stage_size));
        }

        Ok(())
    }
}

fn check_may_speak(participant: &Participant, now: ServerTime) -> Result<(), StageRefusal> {
    if !participant.is_joined() {
        return Err(StageRefusal::TargetNotJoined);
    }
    if participant.hold(Capability::StageSpeak, now).is_none() {
        return Err(StageRefusal::TargetMayNotSpeak);
    }

    Ok(())
}
