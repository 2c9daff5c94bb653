//! A redemption as everyone who follows the room sees it: once, beside what it was made with.

use parlor_api::global_id;
use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::client::{Client, LIVE_ROOM, position};
use crate::economy::Scene;

on_both_engines!(
    followers_see_a_redemption_once_and_nothing_of_what_the_viewer_has,
    clients_of_before_are_told_that_something_happened,
    what_was_redeemed_meanwhile_is_told_to_whoever_comes_back,
);

/// What the clients of this repository ask for.
const OF_CLIENTS: &str = include_str!("../../../../sdk-core/operations/live_room.graphql");

/// A live room that sells, whose viewer has 100 points.
struct Shop {
    scene: Scene,
    participant: Value,
    reward: Value,
}

impl Shop {
    async fn open(database: String) -> Self {
        let scene = Scene::usual(database).await;
        let participant = scene.server.join(scene.room, "ana").await;
        scene.grant(&participant, 100, "g").await;
        let asks = json!({ "input": { "text": {} } });

        Self {
            reward: scene.make_reward(asks).await["id"].take(),
            participant,
            scene,
        }
    }

    /// Redeems as the viewer, by a request that was sent twice.
    async fn redeem(&self, key: &str) -> Value {
        let input = json!({ "idempotencyKey": key, "rewardId": self.reward, "input": "a secret" });
        let redeem = || {
            let viewer = self.scene.server.viewer("ana");
            self.scene.act_as(viewer, "redeemReward", input.clone())
        };
        let redemption = redeem().await;
        assert_eq!(redeem().await, redemption);

        redemption
    }

    /// Everything that a follower is told up to a gift, which is made last.
    async fn events_until_gift(&self, client: &mut Client, id: &str) -> Vec<Value> {
        self.scene.server.donate(self.scene.room, id).await;
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
    let shop = Shop::open(database).await;
    let mut client = Client::ready(&shop.scene.server, None).await;
    let variables = json!({ "roomId": global_id::room_id(shop.scene.room) });
    client.subscribe("1", OF_CLIENTS, variables).await;
    client.feed("1").await;

    let redemption = shop.redeem("k").await;
    shop.scene.settle("cancelRedemption", &redemption).await;

    let mut events = shop.events_until_gift(&mut client, "1").await;
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
            "id": redemption["id"], "rewardId": shop.reward, "participantId": shop.participant["id"],
            "name": "ana", "title": "Hydrate", "cost": "30", "color": null, "icon": null, "input": null,
        })
    );
}

/// Their document has no line for the kind.
async fn clients_of_before_are_told_that_something_happened(database: String) {
    let shop = Shop::open(database).await;
    assert!(!LIVE_ROOM.contains("RewardRedeemed"));
    let mut client = Client::ready(&shop.scene.server, None).await;
    client.follow("1", shop.scene.room, json!({})).await;
    client.feed("1").await;

    shop.redeem("k").await;
    let events = shop.events_until_gift(&mut client, "1").await;

    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0]["__typename"], "RewardRedeemed");
    assert_eq!(
        (&events[0]["part"], &events[0]["redemption"]),
        (&Value::Null, &Value::Null)
    );
    assert!(events[0]["seq"].is_string());
}

async fn what_was_redeemed_meanwhile_is_told_to_whoever_comes_back(database: String) {
    let shop = Shop::open(database).await;
    let mut client = Client::ready(&shop.scene.server, None).await;
    client.follow("1", shop.scene.room, json!({})).await;
    let start = client.feed("1").await;
    drop(client);
    for key in ["a", "b"] {
        shop.redeem(key).await;
    }

    let mut client = Client::ready(&shop.scene.server, None).await;
    client.follow("2", shop.scene.room, position(&start)).await;
    let events = shop.events_until_gift(&mut client, "2").await;

    let kinds = events.iter().map(|event| &event["__typename"]);
    let expected = json!("RewardRedeemed");
    assert_eq!(kinds.collect::<Vec<_>>(), [&expected, &expected]);
}
