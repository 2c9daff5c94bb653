//! The operations, typed and checked against the schema when this crate is compiled.

use super::record::audit::AuditAction;
use super::record::people::{Capability, Membership};
use super::record::points::{AvailabilityRule, RewardAskKind};
use super::record::{Admission, AnonymousGifts};
use super::scalar::{Currency, Id, Int64, ReportedText, ReportedTime, Time};
use crate::record::{ParticipantRole, RedemptionStatus, StageRole, WatchOutcome as SlotOutcome};
use graphql_client::GraphQLQuery;

// Optional inputs that are left out take the schema's defaults; null would not. The enums are the
// application's own.
macro_rules! operation {
    ($(#[$attribute:meta])* $name:ident, $document:tt) => {
        $(#[$attribute])*
        #[derive(GraphQLQuery)]
        #[graphql(
                    schema_path = "../schema.graphql",
                    query_path = $document,
                    variables_derives = "Debug, Clone",
                    response_derives = "Debug, Clone",
                    normalization = "rust",
                    extern_enums(
                        "Admission",
                        "AnonymousGifts",
                        "AuditAction",
                        "AvailabilityRule",
                        "Capability",
                        "Membership",
                        "ParticipantRole",
                        "RedemptionStatus",
                        "RewardAskKind",
                        "SlotOutcome",
                        "StageRole",
                    ),
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

operation!(
    ReportWatching,
    "../sdk-core/operations/report_watching.graphql"
);

operation!(
    #[expect(dead_code, reason = "the core asks it, and hands on the answer")]
    LiveViewer,
    "../sdk-core/operations/live_viewer.graphql"
);
operation!(Rewards, "../sdk-core/operations/rewards.graphql");
operation!(Redemption, "../sdk-core/operations/redemption.graphql");
operation!(RedeemReward, "../sdk-core/operations/redeem_reward.graphql");

operation!(JoinRoom, "../sdk-core/operations/join_room.graphql");
operation!(LeaveRoom, "../sdk-core/operations/leave_room.graphql");
operation!(
    RenameParticipant,
    "../sdk-core/operations/rename_participant.graphql"
);
operation!(
    RemoveParticipant,
    "../sdk-core/operations/remove_participant.graphql"
);
operation!(
    ReadmitParticipant,
    "../sdk-core/operations/readmit_participant.graphql"
);
operation!(AssignRole, "../sdk-core/operations/assign_role.graphql");
operation!(
    GrantCapability,
    "../sdk-core/operations/grant_capability.graphql"
);
operation!(
    DenyCapability,
    "../sdk-core/operations/deny_capability.graphql"
);
operation!(
    ClearCapabilityGrant,
    "../sdk-core/operations/clear_capability_grant.graphql"
);
operation!(
    ClearCapabilityDenial,
    "../sdk-core/operations/clear_capability_denial.graphql"
);
operation!(RequestStage, "../sdk-core/operations/request_stage.graphql");
operation!(
    WithdrawStageRequest,
    "../sdk-core/operations/withdraw_stage_request.graphql"
);
operation!(
    InviteToStage,
    "../sdk-core/operations/invite_to_stage.graphql"
);
operation!(DeclineStage, "../sdk-core/operations/decline_stage.graphql");
operation!(JoinStage, "../sdk-core/operations/join_stage.graphql");
operation!(LeaveStage, "../sdk-core/operations/leave_stage.graphql");
operation!(
    MoveToAudience,
    "../sdk-core/operations/move_to_audience.graphql"
);
operation!(
    HandOverHost,
    "../sdk-core/operations/hand_over_host.graphql"
);
operation!(Audit, "../sdk-core/operations/audit.graphql");
operation!(Participant, "../sdk-core/operations/participant.graphql");
operation!(Participants, "../sdk-core/operations/participants.graphql");
operation!(Stage, "../sdk-core/operations/stage.graphql");
operation!(RoomAccess, "../sdk-core/operations/room_access.graphql");
