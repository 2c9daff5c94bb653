//! A live room whose viewers have points, and what staff and they do about them.

use parlor_api::global_id;
use parlor_domain::access::Principal;
use parlor_domain::id::RoomId;
use parlor_socket::SocketSettings;
use serde_json::{Value, json};

use crate::server::{Options, TestServer};

pub(crate) struct Scene {
    pub(crate) server: TestServer,
    pub(crate) room: RoomId,
}

impl Scene {
    pub(crate) async fn set(options: Options) -> Self {
        let server = TestServer::start_with(options).await;
        let room = server.live_room("main").await;

        Self { server, room }
    }

    pub(crate) async fn usual(database: String) -> Self {
        Self::set(Options {
            database: Some(database),
            ..Options::default()
        })
        .await
    }

    /// The same room on two nodes.
    pub(crate) async fn pair(database: String) -> (Self, Self) {
        let (server, other) = TestServer::pair(database, SocketSettings::default()).await;
        let room = server.live_room("main").await;
        let other = Self {
            server: other,
            room,
        };

        (Self { server, room }, other)
    }

    /// Has staff do something in the room.
    pub(crate) async fn act(&self, mutation: &str, input: Value) -> Value {
        let staff = Principal::Staff {
            tenant_id: self.server.tenant,
            user_id: "staff".to_owned(),
            is_machine: false,
        };
        self.act_as(staff, mutation, input).await
    }

    pub(crate) async fn act_as(
        &self,
        principal: Principal,
        mutation: &str,
        mut input: Value,
    ) -> Value {
        let of_input = match mutation {
            "grantPoints" | "chargePoints" | "clawBackPoints" => "PointsInput",
            "createReward" => "CreateRewardInput",
            "redeemReward" => "RedeemRewardInput",
            "fulfillRedemption" | "cancelRedemption" => "SettleRedemptionInput",
            "refundRedemption" => "RefundRedemptionInput",
            "creditWatching" => "CreditWatchingInput",
            "reportWatching" => "ReportWatchingInput",
            "updateEarningProgramme" => "UpdateEarningProgrammeInput",
            "openDispute" => "OpenDisputeInput",
            "holdDispute" => "HoldDisputeInput",
            "resolveDispute" => "ResolveDisputeInput",
            "withdrawDispute" => "WithdrawDisputeInput",
            "setRedemptionMetadata" => "SetRedemptionMetadataInput",
            "assignRole" => "AssignRoleInput",
            "denyCapability" => "CapabilityTermsInput",
            "removeParticipant" => "RemoveParticipantInput",
            "deleteRoom" => "DeleteRoomInput",
            other => panic!("`{other}` is nothing that these tests do"),
        };
        let made = match mutation {
            "createReward" => "... on Reward { id }",
            "redeemReward" => "... on Redemption { id }",
            "openDispute" => "... on Dispute { id }",
            _ => "",
        };
        let document = format!(
            "mutation ($input: {of_input}!) {{ {mutation}(input: $input) {{
                __typename {made} ... on Error {{ message }}
            }} }}"
        );
        input["roomId"] = json!(global_id::room_id(self.room));
        let variables = json!({ "input": input });
        let mut done = self
            .server
            .execute_as(principal, &document, variables)
            .await;
        assert!(done[mutation]["message"].is_null(), "{done}");

        done[mutation].take()
    }

    pub(crate) async fn grant(&self, participant: &Value, points: i64, key: &str) {
        let input = json!({
            "participantId": participant["id"], "points": points.to_string(),
            "idempotencyKey": key, "reason": "a gift",
        });
        self.act("grantPoints", input).await;
    }

    pub(crate) async fn make_reward(&self, more: Value) -> Value {
        let mut input = json!({ "idempotencyKey": "r", "title": "Hydrate", "cost": "30" });
        for (name, value) in more.as_object().unwrap() {
            input[name] = value.clone();
        }
        self.act("createReward", input).await
    }

    pub(crate) async fn redeem(&self, name: &str, reward: &Value, key: &str) -> Value {
        let input = json!({ "rewardId": reward["id"], "idempotencyKey": key });
        self.act_as(self.server.viewer(name), "redeemReward", input)
            .await
    }

    pub(crate) async fn settle(&self, mutation: &str, redemption: &Value) {
        let input = json!({ "redemptionId": redemption["id"] });
        self.act(mutation, input).await;
    }

    pub(crate) async fn session(&self) -> Value {
        let document = "query ($id: ID!) { room(id: $id) { session { id } } }";
        let variables = json!({ "id": global_id::room_id(self.room) });
        let tenant = self.server.tenant;
        let mut read = self.server.execute(tenant, document, variables).await;

        read["room"]["session"]["id"].take()
    }
}
