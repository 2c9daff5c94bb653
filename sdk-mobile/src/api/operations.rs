//! The operations, typed and checked against the schema when this crate is compiled.

use super::record::Admission;
use super::record::audit::AuditAction;
use super::record::people::{Capability, Membership};
use super::scalar::{Currency, Id, Int64, Time};
use crate::record::{ParticipantRole, StageRole};
use graphql_client::GraphQLQuery;

// Optional inputs that are left out take the schema's defaults; null would not.
macro_rules! operation {
    ($name:ident, $document:tt) => {
        #[derive(GraphQLQuery)]
        #[graphql(
                                                            schema_path = "../schema.graphql",
                                                            query_path = $document,
                                                            variables_derives = "Debug, Clone",
                                                            response_derives = "Debug, Clone",
                                                            normalization = "rust",
                                                            extern_enums("Admission"),
                                                            skip_serializing_none
                                                        )]
        pub(crate) struct $name;
    };
}

/// Of people, whose enums are the application's own.
macro_rules! people_operation {
    ($name:ident, $document:tt) => {
        #[derive(GraphQLQuery)]
        #[graphql(
                                                            schema_path = "../schema.graphql",
                                                            query_path = $document,
                                                            variables_derives = "Debug, Clone",
                                                            response_derives = "Debug, Clone",
                                                            normalization = "rust",
                                                            extern_enums("AuditAction", "Capability", "Membership", "ParticipantRole", "StageRole"),
                                                            skip_serializing_none
                                                        )]
        pub(crate) struct $name;
    };
}

operation!(Room, "../sdk-core/operations/room.graphql");
operation!(CreateRoom, "../sdk-core/operations/create_room.graphql");
operation!(StartSession, "../sdk-core/operations/start_session.graphql");
operation!(
    InterruptSession,
    "../sdk-core/operations/interrupt_session.graphql"
);
operation!(
    ResumeSession,
    "../sdk-core/operations/resume_session.graphql"
);
operation!(EndSession, "../sdk-core/operations/end_session.graphql");
operation!(
    RecordContribution,
    "../sdk-core/operations/record_contribution.graphql"
);

people_operation!(JoinRoom, "../sdk-core/operations/join_room.graphql");
people_operation!(LeaveRoom, "../sdk-core/operations/leave_room.graphql");
people_operation!(
    RenameParticipant,
    "../sdk-core/operations/rename_participant.graphql"
);
people_operation!(
    RemoveParticipant,
    "../sdk-core/operations/remove_participant.graphql"
);
people_operation!(
    ReadmitParticipant,
    "../sdk-core/operations/readmit_participant.graphql"
);
people_operation!(AssignRole, "../sdk-core/operations/assign_role.graphql");
people_operation!(
    GrantCapability,
    "../sdk-core/operations/grant_capability.graphql"
);
people_operation!(
    DenyCapability,
    "../sdk-core/operations/deny_capability.graphql"
);
people_operation!(
    ClearCapabilityGrant,
    "../sdk-core/operations/clear_capability_grant.graphql"
);
people_operation!(
    ClearCapabilityDenial,
    "../sdk-core/operations/clear_capability_denial.graphql"
);
people_operation!(RequestStage, "../sdk-core/operations/request_stage.graphql");
people_operation!(
    WithdrawStageRequest,
    "../sdk-core/operations/withdraw_stage_request.graphql"
);
people_operation!(
    InviteToStage,
    "../sdk-core/operations/invite_to_stage.graphql"
);
people_operation!(DeclineStage, "../sdk-core/operations/decline_stage.graphql");
people_operation!(JoinStage, "../sdk-core/operations/join_stage.graphql");
people_operation!(LeaveStage, "../sdk-core/operations/leave_stage.graphql");
people_operation!(
    MoveToAudience,
    "../sdk-core/operations/move_to_audience.graphql"
);
people_operation!(
    HandOverHost,
    "../sdk-core/operations/hand_over_host.graphql"
);
people_operation!(Audit, "../sdk-core/operations/audit.graphql");
people_operation!(Participant, "../sdk-core/operations/participant.graphql");
people_operation!(Participants, "../sdk-core/operations/participants.graphql");
people_operation!(Stage, "../sdk-core/operations/stage.graphql");
people_operation!(RoomAccess, "../sdk-core/operations/room_access.graphql");
