//! People. Every command answers with the participant as they are then.

use super::answer::people as answer;
use super::operations::{
    AssignRole, Audit, ClearCapabilityDenial, ClearCapabilityGrant, DenyCapability,
    GrantCapability, JoinRoom, LeaveRoom, Participant as ParticipantById, Participants,
    ReadmitParticipant, RemoveParticipant, RenameParticipant, RoomAccess as AccessToRoom,
    assign_role, audit, clear_capability_denial, clear_capability_grant, deny_capability,
    grant_capability, join_room, leave_room, participant, participants, readmit_participant,
    remove_participant, rename_participant, room_access,
};
use super::record::audit::{AuditPage, AuditQuestion};
use super::record::people::{
    Capability, KnownParticipant, NewCapabilityTerms, NewParticipant, Participant,
    ParticipantsPage, ParticipantsQuestion, RoomAccess,
};
use super::refusal::{CommandError, QueryError};
use super::{Api, scalar::Time};
use crate::record::ParticipantRole;

#[uniffi::export]
impl Api {
    /// Lets somebody into a room: the caller, or whom staff names. Whoever is in it stays as they
    /// are.
    pub async fn join_room(&self, new: NewParticipant) -> Result<Participant, CommandError> {
        let input = join_room::JoinRoomInput {
            room_id: new.room_id,
            name: new.name,
            viewer_id: new.viewer_id,
        };

        answer::join_room(
            self.execute::<JoinRoom>(join_room::Variables { input })
                .await?,
        )
    }

    /// Lets the caller out of a room. They keep their role and give up their place on the stage.
    pub async fn leave_room(&self, room_id: String) -> Result<Participant, CommandError> {
        let input = leave_room::LeaveRoomInput { room_id };

        answer::leave_room(
            self.execute::<LeaveRoom>(leave_room::Variables { input })
                .await?,
        )
    }

    /// Gives somebody another name. Everyone may rename themselves.
    pub async fn rename_participant(
        &self,
        participant: KnownParticipant,
        name: String,
    ) -> Result<Participant, CommandError> {
        let input = rename_participant::RenameParticipantInput {
            room_id: participant.room_id,
            participant_id: participant.participant_id,
            version: participant.version.into(),
            name,
        };
        let variables = rename_participant::Variables { input };

        answer::rename_participant(self.execute::<RenameParticipant>(variables).await?)
    }

    /// Puts somebody out of the room. They lose role and grants, and do not join again before they
    /// are readmitted.
    pub async fn remove_participant(
        &self,
        participant: KnownParticipant,
        reason: Option<String>,
    ) -> Result<Participant, CommandError> {
        let input = remove_participant::RemoveParticipantInput {
            room_id: participant.room_id,
            participant_id: participant.participant_id,
            version: participant.version.into(),
            reason,
        };
        let variables = remove_participant::Variables { input };

        answer::remove_participant(self.execute::<RemoveParticipant>(variables).await?)
    }

    /// Lets somebody who was removed join again when they like.
    pub async fn readmit_participant(
        &self,
        participant: KnownParticipant,
    ) -> Result<Participant, CommandError> {
        let input = participant.into();
        let variables = readmit_participant::Variables { input };

        answer::readmit_participant(self.execute::<ReadmitParticipant>(variables).await?)
    }

    /// Gives somebody a role, higher or lower than the one that they have.
    pub async fn assign_role(
        &self,
        participant: KnownParticipant,
        role: ParticipantRole,
    ) -> Result<Participant, CommandError> {
        let input = assign_role::AssignRoleInput {
            room_id: participant.room_id,
            participant_id: participant.participant_id,
            version: participant.version.into(),
            role,
        };

        answer::assign_role(
            self.execute::<AssignRole>(assign_role::Variables { input })
                .await?,
        )
    }

    /// Grants somebody a capability that the caller has, beside their role.
    pub async fn grant_capability(
        &self,
        participant: KnownParticipant,
        terms: NewCapabilityTerms,
    ) -> Result<Participant, CommandError> {
        let input = grant_capability::CapabilityTermsInput {
            room_id: participant.room_id,
            participant_id: participant.participant_id,
            version: participant.version.into(),
            capability: terms.capability,
            expires_at: terms.expires_at_unix_millis.map(Time),
            reason: terms.reason,
        };
        let variables = grant_capability::Variables { input };

        answer::grant_capability(self.execute::<GrantCapability>(variables).await?)
    }

    /// Denies somebody a capability, whatever their role and grants say.
    pub async fn deny_capability(
        &self,
        participant: KnownParticipant,
        terms: NewCapabilityTerms,
    ) -> Result<Participant, CommandError> {
        let input = deny_capability::CapabilityTermsInput {
            room_id: participant.room_id,
            participant_id: participant.participant_id,
            version: participant.version.into(),
            capability: terms.capability,
            expires_at: terms.expires_at_unix_millis.map(Time),
            reason: terms.reason,
        };
        let variables = deny_capability::Variables { input };

        answer::deny_capability(self.execute::<DenyCapability>(variables).await?)
    }

    /// Takes a grant back.
    pub async fn clear_capability_grant(
        &self,
        participant: KnownParticipant,
        capability: Capability,
    ) -> Result<Participant, CommandError> {
        let input = clear_capability_grant::ClearCapabilityInput {
            room_id: participant.room_id,
            participant_id: participant.participant_id,
            version: participant.version.into(),
            capability,
        };
        let variables = clear_capability_grant::Variables { input };

        answer::clear_capability_grant(self.execute::<ClearCapabilityGrant>(variables).await?)
    }

    /// Takes a denial back.
    pub async fn clear_capability_denial(
        &self,
        participant: KnownParticipant,
        capability: Capability,
    ) -> Result<Participant, CommandError> {
        let input = clear_capability_denial::ClearCapabilityInput {
            room_id: participant.room_id,
            participant_id: participant.participant_id,
            version: participant.version.into(),
            capability,
        };
        let variables = clear_capability_denial::Variables { input };

        answer::clear_capability_denial(self.execute::<ClearCapabilityDenial>(variables).await?)
    }

    /// Asks for a participant by their global id. Returns nothing if there is none, or they are not
    /// the token's to see.
    pub async fn participant(&self, id: String) -> Result<Option<Participant>, QueryError> {
        let variables = participant::Variables { id };

        Ok(answer::participant(
            self.execute::<ParticipantById>(variables).await?,
        )?)
    }

    /// Asks who is in a room, whether its log shows them by name or not.
    pub async fn participants(
        &self,
        question: ParticipantsQuestion,
    ) -> Result<ParticipantsPage, QueryError> {
        let page = participants::ConnectionInput {
            first: question.first.map(i64::from),
            after: question.after,
            last: None,
            before: None,
        };
        let variables = participants::Variables {
            room_id: question.room_id,
            page: Some(page),
            role: question.role,
            stage_role: question.stage_role,
        };

        Ok(answer::participants(
            self.execute::<Participants>(variables).await?,
        )?)
    }

    /// Asks who used authority over whom in a room. Needs the capability to read the audit trail.
    pub async fn audit(&self, question: AuditQuestion) -> Result<AuditPage, QueryError> {
        let page = audit::ConnectionInput {
            first: question.first.map(i64::from),
            after: question.after,
            last: None,
            before: None,
        };
        let variables = audit::Variables {
            room_id: question.room_id,
            page: Some(page),
        };

        Ok(answer::audit(self.execute::<Audit>(variables).await?)?)
    }

    /// Asks what the caller is in a room, and may do there.
    pub async fn room_access(&self, room_id: String) -> Result<RoomAccess, QueryError> {
        let variables = room_access::Variables { room_id };

        Ok(answer::room_access(
            self.execute::<AccessToRoom>(variables).await?,
        )?)
    }
}
