//! A room that is served and can be listened to, whatever the server; and the event that they all
//! carry.

use serde_json::{Value, json};

use crate::bench::server::Server;

/// Stands for what tells one event from another.
pub(super) const MARK: &str = "@@";

/// What the servers that speak GraphQL are asked for, by the same document.
pub(super) const SUBSCRIPTION: &str = "subscription Fanout($roomId: ID!) { \
     liveRoom(roomId: $roomId) { afterSeq throughSeq events { \
     seq occurredAt displayAt \
     ... on ContributionReceived { contribution { id name amount message } } } } }";

/// What Parlor answers it with, for the servers that pass on text: 342 bytes with its mark.
pub(super) const EVENT: &str = r#"{"data":{"liveRoom":{"afterSeq":"100012","throughSeq":"100013","events":[{"seq":"100013","occurredAt":"2026-01-02T03:04:05.678Z","displayAt":"2026-01-02T03:04:05.678Z","contribution":{"id":"Q29udHJpYnV0aW9uOjAxOWI3Y2E5LThjODgtNzlhNi1iNzIyLTdkNjE3YTAyN2EzNQ==","name":"Ada","amount":"500","message":"@@"}}]}}}"#;

/// A room on a server of its own.
pub(super) struct Room {
    pub(super) server: Server,
    /// How a socket subscribes, as the load program reads it.
    pub(super) subscribe: Value,
    /// How an event is published, as the load program reads it.
    pub(super) publish: Value,
}

/// What shows that a GraphQL server has begun a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begins {
    /// Its first message comes at once.
    WithMessage,
    /// Nothing comes. A ping is sent after it, and answered after it.
    InSilence,
}

/// Subscribing over `graphql-transport-ws`.
pub(super) fn over_graphql(room_id: &str, begins: Begins) -> Value {
    let init = json!({ "type": "connection_init", "payload": {} });
    let subscribe = json!({
        "id": "1",
        "type": "subscribe",
        "payload": { "query": SUBSCRIPTION, "variables": { "roomId": room_id } },
    });
    let ping = json!({ "type": "ping" });
    let (first, last) = match begins {
        Begins::WithMessage => (Some("\"next\""), None),
        Begins::InSilence => (None, Some("\"pong\"")),
    };
    let mut steps = vec![
        json!({ "send": init.to_string(), "until": "\"connection_ack\"" }),
        json!({ "send": subscribe.to_string(), "until": first }),
    ];
    if last.is_some() {
        steps.push(json!({ "send": ping.to_string(), "until": last }));
    }

    json!({
        "path": "/graphql/ws",
        "subprotocol": "graphql-transport-ws",
        "steps": steps,
        "keepalive": { "ping": "\"type\":\"ping\"", "pong": "{\"type\":\"pong\"}" },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_event_is_valid_and_of_the_promised_size() {
        // As long as the load program's marks.
        let event = EVENT.replace(MARK, &"x".repeat(36));

        assert_eq!(event.len(), 342);
        let event: Value = serde_json::from_str(&event).unwrap();
        assert_eq!(
            event["data"]["liveRoom"]["events"][0]["contribution"]["name"],
            "Ada"
        );
    }
}
