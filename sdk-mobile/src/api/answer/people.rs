//! People: each operation has types of its own, which differ in nothing but their names.

use super::{conflict, forbidden, invalid, not_found};
use crate::api::operations::{
    assign_role, audit, clear_capability_denial, clear_capability_grant, decline_stage,
    deny_capability, grant_capability, hand_over_host, invite_to_stage, join_room, join_stage,
    leave_room, leave_stage, move_to_audience, participant, participants, readmit_participant,
    remove_participant, rename_participant, request_stage, room_access, stage,
    withdraw_stage_request,
};
use crate::api::record::audit::{AuditEntry, AuditPage};
use crate::api::record::people::{
    CapabilityTerms, KnownParticipant, Participant, ParticipantPrivate, ParticipantsPage,
    RoomAccess, StageDetails,
};
use crate::api::refusal::CommandError;
use crate::api::transport::Fault;
use crate::record::ParticipantProfile;
use std::num::TryFromIntError;

/// Reads a person from an operation's own types.
macro_rules! person {
    ($($operation:ident)*) => {$(
        impl TryFrom<$operation::Person> for Participant {
            type Error = TryFromIntError;

            fn try_from(person: $operation::Person) -> Result<Self, TryFromIntError> {
                Ok(Self {
                    id: person.id,
                    name: person.name,
                    role: person.role,
                    membership: person.membership,
                    stage_role: person.stage_role,
                    requested_seq: person.requested_seq.map(|seq| seq.0),
                    is_listed: person.is_listed,
                    is_online: person.is_online,
                    version: person.version.try_into()?,
                    joined_at_unix_millis: person.joined_at.0,
                    left_at_unix_millis: person.left_at.map(|at| at.0),
                    private_details: person.private.map(|private| ParticipantPrivate {
                        viewer_id: private.viewer_id,
                        capabilities: private.capabilities,
                        grants: private.grants.into_iter().map(Into::into).collect(),
                        denials: private.denials.into_iter().map(Into::into).collect(),
                    }),
                })
            }
        }

        impl From<$operation::Terms> for CapabilityTerms {
            fn from(terms: $operation::Terms) -> Self {
                Self {
                    capability: terms.capability,
                    expires_at_unix_millis: terms.expires_at.map(|at| at.0),
                    reason: terms.reason,
                    by_viewer_id: terms.by_viewer_id,
                }
            }
        }
    )*};
}

/// Reads what a mutation answers: the person, or why not.
macro_rules! commands {
    ($($operation:ident: $answer:ident,)*) => {
        $(
            pub(crate) fn $operation(
                data: $operation::ResponseData,
            ) -> Result<Participant, CommandError> {
                use $operation::$answer as Answer;

                match data.$operation {
                    Answer::Participant(person) => Ok(person.try_into().map_err(Fault::from)?),
                    Answer::ValidationError(why) => {
                        Err(invalid(why.message, why.field, why.constraint))
                    }
                    Answer::NotFoundError(why) => Err(not_found(why.message)),
                    Answer::AuthError(why) => Err(forbidden(why.message, why.code)),
                    Answer::ConflictError(why) => Err(conflict(why.message, why.code)),
                }
            }
        )*

        person!($($operation)*);
    };
}

/// Writes whom a mutation is about that needs nothing more said.
macro_rules! known {
    ($($operation:ident)*) => {$(
        impl From<KnownParticipant> for $operation::ParticipantInput {
            fn from(known: KnownParticipant) -> Self {
                Self {
                    room_id: known.room_id,
                    participant_id: known.participant_id,
                    version: known.version.into(),
                }
            }
        }
    )*};
}

commands! {
    join_room: JoinRoomJoinRoom,
    leave_room: LeaveRoomLeaveRoom,
    rename_participant: RenameParticipantRenameParticipant,
    remove_participant: RemoveParticipantRemoveParticipant,
    readmit_participant: ReadmitParticipantReadmitParticipant,
    assign_role: AssignRoleAssignRole,
    grant_capability: GrantCapabilityGrantCapability,
    deny_capability: DenyCapabilityDenyCapability,
    clear_capability_grant: ClearCapabilityGrantClearCapabilityGrant,
    clear_capability_denial: ClearCapabilityDenialClearCapabilityDenial,
    request_stage: RequestStageRequestStage,
    withdraw_stage_request: WithdrawStageRequestWithdrawStageRequest,
    invite_to_stage: InviteToStageInviteToStage,
    decline_stage: DeclineStageDeclineStage,
    join_stage: JoinStageJoinStage,
    leave_stage: LeaveStageLeaveStage,
    move_to_audience: MoveToAudienceMoveToAudience,
    hand_over_host: HandOverHostHandOverHost,
}
person! { participant participants room_access }
known! {
    readmit_participant request_stage withdraw_stage_request invite_to_stage decline_stage join_stage
    leave_stage move_to_audience
}

pub(crate) fn participant(data: participant::ResponseData) -> Result<Option<Participant>, Fault> {
    Ok(data.participant.map(TryInto::try_into).transpose()?)
}

pub(crate) fn participants(data: participants::ResponseData) -> Result<ParticipantsPage, Fault> {
    let page = data.participants_connection;
    let people = page.nodes.into_iter().map(TryInto::try_into);

    Ok(ParticipantsPage {
        participants: people.collect::<Result<_, TryFromIntError>>()?,
        total_count: page.total_count,
        end_cursor: page.page_info.end_cursor,
        has_next_page: page.page_info.has_next_page,
    })
}

pub(crate) fn audit(data: audit::ResponseData) -> Result<AuditPage, Fault> {
    let page = data.audit_connection;
    let entries = page.nodes.into_iter().map(TryInto::try_into);

    Ok(AuditPage {
        entries: entries.collect::<Result<_, TryFromIntError>>()?,
        total_count: page.total_count,
        end_cursor: page.page_info.end_cursor,
        has_next_page: page.page_info.has_next_page,
    })
}

impl TryFrom<audit::AuditAuditConnectionNodes> for AuditEntry {
    type Error = TryFromIntError;

    fn try_from(entry: audit::AuditAuditConnectionNodes) -> Result<Self, TryFromIntError> {
        Ok(Self {
            id: entry.id,
            at_unix_millis: entry.at.0,
            actor_id: entry.actor_id,
            actor_is_staff: entry.actor_is_staff,
            participant_id: entry.participant_id,
            action: entry.action,
            from_role: entry.from_role,
            to_role: entry.to_role,
            capability: entry.capability,
            expires_at_unix_millis: entry.expires_at.map(|at| at.0),
            reason: entry.reason,
            from_participant_id: entry.from_participant_id,
            points: entry.points.map(|points| points.0),
            transfer_seq: entry.transfer_seq.map(|seq| seq.0),
            dispute_id: entry.dispute_id,
            reward_id: entry.reward_id,
            version: entry.version.map(TryInto::try_into).transpose()?,
        })
    }
}

pub(crate) fn stage(data: stage::ResponseData) -> Result<Option<StageDetails>, Fault> {
    let Some(stage) = data.stage else {
        return Ok(None);
    };
    let profiles =
        |people: Vec<stage::Profile>| -> Result<Vec<ParticipantProfile>, TryFromIntError> {
            people.into_iter().map(TryInto::try_into).collect()
        };

    Ok(Some(StageDetails {
        size: stage.size,
        is_live: stage.is_live,
        host: stage.host.map(TryInto::try_into).transpose()?,
        speakers: profiles(stage.speakers)?,
        invited: profiles(stage.invited)?,
        queue: profiles(stage.queue)?,
    }))
}

pub(crate) fn room_access(data: room_access::ResponseData) -> Result<RoomAccess, Fault> {
    let access = data.room_access;

    Ok(RoomAccess {
        participant: access.participant.map(TryInto::try_into).transpose()?,
        capabilities: access.capabilities,
    })
}

impl TryFrom<stage::Profile> for ParticipantProfile {
    type Error = TryFromIntError;

    fn try_from(profile: stage::Profile) -> Result<Self, TryFromIntError> {
        Ok(Self {
            id: profile.id,
            name: profile.name,
            role: profile.role,
            stage_role: profile.stage_role,
            requested_seq: profile.requested_seq.map(|seq| seq.0),
            is_listed: profile.is_listed,
            is_online: profile.is_online,
            version: profile.version.try_into()?,
            joined_at_unix_millis: profile.joined_at.0,
        })
    }
}
