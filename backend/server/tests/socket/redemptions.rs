//! A redemption as everyone who follows the room sees it: once, beside what it was made with.

use parlor_api::global_id;
use parlor_domain::access::Principal;
use parlor_domain::id::RoomId;
use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::client::{Client, LIVE_ROOM, position};
use crate::server::TestServer;

on_both_engines!(
    followers_see_a_redemption_once_and_nothing_of_what_the_viewer_has,
    clients_of_before_are_told_that_something_happened,
    what_was_redeemed_meanwhile_is_told_to_whoever_comes_back,
);

/// What the clients of this repository ask for.
const OF_CLIENTS: &str = include_str!("../../../../sdk-core/operations/live_room.graphql");

struct Scene {
    server: TestServer,
    room: RoomId,
    participant: Value,
    reward: Value,
}

impl Scene {
    /// A live room that sells, whose viewer has 100 points.
    async fn set(database: String) -> Self {
        let server = TestServer::start_on(database).await;
        let room = server.live_room("main").await;
        let participant = server.join(room, "ana").await["id"].take();
        let mut scene = Self {
            server,
            room,
            participant,
            reward: Value::Null,
        };
        let granted = json!({
            "idempotencyKey": "g", "participantId": scene.participant, "points": "100", "reason": "to begin",
        });
        scene.act("grantPoints", "PointsInput", granted).await;
        let reward = json!({
            "idempotencyKey": "r", "title": "Hydrate", "cost": "30", "input": { "text": {} },
        });
        let made = scene.act("createReward", "CreateRewardInput", reward);
        scene.reward = made.await["id"].take();

        scene
    }

    async fn act(&self, mutation: &str, of_input: &str, input: Value) -> Value {
        let staff = Principal::Staff {
            tenant_id: self.server.tenant,
            user_id: "staff".to_owned(),
        };
        self.act_as(staff, mutation, of_input, input).await
    }

    async fn act_as(
        &self,
        principal: Principal,
        mutation: &str,
        of_input: &str,
        mut input: Value,
    ) -> Value {
        let document = format!(
            "mutation ($input: {of_input}!) {{ {mutation}(input: $input) {{
                ... on Reward {{ id }} ... on Redemption {{ id }} ... on Error {{ message }}
            }} }}"
        );
        let document = match mutation {
            "createReward" => document.replace("... on Redemption { id }", ""),
            "redeemReward" => document.replace("... on Reward { id }", ""),
            _ => document.replace("... on Reward { id } ... on Redemption { id }", ""),
        };
        input["roomId"] = json!(global_id::room_id(self.room));
        let variables = json!({ "input": input });
        let mut done = self
            .server
            .execute_as(principal, &document, variables)
            .await;
        assert!(done[mutation]["message"].is_null(), "{done}");

        done[mutation].take()
    }

    /// Redeems as the viewer, by a request that was sent twice.
    async fn redeem(&self, key: &str) -> Value {
        let input = json!({ "idempotencyKey": key, "rewardId": self.reward, "input": "a secret" });
        let redeem = || {
            let viewer = self.server.viewer("ana");
            self.act_as(viewer, "redeemReward", "RedeemRewardInput", input.clone())
        };
        let redemption = redeem().await;
        assert_eq!(redeem().await, redemption);

        redemption
    }

    /// Everything that a follower is told up to a gift, which is made last.
    async fn events_until_gift(&self, client: &mut Client, id: &str) -> Vec<Value> {
        self.server.donate(self.room, id).await;
        let mut events = Vec::new();
        while !events.iter().any(is_gift) {
            let feed = client.feed(id).await;
            events.extend(feed["events"].as_array().unwrap().iter().cloned());
        }
        events.retain(|event| !is_gift(event) && !event["part"].is_string());

        events
    }
}

fn is_gift(event: &Value) -> bool {
    event["__typename"] == "ContributionReceived"
}

async fn followers_see_a_redemption_once_and_nothing_of_what_the_viewer_has(database: String) {
    let scene = Scene::set(database).await;
    let mut client = Client::ready(&scene.server, None).await;
    let variables = json!({ "roomId": global_id::room_id(scene.room) });
    client.subscribe("1", OF_CLIENTS, variables).await;
    client.feed("1").await;

    let redemption = scene.redeem("k").await;
    let settled = json!({ "redemptionId": redemption["id"] });
    scene
        .act("cancelRedemption", "SettleRedemptionInput", settled)
        .await;

    let mut events = scene.events_until_gift(&mut client, "1").await;
    let told = events.pop().unwrap();
    assert_eq!(
        events,
        [] as [Value; 0],
        "once, and not of what became of it"
    );
    assert_eq!(
        (&told["__typename"], &told["timing"]),
        (&json!("RewardRedeemed"), &json!("PICTURE"))
    );
    // Whole, so that nothing else comes along.
    assert_eq!(
        told["redemption"],
        json!({
            "id": redemption["id"], "rewardId": scene.reward, "participantId": scene.participant,
            "name": "ana", "title": "Hydrate", "cost": "30", "color": null, "input": null,
        })
    );
}

/// Their document has no line for the kind.
async fn clients_of_before_are_told_that_something_happened(database: String) {
    let scene = Scene::set(database).await;
    assert!(!LIVE_ROOM.contains("RewardRedeemed"));
    let mut client = Client::ready(&scene.server, None).await;
    client.follow("1", scene.room, json!({})).await;
    client.feed("1").await;

    scene.redeem("k").await;
    let events = scene.events_until_gift(&mut client, "1").await;

    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0]["__typename"], "RewardRedeemed");
    assert_eq!(
        (&events[0]["part"], &events[0]["redemption"]),
        (&Value::Null, &Value::Null)
    );
    assert!(events[0]["seq"].is_string());
}

async fn what_was_redeemed_meanwhile_is_told_to_whoever_comes_back(database: String) {
    let scene = Scene::set(database).await;
    let mut client = Client::ready(&scene.server, None).await;
    client.follow("1", scene.room, json!({})).await;
    let start = client.feed("1").await;
    drop(client);
    for key in ["a", "b"] {
        scene.redeem(key).await;
    }

    let mut client = Client::ready(&scene.server, None).await;
    client.follow("2", scene.room, position(&start)).await;
    let events = scene.events_until_gift(&mut client, "2").await;

    let kinds = events.iter().map(|event| &event["__typename"]);
    let expected = json!("RewardRedeemed");
    assert_eq!(kinds.collect::<Vec<_>>(), [&expected, &expected]);
}
