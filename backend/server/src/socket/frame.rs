//! A message on its way to one socket.

use std::sync::Arc;

use axum::extract::ws::Utf8Bytes;
use parlor_domain::time::ServerTime;
use serde_json::Number;

/// What a frame weighs beside its payload: its envelope and its place in the queue.
const FRAME_BYTES: usize = 128;

/// Something to write.
pub(crate) enum Frame {
    /// A whole message.
    Text(Utf8Bytes),
    /// A result, shared with other sockets, to be wrapped in this socket's id.
    Next {
        opening: Arc<str>,
        payload: Utf8Bytes,
    },
    /// An answer that is stamped when it is written.
    Pong {
        client_sent_at: Option<Number>,
        received_at: ServerTime,
    },
}

impl Frame {
    /// Its share of the queue, in bytes.
    pub(super) fn size(&self) -> usize {
        FRAME_BYTES
            + match self {
                Self::Text(text) => text.len(),
                Self::Next { opening, payload } => opening.len() + payload.len(),
                Self::Pong { .. } => 0,
            }
    }

    /// The message's text. `now` is when it is written.
    pub(crate) fn into_text(self, now: ServerTime) -> Utf8Bytes {
        match self {
            Self::Text(text) => text,
            Self::Next { opening, payload } => {
                let mut text = String::with_capacity(opening.len() + payload.len() + 20);
                text.push_str(&opening);
                text.push_str(r#""next","payload":"#);
                text.push_str(&payload);
                text.push('}');
                text.into()
            }
            Self::Pong {
                client_sent_at,
                received_at,
            } => {
                let echo = client_sent_at
                    .map(|stamp| format!(r#""clientSentAt":{stamp},"#))
                    .unwrap_or_default();
                let (received, sent) = (received_at.unix_millis(), now.unix_millis());
                format!(
                    r#"{{"type":"pong","payload":{{{echo}"serverReceivedAt":{received},"serverSentAt":{sent}}}}}"#
                )
                .into()
            }
        }
    }
}

/// The beginning of every message of an operation, up to the value of its type.
pub(super) fn opening(id: &str) -> String {
    let id = serde_json::Value::from(id);
    format!(r#"{{"id":{id},"type":"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(frame: Frame) -> String {
        frame.into_text(ServerTime::from_unix_millis(5)).to_string()
    }

    #[test]
    fn a_result_is_wrapped_in_the_sockets_own_id() {
        let frame = |id| Frame::Next {
            opening: opening(id).into(),
            payload: r#"{"data":1}"#.into(),
        };

        assert_eq!(
            text(frame("7")),
            r#"{"id":"7","type":"next","payload":{"data":1}}"#
        );
        assert_eq!(
            text(frame("a\"b")),
            r#"{"id":"a\"b","type":"next","payload":{"data":1}}"#
        );
    }

    #[test]
    fn a_pong_carries_both_stamps_and_the_echo() {
        let received_at = ServerTime::from_unix_millis(4);
        let pong = |client_sent_at| {
            text(Frame::Pong {
                client_sent_at,
                received_at,
            })
        };

        assert_eq!(
            pong(Number::from_f64(1234.5)),
            r#"{"type":"pong","payload":{"clientSentAt":1234.5,"serverReceivedAt":4,"serverSentAt":5}}"#
        );
        assert_eq!(
            pong(None),
            r#"{"type":"pong","payload":{"serverReceivedAt":4,"serverSentAt":5}}"#
        );
    }
}
