//! Changing who is in a room, what they may do, and who speaks.

use async_graphql::{Context, ID, Object};
use parlor_domain::id::{ParticipantId, TenantId, ViewerId};
use parlor_domain::participant::Participant;
use parlor_domain::room_aggregate::{Actor, Override, OverrideChange, RoomAggregate, Target};
use parlor_domain::time::ServerTime;
use uuid::Uuid;

use super::fault::Fault;
use super::global_id;
use super::mutation::NO_ROOM;
use super::people::{Capability, Seen};
use super::people_input::{
    AssignRoleInput, CapabilityTermsInput, ClearCapabilityInput, HandOverHostInput, JoinRoomInput,
    LeaveRoomInput, ParticipantInput, RemoveParticipantInput, RenameParticipantInput,
};
use super::refusal::{
    AssignRoleResult, ClearCapabilityDenialResult, ClearCapabilityGrantResult, DeclineStageResult,
    DenyCapabilityResult, GrantCapabilityResult, HandOverHostResult, InviteToStageResult,
    JoinRoomResult, JoinStageResult, LeaveRoomResult, LeaveStageResult, MoveToAudienceResult,
    ReadmitParticipantResult, Refusal, RemoveParticipantResult, RenameParticipantResult,
    RequestStageResult, Stop, WithdrawStageRequestResult,
};
use super::{app, caller};
use crate::ids::Ids;
use crate::writer::{Act, Command, Join, Leave};

/// What a malformed id stands for: nobody ever has it, so it is answered as any unknown id is.
const NOBODY: ParticipantId = ParticipantId(Uuid::nil());

#[derive(Default)]
pub(super) struct PeopleMutation;

#[Object]
impl PeopleMutation {
    /// Lets the caller into a room. Whoever is in it stays as they are.
    async fn join_room(
        &self,
        context: &Context<'_>,
        input: JoinRoomInput,
    ) -> Result<JoinRoomResult, Fault> {
        JoinRoomResult::of(join_room(context, input).await)
    }

    /// Lets the caller out of a room, who keeps their role and gives up their place on the stage.
    async fn leave_room(
        &self,
        context: &Context<'_>,
        input: LeaveRoomInput,
    ) -> Result<LeaveRoomResult, Fault> {
        let left = submit(context, &input.room_id, |actor| Ok(Leave { actor }));
        LeaveRoomResult::of(left.await)
    }

    /// Gives a participant another name. Everyone may rename themselves.
    async fn rename_participant(
        &self,
        context: &Context<'_>,
        input: RenameParticipantInput,
    ) -> Result<RenameParticipantResult, Fault> {
        let on = On(input.room_id, input.participant_id, input.version);
        let renamed = act(context, on, move |room, actor, target, ids, now| {
            room.rename(actor, target, &input.name, ids, now)
        });
        RenameParticipantResult::of(renamed.await)
    }

    /// Puts a participant out of the room, who loses role and grants, and does not join again before
    /// being readmitted.
    async fn remove_participant(
        &self,
        context: &Context<'_>,
        input: RemoveParticipantInput,
    ) -> Result<RemoveParticipantResult, Fault> {
        let on = On(input.room_id, input.participant_id, input.version);
        let removed = act(context, on, move |room, actor, target, ids, now| {
            room.remove(actor, target, input.reason.clone(), ids, now)
        });
        RemoveParticipantResult::of(removed.await)
    }

    /// Lets somebody who was removed join again when they like.
    async fn readmit_participant(
        &self,
        context: &Context<'_>,
        input: ParticipantInput,
    ) -> Result<ReadmitParticipantResult, Fault> {
        let readmitted = act(context, input.into(), RoomAggregate::readmit);
        ReadmitParticipantResult::of(readmitted.await)
    }

    /// Gives a participant a role, higher or lower than the one they have.
    async fn assign_role(
        &self,
        context: &Context<'_>,
        input: AssignRoleInput,
    ) -> Result<AssignRoleResult, Fault> {
        let on = On(input.room_id, input.participant_id, input.version);
        let role = input.role.into();
        let assigned = act(context, on, move |room, actor, target, ids, now| {
            room.assign_role(actor, target, role, ids, now)
        });
        AssignRoleResult::of(assigned.await)
    }

    /// Grants a participant a capability that the caller has, beside their role.
    async fn grant_capability(
        &self,
        context: &Context<'_>,
        input: CapabilityTermsInput,
    ) -> Result<GrantCapabilityResult, Fault> {
        let granted = change_override(context, input.of(Override::Grant));
        GrantCapabilityResult::of(granted.await)
    }

    /// Denies a participant a capability, whatever their role and grants say.
    async fn deny_capability(
        &self,
        context: &Context<'_>,
        input: CapabilityTermsInput,
    ) -> Result<DenyCapabilityResult, Fault> {
        let denied = change_override(context, input.of(Override::Deny));
        DenyCapabilityResult::of(denied.await)
    }

    /// Takes a grant back.
    async fn clear_capability_grant(
        &self,
        context: &Context<'_>,
        input: ClearCapabilityInput,
    ) -> Result<ClearCapabilityGrantResult, Fault> {
        let cleared = change_override(context, input.of(Override::ClearGrant));
        ClearCapabilityGrantResult::of(cleared.await)
    }

    /// Takes a denial back.
    async fn clear_capability_denial(
        &self,
        context: &Context<'_>,
        input: ClearCapabilityInput,
    ) -> Result<ClearCapabilityDenialResult, Fault> {
        let cleared = change_override(context, input.of(Override::ClearDenial));
        ClearCapabilityDenialResult::of(cleared.await)
    }

    /// Asks for the stage, for the caller themselves.
    async fn request_stage(
        &self,
        context: &Context<'_>,
        input: ParticipantInput,
    ) -> Result<RequestStageResult, Fault> {
        let requested = act(context, input.into(), RoomAggregate::request_stage);
        RequestStageResult::of(requested.await)
    }

    /// Takes the caller's own request back.
    async fn withdraw_stage_request(
        &self,
        context: &Context<'_>,
        input: ParticipantInput,
    ) -> Result<WithdrawStageRequestResult, Fault> {
        let withdrawn = act(context, input.into(), RoomAggregate::withdraw_stage_request);
        WithdrawStageRequestResult::of(withdrawn.await)
    }

    /// Invites somebody of the audience to the stage, whether they asked or not.
    async fn invite_to_stage(
        &self,
        context: &Context<'_>,
        input: ParticipantInput,
    ) -> Result<InviteToStageResult, Fault> {
        let invited = act(context, input.into(), RoomAggregate::invite_to_stage);
        InviteToStageResult::of(invited.await)
    }

    /// Turns down the caller's own invitation, or, as somebody who invites, another's request or
    /// invitation.
    async fn decline_stage(
        &self,
        context: &Context<'_>,
        input: ParticipantInput,
    ) -> Result<DeclineStageResult, Fault> {
        let declined = act(context, input.into(), RoomAggregate::decline_stage);
        DeclineStageResult::of(declined.await)
    }

    /// Takes the stage as a speaker, for the caller themselves: invited, or as somebody who invites.
    async fn join_stage(
        &self,
        context: &Context<'_>,
        input: ParticipantInput,
    ) -> Result<JoinStageResult, Fault> {
        let joined = act(context, input.into(), RoomAggregate::join_stage);
        JoinStageResult::of(joined.await)
    }

    /// Goes back to the audience, for the caller themselves.
    async fn leave_stage(
        &self,
        context: &Context<'_>,
        input: ParticipantInput,
    ) -> Result<LeaveStageResult, Fault> {
        let left = act(context, input.into(), RoomAggregate::leave_stage);
        LeaveStageResult::of(left.await)
    }

    /// Moves somebody from the stage to the audience.
    async fn move_to_audience(
        &self,
        context: &Context<'_>,
        input: ParticipantInput,
    ) -> Result<MoveToAudienceResult, Fault> {
        let moved = act(context, input.into(), RoomAggregate::move_to_audience);
        MoveToAudienceResult::of(moved.await)
    }

    /// Makes a speaker, or the caller, the host; the former host goes on as a speaker.
    async fn hand_over_host(
        &self,
        context: &Context<'_>,
        input: HandOverHostInput,
    ) -> Result<HandOverHostResult, Fault> {
        let from = input.from_participant_id.as_ref();
        let from = from.map(|id| global_id::parse_participant_id(id).unwrap_or(NOBODY));
        let on = On(input.room_id, input.participant_id, input.version);
        let handed_over = submit(context, &on.0, |actor| {
            let command = Act::new(actor, on.target(), move |room, actor, target, ids, now| {
                room.hand_over_host(actor, from, target, ids, now)
            });
            Ok(command.and_host(from))
        });
        HandOverHostResult::of(handed_over.await)
    }
}

/// The room, the participant and the version that a change is about, as the client gave them.
struct On(ID, ID, i32);

impl On {
    fn target(&self) -> Target {
        Target {
            id: global_id::parse_participant_id(&self.1).unwrap_or(NOBODY),
            version: self.2,
        }
    }
}

impl From<ParticipantInput> for On {
    fn from(input: ParticipantInput) -> Self {
        Self(input.room_id, input.participant_id, input.version)
    }
}

impl CapabilityTermsInput {
    fn of(self, kind: Override) -> (On, OverrideChange) {
        let change = OverrideChange {
            capability: self.capability.into(),
            kind,
            expires_at: self.expires_at.map(|at| at.0),
            reason: self.reason,
        };

        (On(self.room_id, self.participant_id, self.version), change)
    }
}

impl ClearCapabilityInput {
    fn of(self, kind: Override) -> (On, OverrideChange) {
        let change = OverrideChange {
            capability: Capability::into(self.capability),
            kind,
            expires_at: None,
            reason: None,
        };

        (On(self.room_id, self.participant_id, self.version), change)
    }
}

async fn join_room(context: &Context<'_>, input: JoinRoomInput) -> Result<Seen, Stop> {
    submit(context, &input.room_id, |actor| {
        let viewer_id = match &input.viewer_id {
            Some(viewer_id) => ViewerId::parse(viewer_id)?,
            None => actor.viewer_id.clone(),
        };
        Ok(Join {
            actor,
            viewer_id,
            name: input.name.clone(),
        })
    })
    .await
}

async fn change_override(
    context: &Context<'_>,
    (on, change): (On, OverrideChange),
) -> Result<Seen, Stop> {
    act(context, on, move |room, actor, target, ids, now| {
        room.change_override(actor, target, &change, ids, now)
    })
    .await
}

/// Has `decide` done to a participant, as the caller.
async fn act<R: Into<Refusal> + Send + 'static>(
    context: &Context<'_>,
    on: On,
    decide: impl Fn(&mut RoomAggregate, &Actor, Target, &mut Ids, ServerTime) -> Result<Participant, R>
    + Send
    + 'static,
) -> Result<Seen, Stop> {
    submit(context, &on.0, |actor| {
        Ok(Act::new(actor, on.target(), decide))
    })
    .await
}

/// Has the command that `prepare` makes done, as the caller, to the room that they call `id`.
async fn submit<C: Command<Answer = Participant, Refusal: Into<Refusal>>>(
    context: &Context<'_>,
    id: &ID,
    prepare: impl FnOnce(Actor) -> Result<C, Stop>,
) -> Result<Seen, Stop> {
    let (tenant_id, actor): (TenantId, Actor) = caller(context).principal.person()?;
    let room_id = global_id::parse_room_id(id).unwrap_or(NO_ROOM);
    let command = prepare(actor.clone())?;
    let app = app(context);
    let done = app.writer.submit(tenant_id, room_id, command).await;
    let participant = done.map_err(|not_done| Stop::of_writer(not_done, id))?;

    Ok(Seen::by(Some(&actor), false, participant, app.clock.now()))
}
