//! A room that sells for points, as tests act in it.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use crate::person::Person;
use crate::server::Api;

/// A live room that an owner runs, with a moderator and a viewer who has 100 points.
pub(crate) struct Shop<'a> {
    pub(crate) api: &'a Api,
    pub(crate) room: String,
    pub(crate) olga: Person<'a>,
    pub(crate) ana: Person<'a>,
    made: AtomicU32,
}

/// Whoever joins the room named so; the room's name has to outlive the people.
pub(crate) async fn room(api: &Api) -> String {
    api.live_room_with(json!({ "slug": "show", "title": "show", "state": "OPEN" }))
        .await
}

impl<'a> Shop<'a> {
    pub(crate) async fn open(api: &'a Api, room: &'a str) -> Self {
        let olga = Person::join(api, room, "olga").await.made_owner().await;
        let ana = Person::join(api, room, "ana").await;
        let shop = Self {
            api,
            room: room.to_owned(),
            olga,
            ana,
            made: AtomicU32::new(0),
        };
        shop.grant(&shop.ana.id, "100").await;
        shop
    }

    pub(crate) async fn grant(&self, who: &Value, points: &str) {
        let granted = json!({
            "idempotencyKey": format!("grant {who} {points}"), "roomId": self.room,
            "participantId": who, "points": points, "reason": "to begin",
        });
        let granted = self.api.mutate("grantPoints", granted).await;
        assert_eq!(granted["__typename"], "PointsTransfer", "{granted}");
    }

    /// A reward with `more` than a title and a cost of 30, made by the owner.
    pub(crate) async fn make(&self, more: Value) -> Value {
        let key = self.made.fetch_add(1, Ordering::Relaxed).to_string();
        let mut input = json!({
            "idempotencyKey": key, "roomId": self.room, "title": "Hydrate", "cost": "30",
        });
        for (name, value) in more.as_object().unwrap() {
            input[name] = value.clone();
        }
        self.api
            .mutate_as(&self.olga.token, "createReward", input)
            .await
    }

    pub(crate) async fn redeem(&self, token: &str, reward: &Value, more: Value) -> Value {
        let mut input = json!({
            "idempotencyKey": "k", "roomId": self.room, "rewardId": reward["id"],
        });
        for (name, value) in more.as_object().unwrap() {
            input[name] = value.clone();
        }
        self.api.mutate_as(token, "redeemReward", input).await
    }

    pub(crate) async fn settle(&self, token: &str, mutation: &str, redemption: &Value) -> Value {
        let input = json!({ "roomId": self.room, "redemptionId": redemption["id"] });
        self.api.mutate_as(token, mutation, input).await
    }

    /// What the viewer has, and what of it is held.
    pub(crate) async fn balance(&self) -> (Value, Value) {
        let document = "query ($room: ID!) { pointsAccount(roomId: $room) { balance held } }";
        let read = self
            .api
            .execute(&self.ana.token, document, json!({ "room": self.room }));
        let mut account = read.await["data"]["pointsAccount"].take();
        (account["balance"].take(), account["held"].take())
    }
}
