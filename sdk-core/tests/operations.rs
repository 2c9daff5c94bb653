//! Every document is checked against the schema when this file is compiled, and every file of
//! `operations/` when it runs.

use graphql_client::GraphQLQuery;
use std::marker::PhantomData;

/// A stamp, as text.
type Time = String;
/// A text that may be none.
type ReportedText = String;
/// A stamp that may be none.
type ReportedTime = String;
/// A 64-bit integer in decimal.
type Int64 = String;
/// An ISO 4217 code.
type Currency = String;

macro_rules! operations {
    ($($name:ident = $path:tt,)*) => {
        $(
            #[derive(GraphQLQuery)]
            #[graphql(
                schema_path = "../schema.graphql",
                query_path = $path,
                response_derives = "Debug",
                variables_derives = "Debug"
            )]
            struct $name;
        )*

        /// Lists the documents that there are typed operations of.
        fn checked() -> Vec<&'static str> {
            vec![$(path_of(PhantomData::<$name>, $path)),*]
        }
    };
}

operations! {
    LiveRoom = "operations/live_room.graphql",
    Room = "operations/room.graphql",
    CreateRoom = "operations/create_room.graphql",
    StartSession = "operations/start_session.graphql",
    InterruptSession = "operations/interrupt_session.graphql",
    ResumeSession = "operations/resume_session.graphql",
    EndSession = "operations/end_session.graphql",
    RecordContribution = "operations/record_contribution.graphql",
    CreateOverlayToken = "operations/create_overlay_token.graphql",
    JoinRoom = "operations/join_room.graphql",
    LeaveRoom = "operations/leave_room.graphql",
    RenameParticipant = "operations/rename_participant.graphql",
    RemoveParticipant = "operations/remove_participant.graphql",
    ReadmitParticipant = "operations/readmit_participant.graphql",
    AssignRole = "operations/assign_role.graphql",
    GrantCapability = "operations/grant_capability.graphql",
    DenyCapability = "operations/deny_capability.graphql",
    ClearCapabilityGrant = "operations/clear_capability_grant.graphql",
    ClearCapabilityDenial = "operations/clear_capability_denial.graphql",
    RequestStage = "operations/request_stage.graphql",
    WithdrawStageRequest = "operations/withdraw_stage_request.graphql",
    InviteToStage = "operations/invite_to_stage.graphql",
    DeclineStage = "operations/decline_stage.graphql",
    JoinStage = "operations/join_stage.graphql",
    LeaveStage = "operations/leave_stage.graphql",
    MoveToAudience = "operations/move_to_audience.graphql",
    HandOverHost = "operations/hand_over_host.graphql",
    Audit = "operations/audit.graphql",
    Participant = "operations/participant.graphql",
    Participants = "operations/participants.graphql",
    Stage = "operations/stage.graphql",
    RoomAccess = "operations/room_access.graphql",
    ReportWatching = "operations/report_watching.graphql",
    LiveViewer = "operations/live_viewer.graphql",
    Rewards = "operations/rewards.graphql",
    RedeemReward = "operations/redeem_reward.graphql",
    Redemption = "operations/redemption.graphql",
}

#[test]
fn no_document_goes_unchecked() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/operations");
    let mut found: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| format!("operations/{}", entry.unwrap().file_name().display()))
        .collect();
    found.sort();
    let mut checked = checked();
    checked.sort_unstable();

    assert_eq!(found, checked);
}

#[test]
fn the_variables_of_a_live_room_are_those_that_the_client_writes() {
    let variables = live_room::Variables {
        room_id: "Um9vbTox".to_owned(),
        after: Some(live_room::LogPosition {
            epoch: "e1".to_owned(),
            seq: "7".to_owned(),
        }),
        at: Some("2026-01-02T03:04:05.678Z".to_owned()),
        until: Some("2026-01-02T03:05:05.678Z".to_owned()),
    };

    let written = serde_json::to_value(LiveRoom::build_query(variables).variables).unwrap();
    assert_eq!(
        written,
        serde_json::json!({
            "roomId": "Um9vbTox",
            "after": {"epoch": "e1", "seq": "7"},
            "at": "2026-01-02T03:04:05.678Z",
            "until": "2026-01-02T03:05:05.678Z",
        })
    );
}

fn path_of<Q: GraphQLQuery>(_operation: PhantomData<Q>, path: &'static str) -> &'static str {
    path
}
