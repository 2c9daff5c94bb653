//! Changing who is in a room, what they may do, and who speaks.

use async_graphql::{Context, ID, Object};
use parlor_domain::id::ViewerId;
use parlor_domain::participant::Participant as DomainParticipant;
use parlor_domain::room_aggregate::{Actor, Override, OverrideChange, RoomAggregate, Target};
use parlor_domain::time::ServerTime;
use parlor_node::ids::Ids;
use parlor_writer::{Act, Command, Join, Leave};

use super::input::{
    AssignRoleInput, CapabilityTermsInput, ClearCapabilityInput, HandOverHostInput, JoinRoomInput,
    LeaveRoomInput, ParticipantInput, RemoveParticipantInput, RenameParticipantInput,
};
use super::{Capability, Participant, Seen};
use crate::fault::Fault;
use crate::refusal::{Refusal, Stop, results};
use crate::submit::submit_to;
use crate::{app, caller, global_id};

#[derive(Default)]
pub(crate) struct PeopleMutation;

/// Every one of them answers with the participant that it is about, or with any of the refusals.
macro_rules! people_mutations {
    ($($(#[$doc:meta])* $name:ident($input:ident) -> $result:ident: |$context:ident, $given:ident| $done:expr;)*) => {
        #[Object]
        impl PeopleMutation {
            $(
                $(#[$doc])*
                async fn $name(
                    &self,
                    $context: &Context<'_>,
                    #[graphql(name = "input")] $given: $input,
                ) -> Result<$result, Fault> {
                    $result::of($done.await)
                }
            )*
        }

        $(results! {
            $result {
                Participant, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
            }
        })*
    };
}

people_mutations! {
    /// Lets the caller into a room. Whoever is in it stays as they are.
    join_room(JoinRoomInput) -> JoinRoomResult: |context, input| join_room(context, input);
    /// Lets the caller out of a room, who keeps their role and gives up their place on the stage.
    leave_room(LeaveRoomInput) -> LeaveRoomResult: |context, input| leave_room(context, input);
    /// Gives a participant another name. Everyone may rename themselves.
    rename_participant(RenameParticipantInput) -> RenameParticipantResult: |context, input| rename(context, input);
    /// Puts a participant out of the room, who loses role and grants, is taken out of draws, and does not join again
    /// before being readmitted.
    remove_participant(RemoveParticipantInput) -> RemoveParticipantResult: |context, input| remove(context, input);
    /// Lets somebody who was removed join again when they like.
    readmit_participant(ParticipantInput) -> ReadmitParticipantResult: |context, input| act(context, input.into(), RoomAggregate::readmit);
    /// Gives a participant a role, higher or lower than the one they have.
    assign_role(AssignRoleInput) -> AssignRoleResult: |context, input| assign_role(context, input);
    /// Grants a participant a capability that the caller has, beside their role.
    grant_capability(CapabilityTermsInput) -> GrantCapabilityResult: |context, input| change_override(context, input.of(Override::Grant));
    /// Denies a participant a capability, whatever their role and grants say.
    deny_capability(CapabilityTermsInput) -> DenyCapabilityResult: |context, input| change_override(context, input.of(Override::Deny));
    /// Takes a grant back.
    clear_capability_grant(ClearCapabilityInput) -> ClearCapabilityGrantResult: |context, input| change_override(context, input.of(Override::ClearGrant));
    /// Takes a denial back.
    clear_capability_denial(ClearCapabilityInput) -> ClearCapabilityDenialResult: |context, input| change_override(context, input.of(Override::ClearDenial));
    /// Asks for the stage, for the caller themselves.
    request_stage(ParticipantInput) -> RequestStageResult: |context, input| act(context, input.into(), RoomAggregate::request_stage);
    /// Takes the caller's own request back.
    withdraw_stage_request(ParticipantInput) -> WithdrawStageRequestResult: |context, input| act(context, input.into(), RoomAggregate::withdraw_stage_request);
    /// Invites somebody of the audience to the stage, whether they asked or not.
    invite_to_stage(ParticipantInput) -> InviteToStageResult: |context, input| act(context, input.into(), RoomAggregate::invite_to_stage);
    /// Turns down the caller's own invitation, or, as somebody who invites, another's request or
    /// invitation.
    decline_stage(ParticipantInput) -> DeclineStageResult: |context, input| act(context, input.into(), RoomAggregate::decline_stage);
    /// Takes the stage as a speaker, for the caller themselves: invited, or as somebody who invites.
    join_stage(ParticipantInput) -> JoinStageResult: |context, input| act(context, input.into(), RoomAggregate::join_stage);
    /// Goes back to the audience, for the caller themselves.
    leave_stage(ParticipantInput) -> LeaveStageResult: |context, input| act(context, input.into(), RoomAggregate::leave_stage);
    /// Moves somebody from the stage to the audience.
    move_to_audience(ParticipantInput) -> MoveToAudienceResult: |context, input| act(context, input.into(), RoomAggregate::move_to_audience);
    /// Makes a speaker, or the caller, the host; the former host goes on as a speaker.
    hand_over_host(HandOverHostInput) -> HandOverHostResult: |context, input| hand_over_host(context, input);
}

/// The room, the participant and the version that a change is about, as the client gave them.
struct On(ID, ID, i32);

impl On {
    fn target(&self) -> Target {
        Target {
            id: global_id::named_participant(&self.1),
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
            Some(viewer_id) => ViewerId::parse_given(viewer_id)?,
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

async fn leave_room(context: &Context<'_>, input: LeaveRoomInput) -> Result<Seen, Stop> {
    submit(context, &input.room_id, |actor| Ok(Leave { actor })).await
}

async fn rename(context: &Context<'_>, input: RenameParticipantInput) -> Result<Seen, Stop> {
    let on = On(input.room_id, input.participant_id, input.version);
    act(context, on, move |room, actor, target, ids, now| {
        room.rename(actor, target, &input.name, ids, now)
    })
    .await
}

async fn remove(context: &Context<'_>, input: RemoveParticipantInput) -> Result<Seen, Stop> {
    let on = On(input.room_id, input.participant_id, input.version);
    submit(context, &on.0, |actor| {
        let command = Act::new(actor, on.target(), move |room, actor, target, ids, now| {
            room.remove(actor, target, input.reason.clone(), ids, now)
        });
        Ok(command.and_entries())
    })
    .await
}

async fn assign_role(context: &Context<'_>, input: AssignRoleInput) -> Result<Seen, Stop> {
    let on = On(input.room_id, input.participant_id, input.version);
    let role = input.role.into();
    act(context, on, move |room, actor, target, ids, now| {
        room.assign_role(actor, target, role, ids, now)
    })
    .await
}

async fn hand_over_host(context: &Context<'_>, input: HandOverHostInput) -> Result<Seen, Stop> {
    let from = input.from_participant_id.as_ref();
    let from = from.map(global_id::named_participant);
    let on = On(input.room_id, input.participant_id, input.version);
    submit(context, &on.0, |actor| {
        let command = Act::new(actor, on.target(), move |room, actor, target, ids, now| {
            room.hand_over_host(actor, from, target, ids, now)
        });
        Ok(command.and_host(from))
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
    decide: impl Fn(
        &mut RoomAggregate,
        &Actor,
        Target,
        &mut Ids,
        ServerTime,
    ) -> Result<DomainParticipant, R>
    + Send
    + 'static,
) -> Result<Seen, Stop> {
    submit(context, &on.0, |actor| {
        Ok(Act::new(actor, on.target(), decide))
    })
    .await
}

/// Has the command that `prepare` makes done, as the caller, to the room that they call `id`.
async fn submit<C>(
    context: &Context<'_>,
    id: &ID,
    prepare: impl FnOnce(Actor) -> Result<C, Stop>,
) -> Result<Seen, Stop>
where
    C: Command<On = RoomAggregate, Answer = DomainParticipant, Refusal: Into<Refusal>>,
{
    let (tenant_id, actor) = caller(context).principal.person()?;
    let command = prepare(actor.clone())?;
    let participant = submit_to(context, tenant_id, id, command).await?;

    let now = app(context).clock.now();
    Ok(Seen::by(Some(&actor), false, participant, now))
}
