//! The stage. Speaking takes a request and an invitation, in either order, and then an act of the
//! speaker's own.

use super::Api;
use super::answer::people as answer;
use super::operations::{
    DeclineStage, HandOverHost, InviteToStage, JoinStage, LeaveStage, MoveToAudience, RequestStage,
    Stage as StageOfRoom, WithdrawStageRequest, decline_stage, hand_over_host, invite_to_stage,
    join_stage, leave_stage, move_to_audience, request_stage, stage, withdraw_stage_request,
};
use super::record::people::{KnownParticipant, Participant, StageDetails};
use super::refusal::{CommandError, QueryError};

#[uniffi::export]
impl Api {
    /// Asks for the stage, for the caller themselves.
    pub async fn request_stage(
        &self,
        participant: KnownParticipant,
    ) -> Result<Participant, CommandError> {
        let input = participant.into();

        answer::request_stage(
            self.execute::<RequestStage>(request_stage::Variables { input })
                .await?,
        )
    }

    /// Takes the caller's own request back.
    pub async fn withdraw_stage_request(
        &self,
        participant: KnownParticipant,
    ) -> Result<Participant, CommandError> {
        let input = participant.into();
        let variables = withdraw_stage_request::Variables { input };

        answer::withdraw_stage_request(self.execute::<WithdrawStageRequest>(variables).await?)
    }

    /// Invites somebody of the audience to the stage, whether they asked or not.
    pub async fn invite_to_stage(
        &self,
        participant: KnownParticipant,
    ) -> Result<Participant, CommandError> {
        let input = participant.into();
        let variables = invite_to_stage::Variables { input };

        answer::invite_to_stage(self.execute::<InviteToStage>(variables).await?)
    }

    /// Turns down the caller's own invitation, or, as somebody who invites, another's request or
    /// invitation.
    pub async fn decline_stage(
        &self,
        participant: KnownParticipant,
    ) -> Result<Participant, CommandError> {
        let input = participant.into();

        answer::decline_stage(
            self.execute::<DeclineStage>(decline_stage::Variables { input })
                .await?,
        )
    }

    /// Takes the stage as a speaker, for the caller themselves: invited, or as somebody who invites.
    pub async fn join_stage(
        &self,
        participant: KnownParticipant,
    ) -> Result<Participant, CommandError> {
        let input = participant.into();

        answer::join_stage(
            self.execute::<JoinStage>(join_stage::Variables { input })
                .await?,
        )
    }

    /// Goes back to the audience, for the caller themselves.
    pub async fn leave_stage(
        &self,
        participant: KnownParticipant,
    ) -> Result<Participant, CommandError> {
        let input = participant.into();

        answer::leave_stage(
            self.execute::<LeaveStage>(leave_stage::Variables { input })
                .await?,
        )
    }

    /// Moves somebody from the stage to the audience.
    pub async fn move_to_audience(
        &self,
        participant: KnownParticipant,
    ) -> Result<Participant, CommandError> {
        let input = participant.into();
        let variables = move_to_audience::Variables { input };

        answer::move_to_audience(self.execute::<MoveToAudience>(variables).await?)
    }

    /// Makes a speaker, or the caller, the host; the former host goes on as a speaker.
    ///
    /// `from_participant_id` is who the caller believes to be the host, nothing for nobody: of two
    /// who hand over at once, neither undoes the other.
    pub async fn hand_over_host(
        &self,
        participant: KnownParticipant,
        from_participant_id: Option<String>,
    ) -> Result<Participant, CommandError> {
        let input = hand_over_host::HandOverHostInput {
            room_id: participant.room_id,
            participant_id: participant.participant_id,
            version: participant.version.into(),
            from_participant_id,
        };
        let variables = hand_over_host::Variables { input };

        answer::hand_over_host(self.execute::<HandOverHost>(variables).await?)
    }

    /// Asks who speaks in a room and who waits to. Returns nothing if there is no such room, or it
    /// is not the token's to see. A room that is followed tells it unasked.
    pub async fn stage(&self, room_id: String) -> Result<Option<StageDetails>, QueryError> {
        let variables = stage::Variables { room_id };

        Ok(answer::stage(
            self.execute::<StageOfRoom>(variables).await?,
        )?)
    }
}
