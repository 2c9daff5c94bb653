//! A person in a room, as tests act for them.

use parlor_identity::{Claims, sign_with};
use serde_json::{Value, json};

use crate::server::{Api, SECRET, claims};

/// A viewer's token.
pub(crate) fn viewer(api: &Api, name: &str) -> String {
    let claims = Claims {
        sub: Some(name.to_owned()),
        ..claims(api.tenant, "viewer")
    };
    sign_with(SECRET, &claims)
}

/// A person in a room, as tests act for them.
pub(crate) struct Person<'a> {
    api: &'a Api,
    pub(crate) token: String,
    room: &'a str,
    pub(crate) id: Value,
}

impl<'a> Person<'a> {
    pub(crate) async fn join(api: &'a Api, room: &'a str, name: &str) -> Self {
        let token = viewer(api, name);
        let input = json!({ "roomId": room, "name": name });
        let joined = api.mutate_as(&token, "joinRoom", input).await;
        assert_eq!(joined["__typename"], "Participant", "{joined}");

        Self {
            api,
            token,
            room,
            id: joined["id"].clone(),
        }
    }

    pub(crate) async fn version(&self) -> Value {
        let document = "query ($id: ID!) { participant(id: $id) { version } }";
        let variables = json!({ "id": self.id });
        let read = self.api.execute(&self.api.staff, document, variables).await;
        read["data"]["participant"]["version"].clone()
    }

    /// Has the person do `mutation` to `other`, at the version that the other is at.
    pub(crate) async fn act_on(&self, other: &Self, mutation: &str, more: Value) -> Value {
        let mut input = json!({
            "roomId": self.room, "participantId": other.id, "version": other.version().await,
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            input[name] = value.clone();
        }
        self.api.mutate_as(&self.token, mutation, input).await
    }

    pub(crate) async fn act(&self, mutation: &str) -> Value {
        self.act_on(self, mutation, Value::Null).await
    }

    pub(crate) async fn made_owner(self) -> Self {
        let input = json!({
            "roomId": self.room, "participantId": self.id, "version": self.version().await,
            "role": "OWNER",
        });
        let assigned = self.api.mutate("assignRole", input).await;
        assert_eq!(assigned["role"], "OWNER", "{assigned}");
        self
    }
}
