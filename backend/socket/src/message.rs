//! What a client may say on the socket (`graphql-transport-ws`), read from its text.

use parlor_api::json;
use serde_json::{Map, Number, Value};

/// A message from a client.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ClientMessage {
    Init { payload: Map<String, Value> },
    Ping { client_sent_at: Option<Number> },
    Pong,
    Subscribe(Subscribe),
    Complete { id: String },
}

/// An operation that a client asks for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Subscribe {
    pub(crate) id: String,
    pub(crate) query: String,
    pub(crate) operation_name: Option<String>,
    pub(crate) variables: Map<String, Value>,
}

impl ClientMessage {
    /// Reads `text`, or says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let message = json::read::<Value>(text.as_bytes())
            .map_err(|error| format!("the message is not JSON: {error}"))?;
        let Value::Object(mut message) = message else {
            return Err("the message is not a JSON object".to_owned());
        };
        let kind = match message.remove("type") {
            Some(Value::String(kind)) => kind,
            Some(_) => return Err("`type` is not a string".to_owned()),
            None => return Err("the message has no `type`".to_owned()),
        };

        match kind.as_str() {
            "connection_init" => Ok(Self::Init {
                payload: take_object(&mut message, "payload")?.unwrap_or_default(),
            }),
            "ping" => {
                let payload = take_object(&mut message, "payload")?.unwrap_or_default();
                let client_sent_at = payload.get("clientSentAt").and_then(Value::as_number);
                Ok(Self::Ping {
                    client_sent_at: client_sent_at.cloned(),
                })
            }
            "pong" => {
                take_object(&mut message, "payload")?;
                Ok(Self::Pong)
            }
            "subscribe" => parse_subscribe(message).map(Self::Subscribe),
            "complete" => Ok(Self::Complete {
                id: take_id(&mut message)?,
            }),
            other => Err(format!("unknown message type {:?}", shortened(other))),
        }
    }
}

fn parse_subscribe(mut message: Map<String, Value>) -> Result<Subscribe, String> {
    let id = take_id(&mut message)?;
    let mut payload =
        take_object(&mut message, "payload")?.ok_or("`subscribe` has no `payload`")?;
    let query = take_string(&mut payload, "query")?.ok_or("`subscribe` has no `payload.query`")?;
    // `extensions` are allowed and mean nothing here.
    take_object(&mut payload, "extensions")?;

    Ok(Subscribe {
        id,
        query,
        operation_name: take_string(&mut payload, "operationName")?,
        variables: take_object(&mut payload, "variables")?.unwrap_or_default(),
    })
}

fn take_id(message: &mut Map<String, Value>) -> Result<String, String> {
    match take_string(message, "id")? {
        Some(id) if !id.is_empty() => Ok(id),
        Some(_) => Err("`id` is empty".to_owned()),
        None => Err("the message has no `id`".to_owned()),
    }
}

fn take_string(object: &mut Map<String, Value>, key: &str) -> Result<Option<String>, String> {
    match object.remove(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("`{key}` is not a string")),
    }
}

fn take_object(
    object: &mut Map<String, Value>,
    key: &str,
) -> Result<Option<Map<String, Value>>, String> {
    match object.remove(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(inner)) => Ok(Some(inner)),
        Some(_) => Err(format!("`{key}` is not an object")),
    }
}

fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(40)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        ClientMessage::parse(text).unwrap_err()
    }

    #[test]
    fn what_is_no_message_of_the_protocol_is_refused_by_name() {
        let cases = [
            ("{", "the message is not JSON"),
            ("[]", "the message is not a JSON object"),
            ("{}", "the message has no `type`"),
            (r#"{"type":7}"#, "`type` is not a string"),
            (r#"{"type":"start"}"#, r#"unknown message type "start""#),
            (
                r#"{"type":"next","id":"1"}"#,
                r#"unknown message type "next""#,
            ),
            (
                r#"{"type":"connection_init","payload":[]}"#,
                "`payload` is not an object",
            ),
            (
                r#"{"type":"ping","payload":1}"#,
                "`payload` is not an object",
            ),
            (
                r#"{"type":"pong","payload":1}"#,
                "`payload` is not an object",
            ),
            (r#"{"type":"complete"}"#, "the message has no `id`"),
            (r#"{"type":"complete","id":1}"#, "`id` is not a string"),
            (
                r#"{"type":"subscribe","payload":{"query":"{a}"}}"#,
                "the message has no `id`",
            ),
            (
                r#"{"type":"subscribe","id":"","payload":{"query":"{a}"}}"#,
                "`id` is empty",
            ),
            (
                r#"{"type":"subscribe","id":"1"}"#,
                "`subscribe` has no `payload`",
            ),
            (
                r#"{"type":"subscribe","id":"1","payload":{}}"#,
                "`subscribe` has no `payload.query`",
            ),
            (
                r#"{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":1}}"#,
                "`variables` is not an object",
            ),
        ];

        for (text, expected) in cases {
            assert!(
                refusal(text).starts_with(expected),
                "{text}: {}",
                refusal(text)
            );
        }
    }

    #[test]
    fn half_a_character_costs_no_message() {
        let text = r#"{"type":"subscribe","id":"a","payload":{"query":"{b}","variables":{"c":"so good \ud83d"}}}"#;

        let message = ClientMessage::parse(text).unwrap();
        let ClientMessage::Subscribe(Subscribe { variables, .. }) = message else {
            panic!("{message:?}");
        };
        assert_eq!(variables["c"], "so good \0");
    }

    #[test]
    fn nulls_stand_for_what_is_left_out() {
        let text = r#"{"type":"subscribe","id":"a","payload":{"query":"{b}","operationName":null,"variables":null,"extensions":null}}"#;

        assert_eq!(
            ClientMessage::parse(text),
            Ok(ClientMessage::Subscribe(Subscribe {
                id: "a".to_owned(),
                query: "{b}".to_owned(),
                operation_name: None,
                variables: Map::new(),
            }))
        );
    }

    #[test]
    fn a_ping_keeps_the_stamp_as_it_was_written() {
        let ping = ClientMessage::parse(r#"{"type":"ping","payload":{"clientSentAt":1234.5625}}"#);
        let Ok(ClientMessage::Ping {
            client_sent_at: Some(stamp),
        }) = ping
        else {
            panic!("{ping:?}");
        };
        assert_eq!(stamp.to_string(), "1234.5625");

        let odd = ClientMessage::parse(r#"{"type":"ping","payload":{"clientSentAt":"soon"}}"#);
        assert_eq!(
            odd,
            Ok(ClientMessage::Ping {
                client_sent_at: None
            })
        );
    }
}
